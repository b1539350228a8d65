"""A table told in columns that cannot break its rules, and told back.

Columns of which only some combinations come become one; those that follow from others are left out and looked up or
computed; where many rows would come out in the wrong order, a column becomes its distance from the one below it.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from synthesist.core import Allowed
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Bounds, Categories, Category, Duration, Integer, Kind, Moment, Number
from synthesist.data.schema import Schema, TableSchema
from synthesist.errors import DataError, NotFoundError, did_you_mean
from synthesist.rules.equations import solved
from synthesist.rules.formula import Formula
from synthesist.rules.rule import Combinations, Depends, OneHot, Predicate, Rule, read_rule

__all__ = ["Recast", "recast_of", "rules_of"]

Cell = bool | int | float | str | None


class _Step(BaseModel):
    """One change of columns: `told` makes it, `back` undoes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def told(self, table: pl.DataFrame, kinds: Mapping[str, Kind]) -> tuple[pl.DataFrame, dict[str, Kind]]:
        raise NotImplementedError

    def back(self, table: pl.DataFrame, kinds: Mapping[str, Kind]) -> pl.DataFrame:
        """The columns of `kinds`, of which those that were left out come back."""
        raise NotImplementedError

    def limits(self, allowed: Mapping[str, Allowed], kinds: Mapping[str, Kind]) -> dict[str, Allowed]:
        """Conditions on the columns there were, as far as they can be asked of those there are."""
        raise NotImplementedError


class Merged(_Step):
    """Columns of which only listed combinations come: one category that says which."""

    step: Literal["merged"] = "merged"
    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def told(self, table: pl.DataFrame, kinds: Mapping[str, Kind]) -> tuple[pl.DataFrame, dict[str, Kind]]:
        listed = self._listed(kinds)
        which = table.select(self.columns).join(
            listed, on=list(self.columns), how="left", nulls_equal=True, maintain_order="left"
        )
        place = list(kinds).index(self.columns[0])
        left = {name: kind for name, kind in kinds.items() if name not in self.columns}
        items = Categories(items=tuple(listed[self.name]), origin="detected")
        kind = Category(values=items, missing=False)
        names = list(left)
        names.insert(min(place, len(names)), self.name)
        out = table.drop(self.columns).with_columns(which[self.name])
        return out.select(names), {name: left.get(name, kind) for name in names}

    def back(self, table: pl.DataFrame, kinds: Mapping[str, Kind]) -> pl.DataFrame:
        found = table.select(self.name).join(self._listed(kinds), on=self.name, how="left", maintain_order="left")
        return table.drop(self.name).with_columns(found[name] for name in self.columns).select(list(kinds))

    def limits(self, allowed: Mapping[str, Allowed], kinds: Mapping[str, Kind]) -> dict[str, Allowed]:
        mine = {name: limit for name, limit in allowed.items() if name in self.columns}
        rest = {name: limit for name, limit in allowed.items() if name not in self.columns}
        if not mine:
            return rest
        listed = self._listed(kinds)
        for name, limit in mine.items():
            listed = listed.filter(limit.mask(listed[name]))
        return {**rest, self.name: Allowed(values=tuple(listed[self.name]))}

    def _listed(self, kinds: Mapping[str, Kind]) -> pl.DataFrame:
        """The combinations, and a label for each."""
        return _frame(self.columns, self.rows, kinds).with_columns(
            pl.Series(self.name, [str(number) for number in range(len(self.rows))], dtype=pl.String)
        )


class Followed(_Step):
    """Columns that follow from others by a table."""

    step: Literal["followed"] = "followed"
    on: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def told(self, table: pl.DataFrame, kinds: Mapping[str, Kind]) -> tuple[pl.DataFrame, dict[str, Kind]]:
        return table.drop(self.columns), {name: kind for name, kind in kinds.items() if name not in self.columns}

    def back(self, table: pl.DataFrame, kinds: Mapping[str, Kind]) -> pl.DataFrame:
        listed = self._listed(kinds)
        if len(self.on) == 1 and listed[self.on[0]].dtype != pl.String and table[self.on[0]].dtype != pl.Boolean:
            (by,) = self.on
            asked = table.select(by).with_row_index("\x00row").sort(by, nulls_last=True)
            near = asked.join_asof(listed.drop_nulls(by).sort(by), on=by, strategy="nearest").sort("\x00row")
            return table.with_columns(near[name] for name in self.columns).select(list(kinds))
        found = table.select(self.on).join(
            listed, on=list(self.on), how="left", nulls_equal=True, maintain_order="left"
        )
        return table.with_columns(found[name] for name in self.columns).select(list(kinds))

    def limits(self, allowed: Mapping[str, Allowed], kinds: Mapping[str, Kind]) -> dict[str, Allowed]:
        mine = {name: limit for name, limit in allowed.items() if name in self.columns}
        rest = {name: limit for name, limit in allowed.items() if name not in self.columns}
        if not mine or len(self.on) > 1:
            return rest
        (by,) = self.on
        listed = self._listed(kinds)
        for name, limit in mine.items():
            listed = listed.filter(limit.mask(listed[name]))
        asked = Allowed(values=tuple(listed[by].drop_nulls()), missing=listed[by].has_nulls())
        return {**rest, by: rest[by].both(asked) if by in rest else asked}

    def _listed(self, kinds: Mapping[str, Kind]) -> pl.DataFrame:
        return _frame((*self.on, *self.columns), self.rows, kinds)


