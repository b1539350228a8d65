"""What every database can be asked for, whatever system it runs on."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import polars as pl

from synthesist.data.databases.address import Address
from synthesist.data.databases.types import Type
from synthesist.data.kinds import Dialect
from synthesist.data.schema import TableSchema
from synthesist.errors import SynthesistError

__all__ = ["BLOCK", "Connection", "connected"]

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


class Connection(ABC):
    """A session with a database. Faults of the driver leave it as errors of ours, without the password."""

    dialect: Dialect
    quote = '"'
    _session: Any
    """What the driver calls a connection."""

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

    def begin(self) -> None:
        """Begin what `commit` makes last and `rollback` undoes."""
        self.run("BEGIN")

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

    # ---- faults

    @contextmanager
    def _faults(self, table: str = "") -> Iterator[None]:
        """Faults of the driver as errors of ours; `table` is what they are told of."""
        where = f"{self.address}, table `{table}`" if table else str(self.address)
        try:
            yield
        except SynthesistError:
            raise
        except Exception as error:
            if (told := self._told(error, where)) is None:
                raise
            raise told from None

    @abstractmethod
    def _told(self, error: Exception, where: str) -> SynthesistError | None:
        """What a fault of the driver means to the user; None where it is no fault of the driver."""

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
