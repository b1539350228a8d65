"""Statements that change what others created: ALTER TABLE, DROP, COMMENT."""

import re
from collections.abc import Sequence
from dataclasses import replace

from synthesist.schemas.relational.constraints import STARTS, constrained
from synthesist.schemas.relational.creating import copied, defined, is_index, item_of
from synthesist.schemas.relational.cursor import Cursor
from synthesist.schemas.relational.partitions import bounded
from synthesist.schemas.relational.script import Script
from synthesist.schemas.relational.tables import Check, ForeignKey, Group, Table
from synthesist.schemas.relational.typed import type_at

__all__ = ["altered", "commented", "dropped_index", "dropped_tables"]


def altered(script: Script, at: Cursor) -> None:
    """ALTER TABLE with all its actions."""
    at.skips("IF", "EXISTS")
    at.skips("ONLY")
    table = script.table(at)
    if table is None:
        return
    for action in at.actions():
        _action(script, action, table)


def _action(script: Script, at: Cursor, table: Table) -> None:
    if at.takes("ADD"):
        _added(script, at, table)
    elif at.takes("ATTACH", "PARTITION"):
        _, name = script.qualified(at)
        if (part := script.database.find(name)) is not None:
            del script.database.tables[part.name]
        bounded(at, table)
    elif at.takes("ALTER"):
        at.skips("COLUMN")
        _changed(script, at, table)
    elif at.takes("MODIFY") or at.takes("CHANGE"):
        changes = at.peek(-1).is_("CHANGE")
        at.skips("COLUMN")
        old = table.spelt(at.next().text if changes else at.peek().text)
        _redefined(script, at, table, old)
    elif at.takes("DROP"):
        _dropped(at, table)
    elif at.takes("RENAME", "TO"):
        _renamed(script, at, table)
    elif at.takes("RENAME"):
        _renamed_column(script, at, table)
    elif at.takes("INHERIT"):
        copied(script, at, table, first=True)


def _added(script: Script, at: Cursor, table: Table) -> None:
    if at.sees(*STARTS):
        constrained(script, at, table)
    elif not is_index(script, at):
        at.skips("COLUMN")
        at.skips("IF", "NOT", "EXISTS")
        for item in at.items() if at.sees("(") else [at]:
            item_of(script, item, table)


def _changed(script: Script, at: Cursor, table: Table) -> None:
    """ALTER COLUMN: what is said of it from now on."""
    name = table.spelt(at.next().text)
    if name is None:
        return
    column = table.columns[name]
    if at.takes("SET", "NOT", "NULL"):
        column.nullable = False
    elif at.takes("DROP", "NOT", "NULL"):
        column.nullable = True
    elif at.takes("SET", "DEFAULT"):
        column.counted |= at.sees("NEXTVAL")
        column.default = at.literal()
    elif at.takes("ADD", "GENERATED"):
        column.counted, column.nullable = True, False
    elif at.takes("SET", "DATA", "TYPE") or at.takes("TYPE"):
        column.type, _, _ = type_at(script, at)


def _redefined(script: Script, at: Cursor, table: Table, old: str | None) -> None:
    """MySQL's MODIFY and CHANGE: the column anew, at its place and in its keys."""
    order, was = list(table.columns), None if old is None else table.columns.pop(old)
    new = defined(script, at, table)
    if was is not None and old is not None:
        table.columns[new].counted |= was.counted and new != old
        places = {new if name == old else name: None for name in order}
        table.columns = {name: table.columns[name] for name in places}
        _rename(table, old, new)


def _dropped(at: Cursor, table: Table) -> None:
    if at.takes("PRIMARY", "KEY"):
        table.key = ()
        return
    if at.takes("FOREIGN", "KEY") or (at.sees("CONSTRAINT", "INDEX", "KEY", "CHECK") and at.next()):
        at.skips("IF", "EXISTS")
        _without(table, at.next().text.lower())
        return
    at.skips("COLUMN")
    at.skips("IF", "EXISTS")
    if (name := table.spelt(at.next().text)) is not None:
        del table.columns[name]
        table.unique = [group for group in table.unique if name not in group.columns]
        table.foreign = [link for link in table.foreign if name not in link.columns]
        table.checks = [check for check in table.checks if not _reads(check, name)]
        table.key = tuple(one for one in table.key if one != name)