class Computed(_Step):
    """A column that a formula gives."""

    step: Literal["computed"] = "computed"
    column: str
    formula: str

    def told(self, table: pl.DataFrame, kinds: Mapping[str, Kind]) -> tuple[pl.DataFrame, dict[str, Kind]]:
        return table.drop(self.column), {name: kind for name, kind in kinds.items() if name != self.column}

    def back(self, table: pl.DataFrame, kinds: Mapping[str, Kind]) -> pl.DataFrame:
        kind = kinds[self.column]
        cells = Formula.read(self.formula).compute(table, kind)
        if isinstance(kind, Number) and kind.decimals is not None:
            cells = cells.round(max(kind.decimals, 0))
        return table.with_columns(cells.alias(self.column)).select(list(kinds))

    def limits(self, allowed: Mapping[str, Allowed], kinds: Mapping[str, Kind]) -> dict[str, Allowed]:
        return {name: limit for name, limit in allowed.items() if name != self.column}


class Gap(_Step):
    """A column told as its distance from another, which it never lies below."""

    step: Literal["gap"] = "gap"
    column: str
    above: str

    def told(self, table: pl.DataFrame, kinds: Mapping[str, Kind]) -> tuple[pl.DataFrame, dict[str, Kind]]:
        gap = table.select((pl.col(self.column) - pl.col(self.above)).alias(self.column)).to_series()
        kind = kinds[self.column]
        match kind:
            case Moment(precision=precision):
                told: Kind = Duration(missing=kind.missing, precision=precision)
            case Integer() | Number():
                told = kind.model_copy(update={"bounds": Bounds(), "missing": kind.missing})
            case _:
                told = kind
        return table.with_columns(gap.cast(told.storage)), {**kinds, self.column: told}

    def back(self, table: pl.DataFrame, kinds: Mapping[str, Kind]) -> pl.DataFrame:
        kind = kinds[self.column]
        value = pl.col(self.above) + pl.col(self.column)
        if isinstance(kind, Number) and kind.decimals is not None:
            value = value.round(max(kind.decimals, 0))
        return table.with_columns(value.cast(kind.storage).alias(self.column)).select(list(kinds))

    def limits(self, allowed: Mapping[str, Allowed], kinds: Mapping[str, Kind]) -> dict[str, Allowed]:
        return {name: limit for name, limit in allowed.items() if name != self.column}


Step = Annotated[Merged | Followed | Computed | Gap, Field(discriminator="step")]


class Recast(BaseModel):
    """The steps from a table to the columns that are learnt, and the schema of the table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Schema = Field(alias="schema")
    steps: tuple[Step, ...] = ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What every row must satisfy."""
        return rules_of(self.schema_.table)

    def told(self, data: Dataset) -> Dataset:
        """The table in the columns that are learnt."""
        table, kinds = data.table, dict(data.kinds.columns)
        for step in self.steps:
            table, kinds = step.told(table, kinds)
        return Dataset({data.name: table}, _schema(self.schema_, kinds))

    def back(self, data: Dataset) -> Dataset:
        """Rows in the columns of the table."""
        table = data.tables[self.schema_.unit]
        for step, kinds in reversed(list(self._kinds())):
            table = step.back(table, kinds)
        return Dataset({self.schema_.unit: table}, self.schema_)

    def limits(self, allowed: Mapping[str, Allowed]) -> dict[str, Allowed]:
        """What can be asked of the columns that are learnt; the rest is checked when rows are told back."""
        for step, kinds in self._kinds():
            allowed = step.limits(allowed, kinds)
        return dict(allowed)

    def _kinds(self) -> Iterator[tuple[_Step, dict[str, Kind]]]:
        """Every step, and the kinds of column before it."""
        kinds = dict(self.schema_.table.columns)
        empty = pl.DataFrame(schema={name: kind.storage for name, kind in kinds.items()})
        for step in self.steps:
            yield step, kinds
            empty, kinds = step.told(empty, kinds)


