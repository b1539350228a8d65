"""Related tables of which the numbers of rows and some cells are chosen, and all the rest is drawn to fit.

The engine of `tables` does the work: keys, links, places and formulas over several tables follow from it. A cell that
is chosen and breaks a rule together with others is given up for the one that was drawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import polars as pl

from synthesist.core import Context, Spec
from synthesist.data.cells import emptied
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.errors import UnsuitableError
from synthesist.rules.formula import Formula
from synthesist.rules.rule import Depends, Predicate, Rule, Unique, read_rule
from synthesist.samplers.columns import Columns
from synthesist.samplers.columns.declaration import computed
from synthesist.samplers.tables import Tables
from synthesist.samplers.tables.counting import Skeleton
from synthesist.samplers.tables.plan import Plan
from synthesist.samplers.tables.reading import planned
from synthesist.samplers.tables.world import World
from synthesist.testing.cells import SAMPLED

__all__ = ["Around", "Chosen", "free_columns", "plan_of"]

FEWEST = 16  # rows drawn at once
MOST_KEPT = 256  # drawings: hypothesis asks for nearly the same example again and again


def plan_of(spec: Spec) -> Plan:
    """The plan of a page; a page of one table is one of several that has no others.

    Raises:
        UnsuitableError: it declares no tables.
    """
    if isinstance(spec, Columns):
        page = {name: value for name, value in spec.describe().items() if name not in ("kind", "table")}
        spec = Tables.build({"tables": {spec.table: page}})
    if not isinstance(spec, Tables):
        raise UnsuitableError(
            f"`{spec.name()}` declares no tables whose cells could be chosen: give a page of `columns` or `tables`, "
            f"or SQL. A strategy of documents is `documents`."
        )
    return planned(spec.unit, spec.tables)


@dataclass(frozen=True)
class Chosen:
    """The rows of one table: cells by column, SAMPLED where they are left open, and how many each owner has."""

    rows: int
    cells: Mapping[str, Sequence[object]]
    counts: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Around:
    """What is drawn around choices, from one plan."""

    plan: Plan

    def drawn(self, chosen: Mapping[str, Chosen], ctx: Context) -> tuple[Dataset, int]:
        """All tables with what was chosen in them, and how many chosen cells were given up.

        Raises:
            DataError: so many rows cannot be, as where links of distinct rows find too few.
        """
        columns = {name: _Columns(engine, chosen[name].cells) for name, engine in self._engines.items()}
        tables = {
            name: replace(table, drawn=columns.get(name))  # type: ignore[arg-type]
            for name, table in self.plan.tables.items()
        }
        plan = replace(self.plan, tables=tables)
        world = World(plan, _skeleton(plan, chosen, ctx), {})
        world.require_keys()
        made = dict(self._empty)
        for number in range(world.chunks):
            made |= {name: table for name, table in world.chunk(number).tables.items() if table.height}
        return Dataset(made, plan.schema), sum(its.given_up for its in columns.values())

    @cached_property
    def _engines(self) -> "dict[str, _Engine]":
        return {name: _Engine(table.drawn) for name, table in self.plan.tables.items() if table.drawn}

    @cached_property
    def _empty(self) -> dict[str, pl.DataFrame]:
        return {
            name: pl.DataFrame(schema={column: kind.storage for column, kind in table.kinds.items()})
            for name, table in self.plan.tables.items()
        }


def free_columns(columns: Columns) -> list[str]:
    """The columns whose cells can be chosen one by one.

    Those that settle each other, within a row or between rows, are left to the sampler.
    """
    tied = {name for group in columns.correlated if group.tight for name in group.columns}
    rules = [read_rule(rule) for rule in columns.rules]
    tied |= {name for rule in rules if isinstance(rule, Unique | Depends) for name in rule.columns}
    formulas = computed(columns.columns)
    tied |= {name for rule in tied & formulas.keys() for name in formulas[rule].names}
    return [name for name in columns.columns if name not in tied and name not in formulas]


def _skeleton(plan: Plan, chosen: Mapping[str, Chosen], ctx: Context) -> "_Settled":
    sizes = {root: max(chosen[root].rows, 1) for root in plan.families}
    out = _Settled(plan, ctx, sizes, given={name: its.counts for name, its in chosen.items() if its.counts is not None})
    for root, family in plan.families.items():
        for name in family.tables:
            rows = chosen[name].rows
            out.first[name] = np.array([0, rows] if chosen[root].rows else [0])
            out.drawn[name] = rows
        for name in family.tables[1:]:
            out.most[name] = int(out.given[name].max(initial=0))
    return out


@dataclass(frozen=True, eq=False)
class _Settled(Skeleton):
    """One block a family, with numbers of rows that are given."""

    given: Mapping[str, np.ndarray] = field(default_factory=dict)

    def counts(self, table: str, block: int) -> np.ndarray:
        del block
        return self.given[table]


@dataclass(frozen=True, eq=False)
class _Engine:
    """The columns that are made from one table alone: their drawing, their rules, and what is computed."""

    columns: Columns

    def drawn(self, n: int, ctx: Context) -> pl.DataFrame:
        """Rows of the sampler."""
        size = max(2 ** (n - 1).bit_length(), FEWEST)
        if (ctx.path, size) not in self._kept:
            if len(self._kept) >= MOST_KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[ctx.path, size] = self.columns.sample(size, ctx).table
        return self._kept[ctx.path, size].head(n)

    def broken(self, rows: pl.DataFrame) -> np.ndarray:
        """Which rows break a rule."""
        broken = np.zeros(rows.height, dtype=bool)
        for rule in self.rules:
            broken |= rule.broken(rows).to_numpy()
        return broken

    @cached_property
    def rules(self) -> list[Rule]:
        """The rules, read."""
        kinds = dict(self.schema.table.columns)
        rules = [read_rule(rule) for rule in self.columns.rules]
        return [rule.bound(kinds, {}) if isinstance(rule, Predicate) else rule for rule in rules]

    @cached_property
    def tied(self) -> set[str]:
        """The columns that rules are about, and those from which such are computed."""
        tied = {name for rule in self.rules for name in rule.columns}
        for name in reversed(self.formulas):  # each stands before those that read it
            tied |= self.formulas[name].names if name in tied else set()
        return tied

    @cached_property
    def formulas(self) -> dict[str, Formula]:
        """What is computed, in its order."""
        return computed(self.columns.columns)

    @cached_property
    def schema(self) -> Schema:
        """What the columns mean."""
        return self.columns.schema

    @cached_property
    def _kept(self) -> dict[tuple[tuple[str, ...], int], pl.DataFrame]:
        return {}


class _Columns:
    """The columns of a table, some of whose cells are chosen: what a world asks of `Columns`."""

    def __init__(self, engine: _Engine, cells: Mapping[str, Sequence[object]]) -> None:
        self._engine, self._cells = engine, cells
        self.columns, self.schema, self.most = engine.columns.columns, engine.schema, engine.columns.most
        self.given_up = 0
        """How many chosen cells were not kept."""

    def sample(self, n: int, ctx: Context) -> Dataset:
        """Rows with the chosen cells, as far as they break no rule; where they do, the drawn ones are kept."""
        drawn = self._engine.drawn(n, ctx)
        kept = {name: np.ones(n, dtype=bool) for name in self._cells}
        rows = self._with(drawn, kept)
        broken = self._engine.broken(rows)
        if broken.any():
            tied = [name for name in self._cells if name in self._engine.tied]
            for given_up in (*([name] for name in reversed(tied)), tied):
                trial = {name: mask & ~broken if name in given_up else mask for name, mask in kept.items()}
                helped = broken & ~self._engine.broken(self._with(drawn, trial))
                kept = {name: np.where(helped, trial[name], mask) for name, mask in kept.items()}
                if not (broken := broken & ~helped).any():
                    break
            self.given_up = sum(int((~mask).sum()) for mask in kept.values())
            rows = self._with(drawn, kept)
        return Dataset({self.schema.unit: rows}, self.schema)

    def _with(self, drawn: pl.DataFrame, kept: Mapping[str, np.ndarray]) -> pl.DataFrame:
        """The drawn rows with chosen cells where they are kept, and what is computed from them."""
        chosen = []
        for name, values in self._cells.items():
            here = np.array([value is not SAMPLED for value in values], dtype=bool) & kept[name]
            new = pl.Series(name, [None if value is SAMPLED else value for value in values], dtype=drawn[name].dtype)
            chosen.append(new if here.all() else new.zip_with(pl.Series(here), drawn[name]))
        out = drawn.with_columns(chosen)
        for name, formula in self._engine.formulas.items():
            cells = formula.compute(out, self.schema.table[name])
            if self.columns[name].missing:
                cells = emptied(cells, drawn[name].is_null().to_numpy())
            out = out.with_columns(cells.alias(name))
        return out
