"""Whether the neighbourhoods of real rows hold synthetic rows, and how many."""

import numpy as np

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._columns import drawn
from synthesist.metrics._estimate import Estimate, estimate
from synthesist.metrics._manifold import NEIGHBOURS, Near, manifold
from synthesist.metrics._scale import Scale

__all__ = ["DensityCoverage"]

SCALE = Scale(
    metric="density_coverage",
    title="Neighbourhoods covered",
    family="fidelity",
    best=1.0,
    worst=0.0,
    meaning="The share of real rows in whose neighbourhood a synthetic row lies; 1 is all of them.",
)


class DensityCoverage(Spec):
    """The share of real rows in whose neighbourhood a synthetic row lies: 1 is all of them.

    The neighbourhood of a train row is the ball up to its 5th nearest other train row. The value is the
    coverage of Naeem et al.; details hold their density as well: how many such balls a synthetic row lies in, a
    fifth of it, on average; 1 is as dense as real rows, more is huddled where real rows are frequent. These are
    the numbers of their package prdc, but that a row on the edge of a ball is in it, as equal rows of a table of
    categories are. Points and draws are those of `alpha_precision`.

    The interval follows from every real row and from the real rows that each synthetic row covers alone.

    Naeem, Oh, Uh, Choi and Yoo 2020, Reliable Fidelity and Diversity Metrics for Generative Models, ICML,
    arXiv:2002.09797.

    When not to use: with a hundred columns of noise, where all rows are equally far from each other.
    """

    standard = 24

    rows: int = knob(4_000, "most rows drawn from each table", tries=(50, 200), ge=2)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Compare synthetic with train; the reference compares holdout with train."""
        columns = drawn(case, self.rows, ctx)
        if columns.unusable:
            return SCALE.skip(columns.unusable)
        if min(columns.rows.values()) <= NEIGHBOURS:
            return SCALE.skip(f"Each table needs more than {NEIGHBOURS} rows.")
        space = manifold(columns, self.rows, ctx)
        found, real = (_covered(space.near[side]) for side in ("synthetic", "holdout"))
        density = {"value": dense(space.near["synthetic"]), "reference": dense(space.near["holdout"])}
        return SCALE.score(found, real, {"density": density, "rows": space.rows})


def dense(near: Near) -> float:
    """How many real balls a point lies in on average, as a share of the neighbours that made them."""
    return float(near.inside.mean()) / NEIGHBOURS


def _covered(near: Near) -> Estimate:
    covered = near.held > 0
    alone = np.bincount(near.alone[near.alone >= 0], minlength=len(near.inside))
    return estimate(float(covered.mean()), covered, alone * (len(near.inside) / len(covered)))
