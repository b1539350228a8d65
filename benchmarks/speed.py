"""Seconds and memory of the main jobs, each in a process of its own.

python benchmarks/speed.py --only adult,stream
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import polars as pl
from _measure import fresh, insert, options, peak_mb, printed, warm_up
from _sets import table

import synthesist as sy

STREAMED, JUDGED, WIDE = 1_000_000, 500_000, (50_000, 200)
MANY_ROWS, MANY_NAMES = 100_000, 50_000
LAYOUT = {
    "job": ("job", ""),
    "rows": ("rows", ",.0f"),
    "wall s": ("wall_s", ".1f"),
    "CPU-s": ("cpu_s", ".1f"),
    "of which fit": ("fit_cpu_s", ".1f"),
    "rows/s (wall)": ("rows_per_s", ",.0f"),
    "peak MB": ("peak_mb", ".0f"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help=f"some of {', '.join(JOBS)}, separated by commas")
    parser.add_argument("--method", default="trees")
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="an option of the method")
    parser.add_argument("--out", type=Path, help="keep the numbers as JSON")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--into", type=Path, help="write the Markdown table into this page")
    asked = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for job in asked.only.split(",") if asked.only else JOBS:
            rows.append(JOBS[job](Path(folder), asked.method, options(asked.set)))
            if asked.out:
                asked.out.write_text(json.dumps(rows, indent=1), "utf-8")
    print(printed(rows, LAYOUT, asked.markdown))
    if asked.into:
        insert(printed(rows, LAYOUT, markdown=True), asked.into, "speed")


@contextmanager
def measured(job: str, rows: int) -> Iterator[dict[str, Any]]:
    """Wall and CPU seconds of the block, and the peak of the process."""
    found: dict[str, Any] = {"job": job, "rows": rows}
    wall, cpu = perf_counter(), process_time()
    yield found
    found |= {"wall_s": perf_counter() - wall, "cpu_s": process_time() - cpu, "peak_mb": peak_mb()}
    found["rows_per_s"] = rows / found["wall_s"]


def learn_and_draw(job: str, rows: pl.DataFrame, method: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Read, fit, and draw as many rows."""
    warm_up(method)
    with measured(job, rows.height) as found:
        start = process_time()
        model = sy.fit(rows, method, **settings)
        found["fit_cpu_s"] = process_time() - start
        model.sample(rows.height)
    return found


def adult(method: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The common case: a table of persons."""
    rows = table("adult").head(32_561)
    return learn_and_draw(f"adult: fit, draw as many, {rows.width} columns", rows, method, settings)


def names(method: str, settings: dict[str, Any]) -> dict[str, Any]:
    """A category of very many names, few of them frequent; every one occurs."""
    rng = np.random.default_rng(0)
    shares = 1 / np.arange(1, MANY_NAMES + 1)
    drawn = rng.choice(MANY_NAMES, MANY_ROWS - MANY_NAMES, p=shares / shares.sum())
    name = rng.permutation(np.concatenate([np.arange(MANY_NAMES), drawn]))
    pay = (20_000 + 400 * (name % 97) + rng.normal(0, 3_000, MANY_ROWS)).round(2)
    rows = pl.DataFrame({"name": [f"part {k}" for k in name], "pay": pay, "group": [f"g{k % 7}" for k in name]})
    return learn_and_draw(f"a category of {MANY_NAMES:,} names: fit, draw as many", rows, method, settings)


def wide(method: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Numbers and categories that follow from twelve hidden causes and noise."""
    rng, (n, width) = np.random.default_rng(0), WIDE
    causes = rng.normal(size=(n, 12))
    signal = causes @ rng.normal(size=(12, width)) / 12**0.5 + 0.5 * rng.normal(size=(n, width))
    columns: dict[str, Any] = {}
    for j in range(width):
        if j % 2:
            columns[f"c{j}"] = [f"v{k}" for k in np.digitize(signal[:, j], np.linspace(-1, 1, 2 + j % 9))]
        else:
            columns[f"x{j}"] = np.exp(signal[:, j]).round(3) if j % 4 else (100 * signal[:, j]).round()
    return learn_and_draw(f"{width} columns: fit, draw as many", pl.DataFrame(columns), method, settings)


def learn_and_save(model: Path, method: str, settings: dict[str, Any]) -> None:
    sy.fit(table("adult").head(32_561), method, **settings).save(model)


def stream_from(path: Path) -> dict[str, Any]:
    """Block by block, none of them kept."""
    model = sy.load(path)
    model.sample(10)
    with measured("a million rows, streamed from a model file", STREAMED) as found:
        drawn = sum(block.units for block in model.blocks(STREAMED))
    assert drawn == STREAMED
    return found


def stream(folder: Path, method: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Fitting is done elsewhere, so that its memory does not count."""
    fresh(learn_and_save, folder / "adult.syn", method, settings)
    return fresh(stream_from, folder / "adult.syn")


def evaluate() -> dict[str, Any]:
    """Three tables of adults, drawn by the fast baseline, judged by all metrics."""
    model = sy.fit(table("adult"), "gaussian_copula")
    train, holdout, made = (model.sample(JUDGED, seed=seed) for seed in range(3))
    few = {"train": train.head(500), "holdout": holdout.head(500), "synthetic": made.head(500)}
    sy.evaluate(**few, target="income")  # what is compiled once is not counted
    with measured("evaluate: three tables of so many rows each", JUDGED) as found:
        sy.evaluate(train=train, holdout=holdout, synthetic=made, target="income")
    return found


JOBS: dict[str, Callable[[Path, str, dict[str, Any]], dict[str, Any]]] = {
    "adult": lambda folder, method, settings: fresh(adult, method, settings),
    "stream": stream,
    "names": lambda folder, method, settings: fresh(names, method, settings),
    "wide": lambda folder, method, settings: fresh(wide, method, settings),
    "evaluate": lambda folder, method, settings: fresh(evaluate),
}


if __name__ == "__main__":
    main()
