"""Conditions that are no limits and no rules: rows meet them as SQLite sees it, or they are named."""

import sqlite3
import warnings
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

import synthesist as sy
from synthesist.errors import SpecError
from synthesist.schemas import page_of, written
from synthesist.schemas.relational.checks import checked
from synthesist.schemas.relational.ddl import read_sql
from synthesist.schemas.relational.settling import ANY, EMPTY, THERE, Known, Settled, settled_by
from synthesist.verbs.named import as_model

PEOPLE = "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE q (id INTEGER PRIMARY KEY);"


@pytest.mark.parametrize(
    ("sql", "rows", "said"),
    [
        # one of two links, or as many as a column says
        ("CREATE TABLE t (a INT REFERENCES p, b INT REFERENCES q, CHECK ((a IS NULL) <> (b IS NULL)))", 200, "held by"),
        ("CREATE TABLE t (k TEXT NOT NULL CHECK (k IN ('a', 'b')), a INT REFERENCES p, b INT REFERENCES q, "
         "CHECK ((k = 'a' AND a IS NOT NULL AND b IS NULL) OR (k = 'b' AND a IS NULL AND b IS NOT NULL)))", 200,
         "in `k`"),
        ("CREATE TABLE t (a INT REFERENCES p, n INT, CHECK (CASE WHEN a IS NULL THEN n > 0 ELSE n IS NULL END))",
         200, "held by"),
        # what a condition in unknown words is about holds its default
        ("CREATE TABLE t (id INTEGER PRIMARY KEY, j TEXT NOT NULL DEFAULT '[]' CHECK (json_array_length(j) = 0))", 200,
         "held by '\\[\\]' in `j`"),
        # texts that none may be like
        ("CREATE TABLE t (role TEXT NOT NULL CHECK (role NOT LIKE '% %' AND role NOT LIKE 'a%' AND role <> 'basic'))",
         200, ""),
        # cells of a link are those of what it leads to
        ("CREATE TABLE c (code TEXT PRIMARY KEY); "
         "CREATE TABLE t (code TEXT NOT NULL REFERENCES c CHECK (length(code) = 3 AND code = upper(code)))", 200, ""),
        # the other one of two, the one above
        ("CREATE TABLE t (a INT REFERENCES p, b INT REFERENCES p, PRIMARY KEY (a, b), CHECK (a <> b))", 100, ""),
        ("CREATE TABLE t (a INT NOT NULL REFERENCES p, b INT NOT NULL REFERENCES p, CHECK (a IS NOT b))", 200, ""),
        ("CREATE TABLE t (id INTEGER PRIMARY KEY, up INT REFERENCES t CHECK (up <> id))", 200, ""),
        # a link that is half in a key, and links that share a column
        ("CREATE TABLE n (s TEXT, h TEXT, PRIMARY KEY (s, h)); CREATE TABLE r (s TEXT PRIMARY KEY, h TEXT NOT NULL, "
         "FOREIGN KEY (s, h) REFERENCES n (s, h)); CREATE TABLE t (s TEXT NOT NULL UNIQUE REFERENCES r (s))", 100, ""),
        ("CREATE TABLE a (p INT NOT NULL REFERENCES p, id INT NOT NULL, PRIMARY KEY (p, id)); "
         "CREATE TABLE b (p INT NOT NULL REFERENCES p, id INT NOT NULL, PRIMARY KEY (p, id)); "
         "CREATE TABLE t (p INT NOT NULL, a INT NOT NULL, b INT NOT NULL, FOREIGN KEY (p, a) REFERENCES a, "
         "FOREIGN KEY (p, b) REFERENCES b)", 200, ""),
        # types that SQLite does not hold to, dates that are not yet
        ("CREATE TABLE t (i INT NOT NULL CHECK (typeof(i) = 'integer'), d DATE NOT NULL CHECK (d IS date(d)), "
         "e DATE NOT NULL CHECK (e <= CURRENT_DATE))", 200, ""),
    ],
)  # fmt: skip
def test_rows_meet_conditions_on_keys_and_in_unknown_words(tmp_path: Path, sql: str, rows: int, said: str) -> None:
    file = tmp_path / "t.sqlite.sql"
    file.write_text(PEOPLE + sql)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        data = as_model(file, {}).sample(200, seed=1)
    if said:
        with pytest.warns(UserWarning, match=said):
            warnings.warn(told[0].message, stacklevel=1)
    assert bool(told) is bool(said)
    database = sqlite3.connect(":memory:")
    database.executescript(f"PRAGMA foreign_keys = on; {file.read_text()}; BEGIN; PRAGMA defer_foreign_keys = on")
    for name, frame in data.tables.items():
        cells = frame.with_columns(pl.col(pl.Date).cast(pl.String))
        database.executemany(f"INSERT INTO {name} VALUES ({','.join('?' * frame.width)})", cells.rows())
    database.commit()
    assert database.execute("SELECT count(*) FROM t").fetchone()[0] >= rows


