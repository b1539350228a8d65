"""Files of SQL, run by each database's own client."""

import sqlite3
from pathlib import Path

import polars as pl
import pytest
import servers

import synthesist as sy
from synthesist.data.databases import SqlWriter
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Id, Moment, Number, Text
from synthesist.data.schema import Link, Schema, TableSchema
from synthesist.errors import DataError

TEXTS = ["it's", 'a"b', "c\\d", "line\nbreak\t;", "☃", "", None]
NODES = TableSchema(
    columns={"id": Id(whole=True), "up": Id(whole=True, missing=True), "x": Number(missing=True), "day": Moment(precision="d"), "note": Text(missing=True)},
    key=("id",),
    links=(Link(columns=("up",), table="nodes", to=("id",)),),
)  # fmt: skip


@pytest.fixture
def nodes() -> Dataset:
    rows = {
        "id": range(7),
        "up": [6, 5, 4, 3, 2, 1, None],
        "x": [0.1, -1e-7, 1e22, None, 5e-324, 2.0, 3.5],
        "note": TEXTS,
    }
    table = pl.DataFrame(rows).with_columns(day=pl.date(2024, 2, 29)).select(list(NODES.columns))
    return Dataset({"nodes": table}, Schema(tables={"nodes": NODES}))


def test_postgresql_takes_it(nodes: Dataset, tmp_path: Path, postgres_server: servers.Server) -> None:
    sy.write(nodes, tmp_path / "nodes.sql")
    postgres_server.says("CREATE DATABASE dumped;")
    postgres_server.says("\\c dumped\n" + (tmp_path / "nodes.sql").read_text("utf-8"))
    same(postgres_server.url.format("dumped"), nodes)


def test_mariadb_takes_it(nodes: Dataset, tmp_path: Path, mariadb_server: servers.Server) -> None:
    sy.write(nodes, tmp_path / "nodes.mysql.sql")
    mariadb_server.says("CREATE DATABASE dumped; USE dumped; " + (tmp_path / "nodes.mysql.sql").read_text("utf-8"))
    same(mariadb_server.url.format("dumped"), nodes)


def test_sqlite_takes_it(nodes: Dataset, tmp_path: Path) -> None:
    sy.write(nodes, tmp_path / "nodes.sqlite.sql")
    with sqlite3.connect(tmp_path / "nodes.db") as session:
        session.execute("PRAGMA foreign_keys = ON")
        session.executescript((tmp_path / "nodes.sqlite.sql").read_text("utf-8"))
    session.close()
    same(str(tmp_path / "nodes.db"), nodes)


def test_a_dump_that_fails_leaves_nothing(nodes: Dataset, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="stop"), SqlWriter(tmp_path / "nodes.sql", nodes.schema) as writer:
        writer.write(nodes)
        raise DataError("stop")
    assert list(tmp_path.iterdir()) == []
    assert writer.rows == {"nodes": 7}


def same(address: str, nodes: Dataset) -> None:
    back = sy.read(address)
    assert back.table.sort("id").equals(nodes.table, null_equal=True)
    assert (back.schema.table.key, back.schema.table.links) == (NODES.key, NODES.links)
