"""What learns a target in the judge's place: boosted trees, a linear model, nearest neighbours.

Each takes `x[row, feature]` with NaN where missing and categories as codes, and labels `y`: class
numbers from 0, or standard scores where there are 0 classes. Each gives back a function that says
what it expects of other rows: the probability `[row, class]`, or a number a row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from synthesist.core import Context
from synthesist.metrics import _trees
from synthesist.metrics._estimate import sample

__all__ = ["Learner", "Learnt", "learn"]

Array = npt.NDArray[Any]
Learner = Literal["trees", "linear", "neighbours"]
Learnt = Callable[[Array], Array]

NEIGHBOURS = 25
MOST_ROWS = {"linear": 10_000, "neighbours": 5_000}
"""What these learn from, drawn at random: more rows cost much and change little."""
BLOCK = 1_024  # rows whose distances are held at once
STEPS = 100
PENALTY = 1.0
MOST_LEVELS = 50
FARTHEST = 5.0  # standard deviations: beyond, a number says no more


def learn(learner: Learner, x: Array, y: Array, kept: list[int], classes: int, ctx: Context) -> Learnt:
    """What this learner makes of these rows; `kept` are the places of the categories.

    Where there is nothing to learn (no row, or one class) every class that was not there has probability 0
    and every number is NaN.
    """
    if not classes:
        return _LEARNERS[learner](x, y, kept, 0, ctx) if len(y) else lambda rows: np.full(len(rows), np.nan)
    present, y = np.unique(y, return_inverse=True)
    inner = _LEARNERS[learner](x, y, kept, len(present), ctx) if len(present) > 1 else None

    def expected(rows: Array) -> Array:
        guess = np.zeros((len(rows), classes))
        if inner is not None:
            guess[:, present.astype(int)] = inner(rows)
        elif len(present):
            guess[:, present.astype(int)] = 1.0
        return guess

    return expected


def _trees_learn(x: Array, y: Array, kept: list[int], classes: int, ctx: Context) -> Learnt:
    if classes <= 2:
        trees = _trees.fit(x, y, kept, "binary" if classes else "regression", ctx)
    else:
        trees = _trees.fit(x, y, kept, "multiclass", ctx, num_class=classes)
    return _Trees(trees, classes)


@dataclass(frozen=True)
class _Trees:
    """Boosted trees, which also say how much each feature moves what they expect."""

    trees: Any
    classes: int

    def __call__(self, rows: Array) -> Array:
        guess = _trees.predict(self.trees, rows)
        return np.column_stack([1 - guess, guess]) if self.classes == 2 else guess


def _linear_learn(x: Array, y: Array, kept: list[int], classes: int, ctx: Context) -> Learnt:
    """Logistic regression by L-BFGS, or ridge regression in closed form, on standard scores and indicators."""
    x, y = _some("linear", x, y, ctx)
    space = _Space.of(x, kept)
    z = np.column_stack([space(x), np.ones(len(x))])
    if not classes:
        ridge = np.diag(np.r_[np.full(z.shape[1] - 1, PENALTY), 1e-9])
        weights = np.linalg.solve(z.T @ z + ridge, z.T @ y)
        return lambda rows: np.column_stack([space(rows), np.ones(len(rows))]) @ weights
    weights = _softmax_weights(z, y.astype(int), classes)

    def expected(rows: Array) -> Array:
        found: Array = _softmax(np.column_stack([space(rows), np.ones(len(rows))]) @ weights)
        return found

    return expected


def _softmax_weights(z: Array, y: Array, classes: int) -> Array:
    """weights[feature, class] of the multinomial logistic regression; the last feature, 1, is not penalised."""
    from scipy.optimize import minimize

    truth, n, features = np.eye(classes)[y], len(z), z.shape[1]
    shrunk = np.r_[np.full(features - 1, PENALTY / n), 0.0][:, None]

    def loss(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(features, classes)
        guess = _softmax(z @ weights)
        missed = -np.log(np.maximum(guess[np.arange(n), y], 1e-300)).mean()
        slope = z.T @ (guess - truth) / n + shrunk * weights
        return float(missed + (shrunk * weights**2).sum() / 2), slope.ravel()

    found = minimize(loss, np.zeros(features * classes), jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    weights: Array = found.x.reshape(features, classes)
    return weights


def _softmax(scores: Array) -> Array:
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Array = odds / odds.sum(axis=1, keepdims=True)
    return shares


def _neighbours_learn(x: Array, y: Array, kept: list[int], classes: int, ctx: Context) -> Learnt:
    """The mean of the nearest rows, in the space of the linear model."""
    x, y = _some("neighbours", x, y, ctx)
    space = _Space.of(x, kept)
    stock = space(x).astype(np.float32)
    values = np.eye(classes)[y.astype(int)] if classes else y[:, None]
    near, length = min(NEIGHBOURS, len(y)), (stock**2).sum(axis=1)

    def among(block: Array) -> Array:
        far = length - 2 * (space(block).astype(np.float32) @ stock.T)  # the length of the own row orders nothing
        return values[np.argpartition(far, near - 1, axis=1)[:, :near]].mean(axis=1)

    def expected(block: Array) -> Array:
        found = [among(block[start : start + BLOCK]) for start in range(0, len(block), BLOCK)]
        guess = np.concatenate([*found, np.zeros((0, values.shape[1]))])
        return guess if classes else guess[:, 0]

    return expected


def _some(learner: str, x: Array, y: Array, ctx: Context) -> tuple[Array, Array]:
    rows = sample(ctx.rng(learner), len(y), MOST_ROWS[learner])
    return x[rows], y[rows]


@dataclass(frozen=True)
class _Space:
    """Numbers as standard scores, 0 where missing; categories, and whether a number is missing, as indicators."""

    numbers: tuple[int, ...]
    middle: Array
    spread: Array
    levels: tuple[tuple[int, Array], ...]
    """Column and code of each indicator; code NaN asks whether the cell is missing."""

    @classmethod
    def of(cls, x: Array, kept: list[int]) -> "_Space":
        numbers = tuple(j for j in range(x.shape[1]) if j not in set(kept) and not np.isnan(x[:, j]).all())
        cells = x[:, list(numbers)]
        spread = np.nanstd(cells, axis=0) if numbers else np.zeros(0)
        levels = [(j, _frequent(x[:, j])) for j in kept]
        levels += [(j, np.array([np.nan])) for j in numbers if np.isnan(x[:, j]).any()]
        middle = np.nanmean(cells, axis=0) if numbers else np.zeros(0)
        return cls(numbers, middle, np.where(spread > 0, spread, 1.0), tuple(levels))

    def __call__(self, x: Array) -> Array:
        scores = (x[:, list(self.numbers)] - self.middle) / self.spread
        parts = [np.clip(np.nan_to_num(scores), -FARTHEST, FARTHEST)]
        parts += [_is(x[:, j], codes) for j, codes in self.levels]
        return np.concatenate(parts, axis=1)


def _frequent(cells: Array) -> Array:
    """The most frequent codes."""
    codes, counts = np.unique(cells[~np.isnan(cells)], return_counts=True)
    return codes[np.argsort(-counts, kind="stable")[:MOST_LEVELS]]


def _is(cells: Array, codes: Array) -> Array:
    """`[row, code]`: whether a cell has this code; NaN is one."""
    return (cells[:, None] == codes) | (np.isnan(cells)[:, None] & np.isnan(codes))


_LEARNERS: dict[str, Callable[..., Learnt]] = {
    "trees": _trees_learn,
    "linear": _linear_learn,
    "neighbours": _neighbours_learn,
}
