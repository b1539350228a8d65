"""Tables in memory as an origin: rows are called by their place."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
import polars as pl

from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.errors import ConditionError
from synthesist.transforms.subset.joining import joined
from synthesist.transforms.subset.origin import Met, identity, telling
from synthesist.transforms.subset.tie import Tie

__all__ = ["Memory"]

ROWS = 65_536
PLACE = "\x00place"
"""The place of a row beside its cells, by a name that no column has."""


class Memory:
    """The tables of a Dataset."""

    def __init__(self, data: Dataset) -> None:
        self.data = data
        self._pairs: dict[Tie, _Pairs] = {}

    @property
    def schema(self) -> Schema:
        return self.data.schema

    def follow(self, ties: Sequence[Tie], needed: Mapping[str, Sequence[str]]) -> None:
        del ties, needed  # all is at hand

    def count(self, table: str) -> int:
        return self.data.tables[table].height

    def scan(self, table: str, columns: Sequence[str], sql: Sequence[str] = ()) -> Iterator[pl.DataFrame]:
        if sql:
            raise ConditionError(f"{{sql: {sql[0]!r}}} is for a live database: write a condition without `sql:`.")
        wanted = dict.fromkeys((*telling(self.schema.tables[table]), *columns))
        yield from self.data.tables[table].select(*wanted).with_row_index(PLACE).iter_slices(ROWS)

    def admit(self, table: str, scanned: pl.DataFrame) -> np.ndarray:
        return scanned[PLACE].to_numpy().astype(np.int64)

    def find(self, table: str, cells: pl.DataFrame) -> Met:
        pairs = joined(cells, self.data.tables[table].select(cells.columns))
        return Met(pairs["asking"].to_numpy(), pairs["asked"].to_numpy())

    def parents(self, tie: Tie, rows: np.ndarray) -> tuple[Met, int]:
        pairs = self._of(tie)
        met = _along(rows, pairs.child, pairs.parent)
        refers = int(pairs.refers[rows].sum())
        return met, refers - len(np.unique(met.places))

    def children(self, tie: Tie, rows: np.ndarray) -> Met:
        return _along(rows, *self._of(tie).turned)

    def cells(self, table: str, rows: np.ndarray, columns: Sequence[str]) -> pl.DataFrame:
        return self.data.tables[table].select(columns)[rows]

    def identities(self, table: str, rows: np.ndarray) -> pl.DataFrame:
        schema = self.schema.tables[table]
        return identity(schema, self.cells(table, rows, telling(schema)))

    def take(self, table: str, rows: np.ndarray) -> Iterator[pl.DataFrame]:
        yield from self.data.tables[table][np.sort(rows)].iter_slices(ROWS)

    def _of(self, tie: Tie) -> "_Pairs":
        if tie not in self._pairs:
            child = self.data.tables[tie.child].select(tie.columns)
            parent = self.data.tables[tie.parent].select(tie.to).rename(dict(zip(tie.to, tie.columns, strict=True)))
            self._pairs[tie] = _Pairs(child, parent)
        return self._pairs[tie]


class _Pairs:
    """Which row of the child refers to which of the parent, in order of the child."""

    def __init__(self, child: pl.DataFrame, parent: pl.DataFrame) -> None:
        pairs = joined(child, parent)
        self.child, self.parent = pairs["asking"].to_numpy(), pairs["asked"].to_numpy()
        self.refers = child.select(pl.all_horizontal(pl.all().is_not_null())).to_series().to_numpy()

    @cached_property
    def turned(self) -> tuple[np.ndarray, np.ndarray]:
        """The same in order of the parent: rows of the parent, rows of the child."""
        order = np.argsort(self.parent, kind="stable")
        return self.parent[order], self.child[order]


def _along(rows: np.ndarray, sources: np.ndarray, ends: np.ndarray) -> Met:
    """What each of the rows leads to; `sources` are in order."""
    first, last = np.searchsorted(sources, rows, "left"), np.searchsorted(sources, rows, "right")
    sizes = last - first
    places = np.repeat(np.arange(len(rows)), sizes)
    within = np.arange(len(places)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return Met(places, ends[np.repeat(first, sizes) + within])
