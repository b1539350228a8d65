"""A database that holds drawn tables: filled once a session, and whole again for every test."""

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from synthesist.data.dataset import Dataset
from synthesist.data.frames import stored
from synthesist.data.schema import Schema
from synthesist.errors import DataError
from synthesist.schemas.sql import SUFFIXES

if TYPE_CHECKING:
    import pytest

    from synthesist.testing.pages import Sampled

__all__ = ["Filled", "filled", "tables_of_sqlite"]

TYPES = {pl.Int64: "INTEGER", pl.Float64: "REAL", pl.Boolean: "BOOLEAN", pl.Date: "DATE", pl.Datetime: "TIMESTAMP"}


@dataclass(frozen=True)
class Filled:
    """A database with rows in it; what a test changes is gone afterwards, committed or not."""

    address: str
    """Where it is, as SQLAlchemy and others read it: `sqlite:////tmp/.../shop.db`."""
    path: Path
    """The file of SQLite."""
    data: Dataset
    """The rows that are in it."""
    ddl: str
    """The statements that made its tables."""

    @cached_property
    def connection(self) -> sqlite3.Connection:
        """A connection of one's own, with foreign keys enforced."""
        return connected(self.path)

    def execute(self, sql: str, values: Mapping[str, Any] | tuple[Any, ...] = ()) -> sqlite3.Cursor:
        """Run one statement on `connection`."""
        return self.connection.execute(sql, values)


def connected(path: Path) -> sqlite3.Connection:
    """A connection to a file of SQLite, with foreign keys enforced."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


@contextmanager
def filled(
    sampled: "Sampled", templates: dict[int, tuple[Dataset, Path]], folders: "pytest.TempPathFactory"
) -> Iterator[Filled]:
    """A copy of the database these rows fill, which is made once for all tests that ask for the same rows.

    A test may commit, and open connections of its own: it has the file for itself.
    """
    key = id(sampled.data)
    if key not in templates:
        template = folders.mktemp("synthesist") / f"{sampled.page.stem}.db"
        fill(template, sampled)
        templates[key] = sampled.data, template  # with its rows, so that no others get their id
    template = templates[key][1]
    folder = folders.mktemp("synthesist")
    path = Path(shutil.copyfile(template, folder / template.name))
    with closing(connected(path)) as reader:
        made = reader.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    database = Filled(f"sqlite:///{path}", path, sampled.data, "\n".join(f"{sql};" for (sql,) in made))
    try:
        yield database
    finally:
        if "connection" in vars(database):
            database.connection.close()
        shutil.rmtree(folder)


def fill(path: Path, sampled: "Sampled") -> None:
    """Make the tables and put the rows into them, every constraint on."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        if not _made_as_written(connection, sampled.page, sampled.data.schema):
            for statement in tables_of_sqlite(sampled.data.schema):
                connection.execute(statement)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN")
        connection.execute("PRAGMA defer_foreign_keys = ON")  # tables may refer to each other in a circle
        try:
            for name, table in sampled.data.tables.items():
                kinds = sampled.data.schema.tables[name]
                places = ", ".join("?" * table.width)
                columns = ", ".join(_quoted(column) for column in table.columns)
                rows = stored(table, kinds, text=True).iter_rows()
                connection.executemany(f"INSERT INTO {_quoted(name)} ({columns}) VALUES ({places})", rows)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise DataError(f"SQLite does not take the rows of {sampled.page.name}: {error}.") from None


def _made_as_written(connection: sqlite3.Connection, page: Path, schema: Schema) -> bool:
    """Whether the page is SQL that SQLite itself takes, so that the tables have all that is written there."""
    if page.suffix.lower() not in SUFFIXES:
        return False
    connection.execute("BEGIN")
    try:
        for statement in _statements(page.read_text("utf-8-sig")):
            connection.execute(statement)
        there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error:
        connection.execute("ROLLBACK")
        return False
    right = there == set(schema.tables)
    connection.execute("COMMIT" if right else "ROLLBACK")
    return right


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, as SQLite parts them."""
    waiting = ""
    for piece in script.split(";"):
        waiting += f"{piece};"
        if sqlite3.complete_statement(waiting):
            yield waiting
            waiting = ""


def tables_of_sqlite(schema: Schema) -> Iterator[str]:
    """The statements that make the tables of a schema: types, keys, links, and which cells may be empty."""
    for name, table in schema.tables.items():
        lines = [
            f"{_quoted(column)} {TYPES.get(kind.storage.base_type(), 'TEXT')}{'' if kind.missing else ' NOT NULL'}"
            for column, kind in table.columns.items()
        ]
        lines += [f"PRIMARY KEY ({_named(table.key)})"] if table.key else []
        links = (link for other in schema.tables.values() for link in other.links)
        others = dict.fromkeys(link.to for link in links if link.table == name and link.to != table.key)
        lines += [f"UNIQUE ({_named(to)})" for to in others]  # what is referred to must be known to be unique
        lines += [
            f"FOREIGN KEY ({_named(link.columns)}) REFERENCES {_quoted(link.table)} ({_named(link.to)})"
            for link in table.links
        ]
        yield f"CREATE TABLE {_quoted(name)} (\n  " + ",\n  ".join(lines) + "\n)"


def _named(columns: tuple[str, ...]) -> str:
    return ", ".join(_quoted(column) for column in columns)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
