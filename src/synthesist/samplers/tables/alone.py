"""What of a table can be made from this table alone: it is drawn as a page of `columns` is."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from synthesist.errors import SpecError
from synthesist.rules.rule import Rule, Unique, read_rule
from synthesist.samplers.columns import Columns
from synthesist.samplers.columns.declaration import Expression
from synthesist.samplers.columns.references import Position, Reference
from synthesist.samplers.tables.linking import Fault
from synthesist.samplers.tables.table import OF_COLUMNS, Table

__all__ = ["drawn_alone", "unique_under_owner"]


def drawn_alone(
    name: str, table: Table, order: Sequence[str], owner: Collection[str]
) -> tuple[Columns | None, list[Fault]]:
    """The columns that read no other table, link or place, with their groups and rules; None where there are none.

    Cells that are lost are left in: they are taken away once the formulas over several tables have read them.

    Args:
        order: the columns, each after those it is computed from.
        owner: the columns that hold the key of the owner.
    """
    early = _early(table, order)
    apart = unique_under_owner(table, owner)
    rules = [written for written in table.rules if _read(written) not in apart]
    faults = [*_faults_of_ties(name, table, early, rules), *_faults_of_apart(name, early, apart, owner)]
    if faults or not early:
        return None, faults
    columns = {column: table.columns[column].model_dump() for column in early}
    options: dict[str, Any] = {option: getattr(table, option) for option in OF_COLUMNS if option != "lost"}
    options["rules"] = rules
    try:
        return Columns.model_validate({"table": name, "columns": columns, **options}), []
    except ValidationError as error:
        found = error.errors(include_url=False)
        return None, [(".".join(map(str, (name, *f["loc"]))), f["msg"].removeprefix("Value error, ")) for f in found]


def _early(table: Table, order: Sequence[str]) -> list[str]:
    late: set[str] = set()
    for name in order:
        column = table.columns[name]
        formula = column.read if isinstance(column, Expression) else None
        if isinstance(column, Reference | Position) or (formula and (formula.across or formula.names & late)):
            late.add(name)
    early = [name for name in table.columns if name not in late]
    return early if any(not isinstance(table.columns[name], Expression) for name in early) else []


def unique_under_owner(table: Table, owner: Collection[str]) -> tuple[Unique, ...]:
    """The rules that a combination comes once only among the rows of one owner, whose key `owner` holds."""
    found = (_read(written) for written in table.rules)
    return tuple(rule for rule in found if isinstance(rule, Unique) and owner and set(owner) < set(rule.columns))


def _read(written: Any) -> Rule | None:
    with suppress(SpecError):  # told where the others are looked at
        return read_rule(written)
    return None


def _faults_of_ties(name: str, table: Table, early: Sequence[str], rules: Sequence[Any]) -> Iterator[Fault]:
    """Groups and rules that name columns which follow from other rows."""
    late = table.columns.keys() - set(early)
    for column in (column for group in table.correlated for column in group.columns if column in late):
        yield f"{name}.correlated", f"`{column}` follows from other rows, and cannot be in a group"
    for written in rules:
        try:
            tied = [column for column in read_rule(written).columns if column in late]
        except SpecError as error:
            yield f"{name}.rules", str(error)
            continue
        if tied:
            why = f"`{tied[0]}` follows from other rows"
            yield f"{name}.rules", f"{why}: rules are for columns made from this table alone"


def _faults_of_apart(
    name: str, early: Sequence[str], apart: Sequence[Unique], owner: Collection[str]
) -> Iterator[Fault]:
    """Columns that cannot be drawn again until they differ."""
    for rule in apart:
        for column in (column for column in rule.columns if column not in owner and column not in early):
            why = f"`{rule.text}`: `{column}` follows from other rows"
            yield f"{name}.rules", f"{why}: a reference is told apart by `distinct: true`"
