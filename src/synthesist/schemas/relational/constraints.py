"""Keys and conditions of a table: PRIMARY KEY, UNIQUE, FOREIGN KEY, CHECK, EXCLUDE, and unique indexes."""

from dataclasses import replace

from synthesist.schemas.relational.cursor import Cursor
from synthesist.schemas.relational.script import Script
from synthesist.schemas.relational.tables import Check, Column, ForeignKey, Group, Table

__all__ = ["STARTS", "columns_of", "constrained", "indexed", "reference"]

STARTS = ("CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "EXCLUDE")
"""Words that begin a constraint among the columns of a table."""


def constrained(script: Script, at: Cursor, table: Table) -> None:
    """A constraint that stands among the columns of a table, or is added to it."""
    line, name = at.line, ""
    if at.takes("CONSTRAINT") and not at.sees(*STARTS[1:]):
        name = at.next().text.lower()
    if at.takes("PRIMARY", "KEY"):
        table.key = columns_of(script, at, table)
    elif at.takes("UNIQUE"):
        _unique(script, at, table, line, name)
    elif at.takes("FOREIGN", "KEY"):
        columns = columns_of(script, at, table)
        if at.takes("REFERENCES"):
            table.foreign.append(replace(reference(script, at, columns, line), name=name))
    elif at.takes("CHECK"):
        table.checks.append(Check(at.inside(), line, name=name))
    elif at.takes("EXCLUDE"):
        _excluded(script, at, table, line)


def indexed(script: Script, at: Cursor) -> None:
    """CREATE UNIQUE INDEX."""
    at.skips("CLUSTERED")
    if not at.takes("INDEX"):
        return
    called = ""
    while not at.takes("ON"):
        called = at.next().text.lower()
    at.skips("ONLY")
    line, (_, name) = at.line, script.qualified(at)
    if (table := script.database.find(name)) is not None:
        _unique(script, at, table, line, called)


def reference(script: Script, at: Cursor, columns: tuple[str, ...], line: int) -> ForeignKey:
    """What stands behind REFERENCES."""
    name = script.full_name(at)
    others: tuple[str, ...] = ()
    if at.sees("("):
        others = tuple(item.next().text for item in at.items())
    while at.takes("ON", "DELETE") or at.takes("ON", "UPDATE"):
        at.takes("SET") or at.takes("NO")
        at.next()
        if at.sees("("):
            at.inside()
    return ForeignKey(columns, name, others, line)


def columns_of(script: Script, at: Cursor, table: Table) -> tuple[str, ...]:
    """The columns named in the next parentheses; of an expression those it reads."""
    while not at.sees("("):
        at.next()
    found: list[str] = []
    for item in at.items():
        spelt = table.spelt(item.peek().text)
        if spelt is not None and not _is_call(item):
            found.append(spelt)
            if len(item.tokens) > 2 and item.peek(1).is_("("):
                _shortened(table.columns[spelt], int(item.peek(2).text))
            continue
        read = _read_by(item, table)
        if read and table.columns[read[0]].type.family == "json":
            return ()  # a field that is not drawn is missing, and what is missing repeats nothing
        if not read:
            script.note(item, f"`{table.name}`: the unique index on {item.peek().text} is not kept")
            return ()
        if any(token.is_("COALESCE", "IFNULL") for token in item.tokens):
            table.columns[read[0]].nullable = False  # what is empty there repeats what is empty elsewhere
        found.append(read[0])
    return tuple(dict.fromkeys(found))


def _is_call(item: Cursor) -> bool:
    """Whether a function is called here; a column with a number in parentheses is its first characters."""
    return len(item.tokens) > 1 and item.peek(1).is_("(") and not item.peek(2).text.isdigit()


def _read_by(item: Cursor, table: Table) -> list[str]:
    """The columns that an expression reads."""
    return [name for token in item.tokens if token.kind != "string" and (name := table.spelt(token.text))]


def _shortened(column: Column, length: int) -> None:
    """Only the first characters of a column are in a key: what differs in them is unique."""
    if column.type.family in ("text", "bytes") and (column.type.length or length) >= length:
        column.type = replace(column.type, length=length)


def _unique(script: Script, at: Cursor, table: Table, line: int, name: str) -> None:
    if not name and not at.sees("("):
        name = at.peek(at.peek().is_("KEY", "INDEX")).text.lower()  # as MySQL has it
    if columns := columns_of(script, at, table):
        table.unique.append(Group(columns, line, name))


def _excluded(script: Script, at: Cursor, table: Table, line: int) -> None:
    """What may not overlap does not where what must be equal for that never is."""
    while not at.sees("("):
        at.next()
    equal: list[str] = []
    read: list[str] = []
    for item in at.items():
        found = _read_by(item, table)
        read += found
        if item.tokens[-1].is_("=") and len(item.tokens) == 3:
            equal += found
    empty = [name for name in read if table.columns[name].nullable and name not in table.key]
    if equal:
        table.unique.append(Group(tuple(equal), line))
    elif empty:
        table.columns[empty[0]].absent = True
        script.note_of(line, f"`{table.name}`: EXCLUDE is held by `{empty[0]}` being empty in all rows")
    else:
        script.note_of(line, f"`{table.name}`: EXCLUDE is not kept: rows may overlap")
