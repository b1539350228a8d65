"""A classifier that tells synthetic rows from real ones kept aside, and what it goes by.

It is that of `c2st`, trained once where both look at the same rows. What a column adds to the log-odds of a row is its
SHAP value, exact for trees (Lundberg et al. 2020, doi:10.1038/s42256-019-0138-9).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context
from synthesist.metrics import _trees
from synthesist.metrics._columns import Columns
from synthesist.metrics._discriminator import FEWEST, FOLDS, Told, synthetic_told_apart
from synthesist.metrics._estimate import Estimate
from synthesist.reasons.sides import Sides

__all__ = ["FEWEST", "FOLDS", "Discriminator", "discriminator"]

Array = npt.NDArray[Any]
EXPLAINED = 1_000  # rows of each side whose SHAP values are taken


@dataclass(frozen=True)
class Discriminator:
    """Five classifiers, each of four fifths of the rows; odds above 0 say synthetic.

    `real` and `synthetic` are places among the rows of the holdout and among the synthetic ones that are looked at,
    fold k those whose place here is k modulo 5; `real_odds` and `synthetic_odds` are the log-odds of these rows by the
    trees that did not see them.
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
    columns, most = sides.told_apart, max(len(sides.unseen), len(sides.rows["synthetic"]))
    told = synthetic_told_apart(columns, most, ctx)
    helps = _helps(columns, told, ctx)
    shares = helps / max(float(helps.sum()), 1e-12)
    ordered = sorted(zip((c.name for c in columns.all), shares.tolist(), strict=True), key=lambda item: -item[1])
    where = sides.place("holdout", told.real), sides.place("synthetic", told.other)
    return Discriminator(told.trees, told.auc, *where, told.real_odds, told.other_odds, dict(ordered))


def _helps(columns: Columns, told: Told, ctx: Context) -> Array:
    """How far each column moves synthetic rows up and real rows down, on average."""

    def of_fold(k: int) -> Array:
        looked = np.arange(k, told.rows, FOLDS)[: EXPLAINED // FOLDS]
        x = columns.matrix("holdout", told.real[looked]), columns.matrix("synthetic", told.other[looked])
        given = told.trees[k].predict(np.concatenate(x), pred_contrib=True, num_threads=1)[:, :-1]
        return np.asarray(given[len(looked) :].mean(axis=0) - given[: len(looked)].mean(axis=0))

    found = _trees.at_once(of_fold, range(FOLDS), "what gives rows away", ctx)
    return np.maximum(np.mean(found, axis=0), 0.0)
