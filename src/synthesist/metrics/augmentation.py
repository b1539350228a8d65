"""What synthetic rows add to few real ones."""

from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics import _trees
from synthesist.metrics._columns import Side
from synthesist.metrics._estimate import Estimate
from synthesist.metrics._scale import Scale
from synthesist.metrics._task import FEWEST, Task

__all__ = ["Augmentation"]

Array = npt.NDArray[Any]

SCALE = Scale(
    metric="augmentation",
    title="Augmentation value (real + synthetic against real)",
    family="utility",
    best=0.5,
    worst=-0.5,
    meaning="How much better trees predict the target when synthetic rows join few real ones; 0 is no gain.",
)
_Z = 1.959963984540054


class Augmentation(Spec):
    """How much better models predict when synthetic rows join few real ones: 0 is no gain.

    Several times, a few real rows are drawn from train; LightGBM trees learn the target from them, and from them
    together with the synthetic rows; both predict the same holdout rows (AUC, its mean over classes, or R2, as in
    `tstr`).
    The value is the mean gain over sizes and repeats. The reference joins other rows of train, as many as the synthetic
    ones where there are so many: what real rows would have added. Parts hold the curve: at each size the score of
    few real rows, of both together, and the gain with its interval.

    Intervals cover the test rows, by their influence on the mean gain, and which real rows were drawn, by the spread
    over repeats. The synthetic rows were made from all of train: this is the gain of somebody who is handed
    rows of a larger holder, not of one whose generator saw the few rows only.

    Reference: Shmelkov, Schmid and Alahari, How Good Is My GAN?, ECCV 2018, arXiv:1807.09499.

    When not to use: to see whether synthetic rows replace real ones; that is `tstr`. Sizes near that of train show
    little: there is not much left to add.
    """

    needs = frozenset({"target"})

    sizes: tuple[int, ...] = knob(
        (100, 300, 1000, 3000),
        "how many real rows; more than half of train are left out",
        tries=((30,), (60,)),
        min_length=1,
    )
    repeats: int = knob(5, "how often real rows are drawn at each size", tries=(2, 3), ge=2)
    rows: int = knob(20_000, "most synthetic rows that join, and most rows to test on", tries=(60, 200), ge=FEWEST)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """The mean gain of synthetic rows on the holdout; the reference is that of as many other real rows."""
        task = Task.of(case, self.rows, ctx)
        if isinstance(task, str):
            return SCALE.skip(task)
        labelled = np.flatnonzero(~np.isnan(task.labels["train"]))
        sizes = sorted({size for size in self.sizes if size <= len(labelled) // 2})
        if not sizes or not len(task.learn["synthetic"]):
            return SCALE.skip(f"Train has fewer than {2 * min(self.sizes)} rows with a target, or synthetic none.")
        test = task.features("holdout", task.test)

        def compared(job: tuple[int, int]) -> list[tuple[float, Array]]:
            """The scores of few real rows, of these and synthetic ones, and of these and other real ones."""
            size, repeat = job
            order = ctx.at("real", repeat).rng("rows").permutation(labelled)
            few, others = order[:size], order[size:][: len(task.learn["synthetic"])]
            sides: list[tuple[Side, Array]] = [("synthetic", task.learn["synthetic"]), ("train", others)]
            return [task.score(_learnt(task, few, more, ctx)(test)) for more in (None, *sides)]

        jobs = [(size, repeat) for size in sizes for repeat in range(self.repeats)]
        found = _trees.at_once(compared, jobs, "augmenting", ctx)
        score = np.array([[value for value, _ in one] for one in found]).reshape(len(sizes), self.repeats, 3)
        moved = np.array([[influence for _, influence in one] for one in found])
        moved = moved.reshape(len(sizes), self.repeats, 3, -1)
        parts = [
            {
                "rows": size,
                "real": float(score[k, :, 0].mean()),
                "with_synthetic": float(score[k, :, 1].mean()),
                "with_real": float(score[k, :, 2].mean()),
                **_gain(score[[k]], moved[[k]], 1)._asdict(),
            }
            for k, size in enumerate(sizes)
        ]
        details = {"measure": task.measure, "synthetic_rows": len(task.learn["synthetic"]), "parts": parts}
        return SCALE.score(_gain(score, moved, 1), _gain(score, moved, 2), details)


def _learnt(task: Task, few: Array, more: tuple[Side, Array] | None, ctx: Context) -> Any:
    """What trees make of few real rows, and of more rows of a side."""
    x, y = [task.features("train", few)], [task.labels["train"][few]]
    if more is not None:
        side, rows = more
        x, y = [*x, task.features(side, rows)], [*y, task.labels[side][rows]]
    return task.teach_rows("trees", np.concatenate(x), np.concatenate(y), ctx)


def _gain(score: Array, moved: Array, which: int) -> Estimate:
    """The mean gain over `[size, repeat]`, from scores `[size, repeat, join]` and influences `[..., test row]`."""
    gain = score[:, :, which] - score[:, :, 0]
    influence = (moved[:, :, which] - moved[:, :, 0]).mean(axis=(0, 1))
    by_repeat = gain.mean(axis=0)  # the same rows begin every size of one repeat
    variance = influence.var() / len(influence) + by_repeat.var(ddof=1) / len(by_repeat)
    value, error = float(gain.mean()), _Z * float(variance) ** 0.5
    return Estimate(value, value - error, value + error)
