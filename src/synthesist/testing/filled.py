"""A database that holds drawn tables: whole again for every test, and as it was at the end."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from synthesist.data.databases import Address, DatabaseWriter, opened
from synthesist.data.databases.connection import Connection, connected
from synthesist.data.databases.declaring import ordered
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.errors import DataError, NotFoundError, SpecError
from synthesist.schemas.sql import SUFFIXES

if TYPE_CHECKING:
    from synthesist.testing.pages import Sampled

__all__ = ["Filled", "Templates", "filled_copy", "filled_there"]

WORKER = "{worker}"
Templates = dict[int, tuple[Dataset, Path]]
"""Files of SQLite by the id of the rows that are in them, with these rows, so that no others get their id."""


@dataclass(frozen=True)
class Filled:
    """A database with rows in it; what a test changes is gone afterwards, committed or not."""

    address: str
    """Where it is, as SQLAlchemy and others read it: `sqlite:////tmp/.../shop.db`."""
    data: Dataset
    """The rows that are in it."""

    def read(self, table: str) -> pl.DataFrame:
        """All rows of a table, as they are now."""
        with opened(self.address) as database:
            return database.read(table)

    def ddl(self) -> str:
        """The statements that made its tables."""
        with opened(self.address) as database:
            return database.ddl()

    @property
    def path(self) -> Path:
        """The file, where it is one."""
        return Path(Address.of(self.address).database)

    @cached_property
    def connection(self) -> sqlite3.Connection:
        """A connection of the test to SQLite, with foreign keys enforced.

        Raises:
            SpecError: it is another database.
        """
        if Address.of(self.address).dialect != "sqlite":
            raise SpecError(f"{Address.of(self.address)} is no SQLite: connect to `synth_database.address` yourself.")
        connection = sqlite3.connect(self.path)
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        """Run one statement on `connection`."""
        return self.connection.execute(sql, values)

    def close(self) -> None:
        """Close the connection of the test."""
        if "connection" in vars(self):
            self.connection.close()


@contextmanager
def filled_copy(sampled: "Sampled", templates: Templates, folder: Callable[[], Path]) -> Iterator[Filled]:
    """A file of SQLite for one test: a copy of one that all tests share which ask for the same rows."""
    key = id(sampled.data)
    if key not in templates:
        template = folder() / f"{sampled.page.stem}.db"
        _make_as_written(template, sampled.page, sampled.data.schema)
        with DatabaseWriter(f"sqlite:///{template}", sampled.data.schema) as writer:
            writer.write(sampled.data)
        templates[key] = sampled.data, template
    here = folder()
    path = Path(shutil.copyfile(templates[key][1], here / templates[key][1].name))
    database = Filled(f"sqlite:///{path}", sampled.data)
    try:
        yield database
    finally:
        database.close()
        shutil.rmtree(here)


def _make_as_written(path: Path, page: Path, schema: Schema) -> None:
    """Make the tables as the page has them, if it is SQL that SQLite takes; else they are made from what was read."""
    if page.suffix.lower() not in SUFFIXES:
        return
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        try:
            connection.executescript(f"BEGIN;\n{page.read_text('utf-8-sig')}")
            there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        except sqlite3.Error:
            there = set()
        if connection.in_transaction:
            connection.execute("COMMIT" if there == set(schema.tables) else "ROLLBACK")


@contextmanager
def filled_there(sampled: "Sampled", address: str) -> Iterator[Filled]:
    """The tables in a database that is there already, for one test: they are empty or not there before, and after.

    Raises:
        SpecError: several workers of xdist would share it.
        DataError: a table has rows, which are somebody's.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and WORKER not in address:
        raise SpecError(
            f"Tests run on several workers: name a database for each, as in postgresql://host/test_{WORKER}."
        )
    place, schema = address.replace(WORKER, worker or "main"), sampled.data.schema
    known = _empty_tables(place, schema)
    with DatabaseWriter(place, schema) as writer:
        writer.write(sampled.data)
    database = Filled(place, sampled.data)
    try:
        yield database
    finally:
        database.close()
        with connected(Address.of(place), writes=True) as connection:
            _clear(connection, list(reversed(ordered(schema.tables))), known)


def _empty_tables(address: str, schema: Schema) -> set[str]:
    """The tables that are there already.

    Raises:
        DataError: one of them has rows.
    """
    try:
        with connected(Address.of(address)) as connection:
            known = set(connection.names()) & set(schema.tables)
            full = [name for name in sorted(known) if connection.ask(f"SELECT 1 FROM {connection.name(name)} LIMIT 1")]
    except NotFoundError:
        if Address.of(address).is_file:
            return set()
        raise
    if full:
        raise DataError(f"{Address.of(address)}: `{full[0]}` has rows. Tests need a database whose tables are empty.")
    return known


def _clear(connection: Connection, tables: list[str], known: set[str]) -> None:
    """Take out all rows, and tables that were not there before."""
    if connection.dialect == "mysql":
        connection.run("SET FOREIGN_KEY_CHECKS = 0")
    connection.begin()
    if connection.dialect == "postgres" and known:
        connection.run(f"TRUNCATE {connection.list([name for name in tables if name in known])}")
    for name in tables:
        if name not in known:
            connection.run(
                f"DROP TABLE {connection.name(name)}{' CASCADE' if connection.dialect == 'postgres' else ''}"
            )
        elif connection.dialect != "postgres":
            connection.run(f"DELETE FROM {connection.name(name)}")
    connection.commit()
