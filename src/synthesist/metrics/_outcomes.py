"""What happens to people and what a model says will: the outcomes that fairness is judged by."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from synthesist.core import Context, Evidence, knob
from synthesist.errors import NotFoundError, did_you_mean
from synthesist.metrics._columns import Side
from synthesist.metrics._disparity import Gap, Gaps
from synthesist.metrics._groups import Groups
from synthesist.metrics._task import Task, taught

__all__ = ["Outcomes", "positive"]

Array = npt.NDArray[Any]


def positive() -> Any:
    """The option that names the outcome which counts as the good one."""
    return knob(
        None,
        "the outcome that counts; by default the rarer of two, each in turn of more, and the upper half of numbers",
        tries=("private", "public"),
    )


@dataclass(frozen=True)
class Outcomes:
    """The outcomes of a task, by name, and what trees that learnt on either side expect of the test rows."""

    task: Task
    expected: dict[Side, Array]
    numbers: dict[str, int]
    """The class of each outcome; where the target is a number, the only one is its upper half."""

    @classmethod
    def of(cls, case: Evidence, rows: int, wanted: str | None, ctx: Context) -> "Outcomes | str":
        """The outcomes of this evidence, or why there are none.

        Raises:
            NotFoundError: the target is no column, or never has the wanted value.
        """
        task = Task.of(case, rows, ctx)
        if isinstance(task, str):
            return task
        found = taught(case, task, ("trees",), ctx)
        expected: dict[Side, Array] = {side: one.guess for (_, side), one in found.items()}
        return cls(task, expected, _numbers(case, task, wanted))

    def happened(self, side: Side, outcome: str) -> Array:
        """Which rows of a side have the outcome, as 0 and 1."""
        labels = self.task.labels[side]
        return (labels > self._middle if not self.task.classes else labels == self.numbers[outcome]).astype(float)

    def came_true(self, outcome: str) -> Array:
        """Which test rows have the outcome."""
        return self.happened("holdout", outcome)[self.task.test] == 1

    def said(self, side: Side, outcome: str) -> Array:
        """Which test rows are said to have the outcome, as 0 and 1, by what was learnt on this side."""
        guess = self.expected[side]
        says = guess > self._middle if not self.task.classes else guess.argmax(axis=1) == self.numbers[outcome]
        return says.astype(float)

    def surprise(self, side: Side, outcome: str) -> Array:
        """What happened in each test row less what was expected: of a probability, or of a standard score."""
        guess = self.expected[side]
        if not self.task.classes:
            return self.task.truth - np.where(np.isnan(guess), 0.0, guess)
        return self.came_true(outcome) - guess[:, self.numbers[outcome]]

    def tested(self, groups: Groups) -> Array:
        """The group of each test row."""
        return groups.codes["holdout"][self.task.test]

    def each(self, measure: Callable[[str], Gap | None]) -> Gaps:
        """What is measured of each outcome, where there is something to measure."""
        found = {outcome: measure(outcome) for outcome in self.numbers}
        return {outcome: one for outcome, one in found.items() if one}

    @property
    def _middle(self) -> float:
        return float(np.nanmedian(self.task.labels["train"]))


def _numbers(case: Evidence, task: Task, wanted: str | None) -> dict[str, int]:
    if not task.classes:
        return {"upper half": 0}
    words, labels = case.train.table[task.target.name].cast(pl.String), task.labels["train"]
    known = ~np.isnan(labels)
    first = dict(zip(words.filter(pl.Series(known)).to_list()[::-1], labels[known].astype(int)[::-1], strict=True))
    if wanted is not None:
        if wanted not in first:
            raise NotFoundError(f"The target `{task.target.name}` is never {wanted!r}. {did_you_mean(wanted, first)}")
        return {"outcome": first[wanted]}
    if task.classes == 2:
        return {"outcome": 1}
    return {f"class {k + 1}": k for k in range(task.classes)}
