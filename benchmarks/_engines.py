"""Rows loaded into the databases their schema was written for, with all constraints on."""

import importlib.util
import re
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

Rows = Mapping[str, pl.DataFrame]
SECONDS = 300
DATA = r"^COPY\b[^;]*\bFROM\s+stdin\b[^;]*;.*?^\\\.$"
CONSOLE = r"^\\[^\n]*|^(?:CREATE|DROP)\s+DATABASE\b.*?;|^\s*(?:BEGIN|COMMIT|START\s+TRANSACTION)\s*;"
STRICT = "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO"
FLAGS = re.IGNORECASE | re.MULTILINE | re.DOTALL
OPEN = ExitStack()
"""The servers that were started; closed by whoever started the measurement."""


class NotCreatedError(Exception):
    """The database itself takes nothing of the schema, so that no row can be judged."""


def fault_of(dialect: str, text: str, rows: Rows, folder: Path) -> str:
    """What a database says of rows: empty where it takes all of them, and the schema has no table beyond theirs.

    Raises:
        NotCreatedError: it creates no table by this text.
    """
    return {"postgres": _postgres, "mysql": _mariadb, "sqlite": _sqlite, "duckdb": _duckdb}[dialect](text, rows, folder)


@cache
def _server(kind: str) -> Any:
    path = Path(__file__).parents[1] / "tests" / "servers.py"
    spec = importlib.util.spec_from_file_location("servers", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    server = OPEN.enter_context(getattr(module, kind)())
    server.folder.chmod(0o777)
    return server


def _told(kind: str, sql: str, *more: str) -> tuple[str, str]:
    """The answers of a server and its complaints, whatever it complains of."""
    command = [*_server(kind).client, *more]
    done = subprocess.run(command, input=sql.encode(), capture_output=True, timeout=SECONDS)
    return done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace").strip()


def _written(rows: Rows, folder: Path) -> dict[str, Path]:
    """A file for every table, which servers of other users may read."""
    out = {}
    for i, (name, frame) in enumerate(rows.items()):
        path = out[name] = folder / f"{i}.csv"
        frame.write_csv(path, null_value="NULL", quote_style="non_numeric")
        path.chmod(0o644)
    return out


def _left_out(known: Mapping[str, Any], rows: Rows) -> str:
    drawn = {known[found] for name in rows if (found := _found(known, name))}
    missing = sorted(map(str, set(known.values()) - drawn))
    return f"not drawn: {', '.join(missing[:4])}" if missing else ""


def _found(known: Mapping[str, Any], name: str) -> str | None:
    """How a database knows a table that is drawn, with or without its schema, in capitals or not."""
    for wanted in (name, name.lower(), name.rpartition(".")[2], name.rpartition(".")[2].lower()):
        for spelt in (wanted, *(one for one in known if one.lower() == wanted)):
            if spelt in known:
                return spelt
    return None


# ------------------------------------------------------------------------------ PostgreSQL


def _postgres(text: str, rows: Rows, folder: Path) -> str:
    _told("postgres", "DROP DATABASE IF EXISTS judged")
    _told("postgres", "CREATE DATABASE judged")
    _told("postgres", re.sub(f"{DATA}|{CONSOLE}", "", text, flags=FLAGS), "-d", "judged", "-v", "ON_ERROR_STOP=0")
    told, _ = _told("postgres", TABLES, "-d", "judged")
    known: dict[str, str] = {}
    for line in told.splitlines():
        space, name, address = line.split("|")
        known[f"{space}.{name}"] = address
    bare = {full.partition(".")[2]: address for full, address in reversed(known.items())}
    known = {**bare, **known}
    if not known:
        raise NotCreatedError
    every = ", ".join(dict.fromkeys(known.values()))
    quiet = "".join(f"ALTER TABLE {table} DISABLE TRIGGER USER;" for table in set(known.values()))
    script = [f"TRUNCATE {every} CASCADE;{quiet}", LATER, "BEGIN; SET CONSTRAINTS ALL DEFERRED;"]
    counts = []
    for name, path in _written(rows, _server("postgres").folder).items():
        if (found := _found(known, name)) is not None:
            columns = ", ".join(f'"{column}"' for column in rows[name].columns)
            script.append(f"\\copy {known[found]} ({columns}) FROM '{path}' WITH (FORMAT csv, HEADER, NULL 'NULL')")
            counts.append(f"SELECT count(*) - {rows[name].height}, '{found}' FROM ONLY {known[found]};")
    _, complaint = _told("postgres", "\n".join([*script, "COMMIT;"]), "-d", "judged")
    if "ERROR" in complaint or "invalid command" in complaint:
        return complaint
    told, _ = _told("postgres", "\n".join(counts).replace("FROM ONLY", "FROM"), "-d", "judged")
    lost = [line for line in told.splitlines() if line.startswith("-")]
    return f"rows lost: {lost[:3]}" if lost else _left_out(known, rows)


TABLES = """SELECT n.nspname, c.relname, quote_ident(n.nspname) || '.' || quote_ident(c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnatts > 0 AND n.nspname !~ '^pg_|information_schema'"""
LATER = """
SELECT format('ALTER TABLE %s ALTER CONSTRAINT %I DEFERRABLE INITIALLY DEFERRED', conrelid::regclass, conname)
FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 \\gexec"""
"""Keys are looked at when all tables are loaded, as circles of them ask for; all are."""


# ------------------------------------------------------------------------------ MariaDB

ORPHANS = """SELECT table_name, group_concat(column_name ORDER BY ordinal_position), referenced_table_name,
group_concat(referenced_column_name ORDER BY ordinal_position) FROM information_schema.key_column_usage
WHERE table_schema = 'judged' AND referenced_table_name IS NOT NULL GROUP BY 1, 3, constraint_name"""


def _mariadb(text: str, rows: Rows, folder: Path) -> str:
    _told("mariadb", "SET foreign_key_checks=0; DROP DATABASE IF EXISTS judged; CREATE DATABASE judged CHARSET utf8mb4")
    text = re.sub(r"(?im)^\s*(?:use\b|create (?:database|schema)|drop (?:database|schema)).*?;|^source .*$", "", text)
    text = text.replace("utf8mb4_0900_ai_ci", "utf8mb4_general_ci")
    _told("mariadb", f"SET foreign_key_checks=0;\n{text}", "judged", "--force")
    ask = "SELECT {} FROM information_schema.{} WHERE {}_schema = 'judged' "
    known = {
        t: t
        for t in _told("mariadb", ask.format("table_name", "tables", "table") + "AND table_type = 'BASE TABLE'")[
            0
        ].splitlines()
    }
    if not known:
        raise NotCreatedError
    triggers = _told("mariadb", ask.format("trigger_name", "triggers", "trigger"))[0].splitlines()
    bits = set(
        _told(
            "mariadb", ask.format("concat(table_name, '.', column_name)", "columns", "table") + "AND data_type = 'bit'"
        )[0].splitlines()
    )
    script = [
        "SET foreign_key_checks=0;",
        *(f"DELETE FROM `{t}`;" for t in known),
        *(f"DROP TRIGGER `{t}`;" for t in triggers),
    ]
    script.append(f"SET unique_checks=1; SET sql_mode='{STRICT}';")
    for name, path in _written(
        {n: f.with_columns(pl.col(pl.Boolean).cast(pl.Int8)) for n, f in rows.items()}, _server("mariadb").folder
    ).items():
        if (table := _found(known, name)) is not None:
            numbers = [c for c in rows[name].columns if f"{table}.{c}" in bits]
            columns = ", ".join(f"@b{numbers.index(c)}" if c in numbers else f"`{c}`" for c in rows[name].columns)
            sets = ", ".join(f"`{c}` = cast(@b{i} AS unsigned)" for i, c in enumerate(numbers))
            script.append(
                f"LOAD DATA INFILE '{path}' INTO TABLE `{table}` CHARACTER SET utf8mb4 FIELDS TERMINATED BY ',' "
                f"OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '' IGNORE 1 LINES ({columns}){' SET ' + sets if sets else ''};"
                f"SELECT 'COUNT', '{table}', count(*) - {rows[name].height} FROM `{table}`;"
            )
    told, complaint = _told("mariadb", "\n".join(script), "judged")
    if complaint:
        return complaint
    lost = [line for line in told.splitlines() if line.startswith("COUNT") and not line.endswith("\t0")]
    return f"rows lost: {lost[:3]}" if lost else _orphans() or _left_out(known, rows)


def _orphans() -> str:
    for line in _told("mariadb", ORPHANS)[0].splitlines():
        table, columns, other, others = line.split("\t")
        own = columns.split(",")
        on = " AND ".join(f"a.`{x}` = b.`{y}`" for x, y in zip(own, others.split(","), strict=True))
        there = " AND ".join(f"a.`{x}` IS NOT NULL" for x in own)
        joined = f"`{table}` a LEFT JOIN `{other}` b ON {on}"
        ask = f"SELECT count(*) FROM {joined} WHERE {there} AND b.`{others.split(',')[0]}` IS NULL"
        if (count := _told("mariadb", ask, "judged")[0].strip()) != "0":
            return f"{count} rows of {table} ({columns}) refer to no row of {other}"
    return ""


# ------------------------------------------------------------------------------ SQLite and DuckDB


def _sqlite(text: str, rows: Rows, folder: Path) -> str:
    db = sqlite3.connect(":memory:")
    for statement in _complete(text):
        if not re.match(
            r"(?is)\s*(insert|begin|commit|pragma|create\s+(temp\w*\s+)?trigger)",
            re.sub(r"(?s)--[^\n]*|/\*.*?\*/", "", statement),
        ):
            with suppress(sqlite3.Error, sqlite3.Warning):
                db.execute(statement)
    db.commit()
    known = {
        n: n for (n,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    }
    known = {n: n for n in known if not any(f"{n}_".startswith(f"{v}_") for v in _virtual(db))}
    if not known:
        raise NotCreatedError
    db.executescript("".join(f'DELETE FROM "{name}";' for name in known))
    db.executescript("PRAGMA foreign_keys=on; BEGIN; PRAGMA defer_foreign_keys=on;")
    for name, frame in rows.items():
        if (table := _found(known, name)) is not None:
            columns, holes = ", ".join(f'"{c}"' for c in frame.columns), ",".join("?" * frame.width)
            try:
                db.executemany(f'INSERT INTO "{table}" ({columns}) VALUES ({holes})', _plain(frame).rows())
            except (sqlite3.Error, OverflowError) as error:
                return f"{name}: {error}"
    try:
        db.commit()
        orphans = db.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.Error as error:
        return str(error)
    return f"rows that refer to none: {orphans[:2]}" if orphans else _left_out(known, rows)


def _virtual(db: sqlite3.Connection) -> Sequence[str]:
    return [n for (n,) in db.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL%'")]


def _complete(text: str) -> Iterator[str]:
    """The statements of a text, those of triggers whole."""
    waiting = ""
    for piece in re.split(r"(?<=;)", text):
        waiting += piece
        if sqlite3.complete_statement(waiting):
            yield waiting
            waiting = ""
    yield waiting


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        pl.col(pl.Datetime).dt.to_string("%Y-%m-%d %H:%M:%S"), pl.col(pl.Date).dt.to_string("%Y-%m-%d")
    )


def _duckdb(text: str, rows: Rows, folder: Path) -> str:
    import duckdb

    db = duckdb.connect()
    for statement in re.sub(r"--[^\n]*", "", text).split(";"):
        with suppress(duckdb.Error):
            db.execute(statement)
    found = db.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
    known = {name: f'"{space}"."{name}"' for space, name in found} | {f"{s}.{n}": f'"{s}"."{n}"' for s, n in found}
    if not known:
        raise NotCreatedError
    for _ in found:  # those that others refer to cannot be emptied before these
        for table in set(known.values()):
            with suppress(duckdb.Error):
                db.execute(f"DELETE FROM {table}")
    for name, path in _written(rows, folder).items():
        if (found_ := _found(known, name)) is not None:
            columns = ", ".join(f'"{column}"' for column in rows[name].columns)
            form = "FORMAT csv, HEADER true, NULLSTR 'NULL', ALLOW_QUOTED_NULLS false, QUOTE '\"', ESCAPE '\"'"
            try:
                db.execute(f"COPY {known[found_]} ({columns}) FROM '{path}' ({form})")
            except duckdb.Error as error:
                return f"{name}: {error}"
            (count,) = db.execute(f"SELECT count(*) FROM {known[found_]}").fetchone() or (0,)
            if count != rows[name].height:
                return f"{name}: {rows[name].height - count} rows lost"
    return _left_out(known, rows)
