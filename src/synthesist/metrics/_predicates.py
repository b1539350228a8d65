"""Predicates that single out a row, and how many rows of a table meet them.

All cells of three tables become whole numbers in the order of their values, so that every predicate is some
columns with the lowest and the highest number that each allows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from synthesist.metrics._columns import Column, Columns, Side

__all__ = ["Predicates", "Ranked", "Table", "chosen", "rare"]

Array = npt.NDArray[Any]
MISSING, LOWEST, HIGHEST = 0, 1, 2**31 - 1
BATCH = 4_096
PATIENCE, WORTH = 10, 1.01
"""So many batches that found so few more: hardly any predicate is left to find."""


class Predicates(NamedTuple):
    """`column[predicate, condition]`, and the `low` and `high` ends between which a cell must lie."""

    column: Array
    low: Array
    high: Array

    def __len__(self) -> int:
        return len(self.column)

    def some(self, which: Any) -> "Predicates":
        """Some of them."""
        return Predicates(*(part[which] for part in self))


@dataclass(frozen=True)
class Table:
    """The different rows of one table, `cells[column, row]`, and for every column the rows in its order."""

    cells: Array
    order: Array
    numeric: tuple[bool, ...]

    @classmethod
    def of(cls, cells: Array, numeric: tuple[bool, ...]) -> "Table":
        """Rows that are equal in all cells count once."""
        frame = pl.DataFrame({str(j): column for j, column in enumerate(cells)}).unique(maintain_order=True)
        distinct = np.stack([frame[name].to_numpy() for name in frame.columns])
        return cls(distinct, np.argsort(distinct, axis=1, kind="stable").astype(np.int32), numeric)

    def __len__(self) -> int:
        return self.cells.shape[1]

    def matches(self, asked: Predicates, most: int = HIGHEST) -> tuple[Array, Array]:
        """How many rows meet each predicate, counted up to `most`, and one of the rows."""
        from synthesist.metrics._counting import matches

        count, row = np.zeros(len(asked), np.int64), np.zeros(len(asked), np.int64)
        column, low, high = (np.ascontiguousarray(part, np.int32) for part in asked)
        matches(column, low, high, self.cells, self.order, most, count, row)
        return count, row


@dataclass(frozen=True)
class Ranked:
    """Three tables in one order of values."""

    sides: Mapping[Side, Array]
    numeric: tuple[bool, ...]

    @classmethod
    def of(cls, columns: Columns) -> "Ranked":
        """Numbers by their rank in all three tables, from 1; categories by their code; 0 is missing."""
        ranked = [_ranks(column) for column in columns.all]
        sides: dict[Side, Array] = {side: np.stack([cells[side] for cells in ranked]) for side in columns.rows}
        return cls(sides, tuple(column.numeric for column in columns.all))

    def table(self, side: Side, rows: Array | None = None) -> Table:
        """The table of this side, or of some of its rows."""
        cells = self.sides[side] if rows is None else self.sides[side][:, rows]
        return Table.of(cells, self.numeric)


def _ranks(column: Column) -> dict[Side, Array]:
    if not column.numeric:
        return {side: cells.astype(np.int32) for side, cells in column.sides.items()}
    present = {side: cells[~np.isnan(cells)] for side, cells in column.sides.items()}
    values = np.unique(np.concatenate(list(present.values())))
    ranks: dict[Side, Array] = {}
    for side, cells in column.sides.items():
        place = np.searchsorted(values, cells) + LOWEST
        ranks[side] = np.where(np.isnan(cells), MISSING, place).astype(np.int32)
    return ranks


def chosen(made: Table, width: int, wanted: int, attempts: int, rng: np.random.Generator) -> Predicates:
    """Predicates of `width` columns, each read off a made row and met by no other one; at most `wanted`.

    A category must be equal; a number must be at least the row's where that is above the median, else at most,
    since few rows are so extreme; a missing cell must be missing.
    """
    total = made.cells.shape[0]
    middle = np.array([np.median(cells[cells > MISSING]) if (cells > MISSING).any() else 0 for cells in made.cells])
    numeric = np.array(made.numeric)
    kept: list[Array] = []
    found = [0]
    for _ in range(-(-attempts // BATCH)):
        row = rng.integers(len(made), size=BATCH)
        column = _columns(total, width, rng)
        value = made.cells[column, row[:, None]]
        bounded = numeric[column] & (value > MISSING)
        above = value > middle[column]
        asked = Predicates(
            column,
            np.where(bounded & ~above, LOWEST, value),
            np.where(bounded & above, HIGHEST, value),
        )
        kept.append(np.stack(asked.some(made.matches(asked, 2)[0] == 1)))
        together = np.concatenate(kept, axis=1)
        flat = together.transpose(1, 0, 2).reshape(together.shape[1], 3 * width)  # -1 would not do where there are none
        _, first = np.unique(flat, axis=0, return_index=True)
        kept = [together[:, np.sort(first)]]
        found.append(len(first))
        if found[-1] >= wanted or (len(found) > PATIENCE and found[-1] < WORTH * found[-PATIENCE]):
            break
    return Predicates(*kept[0][:, :wanted])


def _columns(total: int, width: int, rng: np.random.Generator) -> Array:
    """As many columns out of all for each predicate, none twice, in order."""
    column = np.empty((BATCH, width), np.int64)
    for k in range(width):
        drawn = rng.integers(total - k, size=BATCH)
        for before in range(k):  # past those that are taken, which stand in order
            drawn += drawn >= column[:, before]
        column[:, k] = drawn
        column[:, : k + 1].sort(axis=1)
    return column


def rare(made: Table, wanted: int, rng: np.random.Generator) -> Predicates:
    """Predicates of one column met by one made row: a value nobody else has, the least, the greatest, the only gap."""
    found: list[tuple[int, int, int]] = []
    for j, cells in enumerate(made.cells):
        values, counts = np.unique(cells, return_counts=True)
        alone, filled = values[counts == 1].tolist(), values[values > MISSING].tolist()
        found += [(j, value, value) for value in alone]
        if made.numeric[j] and filled:
            found += [(j, LOWEST, filled[0])] * (filled[0] in alone) + [(j, filled[-1], HIGHEST)] * (
                filled[-1] in alone
            )
    asked = np.array(found, np.int64).reshape(-1, 3)[rng.permutation(len(found))[:wanted]]
    return Predicates(*(asked[:, part : part + 1] for part in range(3)))
