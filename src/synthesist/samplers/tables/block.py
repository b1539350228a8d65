"""One block of a family of tables: its rows, made column by column as they are asked for."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from synthesist.core import Context
from synthesist.data.cells import emptied, spread
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Number
from synthesist.errors import DataError
from synthesist.rules.formula import AGGREGATES, Across, Formula
from synthesist.rules.rule import Unique
from synthesist.samplers.columns import Columns
from synthesist.samplers.columns.references import Position
from synthesist.samplers.tables.counting import Span
from synthesist.samplers.tables.parents import NONE, parents_of
from synthesist.samplers.tables.plan import Link

if TYPE_CHECKING:
    from synthesist.samplers.tables.world import World

__all__ = ["Block"]

TRIES = 100  # draws of a row that is to be unlike its owner's others


class Block:
    """The rows of one block of a family; what is made once is kept as long as the block is."""

    def __init__(self, world: "World", root: str, number: int) -> None:
        self.world, self.root, self.number = world, root, number
        self._owner: dict[str, np.ndarray] = {}
        self._parents: dict[tuple[str, str], np.ndarray] = {}
        self._drawn: dict[str, pl.DataFrame] = {}
        self._columns: dict[tuple[str, str], pl.Series] = {}
        self._along: dict[tuple[str, tuple[str, ...], str], pl.Series] = {}

    def span(self, table: str) -> Span:
        """Where its rows lie in the table."""
        return self.world.skeleton.span(table, self.number)

    def rng(self, link: Link, purpose: str) -> np.random.Generator:
        """The random numbers of a link."""
        return self._place.at(link.table, "link", link.name).rng(purpose)

    def table(self, name: str) -> pl.DataFrame:
        """The finished rows of a table."""
        planned, span = self.world.plan.tables[name], self.span(name)
        out = pl.DataFrame([self.column(name, column).alias(column) for column in planned.kinds])
        for number, loss in enumerate(planned.declared.lost):
            read = loss.formula
            cells = out if read is None else self._read_by(name, read)
            rows = loss.rows(cells, self._place.at(name, "lost", number))
            out = out.with_columns(emptied(out[column], rows) for column in loss.columns)
        return out.head(span.rows)

    # ----------------------------------------------------------------------- who belongs to whom

    def owner(self, table: str) -> np.ndarray:
        """The place in this block of the row that each row belongs to."""
        if table not in self._owner:
            counts = self.world.skeleton.counts(table, self.number)
            self._owner[table] = np.repeat(np.arange(len(counts)), counts)
        return self._owner[table]

    def above(self, table: str, ancestor: str) -> np.ndarray:
        """The place of the row of `ancestor` that each row belongs to, over however many tables."""
        link = self.world.plan.tables[table].owner
        if table == ancestor or link is None:
            return np.arange(self.span(table).drawn)
        place = self.owner(table)
        return place if link.to == ancestor else self.above(link.to, ancestor)[place]

    def below(self, ancestor: str, table: str) -> tuple[np.ndarray, np.ndarray]:
        """The first place, and how many there are, of the rows that belong to each row of `ancestor`."""
        count = np.bincount(self.above(table, ancestor), minlength=self.span(ancestor).drawn)
        return np.cumsum(count) - count, count

    def position(self, table: str) -> np.ndarray:
        """The place of each row among those of its owner, from 0; of a table without owner, its index."""
        link = self.world.plan.tables[table].owner
        if link is None:
            span = self.span(table)
            return np.arange(span.first, span.first + span.drawn)
        first, _ = self.below(link.to, table)
        return np.arange(self.span(table).drawn) - first[self.owner(table)]

    def parents(self, table: str, link: str) -> np.ndarray:
        """The index of the row that each row points to; -1 where there is none."""
        if (table, link) not in self._parents:
            self._parents[table, link] = parents_of(self, self.world.plan.tables[table].links[link])
        return self._parents[table, link]

    # ----------------------------------------------------------------------- cells

    def column(self, table: str, name: str) -> pl.Series:
        """The cells of a column, before any are lost."""
        if (table, name) not in self._columns:
            self._columns[table, name] = self._made(table, name)
        return self._columns[table, name]

    def _made(self, table: str, name: str) -> pl.Series:
        planned = self.world.plan.tables[table]
        column = planned.declared.columns[name]
        if isinstance(column, Position):
            return pl.Series(self.position(table) + column.first)
        if (link := planned.link_of.get(name)) is not None:
            return self.along(table, (link.name,), link.columns[name])
        if (formula := planned.late.get(name)) is None:
            return self._drawn_alone(table)[name]
        cells = formula.compute(self._read_by(table, formula), planned.kinds[name])
        if share := column.missing:
            cells = emptied(cells, self._place.at(table, name).rng("missing").random(len(cells)) < share)
        return cells

    def _drawn_alone(self, table: str) -> pl.DataFrame:
        """The columns that are made from this table alone."""
        if table not in self._drawn:
            span, columns = self.span(table), self.world.plan.tables[table].drawn
            assert columns is not None
            here = replace(self._place, start=span.first)
            allowed = self.world.allowed if table == self.world.plan.unit else {}
            if not span.drawn or allowed:
                kinds = columns.schema.table.columns.items()
                blank = {
                    name: pl.Series([None], dtype=kind.storage).new_from_index(0, span.drawn) for name, kind in kinds
                }
                rows = Dataset({table: pl.DataFrame(blank)}, columns.schema)
                self._drawn[table] = columns.fill(rows, allowed, here).table if span.drawn else rows.table
            else:
                self._drawn[table] = columns.sample(span.drawn, here).table
            if rules := self.world.plan.tables[table].apart:
                self._drawn[table] = self._told_apart(table, rules, columns, here)
        return self._drawn[table]

    def _told_apart(self, table: str, rules: Sequence[Unique], columns: Columns, here: Context) -> pl.DataFrame:
        """The rows drawn, of which those are drawn again that are like an earlier one of their owner.

        So each is drawn from what its owner's rows before it have left.
        """
        drawn, owner = self._drawn[table], pl.Series("", self.owner(table))
        kept = [name for name, column in columns.columns.items() if column.by_index]
        others = [[name for name in rule.columns if name in drawn.columns] for rule in rules]
        for attempt in range(TRIES):
            again = np.zeros(drawn.height, dtype=bool)
            for names in others:
                rule = Unique("", ("", *names))
                again |= rule.broken(drawn.select(names).with_columns(owner)).to_numpy()
            rows = np.flatnonzero(again)
            if not len(rows):
                return drawn
            empty = drawn[rows].with_columns(
                pl.lit(None, dtype=dtype).alias(name) for name, dtype in drawn.schema.items() if name not in kept
            )
            place = replace(here.at("apart", attempt), start=0)
            made = columns.fill(Dataset({table: empty}, columns.schema), {}, place).table
            drawn = drawn.with_columns(drawn[name].clone().scatter(rows, made[name]) for name in drawn.columns)
        texts = " and ".join(f"`{rule.text}`" for rule in rules)
        raise DataError(
            f"For {len(rows):,} rows of `{table}` no values were found that their owner has not yet, as {texts} asks: "
            f"let an owner have fewer rows, by a `high` of `each`, or let there be more values."
        )

    def _read_by(self, table: str, formula: Formula) -> pl.DataFrame:
        """What a formula reads, under its names there."""
        cells = {"": pl.Series(np.arange(self.span(table).drawn))}  # so that there are rows, whatever is read
        cells |= {name: self.column(table, name) for name in formula.names}
        return pl.DataFrame(cells | {reach.name: self._across(table, reach) for reach in formula.across})

    def _across(self, table: str, reach: Across) -> pl.Series:
        return self._over(table, reach) if reach.over else self.along(table, reach.path, reach.column)

    def along(self, table: str, path: tuple[str, ...], column: str) -> pl.Series:
        """Cells of the rows that links lead to, one link after the other; empty where one leads nowhere."""
        place = (table, path, column)
        if place not in self._along:
            link = self.world.plan.tables[table].links[path[0]]
            parents = self.parents(table, link.name)
            there = parents != NONE
            if link.inside:
                cells = self.along(link.to, path[1:], column) if path[1:] else self.column(link.to, column)
                found = cells.gather(parents[there] - self.span(link.to).first)
            else:
                found = self.world.along(link.to, path[1:], column, parents[there])
            self._along[place] = spread(found, there)
        return self._along[place]

    def _over(self, table: str, reach: Across) -> pl.Series:
        """An aggregate over the rows that belong to each row, of those whose links say so."""
        below, kind = reach.path[0], self.world.plan.tables[table].across[reach.name]
        of = self._linked_above(below, table)
        cells = self.column(below, reach.column) if reach.column else pl.Series(of)
        rows = pl.DataFrame({"of": of, "it": cells}).filter(pl.col("of") != NONE)
        found = rows.group_by("of", maintain_order=True).agg(AGGREGATES[reach.over](pl.col("it")).cast(kind.storage))
        nothing = 0 if reach.over in ("sum", "count") else None
        out = pl.select(pl.repeat(nothing, self.span(table).drawn, dtype=kind.storage)).to_series()
        out = out.scatter(found["of"], found["it"])
        return out.round(kind.decimals) if isinstance(kind, Number) and kind.decimals is not None else out

    def _linked_above(self, table: str, ancestor: str) -> np.ndarray:
        """As `above`, but -1 where a link on the way is missing."""
        link = self.world.plan.tables[table].owner
        assert link is not None
        parents = self.parents(table, link.name)
        place = np.where(parents == NONE, NONE, parents - self.span(link.to).first)
        if link.to == ancestor:
            return place
        return np.where(place == NONE, NONE, self._linked_above(link.to, ancestor)[place])

    @cached_property
    def _place(self) -> Context:
        return self.world.skeleton.place(self.root, self.number)
