"""Whether real rows have synthetic rows as near as their real neighbours."""

from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._columns import Side, drawn
from synthesist.metrics._estimate import Estimate, estimate
from synthesist.metrics._manifold import Manifold, manifold
from synthesist.metrics._scale import Scale

__all__ = ["BetaRecall"]

Floats = npt.NDArray[Any]

SCALE = Scale(
    metric="beta_recall",
    title="Beta-recall",
    family="fidelity",
    best=1.0,
    worst=0.0,
    meaning="How much of the variety of real rows the synthetic rows have; a holdout reaches about one half.",
)
STEPS = 100


class BetaRecall(Spec):
    """How much of the variety of real rows the synthetic rows have: a real sample reaches about one half.

    A real row is recalled when its nearest synthetic row is at least as near as its nearest real one, and
    among the share beta of synthetic rows that are closest to their mean. For every beta a share beta of real rows
    should be recalled; the value is 1 minus twice the mean distance of the two shares. New rows of
    the same population recall every second row, copies of train all of them: compare with the holdout, not with 1.

    Points and draws are those of `alpha_precision`. The interval follows from the influence of every real row, and
    of every synthetic row on the real rows that it alone recalls.

    Alaa, van Breugel, Saveliev and van der Schaar 2022, How Faithful is your Synthetic Data?, ICML, arXiv:2102.08921.

    When not to use: to rank models above the holdout's value, where nearer to 1 is nearer to a copy.
    """

    standard = 22

    rows: int = knob(4_000, "most rows drawn from each table", tries=(50, 200), ge=2)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Compare synthetic with train; the reference compares holdout with train."""
        columns = drawn(case, self.rows, ctx)
        if columns.unusable:
            return SCALE.skip(columns.unusable)
        if min(columns.rows.values()) < 2:
            return SCALE.skip("Each table needs at least 2 rows.")
        space = manifold(columns, self.rows, ctx)
        found, real = (_recall(space, side) for side in ("synthetic", "holdout"))
        return SCALE.score(found, real, {"rows": space.rows})


def _recall(space: Manifold, side: Side) -> Estimate:
    near, points = space.near[side], space.points[side]
    away = np.sqrt(((points - points.mean(axis=0)) ** 2).sum(axis=1)).round(9)
    rank = np.searchsorted(np.sort(away), away, side="right") / len(away)
    recalled = near.distance <= space.first * (1 + 1e-12)
    beta = (np.arange(STEPS) + 0.5) / STEPS
    from_here = np.where(recalled, rank[near.which], np.inf)  # the beta from which a real row is recalled
    share = np.searchsorted(np.sort(from_here), beta, side="right") / len(from_here)
    sign = np.sign(share - beta)
    ahead = np.concatenate([np.cumsum(sign[::-1])[::-1], [0.0]]) / STEPS
    of_real = -2 * ahead[np.searchsorted(beta, from_here, side="left")]
    of_other = np.zeros(len(points))
    alone = near.alone_first >= 0
    np.add.at(of_other, near.alone_first[alone], of_real[alone])
    return estimate(1 - 2 * float(np.abs(share - beta).mean()), of_real, of_other * len(points) / len(of_real))
