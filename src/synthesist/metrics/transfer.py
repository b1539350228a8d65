"""Whether models trained on synthetic rows work in another place or time."""

from dataclasses import replace

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._kept import kept
from synthesist.metrics._learners import Learner
from synthesist.metrics._loss import loss
from synthesist.metrics._scale import Scale
from synthesist.metrics._task import FEWEST, Task

__all__ = ["Transfer"]

SCALE = Scale(
    metric="transfer",
    title="Transfer gap (train on synthetic, test on another domain)",
    family="utility",
    best=0.0,
    worst=0.5,
    meaning="How much worse models predict the target in the other domain when they learnt it from synthetic rows.",
)


class Transfer(Spec):
    """How much prediction elsewhere loses when models learn from synthetic rows: 0 is no loss.

    The same as `tstr`, tested on the rows of `domain` (another hospital, the next year) in place of the
    holdout. Numbers are measured in standard deviations of train, so R2 compares with that of `tstr`.
    Where `tstr` is small and this is not, the synthetic rows keep what is peculiar to the place and
    lose what holds elsewhere.

    Ben-David et al. 2010, A theory of learning from different domains, doi:10.1007/s10994-009-5152-4.

    When not to use: to see how much the other domain differs. Real rows teach the domain badly as well then, and
    the gap stays near 0: read `real` in its details, and see `adapt`.
    """

    standard = 56
    needs = frozenset({"target", "domain"})

    rows: int = knob(50_000, "most rows to learn from, and most rows to test on", tries=(60, 200), ge=FEWEST)
    learners: tuple[Learner, ...] = knob(
        ("trees", "linear"), "what learns the target", tries=(("trees",), ("linear",)), min_length=1
    )

    def score(self, case: Evidence, ctx: Context) -> Score:
        """The gap on the other domain; the reference is 0, since real data loses nothing against itself."""
        if case.domain is None:
            return SCALE.skip("No rows of another domain were given.")
        elsewhere = case.domain
        there = kept(case, "elsewhere", lambda: replace(case, holdout=elsewhere))
        task = Task.of(there, self.rows, ctx)
        if isinstance(task, str):
            return SCALE.skip(task.replace("holdout", "other domain"))
        return loss(SCALE, there, task, self.learners, ctx)
