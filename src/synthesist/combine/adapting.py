"""Changes that may make a source like a target, and what each is worth if each of the others were the truth.

Rows of source and target are halved. A change learns from the first halves; the second halves say how much of what
tells source from target it explains, and what models that learn from changed rows are worth in a target such as
every other change would have it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from synthesist.codecs.domains import Domains
from synthesist.combine.telling import Told, told_apart
from synthesist.core import Context, Evidence
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.errors import DataError
from synthesist.methods._affine import Moved
from synthesist.methods.importance_weighting import Weighted
from synthesist.methods.label_shift import Reweighted
from synthesist.methods.quantile_mapping import Mapped
from synthesist.metrics._learners import Learner
from synthesist.metrics._task import Task

__all__ = ["NOTHING", "Change", "Gain", "Step", "Trial", "Tried", "World", "changed", "learnt"]

Step = Reweighted | Weighted | Mapped | Moved
Change = tuple[Step, ...]
"""What is done to the source, one after another; nothing where it is empty."""
NOTHING = "nothing"
LEARNERS: tuple[Learner, Learner] = ("trees", "linear")
FEWEST_LABELS = 30


def learnt(specs: Sequence[Any], domains: Domains, ctx: Context) -> Change:
    """Each method learns its change from source rows as those before it left them."""
    steps: list[Step] = []
    for k, spec in enumerate(specs):
        source = changed(tuple(steps), domains.source, ctx.at("before", k))
        steps.append(spec.fit(_together(source, domains.target), ctx.at("step", k)))
    return tuple(steps)


def changed(steps: Change, data: Dataset, ctx: Context) -> Dataset:
    """The rows after every step."""
    for k, step in enumerate(steps):
        data = step.apply(data, ctx.at(k))
    return data


def _together(source: Dataset, target: Dataset) -> Dataset:
    tables = {"source": source, "target": target}
    schema = Schema(tables={name: side.kinds for name, side in tables.items()}, unit="source")
    return Dataset({name: side.table for name, side in tables.items()}, schema)


@dataclass(frozen=True)
class World:
    """A target as it may be: labelled rows, and how much each of them counts."""

    rows: Dataset
    weights: np.ndarray

    @classmethod
    def of(cls, steps: Change, data: Dataset, ctx: Context) -> "World":
        """What a change makes of these rows; where it would draw them again, they get weights."""
        weights = np.ones(data.units)
        for k, step in enumerate(steps):
            if isinstance(step, Reweighted | Weighted):
                weights = weights * step.weights(data)
            else:
                data = step.apply(data, ctx.at(k))
        return cls(data, weights / weights.mean())


class Gain(NamedTuple):
    """How much more of the label's spread models explain by a change, and the standard error of that."""

    value: float
    error: float
    as_good: bool
    """Whether it is as good as the best, within the error of their difference."""


@dataclass(frozen=True)
class Tried:
    """Changes, the targets they would make of the source, and how these are told from the target."""

    changes: Mapping[str, Change]
    worlds: Mapping[str, World]
    """That of each change, and under `nothing` the source itself."""
    told: Mapping[str, Told]

    @property
    def explained(self) -> dict[str, float]:
        """What share of the told-apart each takes away."""
        plain = self.told[NOTHING].auc - 0.5
        return {name: 1 - (max(told.auc, 0.5) - 0.5) / plain for name, told in self.told.items()}


