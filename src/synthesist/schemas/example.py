"""An example: a table of a few real rows, whose columns are described so that the description can be edited.

Kinds, ranges, shapes and common categories are described, each rounded; no value that few rows have is copied. What is
described says nothing of how columns go together: to learn that, fit a method.
"""

from collections.abc import Mapping
from math import ceil, floor, log10
from typing import Any

import polars as pl

from synthesist.data import kinds
from synthesist.data.kinds import Kind
from synthesist.schemas.source import Source

__all__ = ["SUFFIXES", "TITLE", "page", "recognises"]

TITLE = "an example of the rows (.csv, .tsv, .parquet)"
SUFFIXES = (".csv", ".tsv", ".parquet")
COMMON = 5  # rows that have a category before it is copied
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


def recognises(source: Source) -> bool:
    """Whether its name ends so."""
    return source.suffix in SUFFIXES


def page(source: Source) -> dict[str, Any]:
    """The page of the sampler `columns`.

    Raises:
        DataError: the file cannot be read as a table.
    """
    from synthesist.data.sources import read

    data = read(source.path)
    described = {name: _described(data.table[name], kind, name) for name, kind in data.kinds.columns.items()}
    return {"kind": "columns", "table": data.name, "columns": described}


def _described(cells: pl.Series, kind: Kind, name: str) -> dict[str, Any]:
    """The distribution of one column."""
    missing = cells.null_count() / len(cells) if len(cells) else 0.0
    page = _of_kind(cells.drop_nulls(), kind, name)
    return {**page, "missing": round(missing, 2) or 0.01} if missing and page["is"] != "keys" else page


def _of_kind(cells: pl.Series, kind: Kind, name: str) -> dict[str, Any]:
    if cells.is_empty():
        return {"is": "constant", "value": "", "missing": 1.0}
    match kind:
        case kinds.Id() if kind.whole:
            return {"is": "keys"}
        case kinds.Id() if kind.pattern:
            return {"is": "keys", "pattern": kind.pattern}
        case kinds.Boolean():
            return {"is": "bernoulli", "p": round(float(cells.cast(pl.Float64).mean() or 0), 2)}  # type: ignore[arg-type]
        case kinds.Constant() if kind.value is not None and len(cells) >= COMMON:
            return {"is": "constant", "value": kind.value}
        case kinds.Integer():
            return {**_quantiles(cells), "integers": True}
        case kinds.Number():
            return {**_quantiles(cells), **({} if kind.decimals is None else {"decimals": kind.decimals})}
        case kinds.Duration():
            return {"is": "durations", "unit": "s", "of": _quantiles(cells.dt.total_seconds())}
        case kinds.Moment():
            return _dates(cells, kind)
    return _texts(cells.cast(pl.String), name)


def _quantiles(cells: pl.Series) -> dict[str, Any]:
    """The run of the values in five rounded points, between ends that are rounded outward."""
    inner = {share: _rounded(float(cells.quantile(share, "linear") or 0)) for share in SHARES}
    low, high = (float(end) for end in (cells.min(), cells.max()))  # type: ignore[arg-type]
    ends = {0.0: min(_outward(low, floor), *inner.values()), 1.0: max(_outward(high, ceil), *inner.values())}
    if ends[0.0] == ends[1.0]:
        return {"is": "uniform", "low": ends[0.0], "high": ends[1.0]}
    points: dict[float, float] = {}
    for share, value in sorted({**inner, 1.0: ends[1.0]}.items()):
        if value > max(points.values(), default=ends[0.0]):
            points[share] = value
    if 1.0 not in points:
        points[1.0] = points.popitem()[1]
    return {"is": "quantiles", "points": {0.0: ends[0.0], **points}}


def _rounded(x: float) -> float:
    """Three digits that count."""
    return round(x, 2 - floor(log10(abs(x)))) if x else 0.0


def _outward(x: float, toward: Any) -> float:
    """One digit that counts, away from the values."""
    step = 10.0 ** floor(log10(abs(x))) if x else 1.0
    return float(round(toward(x / step) * step, 12))


def _dates(cells: pl.Series, kind: kinds.Moment) -> dict[str, Any]:
    """From the first day of the first month to the last of the last."""
    first, last = cells.min(), cells.max()
    start = pl.Series([first]).dt.month_start().dt.strftime("%Y-%m-%d")[0]
    end = pl.Series([last]).dt.month_end().dt.strftime("%Y-%m-%d")[0]
    page: dict[str, Any] = {"is": "dates", "start": start, "end": end, "precision": kind.precision}
    return {**page, "format": kind.format} if kind.format else page


def _texts(cells: pl.Series, name: str) -> dict[str, Any]:
    """The common categories with their shares; where there are none, what the name suggests, or texts as long."""
    from synthesist.schemas.relational.meanings import meaning_of

    counts: Mapping[str, int] = dict(cells.value_counts(sort=True).iter_rows())
    common = {value: count for value, count in counts.items() if count >= COMMON}
    if sum(common.values()) >= len(cells) / 2:
        shares = [round(count / len(cells), 2) or 0.01 for count in common.values()]
        return {"is": "categorical", "values": list(common), "weights": shares}
    meaning = meaning_of(name, "", "text")
    if meaning is not None:
        return dict(meaning.page)
    lengths = cells.str.len_chars()
    least, most = int(lengths.quantile(0.05, "nearest") or 1), int(lengths.quantile(0.95, "nearest") or 1)
    return {"is": "regex", "pattern": f"[a-z]{{{max(min(least, 60), 1)},{max(min(most, 60), 1)}}}"}
