"""A classifier that tells synthetic rows from real ones kept aside, and what it goes by.

Every row is judged by trees that did not learn from it. What a column adds to the log-odds of a row is its SHAP value,
exact for trees (Lundberg et al. 2020, doi:10.1038/s42256-019-0138-9).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context
from synthesist.metrics import _trees
from synthesist.metrics._estimate import Estimate, auc, estimate, sample
from synthesist.reasons.sides import Sides

__all__ = ["FEWEST", "Discriminator", "discriminator"]

Array = npt.NDArray[Any]
FOLDS = 5
WIDER = (1 + FOLDS / (FOLDS - 1)) ** 0.5  # folds learn from the same rows (Nadeau and Bengio 2003)
FEWEST = 20
EXPLAINED = 1_000  # rows of each side whose SHAP values are taken


@dataclass(frozen=True)
class Discriminator:
    """Five classifiers, each of four fifths of the rows; odds above 0 say synthetic.

    `real` and `synthetic` are row numbers of the holdout and of the synthetic table, fold k those whose place is k
    modulo 5; `real_odds` and `synthetic_odds` are the log-odds of these rows by the trees that did not see them.
    """

    trees: tuple[Any, ...]
    area: Estimate
    real: Array
    synthetic: Array
    real_odds: Array
    synthetic_odds: Array
    columns: Mapping[str, float]


def discriminator(sides: Sides, ctx: Context) -> Discriminator:
    """Learn to tell equally many synthetic and holdout rows apart, and judge them all."""
    columns = sides.columns
    count = min(len(sides.rows["holdout"]), len(sides.rows["synthetic"]))
    real = sides.rows["holdout"][sample(ctx.rng("real"), len(sides.rows["holdout"]), count)]
    made = sides.rows["synthetic"][sample(ctx.rng("synthetic"), len(sides.rows["synthetic"]), count)]
    x, y = columns.matrix("holdout", real), columns.matrix("synthetic", made)
    fold, kept = np.arange(count) % FOLDS, _trees.categorical(columns)

    def learn(k: int) -> tuple[Any, Array, Array, Array]:
        inside, aside = fold != k, fold == k
        both = np.concatenate([x[inside], y[inside]])
        trees = _trees.fit(both, np.repeat([0.0, 1.0], inside.sum()), kept, "binary", ctx)
        looked = np.flatnonzero(aside)[: EXPLAINED // FOLDS]
        told = np.concatenate([x[looked], y[looked]])
        given = trees.predict(told, pred_contrib=True, num_threads=1)[:, :-1]
        # a column helps as far as it moves synthetic rows up and real rows down
        helps = given[len(looked) :].mean(axis=0) - given[: len(looked)].mean(axis=0)
        return trees, _odds(trees, x[aside]), _odds(trees, y[aside]), helps

    found = _trees.at_once(learn, range(FOLDS), "telling apart", ctx)
    ours, theirs = np.empty(count), np.empty(count)
    for k, (_, real_odds, made_odds, _) in enumerate(found):
        ours[fold == k], theirs[fold == k] = real_odds, made_odds
    areas, below, above = zip(*(auc(o, m) for _, o, m, _ in found), strict=True)
    area = estimate(float(np.mean(areas)), WIDER * np.concatenate(below), WIDER * np.concatenate(above))
    helps = np.maximum(np.mean([part[3] for part in found], axis=0), 0.0)
    shares = helps / max(float(helps.sum()), 1e-12)
    ordered = sorted(zip((c.name for c in columns.all), shares.tolist(), strict=True), key=lambda item: -item[1])
    return Discriminator(tuple(part[0] for part in found), area, real, made, ours, theirs, dict(ordered))


def _odds(trees: Any, x: Array) -> Array:
    return np.asarray(trees.predict(x, raw_score=True, num_threads=1))
