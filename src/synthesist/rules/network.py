"""Draws from a product of weights over cells, exactly: eliminate one variable after the other, then draw backwards.

A variable takes one of some cells; a factor weighs the cells of a few variables against each other, and what its
weight forbids never comes. The order that keeps the tables small is found greedily.

Reference: Dechter, Bucket elimination: a unifying framework for reasoning, Artificial Intelligence 113, 1999,
doi:10.1016/S0004-3702(99)00059-4.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

__all__ = ["Elimination", "Factor", "eliminated", "largest_table"]


@dataclass(frozen=True, eq=False)
class Factor:
    """weight[cell of the first variable of `scope`, cell of the second, ...]."""

    scope: tuple[str, ...]
    weight: np.ndarray


@dataclass(frozen=True, eq=False)
class Step:
    """How to draw one variable once those `given` are settled."""

    variable: str
    given: tuple[str, ...]
    sizes: tuple[int, ...]
    edges: np.ndarray
    """edges[combination of cells given, cell]: the share of the cells up to this one, plus the number of the row."""
    last: np.ndarray
    """The last cell of each row that weighs anything; -1 where none does."""


@dataclass(frozen=True, eq=False)
class Elimination:
    """Variables in the order in which they were eliminated; drawing goes backwards."""

    steps: tuple[Step, ...]
    mass: np.ndarray
    """The weight of all together for each combination of cells of the variables kept; one number if none was."""
    kept: tuple[str, ...]

    def draw(self, settled: Mapping[str, np.ndarray], n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """cell[row] of every variable, given those `settled`; -1 in rows that nothing fits."""
        cells = dict(settled)
        for step in reversed(self.steps):
            row = np.zeros(n, dtype=np.int64)
            for name, size in zip(step.given, step.sizes, strict=True):
                row = row * size + np.maximum(cells[name], 0)
            width = step.edges.shape[1]
            place = np.searchsorted(step.edges.ravel(), row + rng.random(n), side="right") - row * width
            last = step.last[row]
            # rounding may lead beyond the last cell that weighs anything
            cells[step.variable] = np.where(last < 0, -1, np.clip(place, 0, last))
        return cells


def eliminated(sizes: Mapping[str, int], factors: Iterable[Factor], kept: Sequence[str] = ()) -> Elimination:
    """Eliminate every variable but those kept."""
    waiting = list(factors)
    steps = []
    for name in _order(sizes, [factor.scope for factor in waiting], kept):
        mine = [factor for factor in waiting if name in factor.scope]
        scope = _scope(name, (factor.scope for factor in mine))
        table = _product(scope, mine, sizes)
        steps.append(_step(scope, table))
        message = table.sum(axis=-1)
        top = message.max(initial=0.0)
        waiting = [factor for factor in waiting if name not in factor.scope]
        waiting.append(Factor(scope[:-1], message / top if top > 0 else message))
    mass = _product(tuple(kept), waiting, sizes)
    return Elimination(tuple(steps), mass, tuple(kept))


def largest_table(sizes: Mapping[str, int], scopes: Iterable[tuple[str, ...]], kept: Sequence[str] = ()) -> int:
    """How many numbers the largest table of an elimination holds."""
    waiting = [set(scope) for scope in scopes]
    largest = prod(sizes[name] for name in kept)
    for name in _order(sizes, [tuple(scope) for scope in waiting], kept):
        joint = set().union(*(scope for scope in waiting if name in scope)) | {name}
        largest = max(largest, prod(sizes[other] for other in joint))
        waiting = [scope for scope in waiting if name not in scope] + [joint - {name}]
    return largest


def _order(sizes: Mapping[str, int], scopes: Sequence[tuple[str, ...]], kept: Sequence[str]) -> list[str]:
    """The next variable is that whose table is the smallest."""
    waiting = [set(scope) for scope in scopes]
    left = [name for name in sizes if name not in kept]
    order = []
    while left:
        joints = {name: set().union(*(scope for scope in waiting if name in scope)) | {name} for name in left}
        name = min(left, key=lambda name: prod(sizes[other] for other in joints[name]))
        order.append(name)
        left.remove(name)
        waiting = [scope for scope in waiting if name not in scope] + [joints[name] - {name}]
    return order


def _scope(name: str, scopes: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """All variables of these scopes, that which goes last."""
    every = dict.fromkeys(other for scope in scopes for other in scope)
    return (*(other for other in every if other != name), name)


def _product(scope: tuple[str, ...], factors: Sequence[Factor], sizes: Mapping[str, int]) -> np.ndarray:
    table = np.ones(tuple(sizes[name] for name in scope))
    for factor in factors:
        order = sorted(range(len(factor.scope)), key=lambda axis: scope.index(factor.scope[axis]))
        shape = [sizes[name] if name in factor.scope else 1 for name in scope]
        table *= factor.weight.transpose(order).reshape(shape)
    return table


def _step(scope: tuple[str, ...], table: np.ndarray) -> Step:
    *given, width = table.shape
    rows = table.reshape(-1, width)
    edges = np.cumsum(rows, axis=1)
    total = edges[:, -1:]
    edges /= np.where(total > 0, total, 1.0)
    edges += np.arange(len(rows))[:, None]
    some = rows > 0
    last = np.where(some.any(axis=1), width - 1 - some[:, ::-1].argmax(axis=1), -1)
    return Step(scope[-1], scope[:-1], tuple(given), edges, last)
