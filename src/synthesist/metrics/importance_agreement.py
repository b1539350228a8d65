"""Whether models of synthetic rows look at the same columns as models of real rows."""

from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics import _trees
from synthesist.metrics._columns import Side
from synthesist.metrics._estimate import Estimate
from synthesist.metrics._scale import Scale
from synthesist.metrics._task import Task

__all__ = ["ImportanceAgreement"]

Array = npt.NDArray[Any]

SCALE = Scale(
    metric="importance_agreement",
    title="Agreement on what matters",
    family="utility",
    best=1.0,
    worst=0.0,
    meaning="How alike models of synthetic and of real rows weigh the columns that predict the target; 1 is the same.",
)
ALL: tuple[Side, ...] = ("train", "holdout", "synthetic")
PARTS = 5
STUDENT = 2.7764451051977987  # the 97.5 % point of Student's t with four degrees of freedom
FEWEST = 40
TREES, LEAVES = 40, 12  # small ones: a part has few rows, and SHAP takes its time by the leaf


class ImportanceAgreement(Spec):
    """How alike models of synthetic and of real rows weigh the columns: 1 is the same, 0 shares nothing.

    Train, holdout and synthetic rows are drawn to the same number and cut into five parts; LightGBM trees
    learn the target from each part alone. The weight of a column is its share of the mean absolute SHAP value over
    the same real rows. The value is the mean over parts of 1 minus the total variation distance between the weights
    of synthetic and train rows; the reference is the same for holdout and train. Details hold the
    rank correlation of the weights, and both weights of each column.

    The five parts have no row in common, so that Student's interval of their mean covers the learning as
    well as the rows; it is about models of that many rows.

    Lundberg et al. 2020, From local explanations to global understanding with explainable AI for trees,
    doi:10.1038/s42256-019-0138-9.

    When not to use: where columns repeat each other. Models of the same rows choose between twins by
    chance, and the reference is low then too.
    """

    standard = 58
    needs = frozenset({"target"})

    rows: int = knob(5_000, "most rows of each table that are learnt from", tries=(200, 250), ge=PARTS * FEWEST)
    explained: int = knob(200, "real rows whose predictions are explained", tries=(20, 50), ge=10)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Compare models of synthetic with models of train rows; the reference compares those of the holdout."""
        task = Task.of(case, self.rows, ctx)
        if isinstance(task, str):
            return SCALE.skip(task)
        labelled = {side: np.flatnonzero(~np.isnan(task.labels[side])) for side in ALL}
        size = min(self.rows, *map(len, labelled.values())) // PARTS
        if size < FEWEST:
            return SCALE.skip(f"Each table needs at least {PARTS * FEWEST} rows with a target.")
        order = {side: ctx.rng(f"{side} rows").permutation(rows) for side, rows in labelled.items()}
        shown = task.features("train", order["train"][-self.explained :])

        def weights(job: tuple[Side, int]) -> Array:
            side, part = job
            return _weights(task, side, order[side][part * size : (part + 1) * size], shown, ctx)

        jobs = [(side, part) for side in ALL for part in range(PARTS)]
        every = np.array(_trees.at_once(weights, jobs, "weighing columns", ctx)).reshape(len(ALL), PARTS, -1)
        real, other, made = every
        if not every.sum(axis=2).all():
            return SCALE.skip("In some part of the rows there is nothing to learn about the target.")
        mean = {side: one.mean(axis=0) for side, one in zip(ALL, every, strict=True)}
        parts = [
            {"column": name, "real": float(mean["train"][j]), "synthetic": float(mean["synthetic"][j])}
            for j, name in enumerate(task.names)
        ]
        details: dict[str, Any] = {"rows": size, "parts": sorted(parts, key=lambda part: -part["real"])}
        if len(parts) > 2:
            details["rank_correlation"] = _rank_correlation(mean["train"], mean["synthetic"])
            details["rank_correlation_reference"] = _rank_correlation(mean["train"], mean["holdout"])
        return SCALE.score(_agreement(real, made), _agreement(real, other), details)


def _weights(task: Task, side: Side, rows: Array, shown: Array, ctx: Context) -> Array:
    """The share of each column in what moves the predictions of `shown`; all 0 where nothing moves them."""
    x, y = task.features(side, rows), task.labels[side][rows]
    objective, more = "regression", {}
    if task.classes:
        present, y = np.unique(y, return_inverse=True)
        if len(present) < 2:
            return np.zeros(x.shape[1])
        objective = "binary" if len(present) == 2 else "multiclass"
        more = {} if len(present) == 2 else {"num_class": len(present)}
    kept = _trees.categorical(task.columns, without=task.target.name)
    trees = _trees.fit(x, y, kept, objective, ctx, rounds=TREES, num_leaves=LEAVES, min_data_in_leaf=10, **more)
    moved = trees.predict(shown, pred_contrib=True, num_threads=1).reshape(len(shown), -1, x.shape[1] + 1)
    by_column = np.abs(moved[:, :, :-1]).mean(axis=0).sum(axis=0)
    shares: Array = by_column / max(by_column.sum(), 1e-300)
    return shares


def _agreement(one: Array, other: Array) -> Estimate:
    """The mean over parts of what the weights `[part, column]` have in common, with Student's interval."""
    common = np.minimum(one, other).sum(axis=1)
    value, error = float(common.mean()), STUDENT * float(common.std(ddof=1)) / PARTS**0.5
    return Estimate(min(value, 1.0), max(value - error, 0.0), min(value + error, 1.0))


def _rank_correlation(one: Array, other: Array) -> float:
    """Spearman's, 0 where one of them ranks nothing."""
    from scipy.stats import rankdata

    ranks = np.array([rankdata(one), rankdata(other)])
    spread = ranks.std(axis=1)
    return float(np.cov(ranks, bias=True)[0, 1] / (spread[0] * spread[1])) if spread.all() else 0.0