def _without(table: Table, name: str) -> None:
    """Take the constraint of this name from a table; one without a name has that which PostgreSQL gives it."""

    def is_it(constraint: Check | Group | ForeignKey) -> bool:
        if constraint.name:
            return constraint.name == name
        if isinstance(constraint, Check):
            middle = re.fullmatch(rf"{re.escape(table.name)}_(?:(.*)_)?check\d*", name, re.IGNORECASE)
            return middle is not None and (not middle[1] or _reads(constraint, middle[1]))
        end = "key" if isinstance(constraint, Group) else "fkey"
        return name == "_".join([table.name, *constraint.columns, end]).lower()

    table.checks = [check for check in table.checks if not is_it(check)]
    table.unique = [group for group in table.unique if not is_it(group)]
    table.foreign = [link for link in table.foreign if not is_it(link)]
    if name == f"{table.name}_pkey".lower():
        table.key = ()


def _reads(check: Check, column: str) -> bool:
    return check.column == column or re.search(rf"\b{re.escape(column)}\b", check.sql, re.IGNORECASE) is not None


def _renamed(script: Script, at: Cursor, table: Table) -> None:
    """The new name of a table, in the keys of all others as well."""
    _, new = script.qualified(at)
    tables = {new if name == table.name else name: one for name, one in script.database.tables.items()}
    for one in tables.values():
        one.foreign = [
            replace(link, table=new) if link.table.rpartition(".")[2].casefold() == table.name.casefold() else link
            for link in one.foreign
        ]
    table.name, script.database.tables = new, tables


def _renamed_column(script: Script, at: Cursor, table: Table) -> None:
    at.skips("COLUMN")
    old = table.spelt(at.next().text)
    if old is None or not at.takes("TO"):
        return
    new = at.name(script.dialect)
    table.columns = {new if name == old else name: one for name, one in table.columns.items()}
    table.columns[new].name = new
    _rename(table, old, new)
    for one in script.database.tables.values():
        one.foreign = [
            replace(link, others=_said_anew(link.others, old, new))
            if script.database.find(link.table) is table
            else link
            for link in one.foreign
        ]


def _rename(table: Table, old: str, new: str) -> None:
    """The new name of a column in the keys and conditions of its table."""
    table.key = _said_anew(table.key, old, new)
    table.checks = [
        replace(
            check,
            sql=re.sub(rf"\b{re.escape(old)}\b", new, check.sql),
            column=new if check.column == old else check.column,
        )
        for check in table.checks
    ]
    table.unique = [replace(group, columns=_said_anew(group.columns, old, new)) for group in table.unique]
    table.foreign = [replace(link, columns=_said_anew(link.columns, old, new)) for link in table.foreign]


def _said_anew(columns: Sequence[str], old: str, new: str) -> tuple[str, ...]:
    return tuple(new if name == old else name for name in columns)


def dropped_tables(script: Script, at: Cursor) -> None:
    """DROP TABLE."""
    at.skips("IF", "EXISTS")
    while not at.ended:
        _, name = script.qualified(at)
        gone = script.database.tables.pop(name, None)
        if gone is not None and script.dialect == "postgres":  # others keep keys by the name of the table
            for table in script.database.tables.values():
                table.foreign = [link for link in table.foreign if link.table.rpartition(".")[2] != gone.name]
        while not at.ended and not at.next().is_(","):
            pass


def dropped_index(script: Script, at: Cursor) -> None:
    """DROP INDEX."""
    at.skips("CONCURRENTLY")
    at.skips("IF", "EXISTS")
    _, name = script.qualified(at)
    for table in script.database.tables.values():
        table.unique = [group for group in table.unique if group.name != name.lower()]


def commented(script: Script, at: Cursor) -> None:
    """COMMENT ON COLUMN."""
    names = [at.next().text]
    while at.takes("."):
        names.append(at.next().text)
    table = script.database.find(".".join(names[:-1]))
    if table is not None and at.takes("IS") and (column := table.spelt(names[-1])):
        table.columns[column].comment = at.next().text
