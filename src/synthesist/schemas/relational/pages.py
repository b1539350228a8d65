"""Tables as the page of the sampler `tables`, or of `columns` where there is one table that refers to none."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from synthesist.errors import SpecError
from synthesist.rules.rule import read_rule
from synthesist.schemas.relational.checks import Checked, checked
from synthesist.schemas.relational.columns import ABSENT, drawn, limits_of, most_values
from synthesist.schemas.relational.limits import Limits
from synthesist.schemas.relational.links import Link, Ties, tied
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
        warnings.warn(f"{where}: not all of it is kept\n  " + "\n  ".join(notes), UserWarning, stacklevel=2)
    return page


def page_of_tables(database: Database, where: str) -> tuple[dict[str, Any], list[str]]:
    """The page, and what could not be kept, in words.

    Raises:
        SpecError: there is no table to draw.
    """
    if not database.tables:
        raise SpecError(f"{where} describes no table with columns: there is nothing to draw. Name the file that does.")
    conditions = {name: checked(table, database.dialect) for name, table in database.tables.items()}
    _narrow(database, conditions)
    ties = tied(database)
    notes = list(database.notes)
    made: dict[str, dict[str, Any]] = {}
    for name in _ordered(database, ties):
        table, tie = database.tables[name], ties[name]
        held = conditions[name]
        columns = _columns(table, tie, held, database.dialect, notes)
        held.rules += tie.rules + list(_excluded(held, columns))
        notes += [*tie.notes, *held.notes]
        if not columns:
            notes.append(f"line {table.line}: `{name}` has no column that can be drawn and is left out.")
            continue
        key = {"key": list(tie.key)} if tie.key and set(tie.key) <= columns.keys() else {}
        made[name] = {**key, "columns": columns, **_rules(held, columns, table, notes)}
    if len(made) == 1 and not next(iter(ties.values())).links:
        ((name, only),) = made.items()
        only.pop("key", None)
        return {"kind": "columns", "table": name, **only}, notes
    unit = _unit(made, ties)
    for name, page in made.items():
        if ties[name].owner is None and name != unit and (most := _most(page)) is not None and most < FEW**2:
            made[name] = {"rows": min(most, FEW), **page}
    return {"kind": "tables", "unit": unit, "tables": made}, notes


def _narrow(database: Database, conditions: Mapping[str, Checked]) -> None:
    """Tell columns what their checks leave, which settles how many different values there are."""
    for name, table in database.tables.items():
        for column, limits in conditions[name].limits.items():
            its = table.columns[column]
            if limits.values is not None:
                its.values = its.values or limits.values
            elif its.type.family == "integer":
                ends = [end if isinstance(end, int) else known
                        for end, known in ((limits.low, its.type.low), (limits.high, its.type.high))]  # fmt: skip
                its.type = replace(its.type, low=ends[0], high=ends[1])


def _ordered(database: Database, ties: Mapping[str, Ties]) -> list[str]:
    """Tables after those they refer to, so that files can be loaded in this order."""
    above = {name: {link.to for link in ties[name].links if not link.late} - {name} for name in database.tables}
    return list(TopologicalSorter(above).static_order())


def _columns(table: Table, ties: Ties, held: Checked, dialect: str, notes: list[str]) -> dict[str, dict[str, Any]]:
    """The columns of a table as on a page."""
    linked, said = ties.linked, set[str]()
    ruled = {name for rule in (*held.rules, *ties.rules) for name in read_rule(rule).columns}
    out: dict[str, dict[str, Any]] = {}
    for name, column in table.columns.items():
        limits = held.limits.get(name, Limits())
        if column.generated:
            continue
        if name in ties.absent:
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
                notes.append(_left_out(table, name, held.limits.get(name, Limits())))
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


def _rules(held: Checked, columns: Mapping[str, Any], table: Table, notes: list[str]) -> dict[str, Any]:
    """Conditions between columns, where tables take them."""
    from synthesist.samplers.columns import Columns

    if not held.rules:
        return {}
    if "rules" in Columns.model_fields:
        return {"rules": list(dict.fromkeys(held.rules))}
    notes += [
        f"line {table.line}: `{table.name}`: the rule `{rule}` is not kept: rows may break it." for rule in held.rules
    ]
    return {}


def _excluded(held: Checked, columns: Mapping[str, Any]) -> Iterator[str]:
    """Values that a check takes out of the middle of a column of numbers; lists leave theirs out by themselves."""
    for name, limits in held.limits.items():
        if name in columns and columns[name]["is"] not in ("categorical", "reference", "regex", "keys"):
            numbers = [value for value in limits.excluded if isinstance(value, int | float)]
            yield from (f"{_named(name)} != {value}" for value in numbers if not isinstance(value, bool))


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
