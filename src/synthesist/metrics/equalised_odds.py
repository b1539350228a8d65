"""Whether a model of synthetic rows errs equally often in all groups."""

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._columns import Side
from synthesist.metrics._disparity import Gap, Gaps, compared, gap_between
from synthesist.metrics._groups import Groups, smallest
from synthesist.metrics._outcomes import Outcomes, positive
from synthesist.metrics._scale import Scale
from synthesist.metrics._task import FEWEST

__all__ = ["EqualisedOdds"]

SCALE = Scale(
    metric="equalised_odds",
    title="Equalised odds (train on synthetic, test on real)",
    family="fairness",
    best=0.0,
    worst=1.0,
    meaning="The largest gap between groups in what a model of synthetic rows gets right, or wrong.",
)


class EqualisedOdds(Spec):
    """The largest gap between groups in a model's true or false positive rate: 0 errs alike in all.

    As `equal_opportunity`, and for those without the outcome as well: the larger of the two gaps. The reference
    is that of trees that learnt from train, on the same holdout rows.

    This is the definition of `equalized_odds_difference` in fairlearn 0.15, on groups with at least
    `smallest` people to judge. The interval is that of the difference between the two groups found the
    farthest apart, the models held fixed.

    Hardt, Price and Srebro 2016, Equality of Opportunity in Supervised Learning, NeurIPS 29, arXiv:1610.02413.

    When not to use: with `group_calibration` as a second goal. Where base rates differ no imperfect model meets both
    (Chouldechova 2017, doi:10.1089/big.2016.0047).
    """

    standard = 66
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

        def erring(groups: Groups, side: Side) -> Gaps:
            codes, count = outcomes.tested(groups), len(groups.names)
            gaps: dict[str, Gap] = {}
            for kind, has in (("true positive rate", True), ("false positive rate", False)):
                found = outcomes.each(
                    lambda one, has=has: gap_between(  # type: ignore[misc]
                        outcomes.said(side, one), codes, count, outcomes.came_true(one) == has, self.smallest
                    )
                )
                gaps |= {f"{kind}, {one}": gap for one, gap in found.items()}
            return gaps

        return compared(SCALE, case, self.smallest, erring)
