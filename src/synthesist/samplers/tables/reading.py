"""From declared tables to a plan; every fault of the whole page at once."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from synthesist.data.kinds import Boolean, Category, Duration, Id, Integer, Kind, Number
from synthesist.errors import SpecError, did_you_mean
from synthesist.rules.formula import Across, Formula
from synthesist.rules.rule import Unique
from synthesist.samplers.columns import Columns
from synthesist.samplers.columns.declaration import Expression
from synthesist.samplers.columns.references import Position, Reference
from synthesist.samplers.tables.alone import drawn_alone, unique_under_owner
from synthesist.samplers.tables.linking import (
    Fault,
    Links,
    families,
    faults_of_keys,
    key_of,
    linked,
    owned,
    owners,
    settled,
)
from synthesist.samplers.tables.plan import Plan, Planned
from synthesist.samplers.tables.table import Table

__all__ = ["FaultyError", "planned"]

Place = tuple[str, str]
"""A table and a column."""


class FaultyError(SpecError):
    """What is wrong with a page: where, and what."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__()
        self.faults = faults


def planned(unit: str, tables: Mapping[str, Table]) -> Plan:
    """The plan of the tables.

    Raises:
        FaultyError: all that is wrong, as far as one fault does not hide others.
    """
    links, faults = linked(tables)
    owner, found = owned(links)
    faults += [*found, *_faults_of_numbers(unit, tables, owner)]
    _require_none(faults)
    links, faults = settled(links, owner)
    faults += faults_of_keys(tables, links, owner)
    reader = _Reader(tables, links, owner)
    faults += reader.faults_of_names()
    _require_none(faults)
    kinds = reader.kinds()
    faults = list(reader.faults_of_targets(kinds))
    drawn: dict[str, Columns | None] = {}
    apart: dict[str, tuple[Unique, ...]] = {}
    for table in tables:
        order = [column for name, column in reader.order if name == table]
        held = next((link.columns for link in links[table].values() if link.each is not None), {})
        apart[table] = unique_under_owner(tables[table], held)
        drawn[table], found = drawn_alone(table, tables[table], order, held)
        faults += found
    faults += reader.faults_of_losses(kinds)
    _require_none(faults)
    return Plan(
        unit=unit,
        tables={name: reader.table(name, kinds, drawn[name], apart[name]) for name in tables},
        families=families(tables, owner),
    )


def _require_none(faults: list[Fault]) -> None:
    if faults:
        raise FaultyError(faults)


def _faults_of_numbers(unit: str, tables: Mapping[str, Table], owner: Mapping[str, str]) -> Iterator[Fault]:
    """What is wrong with the unit and with numbers of rows."""
    if unit not in tables:
        yield "unit", f"there is no table `{unit}`. {did_you_mean(unit, tables)}"
        return
    if unit in owner:
        yield "unit", f"rows of `{unit}` belong to `{owner[unit]}`: the unit is a table that belongs to none"
    if tables[unit].rows_per_unit is not None:
        yield f"{unit}.rows_per_unit", "these are the units themselves: leave it out"


def _held(kind: Kind, missing: bool) -> Kind:
    """The kind of a column that holds keys of this kind, which may come again."""
    if isinstance(kind, Id):
        return Integer(missing=missing) if kind.whole else Category(missing=missing)
    return kind.model_copy(update={"missing": missing})


