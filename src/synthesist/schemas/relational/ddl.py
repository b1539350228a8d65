"""Statements of SQL read into tables: what columns there are, and what must hold between their rows.

Statements are read by their structure, which all databases share: a name, and a list in parentheses of columns and
constraints. Words of one database only (engines, storage, collations) are passed over where they stand. Conditions and
formulas are kept as they are written.
"""

import re
from itertools import pairwise

from synthesist.errors import SpecError
from synthesist.schemas.relational.altering import altered, commented, dropped_index, dropped_tables
from synthesist.schemas.relational.constraints import indexed
from synthesist.schemas.relational.creating import created
from synthesist.schemas.relational.cursor import Cursor
from synthesist.schemas.relational.partitions import closed
from synthesist.schemas.relational.script import Script
from synthesist.schemas.relational.statements import Statement, statements
from synthesist.schemas.relational.tables import Database
from synthesist.schemas.relational.typed import changed_type, domain, named_type

__all__ = ["read_sql"]

EXECUTED = re.compile(r"/\*M?!\d*((?:'(?:[^'\\]|\\.)*'|[^'*]|\*(?!/))*)\*/")
KINDS = ("UNLOGGED", "FOREIGN", "OR", "REPLACE")
"""Words between CREATE and what is created."""


def read_sql(text: str, dialect: str) -> Database:
    """The tables that a file of SQL creates.

    Raises:
        SpecError: a statement about tables cannot be read; the message has its line.
    """
    script = Script(Database(dialect=dialect))
    text = EXECUTED.sub(_executed, text) if dialect == "mysql" else text
    for statement in statements(text, dialect):
        _read(script, statement)
    return _finished(script)


def _executed(comment: re.Match[str]) -> str:
    """What stands in a comment that MySQL executes, at its place."""
    return " " * (comment.start(1) - comment.start()) + comment[1] + "  "


def _read(script: Script, statement: Statement) -> None:
    try:
        _statement(script, Cursor(statement))
    except EOFError:
        first = statement.tokens[0]
        begun = " ".join(statement.text[first.start : statement.tokens[-1].end].split())[:60]
        raise SpecError(
            f"line {first.line}: this statement ends too early, or a parenthesis is missing: `{begun} ...`. Correct it."
        ) from None


def _statement(script: Script, at: Cursor) -> None:
    if at.takes("CREATE"):
        while at.sees(*KINDS):
            at.next()
        _creation(script, at)
    elif at.takes("DROP", "TABLE"):
        dropped_tables(script, at)
    elif at.takes("DROP", "INDEX"):
        dropped_index(script, at)
    elif at.takes("ALTER", "TABLE"):
        altered(script, at)
    elif at.takes("ALTER", "TYPE"):
        changed_type(script, at)
    elif at.takes("COMMENT", "ON", "COLUMN"):
        commented(script, at)


def _creation(script: Script, at: Cursor) -> None:
    if at.takes("TABLE"):
        created(script, at)
    elif at.takes("TYPE"):
        named_type(script, at)
    elif at.takes("DOMAIN"):
        domain(script, at)
    elif at.takes("UNIQUE"):
        indexed(script, at)
    elif at.takes("SCHEMA"):
        _schema(script, at)
    elif at.takes("VIRTUAL"):
        script.note(at, "a virtual table is made by its own module and is left out")


def _schema(script: Script, at: Cursor) -> None:
    """CREATE SCHEMA with the statements of what is in it, which no semicolon parts."""
    at.skips("IF", "NOT", "EXISTS")
    script.space = "" if at.ended or at.sees("AUTHORIZATION") else at.name(script.dialect)
    rest = at.tokens[at.at :]
    begins = [i for i, token in enumerate(rest) if token.is_("CREATE")]
    for begin, end in pairwise([*begins, len(rest)]):
        _statement(script, Cursor(at.statement, rest[begin:end]))
    script.space = ""


def _finished(script: Script) -> Database:
    """The database, once all statements are read."""
    tables = script.database.tables
    for table in list(tables.values()):
        if not table.columns:
            del tables[table.name]
        closed(script, table)
    return script.database
