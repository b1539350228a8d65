"""Databases that are a file, whose drivers are part of this process: SQLite and DuckDB."""

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from synthesist.data.databases.address import Address
from synthesist.data.databases.connection import Connection
from synthesist.data.schema import TableSchema
from synthesist.errors import NotFoundError, did_you_mean

__all__ = ["FileConnection"]


class FileConnection(Connection):
    """A session with a file; one that only reads makes none."""

    def __init__(self, address: Address, writes: bool) -> None:
        super().__init__(address, writes)
        path = Path(address.known().database)
        if not writes and not path.exists():
            beside = [entry.name for entry in sorted(path.parent.iterdir())] if path.parent.is_dir() else []
            raise NotFoundError(f"No database {path}. {did_you_mean(path.name, beside)}")
        with self._faults():
            self._session = self._opened(path)

    @abstractmethod
    def _opened(self, path: Path) -> Any:
        """A session of the driver with the file."""

    @abstractmethod
    def _table(self, name: str) -> TableSchema:
        """What the catalogue says of a table."""

    def ask(self, sql: str) -> list[tuple]:
        with self._faults():
            rows: list[tuple] = self._session.execute(sql).fetchall()
            return rows

    def run(self, sql: str, table: str = "") -> None:
        with self._faults(table):
            self._session.execute(sql)

    def reflect(self, names: Sequence[str]) -> dict[str, TableSchema]:
        return {name: self._table(name) for name in names}

    def close(self) -> None:
        self._session.close()
