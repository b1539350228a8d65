"""How a database is filled so that all rows arrive or none, in whatever order, and how that is verified."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import polars as pl

from synthesist.data.databases.cells import as_sent
from synthesist.data.databases.connection import Connection
from synthesist.data.databases.declaring import (
    column_type,
    ordered,
    table_statement,
    type_statements,
)
from synthesist.data.databases.meanings import declared_type
from synthesist.data.databases.types import Type
from synthesist.data.schema import Link, Schema, TableSchema
from synthesist.errors import DataError, OutputError, SynthesistError, did_you_mean

__all__ = ["Load"]


class Load:
    """One load: tables are made or looked at, rows added, links closed, all of it verified, and then made to last."""

    def __init__(self, connection: Connection, schema: Schema, mode: str) -> None:
        self.connection, self.schema, self.mode = connection, schema, mode
        self.aside: dict[str, str] = {}
        """Where rows of some tables lie until the end."""
        there = set(connection.names())
        self.new = [name for name in ordered(schema.tables) if name not in there]
        self.old = [name for name in ordered(schema.tables) if name in there]
        if mode == "create" and self.old:
            raise OutputError(
                f"{connection.address} has a table `{self.old[0]}` already. Add rows to it by the mode `append`, or "
                "put others in their place by `replace`."
            )
        if views := set(schema.tables) & set(connection.names(views=True)):
            raise OutputError(
                f"{connection.address}: `{min(views)}` is a view, which holds no rows. Give the table another name."
            )
        self.declared = connection.reflect(self.old)
        for name in self.old:
            _fits(schema.tables[name], self.declared[name], name, connection)
        try:
            self.begin()
            self.before = {name: self._count(name) for name in self.old}
        except BaseException:
            self.undo()
            raise
        self.added = dict.fromkeys(schema.tables, 0)
        self._types: dict[str, dict[str, Type]] = {}

    def begin(self) -> None:
        """Open what `end` closes: make the tables that are missing, empty those whose rows are replaced."""
        self.connection.begin()
        self.make()
        if self.mode == "replace":
            for name in reversed(self.old):
                self.connection.run(f"DELETE FROM {self.connection.name(name)}")

    def make(self) -> None:
        """Make the types and tables that are missing."""
        for statement in type_statements(self._made(), self.connection.dialect):
            self.connection.run(statement)
        for name in self.new:
            self.connection.run(table_statement(name, self.schema, self.connection.dialect, self.links_at_once(name)))

    def links_at_once(self, name: str) -> tuple[Link, ...]:
        """The links that a table is made with."""
        return self.schema.tables[name].links

    def add(self, name: str, table: pl.DataFrame) -> None:
        """Add rows of a table; columns that the database computes are left to it."""
        kinds = self.schema.tables[name]
        frame = as_sent(table, kinds).select(self._columns(name))
        if name not in self._types:
            self._types[name] = self._declared_types(name)
        with self._named():
            self.load(name, frame, self._types[name])
        self.added[name] += table.height

    def load(self, name: str, frame: pl.DataFrame, types: dict[str, Type]) -> None:
        """Send rows to where they lie until the end."""
        self.connection.load(self.at(name), frame, types)

    def end(self, whole: bool) -> None:
        """Make all of it last, or undo all of it."""
        if not whole:
            self.undo()
            return
        try:
            with self._named():
                self.close()
                self.verify()
                self.last()
        except BaseException:
            self.undo()
            raise

    def close(self) -> None:
        """Whatever waits for all rows: links, counters."""

    def last(self) -> None:
        """Make all changes last."""
        self.connection.commit()

    def undo(self) -> None:
        """Leave the database as it was."""
        with suppress(SynthesistError):  # a server that is gone has undone it itself
            self.connection.rollback()

    def at(self, name: str) -> str:
        """The table that is asked about the rows of a table."""
        return name

    def verify(self) -> None:
        """Count rows, and rows that refer to none or share a key, where the database has not done so itself."""
        for name, added in self.added.items():
            rows, expected = self._count(name), self.before.get(name, 0) * (self.mode != "replace") + added
            if rows != expected:
                raise DataError(
                    f"{self.connection.address}, table `{name}` holds {rows:,} rows where {expected:,} were expected."
                )
            for link in self.schema.tables[name].links:
                if not self.holds_link(name, link):
                    self._no_orphans(name, link)
            table = self.declared.get(name)
            key = self.schema.tables[name].key
            if table is not None and key and key != table.key and key not in table.unique:
                self._no_duplicates(name, key)

    def holds_link(self, name: str, link: Link) -> bool:
        """Whether the database itself has refused rows that refer to none."""
        return False

    # ---- within

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Faults of rows that were put aside, told of the table they are for."""
        try:
            yield
        except SynthesistError as error:
            text = str(error)
            for name, aside in self.aside.items():
                text = re.sub(rf"\b{aside}\b", name, text)
            raise type(error)(text) from None

    def _made(self) -> Schema:
        if not self.new:
            return Schema(tables={"": TableSchema(columns={})}, unit="")
        tables = {name: self.schema.tables[name] for name in self.new}
        return Schema(tables=tables, unit=self.new[0])

    def _columns(self, name: str) -> list[str]:
        declared = self.declared.get(name, self.schema.tables[name]).columns
        dialect = self.connection.dialect
        computed = {
            c for c, kind in declared.items() if kind.native and kind.native.computed and kind.native.dialect == dialect
        }
        return [column for column in self.schema.tables[name].columns if column not in computed]

    def _declared_types(self, name: str) -> dict[str, Type]:
        schema = Schema(tables={name: self.declared[name]}, unit=name) if name in self.declared else self.schema
        dialect = self.connection.dialect
        return {c: declared_type(column_type(schema, name, c, dialect), dialect) for c in schema.tables[name].columns}

    def _count(self, name: str) -> int:
        return int(self.connection.ask(f"SELECT count(*) FROM {self.connection.name(self.at(name))}")[0][0])

    def _no_orphans(self, name: str, link: Link) -> None:
        if link.table not in self.schema.tables:
            return
        say = self.connection.name
        pairs = [(f"c.{say(own)}", f"p.{say(to)}") for own, to in zip(link.columns, link.to, strict=True)]
        sql = (
            f"SELECT count(*) FROM {say(self.at(name))} c LEFT JOIN {say(self.at(link.table))} p "
            f"ON {' AND '.join(f'{own} = {to}' for own, to in pairs)} "
            f"WHERE {' AND '.join(f'{own} IS NOT NULL' for own, _ in pairs)} AND {pairs[0][1]} IS NULL"
        )
        if orphans := int(self.connection.ask(sql)[0][0]):
            raise DataError(
                f"{self.connection.address}, table `{name}`: "
                f"{orphans:,} row{'s refer' if orphans > 1 else ' refers'} to no row ({link}). Nothing was changed."
            )

    def _no_duplicates(self, name: str, key: tuple[str, ...]) -> None:
        columns = self.connection.list(key)
        groups = f"SELECT 1 FROM {self.connection.name(self.at(name))} GROUP BY {columns} HAVING count(*) > 1"
        sql = f"SELECT count(*) FROM ({groups}) d"
        if twice := int(self.connection.ask(sql)[0][0]):
            raise DataError(
                f"{self.connection.address}, table `{name}`: {twice:,} keys ({', '.join(key)}) come more than once."
            )


def _fits(ours: TableSchema, theirs: TableSchema, name: str, connection: Connection) -> None:
    """Refuse a table that lacks a column, or needs one that is not given."""
    where = f"{connection.address}, table `{name}`"
    for column in ours.columns:
        if column not in theirs.columns:
            raise OutputError(f"{where} has no column `{column}`. {did_you_mean(column, theirs.columns)}")
    for column, kind in theirs.columns.items():
        native = kind.native
        if (
            column not in ours.columns
            and native
            and native.required
            and native.default is None
            and not native.numbered
            and not native.computed
        ):
            raise OutputError(
                f"{where} needs a value in `{column}`, which the rows lack. Add it, or give it a default there."
            )
