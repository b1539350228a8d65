"""DuckDB, by its own package: Arrow both ways, and text for types that Arrow's kinds do not hold."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from synthesist.data.databases.address import Address
from synthesist.data.databases.cells import quoted_text, spelled
from synthesist.data.databases.in_files import FileConnection
from synthesist.data.databases.meanings import declared_type, kind_of
from synthesist.data.databases.types import Type
from synthesist.data.kinds import Native
from synthesist.data.schema import Checks, Link, TableSchema
from synthesist.errors import DataError, MissingExtraError, OutputError, SynthesistError

if TYPE_CHECKING:
    import duckdb

__all__ = ["Duck", "where_table"]

TYPED = {
    "smallint",
    "integer",
    "bigint",
    "tinyint",
    "utinyint",
    "usmallint",
    "uinteger",
    "double",
    "boolean",
    "varchar",
}


class Duck(FileConnection):
    """A session with a file of DuckDB."""

    dialect = "duckdb"

    def __init__(self, address: Address, writes: bool) -> None:
        super().__init__(address, writes)
        self.run("SET TimeZone = 'UTC'")
        if writes:
            # DuckDB 2.0 loses rows of a large INSERT into a table with links where several threads keep them in order
            self.run("SET threads = 1")
        else:
            self.run("BEGIN")

    def _opened(self, path: Path) -> "duckdb.DuckDBPyConnection":
        try:
            import duckdb
        except ImportError:
            raise MissingExtraError("DuckDB files need duckdb: install 'synthesist[db]'.") from None
        return duckdb.connect(str(path), read_only=not self.writes)

    def names(self, views: bool = False) -> list[str]:
        source, name = ("duckdb_views()", "view_name") if views else ("duckdb_tables()", "table_name")
        rows = self.ask(
            f"SELECT {name} FROM {source} WHERE NOT internal AND database_name = current_database() "
            "AND schema_name = current_schema() ORDER BY 1"
        )
        return [name for (name,) in rows]

    def _table(self, name: str) -> TableSchema:
        within = where_table(name)
        columns = self.ask(
            "SELECT column_name, data_type, NOT is_nullable, column_default FROM duckdb_columns() "
            f"WHERE {within} ORDER BY column_index"
        )
        tied = self.ask(
            "SELECT constraint_type, constraint_column_names, referenced_table, referenced_column_names, expression "
            f"FROM duckdb_constraints() WHERE {within} ORDER BY constraint_index"
        )
        key = next((tuple(own) for kind, own, *_ in tied if kind == "PRIMARY KEY"), ())
        links = tuple(
            Link(columns=tuple(own), table=other, to=tuple(theirs))
            for kind, own, other, theirs, _ in tied
            if kind == "FOREIGN KEY"
        )
        linked = {column for link in links for column in link.columns}
        checks = tuple(f"({condition})" for kind, *_, condition in tied if kind == "CHECK")
        kinds = {}
        for column, type_, required, default in columns:
            numbered = bool(default) and default.startswith("nextval(")
            native = Native(
                dialect="duckdb", type=type_, required=required or column in key, numbered=numbered,
                default=None if numbered else default,
            )  # fmt: skip
            kinds[column] = kind_of(
                declared_type(type_, "duckdb"), native, key=key == (column,) and column not in linked
            )
        return TableSchema(
            columns=kinds, key=key, links=links,
            unique=tuple(tuple(own) for kind, own, *_ in tied if kind == "UNIQUE"),
            checks=Checks(dialect="duckdb", conditions=checks) if checks else None,
        )  # fmt: skip

    def reading(self, column: str, found: Type) -> str:
        name = self.name(column)
        if found.family == "bytes":
            return f"lower(hex({name}))"
        if found.family == "timestamp" and found.zoned:
            return f"CAST({name} AT TIME ZONE 'UTC' AS VARCHAR)"
        if _members(found):
            return f"union_tag({name})::VARCHAR || ':' || coalesce(CAST({name} AS VARCHAR), 'NULL')"
        return name if found.written.lower() in TYPED else f"CAST({name} AS VARCHAR)"

    def frames(self, sql: str, columns: Mapping[str, Type], rows: int) -> Iterator[pl.DataFrame]:
        with self._faults():
            for batch in self._session.sql(sql).to_arrow_reader(rows):
                if batch.num_rows:
                    frame = pl.DataFrame(batch)
                    frame.columns = list(columns)
                    yield frame

    def load(self, table: str, frame: pl.DataFrame, types: dict[str, Type]) -> None:
        sent = pl.DataFrame([_sent(frame[name], types.get(name)) for name in frame.columns])
        cells = ", ".join(_placed(self.name(name), types.get(name)) for name in frame.columns)
        with self._faults(table):
            self._session.register("_synthesist_block", sent.to_arrow())
            self._session.execute(
                f"INSERT INTO {self.name(table)} ({self.list(frame.columns)}) SELECT {cells} FROM _synthesist_block"
            )
            self._session.unregister("_synthesist_block")

    def _told(self, error: Exception, where: str) -> SynthesistError | None:
        import duckdb

        if isinstance(error, duckdb.IOException | duckdb.OutOfMemoryException):
            return OutputError(f"Cannot use {where}: {_line(error)}.")
        return DataError(f"{where}: {_line(error)}.") if isinstance(error, duckdb.Error) else None


def where_table(name: str) -> str:
    """The condition by which DuckDB's catalogue is asked about a table."""
    text = quoted_text(name)
    return f"database_name = current_database() AND schema_name = current_schema() AND table_name = {text}"


def _sent(column: pl.Series, found: Type | None) -> pl.Series:
    if column.dtype.is_integer() or column.dtype.is_float() or column.dtype in (pl.Boolean, pl.Date, pl.Binary):
        return column
    return spelled(column, "duckdb")


def _placed(name: str, found: Type | None) -> str:
    if found is not None and found.family == "bytes":
        return f"unhex({name})"
    if found is not None and (members := _members(found)):
        cases = (
            f"WHEN starts_with({name}, {quoted_text(tag + ':')}) THEN union_value({tag} := "
            f"CAST(nullif(substr({name}, {len(tag) + 2}), 'NULL') AS {type_}))::{found.written}"
            for tag, type_ in members
        )
        return f"CASE {' '.join(cases)} END"
    return name


def _members(found: Type) -> list[tuple[str, str]]:
    """The names and types of what a union may hold."""
    match = re.fullmatch(r"(?is)union\((.*)\)", found.written)
    parts, depth = [""], 0
    for sign in match[1] if match else "":
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return [(part.split()[0].strip('"'), part.strip().partition(" ")[2]) for part in parts if part.strip()]


def _line(error: Exception) -> str:
    return " ".join(str(error).split("\n")[0].split()).rstrip(".")
