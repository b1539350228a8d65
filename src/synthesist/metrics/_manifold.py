"""Rows as points, and which real points have a synthetic one near: one pass for all metrics of supports.

Every number becomes its standard score in train, every category a corner of a simplex whose corners
lie 1 apart (the 20 most frequent and a rest), and a missing number the mean and a mark beside it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context
from synthesist.metrics._columns import Column, Columns, Side
from synthesist.metrics._estimate import sample
from synthesist.metrics._kept import kept

__all__ = ["NEIGHBOURS", "Manifold", "Near", "manifold", "near", "radii"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

NEIGHBOURS = 5  # the radius of a real point is its distance to so many others, as in the papers
LEVELS = 20
BLOCK = 512  # rows of distances held at once
DIGITS = 9  # squared distances are rounded: equal rows are at distance 0, not at 1e-8


@dataclass(frozen=True)
class Near:
    """How the points of another table lie around the real ones.

    `distance[real]` to the nearest other point, `which[real]` that is; `inside[other]`, the number of real
    balls it lies in, `held[real]`, the number of others in that ball; `alone` and `alone_first` are, for each
    real point, the only other point in its ball and in the ball up to its nearest real neighbour; -1: none or several.
    """

    distance: Floats
    which: Array
    inside: Array
    held: Array
    alone: Array
    alone_first: Array


@dataclass(frozen=True)
class Manifold:
    """Equally many points of three tables; `first` and `radius` are the distances of a real point to its nearest
    and to its fifth nearest real neighbour."""

    points: Mapping[Side, Floats]
    first: Floats
    radius: Floats
    near: Mapping[Side, Near]

    @property
    def rows(self) -> int:
        """How many points each table has."""
        return len(self.radius)


def manifold(columns: Columns, most: int, ctx: Context) -> Manifold:
    """The points of at most so many rows a table; the second call for the same rows costs nothing."""
    place = Context(path=ctx.path[:1]).at("manifold", most)
    return kept(columns, place.path, lambda: _manifold(columns, most, place))


def _manifold(columns: Columns, most: int, ctx: Context) -> Manifold:
    rows = min(most, *columns.rows.values())
    points = embedded(
        columns, {side: sample(ctx.rng(f"{side} rows"), count, rows) for side, count in columns.rows.items()}
    )
    first, radius = radii(points["train"])
    sides: tuple[Side, Side] = ("synthetic", "holdout")
    return Manifold(points, first, radius, {side: near(points["train"], points[side], first, radius) for side in sides})


def radii(real: Floats, neighbours: int = NEIGHBOURS) -> tuple[Floats, Floats]:
    """The distance of every point to its nearest and to its k-th nearest other point."""
    k = min(neighbours, len(real) - 1)
    first, radius = np.empty(len(real)), np.empty(len(real))
    for rows, squared in _squared(real, real):
        squared[np.arange(len(squared)), np.arange(rows.start, rows.stop)] = np.inf
        lowest = np.partition(squared, sorted({0, k - 1}), axis=1)
        first[rows], radius[rows] = np.sqrt(lowest[:, 0]), np.sqrt(lowest[:, k - 1])
    return first, radius


def near(real: Floats, other: Floats, first: Floats, radius: Floats) -> Near:
    """How `other` lies around the real points, whose balls have these radii, both ends included."""
    n = len(real)
    distance, inside = np.empty(n), np.zeros(len(other), np.int64)
    which, held, alone, alone_first = (np.empty(n, np.int64) for _ in range(4))
    for rows, squared in _squared(real, other):
        which[rows] = squared.argmin(axis=1)
        distance[rows] = np.sqrt(np.take_along_axis(squared, which[rows, None], axis=1)[:, 0])
        within = squared <= radius[rows, None] ** 2 * (1 + 1e-12)
        inside += within.sum(axis=0)
        held[rows] = within.sum(axis=1)
        alone[rows] = np.where(held[rows] == 1, which[rows], -1)
        closer = (squared <= first[rows, None] ** 2 * (1 + 1e-12)).sum(axis=1)
        alone_first[rows] = np.where(closer == 1, which[rows], -1)
    return Near(distance, which, inside, held, alone, alone_first)


def _squared(a: Floats, b: Floats) -> Iterator[tuple[slice, Floats]]:
    """Squared distances `[a, b]`, a block of rows of `a` at a time."""
    length_b = (b**2).sum(axis=1)
    for start in range(0, len(a), BLOCK):
        rows = slice(start, min(start + BLOCK, len(a)))
        squared = (a[rows] ** 2).sum(axis=1)[:, None] + length_b - 2 * (a[rows] @ b.T)
        yield rows, np.maximum(np.round(squared, DIGITS), 0)


def embedded(columns: Columns, rows: Mapping[Side, Array]) -> dict[Side, Floats]:
    """The chosen rows as points `x[row, dimension]`."""
    found: dict[Side, list[Floats]] = {side: [] for side in rows}
    for column in columns.all:
        for side, part in (_number if column.numeric else _corner)(column, rows).items():
            found[side].append(part)
    return {side: np.concatenate(parts, axis=1) for side, parts in found.items()}


def _number(column: Column, rows: Mapping[Side, Array]) -> dict[Side, Floats]:
    real = column["train"][~column.missing("train")]
    middle, spread = (float(real.mean()), float(real.std())) if len(real) else (0.0, 1.0)
    holes = any(column.missing(side).any() for side in rows)
    found = {}
    for side, at in rows.items():
        cells = (column[side][at] - middle) / (spread or 1.0)
        empty = np.isnan(cells)
        parts = [np.clip(np.where(empty, 0.0, cells), -FAR, FAR)]
        found[side] = np.column_stack([*parts, empty.astype(float)] if holes else parts)
    return found


FAR = 1e3  # a number so many spreads away is as far as can be


def _corner(column: Column, rows: Mapping[Side, Array]) -> dict[Side, Floats]:
    count = np.bincount(column["train"], minlength=column.levels + 1)
    kept = np.argsort(-count, kind="stable")[:LEVELS]
    place = np.full(column.levels + 1, len(kept))
    place[kept] = np.arange(len(kept))
    corners = np.eye(len(kept) + 1) * 0.5**0.5
    return {side: corners[place[column[side][at]]] for side, at in rows.items()}
