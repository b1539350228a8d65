"""How well trees tell two tables apart, where the rows of one may have weights."""

from typing import NamedTuple

import numpy as np

from synthesist.core import Context, Evidence
from synthesist.data.dataset import Dataset
from synthesist.metrics import _trees
from synthesist.metrics._columns import encoded

__all__ = ["Told", "told_apart"]

FOLDS = 3
ROUNDS = 60
BINS = 15
"""Of a number: finer, trees would tell a map's rows by the gaps it leaves between its values."""


class Told(NamedTuple):
    """The AUC of trees that tell two tables apart, and half the width of its 95 % interval."""

    auc: float
    error: float


def told_apart(real: Dataset, other: Dataset, weights: np.ndarray, ctx: Context) -> Told:
    """How well trees that learnt from two thirds of the rows tell the last third, three times.

    `weights` say how much each row of `other` counts: drawing them again instead would leave fewer rows to tell by,
    or copies that trees know again.
    """
    columns, n, m = encoded(Evidence(real, real, other)), real.units, other.units
    sides = columns.matrix("holdout", np.arange(n)), columns.matrix("synthetic", np.arange(m))
    x, y, weight = np.concatenate(sides), np.repeat([0.0, 1.0], [n, m]), np.append(np.full(n, m / n), weights)
    fold, kept = ctx.rng("folds").permutation(n + m) % FOLDS, _trees.categorical(columns)

    def test(k: int) -> tuple[float, float]:
        learn, aside = fold != k, fold == k
        trees = _trees.fit(x[learn], y[learn], kept, "binary", ctx, rounds=ROUNDS, weight=weight[learn], max_bin=BINS)
        return _auc(_trees.predict(trees, x[aside]), y[aside] == 1, weight[aside])

    areas, errors = np.array(_trees.at_once(test, range(FOLDS), "telling apart", ctx)).T
    return Told(float(areas.mean()), 1.96 * float(np.sqrt((errors**2).mean() / FOLDS)))


def _auc(guess: np.ndarray, other: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """The area under the ROC curve, ties half, of rows that count by their weights; and its standard error (DeLong)."""
    below, above = (_Ranked.of(guess[side], weight[side]) for side in (~other, other))
    beaten, beating = below.under(above.guess), above.under(below.guess)
    area = float(above.share @ beaten)
    variance = above.share**2 @ (beaten - area) ** 2 + below.share**2 @ (1 - beating - area) ** 2
    return area, float(np.sqrt(variance))


class _Ranked(NamedTuple):
    """Guesses in order, and the share of each."""

    guess: np.ndarray
    share: np.ndarray

    @classmethod
    def of(cls, guess: np.ndarray, weight: np.ndarray) -> "_Ranked":
        order = np.argsort(guess)
        return cls(guess[order], weight[order] / max(weight.sum(), 1e-300))

    def under(self, others: np.ndarray) -> np.ndarray:
        """The share below each of the others, ties half."""
        upto = np.append(0.0, np.cumsum(self.share))
        first, last = (np.searchsorted(self.guess, others, side) for side in ("left", "right"))
        mean: np.ndarray = (upto[first] + upto[last]) / 2
        return mean
