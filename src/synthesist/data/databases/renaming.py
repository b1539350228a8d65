"""Loads into MariaDB and MySQL, where making a table cannot be undone: it is renamed once its rows are there."""

import re
from contextlib import suppress

from synthesist.data.databases.cells import quoted_text
from synthesist.data.databases.declaring import quoted, table_statement
from synthesist.data.databases.loading import Load
from synthesist.errors import OutputError, SynthesistError

__all__ = ["MySQLLoad"]


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
                "SELECT engine FROM information_schema.tables "
                f"WHERE table_schema = database() AND table_name = {quoted_text(name, 'mysql')}"
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
