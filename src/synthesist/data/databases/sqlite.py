"""SQLite, by Python's own driver; a cell may be of another type than its column."""

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import polars as pl

from synthesist.data.databases.address import Address
from synthesist.data.databases.cells import quoted_text, spelled
from synthesist.data.databases.in_files import FileConnection
from synthesist.data.databases.meanings import declared_type, kind_of
from synthesist.data.databases.types import Type
from synthesist.data.kinds import Native
from synthesist.data.schema import Checks, Link, TableSchema
from synthesist.errors import DataError, OutputError, SynthesistError

__all__ = ["SQLite"]

FOREIGN = "\0"
OF_THE_FILE = ("full", "disk I/O", "readonly", "locked", "unable to open")
"""Words of faults that are not the statement's."""


class SQLite(FileConnection):
    """A session with a file of SQLite."""

    dialect = "sqlite"

    def __init__(self, address: Address, writes: bool) -> None:
        super().__init__(address, writes)
        self.run("PRAGMA foreign_keys = ON")
        if not writes:
            self.run("BEGIN")

    def _opened(self, path: Path) -> sqlite3.Connection:
        mode = "rwc" if self.writes else "ro"
        return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None)

    def names(self, views: bool = False) -> list[str]:
        kind = "view" if views else "table"
        rows = self.ask(
            f"SELECT name FROM sqlite_master WHERE type = '{kind}' "
            "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
        )
        return [name for (name,) in rows]

    def _table(self, name: str) -> TableSchema:
        quoted = self.name(name)
        columns = self.ask(f"PRAGMA table_xinfo({quoted})")
        key = tuple(row[1] for row in sorted((row for row in columns if row[5]), key=lambda row: row[5]))
        links = self._links(quoted)
        linked = {column for link in links for column in link.columns}
        sql = (
            self.ask(f"SELECT sql FROM sqlite_master WHERE name = {quoted_text(name)} AND type IN ('table', 'view')")
            or [("",)]
        )[0][0]
        kinds = {}
        for _, column, type_, required, default, _, hidden in columns:
            whole = type_.upper() == "INTEGER" and key == (column,)
            native = Native(
                dialect="sqlite", type=type_, required=bool(required) or whole, default=default, numbered=whole,
                computed=_computed(sql, column) if hidden in (2, 3) else "",
            )  # fmt: skip
            kinds[column] = kind_of(
                declared_type(type_, "sqlite"), native, key=key == (column,) and column not in linked
            )
        unique = [
            tuple(row[2] for row in self.ask(f"PRAGMA index_info({self.name(index[1])})"))
            for index in self.ask(f"PRAGMA index_list({quoted})")
            if index[2] and index[3] == "u"
        ]
        checks = tuple(_checks(sql or ""))
        return TableSchema(
            columns=kinds, key=key, links=links, unique=tuple(unique),
            checks=Checks(dialect="sqlite", conditions=checks) if checks else None,
        )  # fmt: skip

    def _links(self, quoted: str) -> tuple[Link, ...]:
        found: dict[int, list[tuple]] = {}
        for row in self.ask(f"PRAGMA foreign_key_list({quoted})"):
            found.setdefault(row[0], []).append(row)
        links = []
        for rows in found.values():
            rows.sort(key=lambda row: row[1])
            _, _, table, _, to, update, delete, _ = rows[0]
            theirs = tuple(row[4] for row in rows)
            if to is None:
                keys = [row for row in self.ask(f"PRAGMA table_info({self.name(table)})") if row[5]]
                theirs = tuple(row[1] for row in sorted(keys, key=lambda row: row[5]))
            then = " ".join(
                f"ON {event} {action}"
                for event, action in (("UPDATE", update), ("DELETE", delete))
                if action != "NO ACTION"
            )
            links.append(Link(columns=tuple(row[3] for row in rows), table=table, to=theirs, then=then))
        return tuple(reversed(links))

    def frames(self, sql: str, columns: Mapping[str, Type], rows: int) -> Iterator[pl.DataFrame]:
        with self._faults():
            cursor = self._session.execute(sql)
            while block := cursor.fetchmany(rows):
                yield pl.DataFrame(
                    [
                        _column(name, cells, columns[name])
                        for name, cells in zip(columns, zip(*block, strict=True), strict=True)
                    ]
                )

    def begin(self) -> None:
        self.run("BEGIN IMMEDIATE")
        self.run("PRAGMA defer_foreign_keys = ON")

    def load(self, table: str, frame: pl.DataFrame, types: dict[str, Type]) -> None:
        columns = [_sent(frame[name], types.get(name)) for name in frame.columns]
        marks = ", ".join("?" * len(columns))
        sql = f"INSERT INTO {self.name(table)} ({self.list(frame.columns)}) VALUES ({marks})"
        with self._faults(table):
            self._session.executemany(sql, zip(*columns, strict=True))

    def rollback(self) -> None:
        if self._session.in_transaction:
            self.run("ROLLBACK")

    def _told(self, error: Exception, where: str) -> SynthesistError | None:
        if isinstance(error, sqlite3.OperationalError) and any(sign in str(error) for sign in OF_THE_FILE):
            return OutputError(f"Cannot use {where}: {error}. Make room, or check who uses it.")
        if isinstance(error, sqlite3.OperationalError | sqlite3.IntegrityError | sqlite3.DataError):
            return DataError(f"{where}: {error}.")
        if isinstance(error, sqlite3.Error):
            return DataError(f"{where} is damaged or is no SQLite database: {error}.")
        return None


