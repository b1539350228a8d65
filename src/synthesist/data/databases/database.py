"""A database as tables: what its catalogue says, and its rows, whole, in blocks, or those that match."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import polars as pl

from synthesist.data.databases.address import Address
from synthesist.data.databases.cells import held, literals
from synthesist.data.databases.connection import BLOCK, Connection, connected
from synthesist.data.databases.meanings import declared_type
from synthesist.data.databases.types import Type
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema, TableSchema
from synthesist.errors import DataError, NotFoundError, did_you_mean

__all__ = ["Database", "opened", "read_database"]

KEYS_AT_ONCE = 2_000


@contextmanager
def opened(address: str | Path | Address, tables: Sequence[str] = ()) -> "Iterator[Database]":
    """A database to be read; nothing in it is changed, and all that is read is of one moment.

        with opened("postgresql://localhost/shop") as shop:
            print(shop.schema)
            orders = shop.read("orders")

    Args:
        address: a URL, or the file of an SQLite or DuckDB database. `${NAME}` in it is taken from the environment.
        tables: those that are meant, views among them; else those of the address, else all tables.

    Raises:
        NotFoundError: there is no such database or table, or its server does not answer.
        DataError: the server does not let this user in.
        MissingExtraError: the driver is not installed.
    """
    where = Address.of(address)
    with connected(where) as connection:
        yield Database(connection, tables or where.tables)


class Database:
    """What `opened` gives.

    A column has the storage type of its kind; where a single cell would lose something in it (a number of 20 digits,
    the date `infinity`), the column is the database's own text.
    """

    def __init__(self, connection: Connection, tables: Sequence[str] = ()) -> None:
        self._connection, self._asked = connection, tuple(tables)

    @cached_property
    def schema(self) -> Schema:
        """The tables, their kinds by their types, keys, links, and how the database declares them."""
        names = self._connection.names()
        if unknown := [name for name in self._asked if name not in names]:
            views = self._connection.names(views=True)
            for name in unknown:
                if name not in views:
                    hint = did_you_mean(name, [*names, *views])
                    raise NotFoundError(f"{self._connection.address} has no table `{name}`. {hint}")
        if not (wanted := self._asked or tuple(names)):
            raise DataError(
                f"{self._connection.address} holds no tables. Check the database, and `?schema=` if it has several."
            )
        found = self._connection.reflect(wanted)
        found = {name: _within(table, found) for name, table in found.items()}
        return Schema(tables=found, unit=_unit(found))

    def count(self, table: str) -> int:
        """How many rows a table has."""
        self._table(table)
        return int(self._connection.ask(f"SELECT count(*) FROM {self._connection.name(table)}")[0][0])

    def largest(self, table: str, column: str) -> object:
        """The largest value of a column; None where there is none."""
        self._columns(table, [column])
        name = self._connection.name
        return self._connection.ask(f"SELECT max({name(column)}) FROM {name(table)}")[0][0]

    def read(self, table: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """All rows of a table."""
        return self._all(table, columns, "")

    def where(self, table: str, condition: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """The rows that meet a condition, which is in the SQL of the database."""
        return self._all(table, columns, f" WHERE {condition}")

    def blocks(self, table: str, columns: Sequence[str] | None = None, rows: int = BLOCK) -> Iterator[pl.DataFrame]:
        """The rows of a table, a block at a time; other questions may be asked in between."""
        names = self._columns(table, columns)
        with self._connection.another() as beside:
            for raw in beside.frames(self._select(table, names, ""), names, rows):
                yield self._held(table, raw)

    def matching(
        self, table: str, by: Sequence[str], keys: pl.DataFrame, columns: Sequence[str] | None = None
    ) -> pl.DataFrame:
        """The rows whose columns `by` hold one of `keys`: rows of these columns, by place or by name."""
        wanted = (
            keys.select(by) if set(by) <= set(keys.columns) else keys.rename(dict(zip(keys.columns, by, strict=True)))
        )
        wanted = wanted.drop_nulls().unique(maintain_order=True)
        names = self._columns(table, columns)
        self._columns(table, by)
        parts = [self._empty(table, names)]
        for start in range(0, wanted.height, KEYS_AT_ONCE):
            some = self._among(table, wanted[start : start + KEYS_AT_ONCE])
            parts += self._connection.frames(self._select(table, names, f" WHERE {some}"), names, BLOCK)
        return self._held(table, pl.concat(parts[1:] or parts, how="vertical_relaxed"))

    def ddl(self) -> str:
        """The statements that make these tables, keys and conditions included, in the SQL of the database."""
        from synthesist.data.databases.declaring import statements

        return "".join(f"{statement};\n" for statement in statements(self.schema, self._connection.dialect))

    # ---- within

    def _table(self, table: str) -> TableSchema:
        if table not in self.schema.tables:
            raise NotFoundError(
                f"{self._connection.address} has no table `{table}`. {did_you_mean(table, self.schema.tables)}"
            )
        return self.schema.tables[table]

    def _columns(self, table: str, columns: Sequence[str] | None) -> dict[str, Type]:
        """Columns and their types, as the database declares them."""
        known = self._table(table)
        natives = {name: known[name].native for name in columns or known.columns}
        return {name: declared_type(native.type, native.dialect) for name, native in natives.items() if native}

    def _all(self, table: str, columns: Sequence[str] | None, tail: str) -> pl.DataFrame:
        names = self._columns(table, columns)
        raw = list(self._connection.frames(self._select(table, names, tail), names, BLOCK))
        return self._held(table, pl.concat(raw, how="vertical_relaxed")) if raw else self._empty(table, names)

    def _empty(self, table: str, names: Iterable[str]) -> pl.DataFrame:
        return pl.DataFrame(schema={name: self._table(table)[name].storage for name in names})

    def _select(self, table: str, names: Mapping[str, Type], tail: str) -> str:
        return f"SELECT {self._connection.selecting(names)} FROM {self._connection.name(table)}{tail}"

    def _held(self, table: str, raw: pl.DataFrame) -> pl.DataFrame:
        kinds, dialect = self._table(table), self._connection.dialect
        return raw.with_columns(held(raw[name], kinds[name], dialect).alias(name) for name in raw.columns)

    def _among(self, table: str, keys: pl.DataFrame) -> str:
        """The condition that a row has one of these keys."""
        types = self._columns(table, keys.columns)
        columns = [literals(keys[name], self._connection.dialect, types[name]) for name in keys.columns]
        if len(columns) == 1:
            return f"{self._connection.name(keys.columns[0])} IN ({', '.join(columns[0])})"
        rows = pl.DataFrame(columns).select(pl.format("({})", pl.concat_str(pl.all(), separator=", "))).to_series()
        return f"({self._connection.list(keys.columns)}) IN ({', '.join(rows)})"


def _within(table: TableSchema, tables: dict[str, TableSchema]) -> TableSchema:
    """A table without its links to tables that are not among those read."""
    return table.model_copy(update={"links": tuple(link for link in table.links if link.table in tables)})


def _unit(tables: dict[str, TableSchema]) -> str:
    """The table on which the most others depend, none of which it belongs to; the first where none is such."""
    roots = [name for name, table in tables.items() if all(link.table == name for link in table.links)]
    led = {name: sum(link.table == name for table in tables.values() for link in table.links) for name in tables}
    return max(roots or tables, key=lambda name: led[name])


def read_database(
    address: str | Path | Address, schema: Schema | None = None, tables: Sequence[str] | None = None
) -> Dataset:
    """A database as a Dataset: its tables, their keys and links, and kinds by its types and by what the cells hold.

    Args:
        address: a URL, or the file of an SQLite or DuckDB database.
        schema: what the columns mean, where that is known already; only its tables are read. Where there is one
            table on either side, its name does not matter.
        tables: which ones; all where none are named.
    """
    from synthesist.data.databases.understood import understood
    from synthesist.data.folders import of_tables

    named = tuple(schema.tables) if schema and len(schema.tables) > 1 else ()
    with opened(address, tables or named) as database:
        if schema is None:
            names = database.schema.tables
            return understood({name: database.read(name) for name in names}, database.schema)
        return of_tables({name: database.read(own) for name, own in _matched(schema, database.schema).items()}, schema)


def _matched(page: Schema, schema: Schema) -> dict[str, str]:
    """The tables of a page and what they are called in a database: one table may have any name, as a file may."""
    if len(page.tables) == len(schema.tables) == 1:
        return {page.unit: schema.unit}
    return {name: name for name in page.tables}
