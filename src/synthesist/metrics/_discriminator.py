"""Trees that tell the rows of one table from those of another: how well they do, and whether that could be chance."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context
from synthesist.metrics import _trees
from synthesist.metrics._columns import Columns, Side
from synthesist.metrics._estimate import Estimate, auc, estimate, rank_sum, sample
from synthesist.metrics._kept import kept

__all__ = ["FEWEST", "FOLDS", "Told", "chance", "synthetic_told_apart", "told_apart"]

Array = npt.NDArray[Any]

FOLDS = 5
WIDER = (1 + FOLDS / (FOLDS - 1)) ** 0.5  # variance 1/k + test rows / learning rows, in place of 1/k
STAGES = (
    (0, 1, 2),
    (0, 2, 4),
    (0, 4, 8),
)  # eighths of the rows: learn from the first to the second, test up to the third
FEWEST = 20


@dataclass(frozen=True)
class Told:
    """The cross-fitted AUC, what it was found with, and the share of each column in the gain of the trees.

    `real` and `other` are the rows of the holdout and of the other side, fold k those whose place is k modulo 5;
    `real_odds` and `other_odds` are their log-odds to be of the other side, by the trees that did not see them.
    """

    auc: Estimate
    gain: Array
    trees: tuple[Any, ...]
    real: Array
    other: Array
    real_odds: Array
    other_odds: Array

    @property
    def rows(self) -> int:
        """How many rows of each side."""
        return len(self.real)


def told_apart(columns: Columns, side: Side, most: int, ctx: Context) -> Told:
    """How well trees tell `side` from the holdout: five times they learn four fifths and are tested on the last.

    The interval is DeLong's, widened because the folds learn from the same rows (Nadeau and Bengio 2003,
    doi:10.1023/A:1024068626366): what fold a teaches of fold b, fold b teaches of fold a, which nearly doubles
    the variance where nothing is to be told.
    """
    real, other = _rows(columns, side, most, ctx)
    x, y = columns.matrix("holdout", real), columns.matrix(side, other)
    fold = np.arange(len(real)) % FOLDS  # the rows come in random order
    named = _trees.categorical(columns)

    def test(k: int) -> tuple[Any, Array, Array]:
        """What was learnt on the other folds, and what it says of fold `k`."""
        learn, aside = fold != k, fold == k
        trees = _learnt(x[learn], y[learn], named, ctx)
        return trees, _odds(trees, x[aside]), _odds(trees, y[aside])

    tested = _trees.at_once(test, range(FOLDS), f"c2st {side}", ctx)
    areas, below, above = zip(*(auc(real_odds, other_odds) for _, real_odds, other_odds in tested), strict=True)
    found = estimate(float(np.mean(areas)), WIDER * np.concatenate(below), WIDER * np.concatenate(above))
    gain = np.sum([trees.feature_importance("gain") for trees, _, _ in tested], axis=0)
    odds = np.empty((2, len(real)))
    for k, (_, *both) in enumerate(tested):
        odds[:, fold == k] = both
    every = tuple(trees for trees, _, _ in tested)
    return Told(found, gain / max(gain.sum(), 1e-12), every, real, other, *odds)


def synthetic_told_apart(columns: Columns, most: int, ctx: Context) -> Told:
    """The same of synthetic rows, done once for these columns and this seed, whoever asks."""
    here = replace(ctx, path=ctx.path[:1]).at("synthetic told apart")
    rows = min(columns.rows["synthetic"], columns.rows["holdout"], most)
    return kept(columns, (here.path, rows), lambda: told_apart(columns, "synthetic", most, here))


def chance(columns: Columns, side: Side, most: int, ctx: Context) -> float:
    """The p-value of the same rows: how often two samples of one population would be told apart this well.

    Trees learn from the first eighth of the rows and are tested on the second, learn from the first quarter and
    are tested on the second, learn from the first half and are tested on the second. Given what was learnt, the labels
    of rows not yet seen are exchangeable when both tables are of one population, so each rank sum has its exact mean
    and variance, and what came before tells nothing about it: the three standard scores add up to one (Stouffer),
    with no correction for learning from the same rows. One-sided; 1 where the trees learnt nothing.
    """
    real, other = _drawn(columns, side, most, ctx)
    eighth, named = len(real) / 8, _trees.categorical(columns)

    def test(stage: tuple[int, int, int]) -> tuple[float, float]:
        """The standard score of one stage, and its weight."""
        start, middle, end = (round(eighth * place) for place in stage)
        trees = _learnt(real[start:middle], other[start:middle], named, ctx)
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
    real, other = _rows(columns, side, most, ctx)
    return columns.matrix("holdout", real), columns.matrix(side, other)


def _rows(columns: Columns, side: Side, most: int, ctx: Context) -> tuple[Array, Array]:
    rows = min(columns.rows[side], columns.rows["holdout"], most)
    real = sample(ctx.rng("holdout rows"), columns.rows["holdout"], rows)
    return real, sample(ctx.rng("other rows"), columns.rows[side], rows)


def _odds(trees: Any, x: Array) -> Array:
    return np.asarray(trees.predict(x, raw_score=True, num_threads=1))


def _learnt(real: Array, other: Array, named: list[int], ctx: Context) -> Any:
    labels = np.repeat([0.0, 1.0], [len(real), len(other)])
    return _trees.fit(np.concatenate([real, other]), labels, named, "binary", ctx)
