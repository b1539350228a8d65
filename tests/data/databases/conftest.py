"""Fresh databases of every system, and a way to ask them that is not the product's own."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

SYSTEMS = ("postgres", "mysql", "sqlite", "duckdb")
NUMBERS = count()


@dataclass(frozen=True)
class Place:
    """A database of one system, empty at first."""

    system: str
    address: str
    ask: Callable[[str], list[tuple]]

    def run(self, *statements: str) -> None:
        """Run statements, each on its own."""
        for statement in statements:
            self.ask(statement)


@pytest.fixture(params=SYSTEMS)
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Place]:
    """Makes an empty database, of every system in turn."""
    return maker(request.param, request, tmp_path)


@pytest.fixture
def place(fresh: Callable[[], Place]) -> Place:
    """An empty database, of every system in turn."""
    return fresh()


def maker(system: str, request: pytest.FixtureRequest, folder: Path) -> Callable[[], Place]:
    """What makes an empty database of this system."""
    if system in ("sqlite", "duckdb"):
        return lambda: _file(system, folder / f"{next(NUMBERS)}.{system}")
    server = request.getfixturevalue("postgres_server" if system == "postgres" else "mariadb_server")

    def made() -> Place:
        name = f"fresh{next(NUMBERS)}"
        server.says(f"CREATE DATABASE {name}{' CHARACTER SET utf8mb4' if system == 'mysql' else ''};")
        folder = str(server.folder)
        return Place(system, server.url.format(name), _postgres(folder, name) if system == "postgres" else _mysql(folder, name))

    return made


def _file(system: str, path: Path) -> Place:
    def ask(sql: str) -> list[tuple]:
        if system == "sqlite":
            with sqlite3.connect(path) as session:
                session.execute("PRAGMA foreign_keys = ON")
                rows = session.execute(sql).fetchall()
            session.close()
            return rows
        import duckdb

        with duckdb.connect(str(path)) as session:
            return session.execute(sql).fetchall()

    return Place(system, f"{system}:///{path}", ask)


def _postgres(folder: str, name: str) -> Callable[[str], list[tuple]]:
    def ask(sql: str) -> list[tuple]:
        from pg8000 import native

        session = native.Connection("postgres", unix_sock=f"{folder}/.s.PGSQL.5432", database=name)
        try:
            return [tuple(row) for row in session.execute_simple(sql).rows or ()]
        finally:
            session.close()

    return ask


def _mysql(folder: str, name: str) -> Callable[[str], list[tuple]]:
    def ask(sql: str) -> list[tuple[Any, ...]]:
        import pymysql

        session = pymysql.connect(unix_socket=f"{folder}/socket", user="root", database=name, autocommit=True)
        with session, session.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    return ask
