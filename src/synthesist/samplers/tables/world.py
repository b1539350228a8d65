"""All related tables of one drawing: any row of any of them by its index, and all of them in chunks."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

import numpy as np
import polars as pl

from synthesist.codecs.keys import Keys
from synthesist.core import Allowed, Context
from synthesist.data.cells import spread
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Id
from synthesist.errors import DataError
from synthesist.samplers.columns.distribution import Rows
from synthesist.samplers.columns.provided import Provided
from synthesist.samplers.tables.block import Block
from synthesist.samplers.tables.counting import Skeleton
from synthesist.samplers.tables.parents import NONE, Popularity, popularity
from synthesist.samplers.tables.plan import Link, Plan

__all__ = ["KEPT", "World"]

KEPT = 256 * 2**20  # bytes of cells kept for rows that are pointed to from other blocks
MANY = 2**22  # rows of a table whose keys are rather made again than kept, where they are texts


@dataclass(frozen=True, eq=False)
class World:
    """What all chunks must know, and the chunks: independent of each other, in any order, on any machine.

    Cells of rows in other blocks are drawn again where they are needed, and kept up to 256 MB. Weights of popular
    rows take 16 bytes for each row of their table.
    """

    plan: Plan
    skeleton: Skeleton
    allowed: Mapping[str, Allowed]

    def require_keys(self) -> None:
        """Refuse more rows of a table than there are values of a column where none may come twice.

        Raises:
            DataError: there are more.
        """
        for name, table in self.plan.tables.items():
            rows = self.skeleton.rows(name)
            for column, most in (table.drawn.most if table.drawn else {}).items():
                if rows > most:
                    raise DataError(
                        f"`{name}.{column}` has only {most:,} different values, and there are {rows:,} rows."
                    )
            for column, kind in table.kinds.items():
                if isinstance(kind, Id) and column not in table.link_of:
                    Keys.of(kind).require(rows, f"{name}.{column}")
            for link in table.links.values():
                self._require_rows(link)

    def _require_rows(self, link: Link) -> None:
        rows, there = self.skeleton.rows(link.table), self.skeleton.rows(link.to)
        column = f"{link.table}.{next(iter(link.columns))}"
        if rows and not there and link.missing < 1 and not link.inside:
            raise DataError(f"`{column}` refers to `{link.to}`, which has no rows.")
        if link.distinct and not link.own:
            owned = self.plan.tables[link.table].owner is not None
            most = self.skeleton.most[link.table] if owned else rows
            if most > there:
                whose = "one owner has" if owned else "there are"
                cure = f"give `each` a `high` of {there:,} at most" if owned else "ask for fewer"
                raise DataError(
                    f"`{column}` takes no row of `{link.to}` twice: {whose} {most:,} rows, and there are {there:,} "
                    f"`{link.to}`. Ask for more `{link.to}`, or {cure}."
                )

    @cached_property
    def run(self) -> Context:
        """Where numbers come from that are the same in all blocks."""
        return Context(path=self.skeleton.ctx.path[:1])

    # ----------------------------------------------------------------------- chunks

    @property
    def rows(self) -> Mapping[str, int]:
        """How many rows each table has."""
        return {name: self.skeleton.rows(name) for name in self.plan.tables}

    @property
    def chunks(self) -> int:
        """How many chunks there are."""
        return len(self._chunks)

    def chunk(self, number: int) -> Dataset:
        """The rows of one chunk: a block of one family; the other tables have no rows in it."""
        root, block = self._chunks[number]
        made = Block(self, root, block)
        here = self.plan.families[root].tables
        tables = {name: made.table(name) if name in here else empty for name, empty in self._empty.items()}
        return Dataset(tables, self.plan.schema)

    @cached_property
    def _chunks(self) -> list[tuple[str, int]]:
        return [(root, block) for root in self.plan.families for block in range(self.skeleton.blocks(root))]

    @cached_property
    def _empty(self) -> dict[str, pl.DataFrame]:
        return {
            name: pl.DataFrame(schema={column: kind.storage for column, kind in table.kinds.items()})
            for name, table in self.plan.tables.items()
        }

    # ----------------------------------------------------------------------- any row by its index

    def along(self, table: str, path: tuple[str, ...], column: str, rows: np.ndarray) -> pl.Series:
        """Cells of rows, or of the rows that links lead to from there."""
        if not path:
            return self.cells(table, column, rows)
        link = self.plan.tables[table].links[path[0]]
        parents = self._gathered(table, ("link", link.name), rows).to_numpy()
        there = parents != NONE
        return spread(self.along(link.to, path[1:], column, parents[there]), there)

    def cells(self, table: str, column: str, rows: np.ndarray) -> pl.Series:
        """Cells of rows anywhere in a table."""
        planned = self.plan.tables[table]
        if (link := planned.link_of.get(column)) is not None:
            return self.along(table, (link.name,), link.columns[column], rows)
        if self._by_index(table, column) and (
            planned.kinds[column].storage == pl.Int64 or self.skeleton.rows(table) > MANY
        ):
            return self._keys(table, column, rows)
        return self._gathered(table, ("column", column), rows)

    def _by_index(self, table: str, column: str) -> bool:
        """Whether cells follow from the number of their row alone, and not from an entity as well."""
        planned = self.plan.tables[table]
        declared = planned.declared.columns[column]
        if isinstance(declared, Provided):
            return False
        return declared.by_index and not declared.missing and column in (planned.drawn.columns if planned.drawn else ())

    def _keys(self, table: str, column: str, rows: np.ndarray) -> pl.Series:
        """Cells that follow from the number of their row."""
        here = self.run.at(table, column)
        return self.plan.tables[table].declared.columns[column].draw(Rows(rows, here, here))

    def popularity(self, link: Link) -> Popularity:
        """How often each row that a link leads to is pointed to."""
        key = (link.table, link.name)
        if key not in self._popular:
            self._popular[key] = popularity(self, link)
        return self._popular[key]

    def _gathered(self, table: str, what: tuple[str, str], rows: np.ndarray) -> pl.Series:
        """Parts of blocks, at rows anywhere in a table."""
        first = self.skeleton.first[table]
        if len(first) == 2:
            return self._part(table, 0, what).gather(rows)
        block = np.searchsorted(first[:-1], rows, side="right") - 1  # rows beyond the end are of the last block
        order = np.argsort(block, kind="stable")
        numbers, begins = np.unique(block[order], return_index=True)
        parts = [
            self._part(table, int(number), what).gather(rows[here] - first[number])
            for number, here in zip(numbers, np.split(order, begins[1:]), strict=True)
        ]
        back = np.empty(len(order), dtype=np.int64)
        back[order] = np.arange(len(order))
        return (pl.concat(parts) if parts else self._part(table, 0, what).clear()).gather(back)

    def _part(self, table: str, number: int, what: tuple[str, str]) -> pl.Series:
        """A column of a block, or the rows that a link of it leads to."""
        is_, name = what

        def make() -> pl.Series:
            if is_ == "column" and self._by_index(table, name):
                span = self.skeleton.span(table, number)
                return self._keys(table, name, np.arange(span.first, span.first + span.drawn))
            block = Block(self, self.plan.family_of[table], number)
            return block.column(table, name) if is_ == "column" else pl.Series(block.parents(table, name))

        return self._kept.get((table, number, what), make)

    @cached_property
    def _kept(self) -> "_Kept":
        return _Kept(KEPT)

    @cached_property
    def _popular(self) -> dict[tuple[str, str], Popularity]:
        return {}


class _Kept:
    """Series made before, up to so many bytes; those that were not asked for the longest go first."""

    def __init__(self, most: int) -> None:
        self.most, self.bytes, self.lock = most, 0, Lock()
        self.series: OrderedDict[object, pl.Series] = OrderedDict()

    def get(self, key: object, make: Callable[[], pl.Series]) -> pl.Series:
        """The series of this key; two threads may both make one, which are alike."""
        with self.lock:
            if key in self.series:
                self.series.move_to_end(key)
                return self.series[key]
        made = make()
        with self.lock:
            if key not in self.series:
                self.series[key] = made
                self.bytes += int(made.estimated_size())
            while self.bytes > self.most and len(self.series) > 1:
                self.bytes -= int(self.series.popitem(last=False)[1].estimated_size())
        return made
