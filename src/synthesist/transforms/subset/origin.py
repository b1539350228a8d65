"""Where keys and rows come from: tables in memory, or a live database of which only keys are read until the end."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl

from synthesist.data.schema import Schema, TableSchema
from synthesist.transforms.subset.drawing import fingerprints
from synthesist.transforms.subset.tie import Tie

__all__ = ["Met", "Origin", "identity", "telling"]


@dataclass(frozen=True)
class Met:
    """The rows at the other end of a link: `rows[i]` belongs to the asking row at `places[i]`."""

    places: np.ndarray
    rows: np.ndarray


class Origin(Protocol):
    """Tables whose rows are called by whole numbers, each table's own."""

    @property
    def schema(self) -> Schema: ...

    def follow(self, ties: Sequence[Tie], needed: Mapping[str, Sequence[str]]) -> None:
        """Get ready for these links; `needed` are the columns of each table that will be read along them."""
        ...

    def count(self, table: str) -> int:
        """How many rows the table has."""
        ...

    def scan(self, table: str, columns: Sequence[str], sql: Sequence[str] = ()) -> Iterator[pl.DataFrame]:
        """All rows that meet conditions of the database, some at a time: these columns, and what tells rows apart."""
        ...

    def admit(self, table: str, scanned: pl.DataFrame) -> np.ndarray:
        """The numbers of rows that were scanned."""
        ...

    def find(self, table: str, cells: pl.DataFrame) -> Met:
        """The rows that hold these cells in the columns of the same names."""
        ...

    def parents(self, tie: Tie, rows: np.ndarray) -> tuple[Met, int]:
        """What rows of the child refer to, and how many refer to a row that is not there."""
        ...

    def children(self, tie: Tie, rows: np.ndarray) -> Met:
        """What refers to rows of the parent."""
        ...

    def cells(self, table: str, rows: np.ndarray, columns: Sequence[str]) -> pl.DataFrame:
        """Cells of columns that were announced as needed."""
        ...

    def identities(self, table: str, rows: np.ndarray) -> pl.DataFrame:
        """What tells these rows apart, as `identity` has it."""
        ...

    def take(self, table: str, rows: np.ndarray) -> Iterator[pl.DataFrame]:
        """These rows whole, some at a time, in an order that does not depend on how they were found."""
        ...


def telling(table: TableSchema) -> list[str]:
    """The columns that tell rows apart: the key, and all where there is none."""
    return list(table.key or table.columns)


def identity(table: TableSchema, rows: pl.DataFrame) -> pl.DataFrame:
    """What tells rows apart: their keys, and fingerprints of all cells where there is no key."""
    cells = rows.select(telling(table))
    return cells if table.key else fingerprints(cells)
