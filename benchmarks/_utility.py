"""What made rows keep of real ones: marginals of one, two and three columns, and what can be learnt from them.

Definitions are those most papers on private synthesis use; the cells of numbers are 32 quantile bins of the real rows.
"""

from itertools import combinations
from math import comb, nan

import lightgbm
import numpy as np
import polars as pl
from sklearn.metrics import r2_score, roc_auc_score

__all__ = ["marginal_distances", "usefulness"]

BINS = 32
TRIPLES = 1_000  # of all; more are not looked at


def marginal_distances(real: pl.DataFrame, made: pl.DataFrame) -> dict[str, float]:
    """Mean total variation distance over all columns, pairs and triples of columns."""
    cells = [_cells(real[name], made[name]) for name in real.columns]
    return {f"tvd{ways}": _mean_distance(cells, ways) for ways in (1, 2, 3)}


def _mean_distance(cells: list[tuple[np.ndarray, np.ndarray, int]], ways: int) -> float:
    groups = list(combinations(range(len(cells)), ways))
    if len(groups) > TRIPLES:
        chosen = np.random.default_rng(0).choice(comb(len(cells), ways), TRIPLES, replace=False)
        groups = [groups[i] for i in np.sort(chosen)]
    return float(np.mean([_distance([cells[j] for j in group]) for group in groups]))


def _distance(columns: list[tuple[np.ndarray, np.ndarray, int]]) -> float:
    """Total variation distance between the joint distributions of some columns."""
    size = int(np.prod([cells for _, _, cells in columns]))
    shares = []
    for side in (0, 1):
        place = np.zeros(len(columns[0][side]), np.int64)
        for column in columns:
            place = place * column[2] + column[side]
        shares.append(np.bincount(place, minlength=size) / len(place))
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def _cells(real: pl.Series, made: pl.Series) -> tuple[np.ndarray, np.ndarray, int]:
    """cells[row] of the real and the made column, and how many there are; the last is for what is not in the real."""
    if not real.dtype.is_numeric():
        words = [side.cast(pl.String).fill_null("?") for side in (real, made)]
        levels = words[0].unique().sort()
        places = [side.replace_strict(levels, range(len(levels)), default=len(levels)) for side in words]
        return places[0].to_numpy(), places[1].to_numpy(), len(levels) + 1
    values = [side.cast(pl.Float64).fill_null(nan).to_numpy() for side in (real, made)]
    cuts = _cuts(values[0][~np.isnan(values[0])])
    one, other = (np.where(np.isnan(v), len(cuts) + 1, np.searchsorted(cuts, v, side="right")) for v in values)
    return one, other, len(cuts) + 2


def _cuts(values: np.ndarray) -> np.ndarray:
    """Where cells begin, but the first: cells of about equally many rows; a value with a cell's worth is one itself."""
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) <= BINS:
        return distinct[1:]
    quantiles = np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1], method="lower")
    heavy = np.flatnonzero(counts >= len(values) / BINS)
    after = distinct[np.minimum(heavy + 1, len(distinct) - 1)]
    cuts = np.unique(np.concatenate([quantiles, distinct[heavy], after]))
    return cuts[cuts > distinct[0]]


def usefulness(learnt: pl.DataFrame, test: pl.DataFrame, target: str) -> float:
    """What LightGBM predicts of the real test rows after learning from others: AUC of the rarer class, R2 of a number.

    0.5 (or the mean, 0) where the rows to learn from hold one class.
    """
    learnt, test = (side.filter(pl.col(target).is_not_null()) for side in (learnt, test))
    columns = [name for name in test.columns if name != target]
    both = np.column_stack([_features(learnt[name], test[name]) for name in columns])
    x, unseen = both[: learnt.height], both[learnt.height :]
    named = [j for j, name in enumerate(columns) if test[name].dtype == pl.String]
    options = {"n_estimators": 100, "n_jobs": 1, "random_state": 0, "verbose": -1}
    if test[target].n_unique() > 2:
        y, truth = (side[target].cast(pl.Float64).to_numpy() for side in (learnt, test))
        return float(
            r2_score(truth, lightgbm.LGBMRegressor(**options).fit(x, y, categorical_feature=named).predict(unseen))
        )
    rare = test[target].value_counts().sort("count")[target][0]
    y, truth = ((side[target] == rare).to_numpy().astype(int) for side in (learnt, test))
    if not 0 < y.sum() < len(y):
        return 0.5
    trees = lightgbm.LGBMClassifier(**options).fit(x, y, categorical_feature=named)
    return float(roc_auc_score(truth, trees.booster_.predict(unseen, num_threads=1)))


def _features(learnt: pl.Series, test: pl.Series) -> np.ndarray:
    """A column of both: numbers as they are, words as places in the list of all of them."""
    both = learnt.cast(test.dtype).append(test)
    if both.dtype == pl.String:
        both = both.fill_null("?")
        both = both.cast(pl.Enum(both.unique().sort())).to_physical()
    return both.cast(pl.Float64).fill_null(nan).to_numpy()
