"""Whether a model of synthetic rows finds those who have the outcome equally often in all groups."""

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._columns import Side
from synthesist.metrics._disparity import Gaps, compared, gap_between
from synthesist.metrics._groups import Groups, smallest
from synthesist.metrics._outcomes import Outcomes, positive
from synthesist.metrics._scale import Scale
from synthesist.metrics._task import FEWEST

__all__ = ["EqualOpportunity"]

SCALE = Scale(
    metric="equal_opportunity",
    title="Equal opportunity (train on synthetic, test on real)",
    family="fairness",
    best=0.0,
    worst=1.0,
    meaning="The largest gap between groups in how many of those with the outcome a model of synthetic rows finds.",
)


class EqualOpportunity(Spec):
    """The largest gap between groups in how many of those with the outcome a model finds: 0 is none.

    LightGBM trees that learnt the target from synthetic rows say who of the holdout has the outcome (the
    likeliest class; of a number, the upper half). In each group, where the protected columns meet, the rate of
    the true positives is counted; the value is the largest difference. The reference is that of trees that
    learnt from train, on the same rows: a value above it says that whoever learns from the synthetic rows treats
    groups less alike.

    Groups with fewer than `smallest` people who have the outcome are not judged. This is the definition of
    `equal_opportunity_difference` in fairlearn 0.15. The interval is that of the difference between the two groups
    found the farthest apart, the models held fixed.

    Hardt, Price and Srebro 2016, Equality of Opportunity in Supervised Learning, NeurIPS 29, arXiv:1610.02413.

    When not to use: where the wrongly found pay as well; that is `equalised_odds`.
    """

    standard = 64
    needs = frozenset({"target", "protected"})

    rows: int = knob(
        50_000, "most rows to learn from, and most to test on", tries=(150, 250), beside={"smallest": 10}, ge=FEWEST
    )
    smallest: int = smallest()
    positive: str | None = positive()

    def score(self, case: Evidence, ctx: Context) -> Score:
        """The gap of a model of synthetic rows on the holdout; the reference is that of a model of train."""
        outcomes = Outcomes.of(case, self.rows, self.positive, ctx)
        if isinstance(outcomes, str):
            return SCALE.skip(outcomes)

        def found(groups: Groups, side: Side) -> Gaps:
            codes, count = outcomes.tested(groups), len(groups.names)
            return outcomes.each(
                lambda one: gap_between(outcomes.said(side, one), codes, count, outcomes.came_true(one), self.smallest)
            )

        return compared(SCALE, case, self.smallest, found)
