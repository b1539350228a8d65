"""Does an explanation name what is wrong? Real rows with one planted defect each, and real rows with none.

A set is split at random in train, holdout and rows that pose as synthetic; a defect is planted in these. Right is an
explanation whose first reason names a column of the defect first. On rows without a defect anything named is wrong.

    python benchmarks/explanation.py
    python benchmarks/explanation.py --clean 5 --sets adult,beijing
    python benchmarks/explanation.py --fresh      # other sets and kinds of defect, half of them looked at once only
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import polars as pl
from _fresh_defects import DEVELOPED, KEPT_BACK, fresh_table
from _measure import insert, printed
from _sets import available, table

import synthesist as sy

Change = Callable[[pl.DataFrame, pl.DataFrame, np.random.Generator], pl.DataFrame]
LAYOUT = {
    "set": ("set", ""),
    "planted": ("planted", ""),
    "column": ("right", ""),
    "first reason": ("said", ""),
    "right": ("ok", ""),
    "reasons": ("reasons", "d"),
    "AUC": ("auc", ".3f"),
    "CPU-s": ("cpu_s", ".1f"),
}


def some(frame: pl.DataFrame, share: float, rng: np.random.Generator) -> pl.Series:
    """A random share of the rows."""
    return pl.Series(rng.random(frame.height) < share)


def set_where(column: str, rows: Any, value: Any) -> Change:
    """Another value in some rows: `rows` is an expression, or a share of all."""

    def change(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        del train
        where = pl.lit(some(frame, rows, rng)) if isinstance(rows, float) else rows
        return frame.with_columns(pl.when(where).then(value).otherwise(pl.col(column)).alias(column))

    return change


def without(where: pl.Expr) -> Change:
    """Rows left out."""
    return lambda frame, train, rng: frame.filter(~where.fill_null(False))


def shuffled(column: str, share: float) -> Change:
    """The cells of a share of the rows change places."""

    def change(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        del train
        rows = np.flatnonzero(some(frame, share, rng).to_numpy())
        order = np.arange(frame.height)
        order[rows] = rng.permutation(rows)
        return frame.with_columns(frame[column][order])

    return change


def copied(where: pl.Expr) -> Change:
    """A part of the rows gives way to the rows of train."""

    def change(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        there, rest = train.filter(where), frame.filter(~where.fill_null(False))
        count = frame.height - rest.height
        return pl.concat([rest, there[rng.choice(there.height, min(count, there.height), replace=False)]])

    return change


def repeated(share: float) -> Change:
    """A share of the rows gives way to copies of others."""

    def change(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        del train
        order = np.arange(frame.height)
        rows = np.flatnonzero(some(frame, share, rng).to_numpy())
        order[rows] = rng.choice(frame.height, len(rows))
        return frame[order]

    return change


c = pl.col
PLANTED: list[tuple[str, str, str, Change]] = [
    ("adult", "a category of 3 % dropped", "occupation", without(c("occupation") == "Transport-moving")),
    ("adult", "a category renamed in 2 %", "workclass",
     set_where("workclass", (c("workclass") == "Private") & (c("fnlwgt") % 35 == 0), pl.lit("private"))),
    ("adult", "a column shuffled in 10 %", "education_num", shuffled("education_num", 0.1)),
    ("adult", "a range clipped at 65", "age", set_where("age", c("age") > 65, 65)),
    ("adult", "a spike at one value in 3 %", "hours_per_week", set_where("hours_per_week", 0.03, 37)),
    ("adult", "heaping lost", "hours_per_week",
     set_where("hours_per_week", (c("hours_per_week") == 50) & (c("fnlwgt") % 2 == 0), c("hours_per_week") + 1)),
    ("adult", "a slice changed: longer hours below 25", "hours_per_week,age",
     set_where("hours_per_week", (c("age") < 25) & (c("fnlwgt") % 3 == 0),
               (c("hours_per_week") * 1.3).round().cast(pl.Int64))),
    ("adult", "missing cells in 3 % more", "occupation", set_where("occupation", 0.03, None)),
    ("adult", "two categories swapped in half of the rows", "education,education_num",
     set_where("education", (c("fnlwgt") % 2 == 0) & c("education").is_in(["Masters", "Some-college"]),
               pl.when(c("education") == "Masters").then(pl.lit("Some-college")).otherwise(pl.lit("Masters")))),
    ("adult", "a subgroup copied from train", "native_country", copied(c("native_country") == "Mexico")),
    ("adult", "4 % duplicates", "", repeated(0.04)),
    ("adult", "men among wives", "sex,relationship",
     set_where("sex", (c("relationship") == "Wife") & (c("fnlwgt") % 3 == 0), pl.lit("Male"))),
    ("traffic_volume", "a day late", "date_time",
     set_where("date_time", pl.lit(value=True), c("date_time").dt.offset_by("1d"))),
    ("traffic_volume", "rounded to tens", "traffic_volume",
     set_where("traffic_volume", 0.25, (c("traffic_volume") / 10).round().cast(pl.Int64) * 10)),
    ("traffic_volume", "a Fahrenheit among Kelvins in 2 %", "temp", set_where("temp", 0.02, c("temp") * 1.8 - 459.67)),
    ("traffic_volume", "rush hours lost in part", "traffic_volume,date_time",
     set_where("traffic_volume", (c("date_time").dt.hour() == 7) & (c("traffic_volume") > 5000),
               (c("traffic_volume") * 0.9).round().cast(pl.Int64))),
    ("california_housing", "10 % too much in one place", "median_house_value,ocean_proximity",
     set_where("median_house_value", c("ocean_proximity") == "INLAND", c("median_house_value") * 1.1)),
    ("california_housing", "a relation reversed in 10 %", "households",
     set_where("households", 0.1, 1000 - c("households").clip(0, 999))),
    ("california_housing", "decimals lost", "median_income",
     set_where("median_income", 0.05, c("median_income").round(1))),
    ("california_housing", "the low end cut off", "housing_median_age", without(c("housing_median_age") < 6)),
    ("default", "missing below a limit", "PAY_AMT1",
     set_where("PAY_AMT1", (c("PAY_AMT1") > 0) & (c("PAY_AMT1") < 500), None)),
    ("default", "a code nobody uses, in 1 %", "EDUCATION", set_where("EDUCATION", 0.01, 9)),
    ("default", "amounts in another unit for one group", "LIMIT_BAL,SEX,MARRIAGE",
     set_where("LIMIT_BAL", (c("MARRIAGE") == 1) & (c("SEX") == 1), c("LIMIT_BAL") * 11 // 10)),
    ("default", "a column of the month before, in 10 %", "BILL_AMT3",
     set_where("BILL_AMT3", 0.1, c("BILL_AMT4"))),
]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default="", help="names separated by commas; all where nothing is said")
    parser.add_argument("--fresh", action="store_true", help="the defects of _fresh_defects.py")
    parser.add_argument("--clean", type=int, default=3, help="draws of every set without a defect")
    parser.add_argument("--out", type=Path, help="keep the rows as JSON")
    parser.add_argument("--into", type=Path, help="write the Markdown table into this page")
    asked = parser.parse_args()
    if asked.fresh:
        return fresh(asked.clean)
    names = available(asked.sets)
    rows = [tried(name, what, right, change) for name, what, right, change in PLANTED if name in names]
    rows += [tried(name, "", "", None, seed) for name in names for seed in range(asked.clean)]
    if asked.out:
        asked.out.write_text(json.dumps(rows, indent=1), "utf-8")
    print(printed(rows, LAYOUT, markdown=False))
    planted, clean = ([row for row in rows if bool(row["planted"]) is is_planted] for is_planted in (True, False))
    print(f"named first: {_right(planted)} of {len(planted)}; nothing named: {_right(clean)} of {len(clean)}")
    if asked.into:
        insert(printed(rows, LAYOUT, markdown=True), asked.into, "explanation")


def fresh(clean: int) -> None:
    """What was developed on, what was kept back, and every set without a defect."""
    for title, cases in (("developed on", DEVELOPED), ("kept back", KEPT_BACK)):
        rows = [tried(*case, read=fresh_table) for case in cases]
        print(printed(rows, LAYOUT, markdown=False))
        print(f"{title}: named first: {_right(rows)} of {len(rows)}")
    names = sorted({case[0] for case in (*DEVELOPED, *KEPT_BACK)})
    rows = [tried(name, "", "", None, seed, fresh_table) for name in names for seed in range(clean)]
    print(f"nothing named: {_right(rows)} of {len(rows)}")


def tried(
    name: str,
    planted: str,
    right: str,
    change: Change | None,
    seed: int = 0,
    read: Callable[[str], pl.DataFrame] = table,
) -> dict[str, Any]:
    """One explanation, and whether it is right."""
    rng = np.random.default_rng([seed, len(planted)])
    whole = read(name)
    data = sy.read(whole)
    order, n = rng.permutation(whole.height), whole.height
    parts = [whole[order[int(a * n) : int(b * n)]] for a, b in ((0, 0.4), (0.4, 0.6), (0.6, 1))]
    made = change(parts[2], parts[0], rng) if change else parts[2]
    train, holdout = (sy.read(part, data.schema) for part in parts[:2])
    begin = process_time()
    found = sy.explain(train=train, holdout=holdout, synthetic=made, seed=seed)
    row = {"set": name, "planted": planted, "right": right, "cpu_s": process_time() - begin, "auc": found.auc}
    first = found.reasons[0] if found.reasons else None
    said = "" if first is None else first.sentence
    ok = first is None if change is None else first is not None and _names(first, planted, right.split(","))
    return row | {"said": said, "reasons": len(found.reasons), "ok": "yes" if ok else "no"}


def _names(reason: Any, planted: str, right: Sequence[str]) -> bool:
    """Whether the first column of the reason is one of those planted; of what has no column, whether its kind is."""
    if right == [""]:
        return not reason.columns and reason.kind in planted
    return bool(reason.columns) and reason.columns[0] in right


def _right(rows: Sequence[Any]) -> int:
    return sum(row["ok"] == "yes" for row in rows)


if __name__ == "__main__":
    main()
