"""How each database is filled so that all rows arrive or none, whatever order they come in, and how that is verified."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import polars as pl

from synthesist.data.databases.connection import Connection
from synthesist.data.databases.declaring import (
    column_type,
    link_statement,
    ordered,
    quoted,
    table_statement,
    type_statements,
)
from synthesist.data.databases.meanings import declared_type
from synthesist.data.databases.types import Type
from synthesist.data.frames import stored
from synthesist.data.kinds import Dialect
from synthesist.data.schema import Link, Schema, TableSchema
from synthesist.errors import DataError, OutputError, SynthesistError, did_you_mean

__all__ = ["LOADS", "Load"]

FARTHEST = 100_000_000
"""How far a sequence of DuckDB is moved."""
DEPTH = 1_000
"""How many steps rows that refer to each other may take into a database that looks at every link at once."""


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
        frame = _as_stored(table, kinds).select(self._columns(name))
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
                f"{self.connection.address}, table `{name}`: {orphans:,} row{'s refer' if orphans > 1 else ' refers'} to no row "
                f"({link}). Nothing was changed."
            )

    def _no_duplicates(self, name: str, key: tuple[str, ...]) -> None:
        columns = self.connection.list(key)
        sql = f"SELECT count(*) FROM (SELECT 1 FROM {self.connection.name(self.at(name))} GROUP BY {columns} HAVING count(*) > 1) d"
        if twice := int(self.connection.ask(sql)[0][0]):
            raise DataError(
                f"{self.connection.address}, table `{name}`: {twice:,} keys ({', '.join(key)}) come more than once."
            )


class PostgresLoad(Load):
    """One transaction; links of new tables are added at the end, those of old ones wait until then."""

    def links_at_once(self, name: str) -> tuple[Link, ...]:
        return ()

    def make(self) -> None:
        for statement in type_statements(self._made(), "postgres"):
            type_ = re.match(
                r'CREATE (?:TYPE|DOMAIN) ((?:"(?:[^"]|"")+"|[^\s".])+(?:\."(?:[^"]|"")+"|\.\w+)?) AS ', statement
            )
            there = type_ and self.connection.ask(f"SELECT to_regtype({_literal(type_[1])}) IS NOT NULL")[0][0]
            if not there:
                self.connection.run(statement)
        for name in self.new:
            self.connection.run(table_statement(name, self.schema, "postgres", ()))
        listed = ", ".join(_literal(name) for name in self.old) or "NULL"
        self.waiting = self.connection.ask(
            "SELECT c.relname::text, k.conname::text FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid "
            "WHERE k.contype = 'f' AND NOT k.condeferrable AND k.conparentid = 0 "
            f"AND c.relnamespace = current_schema()::regnamespace AND c.relname IN ({listed})"
        )
        self._alter("DEFERRABLE")
        self.connection.run("SET CONSTRAINTS ALL DEFERRED")

    def close(self) -> None:
        for name in self.new:
            for link in self.schema.tables[name].links:
                self.connection.run(link_statement(name, link, "postgres"), name)
        self.connection.run("SET CONSTRAINTS ALL IMMEDIATE")
        self._alter("NOT DEFERRABLE")
        for name in self.schema.tables:
            self._count_on(name)

    def _alter(self, how: str) -> None:
        for table, constraint in self.waiting:
            self.connection.run(
                f"ALTER TABLE {self.connection.name(table)} ALTER CONSTRAINT {self.connection.name(constraint)} {how}"
            )

    def _count_on(self, name: str) -> None:
        """Move the counters behind the largest number."""
        declared = self.declared.get(name) or self.schema.tables[name]
        for column, kind in declared.columns.items():
            if kind.native and kind.native.numbered and kind.native.dialect == "postgres":
                table, say = _literal(self.connection.name(name)), self.connection.name
                self.connection.ask(
                    f"SELECT setval(s, greatest(m, (SELECT last_value FROM pg_sequences WHERE format('%I.%I', schemaname, "
                    f"sequencename)::regclass = s::regclass))) FROM (SELECT pg_get_serial_sequence({table}, {_literal(column)}) s, "
                    f"(SELECT max({say(column)}) FROM {say(name)}) m) x WHERE s IS NOT NULL AND m IS NOT NULL"
                )

    def holds_link(self, name: str, link: Link) -> bool:
        declared = self.declared.get(name)
        return declared is None or any(
            (own.columns, own.table, own.to) == (link.columns, link.table, link.to) for own in declared.links
        )


class SQLiteLoad(Load):
    """One transaction, in which links wait for its end; a file that was not there is removed if it fails."""

    def __init__(self, connection: Connection, schema: Schema, mode: str) -> None:
        self._path = Path(connection.address.known().database)
        self._fresh = not connection.names()
        super().__init__(connection, schema, mode)

    def undo(self) -> None:
        super().undo()
        if self._fresh and not self.connection.names():
            self.connection.close()
            self._path.unlink(missing_ok=True)


class DuckLoad(SQLiteLoad):
    """One transaction. DuckDB looks at every link at once: linked rows are put aside until they can come in order."""

    def begin(self) -> None:
        self.connection.begin()
        self._indexes: list[tuple] = []
        if self.mode == "replace":
            self._remove()
        self.make()

    def _remove(self) -> None:
        """Remove tables to make them again: rows cannot be deleted and others put in their place at one go."""
        for name in reversed(self.old):
            its = f"database_name = current_database() AND schema_name = current_schema() AND table_name = {_literal(name)}"
            self._indexes += self.connection.ask(f"SELECT sql FROM duckdb_indexes() WHERE {its}")
            for (index,) in self.connection.ask(f"SELECT index_name FROM duckdb_indexes() WHERE {its}"):
                self.connection.run(f"DROP INDEX {self.connection.name(index)}")
        for name in reversed(ordered(self.declared)):
            self.connection.run(f"DROP TABLE {self.connection.name(name)}", name)
        self.new, self.old = ordered({**self.schema.tables, **self.declared}), []

    def make(self) -> None:
        self._making = self.schema.model_copy(update={"tables": {**self.schema.tables, **self.declared}})
        self.aside = {}
        linked = any(table.links for table in self._making.tables.values())
        for statement in type_statements(self._made(), "duckdb"):
            self.connection.run(statement)
        for place, name in enumerate(self.schema.tables):
            if name in self.new:
                self.connection.run(table_statement(name, self._making, "duckdb", ()))
            if linked:
                self.aside[name] = f"_synthesist_{place}"
                columns, model = self.connection.list(self._columns(name)), self.connection.name(name)
                self.connection.run(f"CREATE TEMP TABLE {self.aside[name]} AS SELECT {columns} FROM {model} LIMIT 0")
            if linked and name in self.new:  # it is made once its rows are known
                self.connection.run(f"DROP TABLE {model}")

    def load(self, name: str, frame: pl.DataFrame, types: dict[str, Type]) -> None:
        self.connection.load(self.aside.get(name, name), frame, types)

    def close(self) -> None:
        for name in ordered(self.schema.tables):
            if name in self.aside:
                self._fill(name)
                self.connection.run(f"DROP TABLE {self.aside[name]}")
        for (index,) in self._indexes:
            self.connection.run(index)
        for name in self.schema.tables:
            self._count_on(name)

    def _count_on(self, name: str) -> None:
        """Move sequences behind the largest number, by drawing from them: DuckDB has no other way."""
        its = f"database_name = current_database() AND schema_name = current_schema() AND table_name = {_literal(name)}"
        for column, default in self.connection.ask(
            f"SELECT column_name, column_default FROM duckdb_columns() WHERE {its}"
        ):
            if match := re.match(r"nextval\('(.*)'\)$", default or ""):
                ask, say = self.connection.ask, self.connection.name
                ((largest,),) = ask(f"SELECT max({say(column)}) FROM {say(name)}")
                ((drawn,),) = ask(f"SELECT nextval('{match[1]}')") if largest is not None else ((None,),)
                if drawn is not None and 0 < largest - drawn <= FARTHEST:
                    ask(f"SELECT count(nextval('{match[1]}')) FROM range({largest - drawn})")

    def _fill(self, name: str) -> None:
        """Rows that refer to others of their table after those; where they do so in circles, no link can be declared."""
        table = self.declared.get(name, self.schema.tables[name])
        links = [link for link in table.links if name in self.old or self.new.index(name) >= self._place(link.table)]
        own = [link for link in links if link.table == name]
        if name in self.new:
            self.connection.run(table_statement(name, self._making, "duckdb", links))
        left = self._in_order(name, own) if own else True
        if left and own and name in self.new:
            self.connection.run(f"DROP TABLE {self.connection.name(name)}")
            others = [link for link in links if link not in own]
            self.connection.run(table_statement(name, self._making, "duckdb", others))
        if left:
            columns = self.connection.list(self._columns(name))
            source = f"{self.aside[name]}_all" if own else self.aside[name]
            self.connection.run(
                f"INSERT INTO {self.connection.name(name)} ({columns}) SELECT {columns} FROM {source}", name
            )
        if own:
            self.connection.run(f"DROP TABLE {self.aside[name]}_all")

    def _place(self, name: str) -> int:
        """Where a table comes among the new ones; before them all where it is there, or is none of ours."""
        return self.new.index(name) if name in self.new else -1

    def _in_order(self, name: str, own: list[Link]) -> bool:
        """Add rows step by step, each when those it refers to are there; whether some are left, in circles."""
        say, aside = self.connection.name, self.aside[name]
        columns = self.connection.list(self._columns(name))
        self.connection.run(f"CREATE TEMP TABLE {aside}_all AS SELECT * FROM {aside}")
        ready = " AND ".join(_resolved(link, say(name), say) for link in own)
        for _ in range(DEPTH):
            self.connection.run(
                f"CREATE OR REPLACE TEMP TABLE {aside}_now AS SELECT rowid AS row FROM {aside} c WHERE {ready}"
            )
            if not self.connection.ask(f"SELECT count(*) FROM {aside}_now")[0][0]:
                break
            now = f"rowid IN (SELECT row FROM {aside}_now)"
            self.connection.run(f"INSERT INTO {say(name)} ({columns}) SELECT {columns} FROM {aside} WHERE {now}", name)
            self.connection.run(f"DELETE FROM {aside} WHERE {now}")
        self.connection.run(f"DROP TABLE {aside}_now")
        return bool(self.connection.ask(f"SELECT count(*) FROM {aside}")[0][0])


def _resolved(link: Link, table: str, say: Callable[[str], str]) -> str:
    """The condition that a row refers to none, or to one that is there."""
    pairs = [(f"c.{say(column)}", f"p.{say(to)}") for column, to in zip(link.columns, link.to, strict=True)]
    empty = " OR ".join(f"{column} IS NULL" for column, _ in pairs)
    same = " AND ".join(f"{column} = {to}" for column, to in pairs)
    return f"({empty} OR EXISTS (SELECT 1 FROM {table} p WHERE {same}))"


class MySQLLoad(Load):
    """New tables are filled under other names and renamed in one step; rows of old ones are one transaction."""

    def begin(self) -> None:
        self.aside = {}
        number = self.connection.ask("SELECT connection_id()")[0][0]
        self._sweep()
        for place, name in enumerate(self.new):
            self.aside[name] = f"_synthesist_{number}_{place}"
        super().begin()

    def make(self) -> None:
        for name in self.old:
            engine = self.connection.ask(
                f"SELECT engine FROM information_schema.tables WHERE table_schema = database() AND table_name = {_literal(name)}"
            )[0][0]
            if engine != "InnoDB":
                raise OutputError(
                    f"{self.connection.address}, table `{name}` is kept by {engine}, which can undo nothing. "
                    f"Make it InnoDB: ALTER TABLE {quoted(name, 'mysql')} ENGINE = InnoDB"
                )
        for name in self.new:
            links = self.schema.tables[name].links
            self.connection.run(
                table_statement(name, self.schema, "mysql", links, called=self.at(name), others=self.aside)
            )
        self.connection.run("START TRANSACTION")  # making tables has ended the one before

    def at(self, name: str) -> str:
        return self.aside.get(name, name)

    def last(self) -> None:
        self.connection.commit()
        if self.aside:
            say = self.connection.name
            self.connection.run(
                "RENAME TABLE " + ", ".join(f"{say(aside)} TO {say(name)}" for name, aside in self.aside.items())
            )

    def undo(self) -> None:
        super().undo()
        self._drop(list(self.aside.values()))

    def _sweep(self) -> None:
        """Remove what loads that were killed have left."""
        running = {str(number) for (number,) in self.connection.ask("SELECT id FROM information_schema.processlist")}
        left = [
            name
            for name in self.connection.names()
            if (found := re.fullmatch(r"_synthesist_(\d+)_\d+", name)) and found[1] not in running
        ]
        self.connection.run("SET SESSION foreign_key_checks = 0")
        self._drop(left)

    def _drop(self, names: list[str]) -> None:
        with suppress(SynthesistError):  # a server that is gone is swept by the next load
            if names:
                self.connection.run(f"DROP TABLE IF EXISTS {self.connection.list(names)}")


def _as_stored(table: pl.DataFrame, schema: TableSchema) -> pl.DataFrame:
    """The cells as the source stored them; a column that a database gave as its own text goes on as this text."""
    own = [name for name, kind in schema.columns.items() if table[name].dtype == pl.String != kind.storage]
    rest = {name: kind for name, kind in schema.columns.items() if name not in own}
    return (
        stored(table, schema.model_copy(update={"columns": rest})).with_columns(table.select(own)).select(table.columns)
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


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


LOADS: Mapping[Dialect, type[Load]] = {
    "postgres": PostgresLoad,
    "mysql": MySQLLoad,
    "sqlite": SQLiteLoad,
    "duckdb": DuckLoad,
}
