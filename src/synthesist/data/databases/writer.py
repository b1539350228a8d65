"""Rows into a database, all of them or none: its constraints hold afterwards, and were looked at."""

from pathlib import Path
from types import TracebackType
from typing import Literal

from synthesist.data.databases.address import Address
from synthesist.data.databases.connection import connected
from synthesist.data.databases.declaring import ordered
from synthesist.data.databases.loading import LOADS
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.errors import OutputError

__all__ = ["DatabaseWriter", "Mode"]

Mode = Literal["append", "replace", "create"]


class DatabaseWriter:
    """Writes tables into a database block by block; all rows are there at the end, or the database is as it was.

        with DatabaseWriter("postgresql://localhost/test", schema) as writer:
            for block in blocks:
                writer.write(block)

    Blocks may come in any order: links are checked at the end, over all rows. Keys, links and conditions of the database
    stay switched on, and counters go on behind the largest number.

    Args:
        address: a URL, or the file of an SQLite or DuckDB database; the database itself must be there, a file need not.
        schema: the schema of every block.
        mode: `append` adds rows to tables that are there and makes the others; `replace` removes the rows that are
            there first; `create` makes all tables, none of which may be there. Where none is named, the address may
            say it, as in `?mode=replace`; else rows are added.

    Raises:
        OutputError: the database cannot be written, a table is there already, or lacks a column.
        DataError: the database refuses a row, or rows refer to none.
    """

    def __init__(self, address: str | Path | Address, schema: Schema, mode: Mode | None = None) -> None:
        self.address, self.schema = Address.of(address), schema
        self.mode = mode = mode or self.address.option("mode", "append")  # type: ignore[assignment]
        if mode not in ("append", "replace", "create"):
            raise OutputError(f"Rows cannot be written in the way `{mode}`: say append, replace or create.")
        self.rows = dict.fromkeys(schema.tables, 0)
        """How many rows of each table were written so far."""

    def __enter__(self) -> "DatabaseWriter":
        self._connection = connected(self.address, writes=True)
        try:
            self._load = LOADS[self._connection.dialect](self._connection, self.schema, self.mode)
        except BaseException:
            self._connection.close()
            raise
        return self

    def write(self, dataset: Dataset) -> None:
        """Add the rows of one block."""
        for name in ordered(self.schema.tables):
            table = dataset.tables[name]
            if table.height:
                self._load.add(name, table)
                self.rows[name] += table.height

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._connection:
            self._load.end(whole=kind is None)
