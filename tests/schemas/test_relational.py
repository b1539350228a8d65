"""The parts of relational schemas: types, checks, links."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import synthesist as sy
from synthesist.data.databases.types import type_of
from synthesist.schemas import page_of
from synthesist.schemas.relational.checks import checked
from synthesist.schemas.relational.ddl import read_sql
from synthesist.schemas.relational.limits import Limits
from synthesist.schemas.relational.meanings import ROOM
from synthesist.schemas.relational.pages import page_of_tables
from synthesist.schemas.relational.statements import dialect_of


@pytest.mark.parametrize(
    ("dialect", "words", "arguments", "is_"),
    [
        ("postgres", "smallint", [], {"family": "integer", "low": -32768, "high": 32767}),
        ("mysql", "tinyint unsigned", ["3"], {"family": "integer", "low": 0, "high": 255}),
        ("mysql", "mediumint", [], {"low": -8388608, "high": 8388607}),
        ("mysql", "tinyint", ["1"], {"family": "boolean"}),
        ("duckdb", "usmallint", [], {"low": 0, "high": 65535}),
        ("postgres", "numeric", ["8", "2"], {"family": "decimal", "digits": 8, "decimals": 2}),
        ("mysql", "decimal", [], {"digits": 10, "decimals": 0}),
        ("duckdb", "decimal", [], {"digits": 18, "decimals": 3}),
        ("postgres", "character varying", ["12"], {"family": "text", "length": 12, "fixed": False}),
        ("postgres", "char", [], {"length": 1, "fixed": True}),
        ("sqlite", "unsigned big int", [], {"family": "integer"}),
        ("sqlite", "nvarchar", ["9"], {"family": "text", "length": 9}),
        ("sqlite", "strange", [], {"family": "decimal"}),
        ("postgres", "timestamp with time zone", ["3"], {"family": "timestamp", "decimals": 3}),
        ("postgres", "bit varying", ["5"], {"family": "bits", "length": 5, "fixed": False}),
        ("postgres", "geometry", [], {"family": "unknown"}),
        ("postgres", "citext", [], {"family": "text", "folds": True}),
    ],
)
def test_types_of_four_databases(dialect: str, words: str, arguments: list[str], is_: dict[str, Any]) -> None:
    found = type_of(words, arguments, dialect)
    assert {name: getattr(found, name) for name in is_} == is_


@pytest.mark.parametrize(
    ("check", "limit"),
    [
        ("a > 3", Limits(low=3, low_open=True)),
        ("5 >= a AND (a > -2)", Limits(low=-2, low_open=True, high=5)),
        ("a BETWEEN 1 AND 9", Limits(low=1, high=9)),
        ("a IN (1, 2) OR a = 7 OR a IS NULL", Limits(values=(1, 2, 7))),
        ("(a)::text = ANY ((ARRAY['x'::character varying, 'y'::text])::text[])", Limits(values=("x", "y"))),
        ("a IS NOT NULL", Limits(present=True)),
        ("NOT (a IS NULL)", Limits(present=True)),
        ("a NOT IN (3, 4)", Limits(excluded=(3, 4))),
        ("a <> ''", Limits(shortest=1)),
        ("length(a) >= 2 AND char_length(a) < 6", Limits(shortest=2, longest=5)),
        ("a LIKE 'p-%_'", Limits(pattern=r"p\-[a-z]{0,8}[a-z]")),
        ("a ~ '^[A-Z]{3}$'", Limits(pattern="[A-Z]{3}")),
        ("upper(a) = a", Limits(case="upper")),
        ("a >= 0 OR a IS NULL", Limits(low=0)),
        ("a", Limits(values=(True,))),
    ],
)  # fmt: skip
def test_checks_of_one_column_are_limits(check: str, limit: Limits) -> None:
    found = conditions(check)
    assert (found.limits, found.parts, found.notes) == ({"a": limit}, [], [])


@pytest.mark.parametrize(
    ("check", "rule"),
    [
        ("a < b", "a < b"),
        ("b IS NULL OR a <= b", "is_missing(b) or a <= b"),
        ('"c d" + a = b', 'column(\'c d\') + a == b'),
        ("a <> 1 OR b IS NOT NULL", "a != 1 or not is_missing(b)"),
    ],
)  # fmt: skip
def test_checks_between_columns_are_rules(check: str, rule: str) -> None:
    found = conditions(check)
    assert (found.limits, [part.rule for part in found.parts], found.notes) == ({}, [rule], [])


def test_what_is_neither_is_named_with_its_line() -> None:
    assert [part.rule for part in conditions("f(a) > b").parts] == [""]
    sql = "\nCREATE TABLE t (a int NOT NULL, b int NOT NULL, CHECK (f(a) > b));"
    notes = page_of_tables(read_sql(sql, "postgres"), "x.sql")[1]
    assert notes == ["line 2: `t`: CHECK (f(a) > b) is not kept: rows may break it."]


@pytest.mark.parametrize(
    ("sql", "table", "columns"),
    [
        # rows between two tables: one owns them, the other is not repeated
        ("CREATE TABLE t (a int REFERENCES x, b int REFERENCES y, PRIMARY KEY (a, b));", "t",
         {"a": "each", "b": "distinct"}),
        # a place within an owner
        ("CREATE TABLE t (a int REFERENCES x, nr int, PRIMARY KEY (a, nr));", "t", {"a": "each", "nr": "position"}),
        # a key that is a foreign key: one to one
        ("CREATE TABLE t (a int PRIMARY KEY REFERENCES x);", "t", {"a": "each"}),
        ("CREATE TABLE t (id int PRIMARY KEY, up int REFERENCES t);", "t", {"up": "before"}),
        ("CREATE TABLE t (id int PRIMARY KEY, a int UNIQUE REFERENCES x, b int UNIQUE REFERENCES y);", "t",
         {"a": "distinct", "b": "distinct"}),
        ("CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL REFERENCES x);", "t", {"a": "weights"}),
    ],
)  # fmt: skip
def test_foreign_keys_become_the_links_that_hold_them(sql: str, table: str, columns: dict[str, str]) -> None:
    two = "CREATE TABLE x (id int PRIMARY KEY); CREATE TABLE y (id int PRIMARY KEY); "
    page, notes = page_of_tables(read_sql(two + sql, "postgres"), "x.sql")
    made = page["tables"][table]["columns"]
    assert {name: word for name, word in columns.items() if word in made[name] or made[name]["is"] == word} == columns
    assert notes == []


def test_tables_come_after_those_they_refer_to() -> None:
    sql = "CREATE TABLE a (id int PRIMARY KEY, b int NOT NULL);"
    sql += "CREATE TABLE b (id int PRIMARY KEY, c int REFERENCES c(id));"
    sql += "CREATE TABLE c (id int PRIMARY KEY); ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES b (id);"
    page, _ = page_of_tables(read_sql(sql, "postgres"), "x.sql")
    assert list(page["tables"]) == ["c", "b", "a"]


def test_a_circle_that_may_be_empty_is_opened() -> None:
    sql = "CREATE TABLE a (id int PRIMARY KEY, b int NOT NULL REFERENCES b); "
    sql += "CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);"
    page, notes = page_of_tables(read_sql(sql, "sqlite"), "x.sql")
    assert page["tables"]["b"]["columns"]["a"]["missing"] == 1.0 and notes == []


def test_domains_bring_their_checks_and_generated_columns_are_left_out() -> None:
    sql = "CREATE DOMAIN share AS numeric(4,1) CHECK (VALUE >= 0 AND VALUE < 100) NOT NULL; "
    sql += "CREATE TABLE t (id serial PRIMARY KEY, s share, d int GENERATED ALWAYS AS (id * 2) STORED);"
    page, _ = page_of_tables(read_sql(sql, "postgres"), "x.sql")
    assert list(page["columns"]) == ["id", "s"]
    assert page["columns"]["s"] == {"is": "uniform", "low": 0, "high": 99.9, "decimals": 1}


def test_dialects_are_told_by_their_words_or_the_name_of_the_file() -> None:
    assert dialect_of("CREATE TABLE t (id integer primary key autoincrement)") == "sqlite"
    assert dialect_of("create table t (a int)", "dump.duckdb.sql") == "duckdb"
    assert dialect_of("CREATE TABLE t (a bigserial, b jsonb) -- ENGINE=InnoDB `x`") == "postgres"


def conditions(check: str) -> Any:
    """What a check comes to."""
    table = f'CREATE TABLE t (a int, b int, "c d" int,\nCHECK ({check}))'
    return checked(read_sql(table, "postgres").tables["t"], "postgres")


def test_parts_of_a_person_are_no_longer_than_the_room_they_ask_for() -> None:
    columns = {part: {"is": "provided", "by": f"person.{part}"} for part in ROOM}
    rows = sy.sample("columns", 50_000, columns=columns).table
    longest = rows.select(pl.all().cast(pl.String).str.len_chars().max()).row(0, named=True)
    assert all(longest[part] <= room for part, room in ROOM.items()), longest


def test_names_and_places_of_one_row_are_one_person(tmp_path: Path) -> None:
    source = tmp_path / "staff.sql"
    source.write_text(
        "CREATE TABLE staff (id int PRIMARY KEY, first_name varchar(30), last_name varchar(40), "
        "email varchar(80) UNIQUE, city varchar(60), short varchar(8), nick_name char(9));"
    )
    columns = page_of(source)["columns"]
    parts = {name: column["by"] for name, column in columns.items() if column["is"] == "provided"}
    assert parts == {name: f"person.{name}" for name in ("first_name", "last_name", "email", "city")}
    ruled = source.with_name("ruled.sql")
    ruled.write_text(source.read_text().replace(");", ", CHECK (first_name <> last_name));"))
    assert "provided" not in {page_of(ruled)["columns"][name]["is"] for name in ("first_name", "last_name")}


def test_a_key_of_which_a_part_may_be_empty_is_not_lost_as_a_whole() -> None:
    sql = "CREATE TABLE x (a int, b int, PRIMARY KEY (a, b)); "
    sql += "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b int, FOREIGN KEY (a, b) REFERENCES x);"
    page, _ = page_of_tables(read_sql(sql, "postgres"), "x.sql")
    assert "missing" not in page["tables"]["t"]["columns"]["a"]


def test_an_index_on_coalesce_takes_empty_cells_for_the_same() -> None:
    sql = "CREATE TABLE x (id int PRIMARY KEY); CREATE TABLE t (a int NOT NULL REFERENCES x, b int REFERENCES x);"
    sql += "CREATE UNIQUE INDEX u ON t (a, coalesce(b, -1));"
    page, _ = page_of_tables(read_sql(sql, "postgres"), "x.sql")
    assert "missing" not in page["tables"]["t"]["columns"]["b"]


def test_migrations_drop_rename_and_alter_what_came_before() -> None:
    sql = """
CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE user_ (id int PRIMARY KEY);
CREATE UNLOGGED TABLE t (PRIMARY KEY (id), id int, m mood NOT NULL, a int REFERENCES user_, n int CHECK (n < 3),
  CONSTRAINT c CHECK (n > 1));
ALTER TABLE user_ RENAME TO person; ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'; ALTER TYPE mood ADD VALUE 'new';
ALTER TABLE t DROP CONSTRAINT c, DROP CONSTRAINT t_n_check; ALTER TABLE t ADD CHECK (n >= 7);
CREATE UNIQUE INDEX i ON t (n);
DROP INDEX i; CREATE SCHEMA s CREATE TABLE u (id int PRIMARY KEY) CREATE TABLE v (u int NOT NULL REFERENCES u);
"""
    page, notes = page_of_tables(read_sql(sql, "postgres"), "x.sql")
    assert notes == [] and set(page["tables"]) == {"person", "t", "u", "v"}
    columns = page["tables"]["t"]["columns"]
    assert columns["m"]["values"] == ["blue", "ok", "new"] and columns["a"]["to"] == "person"
    assert (
        columns["n"]["low"] == 7 and "unique" not in columns["n"] and page["tables"]["v"]["columns"]["u"]["to"] == "u"
    )