class _Reader:
    """The tables with their links, while formulas and kinds are worked out."""

    def __init__(self, tables: Mapping[str, Table], links: Links, owner: Mapping[str, str]) -> None:
        self.tables, self.links, self.owner = tables, links, owner
        every = [(t, c, column) for t, its in tables.items() for c, column in its.columns.items()]
        self.formulas = {(t, c): column.read for t, c, column in every if isinstance(column, Expression)}
        self.link_of = {(t, c): link for t, its in links.items() for link in its.values() for c in link.columns}

    # ----------------------------------------------------------------------- names

    def faults_of_names(self) -> Iterator[Fault]:
        """Formulas that name what is not there."""
        for (table, column), formula in self.formulas.items():
            written = self.tables[table].columns[column]
            place = f"{table}.{column}.{written.written_as}" if isinstance(written, Expression) else table
            for message in self._unknown(table, formula):
                yield place, message

    def _unknown(self, table: str, formula: Formula) -> Iterator[str]:
        columns = self.tables[table].columns
        for name in sorted(formula.names - set(columns)):
            yield f"there is no column `{name}`. {did_you_mean(name, columns)}"
        for reach in formula.across:
            try:
                self.end_of(table, reach)
            except SpecError as error:
                yield f"`{reach.text}`: {error}"

    def end_of(self, table: str, reach: Across) -> str:
        """The table whose column is read.

        Raises:
            SpecError: a link, table or column is not there, or rows do not belong to this table.
        """
        end = table
        for name in reach.path:
            if reach.over:
                below = [other for other in self.tables if other != table and table in owners(other, self.owner)]
                if name not in below:
                    why = "is no table" if name not in self.tables else f"does not belong to `{table}` (by `each`)"
                    raise SpecError(f"`{name}` {why}. {did_you_mean(name, below)}")
                end = name
            elif name not in self.links[end]:
                raise SpecError(f"`{end}` has no link `{name}`. {did_you_mean(name, self.links[end])}")
            else:
                end = self.links[end][name].to
        if reach.column and reach.column not in (columns := self.tables[end].columns):
            raise SpecError(f"there is no column `{reach.column}` in `{end}`. {did_you_mean(reach.column, columns)}")
        return end

    # ----------------------------------------------------------------------- order and kinds

    @cached_property
    def order(self) -> list[Place]:
        """All columns, each after those that it is made from.

        Raises:
            FaultyError: some are made from each other in a circle.
        """
        every = [(t, c) for t, its in self.tables.items() for c in its.columns]
        try:
            return list(TopologicalSorter({place: list(self._made_from(place)) for place in every}).static_order())
        except CycleError as error:
            circle = list(reversed(error.args[1]))
            said = " -> ".join(f"`{t}.{c}`" for t, c in circle)
            raise FaultyError(
                [(".".join(circle[0]), f"cells are computed from each other in a circle: {said}")]
            ) from None

    def _made_from(self, place: Place) -> Iterator[Place]:
        table, column = place
        if (link := self.link_of.get(place)) is not None:
            yield link.to, link.columns[column]
        if (formula := self.formulas.get(place)) is not None:
            yield from ((table, name) for name in sorted(formula.names))
            yield from ((self.end_of(table, reach), reach.column) for reach in formula.across if reach.column)

    def kinds(self) -> dict[Place, Kind]:
        """The kind of every column.

        Raises:
            FaultyError: formulas do not fit what they read.
        """
        kinds: dict[Place, Kind] = {}
        faults: list[Fault] = []
        for place in self.order:
            table, name = place
            column = self.tables[table].columns[name]
            if not all(other in kinds for other in self._made_from(place)):
                continue  # the fault is named where it begins
            if isinstance(column, Reference):
                link = self.link_of[place]
                kinds[place] = _held(kinds[link.to, link.columns[name]], link.may_miss)
            elif isinstance(column, Expression):
                try:
                    kinds[place] = self.formulas[place].kind(self._known(table, self.formulas[place], kinds))
                except SpecError as error:
                    faults.append((f"{table}.{name}.{column.written_as}", str(error)))
            else:
                kinds[place] = column.kind
        _require_none(faults)
        return kinds

    def _known(self, table: str, formula: Formula, kinds: Mapping[Place, Kind]) -> dict[str, Kind]:
        """The kinds of what a formula reads, by its names there."""
        own = {name: kinds[table, name] for name in formula.names}
        return own | {reach.name: self._kind_across(table, reach, kinds) for reach in formula.across}

    def _kind_across(self, table: str, reach: Across, kinds: Mapping[Place, Kind]) -> Kind:
        if reach.over == "count":
            return Integer()
        kind = kinds[self.end_of(table, reach), reach.column]
        if reach.over in ("sum", "mean") and not isinstance(kind, Number | Integer | Boolean | Duration):
            raise SpecError(f"`{reach.text}`: a {kind.kind} has no {reach.over}")
        if reach.over == "mean" and not isinstance(kind, Duration):
            return Number(missing=True)
        if reach.over == "sum" and isinstance(kind, Boolean):
            return Integer()
        return kind.model_copy(update={"missing": True})

    # ----------------------------------------------------------------------- what is left

    def faults_of_targets(self, kinds: Mapping[Place, Kind]) -> Iterator[Fault]:
        """References to cells that do not follow from the number of their row."""
        for (table, column), link in self.link_of.items():
            target = self.tables[link.to].columns[link.columns[column]]
            named = f"`{link.to}.{link.columns[column]}`"
            if not (target.by_index or isinstance(target, Reference | Position)):
                why = f"{named} is {target.is_}, which does not follow from the number of its row"
                yield f"{table}.{column}", f"{why}: link to a column of `keys`, or one that is `unique`"
            elif kinds[link.to, link.columns[column]].missing:
                yield f"{table}.{column}", f"{named} may be empty: nothing can refer to it"

    def faults_of_losses(self, kinds: Mapping[Place, Kind]) -> Iterator[Fault]:
        """What is wrong with what is said of cells that are lost."""
        for table, declared in self.tables.items():
            for number, loss in enumerate(declared.lost):
                place = f"{table}.lost.{number}"
                for name in loss.columns:
                    if name not in declared.columns:
                        yield place, f"there is no column `{name}`. {did_you_mean(name, declared.columns)}"
                    elif isinstance(column := declared.columns[name], Reference | Position) or column.by_index:
                        yield place, f"`{name}` ties rows together: cells of a link are lost by its own `missing`"
                if loss.formula is None:
                    continue
                if unknown := list(self._unknown(table, loss.formula)):
                    yield from ((place, message) for message in unknown)
                    continue
                try:
                    if not isinstance(loss.formula.kind(self._known(table, loss.formula, kinds)), Boolean):
                        yield place, f"`{loss.when}` is neither true nor false: write a comparison"
                except SpecError as error:
                    yield place, str(error)

    def table(
        self, name: str, kinds: Mapping[Place, Kind], drawn: Columns | None, apart: tuple[Unique, ...]
    ) -> Planned:
        """The plan of one table."""
        declared = self.tables[name]
        lost = {column for loss in declared.lost for column in loss.columns}
        own = {column: kinds[name, column] for column in declared.columns}
        late = {
            column: self.formulas[name, column]
            for column in declared.columns
            if (name, column) in self.formulas and (drawn is None or column not in drawn.columns)
        }
        return Planned(
            name=name,
            declared=declared,
            links=self.links[name],
            key=key_of(declared),
            kinds={c: kind.model_copy(update={"missing": True}) if c in lost else kind for c, kind in own.items()},
            drawn=drawn,
            apart=apart,
            late=late,
            across={
                reach.name: self._kind_across(name, reach, kinds)
                for formula in (*late.values(), *(loss.formula for loss in declared.lost if loss.formula))
                for reach in formula.across
            },
        )
