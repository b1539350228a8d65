"""Why synthetic rows can be told from real ones: the one call behind the verb."""

import numpy as np

from synthesist.core import Context, Evidence
from synthesist.errors import DataError
from synthesist.reasons import sentences
from synthesist.reasons.contrast import Weights
from synthesist.reasons.discriminator import FEWEST, discriminator
from synthesist.reasons.explanation import Explanation, Pair
from synthesist.reasons.finding import PARTS, found
from synthesist.reasons.pairs import PairGap
from synthesist.reasons.sides import Sides
from synthesist.reasons.slices import leaves

__all__ = ["explained", "sides_of"]

MOST_PAIRS = 30


def explained(case: Evidence, ctx: Context, *, rows: int = 50_000, alpha: float = 0.005) -> Explanation:
    """Everything that tells the synthetic rows of one table from real ones beyond chance.

    Args:
        case: train and holdout are real rows, both of which the synthetic ones are compared with.
        rows: most rows looked at on each side.
        alpha: how likely anything is to be named where the synthetic rows are as good as real ones.

    Raises:
        DataError: a table has too few rows, or no column can be compared.
    """
    sides = sides_of(case, rows, ctx)
    critic = discriminator(sides, ctx.at("discriminator"))
    findings = found(sides, alpha, ctx)
    judged = len(sides.rows["train"]) + critic.real, critic.synthetic
    even = Weights(np.ones(len(sides.unseen)), np.ones(len(sides.rows["synthetic"])))
    surrogate = leaves(critic, findings.coarse, even, judged)
    left = [
        leaf for leaf in leaves(critic, findings.coarse, findings.weights, judged) if leaf.p <= alpha * PARTS["slices"]
    ]
    rest = [sentences.of_slice(leaf.part, leaf.columns, leaf.strength, leaf.p) for leaf in left[:1]]
    counts = {str(side): len(chosen) for side, chosen in sides.rows.items()}
    return Explanation(
        reasons=tuple(sorted((*findings.reasons, *rest), key=lambda reason: -reason.strength)),
        auc=critic.area.value,
        auc_low=critic.area.low,
        auc_high=critic.area.high,
        rows=counts,
        columns=critic.columns,
        pairs=_pairs(findings.pairs),
        slices=tuple(leaf.part for leaf in surrogate if leaf.p <= alpha * PARTS["slices"]),
        surrogate=tuple(leaf.part for leaf in surrogate),
    )


def sides_of(case: Evidence, rows: int, ctx: Context) -> Sides:
    """The rows looked at, after it is clear that they can be compared."""
    sides = Sides.of(case, rows, ctx)
    if sides.columns.unusable:
        raise DataError(sides.columns.unusable)
    for side, chosen in sides.rows.items():
        if len(chosen) < FEWEST:
            raise DataError(
                f"The {side} table has {len(chosen)} rows; at least {FEWEST} are needed to explain anything."
            )
    return sides


def _pairs(gaps: tuple[PairGap, ...]) -> tuple[Pair, ...]:
    """What the pairs give away beyond their columns, the most first."""
    strength = np.array([gap.strength for gap in gaps])
    total = max(float(strength.sum()), 1e-12)
    ordered = [gaps[i] for i in np.argsort(-strength, kind="stable")[:MOST_PAIRS] if strength[i] > 0]
    return tuple(Pair(gap.a.columns[0], gap.b.columns[0], gap.strength / total) for gap in ordered)