def _column(name: str, cells: Sequence, found: Type) -> pl.Series:
    """Cells in the one type they all have, else as text; what that could not tell follows a NUL, as in SQL."""
    types = {type(cell) for cell in cells} - {type(None)}
    if types <= {int} and found.family != "bytes":
        return pl.Series(name, cells, dtype=pl.Int64 if types else pl.Null)
    if types == {float} and found.family != "bytes":
        return pl.Series(name, cells, dtype=pl.Float64)
    if types <= {bytes} and found.family == "bytes":
        return pl.Series(name, [None if cell is None else cell.hex() for cell in cells], dtype=pl.String)
    own = (str,) if found.family == "text" else () if found.family == "bytes" else (str, int, float)
    return pl.Series(name, [_told(cell, own) for cell in cells], dtype=pl.String)


def _told(cell: Any, own: tuple[type, ...]) -> str | None:
    if cell is None or (isinstance(cell, str) and str in own):
        return cell
    if isinstance(cell, bytes):
        return f"{FOREIGN}x'{cell.hex()}'"
    if type(cell) in own and isfinite(cell):
        return str(cell)
    if isinstance(cell, str):
        return FOREIGN + quoted_text(cell)
    return f"{FOREIGN}{cell!r}".replace("inf", "1e999")


def _sent(column: pl.Series, found: Type | None) -> list:
    text = column if column.dtype == pl.String else None
    if text is not None and text.str.starts_with(FOREIGN).any():
        own = found is not None and found.family == "bytes"
        return [_untold(cell, own) for cell in text]
    if text is not None and found is not None and found.family == "bytes":
        return text.str.decode("hex").to_list()
    if column.dtype.is_numeric() and not column.dtype.is_decimal():
        return column.to_list()
    return spelled(column, "sqlite").to_list()


def _untold(cell: str | None, hexadecimal: bool) -> Any:
    if cell is None:
        return None
    if not cell.startswith(FOREIGN):
        return bytes.fromhex(cell) if hexadecimal else cell
    literal = cell.removeprefix(FOREIGN)
    if literal.startswith("x'"):
        return bytes.fromhex(literal[2:-1])
    if literal.startswith("'"):
        return literal[1:-1].replace("''", "'")
    return float(literal) if any(sign in literal for sign in ".e") else int(literal)


def _computed(sql: str, column: str) -> str:
    match = re.search(rf"(?is)[\"`\[]?{re.escape(column)}[\"`\]]?\s[^,]*?\bAS\s*\(", sql)
    return _inside(sql, match.end() - 1) if match else "?"


def _checks(sql: str) -> Iterator[str]:
    for match in re.finditer(r"(?i)\bCHECK\s*\(", sql):
        yield f"({_inside(sql, match.end() - 1)})"


def _inside(sql: str, start: int) -> str:
    """What stands in the parentheses that open at `start`."""
    depth, quote = 0, ""
    for place in range(start, len(sql)):
        sign = sql[place]
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"`":
            quote = sign
        elif sign in "()":
            depth += 1 if sign == "(" else -1
            if not depth:
                return sql[start + 1 : place]
    return sql[start + 1 :]
