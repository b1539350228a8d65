"""Does refining help, on rows that took no part? Start and end of `sy.refine` on several sets, the method fixed.

python benchmarks/refine.py --sets adult --rows 0
python benchmarks/refine.py --method marginals --out rows.json
"""

import argparse
import json
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from _measure import insert, printed
from _sets import available, table

import synthesist as sy

SETS = "adult,magic,shoppers,beijing,default,california_housing,nist_national2019,traffic_volume,insurance,nursery"
LAYOUT = {
    "set": ("set", ""),
    "rows": ("rows", "d"),
    "C2ST": ("before", ".3f"),
    "refined": ("after", ".3f"),
    "± 95 %": ("error", ".3f"),
    "DCR share": ("dcr_before", ".3f"),
    "DCR refined": ("dcr_after", ".3f"),
    "copies": ("copies_before", ".2%"),
    "copies refined": ("copies_after", ".2%"),
    "rounds": ("tried", "d"),
    "kept": ("kept", ""),
    "CPU-s": ("cpu_s", ".1f"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default=SETS, help="names separated by commas")
    parser.add_argument("--method", default="gaussian_copula")
    parser.add_argument("--rows", type=int, default=10_000, help="rows of each set at most; 0 for all")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="keep the rows as JSON")
    parser.add_argument("--into", type=Path, help="write the Markdown table into this page")
    asked = parser.parse_args()
    found = []
    for name in available(asked.sets):
        found.append(refined(name, asked.method, asked.rows, asked.rounds))
        print(printed(found[-1:], LAYOUT, markdown=False), flush=True)
        if asked.out:
            asked.out.write_text(json.dumps(found, indent=1), "utf-8")
    print(printed(found, LAYOUT, markdown=False))
    if asked.into:
        insert(printed(found, LAYOUT, markdown=True), asked.into, "refine")


def refined(name: str, method: str, most: int, rounds: int) -> dict[str, Any]:
    """One set refined, by its second holdout."""
    rows = table(name)
    rows = rows[np.random.default_rng(0).permutation(rows.height)[: most or None]]
    begin = process_time()
    found = sy.refine(rows, method, fixed=True, rounds=rounds)
    start, end = found.start, found.end
    return {
        "set": name, "rows": rows.height, "before": start.gate.value, "after": end.gate.value,
        "error": (end.gate.high - end.gate.low) / 2, "dcr_before": start.copying.value, "dcr_after": end.copying.value,
        "copies_before": start.copies.value, "copies_after": end.copies.value, "tried": len(found.rounds) - 1,
        "kept": "yes" if found.kept else "no", "cpu_s": process_time() - begin,
    }  # fmt: skip


if __name__ == "__main__":
    main()
