"""A live database as an origin: along the links only keys are read, whole rows at the end, by their keys."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from synthesist.data.databases.meanings import declared_type
from synthesist.data.kinds import Kind
from synthesist.data.schema import Schema
from synthesist.transforms.subset.joining import joined
from synthesist.transforms.subset.origin import Met, identity, telling
from synthesist.transforms.subset.tie import Tie

if TYPE_CHECKING:
    from synthesist.data.databases import Database

__all__ = ["Live"]

ROWS = 65_536
NUMBER = "\x00number"
"""The number of a row beside its cells, by a name that no column has."""
MANY = 20_000
"""Keys: where there is no index the database reads the whole table for every few of them; then we do, once."""


class Live:
    """The tables of an open database; rows are numbered as they are met."""

    def __init__(self, database: "Database") -> None:
        self.database = database
        self._met: dict[str, _Known] = {}
        self._asked: dict[Tie, pl.DataFrame] = {}
        self._counts: dict[str, int] = {}
        self._needed: Mapping[str, Sequence[str]] = {}

    @property
    def schema(self) -> Schema:
        return self.database.schema

    def follow(self, ties: Sequence[Tie], needed: Mapping[str, Sequence[str]]) -> None:
        del ties
        self._needed = needed

    def count(self, table: str) -> int:
        if table not in self._counts:
            self._counts[table] = self.database.count(table)
        return self._counts[table]

    def scan(self, table: str, columns: Sequence[str], sql: Sequence[str] = ()) -> Iterator[pl.DataFrame]:
        wanted = list(dict.fromkeys((*telling(self.schema.tables[table]), *columns)))
        if sql:
            yield self.database.where(table, " AND ".join(f"({one})" for one in sql), wanted)
        else:
            yield from self.database.blocks(table, wanted, ROWS)

    def admit(self, table: str, scanned: pl.DataFrame) -> np.ndarray:
        apart = identity(self.schema.tables[table], scanned)
        return self._known(table).numbers(apart, scanned.select(self._needed.get(table, ())))

    def find(self, table: str, cells: pl.DataFrame) -> Met:
        found = self.database.matching(table, cells.columns, cells, self._columns(table))
        numbers = self.admit(table, found)
        pairs = joined(cells, found.select(cells.columns))
        return Met(pairs["asking"].to_numpy(), numbers[pairs["asked"].to_numpy()])

    def parents(self, tie: Tie, rows: np.ndarray) -> tuple[Met, int]:
        cells = self.cells(tie.child, rows, tie.columns)
        self._ask(tie, cells.drop_nulls().unique())
        ends = self._known(tie.parent).frame.select(tie.to).rename(dict(zip(tie.to, tie.columns, strict=True)))
        pairs = joined(cells, ends)
        met = Met(pairs["asking"].to_numpy(), pairs["asked"].to_numpy())
        return met, cells.drop_nulls().height - len(np.unique(met.places))

    def children(self, tie: Tie, rows: np.ndarray) -> Met:
        cells = self.cells(tie.parent, rows, tie.to).rename(dict(zip(tie.to, tie.columns, strict=True)))
        wanted = cells.drop_nulls().unique()
        many = wanted.height >= MANY and self.count(tie.child) <= wanted.height * 1000
        found = self._matching(tie.child, wanted, scans=many)
        numbers = self.admit(tie.child, found)
        pairs = joined(cells, found.select(tie.columns))
        return Met(pairs["asking"].to_numpy(), numbers[pairs["asked"].to_numpy()])

    def cells(self, table: str, rows: np.ndarray, columns: Sequence[str]) -> pl.DataFrame:
        return self._known(table).frame.select(columns)[rows]

    def identities(self, table: str, rows: np.ndarray) -> pl.DataFrame:
        return self._known(table).apart[rows]

    def take(self, table: str, rows: np.ndarray) -> Iterator[pl.DataFrame]:
        schema = self.schema.tables[table]
        kept = self.identities(table, rows)
        if not schema.key:
            for block in self.database.blocks(table, None, ROWS):
                yield self._numbered(table, block[joined(identity(schema, block), kept)["asking"]])
            return
        for keys in kept.sort(*schema.key).iter_slices(ROWS):
            found = self.database.matching(table, schema.key, keys)
            yield self._numbered(table, found.join(keys, on=list(schema.key), how="semi").sort(*schema.key))

    def _numbered(self, table: str, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with floats as such, which a database may have given as text; numbers that are exact stay text."""
        columns = self.schema.tables[table].columns
        told = [name for name, dtype in rows.schema.items() if dtype == pl.String and _is_float(columns[name])]
        return rows.with_columns(pl.col(told).cast(pl.Float64))

    def _ask(self, tie: Tie, wanted: pl.DataFrame) -> None:
        """Meet the parents that hold these cells, but for those that were asked for before."""
        asked = self._asked.get(tie, wanted.clear())
        fresh = wanted.join(asked, on=wanted.columns, how="anti")
        self._asked[tie] = pl.concat([asked, fresh])
        found = self._matching(tie.parent, fresh.rename(dict(zip(tie.columns, tie.to, strict=True))))
        self.admit(tie.parent, found)

    def _matching(self, table: str, cells: pl.DataFrame, *, scans: bool = False) -> pl.DataFrame:
        """The rows that hold these cells: asked for, or picked out of all where that is less work."""
        if not cells.height:
            return self._none(table)
        columns, by = self._columns(table), cells.columns
        if not scans and cells.height * 10 < self.count(table):
            return self.database.matching(table, by, cells, columns)
        parts = [_semi(block, cells) for block in self.database.blocks(table, columns, ROWS)]
        return stacked(parts) if parts else self._none(table)

    def _columns(self, table: str) -> list[str]:
        return list(dict.fromkeys((*telling(self.schema.tables[table]), *self._needed.get(table, ()))))

    def _none(self, table: str) -> pl.DataFrame:
        columns = self.schema.tables[table].columns
        return pl.DataFrame(schema={name: columns[name].storage for name in self._columns(table)})

    def _known(self, table: str) -> "_Known":
        if table not in self._met:
            none = self._none(table)
            apart = identity(self.schema.tables[table], none)
            self._met[table] = _Known(apart, none.select(self._needed.get(table, ())))
        return self._met[table]


@dataclass
class _Known:
    """The rows of a table that were met: what tells them apart, and the columns of them that links read."""

    apart: pl.DataFrame
    frame: pl.DataFrame

    def numbers(self, apart: pl.DataFrame, found: pl.DataFrame) -> np.ndarray:
        """The numbers of these rows; those that were not met before get the next ones."""
        by = apart.columns
        fresh = apart.with_row_index(NUMBER).join(self.apart, on=by, how="anti", nulls_equal=True)
        fresh = fresh.unique(by, keep="first", maintain_order=True)
        if found.width:  # no link may read the table
            self.frame = stacked([self.frame, found[fresh[NUMBER]]])
        self.apart = stacked([self.apart, fresh.select(by)])
        index = self.apart.with_row_index(NUMBER)
        numbered = apart.join(index, on=by, how="left", nulls_equal=True, maintain_order="left")
        return numbered[NUMBER].to_numpy().astype(np.int64)


def stacked(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The frames one after the other; a column that a database could only give as text in one is text in all."""
    return pl.concat(frames, how="vertical_relaxed")


def _semi(block: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """The rows of the block that hold some of the cells."""
    places = joined(block.select(cells.columns), cells)["asking"].unique().sort()
    return block[places]


def _is_float(kind: Kind) -> bool:
    return kind.native is not None and declared_type(kind.native.type, kind.native.dialect).family == "float"