@pytest.mark.parametrize(
    ("condition", "settled"),
    [
        ("num_nonnulls(a, b) = 1", {"a": THERE, "b": EMPTY}),
        ("a IS NOT NULL OR b IS NOT NULL", {"a": THERE}),
        ("coalesce(a, b) IS NOT NULL", {"a": THERE}),
        ("(a IS NULL)::int + (b IS NULL)::int = 1", {"a": THERE, "b": EMPTY}),
        ("f(a) > 3", {"a": EMPTY}),
        ("a < b", {"a": EMPTY}),
        ("a IS DISTINCT FROM b", {"a": THERE, "b": EMPTY}),
        ("a IS NULL", {"a": EMPTY}),
        ("NOT (a IS NULL AND b IS NULL)", {"a": THERE}),
        ("CASE k WHEN 'x' THEN a IS NULL ELSE a IS NOT NULL END", {"k": Known("x"), "a": EMPTY}),
        ("f(k)", None),
        ("typeof(k) = 'integer'", None),
        ("concat(a, b) <> ''", None),
    ],
)  # fmt: skip
def test_the_fewest_columns_are_settled_that_make_a_condition_never_false(
    condition: str, settled: dict[str, Settled] | None
) -> None:
    table = read_sql(f"CREATE TABLE t (a int, b int, k text NOT NULL, CHECK ({condition}))", "postgres").tables["t"]
    ways: dict[str, Sequence[Settled]] = {"a": [ANY, THERE, EMPTY], "b": [ANY, THERE, EMPTY], "k": [THERE, Known("x")]}
    found = checked(table, "postgres")
    node = found.parts[0].node if found.parts else None
    if node is None:
        assert condition == "a IS NULL" and found.limits["a"].absent
        return
    assert settled_by(node, {name: way for name, way in ways.items() if name in condition}) == settled


def test_a_condition_that_nothing_holds_is_named_and_rows_are_drawn(tmp_path: Path) -> None:
    file = tmp_path / "t.sql"
    file.write_text(
        f"{PEOPLE}\nCREATE TABLE t (a int REFERENCES p, b int REFERENCES p, PRIMARY KEY (a, b), CHECK (a < b));"
    )
    with pytest.warns(UserWarning, match=r"line 2: `t`: CHECK \(a < b\) is not kept: rows may break it"):
        assert as_model(file, {}).sample(50, seed=1).tables["t"].height


def test_what_is_said_alike_of_many_tables_is_said_once_and_warnings_are_short(tmp_path: Path) -> None:
    file = tmp_path / "t.sql"
    alike = "".join(f"CREATE TABLE a{i} (id int PRIMARY KEY, x geometry);\n" for i in range(9))
    unlike = "".join(f"CREATE TABLE b{i} (id int PRIMARY KEY, x geometry({i}));\n" for i in range(40))
    file.write_text(alike + unlike)
    with pytest.warns(UserWarning) as told:
        page_of(file)
    lines = str(told[0].message).splitlines()
    assert lines[1] == ("  lines 1, 2, 3 and 6 more: `a0.x`, `a1.x`, `a2.x` and 6 more is geometry, which is not drawn "
                        "here, and stays empty.")  # fmt: skip
    assert len(lines) == 22 and lines[-1] == "  and 21 more, which `synthesist inspect t.sql` tells."
    assert "b39.x" not in str(told[0].message) and "b39.x" in written(file)


def test_links_kept_apart_are_checked_where_they_are_declared() -> None:
    def tables(**apart: object) -> pl.DataFrame:
        link = {"is": "reference", "to": "p"}
        columns = {"a": link, "b": {**link, **apart}}
        return sy.sample("tables", 300, unit="t", tables={"p": {"rows": 2, "columns": {"id": {"is": "keys"}}},
                                                          "t": {"columns": columns}}).tables["t"]  # fmt: skip

    rows = tables(apart="a")
    assert (rows["a"] != rows["b"]).all() and rows["b"].n_unique() == 2
    with pytest.raises(SpecError, match="there is no other link `c`"):
        tables(apart="c")
    with pytest.raises(SpecError, match="looks up among all rows"):
        tables(apart="a", own=True)
