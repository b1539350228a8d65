"""Whether every group has its share of the rows."""

from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec
from synthesist.metrics._columns import Side
from synthesist.metrics._estimate import Estimate, estimate
from synthesist.metrics._groups import Groups, smallest
from synthesist.metrics._scale import Scale

__all__ = ["Representation"]

Array = npt.NDArray[Any]

SCALE = Scale(
    metric="representation",
    title="Representation of groups",
    family="fairness",
    best=0.0,
    worst=1.0,
    meaning="The share of rows that would have to change group to give every group its real share; 0 is none.",
)


class Representation(Spec):
    """The share of rows that would have to change group to give every group its real share: 0 is none.

    Groups are where the protected columns meet; numbers of more than twelve values are cut into quarters. The value is
    the total variation distance between the shares of the groups in synthetic and in train rows, the
    reference that between holdout and train. Details hold each group's share on both sides. Groups with fewer real rows
    than `smallest` count together as one, and are not told; a group that the synthetic rows have lost counts
    with share 0.

    The interval is that of the distance expected at these numbers of rows, from the influence of every row.

    When not to use: to see whether groups are described rightly. Rows with the right shares may say anything about
    their people; see `demographic_parity` and `equalised_odds`.
    """

    standard = 60
    needs = frozenset({"protected"})

    smallest: int = smallest()

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Compare synthetic with train; the reference compares holdout with train."""
        del ctx
        groups = Groups.of(case, self.smallest, judged_by=("train", "holdout"))
        if isinstance(groups, str):
            return SCALE.skip(groups)
        found, shares = _distance(groups, "synthetic")
        reference, _ = _distance(groups, "holdout")
        rows = np.bincount(groups.codes["train"] + 1, minlength=len(groups.names) + 1)[1:]
        parts = [
            {"group": name, "value": float(made), "reference": float(real), "rows": int(n)}
            for name, made, real, n in zip(groups.names, shares[1], shares[0], rows, strict=True)
        ]
        return SCALE.score(found, reference, {**groups.warnings, "parts": parts})


def _distance(groups: Groups, side: Side) -> tuple[Estimate, tuple[Array, Array]]:
    """The distance of this side from train with its interval, and the shares of train and of this side."""
    codes = groups.codes["train"] + 1, groups.codes[side] + 1
    shares = [np.bincount(one, minlength=len(groups.names) + 1) / len(one) for one in codes]
    half_sign = np.sign(shares[1] - shares[0]) / 2
    found = estimate(float(np.abs(shares[1] - shares[0]).sum() / 2), half_sign[codes[0]], half_sign[codes[1]])
    return found, (shares[0][1:], shares[1][1:])
