"""What every database can be asked for, whatever system it runs on."""

import socket
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from synthesist.data.databases.address import Address
from synthesist.data.databases.types import Type
from synthesist.data.kinds import Dialect
from synthesist.data.schema import TableSchema

__all__ = ["BLOCK", "Connection", "connected", "line"]

BLOCK = 65_536


def connected(address: Address, *, writes: bool = False) -> "Connection":
    """A connection to the database; one that only reads changes nothing and makes no file.

    Raises:
        MissingExtraError: its driver is not installed.
        NotFoundError: there is no such database, or its server does not answer.
        DataError: the server lets this user not in.
    """
    match address.dialect:
        case "postgres":
            from synthesist.data.databases.postgres import Postgres

            return Postgres(address, writes)
        case "mysql":
            from synthesist.data.databases.mysql import MySQL

            return MySQL(address, writes)
        case "sqlite":
            from synthesist.data.databases.sqlite import SQLite

            return SQLite(address, writes)
    from synthesist.data.databases.duck import Duck

    return Duck(address, writes)


def line(host: str, port: int, path: str = "", wait_s: float = 15) -> socket.socket:
    """A line to a server, by its name, or by a path where it is of this machine; an OSError where nobody answers."""
    if not path:
        return socket.create_connection((host, port), wait_s)
    found = socket.socket(socket.AF_UNIX)
    try:
        found.settimeout(wait_s)
        found.connect(path)
    except OSError:
        found.close()
        raise
    return found


class Connection(ABC):
    """A session with a database. Faults of the driver leave it as errors of ours, without the password."""

    dialect: Dialect
    quote = '"'

    def __init__(self, address: Address, writes: bool) -> None:
        self.address, self.writes = address, writes

    # ---- questions

    @abstractmethod
    def ask(self, sql: str) -> list[tuple]:
        """The rows that SQL gives."""

    @abstractmethod
    def run(self, sql: str, table: str = "") -> None:
        """Run one statement; `table` is what its faults are told of."""

    @abstractmethod
    def names(self, views: bool = False) -> list[str]:
        """The names of the tables, or of the views."""

    @abstractmethod
    def reflect(self, names: Sequence[str]) -> dict[str, TableSchema]:
        """What the catalogue says of these tables."""

    @abstractmethod
    def frames(self, sql: str, columns: Mapping[str, Type], rows: int) -> Iterator[pl.DataFrame]:
        """The rows of a query in blocks, cells as text or in a type that loses nothing.

        Args:
            columns: the names of what the query gives, and the types it had in its table.
        """

    def reading(self, column: str, found: Type) -> str:
        """How a column is asked for, so that its cells come as text that says all."""
        return self.name(column)

    def selecting(self, columns: Mapping[str, Type]) -> str:
        """What is asked for where these columns are wanted."""
        return ", ".join(self.reading(name, found) for name, found in columns.items())

    def another(self) -> "Connection":
        """A second session that sees the same rows, to be read in blocks beside this one."""
        return connected(self.address, writes=False)

    # ---- changes

    @abstractmethod
    def begin(self) -> None:
        """Begin what `commit` makes last and `rollback` undoes."""

    def commit(self) -> None:
        """Make all changes last."""
        self.run("COMMIT")

    def rollback(self) -> None:
        """Undo all changes since `begin`."""
        self.run("ROLLBACK")

    @abstractmethod
    def load(self, table: str, frame: pl.DataFrame, types: dict[str, Type]) -> None:
        """Add rows to a table."""

    @abstractmethod
    def close(self) -> None:
        """End the session."""

    # ---- words

    def name(self, name: str) -> str:
        """A name as it stands in SQL, whatever it holds."""
        return self.quote + name.replace(self.quote, self.quote * 2) + self.quote

    def list(self, names: Sequence[str]) -> str:
        """Names, one after the other."""
        return ", ".join(self.name(name) for name in names)

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
