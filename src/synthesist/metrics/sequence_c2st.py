"""Whether a classifier can tell a stretch of a synthetic series from a real one."""

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._columns import encoded
from synthesist.metrics._discriminator import FEWEST, chance, told_apart
from synthesist.metrics._estimate import mean_of
from synthesist.metrics._relations import not_related
from synthesist.metrics._scale import Scale
from synthesist.metrics._series import NO_SERIES, courses, series, windows

__all__ = ["SequenceC2ST"]

SCALE = Scale(
    metric="sequence_c2st",
    title="Two-sample test of series (AUC)",
    family="fidelity",
    best=0.5,
    worst=1.0,
    meaning="How well boosted trees tell a stretch of a synthetic series from a real one; 0.5 is a coin toss.",
)


class SequenceC2ST(Spec):
    """How well trees tell stretches of series from real ones kept aside: 0.5 is a coin toss, 1 is always.

    Series are those of `autocorrelation`. Of every unit one row is drawn at random, and shown with the two rows before
    it, the time since them, its place in the series and the series' length. Then it is as `c2st`, with its interval
    and p-value: units are independent, so the stretches are. The value is the mean over tables of series.

    This is the discriminative score of TimeGAN with boosted trees over lags in the place of a recurrent network, as an
    AUC: trees need no tuning, take missing cells and categories, and repeat themselves.

    Yoon, Jarrett and van der Schaar 2019, Time-series Generative Adversarial Networks, NeurIPS 32.

    When not to use: with fewer than a few hundred units a side, or for what shows only over more than three rows.
    """

    standard = 46
    needs = frozenset({"links"})
    tried_on = "related"

    rows: int = knob(20_000, "most units drawn from each side", tries=(30, 60), ge=FEWEST)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Compare synthetic with holdout; the reference compares train with holdout."""
        if reason := not_related(case):
            return SCALE.skip(reason)
        if not (found := courses(case)):
            return SCALE.skip(NO_SERIES)
        parts, made, real = [], [], []
        for course in found:
            place = ctx.at(course.table)
            sides = {side: windows(course, each, place.at(side)) for side, each in series(case, course).items()}
            stretches = Evidence(sides["train"], sides["holdout"], sides["synthetic"])
            columns = encoded(stretches)
            if columns.unusable or min(columns.rows.values()) < FEWEST:
                continue
            told = told_apart(columns, "synthetic", self.rows, place.at("synthetic"))
            reference = told_apart(columns, "train", self.rows, place.at("train"))
            p_value = chance(columns, "synthetic", self.rows, place.at("synthetic"))
            made.append(told.auc)
            real.append(reference.auc)
            parts.append(
                {
                    "a": course.table,
                    **told.auc._asdict(),
                    "reference": reference.auc.value,
                    "p_value": p_value,
                    "rows": told.rows,
                }
            )
        if not made:
            return SCALE.skip(f"No table of series has {FEWEST} units on every side.")
        return SCALE.score(mean_of(made), mean_of(real), {"parts": parts})
