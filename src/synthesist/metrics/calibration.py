"""Whether probabilities learnt from synthetic rows can be believed."""

from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._estimate import Estimate, estimate
from synthesist.metrics._scale import Scale
from synthesist.metrics._task import FEWEST, SIDES, Task, taught

__all__ = ["Calibration"]

Array = npt.NDArray[Any]

SCALE = Scale(
    metric="calibration",
    title="Calibration error (train on synthetic, test on real)",
    family="utility",
    best=0.0,
    worst=1.0,
    meaning="How far probabilities that trees learnt from synthetic rows are from what real rows do; 0 is exact.",
)
FEWEST_IN_BIN = 10
"""Of real rows; nothing is told of fewer, be it a bin or a class in it."""


class Calibration(Spec):
    """How far what a model of synthetic rows expects is from what happens in real rows: 0 is exact.

    LightGBM trees learn the target from synthetic rows and say what they expect of each holdout row: the
    probability of the rarer of two classes, their confidence in the likeliest of several, or a number
    in standard deviations. Sorted by that and cut into bins of equally many rows, the value is the mean
    over rows of the gap between what their bin expected and what it did: the expected calibration
    error. The reference is that of trees that learnt from train, on the same rows. Details hold the Brier
    score (the mean squared gap, row by row) of both, and what each bin expected and did.

    Chance gaps in every bin keep it above 0 at any number of rows, on both sides alike. The interval is
    that of the error expected at this number of test rows, the models held fixed.

    Naeini, Cooper and Hauskrecht 2015, AAAI 29, doi:10.1609/aaai.v29i1.9602; Guo et al. 2017, On
    Calibration of Modern Neural Networks, ICML, arXiv:1706.04599.

    When not to use: where only the order matters (who comes first); a calibration can be repaired on a
    few real rows, an order cannot. Balanced or conditioned rows are not meant to be calibrated.
    """

    standard = 52
    needs = frozenset({"target"})

    rows: int = knob(50_000, "most rows to learn from, and most rows to test on", tries=(60, 200), ge=FEWEST)
    bins: int = knob(10, "bins of equally many rows; fewer where there are not ten rows for each", tries=(2, 4), ge=1)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """The error on the holdout of what synthetic rows taught; the reference is that of what train taught."""
        task = Task.of(case, self.rows, ctx)
        if isinstance(task, str):
            return SCALE.skip(task)
        found = taught(case, task, ("trees",), ctx)
        errors, parts, squares = {}, {}, {}
        for side in SIDES:
            expected, happened = _claims(task, found["trees", side].guess)
            errors[side], parts[side] = _error(expected, happened, self.bins)
            squares[side] = float(((expected - happened) ** 2).mean())
        details = {"brier": squares["synthetic"], "brier_reference": squares["train"], "rows": len(task.test)}
        return SCALE.score(errors["synthetic"], errors["train"], {**details, "parts": parts["synthetic"]})


def _claims(task: Task, guess: Array) -> tuple[Array, Array]:
    """What was expected of each test row, and what happened there."""
    if not task.classes:
        return np.where(np.isnan(guess), 0.0, guess), task.truth
    if task.classes == 2:
        return guess[:, 1], (task.truth == 1).astype(float)
    return guess.max(axis=1), (task.truth == guess.argmax(axis=1)).astype(float)


def _error(expected: Array, happened: Array, bins: int) -> tuple[Estimate, list[dict[str, float]]]:
    """The expected calibration error with its interval, and each bin; equal expectations share a bin."""
    bins = max(min(bins, len(expected) // FEWEST_IN_BIN), 1)
    ends = np.quantile(expected, np.arange(1, bins) / bins)
    place = np.unique(np.searchsorted(ends, expected, side="left"), return_inverse=True)[1]
    count = np.bincount(place)
    gap = np.bincount(place, happened - expected) / count
    sign = np.sign(gap)[place]
    parts = [
        {"bin": k + 1, "expected": float(said), "happened": float(said + gap[k]), "rows": int(count[k])}
        for k, said in enumerate(np.bincount(place, expected) / count)
        if _tellable(happened[place == k])
    ]
    value = float(np.abs(gap) @ count / len(expected))
    return estimate(value, sign * (happened - expected), within=(0.0, np.inf)), parts


def _tellable(happened: Array) -> bool:
    """Whether what happened in these rows is no news of a few of them."""
    counts = np.unique(happened, return_counts=True)[1]
    return len(happened) >= FEWEST_IN_BIN and (len(counts) > 2 or counts.min() >= FEWEST_IN_BIN)
