"""The prediction task that utility and fairness are judged on: a target, what learns it, and real rows to test on.

The task and what was learnt are made once for an Evidence and a seed, whichever metric asks first:
their randomness is addressed from the root of the run, not from the metric's own place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence
from synthesist.errors import NotFoundError, did_you_mean
from synthesist.metrics import _trees
from synthesist.metrics._columns import Column, Columns, Side, encoded
from synthesist.metrics._estimate import auc, sample
from synthesist.metrics._kept import kept
from synthesist.metrics._learners import Learner, Learnt, learn

__all__ = ["FEWEST", "SIDES", "Task", "Taught", "taught"]

Array = npt.NDArray[Any]

MOST_CLASSES = 20
FEWEST = 20
SIDES: tuple[Side, Side] = ("train", "synthetic")


@dataclass(frozen=True)
class Task:
    """One target, as class numbers from 0 or as standard scores, and the rows that are learnt from and tested on.

    `labels[side]` is NaN where a row has none; there are 0 `classes` where the target is a number.
    """

    columns: Columns
    target: Column
    labels: Mapping[Side, Array]
    classes: int
    learn: Mapping[Side, Array]
    test: Array
    size: int
    """The most rows that were asked for."""

    @classmethod
    def of(cls, case: Evidence, rows: int, ctx: Context) -> "Task | str":
        """The task of this evidence, or why there is none.

        Raises:
            NotFoundError: the target is no column.
        """
        here = _root(ctx)
        return kept(case, ("task", here.path, rows), lambda: cls._made(case, rows, here))

    @classmethod
    def _made(cls, case: Evidence, rows: int, ctx: Context) -> "Task | str":
        if case.target is None:
            return "No target column was named."
        columns, kinds = encoded(case), case.train.kinds.columns
        if columns.unusable:
            return columns.unusable
        if case.target not in kinds:
            raise NotFoundError(f"No target column `{case.target}`. {did_you_mean(case.target, kinds)}")
        target = next((column for column in columns.all if column.name == case.target), None)
        if target is None:
            return f"The target `{case.target}` is a key, free text or empty."
        if len(columns.all) < 2:
            return "There is no other column to predict the target from."
        labels, classes = _labels(target)
        test = _draw(labels["holdout"], rows, ctx.rng("test rows"))
        size = min(columns.rows["train"], columns.rows["synthetic"], rows)
        learn = {side: _draw(labels[side], size, ctx.rng(f"{side} rows")) for side in SIDES}
        if min(len(test), len(learn["train"])) < FEWEST:
            return f"Train and holdout need at least {FEWEST} rows with a target each."
        if len(np.unique(labels["holdout"][test])) < 2:
            return f"The holdout holds one value of `{target.name}` only."
        return cls(columns, target, labels, classes, learn, test, rows)

    @property
    def truth(self) -> Array:
        """The labels of the test rows."""
        return self.labels["holdout"][self.test]

    @property
    def measure(self) -> str:
        """What `score` measures."""
        return "R2" if not self.classes else "AUC" if self.classes == 2 else "macro AUC, one against the rest"

    @property
    def names(self) -> list[str]:
        """The columns that the target is predicted from."""
        return [column.name for column in self.columns.all if column is not self.target]

    def features(self, side: Side, rows: Array) -> Array:
        """`x[row, feature]` of these rows."""
        return self.columns.matrix(side, rows, without=self.target.name)

    def teach(self, learner: Learner, side: Side, rows: Array, ctx: Context) -> Learnt:
        """What a learner makes of these rows of one side."""
        return self.teach_rows(learner, self.features(side, rows), self.labels[side][rows], ctx)

    def teach_rows(self, learner: Learner, x: Array, y: Array, ctx: Context) -> Learnt:
        """What a learner makes of rows of any sides together."""
        return learn(learner, x, y, _trees.categorical(self.columns, without=self.target.name), self.classes, ctx)

    def score(self, guess: Array) -> tuple[float, Array]:
        """How good a guess about the test rows is, and each row's influence on that."""
        return _macro_auc(self.truth, guess) if self.classes else _r2(self.truth, guess)


@dataclass(frozen=True)
class Taught:
    """What was learnt on one side, and what it expects of the test rows."""

    learnt: Learnt
    guess: Array


def taught(
    case: Evidence, task: Task, learners: tuple[Learner, ...], ctx: Context
) -> dict[tuple[Learner, Side], Taught]:
    """Each learner on real and on synthetic rows, equally many; what another metric had learnt already is reused."""
    here = _root(ctx)

    def one(job: tuple[Learner, Side]) -> Taught:
        learner, side = job

        def make() -> Taught:
            learnt = task.teach(learner, side, task.learn[side], here)
            return Taught(learnt, learnt(task.features("holdout", task.test)))

        return kept(case, ("taught", here.path, task.size, *job), make)

    jobs = [(learner, side) for learner in learners for side in SIDES]
    return dict(zip(jobs, _trees.at_once(one, jobs, "learning the target", ctx), strict=True))


def _root(ctx: Context) -> Context:
    return replace(ctx, path=ctx.path[:1]).at("prediction")


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
