"""Tables declared by distributions: the sampler that needs no data."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import polars as pl
from pydantic import ValidationInfo, field_validator, model_validator

from synthesist.core import Allowed, Context, Spec, knob
from synthesist.data.cells import emptied
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Kind
from synthesist.data.schema import Schema, TableSchema
from synthesist.errors import ConditionError, NotFoundError, SpecError, did_you_mean
from synthesist.providers import AnyEntity
from synthesist.rules.formula import Formula
from synthesist.rules.rule import Rule, read_rule
from synthesist.rules.system import System
from synthesist.samplers.columns.correlated import Correlated
from synthesist.samplers.columns.declaration import (
    AnyDistribution,
    Expression,
    computed,
    declared,
    faults_of_groups,
    faults_of_losses,
    kinds,
)
from synthesist.samplers.columns.distribution import ANYTHING, Rows
from synthesist.samplers.columns.keys import Keys
from synthesist.samplers.columns.lost import Lost
from synthesist.samplers.columns.provided import Provided, drawn_as_one, faults_of_parts, together
from synthesist.samplers.columns.ruled import faults_of_rules, system_of

__all__ = ["Columns"]

TRIES = 1_000
DOUBLED = {"is": "expression", "formula": "2 * x"}
HOPELESS = 1_000_000  # draws of which not one met the condition


class Columns(Spec):
    """A table made from a description alone: what each column looks like, and what is computed from what.

    Columns are drawn independently of each other, from some forty distributions; those of a `correlated` group go
    together, and an `expression` is computed from other columns of its row. Written as a page:

        kind: columns
        table: orders
        columns:
          id: {is: keys}
          price: {is: lognormal, median: 20, sigma: 0.8, decimals: 2}
          status: {is: categorical, values: [open, paid], weights: [0.2, 0.8], missing: 0.1}
          weight: {is: gamma, shape: 2, scale: 3, decimals: 1}
          total: {is: expression, formula: "round(price * 1.19, 2)"}
        correlated:
          - {columns: [price, weight], spearman: 0.6}
        lost:
          - {columns: [weight], share: 0.5, when: status == "open"}

    Columns that are `provided` are parts of `entities`, as in {is: provided, by: buyer.city} with the entity
    {buyer: {is: person, locale: de_DE}}: person, address, geo, company, web, product, medical, financial or text.

    Rules, as in `price <= 900` or `if status = "open" then weight < 5`, are compiled into the drawing: no row breaks
    one, and rules that contradict each other are refused. So are conditions, on drawn columns, several of a group, and
    expressions. One on a column that loses cells, or an expression with functions of texts or the calendar, is met by
    drawing again, at most 1,000 times a row, and then is an error that says how many rows were met; keys cannot be
    conditioned on. In a fill, an empty cell may stay empty where its column is declared with `missing`, or loses cells,
    unless the condition says otherwise.

    When not to use: where real data exists whose relations between columns matter; fit a method to it.
    """

    table: str = knob("table", "name of the table", tries=("table", "orders"), min_length=1)
    entities: dict[str, AnyEntity] = knob(
        {},
        "people, places ... by name, of which columns are parts: the provider and its options",
        tries=({"somebody": {"is": "person"}}, {"somebody": {"is": "person", "locale": "de_DE"}}),
        beside={"columns": {"name": {"is": "provided", "by": "somebody.first_name"}}},
    )
    columns: dict[str, AnyDistribution] = knob(
        ...,
        "name and distribution of every column",
        tries=(
            {"id": {"is": "keys"}, "x": {"is": "normal"}, "y": {"is": "gamma"}, "z": DOUBLED},
            {"id": {"is": "keys"}, "x": {"is": "normal", "std": 2}, "y": {"is": "gamma"}, "z": DOUBLED},
        ),
        min_length=1,
    )

    correlated: tuple[Correlated, ...] = knob(
        (),
        "groups of columns that go together: their names, and Spearman's rank correlations",
        tries=((), ({"columns": ["x", "y"], "spearman": 0.9},)),
    )

    lost: tuple[Lost, ...] = knob(
        (),
        "cells that are lost once all are made: of which columns together, in how many rows, and when",
        tries=((), ({"columns": ["y"], "share": 0.5, "when": "x > 0"},)),
    )

    rules: tuple[str | dict[str, Any], ...] = knob(
        (),
        "what holds in every row, or between rows, as in `start <= end` or `zip -> city`",
        tries=((), ("x < y",)),
    )

    block: ClassVar[int] = 65_536

    @field_validator("columns", mode="before")
    @classmethod
    def _every_fault_at_once(cls, written: Any, info: ValidationInfo) -> Any:
        if not isinstance(written, Mapping) or "entities" not in info.data:
            return written
        return declared(written, info.data["entities"])

    @model_validator(mode="after")
    def _columns_fit_together(self) -> "Columns":
        faults = faults_of_groups(self.correlated, self.columns) + faults_of_losses(self.lost, self.columns)
        faults = faults or faults_of_rules(self.rules, self.columns, self.lost, self.correlated)
        tied = [name for group in self.correlated for name in group.columns]
        tied += [name for rule in (() if faults else self._rules) for name in rule.columns]
        if faults := faults or faults_of_parts(self.columns, tied):
            raise ValueError("; ".join(faults))
        if conflict := self._system.conflict():
            texts = "; ".join(f"`{rule.text}`" for rule in conflict)
            together = "these rules contradict each other" if len(conflict) > 1 else "this rule cannot be met"
            raise ValueError(f"rules: no row can be made, as {together}, for what the columns take: {texts}")
        return self

    @property
    def schema(self) -> Schema:  # type: ignore[override]  # pydantic's own is deprecated
        """The table as it is declared; its key is the first column of keys."""
        key = [name for name, column in self.columns.items() if isinstance(column, Keys)][:1]
        texts = tuple(rule.text for rule in self._rules)
        return Schema(tables={self.table: TableSchema(columns=self._kinds, key=tuple(key), rules=texts)})

    @property
    def most(self) -> Mapping[str, int]:
        """How many rows the columns of unique values have values for."""
        most = {name: column.most for name, column in self.columns.items() if column.most is not None}
        return {**most, **self._system.most}

    def sample(self, n: int, ctx: Context) -> Dataset:
        """Rows `ctx.start` to `ctx.start + n` of the table."""
        units = np.arange(ctx.start, ctx.start + n)
        drawn, unfit = self._drawn(units, {}, ctx, None)
        if unfit.any():
            raise ConditionError(self._unmet(int(unfit.sum()), n, {}))
        return self._dataset(self._finished(drawn, ctx, None))

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
            drawn, unfit = self._drawn(ctx.start + waiting, allowed, place, part)
            if unfit.any():
                raise ConditionError(self._unmet(int(unfit.sum()), given.height, allowed))
            full = self._finished(drawn.select(_kept(part[name], drawn[name]) for name in drawn.columns), place, part)
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
        late = [name for name in self._settled_late(allowed) if name in allowed or given[name].count()]
        written = ", ".join(f"`{name}" + (f" = {f.text}`" if (f := self._formulas.get(name)) else "`") for name in late)
        raise ConditionError(
            f"Only {done:,} of {given.height:,} rows could be made to meet the condition on {written}: of {tried:,} "
            f"draws {done / tried:.2%} did. Widen it, or put it on the columns a formula reads."
        )

    def _drawn(
        self, units: np.ndarray, allowed: Mapping[str, Allowed], ctx: Context, given: pl.DataFrame | None
    ) -> tuple[pl.DataFrame, np.ndarray]:
        """The columns that are not computed, and which rows no rule lets through.

        Cells that are `given` move those that go with them.
        """
        run = Context(path=ctx.path[:1])  # an address begins with the seed of the run
        place = ctx.at(self.table), run.at(self.table)
        for name in self._system.columns(allowed) & allowed.keys():
            self._empty_share(name, allowed[name])  # refuses what can never be
        made, unfit = self._system.draw(units, *place, given, allowed)

        def draw(name: str, limit: Allowed, ranks: np.ndarray | None = None) -> None:
            block = ctx.at(self.table, name)
            empty = self._empty_share(name, limit)
            rows = Rows(units, block, run.at(self.table, name), ranks)
            cells = self.columns[name].draw(rows, limit if empty < 1 else ANYTHING)
            made[name] = emptied(cells, block.rng("missing").random(len(units)) < empty) if empty else cells

        for group in self.correlated:
            if made.keys() & set(group.columns):
                continue  # drawn as its rules say
            if (first := self._first(group, allowed)) is not None:
                draw(first, allowed[first])
            known = self._known(group, len(units), given, made, ctx)
            ranks = group.ranks(known, ctx.at(self.table, *group.columns))
            for k, name in enumerate(group.columns):
                if name != first:
                    draw(name, ANYTHING, ranks[:, k])
        for columns in together(self.columns):
            unfit |= self._drawn_together(columns, units, allowed, ctx, given, made)
        for name, column in self.columns.items():
            if name not in made and not isinstance(column, Expression):
                draw(name, allowed.get(name, ANYTHING))
        return pl.DataFrame(made), unfit

    def _drawn_together(
        self,
        columns: Mapping[str, Provided],
        units: np.ndarray,
        allowed: Mapping[str, Allowed],
        ctx: Context,
        given: pl.DataFrame | None,
        made: dict[str, pl.Series],
    ) -> np.ndarray:
        """The columns of one entity, beside those that are made already; which rows do not go together with these."""
        run, place = Context(path=ctx.path[:1]), (self.table, "entity", next(iter(columns.values())).name)
        limits = {name: allowed.get(name, ANYTHING) for name in columns}
        empty = {name: self._empty_share(name, limit) for name, limit in limits.items()}
        limits = {name: limit if empty[name] < 1 else ANYTHING for name, limit in limits.items()}
        settled = {name: made[name] for name in columns if name in made}
        known = settled if given is None else {name: given[name] for name in columns}
        if given is not None:
            known |= {name: _kept(given[name].cast(cells.dtype), cells) for name, cells in settled.items()}
        cells, apart = drawn_as_one(columns, units, ctx.at(*place), run.at(*place), limits, known)
        for name in columns.keys() - settled.keys():
            lost = ctx.at(self.table, name).rng("missing").random(len(units)) < empty[name]
            made[name] = emptied(cells[name], lost) if empty[name] else cells[name]
        if given is not None:  # cells that a user gives stay, whatever they are
            apart &= ~np.column_stack([given[name].is_not_null().to_numpy() for name in columns]).any(axis=1)
        return apart

    def _first(self, group: Correlated, allowed: Mapping[str, Allowed]) -> str | None:
        """The column of a group that is drawn first, within its condition: that whose condition is the rarest."""
        asked = [name for name in group.columns if name in allowed]
        return min(asked, key=lambda name: self.columns[name].share(allowed[name]), default=None)

    def _known(
        self, group: Correlated, n: int, given: pl.DataFrame | None, made: Mapping[str, pl.Series], ctx: Context
    ) -> np.ndarray:
        """rank[row, column] of the cells of a group that are settled; no number where they are not."""
        known = np.full((n, len(group.columns)), np.nan)
        for k, name in enumerate(group.columns):
            cells = None if given is None else given[name].cast(self._kinds[name].storage)
            if name in made:
                cells = made[name] if cells is None else _kept(cells, made[name])
            if cells is not None and cells.count():
                rows = cells.is_not_null().arg_true().to_numpy()
                ties = ctx.at(self.table, name).rng("ties").random(n)[rows]
                known[rows, k] = self.columns[name].rank(cells.gather(rows), ties)
        return known

    def _settled_late(self, allowed: Mapping[str, Allowed]) -> list[str]:
        """The columns whose cells are what they are, and then fit their condition or not."""
        firsts = {self._first(group, allowed) for group in self.correlated}
        grouped = [name for group in self.correlated for name in group.columns if name not in firsts]
        lost = [name for loss in self.lost for name in loss.columns]
        inexact = [name for name, column in self.columns.items() if isinstance(column, Provided) and not column.exact]
        late = [name for name in (*grouped, *lost, *inexact) if name in allowed]
        return list(dict.fromkeys([*self._formulas, *late]))

    def _empty_share(self, name: str, limit: Allowed) -> float:
        """The share of empty cells among those the condition lets through."""
        column = self.columns[name]
        if column.by_index and not limit.any_value:
            raise ConditionError(f"`{name}` holds unique values and cannot be conditioned on: give its cells instead.")
        try:
            full = (1 - column.missing) * (1.0 if limit.any_value else column.share(limit))
        except (ConditionError, SpecError) as error:
            raise ConditionError(f"`{name}` cannot be conditioned like this: {error}.") from None
        empty = column.missing if limit.missing else 0.0
        if not full + empty:
            written = column.model_dump(mode="json", exclude_defaults=True)
            raise ConditionError(f"`{name}` never takes a value the condition allows: it is {column.is_}, {written}.")
        return empty / (full + empty)

    def _finished(self, drawn: pl.DataFrame, ctx: Context, given: pl.DataFrame | None) -> pl.DataFrame:
        """The rows with the computed columns, in the declared order, but for cells that are lost."""
        for name, formula in self._formulas.items():
            cells = formula.compute(drawn, self._kinds[name])
            if share := self.columns[name].missing:
                cells = emptied(cells, ctx.at(self.table, name).rng("missing").random(len(cells)) < share)
            drawn = drawn.with_columns(cells.alias(name))
        full = drawn.select(drawn[name] for name in self._kinds)
        out = full
        for number, loss in enumerate(self.lost):
            rows = loss.rows(full, ctx.at(self.table, "lost", number))
            for name in loss.columns:
                open_ = rows if given is None else rows & given[name].is_null().to_numpy()
                out = out.with_columns(emptied(out[name], open_))
        return out

    def _fits(self, given: pl.DataFrame, full: pl.DataFrame, allowed: Mapping[str, Allowed]) -> np.ndarray:
        """Which rows have cells that are allowed, and equal to those given, where they were settled late."""
        fits = np.ones(full.height, dtype=bool)
        for name in self._settled_late(allowed):
            fits &= (given[name].is_null() | (given[name] == full[name]).fill_null(False)).to_numpy()
            if name in allowed:
                fits &= (given[name].is_not_null() | allowed[name].mask(full[name])).to_numpy()
        return fits

    def _dataset(self, table: pl.DataFrame) -> Dataset:
        return Dataset({self.table: table}, self.schema)

    @cached_property
    def _kinds(self) -> dict[str, Kind]:
        lost = {name for loss in self.lost for name in loss.columns}
        every = kinds(self.columns)
        return {k: kind.model_copy(update={"missing": True}) if k in lost else kind for k, kind in every.items()}

    @cached_property
    def _formulas(self) -> dict[str, Formula]:
        return computed(self.columns)

    @cached_property
    def _rules(self) -> tuple[Rule, ...]:
        return tuple(read_rule(rule) for rule in self.rules)

    @cached_property
    def _system(self) -> System:
        return system_of(self.columns, self._kinds, self._formulas, self.correlated, self._rules)

    def _unmet(self, rows: int, n: int, allowed: Mapping[str, Allowed]) -> str:
        """What is said where rules and conditions cannot be met together."""
        formulas = {name: f" = {formula.text}" for name, formula in self._formulas.items()}
        asked = [f"the condition on `{name}{formulas.get(name, '')}`" for name in allowed]
        asked += [f"the rule `{rule.text}`" for rule in self._rules]
        return (
            f"For {rows:,} of {n:,} rows of `{self.table}` no values were found that meet {', '.join(asked)}. "
            f"Give other cells, or widen it."
        )


def _kept(given: pl.Series, drawn: pl.Series) -> pl.Series:
    """What is given where it is given, else what is drawn."""
    return given.zip_with(given.is_not_null(), drawn).alias(drawn.name)
