"""Trees that tell the rows of one table from those of another: how well they do, and whether that could be chance."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from synthesist.core import Context
from synthesist.metrics import _trees
from synthesist.metrics._columns import Columns, Side
from synthesist.metrics._estimate import Estimate, auc, estimate, rank_sum, sample

__all__ = ["FEWEST", "Told", "chance", "told_apart"]

Array = npt.NDArray[Any]

FOLDS = 5
WIDER = (1 + FOLDS / (FOLDS - 1)) ** 0.5  # variance 1/k + test rows / learning rows, in place of 1/k
STAGES = (
    (0, 1, 2),
    (0, 2, 4),
    (0, 4, 8),
)  # eighths of the rows: learn from the first to the second, test up to the third
FEWEST = 20


class Told(NamedTuple):
    """The cross-fitted AUC, the share of each column in the gain of the trees, and the rows a side."""

    auc: Estimate
    gain: Array
    rows: int


def told_apart(columns: Columns, side: Side, most: int, ctx: Context) -> Told:
    """How well trees tell `side` from the holdout: five times they learn four fifths and are tested on the last.

    The interval is DeLong's, widened because the folds learn from the same rows (Nadeau and Bengio 2003,
    doi:10.1023/A:1024068626366): what fold a teaches of fold b, fold b teaches of fold a, which nearly doubles
    the variance where nothing is to be told.
    """
    real, other = _drawn(columns, side, most, ctx)
    rows = len(real)
    fold = np.arange(rows) % FOLDS  # the rows come in random order
    kept = _trees.categorical(columns)

    def test(k: int) -> tuple[float, Array, Array, Array]:
        """The AUC on fold `k` of what was learnt on the others, the influences on it, and the gain."""
        learn, aside = fold != k, fold == k
        trees = _learnt(real[learn], other[learn], kept, ctx)
        area, below, above = auc(_trees.predict(trees, real[aside]), _trees.predict(trees, other[aside]))
        return area, below, above, trees.feature_importance("gain")

    areas, below, above, gains = zip(*_trees.at_once(test, range(FOLDS), f"c2st {side}", ctx), strict=True)
    found = estimate(float(np.mean(areas)), WIDER * np.concatenate(below), WIDER * np.concatenate(above))
    gain = np.sum(gains, axis=0)
    return Told(found, gain / max(gain.sum(), 1e-12), rows)


def chance(columns: Columns, side: Side, most: int, ctx: Context) -> float:
    """The p-value of the same rows: how often two samples of one population would be told apart this well.

    Trees learn from the first eighth of the rows and are tested on the second, learn from the first quarter and
    are tested on the second, learn from the first half and are tested on the second. Given what was learnt, the labels
    of rows not yet seen are exchangeable when both tables are of one population, so each rank sum has its exact mean
    and variance, and what came before tells nothing about it: the three standard scores add up to one (Stouffer),
    with no correction for learning from the same rows. One-sided; 1 where the trees learnt nothing.
    """
    real, other = _drawn(columns, side, most, ctx)
    eighth, kept = len(real) / 8, _trees.categorical(columns)

    def test(stage: tuple[int, int, int]) -> tuple[float, float]:
        """The standard score of one stage, and its weight."""
        start, middle, end = (round(eighth * place) for place in stage)
        trees = _learnt(real[start:middle], other[start:middle], kept, ctx)
        unseen = slice(middle, end)
        return rank_sum(_trees.predict(trees, real[unseen]), _trees.predict(trees, other[unseen])), end - middle

    scores, tested = np.array(_trees.at_once(test, STAGES, f"c2st {side} by chance", ctx)).T
    able = np.isfinite(scores)
    if not able.any():
        return 1.0
    from scipy.special import ndtr

    return float(ndtr(-(np.sqrt(tested[able]) @ scores[able]) / np.sqrt(tested[able].sum())))


def _drawn(columns: Columns, side: Side, most: int, ctx: Context) -> tuple[Array, Array]:
    """Equally many rows of the holdout and of `side`, in random order, as numbers for trees."""
    rows = min(columns.rows[side], columns.rows["holdout"], most)
    real = columns.matrix("holdout", sample(ctx.rng("holdout rows"), columns.rows["holdout"], rows))
    return real, columns.matrix(side, sample(ctx.rng("other rows"), columns.rows[side], rows))


def _learnt(real: Array, other: Array, kept: list[int], ctx: Context) -> Any:
    labels = np.repeat([0.0, 1.0], [len(real), len(other)])
    return _trees.fit(np.concatenate([real, other]), labels, kept, "binary", ctx)
