"""Whether what comes next in a series can be foretold as well from synthetic series as from real ones."""

import numpy as np

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._estimate import Estimate, mean_of
from synthesist.metrics._relations import not_related
from synthesist.metrics._scale import Scale
from synthesist.metrics._series import NO_SERIES, courses, series, windows
from synthesist.metrics._task import FEWEST
from synthesist.metrics.tstr import TSTR

__all__ = ["NextStep"]

SCALE = Scale(
    metric="next_step",
    title="Next step foretold (train on synthetic, test on real)",
    family="fidelity",
    best=0.0,
    worst=0.5,
    meaning="How much worse trees foretell the next row of a real series when they learnt from synthetic ones; "
    "0 is no loss.",
)


class NextStep(Spec):
    """How much prediction of the next row loses when trees learn from synthetic series: 0 is no loss.

    Series are those of `autocorrelation`. Of every unit one row is drawn that has one before it; trees foretell each of
    its columns from the two rows before it, their times and its place in the series, once learnt from train
    and once from synthetic, as in `tstr`. The value is the mean loss over columns, in AUC for categories and in
    R2 for numbers; its interval takes the errors of columns as one.

    This is the predictive score of TimeGAN with boosted trees over lags in the place of a recurrent network.

    Yoon, Jarrett and van der Schaar 2019, Time-series Generative Adversarial Networks, NeurIPS 32.

    The interval is that of the rows tested, as `tstr` gives it.

    When not to use: alone. Where the past tells little of the next row, every model reaches 0.
    """

    standard = 47
    needs = frozenset({"links"})
    tried_on = "related"

    rows: int = knob(20_000, "most units to learn from, and most to test on", tries=(30, 60), ge=FEWEST)
    columns: int = knob(4, "most columns that are foretold in each table, drawn at random", tries=(1, 2), ge=1)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """The mean loss on the holdout; the reference is 0, since real series lose nothing against themselves."""
        if reason := not_related(case):
            return SCALE.skip(reason)
        if not (found := courses(case)):
            return SCALE.skip(NO_SERIES)
        parts, gaps = [], []
        for course in found:
            place, sides = ctx.at(course.table), series(case, course)
            names = list(course.kinds)
            for k in np.sort(place.rng("columns").permutation(len(names))[: self.columns]):
                own = place.at(names[k])
                shown = {side: windows(course, each, own.at(side), only=names[k]) for side, each in sides.items()}
                step = Evidence(shown["train"], shown["holdout"], shown["synthetic"], target=names[k])
                gap = TSTR(rows=self.rows).score(step, own)
                if gap.skipped:
                    continue
                gaps.append(Estimate(gap.value, gap.low, gap.high))
                known = {name: gap.details[name] for name in ("measure", "real", "synthetic")}
                parts.append(
                    {
                        "a": course.table,
                        "column": names[k],
                        "value": gap.value,
                        "low": gap.low,
                        "high": gap.high,
                        **known,
                    }
                )
        if not gaps:
            return SCALE.skip(
                f"No column of a series can be foretold: {FEWEST} units with two rows are needed on every side."
            )
        return SCALE.score(mean_of(gaps), Estimate(0.0, 0.0, 0.0), {"parts": parts})
