"""Does adapting help a model that learns in one place and works in another, and does `adapt` choose well?

python benchmarks/adaptation.py --pairs scale,rotation

Ten pairs of source and target are made from real tables by a documented shift; the target's labels are used for testing
only. Trees and a linear model learn the label from source rows as they are, or changed by each method, and are
tested on target rows that no method saw. The number is the share of the Brier score, or of the variance, that is
explained beyond the target's own base rate, mean of both learners: 1 is perfect, 0 is no better than the base rate.
"""

import argparse
from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np
import polars as pl
from _measure import printed
from _sets import available, table

import synthesist as sy
from synthesist.core import Context, Evidence
from synthesist.errors import SynthesistError
from synthesist.metrics._task import Task

METHODS = ("label_shift", "importance_weighting", "quantile_mapping", "linear_optimal_transport", "coral")
ROWS = 4_000
LAYOUT = {
    "pair": ("pair", ""),
    "set": ("set", ""),
    "source only": ("nothing", ".3f"),
    **{name.replace("_", " "): (name, ".3f") for name in METHODS},
    "adapt": ("adapt", ".3f"),
    "gain +-": ("error", ".3f"),
    "chosen": ("chosen", ""),
    "CPU-s": ("cpu_s", ".1f"),
}
Shift = Callable[[pl.DataFrame, str, np.random.Generator], tuple[pl.DataFrame, pl.DataFrame]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", default="", help="names separated by commas; all without")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    asked = parser.parse_args()
    names = asked.pairs.split(",") if asked.pairs else list(PAIRS)
    here = set(available(",".join(dict.fromkeys(PAIRS[name][0] for name in names))))
    rows = [measured(name, asked.seed) for name in names if PAIRS[name][0] in here]
    print(printed(rows, LAYOUT, asked.markdown))
    gains = [max(row[name] for name in ("nothing", *METHODS)) - row["nothing"] for row in rows]
    got = [row["adapt"] - row["nothing"] for row in rows]
    print(f"no worse than source only (by .001): {sum(gain >= -0.001 for gain in got)} of {len(rows)}")
    print(f"share of the gain that hindsight would have: {sum(got) / max(sum(gains), 1e-9):.0%}")


def measured(name: str, seed: int) -> dict[str, Any]:
    """Every method on one pair."""
    of, target, shift = PAIRS[name]
    rng = np.random.default_rng([seed, list(PAIRS).index(name)])
    whole = table(of).drop_nulls(target)
    source, there = shift(whole[rng.permutation(whole.height)], target, rng)
    half = there.height // 2
    source, seen, unseen = source.head(ROWS), there.head(half).head(ROWS), there.tail(half).head(ROWS)
    learnt = sy.read(source)
    test = sy.read(unseen.cast(dict(source.schema)), learnt.schema)
    begin = process_time()
    chosen = sy.adapt(learnt, seen.drop(target), label=target, seed=seed)
    row: dict[str, Any] = {"pair": name, "set": of, "chosen": chosen.method, "cpu_s": process_time() - begin}
    row["nothing"], plain = explained(learnt, learnt, test, target)
    row["adapt"], changed = explained(learnt, chosen.rows, test, target)
    row["error"] = 2 * float(np.std(changed - plain) / len(plain) ** 0.5)
    for method in METHODS:
        try:
            rows = sy.adapt(learnt, seen.drop(target), method, label=target, seed=seed).rows
            row[method], _ = explained(learnt, rows, test, target)
        except SynthesistError:
            row[method] = row["nothing"]
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


# --------------------------------------------------------------------------- the shifts


def chosen_rows(by: str, strength: float) -> Shift:
    """Covariate shift: target rows are chosen with odds exp(strength z), z the standard score of a column."""

    def shift(rows: pl.DataFrame, target: str, rng: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
        x = rows[by].cast(pl.Float64).to_numpy()
        there = rng.random(rows.height) < 1 / (1 + np.exp(-strength * (x - x.mean()) / x.std()))
        return rows.filter(pl.Series(~there)), rows.filter(pl.Series(there))

    return shift


def other_shares(share: float) -> Shift:
    """Label shift: in the target the rarer class has this share."""

    def shift(rows: pl.DataFrame, target: str, rng: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
        rare = rows[target].value_counts().sort("count")[target][0]
        half = rows.height // 2
        source, there = rows.head(half), rows.tail(half)
        own, others = there.filter(pl.col(target) == rare), there.filter(pl.col(target) != rare)
        n = min(own.height / share, others.height / (1 - share))
        mixed = pl.concat([own.head(int(n * share)), others.head(int(n * (1 - share)))])
        return source, mixed[rng.permutation(mixed.height)]

    return shift


def measured_anew(change: Callable[[np.ndarray, np.random.Generator], np.ndarray], most: int = 99) -> Shift:
    """Another device: the target's first `most` numeric columns, in standard scores, are changed together."""

    def shift(rows: pl.DataFrame, target: str, rng: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
        half = rows.height // 2
        source, there = rows.head(half), rows.tail(half)
        numeric = [c for c in rows.columns if c != target and rows[c].dtype.is_numeric() and rows[c].n_unique() > 20]
        numeric = numeric[:most]
        x = there.select(pl.col(numeric).cast(pl.Float64).fill_null(strategy="mean")).to_numpy()
        middle, spread = x.mean(axis=0), x.std(axis=0)
        moved = change((x - middle) / spread, rng) * spread + middle
        cells = [pl.Series(c, moved[:, j]) for j, c in enumerate(numeric)]
        whole = [one.round() if (rows[one.name] % 1 == 0).all() else one for one in cells]
        return source, there.with_columns(whole)

    return shift


def scaled(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Other units: every column by a factor between 0.5 and 2, and an offset."""
    return z * 2 ** rng.uniform(-1, 1, z.shape[1]) + rng.normal(0, 1, z.shape[1])


def bent(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A sensor that saturates: sign(z) |z|^0.5, and an offset."""
    return np.sign(z) * np.abs(z) ** 0.5 + rng.normal(0, 0.5, z.shape[1])


def rotated(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Columns mix: turned by a matrix near the identity, as between two spectrometers."""
    turn, _ = np.linalg.qr(np.eye(z.shape[1]) + 0.35 * rng.normal(size=(z.shape[1],) * 2) / z.shape[1] ** 0.5)
    return z @ (turn * np.sign(np.diag(turn)))


def unchanged(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """No shift at all."""
    del rng
    return z


PAIRS: dict[str, tuple[str, str, Shift]] = {
    "older people": ("adult", "income", chosen_rows("age", 1.5)),
    "farther south": ("california_housing", "median_house_value", chosen_rows("latitude", -1.5)),
    "more earners": ("adult", "income", other_shares(0.6)),
    "more buyers": ("shoppers", "Revenue", other_shares(0.5)),
    "fewer hadrons": ("magic", "class", other_shares(0.1)),
    "other units": ("magic", "class", measured_anew(scaled)),
    "other currency": ("default", "default_payment_next_month", measured_anew(scaled)),
    "saturated": ("california_housing", "median_house_value", measured_anew(bent)),
    "turned": ("magic", "class", measured_anew(rotated)),
    "no shift": ("adult", "income", measured_anew(unchanged)),
}

if __name__ == "__main__":
    main()
