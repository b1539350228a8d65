"""Tables as a file of SQL, to be run by a database's own client."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import polars as pl

from synthesist.data.atomic import replacing, writable
from synthesist.data.databases.cells import as_sent, literals
from synthesist.data.databases.declaring import (
    column_type,
    link_statement,
    ordered,
    quoted,
    table_statement,
    type_statements,
)
from synthesist.data.databases.meanings import declared_type
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Dialect, Native
from synthesist.data.schema import Schema
from synthesist.errors import OutputError

__all__ = ["DIALECTS", "SqlWriter"]

DIALECTS: dict[str, Dialect] = {"postgres": "postgres", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite"}
ROWS = 1_000
HEAD: dict[Dialect, str] = {
    "postgres": "BEGIN;\n",
    "mysql": "SET NAMES utf8mb4;\nSET foreign_key_checks = 0;\n"
    "SET sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO';\n",
    "sqlite": "BEGIN;\nPRAGMA defer_foreign_keys = ON;\n",
}
FOOT: dict[Dialect, str] = {"postgres": "COMMIT;\n", "mysql": "SET foreign_key_checks = 1;\n", "sqlite": "COMMIT;\n"}


class SqlWriter:
    """Writes tables as CREATE TABLE and INSERT, block by block; the file appears whole at the end, or not at all.

        with SqlWriter("shop.mysql.sql", schema) as writer:
            writer.write(block)

    Links are added last, so that rows may come in any order.

    Args:
        path: the file; `.postgres.sql`, `.mysql.sql` or `.sqlite.sql` says for whom, `.sql` alone is PostgreSQL's.
        schema: the schema of every block.
        dialect: for whom, where the name of the file does not say it.
    """

    def __init__(self, path: str | Path, schema: Schema, dialect: Dialect | None = None) -> None:
        self.path, self.schema = writable(path), schema
        self.dialect = dialect or DIALECTS.get(Path(self.path.stem).suffix.removeprefix(".").lower(), "postgres")
        if self.dialect not in HEAD:
            raise OutputError(f"No .sql files for {self.dialect}: write {self.path.stem}.duckdb, which is a database.")
        self.rows = dict.fromkeys(schema.tables, 0)
        """How many rows of each table were written so far."""

    def __enter__(self) -> "SqlWriter":
        with ExitStack() as stack:
            self._file = stack.enter_context(stack.enter_context(replacing(self.path)).open("w", encoding="utf-8"))
            self._file.write(HEAD[self.dialect])
            for statement in type_statements(self.schema, self.dialect):
                self._file.write(f"{statement};\n")
            for name in ordered(self.schema.tables):
                links = self.schema.tables[name].links if self.dialect == "sqlite" else ()
                self._file.write(f"{table_statement(name, self.schema, self.dialect, links)};\n")
            self._open = stack.pop_all()
        return self

    def write(self, dataset: Dataset) -> None:
        """Add the rows of one block."""
        for name in self.schema.tables:
            table = dataset.tables[name]
            for start in range(0, table.height, ROWS):
                self._file.write(self._insert(name, table[start : start + ROWS]))
            self.rows[name] += table.height

    def _insert(self, name: str, table: pl.DataFrame) -> str:
        kinds = self.schema.tables[name].columns
        written = [column for column, kind in kinds.items() if not self._computes(kind.native)]
        cells = []
        for column in as_sent(table, self.schema.tables[name]).select(written):
            found = declared_type(column_type(self.schema, name, column.name, self.dialect), self.dialect)
            cells.append(literals(column, self.dialect, found))
        rows = pl.DataFrame(cells).select(pl.format("({})", pl.concat_str(pl.all(), separator=", "))).to_series()
        columns = ", ".join(quoted(column, self.dialect) for column in written)
        listed = ",\n".join(rows)
        return f"INSERT INTO {quoted(name, self.dialect)} ({columns}) VALUES\n{listed};\n"

    def _computes(self, native: Native | None) -> bool:
        return native is not None and native.dialect == self.dialect and bool(native.computed)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            for name, table in self.schema.tables.items():
                for link in table.links if self.dialect != "sqlite" else ():
                    self._file.write(f"{link_statement(name, link, self.dialect)};\n")
            self._file.write(FOOT[self.dialect])
        self._open.__exit__(kind, error, at)
