"""Loads into DuckDB, which looks at every link at once: rows are put aside and come in order."""

import re
from collections.abc import Callable

import polars as pl

from synthesist.data.databases.declaring import ordered, table_statement, type_statements
from synthesist.data.databases.deferring import SQLiteLoad
from synthesist.data.databases.duck import where_table
from synthesist.data.databases.types import Type
from synthesist.data.schema import Link

__all__ = ["DuckLoad"]

FARTHEST = 100_000_000
"""How far a sequence of DuckDB is moved."""
DEPTH = 1_000
"""How many steps rows that refer to each other may take into a database that looks at every link at once."""


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
            its = where_table(name)
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
        its = where_table(name)
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
        """Rows that refer to others of their table after those; where they do so in circles, no link is declared."""
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
