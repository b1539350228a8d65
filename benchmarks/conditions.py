"""Rows drawn under a condition: as good as rows that happen to meet it, all of them valid, and at what price?

A model learns from one half of a set. Twenty random conditions (a value, a set of values or a range,
on one or two columns) are put to it, each met by 300 or more rows of the half it never saw. As many
rows are drawn under the condition; the yardstick is what an unconditional sample holds of such rows.

    python benchmarks/conditions.py --sets adult,magic --count 20
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from statistics import fmean, median
from time import process_time
from typing import Any

import numpy as np
import polars as pl
from _measure import auc, fresh, insert, options, printed, warm_up
from _sets import available, halves

import synthesist as sy
from synthesist.data.kinds import Boolean, Category, Constant, Id, Text
from synthesist.rules.conditions import conditions, satisfied

FEWEST, MOST = 300, 0.7  # real rows that meet a condition: at least so many, at most this share
LAYOUT = {
    "set": ("set", ""),
    "conditions": ("conditions", ""),
    "rows each": ("rows", ",.0f"),
    "AUC under condition": ("auc_conditioned", ".3f"),
    "AUC of matching unconditional rows": ("auc_matching", ".3f"),
    "all rows valid": ("valid", ""),
    "exactly n": ("exact", ""),
    "CPU ratio, mean": ("ratio", ".2f"),
    "median": ("ratio_median", ".2f"),
    "worst": ("ratio_worst", ".2f"),
}
EACH = {
    "set": ("set", ""),
    "condition": ("where", ""),
    "rows": ("rows", ",.0f"),
    "AUC": ("auc_conditioned", ".3f"),
    "unconditional": ("auc_matching", ".3f"),
    "valid": ("valid", ".0%"),
    "ratio": ("ratio", ".2f"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default="adult,magic,shoppers", help="names separated by commas")
    parser.add_argument("--method", default="trees")
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="an option of the method")
    parser.add_argument("--count", type=int, default=20, help="conditions on each set")
    parser.add_argument("--seed", type=int, default=0, help="of the conditions, of fitting and of sampling")
    parser.add_argument("--out", type=Path, help="keep every condition's numbers as JSON")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--into", type=Path, help="write the Markdown table into this page")
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for name in available(asked.sets):
        rows += fresh(run, name, asked.method, options(asked.set), asked.count, asked.seed)
        if asked.out:
            asked.out.write_text(json.dumps(rows, indent=1), "utf-8")
    means = [summary(name, [row for row in rows if row["set"] == name]) for name in {row["set"]: 0 for row in rows}]
    print(printed(rows, EACH, asked.markdown), printed(means, LAYOUT, asked.markdown), sep="\n\n")
    if asked.into:
        insert(printed(means, LAYOUT, markdown=True), asked.into, "conditions")


def run(name: str, method: str, settings: dict[str, Any], count: int, seed: int) -> list[dict[str, Any]]:
    """Every condition's numbers on one set."""
    learnt, unseen = halves(name)
    warm_up(method)
    model = sy.fit(learnt, method, seed=seed, **settings)
    freely = model.sample(2 * unseen.units, seed=seed + 1)
    wheres = drawn(learnt, unseen, count, np.random.default_rng(seed))
    model.sample(100, wheres[0])
    return [{"set": name, **judged(model, where, unseen, freely, seed)} for where in wheres]


def judged(model: sy.Model, where: dict[str, Any], unseen: sy.Dataset, freely: sy.Dataset, seed: int) -> dict[str, Any]:
    """Draw under one condition as many rows as really meet it."""
    real, matching = meeting(where, unseen), meeting(where, freely)
    n = real.units
    made = model.sample(n, where, seed=seed)
    with_condition = cpu_s(lambda: model.sample(n, where, seed=seed))
    without = cpu_s(lambda: model.sample(n, seed=seed))
    return {
        "where": str(where),
        "rows": n,
        "exact": made.units == n,
        "valid": meeting(where, made).units / made.units,
        "auc_conditioned": auc(real, made),
        "auc_matching": auc(real, matching),
        "rows_matching": min(matching.units, n),
        "ratio": with_condition / without,
    }


def cpu_s(work: Callable[[], Any]) -> float:
    """CPU seconds of `work`, the median of three."""
    times = []
    for _ in range(3):
        start = process_time()
        work()
        times.append(process_time() - start)
    return median(times)


def meeting(where: dict[str, Any], data: sy.Dataset) -> sy.Dataset:
    """The rows that meet the condition."""
    return data.with_table(data.table.filter(satisfied(data.table, conditions(where, data.kinds))))


def drawn(learnt: sy.Dataset, unseen: sy.Dataset, count: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Random conditions that enough real rows meet, and not nearly all."""
    kinds = learnt.kinds.columns
    names = [name for name, kind in kinds.items() if not isinstance(kind, Id | Text | Constant)]
    found: list[dict[str, Any]] = []
    while len(found) < count:
        chosen = rng.choice(names, size=int(rng.integers(1, 3)), replace=False)
        few = [isinstance(kinds[name], Category | Boolean) or learnt[name].n_unique() <= 12 for name in chosen]
        where = {str(c): some(learnt[c], rng) if f else span(learnt[c], rng) for c, f in zip(chosen, few, strict=True)}
        if where not in found and FEWEST <= meeting(where, unseen).units <= MOST * unseen.units:
            found.append(where)
    return found


def some(column: pl.Series, rng: np.random.Generator) -> Any:
    """One of the frequent values, or a set of two or three."""
    counted = column.drop_nulls().value_counts().sort("count", column.name, descending=True)
    frequent = counted[column.name].head(8).to_list()
    size = min(int(rng.choice([1, 1, 2, 3])), max(len(frequent) - 1, 1))
    picked = [frequent[i] for i in rng.choice(len(frequent), size=size, replace=False)]
    return picked[0] if size == 1 else picked


def span(column: pl.Series, rng: np.random.Generator) -> tuple[str, Any, Any]:
    """A range that holds about 10, 30 or 50 % of the rows."""
    values, share = column.drop_nulls().sort(), float(rng.choice([0.1, 0.3, 0.5]))
    low = int(rng.uniform(0, 1 - share) * len(values))
    high = min(low + int(share * len(values)), len(values) - 1)
    return values[low] if values[low] == values[high] else ("between", values[low], values[high])


def summary(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The means over the conditions on one set."""
    ratios = [row["ratio"] for row in rows]
    return {
        "set": name,
        "conditions": len(rows),
        "rows": fmean(row["rows"] for row in rows),
        "auc_conditioned": fmean(row["auc_conditioned"] for row in rows),
        "auc_matching": fmean(row["auc_matching"] for row in rows),
        "valid": "yes" if all(row["valid"] == 1.0 for row in rows) else "NO",
        "exact": "yes" if all(row["exact"] for row in rows) else "NO",
        "ratio": fmean(ratios),
        "ratio_median": median(ratios),
        "ratio_worst": max(ratios),
    }


if __name__ == "__main__":
    main()
