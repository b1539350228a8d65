"""The SMOTE family against imbalanced-learn: CPU seconds and memory.

Times are taken in one process for each job, ours and the rival's in turn, three times each after a first call
that compiles; the least counts. Memory is that of a process each. imbalanced-learn takes part where it can be
imported (`pip install imbalanced-learn`).

    SYNTHESIST_DATA=folder python benchmarks/smote.py
"""

import argparse
import json
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from _measure import fresh, insert, peak_mb, printed
from _sets import table
from sklearn.datasets import make_classification

from synthesist import sklearn as ours

LAYOUT = {
    "job": ("job", ""),
    "rows in": ("rows_in", ",.0f"),
    "rows out": ("rows_out", ",.0f"),
    "CPU-s": ("ours_cpu_s", ".3f"),
    "imbalanced-learn": ("theirs_cpu_s", ".3f"),
    "times faster": ("faster", ".1f"),
    "MB over the data": ("ours_mb", ",.0f"),
    "imbalanced-learn ": ("theirs_mb", ",.0f"),
}
RUNS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help=f"some of {', '.join(JOBS)}, separated by commas")
    parser.add_argument("--out", type=Path, help="keep the numbers as JSON")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--into", type=Path, help="write the Markdown table into this page")
    asked = parser.parse_args()
    rival = find_spec("imblearn") is not None
    if not rival:
        print("imbalanced-learn is not installed here: only our own numbers are taken.")
    rows = []
    for job in asked.only.split(",") if asked.only else JOBS:
        who = ("ours", "theirs") if rival else ("ours",)
        row: dict[str, Any] = {"job": job, **fresh(timed, job, who)}
        row |= {f"{each}_mb": fresh(grown, job, each) for each in who}
        rows.append(row | ({"faster": row["theirs_cpu_s"] / row["ours_cpu_s"]} if rival else {}))
        if asked.out:
            asked.out.write_text(json.dumps(rows, indent=1), "utf-8")
    print(printed(rows, LAYOUT, asked.markdown))
    if asked.into:
        insert(printed(rows, LAYOUT, markdown=True), asked.into, "smote")


def timed(job: str, who: Sequence[str]) -> dict[str, Any]:
    """CPU seconds of the quickest of three calls of each."""
    _, options, data = JOBS[job]
    x, y = data()
    samplers = {each: sampler_of(job, each, options(x)) for each in who}
    times: dict[str, list[float]] = {each: [] for each in who}
    made = x
    for sampler in samplers.values():
        sampler.fit_resample(*small(x, y))  # what is compiled or imported once is no work
    for _ in range(RUNS):
        for each, sampler in samplers.items():
            start = process_time()
            made = sampler.fit_resample(x, y)[0]
            times[each].append(process_time() - start)
    return {"rows_in": len(x), "rows_out": len(made)} | {f"{each}_cpu_s": min(took) for each, took in times.items()}


def grown(job: str, who: str) -> float:
    """MB by which a process grows beyond the data in one call."""
    _, options, data = JOBS[job]
    x, y = data()
    sampler = sampler_of(job, who, options(x))
    sampler.fit_resample(*small(x, y))
    before = peak_mb()
    sampler.fit_resample(x, y)
    return peak_mb() - before


def sampler_of(job: str, who: str, options: dict[str, Any]) -> Any:
    """Our sampler or the rival's."""
    family = ours if who == "ours" else import_module("imblearn.over_sampling")
    return getattr(family, JOBS[job][0])(random_state=0, **options)


def small(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A few hundred rows that hold both classes."""
    some = np.concatenate([np.flatnonzero(y == label)[:n] for label, n in zip(np.unique(y), (200, 100), strict=True)])
    return x[some], y[some]


def numbers() -> tuple[np.ndarray, np.ndarray]:
    """100,000 x 20 numbers, one row in a hundred of the rare class."""
    return make_classification(100_000, 20, n_informative=10, weights=[0.99], flip_y=0, random_state=0)


def mixed() -> tuple[np.ndarray, np.ndarray]:
    """The same with five columns of nine codes."""
    x, y = numbers()
    x[:, 15:] = np.clip(np.round(x[:, 15:]), -4, 4)
    return x, y


def adult() -> tuple[np.ndarray, np.ndarray]:
    """32,561 rows with eight categories, as objects."""
    frame = table("adult").head(32_561).to_pandas()
    income = frame.pop("income").astype(str).to_numpy()
    for column in frame.columns[text(frame)]:
        frame[column] = frame[column].astype(object).fillna("?").astype(str)
    return frame.to_numpy(dtype=object), income


def text(frame: Any) -> list[int]:
    """The places of the columns that are no numbers."""
    return [place for place, dtype in enumerate(frame.dtypes) if dtype.kind not in "if"]


def categories(x: np.ndarray) -> dict[str, Any]:
    if x.dtype == object:
        return {"categorical_features": [place for place in range(x.shape[1]) if isinstance(x[0, place], str)]}
    return {"categorical_features": list(range(15, 20))}


def none(x: np.ndarray) -> dict[str, Any]:
    del x
    return {}


Job = tuple[str, Callable[[np.ndarray], dict[str, Any]], Callable[[], tuple[np.ndarray, np.ndarray]]]
JOBS: dict[str, Job] = {
    "smote": ("SMOTE", none, numbers),
    "borderline_smote": ("BorderlineSMOTE", none, numbers),
    "adasyn": ("ADASYN", none, numbers),
    "smote_nc": ("SMOTENC", categories, mixed),
    "smote_nc_adult": ("SMOTENC", categories, adult),
}


if __name__ == "__main__":
    main()
