"""PostgreSQL: read and loaded by COPY, in its own text, which every type of it can be written in and read from."""

import os
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from queue import Queue
from threading import Thread
from typing import Any

import polars as pl

from synthesist.data.databases.address import Address
from synthesist.data.databases.cells import quoted_text, spelled
from synthesist.data.databases.lines import read_lines, written_lines
from synthesist.data.databases.meanings import declared_type, kind_of
from synthesist.data.databases.on_servers import ServerConnection, forbidden, line
from synthesist.data.databases.types import Type
from synthesist.data.kinds import Native
from synthesist.data.schema import Checks, Link, TableSchema
from synthesist.errors import DataError, MissingExtraError, NotFoundError, SynthesistError

__all__ = ["Postgres"]

CALLS = 5  # to a server that hangs up
SESSION = {
    "client_encoding": "'UTF8'",
    "datestyle": "'ISO, YMD'",
    "intervalstyle": "'postgres'",
    "timezone": "'UTC'",
    "extra_float_digits": "1",
    "bytea_output": "'hex'",
    "lc_monetary": "'C'",
    "standard_conforming_strings": "on",
}
COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull OR t.typnotnull,
  CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
  a.attidentity <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%', false),
  CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) ELSE '' END,
  a.atttypid::int, CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relnamespace = current_schema()::regnamespace AND a.attnum > 0 AND NOT a.attisdropped AND c.relname IN ({})
ORDER BY c.relname, a.attnum"""
CONSTRAINTS = """
SELECT c.relname, k.contype::text, pg_get_constraintdef(k.oid), f.relname,
  ARRAY(SELECT attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u(n, i)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY i),
  ARRAY(SELECT attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u(n, i)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n ORDER BY i)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_class f ON f.oid = k.confrelid
