"""Fresh databases of every system, and a way to ask them that is not the product's own."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
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
    session: Callable[[], Any]

    def ask(self, *statements: str) -> list[tuple]:
        """What the last of some statements gives, all of one session."""
        rows: list[tuple] = []
        with self.session() as execute:
            for statement in statements:
                rows = [tuple(row) for row in execute(statement)]
        return rows

    def answers(self, *statements: str) -> list[list[tuple]]:
        """What each of some statements gives."""
        with self.session() as execute:
            return [[tuple(row) for row in execute(statement)] for statement in statements]

    def name(self, name: str) -> str:
        """A name as it stands in SQL."""
        return f"`{name}`" if self.system == "mysql" else f'"{name}"'

    def tables(self) -> list[str]:
        """What tables there are; none where there is no file."""
        if self.system in ("sqlite", "duckdb") and not Path(self.address.split(":///")[1]).exists():
            return []
        schema = {"postgres": "'public'", "mysql": "database()"}.get(self.system, "'main'")
        sql = f"SELECT table_name FROM information_schema.tables WHERE table_schema = {schema} ORDER BY 1"
        if self.system == "sqlite":
            sql = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1"
        return [name for (name,) in self.ask(sql)]


def maker(system: str, request: pytest.FixtureRequest, folder: Path) -> Callable[[], Place]:
    """What makes an empty database of this system."""
    if system in ("sqlite", "duckdb"):
        return lambda: _file(system, folder / f"{next(NUMBERS)}.{system}")
    server = request.getfixturevalue("postgres_server" if system == "postgres" else "mariadb_server")

    def made() -> Place:
        name = f"fresh{next(NUMBERS)}"
        server.says(f"CREATE DATABASE {name}{' CHARACTER SET utf8mb4' if system == 'mysql' else ''};")
        session = _postgres if system == "postgres" else _mysql
        return Place(system, server.url.format(name), lambda: session(str(server.folder), name))

    return made


def _file(system: str, path: Path) -> Place:
    @contextmanager
    def session() -> Iterator[Callable[[str], Any]]:
        if system == "sqlite":
            with closing(sqlite3.connect(path, isolation_level=None)) as opened:
                opened.execute("PRAGMA foreign_keys = ON")
                yield lambda sql: opened.execute(sql).fetchall()
            return
        import duckdb

        with duckdb.connect(str(path)) as opened:
            yield lambda sql: opened.execute(sql).fetchall()

    return Place(system, f"{system}:///{path}", session)


@contextmanager
def _postgres(folder: str, name: str) -> Iterator[Callable[[str], Any]]:
    from pg8000 import native

    socket = f"{folder}/.s.PGSQL.5432"
    with closing(native.Connection("postgres", unix_sock=socket, database=name, ssl_context=False)) as opened:
        yield lambda sql: opened.execute_simple(sql).rows or ()


@contextmanager
def _mysql(folder: str, name: str) -> Iterator[Callable[[str], Any]]:
    import pymysql

    with pymysql.connect(unix_socket=f"{folder}/socket", user="root", database=name, autocommit=True) as opened:

        def execute(sql: str) -> Any:
            with opened.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall()

        yield execute
