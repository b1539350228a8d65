"""How much two columns tell about each other, compared with the real ones."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._cells import Cut, cut
from synthesist.metrics._columns import Side, drawn
from synthesist.metrics._estimate import Estimate, estimate, sample
from synthesist.metrics._scale import Scale

__all__ = ["MutualInformation"]

Array = npt.NDArray[Any]

SCALE = Scale(
    metric="mutual_information",
    title="Mutual information of pairs",
    family="fidelity",
    best=1.0,
    worst=0.0,
    meaning="How much of what two columns tell about each other is kept; 1 is all of it, 0 none.",
)
SIDES: tuple[Side, Side] = ("synthetic", "holdout")
SEEN: tuple[Side, ...] = ("train", *SIDES)
FAINT = 0.01
NAMED = 20
"""How many of the pairs that differ most are named."""


class _Told(NamedTuple):
    """What two columns tell about each other, from 0 to 1, and how a row of each cell `[a, b]` moves that."""

    share: float
    influence: Array


class MutualInformation(Spec):
    """How much of what columns tell about each other is kept: 1 is all of it, 0 none.

    Of each pair the normalised mutual information `I(a, b) / sqrt(H(a) H(b))` is taken, real and
    synthetic, less the bias of Miller and Madow (1955), with numbers cut in at most 10 bins of equal
    shares of train, categories at their 10 most frequent values and a rest, and missing as a value
    of its own. The value is `sum min(real, synthetic) / sum max(real, synthetic)` over all pairs: each
    pair weighs what its columns tell, so pairs that tell nothing do not dilute it, and what is lost
    counts as what is invented.

    Synthetic and holdout are drawn to the same number of rows. The interval follows from the influence
    of every row on all pairs together.

    Vinh, Epps and Bailey 2010, Information Theoretic Measures for Clusterings Comparison, JMLR 11.

    When not to use: where the real columns are independent of each other, which makes it a ratio of noise;
    it is left out when less than a hundredth is told on average.
    """

    standard = 18

    rows: int = knob(50_000, "most rows drawn from each table", tries=(50, 200), ge=2)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Compare synthetic with train; the reference compares as many holdout rows with train."""
        columns = drawn(case, self.rows, ctx)
        if columns.unusable:
            return SCALE.skip(columns.unusable)
        pairs = list(combinations(cut(columns), 2))
        if not pairs:
            return SCALE.skip("There are no two columns that vary in train.")
        rows = min(columns.rows["synthetic"], columns.rows["holdout"])
        picked: dict[Side, Array] = {side: sample(ctx.rng(f"{side} rows"), columns.rows[side], rows) for side in SIDES}
        picked["train"] = np.arange(columns.rows["train"])
        told = {
            side: [_told(a, b, side, at) for a, b in ctx.track(pairs, "mutual information")]
            for side, at in picked.items()
        }
        if np.mean([each.share for each in told["train"]]) < FAINT:
            return SCALE.skip("The real columns tell nothing about each other.")
        made, real = (_kept(pairs, told, side, picked) for side in SIDES)
        differing = sorted(
            zip(pairs, *(told[side] for side in SEEN), strict=True), key=lambda row: -abs(row[2].share - row[1].share)
        )
        parts = [
            {"a": a.name, "b": b.name, "train": ours.share, "value": other.share, "reference": kept.share}
            for (a, b), ours, other, kept in differing[:NAMED]
        ]
        return SCALE.score(made, real, {"parts": parts, "rows": {"train": columns.rows["train"], "each": rows}})


def _told(a: Cut, b: Cut, side: Side, rows: Array) -> _Told:
    """The normalised mutual information of two columns, and the influence of each row on it."""
    x, y = a.sides[side][rows], b.sides[side][rows]
    p = np.bincount(x * b.size + y, minlength=a.size * b.size).reshape(a.size, b.size) / len(rows)
    p_a, p_b = p.sum(axis=1), p.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_a, log_b = (np.where(q > 0, -np.log(q), 0.0) for q in (p_a, p_b))
        surprise = np.where(p > 0, np.log(p) + log_a[:, None] + log_b, 0.0)
    h_a, h_b = float(p_a @ log_a), float(p_b @ log_b)
    if min(h_a, h_b) < 1e-12:
        return _Told(0.0, np.zeros_like(p))
    bias = ((p_a > 0).sum() - 1) * ((p_b > 0).sum() - 1) / (2 * len(rows))
    shared, scale = float((p * surprise).sum()), np.sqrt(h_a * h_b)
    share = min(max(shared - bias, 0.0) / scale, 1.0)
    moved = (surprise - shared) / scale - share / 2 * ((log_a[:, None] / h_a - 1) + (log_b / h_b - 1))
    return _Told(share, moved)


def _kept(
    pairs: Sequence[tuple[Cut, Cut]], told: Mapping[Side, Sequence[_Told]], side: Side, picked: Mapping[Side, Array]
) -> Estimate:
    """The sum of the smaller over the sum of the larger, with its interval."""
    real, other = (np.array([each.share for each in told[of]]) for of in ("train", side))
    low, high = float(np.minimum(real, other).sum()), float(np.maximum(real, other).sum())
    gain, loss = 1 / high, -low / high**2  # what the value moves by one more of the smaller, or of the larger

    def influence(of: Side, smaller: Array) -> Array:
        rows = picked[of]
        total = np.zeros(len(rows))
        for (a, b), each, less in zip(pairs, told[of], smaller, strict=True):
            total += (each.influence * (gain if less else loss))[a.sides[of][rows], b.sides[of][rows]]
        return total

    return estimate(low / high, influence("train", real <= other), influence(side, real > other))