@dataclass(frozen=True)
class Trial:
    """Two halves of each side, to learn a change from and to judge it by."""

    source: tuple[Dataset, Dataset]
    target: tuple[Dataset, Dataset]
    domains: Domains

    @classmethod
    def of(cls, domains: Domains, most: int, ctx: Context) -> "Trial":
        """Halves at random, of at most so many rows."""

        def halves(side: Dataset, name: str) -> tuple[Dataset, Dataset]:
            order = ctx.rng(name).permutation(side.units)
            half = min(side.units // 2, most)
            parts = [side.with_table(side.table[np.sort(part)]) for part in (order[:half], order[half : 2 * half])]
            return parts[0], parts[1]

        return cls(halves(domains.source, "source"), halves(domains.target, "target"), domains)

    def untouched(self, ctx: Context) -> Told:
        """How well trees tell the source from the target."""
        return self._told(World.of((), self.source[1], ctx), ctx.at(NOTHING))

    def same(self, ctx: Context) -> Told:
        """How well trees tell the target's own halves apart."""
        return self._told(World.of((), self.target[0], ctx), ctx.at("same"))

    def tried(self, asked: Mapping[str, Sequence[Any]], untouched: Told, ctx: Context) -> Tried:
        """Each change by the methods that make it, learnt from the first halves and judged by the second."""
        halves = Domains(self.source[0], self.target[0], self.domains.label)
        changes, told = {}, {NOTHING: untouched}
        worlds = {NOTHING: World.of((), self.source[1], ctx)}
        for name, specs in ctx.track(list(asked.items()), "trying changes"):
            here = ctx.at(name)
            changes[name] = learnt(specs, halves, here)
            worlds[name] = World.of(changes[name], self.source[1], here)
            told[name] = self._told(worlds[name], here)
        return Tried(changes, worlds, told)

    def _told(self, world: World, ctx: Context) -> Told:
        real, other = (self.domains.table_of(self.domains.alike(side)) for side in (self.target[1], world.rows))
        return told_apart(real, other, world.weights, ctx.at("told apart"))

    @property
    def truth(self) -> World:
        """The target itself, as far as its labels are known.

        Raises:
            DataError: they are not.
        """
        target, label = self.domains.target, self.domains.label
        there = label in target.table.columns
        known = target.table.filter(pl.col(label).is_not_null() if there and label else pl.lit(False))
        if known.height < FEWEST_LABELS:
            raise DataError(
                f"{known.height} target rows have a label in `{label}`: bring {FEWEST_LABELS} or more, "
                f"or choose without labels (labelled=False)."
            )
        return World(target.with_table(known), np.ones(known.height))

    def gains(
        self, changes: Mapping[str, Change], worlds: Sequence[World], likely: np.ndarray, ctx: Context
    ) -> dict[str, Gain]:
        """What models gain by each change over unchanged rows, in the mean over worlds as likely as this.

        Nothing is known where the label cannot be learnt.
        """
        ways = {NOTHING: (), **changes}
        actions = [changed(steps, self.source[0], ctx.at("act", name)) for name, steps in ways.items()]
        train, made, real = (self._stacked(rows) for rows in ([self.source[0]], actions, [w.rows for w in worlds]))
        task = Task.of(Evidence(train, real, made, target=self.domains.label), max(made.units, real.units), ctx)
        if isinstance(task, str):
            return {}
        missed = _missed(task, [action.units for action in actions], ctx)
        within = np.repeat(np.arange(len(worlds)), [world.rows.units for world in worlds])[task.test]
        counts = np.concatenate([world.weights for world in worlds])[task.test]

        def mean(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return _mean_over_worlds(values, within, counts, likely / likely.sum())

        gain, error = mean(missed[0] - missed)
        best = int(np.argmax((gain - error)[1:])) + 1
        behind, chance = mean(missed - missed[best])
        found = zip(gain.tolist(), error.tolist(), (behind <= chance).tolist(), strict=True)
        return {name: Gain(*one) for name, one in zip(ways, found, strict=True) if name != NOTHING}

    def _stacked(self, parts: Sequence[Dataset]) -> Dataset:
        """Features and labels of several tables, one below another."""
        return self.domains.table_of(pl.concat([self.domains.alike(part, labels=True) for part in parts]))


def _mean_over_worlds(
    values: np.ndarray, within: np.ndarray, counts: np.ndarray, likely: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Means of values[action, row] over rows of likely worlds; their errors add up, as they are of the same rows."""
    mean, error = np.zeros(len(values)), np.zeros(len(values))
    for world in np.unique(within):
        inside = within == world
        share = counts[inside] / counts[inside].sum()
        here = values[:, inside] @ share
        mean += likely[world] * here
        error += likely[world] * np.sqrt((values[:, inside] - here[:, None]) ** 2 @ share**2)
    return mean, error


def _missed(task: Task, units: Sequence[int], ctx: Context) -> np.ndarray:
    """missed[action, test row]: the squared error of what learns from each action's rows, as a share of the spread.

    The mean over learners; the spread is that of the labels of unchanged source rows.
    """
    wanted = np.eye(task.classes)[task.truth.astype(int)] if task.classes else task.truth[:, None]
    x, labels = task.features("holdout", task.test), task.labels["synthetic"]
    missed, ends = np.zeros((len(units), len(wanted))), np.cumsum(units)
    for action, (start, end) in enumerate(zip(ends - units, ends, strict=True)):
        rows = np.arange(start, end)[~np.isnan(labels[start:end])]
        for learner in LEARNERS:
            guess = np.nan_to_num(task.teach(learner, "synthetic", rows, ctx)(x)).reshape(wanted.shape)
            missed[action] += ((wanted - guess) ** 2).sum(axis=1) / len(LEARNERS)
    plain = labels[: units[0]]
    plain = plain[~np.isnan(plain)]
    spread = 1 - ((np.bincount(plain.astype(int)) / len(plain)) ** 2).sum() if task.classes else plain.var()
    return missed / max(float(spread), 1e-12)
