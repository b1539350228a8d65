"""Whether a model trained on synthetic rows predicts as well as one trained on real rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.errors import NotFoundError, did_you_mean
from synthesist.metrics import _trees
from synthesist.metrics._columns import Column, Columns, Side, encoded
from synthesist.metrics._estimate import Estimate, auc, estimate, sample
from synthesist.metrics._scale import Scale

__all__ = ["TSTR"]

Array = npt.NDArray[Any]

SCALE = Scale(
    metric="tstr",
    title="Utility gap (train on synthetic, test on real)",
    family="utility",
    best=0.0,
    worst=0.5,
    meaning="How much worse trees predict the target when they learnt it from synthetic rows; 0 is no loss.",
)
MOST_CLASSES = 20
FEWEST = 20


class TSTR(Spec):
    """How much prediction loses when trees learn from synthetic rows instead of real ones: 0 is no loss.

    100 LightGBM trees learn the target once from train and once from synthetic, from equally many
    rows; both predict the same holdout rows. The value is the score of the first minus the score of
    the second: the area under the ROC curve for two classes, its mean over each class against the
    rest for more (the 20 most frequent at most), R2 for numbers. The interval is paired over the
    test rows. A synthetic target of one class, or none, teaches nothing and counts as AUC 0.5; a
    synthetic target without any number counts as R2 0.

    Esteban, Hyland and Rätsch 2017, Real-valued (Medical) Time Series Generation with Recurrent
    Conditional GANs, arXiv:1706.02633.

    When not to use: where no column is what the data is for. One target says little of the others.
    """

    standard = 50
    needs = frozenset({"target"})

    rows: int = knob(50_000, "most rows to learn from, and most rows to test on", tries=(60, 200), ge=FEWEST)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """The gap on the holdout; the reference is 0, since real data loses nothing against itself."""
        columns = encoded(case)
        if case.target is None:
            return SCALE.skip("No target column was named.")
        if columns.unusable:
            return SCALE.skip(columns.unusable)
        kinds = case.train.kinds.columns
        if case.target not in kinds:
            raise NotFoundError(f"No target column `{case.target}`. {did_you_mean(case.target, kinds)}")
        target = next((column for column in columns.all if column.name == case.target), None)
        if target is None:
            return SCALE.skip(f"The target `{case.target}` is a key, free text or empty.")
        if len(columns.all) < 2:
            return SCALE.skip("There is no other column to predict the target from.")
        return self._gap(columns, target, ctx)

    def _gap(self, columns: Columns, target: Column, ctx: Context) -> Score:
        labels, classes = _labels(target)
        size = min(columns.rows["train"], columns.rows["synthetic"], self.rows)
        test = _draw(labels["holdout"], self.rows, ctx.rng("test rows"))
        learn: dict[Side, Array] = {
            side: _draw(labels[side], size, ctx.rng(f"{side} rows")) for side in ("train", "synthetic")
        }
        if min(len(test), len(learn["train"])) < FEWEST:
            return SCALE.skip(f"Train and holdout need at least {FEWEST} rows with a target each.")
        truth = labels["holdout"][test]
        if len(np.unique(truth)) < 2:
            return SCALE.skip(f"The holdout holds one value of `{target.name}` only.")
        x_test = columns.matrix("holdout", test, without=target.name)
        kept = _trees.categorical(columns, without=target.name)

        def learnt(side: Side) -> tuple[float, Array]:
            """The score on the test rows of what was learnt on this side, and each row's influence on it."""
            x, y = columns.matrix(side, learn[side], without=target.name), labels[side][learn[side]]
            if classes:
                return _macro_auc(truth, _classify(x, y, x_test, kept, classes, ctx))
            return _r2(truth, _regress(x, y, x_test, kept, ctx))

        (real, of_real), (synthetic, of_synthetic) = _trees.at_once(learnt, list(learn), "tstr", ctx)
        gap = estimate(real - synthetic, of_real - of_synthetic, within=(-np.inf, np.inf))
        details = {
            "measure": "R2" if not classes else "AUC" if classes == 2 else "macro AUC, one against the rest",
            "real": real,
            "synthetic": synthetic,
            "rows": {side: len(rows) for side, rows in learn.items()} | {"test": len(test)},
        }
        return SCALE.score(gap, Estimate(0.0, 0.0, 0.0), details)


def _labels(target: Column) -> tuple[Mapping[Side, Array], int]:
    """Class numbers from 0, or standard scores where there are 0 classes; NaN where missing."""
    sides = target.sides
    train = sides["train"][~target.missing("train")]
    values, counts = np.unique(train, return_counts=True)
    if target.numeric and len(values) != 2:
        middle, spread = (train.mean(), train.std()) if len(train) else (0.0, 0.0)
        return {side: (cells - middle) / (spread or 1.0) for side, cells in sides.items()}, 0
    if target.numeric:  # two numbers, such as 0 and 1, are two classes
        return {side: np.where(np.isnan(x), np.nan, x > values.mean()) for side, x in sides.items()}, 2
    frequent = values[np.argsort(-counts, kind="stable")[:MOST_CLASSES]]
    classes = len(frequent) + (len(values) > len(frequent))
    place = np.full(target.levels + 1, np.nan)  # a class that train does not have counts as no label
    place[values] = classes - 1
    place[frequent] = np.arange(len(frequent))
    return {side: place[codes] for side, codes in sides.items()}, max(classes, 2)


def _draw(labels: Array, size: int, rng: np.random.Generator) -> Array:
    """At most `size` rows, those without a label left out afterwards: a table that lost its labels has fewer."""
    rows = sample(rng, len(labels), size)
    return rows[~np.isnan(labels[rows])]


def _classify(x: Array, y: Array, x_test: Array, kept: list[int], classes: int, ctx: Context) -> Array:
    """The probability of each class, `[row, class]`; 0 for classes that were not there to be learnt."""
    present, y = np.unique(y, return_inverse=True)
    guess = np.zeros((len(x_test), classes))
    if len(present) == 2:
        second = _trees.predict(_trees.fit(x, y, kept, "binary", ctx), x_test)
        guess[:, present.astype(int)] = np.column_stack([1 - second, second])
    elif len(present) > 2:
        trees = _trees.fit(x, y, kept, "multiclass", ctx, num_class=len(present))
        guess[:, present.astype(int)] = _trees.predict(trees, x_test)
    return guess


def _regress(x: Array, y: Array, x_test: Array, kept: list[int], ctx: Context) -> Array:
    """The number expected in each row; NaN where there was nothing to learn from."""
    if len(y) == 0:
        return np.full(len(x_test), np.nan)
    return _trees.predict(_trees.fit(x, y, kept, "regression", ctx), x_test)


def _macro_auc(truth: Array, guess: Array) -> tuple[float, Array]:
    """The mean AUC of each class against the rest, and each row's influence on it."""
    areas, influence = [], np.zeros(len(truth))
    for k in range(guess.shape[1]):
        own = truth == k
        if own.all() or not own.any():
            continue
        area, others, owned = auc(guess[~own, k], guess[own, k])
        areas.append(area)
        influence[own] += owned / own.mean()
        influence[~own] += others / (~own).mean()
    return float(np.mean(areas)), influence / len(areas)


def _r2(truth: Array, guess: Array) -> tuple[float, Array]:
    """The share of variance explained, and each row's influence on it."""
    if np.isnan(guess).all():
        guess = np.full(len(truth), truth.mean())
    spread = (truth - truth.mean()) ** 2
    missed = (truth - guess) ** 2
    r2 = 1 - float(missed.mean() / spread.mean())
    return r2, ((1 - r2) * spread - missed) / spread.mean()
