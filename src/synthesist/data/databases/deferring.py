"""Loads into databases that can wait with links until the end of a transaction: PostgreSQL, SQLite."""

import re
from pathlib import Path

from synthesist.data.databases.cells import quoted_text
from synthesist.data.databases.connection import Connection
from synthesist.data.databases.declaring import link_statement, table_statement, type_statements
from synthesist.data.databases.loading import Load
from synthesist.data.schema import Link, Schema

__all__ = ["PostgresLoad", "SQLiteLoad"]


class PostgresLoad(Load):
    """One transaction; links of new tables are added at the end, those of old ones wait until then."""

    def links_at_once(self, name: str) -> tuple[Link, ...]:
        return ()

    def make(self) -> None:
        for statement in type_statements(self._made(), "postgres"):
            type_ = re.match(
                r'CREATE (?:TYPE|DOMAIN) ((?:"(?:[^"]|"")+"|[^\s".])+(?:\."(?:[^"]|"")+"|\.\w+)?) AS ', statement
            )
            there = type_ and self.connection.ask(f"SELECT to_regtype({quoted_text(type_[1])}) IS NOT NULL")[0][0]
            if not there:
                self.connection.run(statement)
        for name in self.new:
            self.connection.run(table_statement(name, self.schema, "postgres", ()))
        listed = ", ".join(quoted_text(name) for name in self.old) or "NULL"
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
                table, say = quoted_text(self.connection.name(name)), self.connection.name
                self.connection.ask(
                    "SELECT setval(s, greatest(m, (SELECT last_value FROM pg_sequences "
                    "WHERE format('%I.%I', schemaname, sequencename)::regclass = s::regclass))) "
                    f"FROM (SELECT pg_get_serial_sequence({table}, {quoted_text(column)}) s, "
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
