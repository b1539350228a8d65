"""Does adapting help a model that learns in one place and works in another, and does `adapt` choose well?

python benchmarks/adaptation.py --group KEPT_BACK --seeds 0,1
python benchmarks/adaptation.py --pairs "turned,other units"

Pairs of source and target are made from real tables (see `_shifts.py`); the target's labels are used for testing
only. Trees and a linear model learn the label from source rows as they are, or changed by each method, and are
tested on target rows that no method saw. The number is the share of the Brier score, or of the variance, that is
explained beyond the target's own base rate, mean of both learners: 1 is perfect, 0 is no better than the base rate.
Hindsight takes the best single method, or none.
"""

import argparse
from collections.abc import Mapping
from time import process_time
from typing import Any

import _shifts
import numpy as np
import polars as pl
from _measure import printed
from _sets import available

import synthesist as sy
from synthesist.core import Context, Evidence
from synthesist.errors import SynthesistError
from synthesist.metrics._task import Task

METHODS = ("label_shift", "importance_weighting", "quantile_mapping", "linear_optimal_transport", "coral")
ROWS = 4_000
LAYOUT = {
    "pair": ("pair", ""),
    "set": ("set", ""),
    "seed": ("seed", "d"),
    "source only": ("nothing", ".3f"),
    **{name.replace("_", " "): (name, ".3f") for name in METHODS},
    "adapt": ("adapt", ".3f"),
    "gain": ("gain", "+.3f"),
    "± 95 %": ("error", ".3f"),
    "hindsight": ("hindsight", "+.3f"),
    "chosen": ("chosen", ""),
    "CPU-s": ("cpu_s", ".1f"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--group", choices=("FIRST", "DEVELOPED", "KEPT_BACK", "PAIRS"), default="PAIRS")
    parser.add_argument("--pairs", default="", help="names separated by commas, of those of the group")
    parser.add_argument("--seeds", default="0", help="separated by commas")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    asked = parser.parse_args()
    group: Mapping[str, _shifts.Pair] = getattr(_shifts, asked.group)
    here = set(available(",".join(dict.fromkeys(part for pair in group.values() for part in pair.set.split("+")))))
    rows = []
    for name in asked.pairs.split(",") if asked.pairs else group:
        if here.issuperset(group[name].set.split("+")):
            rows += [measured(name, int(seed)) for seed in asked.seeds.split(",")]
            print(printed(rows[-1:], LAYOUT, markdown=False), flush=True)
    print(printed(rows, LAYOUT, asked.markdown))
    print(verdict(rows))


def verdict(rows: list[dict[str, Any]]) -> str:
    """How often it is worse than doing nothing, and the share of hindsight's gain, with and without the largest."""
    got, most = (np.array([row[key] for row in rows]) for key in ("gain", "hindsight"))
    rest = np.arange(len(rows)) != np.argmax(most)
    worse, surely = (got < -0.001).sum(), (got + [row["error"] for row in rows] < 0).sum()
    shares = np.clip(got[most > 0.01] / most[most > 0.01], -1, 1)
    return (
        f"worse than source only by more than .001: {worse} of {len(rows)}, beyond chance {surely}\n"
        f"share of the gain that hindsight would have: {got.sum() / max(most.sum(), 1e-9):.0%}; without the pair of "
        f"the largest gain {got[rest].sum() / max(most[rest].sum(), 1e-9):.0%}; mean share of {len(shares)} pairs with "
        f"more than .01 to gain {shares.mean() if len(shares) else 0:.0%}"
    )


def measured(name: str, seed: int) -> dict[str, Any]:
    """Every method on one pair."""
    pair = _shifts.PAIRS[name]
    source, there = pair.drawn(np.random.default_rng([seed, list(_shifts.PAIRS).index(name)]))
    half, label = there.height // 2, pair.label
    meant = sy.read(pl.concat([source, there], how="vertical_relaxed")).schema
    learnt, unseen = sy.read(source.head(ROWS), meant), sy.read(there.tail(half).head(ROWS), meant)
    seen = there.head(half).head(ROWS).drop(label)
    row: dict[str, Any] = {"pair": name, "set": pair.set, "seed": seed}
    begin = process_time()
    chosen = sy.adapt(learnt, seen, label=label, seed=seed)
    row |= {"chosen": chosen.method, "cpu_s": process_time() - begin}
    row["nothing"], plain = explained(learnt, learnt, unseen, label)
    row["adapt"], changed = explained(learnt, chosen.rows, unseen, label)
    row |= {"gain": row["adapt"] - row["nothing"], "error": 1.96 * float(np.std(changed - plain) / len(plain) ** 0.5)}
    for method in METHODS:
        try:
            rows = sy.adapt(learnt, seen, method, label=label, seed=seed).rows
            row[method], _ = explained(learnt, rows, unseen, label)
        except SynthesistError:
            row[method] = row["nothing"]
    row["hindsight"] = max(row[method] for method in ("nothing", *METHODS)) - row["nothing"]
    return row


def explained(learnt: sy.Dataset, rows: sy.Dataset, test: sy.Dataset, target: str) -> tuple[float, np.ndarray]:
    """The share explained of target rows by what learns from these rows, and each test row's part in it."""
    ctx = Context.seeded(0, threads=1)
    task = Task.of(Evidence(learnt, test, rows, target=target), 50_000, ctx)
    assert isinstance(task, Task), task
    truth, x = task.truth, task.features("holdout", task.test)
    wanted = np.eye(task.classes)[truth.astype(int)] if task.classes else truth[:, None]
    base = ((wanted - wanted.mean(axis=0)) ** 2).sum(axis=1).mean()
    parts = []
    for learner in ("trees", "linear"):
        guess = task.teach(learner, "synthetic", task.learn["synthetic"], ctx)(x).reshape(len(truth), -1)
        parts.append(1 - ((wanted - guess) ** 2).sum(axis=1) / base)
    mean = np.mean(parts, axis=0)
    return float(mean.mean()), mean


if __name__ == "__main__":
    main()
