"""Expressions of SQL: they mean what a database answers, and nothing else is run."""

import sqlite3
from datetime import date
from typing import Any

import polars as pl
import pytest

from synthesist.core import Context
from synthesist.data.kinds import Integer, Kind, Number, Text
from synthesist.errors import SpecError
from synthesist.rules.formula import Formula
from synthesist.samplers.columns import Columns

TABLE = {
    "a": [1, 2, None, 4],
    "b": [2.0, 0.0, 3.5, None],
    "name": ["Ann", " bob ", None, "x"],
    "unit price": [1.5, 2.5, 3.5, 4.5],
}
KINDS: dict[str, Kind] = {"a": Integer(), "b": Number(), "name": Text(), "unit price": Number()}
ANSWERED = [  # by SQLite itself
    "a + 2 * b - -1",
    "(a + 2) * b",
    "a * 1.0 / b",
    "a % 2",
    "CASE WHEN a > 1 AND b < 3 THEN 'x' WHEN name IS NULL THEN 'none' ELSE name END",
    "CASE a WHEN 1 THEN 'one' WHEN 2 THEN 'two' END",
    "a IN (1, 4)",
    "a NOT IN (1, 4)",
    "a BETWEEN 2 AND 4",
    "NOT (a = 1 OR b >= 2)",
    "b IS NULL",
    "b IS NOT NULL",
    "(a > 1) IS TRUE",
    "COALESCE(b, a, 7)",
    "NULLIF(a, 2)",
    "name || '-' || upper(name)",
    "length(trim(name))",
    "round(b * 1.234, 2)",
    '"unit price" * 2 <> 3',
    "abs(-a)",
]


@pytest.mark.parametrize("sql", ANSWERED)
def test_an_expression_gives_what_a_database_answers(sql: str) -> None:
    database = sqlite3.connect(":memory:")
    database.execute('create table t (a integer, b real, name text, "unit price" real)')
    database.executemany("insert into t values (?, ?, ?, ?)", zip(*TABLE.values(), strict=True))
    wanted = [row[0] for row in database.execute(f"select {sql} from t")]
    formula = Formula.read_sql(sql)
    made = formula.compute(pl.DataFrame(TABLE), formula.kind(KINDS)).to_list()
    assert [int(x) if isinstance(x, bool) else x for x in made] == pytest.approx(wanted)


def test_moments_and_lengths_of_time() -> None:
    days = {"is": "dates", "start": "2024-01-01", "end": "2024-12-31"}
    table = Columns.build(
        {
            "columns": {
                "day": days,
                "due": {"is": "expression", "sql": "day + INTERVAL '14' DAY"},
                "month": {"is": "expression", "sql": "EXTRACT(month FROM day)"},
                "late": {"is": "expression", "sql": "due > DATE '2024-06-30'"},
            }
        }
    )
    rows = table.sample(500, Context.seeded(0)).table
    assert (rows["due"] == rows["day"].dt.offset_by("14d")).all()
    assert rows["month"].to_list() == rows["day"].dt.month().to_list()
    assert rows["late"].to_list() == [day > date(2024, 6, 30) for day in rows["due"]]


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SUM(a) OVER (PARTITION BY b)", "SUM"),
        ("(SELECT 1)", "SELECT 1"),
        ("a IN (SELECT 1)", "SELECT 1"),
        ("a; DROP TABLE x", "not one expression"),
        ("a FROM t", "not one expression"),
        ("a, b", "not one expression"),
        ("t.a", "t.a"),
        ("random()", "RANDOM"),
        ("pg_read_file('/etc/passwd')", "PG_READ_FILE"),
        ("CAST(a AS INTEGER)", "CAST"),
        ("power(9, 9999)", "9999"),
        ("a +", "not an expression of SQL"),
        ("(" * 900 + "1" + ")" * 900, "."),
        ("a + 1" * 999, "characters"),
    ],
)
def test_what_is_no_expression_of_one_row_is_refused(sql: str, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        Formula.read_sql(sql)


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ({"is": "expression", "sql": "y + 1"}, r"x.sql: there is no column `y`"),
        ({"is": "expression", "sql": "z + 1", "formula": "z + 1"}, "a `formula` or `sql`"),
        ({"is": "expression"}, "a `formula` or `sql`"),
        ({"is": "expression", "sql": "upper(z)"}, "does not fit"),
    ],
)
def test_faults_name_the_option(declared: dict[str, Any], says: str) -> None:
    with pytest.raises(SpecError, match=says):
        Columns.build({"columns": {"z": {"is": "normal"}, "x": declared}})
