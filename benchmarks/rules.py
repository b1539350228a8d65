"""What rules cost a fitted method, and what they do to its rows: real tables, rules that hold in them.

    SYNTHESIST_DATA=folder python benchmarks/rules.py

Each method learns half of a table with and without the rules. Beside the rows that break a rule stand the CPU seconds
of fitting and drawing, and how well boosted trees tell the rows from the other half, which was never seen.
"""

import argparse
from time import process_time
from typing import Any

import numpy as np
import polars as pl
from _measure import auc, fresh, printed, warm_up
from _sets import available, table

import synthesist as sy
from synthesist.core import Context
from synthesist.rules.rule import read_rule

METHODS = ("trees", "argn", "gaussian_copula")
ROWS = 4_000
RULES: dict[str, list[str]] = {
    "adult": [
        "education -> education_num",
        "if relationship = 'Husband' then sex = 'Male'",
        "if relationship = 'Wife' then sex = 'Female'",
        "if capital_gain > 0 then capital_loss = 0",
        "hours_per_week between 1 and 99",
    ],
    "california_housing": ["total_bedrooms <= total_rooms", "households <= population", "households <= total_bedrooms"],
    "nist_national2019": ["NOC <= NPF", "INDP -> INDP_CAT", "PUMA -> DENSITY", "combinations(SEX, MSP)"],
    "shoppers": [
        "BounceRates <= ExitRates",
        "if Administrative = 0 then Administrative_Duration = 0",
        "if ProductRelated = 0 then ProductRelated_Duration = 0",
        "combinations(Month, SpecialDay)",
    ],
}
LAYOUT = {
    "set": ("set", ""),
    "method": ("method", ""),
    "broken without": ("broken_plain", ".1%"),
    "with": ("broken_ruled", ".1%"),
    "CPU-s without": ("cpu_plain", ".1f"),
    "with ": ("cpu_ruled", ".1f"),
    "C2ST without": ("auc_plain", ".3f"),
    "with  ": ("auc_ruled", ".3f"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default=",".join(RULES), help="names, separated by commas")
    parser.add_argument("--methods", default=",".join(METHODS), help="names, separated by commas")
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of each half, at most")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    asked = parser.parse_args()
    rows = [
        fresh(measured, name, method, asked.rows)
        for name in available(asked.sets)
        for method in asked.methods.split(",")
    ]
    print(printed(rows, LAYOUT, asked.markdown))


def measured(name: str, method: str, most: int) -> dict[str, Any]:
    """One method on one set, without and with rules."""
    learnt, unseen = halves(name, most)
    warm_up(method)
    found: dict[str, Any] = {"set": name, "method": method}
    for case, rules in (("plain", []), ("ruled", RULES[name])):
        before = process_time()
        model = sy.fit(learnt, method, rules=rules, ctx=Context.seeded(0, threads=1))
        made = model.sample(learnt.units, seed=1, ctx=Context.seeded(1, threads=1))
        found[f"cpu_{case}"] = process_time() - before
        broken = np.zeros(made.units, dtype=bool)
        for rule in map(read_rule, RULES[name]):
            broken |= rule.broken(made.table).to_numpy()
        found[f"broken_{case}"] = broken.mean()
        found[f"auc_{case}"] = auc(unseen, made)
    return found


def halves(name: str, most: int) -> tuple[sy.Dataset, sy.Dataset]:
    """Two halves of the rows that break none of the rules."""
    rows = table(name)
    for rule in map(read_rule, RULES[name]):
        rows = rows.filter(~rule.broken(rows) if rule.text.count("->") == 0 else pl.lit(True))
    order = np.random.default_rng(0).permutation(rows.height)
    half = min(most, rows.height // 2)
    first = sy.read(rows[order[:half]])
    return first, sy.read(rows[order[half : 2 * half]], first.schema)


if __name__ == "__main__":
    main()
