"""MariaDB and MySQL, by PyMySQL: rows are sent as INSERTs of many rows, whose faults are errors and never warnings."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from synthesist.data.databases.address import Address
from synthesist.data.databases.cells import literals, quoted_text
from synthesist.data.databases.lines import read_lines
from synthesist.data.databases.meanings import declared_type, kind_of
from synthesist.data.databases.on_servers import ServerConnection, forbidden, line
from synthesist.data.databases.types import Type
from synthesist.data.kinds import Native
from synthesist.data.schema import Checks, Link, TableSchema
from synthesist.errors import DataError, MissingExtraError, SynthesistError

__all__ = ["MySQL"]

SESSION = (
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION'",
    "SET SESSION time_zone = '+00:00'",
    "SET SESSION group_concat_max_len = 1000000",
)
STATEMENT_BYTES = 1_000_000
PLAIN = {"integer", "decimal", "float", "boolean", "date", "time", "timestamp", "year", "bytes", "bits", "uuid"}
SHAPES = {
    "point",
    "linestring",
    "polygon",
    "geometry",
    "multipoint",
    "multilinestring",
    "multipolygon",
    "geometrycollection",
}

COLUMNS = """
SELECT table_name, column_name, column_type, is_nullable, column_default, extra, coalesce(generation_expression, ''),
  (SELECT c.collation_name FROM information_schema.collations c WHERE c.collation_name = s.collation_name
   AND c.is_default <> 'Yes' LIMIT 1)
FROM information_schema.columns s WHERE table_schema = database() AND table_name IN ({})
ORDER BY table_name, ordinal_position"""
KEYS = """
SELECT k.table_name, k.constraint_name, k.column_name, k.referenced_table_name, k.referenced_column_name,
  r.update_rule, r.delete_rule
FROM information_schema.key_column_usage k LEFT JOIN information_schema.referential_constraints r
  ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name
