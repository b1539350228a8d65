"""Which attack sees which method, and how often it cries wolf.

A set is split at random in three: A to learn from, B to control, C real rows that stand in for an honest synthetic
table (`real`). `copy` hands A out again, `twentieth` hides a twentieth of A among rows of `marginals`; every other
row is a method. An attack sees something where its interval leaves out what chance gives; `>` marks that. Rows of
several seeds show power (methods) and false alarms (`real`). Attacks that let the method learn again skip what is
no method.

    python benchmarks/attacks.py --sets adult,magic --methods real,copy,twentieth,trees,smote_nc --seeds 3
    python benchmarks/attacks.py --attacks shadow,black_box --methods trees --out rows.json
"""

import argparse
import json
import sys
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import polars as pl
from _measure import fresh, printed
from _sets import available, table

import synthesist as sy
from synthesist import catalog

METHODS = "real,copy,twentieth,marginals,gaussian_copula,trees"
ATTACKS = "singling_out,linkability,attribute_inference,membership,outliers"
STAND_INS = ("real", "copy", "twentieth")
LAYOUT = {
    "set": ("set", ""),
    "rows": ("method", ""),
    "seed": ("seed", ""),
    "attack": ("attack", ""),
    "value": ("value", ".3f"),
    "low": ("low", ".3f"),
    "high": ("high", ".3f"),
    "null": ("reference", ".3f"),
    "on a copy": ("power", ".3f"),
    "TPR at 1 %": ("rate", ".3f"),
    "chance": ("chance", ".3f"),
    "seen": ("seen", ""),
    "CPU-s": ("cpu_s", ".1f"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default="adult", help="names separated by commas")
    parser.add_argument("--methods", default=METHODS, help="names separated by commas")
    parser.add_argument("--attacks", default=ATTACKS, help="names separated by commas")
    parser.add_argument("--rows", type=int, default=8_000, help="most rows of A; B has half as many")
    parser.add_argument("--seeds", type=int, default=1, help="how many splits of each set")
    parser.add_argument("--out", type=Path, help="keep the rows as JSON")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for name in available(asked.sets):
        for method in asked.methods.split(","):
            for seed in range(asked.seeds):
                rows += fresh(run, name, method, asked.attacks.split(","), asked.rows, seed)
                print(f"{name} {method} {seed}: done", file=sys.stderr, flush=True)
                if asked.out:
                    asked.out.write_text(json.dumps(rows, indent=1), "utf-8")
    print(printed(rows, LAYOUT, asked.markdown))


def run(name: str, method: str, attacks: list[str], most: int, seed: int) -> list[dict[str, Any]]:
    """Learn from A, draw as many rows, and attack them."""
    rows = table(name)
    order = np.random.default_rng(seed).permutation(rows.height)
    size = min(most, 2 * rows.height // 5)
    train = sy.read(rows[order[:size]])
    holdout, other = (
        sy.read(rows[order[start : start + count]], train.schema)
        for start, count in ((size, size // 2), (size + size // 2, size))
    )
    made = _made(method, train, other, seed)
    spec = catalog.load("methods", method)() if method not in STAND_INS else None
    case = sy.Evidence(train, holdout, made, method=spec)
    found = []
    for attack in attacks:
        started = process_time()
        score = catalog.load("metrics", attack)().score(case, sy.Context.seeded(seed, threads=1))
        if score.skipped:
            print(f"{name} {method} {attack}: skipped, {score.skipped}", file=sys.stderr)
            continue
        rate = score.details["parts"][1] if "worst_off" in score.details else {}
        found.append(
            {
                "set": name,
                "method": method,
                "seed": seed,
                "attack": attack,
                **{key: getattr(score, key) for key in ("value", "low", "high", "reference")},
                "power": score.details["power"],
                "rate": rate.get("value"),
                "chance": rate.get("chance"),
                "seen": ">" if score.low > score.best or (rate and rate["value"] > rate["chance"]) else "",
                "cpu_s": process_time() - started,
            }
        )
    return found


def _made(method: str, train: sy.Dataset, other: sy.Dataset, seed: int) -> sy.Dataset:
    if method == "real":
        return other
    if method == "copy":
        return train
    model = sy.fit(train, "marginals" if method == "twentieth" else method, seed=seed)
    made: sy.Dataset = model.sample(len(train), seed=seed)
    copied = len(train) // 20 if method == "twentieth" else 0
    return train.with_table(pl.concat([train.table[:copied], made.table[copied:]]))


if __name__ == "__main__":
    main()
