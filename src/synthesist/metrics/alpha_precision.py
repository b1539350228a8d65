"""Whether synthetic rows lie where real rows lie, neither outside nor huddled in the middle."""

from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._columns import drawn
from synthesist.metrics._estimate import Estimate, estimate
from synthesist.metrics._manifold import manifold
from synthesist.metrics._scale import Scale

__all__ = ["AlphaPrecision"]

Floats = npt.NDArray[Any]

SCALE = Scale(
    metric="alpha_precision",
    title="Alpha-precision",
    family="fidelity",
    best=1.0,
    worst=0.0,
    meaning="Whether synthetic rows spread around the middle of the data as far as real rows do; 1 is the same.",
)


class AlphaPrecision(Spec):
    """Whether synthetic rows lie as far from the middle as real rows do: 1 is the same, 0 is never.

    The ball around the mean of train that holds a share alpha of it should hold a share alpha of the synthetic
    rows, for every alpha: the value is 1 minus twice the mean distance of the two shares. Rows are
    points: numbers as standard scores in train, categories as corners 1 apart. Equally many rows of each table
    are drawn. The interval follows from the influence of every row.

    Alaa, van Breugel, Saveliev and van der Schaar 2022, How Faithful is your Synthetic Data?, ICML,
    arXiv:2102.08921, integrated as in their equation 8, in the space of the data and not of a network.

    When not to use: alone. It looks at the distance from one middle only, and a model that copies has 1.
    """

    standard = 20

    rows: int = knob(4_000, "most rows drawn from each table", tries=(50, 200), ge=2)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Compare synthetic with train; the reference compares holdout with train."""
        columns = drawn(case, self.rows, ctx)
        if columns.unusable:
            return SCALE.skip(columns.unusable)
        if min(columns.rows.values()) < 2:
            return SCALE.skip("Each table needs at least 2 rows.")
        space = manifold(columns, self.rows, ctx)
        middle = space.points["train"].mean(axis=0)
        away = {side: np.sqrt(((x - middle) ** 2).sum(axis=1)).round(9) for side, x in space.points.items()}
        found, real = (integrated(away["train"], away[side]) for side in ("synthetic", "holdout"))
        return SCALE.score(found, real, {"rows": space.rows})


def integrated(real: Floats, other: Floats) -> Estimate:
    """1 - 2 times the mean of |G - F| over the real distances, F of real and G of the others, with its interval."""
    ours, theirs = np.sort(real), np.sort(other)
    f = np.searchsorted(ours, ours, side="right") / len(ours)
    g = np.searchsorted(theirs, ours, side="right") / len(theirs)
    sign = np.sign(g - f)
    ahead = np.concatenate([np.cumsum(sign[::-1])[::-1], [0.0]]) / len(ours)  # the mean of the sign from here on
    of_other = -2 * ahead[np.searchsorted(ours, other, side="left")]
    at = np.searchsorted(ours, real, side="left")
    of_real = -2 * (np.abs(g - f)[at] - ahead[at])
    return estimate(1 - 2 * float(np.abs(g - f).mean()), of_real, of_other)