WHERE k.table_schema = database() AND k.table_name IN ({})
ORDER BY k.table_name, k.constraint_name, k.ordinal_position"""


class MySQL(ServerConnection):
    """A session with MariaDB or MySQL."""

    dialect = "mysql"
    quote = "`"

    def _call(self, address: Address) -> None:
        try:
            import pymysql
        except ImportError:
            raise MissingExtraError("MariaDB and MySQL need PyMySQL: install 'synthesist[db]'.") from None
        login = _login(address)
        if path := login.get("unix_socket"):
            line("", 0, path).close()  # PyMySQL leaves one open where nobody answers
        self._session = pymysql.connect(**login, charset="utf8mb4", autocommit=True, conv={})

    def _prepare(self) -> None:
        for statement in SESSION:
            self.run(statement)
        self.is_mariadb = "mariadb" in self.ask("SELECT version()")[0][0].lower()
        if not self.writes:
            self.run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            self.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")

    def ask(self, sql: str) -> list[tuple]:
        with self._faults(), self._session.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def run(self, sql: str, table: str = "") -> None:
        with self._faults(table), self._session.cursor() as cursor:
            cursor.execute(sql)

    def names(self, views: bool = False) -> list[str]:
        kind = "VIEW" if views else "BASE TABLE"
        rows = self.ask(
            "SELECT table_name FROM information_schema.tables "
            f"WHERE table_schema = database() AND table_type = '{kind}' ORDER BY 1"
        )
        return [name for (name,) in rows]

    def reflect(self, names: Sequence[str]) -> dict[str, TableSchema]:
        listed = ", ".join(quoted_text(name, "mysql") for name in names) or "NULL"
        columns: dict[str, list[tuple]] = {name: [] for name in names}
        for table, *column in self.ask(COLUMNS.format(listed)):
            columns[table].append(tuple(column))
        keys: dict[str, dict[str, list[tuple]]] = {name: {} for name in names}
        for table, constraint, *column in self.ask(KEYS.format(listed)):
            keys[table].setdefault(constraint, []).append(tuple(column))
        checks: dict[str, list[str]] = {name: [] for name in names}
        for table, condition in self._checks(listed):
            checks[table].append(f"({condition})")
        return {name: self._table(columns[name], keys[name], checks[name]) for name in names}

    def _checks(self, listed: str) -> list[tuple]:
        if self.is_mariadb:
            return self.ask(
                "SELECT table_name, check_clause FROM information_schema.check_constraints "
                f"WHERE constraint_schema = database() AND table_name IN ({listed}) ORDER BY 1, constraint_name"
            )
        return self.ask(
            "SELECT t.table_name, c.check_clause FROM information_schema.check_constraints c "
            "JOIN information_schema.table_constraints t USING (constraint_schema, constraint_name) "
            f"WHERE c.constraint_schema = database() AND t.table_name IN ({listed}) ORDER BY 1, c.constraint_name"
        )

    def _table(self, columns: list[tuple], keys: dict[str, list[tuple]], checks: list[str]) -> TableSchema:
        key = tuple(row[0] for row in keys.get("PRIMARY", ()))
        links, unique = [], []
        for name, rows in keys.items():
            _, other, _, update, delete = rows[0]
            if other is not None:
                then = " ".join(
                    f"ON {event} {action}"
                    for event, action in (("UPDATE", update), ("DELETE", delete))
                    if action not in ("NO ACTION", "RESTRICT")
                )
                links.append(
                    Link(
                        columns=tuple(row[0] for row in rows), table=other, to=tuple(row[2] for row in rows), then=then
                    )
                )
            elif name != "PRIMARY":
                unique.append(tuple(row[0] for row in rows))
        linked = {column for link in links for column in link.columns}
        kinds = {}
        for name, type_, nullable, default, extra, computed, collation in columns:
            if collation and type_ != "uuid":
                type_ = f"{type_} COLLATE {collation}"
            default = None if default in (None, "NULL") else default if self.is_mariadb else _default(default, extra)
            native = Native(
                dialect="mysql", type=type_, required=nullable == "NO", numbered="auto_increment" in extra.lower(),
                default=default if not computed else None, computed=computed,
            )  # fmt: skip
            kinds[name] = kind_of(declared_type(type_, "mysql"), native, key=key == (name,) and name not in linked)
        documents = {match[1] for check in checks if (match := re.fullmatch(r"\(json_valid\(`(.+)`\)\)", check))}
        for name in documents & kinds.keys():  # MariaDB's JSON is text with a condition
            if (found := kinds[name].native) is not None:
                document = found.model_copy(update={"type": "json"})
                kinds[name] = kind_of(declared_type("json", "mysql"), document)
        conditions = tuple(check for check in checks if not re.fullmatch(r"\(json_valid\(`(.+)`\)\)", check))
        return TableSchema(
            columns=kinds, key=key, links=tuple(links), unique=tuple(unique),
            checks=Checks(dialect="mysql", conditions=conditions) if conditions else None,
        )  # fmt: skip

    def reading(self, column: str, found: Type) -> str:
        name = self.name(column)
        if found.family == "bytes" or found.written.lower() in SHAPES:
            return f"LOWER(HEX({name}))"
        if found.family == "bits":
            return f"LPAD(BIN({name} + 0), {found.length or 1}, '0')"
        if found.family == "float" and "double" not in found.written.lower():
            return f"CAST({name} AS DOUBLE)"
        return name

    def selecting(self, columns: Mapping[str, Type]) -> str:
        """All cells of a row as one line, which the server joins quicker than any client takes them apart."""
        cells = []
        for name, found in columns.items():
            cell = f"CONVERT({self.reading(name, found)} USING utf8mb4)"
            for sign, escape in ((r"\\", r"\\\\"), (r"\t", r"\\t"), (r"\n", r"\\n"), (r"\r", r"\\r")):
                cell = cell if found.family in PLAIN else f"REPLACE({cell}, '{sign}', '{escape}')"
            cells.append(f"IFNULL({cell}, '\\\\N')")
        return f"CONCAT_WS('\\t', {', '.join(cells)})"

    def frames(self, sql: str, columns: Mapping[str, Type], rows: int) -> Iterator[pl.DataFrame]:
        from pymysql.cursors import SSCursor

        with self._faults(), self._session.cursor(SSCursor) as cursor:
            cursor.execute(sql)
            while block := cursor.fetchmany(rows):
                lines = [line for (line,) in block]
                if None in lines:
                    raise DataError(
                        f"{self.address} gives no row larger than its `max_allowed_packet`. Set that higher."
                    )
                yield read_lines(("\n".join(lines) + "\n").encode(), columns)

    def begin(self) -> None:
        self.run("SET SESSION foreign_key_checks = 0")
        self.run("START TRANSACTION")

    def load(self, table: str, frame: pl.DataFrame, types: dict[str, Type]) -> None:
        head = f"INSERT INTO {self.name(table)} ({self.list(frame.columns)}) VALUES "
        cells = [literals(frame[name], "mysql", _as_bytes(types[name])) for name in frame.columns]
        rows = pl.DataFrame(cells).select(pl.format("({})", pl.concat_str(pl.all(), separator=","))).to_series()
        at_once = max(1, STATEMENT_BYTES // max(1, int(rows.str.len_bytes().mean() or 1)))  # type: ignore[arg-type]
        with self._faults(table), self._session.cursor() as cursor:
            for start in range(0, len(rows), at_once):
                cursor.execute(head + ",".join(rows[start : start + at_once]))

    def _told(self, error: Exception, where: str) -> SynthesistError | None:
        import pymysql

        if isinstance(error, OSError):
            return self._silent(error)
        if not isinstance(error, pymysql.MySQLError):
            return None
        code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        message = self.address.hidden(str(error.args[1] if len(error.args) > 1 else error)).rstrip(".")
        if code in (2003, 2002, 2006, 2013):
            return self._silent(message)
        if code in (1045, 1698, 1044):
            return self._refused(message)
        if code == 1049:
            return self._unknown(message)
        return forbidden(where, message) if code in (1142, 1143, 1227) else DataError(f"{where}: {message}.")


def _login(address: Address) -> dict[str, Any]:
    options = address.for_driver
    socket = options.get("unix_socket") or options.get("host", "")
    place: dict[str, Any] = (
        {"unix_socket": socket}
        if socket.startswith("/")
        else {"host": address.host or "localhost", "port": int(address.port or 3306)}
    )
    return {**place, "user": address.user or None, "password": address.password, "database": address.database}


def _as_bytes(found: Type) -> Type:
    """Shapes travel as the bytes they are kept in."""
    return Type("bytes") if found.written.lower() in SHAPES else found


def _default(text: str, extra: str) -> str:
    """MySQL gives a default without its quotes, and says elsewhere whether it is a formula."""
    if "DEFAULT_GENERATED" in extra.upper():
        return text if re.match(r"(?i)current_timestamp", text) else f"({text})"
    return quoted_text(text, "mysql")