WHERE c.relnamespace = current_schema()::regnamespace AND c.relname IN ({}) AND k.conparentid = 0
ORDER BY c.relname, k.conname"""

FIRST_OF_USERS = 16_384  # FirstNormalObjectId: types below it come with the server
TYPE = """
SELECT format_type(t.oid, NULL), t.typtype::text, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END::int,
  t.typrelid::int, (SELECT x.extname::text FROM pg_depend d JOIN pg_extension x ON x.oid = d.refobjid
  WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
FROM pg_type t WHERE t.oid = {}"""
LABELS = "SELECT enumlabel::text FROM pg_enum WHERE enumtypid = {} ORDER BY enumsortorder"
PARTS = """
SELECT attname::text, format_type(atttypid, atttypmod), atttypid::int FROM pg_attribute
WHERE attrelid = {} AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""
DOMAIN = """
SELECT concat_ws(' ', format_type(t.typbasetype, t.typtypmod), 'DEFAULT ' || t.typdefault,
  CASE WHEN t.typnotnull THEN 'NOT NULL' END,
  (SELECT string_agg(pg_get_constraintdef(c.oid), ' ' ORDER BY c.conname) FROM pg_constraint c
   WHERE c.contypid = t.oid AND c.contype = 'c'))
FROM pg_type t WHERE t.oid = {}"""
RANGE = "SELECT format_type(rngsubtype, NULL), rngsubtype::int FROM pg_range WHERE rngtypid = {}"


class Postgres(ServerConnection):
    """A session with PostgreSQL, by pg8000."""

    dialect = "postgres"

    def _call(self, address: Address) -> None:
        try:
            import pg8000  # noqa: F401
        except ImportError:
            raise MissingExtraError("PostgreSQL needs pg8000: install 'synthesist[db]'.") from None
        self._session, self._line = _patiently(address)

    def _prepare(self) -> None:
        schema = self.address.option("schema")
        for option, value in SESSION.items():
            self.run(f"SET {option} = {value}")
        if schema:
            self.run(f"SET search_path = {self.name(schema)}, public")
        ((current,),) = self.ask("SELECT current_schema()")
        if current is None or (schema and current != schema):
            raise NotFoundError(
                f"{self.address} has no schema `{schema or 'public'}`. Check its name, and whether you may use it."
            )
        if not self.writes:
            self.run("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

    # ---- questions

    def ask(self, sql: str) -> list[tuple]:
        with self._faults():
            return [tuple(row) for row in self._session.execute_simple(sql).rows or ()]

    def run(self, sql: str, table: str = "") -> None:
        with self._faults(table):
            self._session.execute_simple(sql)

    def names(self, views: bool = False) -> list[str]:
        kinds = "'v', 'm', 'f'" if views else "'r', 'p'"
        rows = self.ask(
            "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace "
            f"AND relkind IN ({kinds}) AND NOT relispartition ORDER BY relname"
        )
        return [name for (name,) in rows]

    def reflect(self, names: Sequence[str]) -> dict[str, TableSchema]:
        listed = ", ".join(quoted_text(name) for name in names) or "NULL"
        columns: dict[str, list[tuple]] = {name: [] for name in names}
        for table, *column in self.ask(COLUMNS.format(listed)):
            columns[table].append(tuple(column))
        tied: dict[str, list[tuple]] = {name: [] for name in names}
        for table, *constraint in self.ask(CONSTRAINTS.format(listed)):
            tied[table].append(tuple(constraint))
        return {name: self._table(columns[name], tied[name]) for name in names}

    def _table(self, columns: list[tuple], tied: list[tuple]) -> TableSchema:
        key = next((tuple(own) for kind, _, _, own, _ in tied if kind == "p"), ())
        links = [
            Link(columns=tuple(own), table=other, to=tuple(theirs), then=_then(text))
            for kind, text, other, own, theirs in tied
            if kind == "f"
        ]
        linked = {column for link in links for column in link.columns}
        checks = tuple(text.removeprefix("CHECK ") for kind, text, *_ in tied if kind == "c")
        kinds = {}
        for name, type_, required, default, numbered, computed, oid, base in columns:
            needs = self._needs(oid)
            native = Native(
                dialect="postgres", type=type_, required=required, default=None if numbered else default,
                numbered=numbered, computed=computed, needs=needs,
            )  # fmt: skip
            found = declared_type(base or type_, "postgres")
            if base is None and len(needs) == 1 and " AS ENUM " in needs[0]:
                found = Type("enum", values=tuple(re.findall(r"'((?:[^']|'')*)'", needs[0].partition(" AS ENUM ")[2])))
            kinds[name] = kind_of(found, native, key=key == (name,) and name not in linked)
        return TableSchema(
            columns=kinds,
            key=key,
            links=tuple(links),
            unique=tuple(tuple(own) for kind, _, _, own, _ in tied if kind == "u"),
            checks=Checks(dialect="postgres", conditions=checks) if checks else None,
        )

    def _needs(self, oid: int) -> tuple[str, ...]:
        """The statements that make a type, those of the types it is made of first."""
        if oid < FIRST_OF_USERS:
            return ()
        ((name, sort, base, row, extension),) = self.ask(TYPE.format(oid))
        if extension:
            return (f"CREATE EXTENSION IF NOT EXISTS {self.name(extension)}",)
        match sort:
            case "e":
                labels = ", ".join(quoted_text(label) for (label,) in self.ask(LABELS.format(oid)))
                return (f"CREATE TYPE {name} AS ENUM ({labels})",)
            case "d":
                ((words,),) = self.ask(DOMAIN.format(oid))
                return (*self._needs(base), f"CREATE DOMAIN {name} AS {words}")
            case "c":
                parts = self.ask(PARTS.format(row))
                needs = [need for _, _, part in parts for need in self._needs(part)]
                listed = ", ".join(f"{self.name(part)} {type_}" for part, type_, _ in parts)
                return (*needs, f"CREATE TYPE {name} AS ({listed})")
            case "r":
                ((subtype, inner),) = self.ask(RANGE.format(oid))
                return (*self._needs(inner), f"CREATE TYPE {name} AS RANGE (subtype = {subtype})")
        return self._needs(base) if base else ()

    def reading(self, column: str, found: Type) -> str:
        name = self.name(column)
        if found.family == "timestamp" and found.zoned:
            return f"timezone('UTC', {name})"
        return f"encode({name}, 'hex')" if found.family == "bytes" else name

    def frames(self, sql: str, columns: Mapping[str, Type], rows: int) -> Iterator[pl.DataFrame]:
        """Copied in a thread of its own, a few blocks ahead of whoever takes them."""
        pipe = _Pipe(rows)

        def copy() -> None:
            try:
                with self._faults():
                    self._session.execute_unnamed(f"COPY ({sql}) TO STDOUT", stream=pipe)
                pipe.end(None)
            except BaseException as error:  # noqa: BLE001  (handed to whoever reads)
                pipe.end(error)

        thread = Thread(target=copy, daemon=True)
        thread.start()
        try:
            for block in pipe:
                yield read_lines(block, columns)
        finally:
            pipe.stopped = True
            while thread.is_alive():
                pipe.drain()
                thread.join(0.01)

    # ---- changes

    def load(self, table: str, frame: pl.DataFrame, types: dict[str, Type]) -> None:
        lines = written_lines(pl.DataFrame([_sent(frame[name], types[name]) for name in frame.columns]))
        sql = f"COPY {self.name(table)} ({self.list(frame.columns)}) FROM STDIN"
        with self._faults(table):
            self._session.execute_unnamed(sql, stream=_pieces(lines))

    def close(self) -> None:
        super().close()
        self._line.close()

    def _told(self, error: Exception, where: str) -> SynthesistError | None:
        from pg8000.exceptions import DatabaseError, Error

        if not isinstance(error, DatabaseError):
            return self._silent(error.__cause__ or error) if isinstance(error, Error | OSError) else None
        said = error.args[0] if error.args and isinstance(error.args[0], Mapping) else {"M": str(error)}
        code, message = said.get("C", ""), self.address.hidden(said.get("M", "").rstrip("."))
        if code in ("28P01", "28000"):
            return self._refused(message)
        if code == "3D000":
            return self._unknown(message)
        if code == "42501":
            return forbidden(where, message)
        detail = f" ({self.address.hidden(said['D']).rstrip('.')})" if "D" in said else ""
        return DataError(f"{where}: {message}{detail}.")


def _patiently(address: Address) -> tuple[Any, socket.socket]:
    """A session; a server that hangs up before it has said why is asked again."""
    for _ in range(CALLS - 1):
        try:
            return _connected(address)
        except Exception as error:
            if not isinstance(error.__cause__ or error, BrokenPipeError):
                raise
    return _connected(address)


def _connected(address: Address) -> tuple[Any, socket.socket]:
    """A session and the socket it speaks by; what the address leaves open, the variables of PostgreSQL's own say."""
    from pg8000 import native

    options, told = address.for_driver, os.environ
    host = options.get("host") or address.host or told.get("PGHOST", "localhost")
    port = int(address.port or options.get("port") or told.get("PGPORT", "5432"))
    path = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else ""
    spoken = line(host, port, path, float(options.get("connect_timeout", 15)))
    try:
        session = native.Connection(
            address.user or told.get("PGUSER") or told.get("USER") or "postgres",
            password=address.password or told.get("PGPASSWORD"),
            database=address.database,
            application_name="synthesist",
            sock=spoken,
            ssl_context=_secured(options.get("sslmode") or told.get("PGSSLMODE", "prefer"), host),
        )
    except BaseException:
        spoken.close()
        raise
    spoken.settimeout(None)
    return session, spoken


def _secured(mode: str, host: str) -> Any:
    """How the line is encrypted, in libpq's words: `disable`, `prefer`, `require`, `verify-ca`, `verify-full`."""
    if host.startswith("/") or mode in ("disable", "allow"):
        return False
    if mode == "prefer":
        return None
    import ssl

    context = ssl.create_default_context()
    context.check_hostname = mode == "verify-full"
    if mode == "require":
        context.verify_mode = ssl.CERT_NONE
    return context


# --------------------------------------------------------------------------- COPY's own text


class _Pipe:
    """Rows of COPY gathered into blocks, a few of which wait for whoever takes them."""

    def __init__(self, rows: int) -> None:
        self.rows, self.stopped = rows, False
        self._lines: list[bytes] = []
        self._blocks: Queue[bytes | BaseException | None] = Queue(2)

    def write(self, line: bytes) -> None:
        if self.stopped:
            return
        self._lines.append(line)
        if len(self._lines) == self.rows:
            self._blocks.put(b"".join(self._lines))
            self._lines = []

    def end(self, error: BaseException | None) -> None:
        if self._lines and error is None:
            self._blocks.put(b"".join(self._lines))
        self._blocks.put(error)

    def drain(self) -> None:
        while not self._blocks.empty():
            self._blocks.get_nowait()

    def __iter__(self) -> Iterator[bytes]:
        while (block := self._blocks.get()) is not None:
            if isinstance(block, BaseException):
                raise block
            yield block


def _sent(column: pl.Series, found: Type) -> pl.Series:
    """Cells as COPY takes them."""
    text = spelled(column, "postgres")
    return "\\x" + text if found.family == "bytes" else text


def _pieces(data: bytes) -> Iterator[bytes]:
    size = 1 << 18
    return iter([data[start : start + size] for start in range(0, len(data), size)])


def _then(text: str) -> str:
    """What stands behind the columns of a foreign key: ON DELETE CASCADE, DEFERRABLE ..."""
    return re.sub(r"(?s)^FOREIGN KEY .*? REFERENCES .*?\(.*?\)(?= |$)", "", text).strip()
