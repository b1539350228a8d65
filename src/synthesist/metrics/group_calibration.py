"""Whether what a model of synthetic rows expects is right in every group."""

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._columns import Side
from synthesist.metrics._disparity import Gaps, compared, gap_from_none
from synthesist.metrics._groups import Groups, smallest
from synthesist.metrics._outcomes import Outcomes, positive
from synthesist.metrics._scale import Scale
from synthesist.metrics._task import FEWEST

__all__ = ["GroupCalibration"]

SCALE = Scale(
    metric="group_calibration",
    title="Calibration within groups (train on synthetic, test on real)",
    family="fairness",
    best=0.0,
    worst=1.0,
    meaning="How far a model of synthetic rows is off on average, in the group where it is worst; 0 is exact.",
)


class GroupCalibration(Spec):
    """How far a model's expectations are from what happens in the group where they are worst: 0 is exact.

    LightGBM trees that learnt the target from synthetic rows say how likely the outcome is for each holdout
    row (of a number: how many standard deviations it is from the mean). In each group, where the protected
    columns meet, that is set against what happened; the value is the largest mean difference. The reference is that of
    trees that learnt from train. In the details a group's rate above 0 says that it was underrated.

    The interval is that of the mean in the group found the farthest off, the models held fixed.

    Hébert-Johnson, Kim, Reingold and Rothblum 2018, Multicalibration, ICML, arXiv:1711.08513; Chouldechova 2017,
    doi:10.1089/big.2016.0047.

    When not to use: for models whose scores only rank. A group may be right on average and wrong everywhere: see
    `calibration`.
    """

    standard = 68
    needs = frozenset({"target", "protected"})

    rows: int = knob(
        50_000, "most rows to learn from, and most to test on", tries=(150, 250), beside={"smallest": 10}, ge=FEWEST
    )
    smallest: int = smallest()
    positive: str | None = positive()

    def score(self, case: Evidence, ctx: Context) -> Score:
        """The error of a model of synthetic rows on the holdout; the reference is that of a model of train."""
        outcomes = Outcomes.of(case, self.rows, self.positive, ctx)
        if isinstance(outcomes, str):
            return SCALE.skip(outcomes)

        def surprised(groups: Groups, side: Side) -> Gaps:
            codes, count = outcomes.tested(groups), len(groups.names)
            return outcomes.each(
                lambda one: gap_from_none(outcomes.surprise(side, one), codes, count, codes >= 0, self.smallest)
            )

        return compared(SCALE, case, self.smallest, surprised)
