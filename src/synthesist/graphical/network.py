"""A Bayesian network over codes as plain arrays: who depends on whom, and the tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from synthesist.codecs.pieces import Limit
from synthesist.core import Context

__all__ = ["Network"]


@dataclass(frozen=True)
class Network:
    """Families, one at each place, those of the parents before those of the children.

    `parents[place, k]` are columns, -1 where there are fewer; `home[place]` is an earlier place whose column and
    parents hold them all, -1 for none. `group[column, code]` is what of a code its children see.
    `tables[place][config, code]` are the probabilities of its column's codes.
    """

    column: np.ndarray
    parents: np.ndarray
    home: np.ndarray
    group: np.ndarray
    tables: tuple[np.ndarray, ...]

    def __post_init__(self) -> None:
        d = len(self.tables)
        shapes = (self.column.shape, self.home.shape, self.group.shape[:1])
        kinds = (self.column.dtype, self.parents.dtype, self.home.dtype, self.group.dtype)
        if shapes != ((d,), (d,), (d,)) or self.group.ndim != 2 or kinds != (np.int64, np.int64, np.int64, np.uint8):
            raise ValueError("the parts of a network do not fit together")
        if self.parents.ndim != 2 or len(self.parents) != d or sorted(self.column.tolist()) != list(range(d)):
            raise ValueError("a network that does not have every column once")
        for place, table in enumerate(self.tables):
            home = int(self.home[place])
            if not -1 <= home < place or not set(self._parents(place)) <= self._family(home):
                raise ValueError("a column with parents that no earlier family holds")
            configs = np.prod(self._groups[self._parents(place)], dtype=np.float64)
            if table.ndim != 2 or table.dtype != np.float32 or len(table) != configs or not table.shape[1]:
                raise ValueError("a table of another form than its parents say")
            if table.shape[1] > self.group.shape[1]:
                raise ValueError("a table of more codes than the groups of its column speak of")
            if not (table >= 0).all() or not np.isfinite(table).all():
                raise ValueError("a probability below zero")

    @property
    def sizes(self) -> np.ndarray:
        """How many codes each column has."""
        out = np.zeros(len(self.tables), np.int64)
        out[self.column] = [table.shape[1] for table in self.tables]
        return out

    def draw_new(self, n: int, ctx: Context) -> np.ndarray:
        """codes[column, row] of rows of which nothing is known, evenly."""
        from synthesist.graphical.evenly import draw_evenly

        flat, table_first, *_ = self._layout
        out = np.zeros((len(self.tables), n), np.int64)
        draw_evenly(
            self.column, self.parents, self.group, self._groups, self.sizes, flat, table_first,
            np.array([ctx.seed("rows") % 2**64], np.uint64), out,
        )  # fmt: skip
        return out

    def draw(self, known: np.ndarray, limits: Mapping[int, Limit], ctx: Context) -> np.ndarray:
        """codes[column, row] given known[column, row] where it is not -1, within the limits."""
        from synthesist.graphical.passing import draw_rows

        set_of, out = np.full(len(self.tables), -1, np.int64), np.zeros(known.shape, np.int64)
        set_of[list(limits)] = np.arange(len(limits))
        before = np.cumsum([0, *(len(limit.pieces) for limit in limits.values())])
        which = np.array([b + limit.which for b, limit in zip(before, limits.values(), strict=False)], np.int64)
        widest = self.group.shape[1]
        padded = [np.pad(limit.weights, ((0, 0), (0, widest - limit.weights.shape[1]))) for limit in limits.values()]
        flat, table_first, by_group, cell_first, to_config, map_first = self._layout
        draw_rows(
            self.column, self.parents, self.home, self.group, self._groups, self.sizes, flat, table_first, by_group,
            np.ones(cell_first[-1]), cell_first, to_config, map_first, known, set_of,
            which.reshape(len(limits), known.shape[1]), np.concatenate([np.zeros((0, widest)), *padded]),
            np.array([ctx.seed("rows") % 2**64], np.uint64), out,
        )  # fmt: skip
        return out

    def _parents(self, place: int) -> list[int]:
        """The parents of the column at a place."""
        return [int(j) for j in self.parents[place] if j != -1]

    def _family(self, place: int) -> set[int]:
        """The column at a place and its parents; nothing for -1."""
        return {int(self.column[place]), *self._parents(place)} if place >= 0 else set()

    @cached_property
    def _groups(self) -> np.ndarray:
        """How many groups each column has."""
        return self.group.max(axis=1, initial=0).astype(np.int64) + 1

    @cached_property
    def _layout(self) -> tuple[np.ndarray, ...]:
        """All tables in a row, by code and by group, and for each place what its home's cells mean to it."""
        by_group, maps = [], []
        for place, table in enumerate(self.tables):
            j = int(self.column[place])
            group = self.group[j, : table.shape[1]].astype(np.int64)
            cell = (np.arange(len(table))[:, None] * self._groups[j] + group).ravel()
            by_group.append(np.bincount(cell, table.ravel(), minlength=len(table) * int(self._groups[j])))
            maps.append(self._meant(place))
        firsts = [np.cumsum([0, *(len(part) for part in parts)]) for parts in (by_group, maps)]
        return (
            np.concatenate([np.zeros(0, np.float32), *(table.ravel() for table in self.tables)]),
            np.cumsum([0, *(table.size for table in self.tables)]),
            np.concatenate([np.zeros(0), *by_group]),
            firsts[0],
            np.concatenate([np.zeros(0, np.int64), *maps]),
            firsts[1],
        )

    def _meant(self, place: int) -> np.ndarray:
        """config[cell]: the configuration of a place's parents in each cell of its home."""
        home = int(self.home[place])
        if home < 0:
            return np.zeros(0, np.int64)
        columns = [*self._parents(home), int(self.column[home])]
        cells = np.indices(self._groups[columns].tolist()).reshape(len(columns), -1)
        config = np.zeros(cells.shape[1], np.int64)
        for parent in self._parents(place):
            config = config * self._groups[parent] + cells[columns.index(parent)]
        return config
