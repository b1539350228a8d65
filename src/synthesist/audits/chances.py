"""Chance as an audit lends it to the holder of rows: as it is, or with numbers that can be told again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from synthesist.dp.private import EXACT, Chance

__all__ = ["EXACT", "LIFT", "Calls", "as_it_is", "constant", "latest", "marked", "plain"]

LIFT = 2**40
"""What plain noise is: it lifts every count above any threshold, and is taken off again."""


@dataclass
class Calls:
    """What the holder of rows asked of chance, and was given."""

    gaussian: list[tuple[np.ndarray, float]] = field(default_factory=list)
    """(noise, variance)"""
    choice: list[tuple[np.ndarray, Any, float, int]] = field(default_factory=list)
    """(scores, what one unit changes in them, epsilon, the choice)"""
    normal: list[np.ndarray] = field(default_factory=list)
    part: list[tuple[int, float, int]] = field(default_factory=list)
    """(how many units, rate, how many of them take part)"""


def as_it_is(calls: Calls) -> Chance:
    """The chance of a real run."""
    return _noted(calls, EXACT.gaussian, EXACT.choice, EXACT.normal, EXACT.part)


def plain(calls: Calls) -> Chance:
    """None at all: the same noise everywhere, the first candidate, and all units take part."""
    return _noted(
        calls,
        lambda n, variance: np.full(n, LIFT, np.int64),
        lambda scores, sensitivity, epsilon: 0,
        np.zeros,
        lambda n, rate: np.ones(n, bool),
    )


def marked(calls: Calls, rng: np.random.Generator) -> Chance:
    """Noise of which no two are alike, the last candidate, and no unit takes part."""
    return _noted(
        calls,
        lambda n, variance: np.asarray(LIFT + rng.integers(2**50, size=n)),
        lambda scores, sensitivity, epsilon: len(scores) - 1,
        lambda n: np.asarray(rng.normal(3.0, 1.0, n)),
        lambda n, rate: np.zeros(n, bool),
    )


def constant(calls: Calls, noise: int) -> Chance:
    """The same noise for every number."""
    return _noted(calls, lambda n, variance: np.full(n, noise, np.int64), EXACT.choice, EXACT.normal, EXACT.part)


def latest(calls: Callable[[], Calls], chance: Callable[[Calls], Chance]) -> Chance:
    """Chance that takes its notes in whatever `calls` says at the time."""
    return Chance(
        lambda n, variance: chance(calls()).gaussian(n, variance),
        lambda scores, sensitivity, epsilon: chance(calls()).choice(scores, sensitivity, epsilon),
        lambda n: chance(calls()).normal(n),
        lambda n, rate: chance(calls()).part(n, rate),
    )


def _noted(
    calls: Calls,
    gaussian: Callable[..., np.ndarray],
    choice: Callable[..., int],
    normal: Callable[..., np.ndarray],
    part: Callable[..., np.ndarray],
) -> Chance:
    """Chance that takes down what it is asked for."""

    def gaussian_(n: int, variance: Any) -> np.ndarray:
        calls.gaussian.append((noise := gaussian(n, variance), float(variance)))
        return noise

    def choice_(scores: np.ndarray, sensitivity: Any, epsilon: float) -> int:
        calls.choice.append((scores, sensitivity, epsilon, chosen := choice(scores, sensitivity, epsilon)))
        return chosen

    def normal_(n: int) -> np.ndarray:
        calls.normal.append(noise := normal(n))
        return noise

    def part_(n: int, rate: float) -> np.ndarray:
        calls.part.append((n, rate, int((taking := part(n, rate)).sum())))
        return taking

    return Chance(gaussian_, choice_, normal_, part_)
