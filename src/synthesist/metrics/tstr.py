"""Whether models trained on synthetic rows predict as well as models trained on real rows."""

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._learners import Learner
from synthesist.metrics._loss import loss
from synthesist.metrics._scale import Scale
from synthesist.metrics._task import FEWEST, Task

__all__ = ["TSTR"]

SCALE = Scale(
    metric="tstr",
    title="Utility gap (train on synthetic, test on real)",
    family="utility",
    best=0.0,
    worst=0.5,
    meaning="How much worse models predict the target when they learnt it from synthetic rows; 0 is no loss.",
)


class TSTR(Spec):
    """How much prediction loses when models learn from synthetic rows instead of real ones: 0 is no loss.

    Several learners learn the target once from train and once from synthetic, from equally many
    rows; all predict the same holdout rows. A learner loses the score of the first minus the score of
    the second: the area under the ROC curve for two classes, its mean over each class against the
    rest for more (the 20 most frequent at most), R2 for numbers. The value is the mean over learners,
    its interval is paired over the test rows and holds for what was learnt: that other rows of the same
    sources would have taught something else is not in it. A synthetic target of one class, or none, teaches
    nothing and counts as AUC 0.5; a synthetic target without any number counts as R2 0.

    `trees` are 100 LightGBM trees; `linear` is logistic or ridge regression on standard scores and
    indicators, of at most 10,000 rows; `neighbours` are the nearest 25 of at most 5,000 rows in the same space.

    Esteban, Hyland and Rätsch 2017, Real-valued (Medical) Time Series Generation with Recurrent
    Conditional GANs, arXiv:1706.02633.

    When not to use: where no column is what the data is for. One target says little of the others.
    """

    standard = 50
    needs = frozenset({"target"})

    rows: int = knob(50_000, "most rows to learn from, and most rows to test on", tries=(60, 200), ge=FEWEST)
    learners: tuple[Learner, ...] = knob(
        ("trees", "linear"), "what learns the target", tries=(("trees",), ("linear",)), min_length=1
    )

    def score(self, case: Evidence, ctx: Context) -> Score:
        """The gap on the holdout; the reference is 0, since real data loses nothing against itself."""
        task = Task.of(case, self.rows, ctx)
        return SCALE.skip(task) if isinstance(task, str) else loss(SCALE, case, task, self.learners, ctx)
