"""The SMOTE family against imbalanced-learn: CPU seconds and memory.

Each job runs in a process of its own, ours and the rival's in turn, three times each after a first call that
compiles; the least of the three counts. imbalanced-learn is run where it can be imported (`pip install
imbalanced-learn`).

    SYNTHESIST_DATA=folder python benchmarks/smote.py
"""

import argparse
import json
from collections.abc import Callable
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
        both = {"ours": fresh(run, job, "ours")} | ({"theirs": fresh(run, job, "theirs")} if rival else {})
        row: dict[str, Any] = {"job": job, **{key: both["ours"][key] for key in ("rows_in", "rows_out")}}
        row |= {f"{who}_{key}": found[key] for who, found in both.items() for key in ("cpu_s", "mb")}
        rows.append(row | ({"faster": row["theirs_cpu_s"] / row["ours_cpu_s"]} if rival else {}))
        if asked.out:
            asked.out.write_text(json.dumps(rows, indent=1), "utf-8")
    print(printed(rows, LAYOUT, asked.markdown))
    if asked.into:
        insert(printed(rows, LAYOUT, markdown=True), asked.into, "smote")


def run(job: str, who: str) -> dict[str, Any]:
    """CPU seconds of the quickest of three calls, and what the process grew by beyond the data."""
    name, options, data = JOBS[job]
    x, y = data()
    family = ours if who == "ours" else __import__("imblearn.over_sampling", fromlist=["over_sampling"])
    sampler = getattr(family, name)(random_state=0, **options(x))
    sampler.fit_resample(*small(x, y))  # what is compiled or imported once is no work
    before, times, made = peak_mb(), [], np.empty(0)
    for _ in range(RUNS):
        start = process_time()
        made = sampler.fit_resample(x, y)[0]
        times.append(process_time() - start)
    return {"rows_in": len(x), "rows_out": len(made), "cpu_s": min(times), "mb": peak_mb() - before}


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
    "SMOTE, 100k x 20": ("SMOTE", none, numbers),
    "Borderline-SMOTE, 100k x 20": ("BorderlineSMOTE", none, numbers),
    "ADASYN, 100k x 20": ("ADASYN", none, numbers),
    "SMOTE-NC, 100k x 20": ("SMOTENC", categories, mixed),
    "SMOTE-NC, Adult": ("SMOTENC", categories, adult),
}


if __name__ == "__main__":
    main()
