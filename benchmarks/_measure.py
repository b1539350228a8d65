"""What the benchmarks share: a fresh process for each measurement, the two-sample AUC, and tables of results."""

import json
import multiprocessing
import resource
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import lightgbm
import numpy as np
import polars as pl
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

import synthesist as sy
from synthesist.codecs.table import TableCodec
from synthesist.data.kinds import Boolean, Category, Constant, Id, Kind, Text

__all__ = ["Row", "auc", "fresh", "insert", "options", "pair_distance", "peak_mb", "printed", "warm_up"]

P = ParamSpec("P")
R = TypeVar("R")
Row = Mapping[str, Any]
Layout = Mapping[str, tuple[str, str]]
"""Title of a column of results -> the key of its rows and the format of its cells."""


def fresh(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """`work` done in a process of its own: its CPU seconds and memory are nobody else's."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *args, **kwargs).result()


def peak_mb() -> float:
    """The most memory this process has held so far, in MB.

    Linux's own high-water mark: what getrusage reports there also counts the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def warm_up(method: str) -> None:
    """Fit and draw a little, so that what is compiled once is not counted as work."""
    sy.fit({"x": [float(i) for i in range(300)], "c": ["a", "b", "c"] * 100}, method).sample(10)


def auc(real: sy.Dataset, made: sy.Dataset) -> float:
    """How well boosted trees tell the two apart: mean AUC over five folds, equally many rows of each.

    LightGBM's defaults, 100 trees, categories as categories. Free text and keys that are no numbers are
    left out. Written apart from the package's own metric, so that each checks the other.
    """
    rows = min(real.units, made.units)
    both = pl.concat([real.table.head(rows), made.table.head(rows)])
    kinds = {name: kind for name, kind in real.kinds.columns.items() if _comparable(kind)}
    x = np.column_stack([_cells(both[name], kind) for name, kind in kinds.items()])
    y = np.repeat([0, 1], rows)
    named = [j for j, kind in enumerate(kinds.values()) if isinstance(kind, Category | Boolean)]
    areas = []
    for learn, test in StratifiedKFold(5, shuffle=True, random_state=0).split(x, y):
        trees = lightgbm.LGBMClassifier(n_estimators=100, n_jobs=1, random_state=0, verbose=-1)
        trees.fit(x[learn], y[learn], categorical_feature=named)
        areas.append(roc_auc_score(y[test], trees.booster_.predict(x[test], num_threads=1)))
    return float(np.mean(areas))


def pair_distance(real: sy.Dataset, made: sy.Dataset, bins: int = 32) -> float:
    """The mean total variation distance of all pairs of columns, numbers in quantile bins of the real rows."""
    codec = TableCodec.fit(real, sy.Context.seeded(0), bins=bins, min_rows=1, derive=False)
    sizes = codec.sizes + 1  # the last code: unknown
    one, other = (codec.encode(data.table).astype(np.int64) for data in (real, made))
    distances = []
    for i, j in combinations(range(len(sizes)), 2):
        shares = []
        for codes in (one, other):
            a, b = (np.where(codes[:, k] < 0, sizes[k] - 1, codes[:, k]) for k in (i, j))
            shares.append(np.bincount(a * sizes[j] + b, minlength=sizes[i] * sizes[j]) / len(codes))
        distances.append(np.abs(shares[0] - shares[1]).sum() / 2)
    return float(np.mean(distances))


def _comparable(kind: Kind) -> bool:
    return not isinstance(kind, Text | Constant) and (not isinstance(kind, Id) or kind.whole)


def _cells(column: pl.Series, kind: Kind) -> np.ndarray:
    """Numbers as they are, categories as places in one list of levels; NaN where missing."""
    if isinstance(kind, Category | Boolean):
        words = column.cast(pl.String)
        column = words.cast(pl.Enum(words.drop_nulls().unique().sort()))
    return column.to_physical().cast(pl.Float64).fill_null(np.nan).to_numpy()


def options(pairs: Sequence[str]) -> dict[str, Any]:
    """["k=v", ...] as options of a method."""
    parted = [pair.partition("=") for pair in pairs]
    return {key: _value(text) for key, _, text in parted}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def printed(rows: Sequence[Row], layout: Layout, markdown: bool) -> str:
    """The rows as a table to look at, or as Markdown."""
    cells = [list(layout), *([_cell(row.get(key), form) for key, form in layout.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in cells]
    if not markdown:
        return "\n".join("  ".join(line).rstrip() for line in lines)
    lines.insert(1, ["---"] * len(widths))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value: Any, form: str) -> str:
    return "-" if value is None or value != value else format(value, form)


def insert(text: str, page: Path, mark: str) -> None:
    """Put `text` between `<!-- mark -->` and `<!-- /mark -->` of a page."""
    start, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    before, _, rest = page.read_text("utf-8").partition(start)
    _, found, after = rest.partition(end)
    if not found:
        sys.exit(f"{page} has no place for results: write {start} and {end} where they belong.")
    page.write_text(f"{before}{start}\n{text}\n{end}{after}", "utf-8")
