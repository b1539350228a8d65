"""Tables declared by distributions: the sampler that needs no data."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import polars as pl
from pydantic import field_validator

from synthesist.codecs.cells import emptied
from synthesist.core import Allowed, Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Kind
from synthesist.data.schema import Schema, TableSchema
from synthesist.errors import ConditionError, NotFoundError, did_you_mean
from synthesist.samplers.columns.declaration import AnyDistribution, Expression, computed, declared, kinds
from synthesist.samplers.columns.distribution import ANYTHING, Rows
from synthesist.samplers.columns.formula import Formula
from synthesist.samplers.columns.keys import Keys

__all__ = ["Columns"]

TRIES = 1_000
HOPELESS = 1_000_000  # draws of which not one met the condition


class Columns(Spec):
    """A table made from a description alone: what each column looks like, and what is computed from what.

    Columns are drawn independently of each other (`normal`, `lognormal`, `uniform`, `categorical`,
    `dates`, `durations`, `keys`, `constant`); an `expression` is computed from other columns of its row. Written
    as a page:

        kind: columns
        table: orders
        columns:
          id: {is: keys}
          price: {is: lognormal, median: 20, sigma: 0.8, decimals: 2}
          status: {is: categorical, values: [open, paid], weights: [0.2, 0.8], missing: 0.1}
          total: {is: expression, formula: "round(price * 1.19, 2)"}

    Conditions on drawn columns cut their distribution, exactly and without rejection. A condition on
    an expression is met by drawing again, at most 1,000 times a row, and then is an error that says how
    many rows were met; keys cannot be conditioned on. In a fill, an empty cell may stay empty where its
    column is declared with `missing`, unless the condition says otherwise.

    When not to use: where real data exists whose relations between columns matter; fit a method to it.
    """

    table: str = knob("table", "name of the table", tries=("table", "orders"), min_length=1)
    columns: dict[str, AnyDistribution] = knob(
        ...,
        "name and distribution of every column",
        tries=(
            {"id": {"is": "keys"}, "x": {"is": "normal"}, "y": {"is": "expression", "formula": "2 * x"}},
            {"id": {"is": "keys"}, "x": {"is": "normal", "std": 2}, "y": {"is": "expression", "formula": "x + 1"}},
        ),
        min_length=1,
    )

    block: ClassVar[int] = 65_536

    @field_validator("columns", mode="before")
    @classmethod
    def _every_fault_at_once(cls, written: Any) -> Any:
        return declared(written) if isinstance(written, Mapping) else written

    @property
    def schema(self) -> Schema:  # type: ignore[override]  # pydantic's own is deprecated
        """The table as it is declared; its key is the first column of keys."""
        key = [name for name, column in self.columns.items() if isinstance(column, Keys)][:1]
        return Schema(tables={self.table: TableSchema(columns=self._kinds, key=tuple(key))})

    @property
    def most(self) -> Mapping[str, int]:
        """How many rows the columns of unique values have values for."""
        return {name: column.most for name, column in self.columns.items() if column.most is not None}

    def sample(self, n: int, ctx: Context) -> Dataset:
        """Rows `ctx.start` to `ctx.start + n` of the table."""
        units = np.arange(ctx.start, ctx.start + n)
        return self._dataset(self._finished(self._drawn(units, {}, ctx), ctx))

    def fill(self, rows: Dataset, allowed: Mapping[str, Allowed], ctx: Context) -> Dataset:
        """The rows with their empty cells drawn from what is allowed.

        Raises:
            ConditionError: a condition excludes every declared value, or no draw meets those on expressions.
            NotFoundError: a condition names no column of this table.
        """
        for name in allowed:
            if name not in self.columns:
                raise NotFoundError(f"No column `{name}` in `{self.table}`. {did_you_mean(name, self.columns)}")
        given, tried = rows.table, 0
        waiting = np.arange(given.height)
        made, places = [], []
        for attempt in range(TRIES):
            place = ctx.at("again", attempt) if attempt else ctx
            part = given[waiting]
            drawn = self._drawn(ctx.start + waiting, allowed, place)
            full = self._finished(drawn.select(_kept(part[name], drawn[name]) for name in drawn.columns), place)
            fits = self._fits(part, full, allowed)
            made.append(full.filter(fits))
            places.append(waiting[fits])
            tried += len(waiting)
            waiting = waiting[~fits]
            if not len(waiting):
                return self._dataset(pl.concat(made)[np.argsort(np.concatenate(places))])
            if tried > HOPELESS and len(waiting) == given.height:
                break
        done = given.height - len(waiting)
        formulas = ", ".join(
            f"`{name} = {formula.text}`"
            for name, formula in self._formulas.items()
            if name in allowed or given[name].count()
        )
        raise ConditionError(
            f"Only {done:,} of {given.height:,} rows could be made to meet the condition on {formulas}: of {tried:,} "
            f"draws {done / tried:.2%} did. Widen it, or put it on the columns the formula reads."
        )

    def _drawn(self, units: np.ndarray, allowed: Mapping[str, Allowed], ctx: Context) -> pl.DataFrame:
        """The columns that need no other column."""
        run = Context(path=ctx.path[:1])  # an address begins with the seed of the run
        made = {}
        for name, column in self.columns.items():
            if isinstance(column, Expression):
                continue
            block = ctx.at(self.table, name)
            limit = allowed.get(name, ANYTHING)
            empty = self._empty_share(name, limit)
            rows = Rows(units, block, run.at(self.table, name))
            cells = column.draw(rows, limit if empty < 1 else ANYTHING)
            made[name] = emptied(cells, block.rng("missing").random(len(units)) < empty) if empty else cells
        return pl.DataFrame(made)

    def _empty_share(self, name: str, limit: Allowed) -> float:
        """The share of empty cells among those the condition lets through."""
        column = self.columns[name]
        if column.by_index and not limit.any_value:
            raise ConditionError(f"`{name}` holds unique values and cannot be conditioned on: give its cells instead.")
        full = (1 - column.missing) * column.share(limit)
        empty = column.missing if limit.missing else 0.0
        if not full + empty:
            written = column.model_dump(mode="json", exclude_defaults=True)
            raise ConditionError(f"`{name}` never takes a value the condition allows: it is {column.is_}, {written}.")
        return empty / (full + empty)

    def _finished(self, drawn: pl.DataFrame, ctx: Context) -> pl.DataFrame:
        """The rows with the computed columns, in the declared order."""
        for name, formula in self._formulas.items():
            cells = formula.compute(drawn, self._kinds[name])
            if share := self.columns[name].missing:
                cells = emptied(cells, ctx.at(self.table, name).rng("missing").random(len(cells)) < share)
            drawn = drawn.with_columns(cells.alias(name))
        return drawn.select(drawn[name] for name in self._kinds)

    def _fits(self, given: pl.DataFrame, full: pl.DataFrame, allowed: Mapping[str, Allowed]) -> np.ndarray:
        """Which rows have computed cells that are allowed and equal to those given."""
        fits = np.ones(full.height, dtype=bool)
        for name in self._formulas:
            fits &= (given[name].is_null() | (given[name] == full[name]).fill_null(False)).to_numpy()
            if name in allowed:
                fits &= (given[name].is_not_null() | allowed[name].mask(full[name])).to_numpy()
        return fits

    def _dataset(self, table: pl.DataFrame) -> Dataset:
        return Dataset({self.table: table}, self.schema)

    @cached_property
    def _kinds(self) -> dict[str, Kind]:
        return kinds(self.columns)

    @cached_property
    def _formulas(self) -> dict[str, Formula]:
        return computed(self.columns)


def _kept(given: pl.Series, drawn: pl.Series) -> pl.Series:
    """What is given where it is given, else what is drawn."""
    return given.zip_with(given.is_not_null(), drawn).alias(drawn.name)
