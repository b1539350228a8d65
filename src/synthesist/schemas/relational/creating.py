"""CREATE TABLE: the columns of a table, one after the other, and what is said of each."""

import re
from dataclasses import replace

from synthesist.data.databases.types import SERIALS
from synthesist.schemas.relational.constraints import STARTS, constrained, reference
from synthesist.schemas.relational.cursor import Cursor
from synthesist.schemas.relational.partitions import attached, parted
from synthesist.schemas.relational.script import Script
from synthesist.schemas.relational.tables import Check, Column, Group, Table
from synthesist.schemas.relational.typed import type_at

__all__ = ["copied", "created", "defined", "is_index", "item_of"]

INDEXES = ("KEY", "INDEX", "FULLTEXT", "SPATIAL", "PERIOD")


def created(script: Script, at: Cursor) -> None:
    """A table, or a part of one."""
    at.skips("IF", "NOT", "EXISTS")
    line, schema, name = at.line, *script.qualified(at)
    table = Table(name, schema=schema, line=line)
    known = script.database.tables.get(name)
    if known is not None and known.schema.casefold() == schema.casefold():
        return  # as IF NOT EXISTS has it
    if known is not None:
        table.name = f"{schema}.{name}"
    if at.takes("PARTITION", "OF"):
        attached(script, at)
        return
    if at.takes("LIKE"):
        copied(script, at, table)
    elif at.sees("("):
        items = list(at.items())
        if at.takes("INHERITS"):
            for parent in at.items():
                copied(script, parent, table)
        for item in sorted(items, key=lambda item: item.sees(*STARTS)):  # keys are of columns wherever those stand
            item_of(script, item, table)
    elif at.sees("AS"):
        script.note(at, f"`{table.name}` is made by a query and is left out")
        return
    while not at.ended and not at.sees("PARTITION"):
        at.next()
    if at.takes("PARTITION", "BY") and (at.takes("RANGE") or at.takes("LIST")):
        parted(script, at, table)
    script.database.tables[table.name] = table


def item_of(script: Script, at: Cursor, table: Table) -> None:
    """A column or a constraint of a table."""
    if at.takes("LIKE"):
        copied(script, at, table)
    elif at.sees(*STARTS):
        constrained(script, at, table)
    elif not at.ended and not is_index(script, at):
        defined(script, at, table)


def is_index(script: Script, at: Cursor) -> bool:
    """Whether KEY, INDEX and the like begin an index of MySQL, and not a column of that name."""
    return at.sees(*INDEXES) and (script.dialect == "mysql" or (at.sees("PERIOD") and at.peek(1).is_("FOR")))


def copied(script: Script, at: Cursor, table: Table, first: bool = False) -> None:
    """LIKE and INHERITS: the columns and conditions of another table."""
    _, name = script.qualified(at)
    model = script.database.find(name)
    if model is None:
        script.note(at, f"`{table.name}` is like `{name}`, which is no table of this file: its columns are not known")
        return
    columns = {
        name: replace(one, nullable=one.nullable and name not in model.key) for name, one in model.columns.items()
    }
    table.columns = {**columns, **table.columns} if first else {**table.columns, **columns}
    table.checks += model.checks
    if not first and (at.sees("INCLUDING") or script.dialect != "postgres"):
        table.key, table.unique = model.key, list(model.unique)


def defined(script: Script, at: Cursor, table: Table) -> str:
    """A column, put into its table; its name."""
    line, name = at.line, at.name(script.dialect)
    kind, checks, words = type_at(script, at)
    made = Column(name, kind, line=line, counted=words in SERIALS)
    table.columns[name] = made
    if made.counted:
        made.nullable = False
    table.checks += [replace(check, column=name, of_domain=True) for check in checks if check.sql]
    if any(not check.sql for check in checks):
        made.nullable = False
    while not at.ended:
        _said_of(script, at, table, made)
    if script.dialect == "sqlite" and table.key == (name,) and words == "integer":
        made.counted = True  # an alias of the number of the row
    return name


def _said_of(script: Script, at: Cursor, table: Table, column: Column) -> None:
    """One of the constraints behind the type of a column."""
    line, here = at.line, (column.name,)
    if at.takes("NOT", "NULL"):
        column.nullable = False
    elif at.takes("PRIMARY", "KEY") or (script.dialect == "mysql" and at.takes("KEY")):
        table.key = here
    elif at.takes("UNIQUE"):
        at.skips("KEY")
        table.unique.append(Group(here, line))
    elif at.takes("CHECK"):
        table.checks.append(Check(at.inside(), line, column.name))
    elif at.takes("REFERENCES"):
        table.foreign.append(reference(script, at, here, line))
    elif at.takes("DEFAULT"):
        column.counted |= at.sees("NEXTVAL")
        column.default = at.literal()
        at.expression()
    elif at.takes("GENERATED"):
        at.takes("ALWAYS") or at.takes("BY", "DEFAULT")
    elif at.takes("AS", "IDENTITY") or at.takes("IDENTITY"):
        column.counted, column.nullable = True, False
    elif at.sees("AS") and at.peek(1).is_("("):
        at.next()
        for read in re.findall(r"\bjson_\w+\(\s*[\"`]?(\w+)", at.inside(), re.IGNORECASE):
            table.checks.append(Check(f"json_valid({read})", line))  # else the database could not compute it
        column.generated = True
    elif at.takes("AUTO_INCREMENT") or at.takes("AUTOINCREMENT"):
        column.counted = True
    elif at.takes("COMMENT"):
        column.comment = at.next().text
    elif at.takes("ON", "UPDATE") or at.takes("COLLATE") or at.takes("CONSTRAINT"):
        at.next()
    elif at.sees("("):
        at.inside()
    else:
        at.next()
