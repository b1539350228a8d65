"""Whether groups have the same outcomes."""

from dataclasses import replace

import numpy as np

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._columns import Side
from synthesist.metrics._disparity import Gaps, compared, gap_between
from synthesist.metrics._groups import Groups, smallest
from synthesist.metrics._outcomes import Outcomes
from synthesist.metrics._scale import Scale
from synthesist.metrics._task import FEWEST

__all__ = ["DemographicParity"]

SCALE = Scale(
    metric="demographic_parity",
    title="Demographic parity",
    family="fairness",
    best=0.0,
    worst=1.0,
    meaning="The largest gap between two groups in how often they have the outcome, in synthetic rows; 0 is none.",
)


class DemographicParity(Spec):
    """The largest gap between two groups in how often they have the outcome: 0 is none.

    Groups are where the protected columns meet; numbers of more than twelve values are cut into quarters. The
    value is about the labels of the synthetic rows, the reference about those of train: a value above the
    reference says that the synthetic rows amplify what is unequal, one below that they hide it.
    Details hold the same gap (`model`) in what trees that learnt from synthetic rows say about holdout rows,
    beside that of trees that learnt from train; each group's rates; and how many groups were too small to be judged.

    Of a target of more classes each is an outcome in turn, of a number its upper half; the largest gap counts.
    This is the definition of `demographic_parity_difference` in fairlearn 0.15. The interval is that of the
    difference between the two groups that were found the farthest apart; the largest of many
    gaps is above 0 by chance too, on both sides.

    Dwork et al. 2012, Fairness through awareness, doi:10.1145/2090236.2090255.

    When not to use: as a goal in itself. Groups may differ for good reasons; what matters is whether the
    synthetic rows changed that.
    """

    standard = 62
    needs = frozenset({"target", "protected"})

    rows: int = knob(
        50_000, "most rows to learn from, and most to test on", tries=(150, 250), beside={"smallest": 10}, ge=FEWEST
    )
    smallest: int = smallest()

    def score(self, case: Evidence, ctx: Context) -> Score:
        """The gap in the labels of synthetic rows; the reference is that in train."""
        outcomes = Outcomes.of(case, self.rows, None, ctx)
        if isinstance(outcomes, str):
            return SCALE.skip(outcomes)

        def of_labels(groups: Groups, side: Side) -> Gaps:
            known = ~np.isnan(outcomes.task.labels[side])
            codes, count = groups.codes[side], len(groups.names)
            return outcomes.each(
                lambda one: gap_between(outcomes.happened(side, one), codes, count, known, self.smallest)
            )

        def of_model(groups: Groups, side: Side) -> Gaps:
            codes, count = outcomes.tested(groups), len(groups.names)
            return outcomes.each(
                lambda one: gap_between(outcomes.said(side, one), codes, count, codes >= 0, self.smallest)
            )

        score, model = (compared(SCALE, case, self.smallest, of) for of in (of_labels, of_model))
        if score.skipped or model.skipped:
            return score
        learnt = {"model": model.value, "model_reference": model.reference}
        return replace(score, details={**score.details, **learnt})
