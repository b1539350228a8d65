"""A load that fails leaves the database as it was, and says in one message what was wrong."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from time import sleep

import polars as pl
import pytest

import servers
from synthesist.data.databases import DatabaseWriter, opened, read_database
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Id, Number
from synthesist.data.schema import Link, Schema, TableSchema
from synthesist.errors import DataError, MissingExtraError, NotFoundError, OutputError, SpecError, SynthesistError
from systems import Place

SCHEMA = Schema(tables={"t": TableSchema(columns={"id": Id(whole=True), "x": Number()}, key=("id",))}, unit="t")


def block(start: int, rows: int, x: float = 1.0) -> Dataset:
    return Dataset({"t": pl.DataFrame({"id": range(start, start + rows), "x": [x] * rows})}, SCHEMA)


@pytest.mark.parametrize("mode", ["append", "replace"])
def test_a_check_that_the_last_block_violates(place: Place, mode: str) -> None:
    place.ask(
        "CREATE TABLE t (id bigint PRIMARY KEY, x double precision CHECK (x < 100))", "INSERT INTO t VALUES (-1, 7)"
    )
    before = place.ask("SELECT * FROM t")
    with (
        pytest.raises(DataError, match=r"`t`.*(?i:check|constraint)"),
        DatabaseWriter(place.address, SCHEMA, mode) as writer,
    ):
        writer.write(block(0, 3_000))
        writer.write(block(3_000, 3_000, x=100.0))
    assert place.ask("SELECT * FROM t") == before


def test_a_key_that_comes_twice(place: Place) -> None:
    with pytest.raises(DataError, match=r"`t`.*(?i:unique|duplicate)"), DatabaseWriter(place.address, SCHEMA) as writer:
        writer.write(block(0, 100))
        writer.write(block(99, 100))
    assert place.tables() == []


def test_an_error_of_the_caller(place: Place) -> None:
    with pytest.raises(ZeroDivisionError), DatabaseWriter(place.address, SCHEMA) as writer:
        writer.write(block(0, 100))
        raise ZeroDivisionError
    assert place.tables() == []


def test_a_client_that_is_killed(place: Place, tmp_path: Path) -> None:
    place.ask("CREATE TABLE t (id bigint PRIMARY KEY, x double precision)", "INSERT INTO t VALUES (-1, 7)")
    program = (
        "import sys, polars as pl\n"
        "from synthesist.data.databases import DatabaseWriter\n"
        "from synthesist.data.dataset import Dataset\n"
        "from synthesist.data.schema import Schema\n"
        "schema = Schema.from_yaml(sys.argv[2])\n"
        "with DatabaseWriter(sys.argv[1], schema, 'replace') as writer:\n"
        "    writer.write(Dataset({n: pl.DataFrame({'id': range(9_000), 'x': [1.0] * 9_000}) for n in schema.tables}, schema))\n"
        "    print('ready', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    both = Schema(tables={**SCHEMA.tables, "u": SCHEMA.tables["t"]}, unit="t")
    command = [sys.executable, "-c", program, place.address, both.to_yaml()]
    before = place.ask("SELECT * FROM t")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout is not None and client.stdout.readline() == "ready\n"
        client.send_signal(signal.SIGKILL)
        client.wait()
    assert place.ask("SELECT * FROM t") == before
    for _ in range(50):  # until the server has noticed
        with DatabaseWriter(place.address, SCHEMA, "replace") as writer:
            writer.write(block(0, 2))
        if place.tables() == ["t"]:
            break
        sleep(0.1)
    assert place.tables() == ["t"]
    assert place.ask("SELECT count(*) FROM t")[0][0] == 2


@pytest.mark.parametrize("start", [servers.postgres, servers.mariadb])
def test_a_server_that_is_killed(start, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(f"{start.__name__}_server")  # skips where there is none
    with start() as server:
        server.says("CREATE DATABASE shop;")
        address = server.url.format("shop")
        with pytest.raises(SynthesistError, match="does not answer"), DatabaseWriter(address, SCHEMA) as writer:
            writer.write(block(0, 70_000))
            server.kill()
            for _ in range(20):
                writer.write(block(70_000, 70_000))
        with pytest.raises(NotFoundError, match="does not answer"), opened(address):
            pass


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as session:
        session.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x REAL)")
        session.execute("INSERT INTO t VALUES (-1, 7)")
    session.close()
    writer = DatabaseWriter(path, SCHEMA)
    with pytest.raises(OutputError, match="full"), writer:
        writer._connection.run("PRAGMA max_page_count = 40")
        for start in range(0, 100_000, 10_000):
            writer.write(block(start, 10_000))
    assert read_database(path).tables["t"].rows() == [(-1, 7.0)]


def test_rows_whose_table_is_another(place: Place) -> None:
    place.ask("CREATE TABLE t (id bigint PRIMARY KEY, y double precision NOT NULL)")
    with pytest.raises(OutputError, match="no column `x`"), DatabaseWriter(place.address, SCHEMA):
        pass
    place.ask("DROP TABLE t", "CREATE TABLE t (id bigint PRIMARY KEY, x double precision, y int NOT NULL)")
    with pytest.raises(OutputError, match="needs a value in `y`"), DatabaseWriter(place.address, SCHEMA):
        pass


def test_links_the_database_does_not_know_are_looked_at(place: Place) -> None:
    place.ask("CREATE TABLE t (id bigint PRIMARY KEY, x double precision)", "CREATE TABLE u (id bigint, t bigint)")
    lines = TableSchema(
        columns={"id": Id(whole=True), "t": Id(whole=True)},
        key=("id",),
        links=(Link(columns=("t",), table="t", to=("id",)),),
    )
    both = Schema(tables={**SCHEMA.tables, "u": lines}, unit="t")
    for rows, fault in (([(1, 5)], "1 row refers to no row"), ([(1, 0), (1, 1)], "keys .* more than once")):
        frame = pl.DataFrame(rows, schema=["id", "t"], orient="row")
        with pytest.raises(DataError, match=fault), DatabaseWriter(place.address, both) as writer:
            writer.write(Dataset({**block(0, 3).tables, "u": frame}, both))
        assert place.ask("SELECT count(*) FROM t")[0][0] == 0


# --------------------------------------------------------------------------- who and where


def test_nobody_answers() -> None:
    for system in ("postgresql", "mysql"):
        with (
            pytest.raises(NotFoundError, match="does not answer") as told,
            opened(f"{system}://ann:pa55word@127.0.0.1:1/shop"),
        ):
            pass
        assert "pa55word" not in str(told.value) and "ann:***@" in str(told.value)


def test_a_wrong_password(postgres_server: servers.Server, mariadb_server: servers.Server, monkeypatch) -> None:
    mariadb_server.says("CREATE USER IF NOT EXISTS ann IDENTIFIED BY 'right';")
    monkeypatch.setenv("ANN", "pa55word")
    address = mariadb_server.url.format("test").replace("root", "ann:${ANN}")
    with pytest.raises(DataError, match="user or the password") as told, opened(address):
        pass
    assert "pa55word" not in str(told.value)
    with (
        pytest.raises(DataError, match="user or the password"),
        opened(postgres_server.url.replace("postgres@", "bob:x@").format("postgres")),
    ):
        pass
    with pytest.raises(SpecError, match="NOBODY"), opened(address.replace("ANN", "NOBODY")):
        pass


def test_what_is_not_there(postgres_server: servers.Server, mariadb_server: servers.Server) -> None:
    for server in (postgres_server, mariadb_server):
        with pytest.raises(NotFoundError, match=r"(?i)nosuch"), opened(server.url.format("nosuch")):
            pass
    address = postgres_server.url.format("postgres")
    with pytest.raises(NotFoundError, match="no schema `nosuch`"), opened(f"{address}&schema=nosuch"):
        pass
    with opened(address, tables=["nosuch"]) as database, pytest.raises(NotFoundError, match="no table `nosuch`"):
        database.schema


def test_rights(postgres_server: servers.Server) -> None:
    postgres_server.says(
        "CREATE DATABASE guarded; \\c guarded \n CREATE TABLE t (id bigint PRIMARY KEY, x float8); "
        "DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN; GRANT SELECT ON t TO guest;"
    )
    address = postgres_server.url.replace("postgres@", "guest@").format("guarded")
    assert read_database(address).tables["t"].height == 0
    with pytest.raises(OutputError, match="permission denied"), DatabaseWriter(address, SCHEMA) as writer:
        writer.write(block(0, 1))


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    for ending in ("db", "duckdb"):
        with pytest.raises(NotFoundError, match="No database"), opened(tmp_path / f"none.{ending}"):
            pass
        (tmp_path / f"text.{ending}").write_text("a,b\n1,2\n" * 1_000)
        with pytest.raises((DataError, OutputError), match=r"text\."), opened(tmp_path / f"text.{ending}") as database:
            database.schema
        assert not (tmp_path / f"none.{ending}").exists()


def test_a_driver_that_is_missing(monkeypatch) -> None:
    for address, driver in (("postgresql://h/d", "pg8000"), ("mysql://h/d", "pymysql")):
        monkeypatch.setitem(sys.modules, driver, None)
        with pytest.raises(MissingExtraError, match=r"synthesist\[db\]"), opened(address):
            pass