def rules_of(schema: TableSchema) -> tuple[Rule, ...]:
    """The rules of a table, read.

    Raises:
        NotFoundError: one names no column.
        SpecError: one cannot be read, or does not fit its columns.
    """
    rules = []
    for text in schema.rules:
        rule = read_rule(text)
        for name in rule.columns:
            if name not in schema.columns:
                hint = did_you_mean(name, schema.columns)
                raise NotFoundError(f"The rule `{rule.text}` names a column `{name}`. {hint}")
        rules.append(rule.bound(schema.columns, {}) if isinstance(rule, Predicate) else rule)
    return tuple(rules)


def recast_of(data: Dataset, *, gaps: bool) -> Recast:
    """The columns in which this table cannot break most of its rules; with `gaps`, orders of two columns as well.

    Raises:
        DataError: rows of the data break a rule.
    """
    rules, table, kinds = rules_of(data.kinds), data.table, data.kinds.columns
    for rule in rules:
        if broken := int(rule.broken(table).sum()):
            raise DataError(
                f"`{rule.text}` is broken by {broken:,} of {data.units:,} rows of `{data.name}`. "
                f"Correct them, or leave the rule out."
            )
    steps: list[_Step] = []
    settled: set[str] = set()
    for rule in rules:
        if isinstance(rule, OneHot | Combinations) and not settled & set(rule.columns):
            steps.append(Merged(name=" & ".join(rule.columns), columns=rule.columns, rows=_seen(table, rule.columns)))
            settled |= set(rule.columns)
    for rule in rules:
        if isinstance(rule, Depends) and not settled & set(rule.columns):
            steps.append(Followed(on=rule.on, columns=rule.dependent, rows=_seen(table, rule.columns)))
            settled |= set(rule.dependent)
    predicates = [rule for rule in rules if isinstance(rule, Predicate) and not settled & set(rule.columns)]
    left, equations = solved(predicates, kinds, frozenset(), strict=False)
    steps += [Computed(column=each.column, formula=ast.unparse(each.formula.tree)) for each in equations]
    if gaps:
        steps += _gaps(left, table)
    return Recast(schema=data.schema, steps=tuple(steps))


def _gaps(rules: Sequence[Rule], table: pl.DataFrame) -> list[_Step]:
    """Columns told by their distance from the one below them, each from one; the uppermost of a chain first."""
    below: dict[str, str] = {}
    for rule in rules:
        for low, high in _orders(rule):
            whole = not (table[low].is_null() & table[high].is_not_null()).any()
            if high not in below and whole and not _reaches(below, low, high):
                below[high] = low
    order = sorted(below, key=lambda name: _depth(below, name), reverse=True)
    return [Gap(column=name, above=below[name]) for name in order]


def _orders(rule: Rule) -> Iterator[tuple[str, str]]:
    """The lower and the upper column of each comparison of two."""
    if not isinstance(rule, Predicate) or not isinstance(tree := rule.formula.tree, ast.Compare):
        return
    sides = [tree.left, *tree.comparators]
    for a, op, b in zip(sides, tree.ops, sides[1:], strict=False):
        if isinstance(a, ast.Name) and isinstance(b, ast.Name) and isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
            yield (a.id, b.id) if isinstance(op, ast.Lt | ast.LtE) else (b.id, a.id)


def _reaches(below: Mapping[str, str], name: str, target: str) -> bool:
    while name in below:
        name = below[name]
        if name == target:
            return True
    return False


def _depth(below: Mapping[str, str], name: str) -> int:
    return 1 + _depth(below, below[name]) if name in below else 0


def _seen(table: pl.DataFrame, columns: Sequence[str]) -> tuple[tuple[Cell, ...], ...]:
    """The combinations of the data, moments as whole numbers."""
    cells = table.select(columns).unique(maintain_order=True).sort(columns)
    return tuple(cells.select(pl.all().to_physical()).rows())


def _frame(columns: Sequence[str], rows: Sequence[Sequence[Cell]], kinds: Mapping[str, Kind]) -> pl.DataFrame:
    frame = pl.DataFrame(
        {name: pl.Series([row[place] for row in rows], strict=False) for place, name in enumerate(columns)}
    )
    return frame.select(_stored(frame[name], kinds[name]) for name in columns)


def _stored(cells: pl.Series, kind: Kind) -> pl.Series:
    whole = pl.Int32 if kind.storage == pl.Date else pl.Int64
    return cells.cast(whole).cast(kind.storage) if kind.storage.is_temporal() else cells.cast(kind.storage)


def _schema(schema: Schema, kinds: Mapping[str, Kind]) -> Schema:
    key = tuple(name for name in schema.table.key if name in kinds)
    return Schema(tables={schema.unit: TableSchema(columns=dict(kinds), key=key)}, unit=schema.unit)
