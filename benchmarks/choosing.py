"""The ground `auto` stands on: how close each rung of its ladder comes to unseen rows, and what learning takes.

python benchmarks/choosing.py --sets adult,magic --rows 100,8000
"""

import argparse
from time import process_time
from typing import Any

import numpy as np
from _measure import auc, fresh, printed, warm_up
from _sets import available, table

import synthesist as sy
from synthesist.combine.methods.auto import LADDER, Rung, bits_of
from synthesist.core import Context

UNSEEN = 8_000
LAYOUT = {
    "table": ("set", ""),
    "rows": ("rows", ","),
    "method": ("method", ""),
    "AUC, unseen": ("auc", ".3f"),
    "fit CPU-s": ("cpu_s", ".2f"),
    "estimate": ("estimate", ".2f"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default="", help="names separated by commas")
    parser.add_argument("--rows", default="100,2000,8000", help="how many to learn from, separated by commas")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    asked = parser.parse_args()
    cases = [
        (name, int(rows), k)
        for name in available(asked.sets)
        for rows in asked.rows.split(",")
        for k in range(len(LADDER))
    ]
    found = [row for case in cases if (row := fresh(measured, *case))]
    print(printed(found, LAYOUT, asked.markdown))


def measured(name: str, rows: int, place: int) -> dict[str, Any]:
    """One rung on so many rows at random, judged by others; nothing where the table has not enough."""
    rung: Rung = LADDER[place]
    whole = table(name)
    if whole.height < 2 * rows:
        return {}
    order = np.random.default_rng(0).permutation(whole.height)
    data = sy.read(whole[order[:rows]])
    unseen = sy.read(whole[order[rows : rows + UNSEEN]], data.schema)
    warm_up(rung.method)
    begin = process_time()
    model = sy.fit(data, rung.method, ctx=Context.seeded(0, threads=1), **rung.options)
    took = process_time() - begin
    told = auc(unseen, model.sample(unseen.units))
    estimate = rung.seconds(rows, bits_of(data))
    return {"set": name, "rows": rows, "method": rung.words, "auc": told, "cpu_s": took, "estimate": estimate}


if __name__ == "__main__":
    main()
