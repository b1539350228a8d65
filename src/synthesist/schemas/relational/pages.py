"""Tables as the page of the sampler `tables`, or of `columns` where there is one table that refers to none."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from synthesist.errors import SpecError
from synthesist.rules.rule import read_rule
from synthesist.schemas.relational.checks import checked
from synthesist.schemas.relational.columns import ABSENT, drawn, limits_of, most_values
from synthesist.schemas.relational.holding import handed_up, held, narrowed
from synthesist.schemas.relational.limits import Limits
from synthesist.schemas.relational.links import Link, Ties
from synthesist.schemas.relational.notes import NotKeptWarning
from synthesist.schemas.relational.tables import Database, Table

__all__ = ["page_of_tables", "told"]

FEW = 100  # rows of a table that has values for few


def told(database: Database, where: Path) -> dict[str, Any]:
    """The page; a warning names all that could not be kept.

    Raises:
        SpecError: there is no table to draw.
    """
    page, notes = page_of_tables(database, str(where))
    if notes:
        warnings.warn(NotKeptWarning(where, notes), stacklevel=2)
    return page


def page_of_tables(database: Database, where: str) -> tuple[dict[str, Any], list[str]]:
    """The page, and what could not be kept, in words.

    Raises:
        SpecError: there is no table to draw.
    """
    if not database.tables:
        raise SpecError(f"{where} describes no table with columns: there is nothing to draw. Name the file that does.")
    conditions = {name: checked(table, database.dialect) for name, table in database.tables.items()}
    handed_up(database, conditions)
    narrowed(database, conditions)
    ties, rules = held(database, conditions)
    notes = list(database.notes)
    made: dict[str, dict[str, Any]] = {}
    for name in _ordered(database, ties):
        table, tie = database.tables[name], ties[name]
        limits = conditions[name].limits
        columns = _columns(table, tie, limits, rules[name], database.dialect, notes)
        rules[name] += tie.rules + list(_excluded(limits, columns))
        notes += [*tie.notes, *conditions[name].notes]
        if not columns:
            notes.append(f"line {table.line}: `{name}` has no column that can be drawn and is left out.")
            continue
        key = {"key": list(tie.key)} if tie.key and set(tie.key) <= columns.keys() else {}
        made[name] = {**key, "columns": columns, **({"rules": list(dict.fromkeys(rules[name]))} if rules[name] else {})}
    if len(made) == 1 and not next(iter(ties.values())).links:
        ((name, only),) = made.items()
        only.pop("key", None)
        return {"kind": "columns", "table": name, **only}, notes
    unit = _unit(made, ties)
    for name, page in made.items():
        if ties[name].owner is None and name != unit and (most := _most(page)) is not None and most < FEW**2:
            made[name] = {"rows": min(most, FEW), **page}
    return {"kind": "tables", "unit": unit, "tables": made}, notes


def _ordered(database: Database, ties: Mapping[str, Ties]) -> list[str]:
    """Tables after those they refer to, so that files can be loaded in this order."""
    above = {name: {link.to for link in ties[name].links if not link.late} - {name} for name in database.tables}
    return list(TopologicalSorter(above).static_order())


def _columns(
    table: Table, ties: Ties, limited: Mapping[str, Limits], rules: Sequence[str], dialect: str, notes: list[str]
) -> dict[str, dict[str, Any]]:
    """The columns of a table as on a page."""
    linked, said = ties.linked, set[str]()
    ruled = {name for rule in (*rules, *ties.rules) for name in read_rule(rule).columns}
    out: dict[str, dict[str, Any]] = {}
    for name, column in table.columns.items():
        limits = limited.get(name, Limits())
        if column.generated:
            continue
        if name in ties.absent or column.absent:
            out[name] = dict(ABSENT)
        elif name in ties.itself:
            out[name] = {
                "is": "expression",
                "formula": _named(next((k for k in table.key if k not in ties.itself), name)),
            }
        elif (link := linked.get(name)) is not None:
            out[name] = _reference(link, name, first=link.name not in said)
            said.add(link.name)
        elif name in ties.placed:
            first = limits_of(column, limits).low or 1
            out[name] = {"is": "position", **({"first": first} if first > 1 else {})}
        else:
            unique = name in ties.unique
            settled = replace(column, nullable=column.nullable and name not in ties.key and name not in ties.present)
            page = drawn(settled, limits, unique, dialect, ruled=name in ruled)
            if page is None:
                notes.append(_left_out(table, name, limits))
                continue
            out[name] = page
    return out


def _left_out(table: Table, name: str, limits: Limits) -> str:
    column = table.columns[name]
    empty = "stays empty" if column.nullable and name not in table.key else "may not be empty: give it a default"
    kind = column.type.written or "of no type"
    why = "which is not drawn here" if limits == Limits() else "of which nothing is drawn here that its CHECK allows"
    return f"line {column.line}: `{table.name}.{name}` is {kind}, {why}, and {empty}."


def _reference(link: Link, name: str, *, first: bool) -> dict[str, Any]:
    """A column of a link; what is said of the link is said at its first column."""
    page: dict[str, Any] = {"is": "reference", "to": link.to, "column": link.columns[name]}
    if len(link.columns) > 1:
        page["link"] = link.name
    return {**page, **(link.options if first else {})}


def _named(name: str) -> str:
    return name if name.isidentifier() else f'column("{name}")'


def _excluded(limited: Mapping[str, Limits], columns: Mapping[str, Any]) -> Iterator[str]:
    """Values that a check takes out of the middle of a column of numbers; lists leave theirs out by themselves."""
    for name, limits in limited.items():
        if name in columns and columns[name]["is"] not in ("categorical", "reference", "regex", "keys"):
            numbers = [value for value in limits.excluded if isinstance(value, int | float)]
            yield from (f"{_named(name)} != {value}" for value in numbers if not isinstance(value, bool))
        elif limits.pattern is not None and name in columns and not columns[name].get("unique"):
            yield from (f"{_named(name)} != {value!r}" for value in limits.excluded if isinstance(value, str))


def _unit(made: Mapping[str, Any], ties: Mapping[str, Ties]) -> str:
    """The table whose rows are counted: of those that belong to no other and have room, the one most referred to."""
    roots = [name for name in made if ties[name].owner is None]
    referred = {name: sum(link.to == name for tie in ties.values() for link in tie.links) for name in roots}
    roomy = [name for name in roots if _most(made[name]) is None or (_most(made[name]) or 0) >= FEW**2]
    return max(roomy or roots, key=lambda name: referred[name])


def _most(page: Mapping[str, Any]) -> int | None:
    """How many rows the unique columns of a table have values for."""
    tied_together = ("reference", "position")
    found = [most_values(column) for column in page["columns"].values() if column["is"] not in tied_together]
    return min((most for most in found if most is not None), default=None)
