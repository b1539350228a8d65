"""Strategies of hypothesis: every example is right, edges come, and what fails is made small."""

import datetime as dt
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis.strategies import SearchStrategy

from synthesist.data.dataset import Dataset
from synthesist.errors import NotFoundError, SpecError, UnsuitableError
from synthesist.testing.inside import fits
from synthesist.testing.strategies import documents, rows, tables
from synthesist.verbs.named import as_model

PAGES = Path(__file__).parents[2] / "examples" / "tables"
BRIEF = settings(
    max_examples=15,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
SQL = """
CREATE TABLE people (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, born DATE NOT NULL, left_on DATE, boss INTEGER REFERENCES people,
  CHECK (left_on IS NULL OR left_on > born)
);
CREATE TABLE bills (
  id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people,
  state TEXT NOT NULL CHECK (state IN ('open', 'paid')),
  amount NUMERIC(8,2) NOT NULL CHECK (amount > 0), due DATE NOT NULL
);
CREATE TABLE lines (
  bill INTEGER REFERENCES bills, line INTEGER, count INTEGER NOT NULL CHECK (count BETWEEN 1 AND 99),
  PRIMARY KEY (bill, line)
);
"""
ORDER = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "lines": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {"sku": {"type": "string", "pattern": "^[A-Z]{2}-\\d{4}$"}, "count": {"type": "integer"}},
                "required": ["sku", "count"],
            },
        },
        "paid_at": {"type": "string", "format": "date-time"},
        "weight": {"type": "number", "exclusiveMinimum": 0},
    },
    "required": ["id", "lines"],
    "additionalProperties": False,
}
COLUMNS = {
    "id": {"is": "keys"},
    "day": {"is": "dates", "start": "2020-01-01", "end": "2024-12-31", "weekdays": {"sat-sun": 0}},
    "x": {"is": "normal", "mean": 50, "std": 10},
    "price": {"is": "lognormal", "median": 20, "decimals": 2, "low": 0.5, "missing": 0.1},
    "code": {"is": "regex", "pattern": "[A-Z]{2}\\d"},
    "wait": {"is": "durations", "unit": "m", "of": {"is": "poisson", "mean": 4}},
    "kind": {"is": "mixture", "parts": [{"is": "constant", "value": 0}, {"is": "uniform", "low": 5, "high": 6}]},
    "low": {"is": "uniform", "low": 0, "high": 100, "integers": True},
    "high": {"is": "uniform", "low": 0, "high": 100, "integers": True},
    "span": {"is": "expression", "formula": "high - low"},
}
PAGE = {"kind": "columns", "table": "spans", "columns": COLUMNS, "rules": ["low <= high"]}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("schema") / "ledger.sql"
    path.write_text(SQL)
    return path


def seen(strategy: SearchStrategy[Any], how: settings = BRIEF) -> list[Any]:
    """The examples of a strategy."""
    found: list[Any] = []

    @how
    @given(strategy)
    def note(value: Any) -> None:
        found.append(value)

    note()
    return found


def smallest(strategy: SearchStrategy[Any], wanted: Callable[[Any], Any]) -> Any:
    return find(strategy, lambda value: bool(wanted(value)), settings=settings(BRIEF, max_examples=500))


def test_a_database_takes_every_example_with_every_constraint_on(ledger: Path) -> None:
    sizes = set()
    for made in seen(tables(ledger, max_rows=6)):
        database = sqlite3.connect(":memory:")
        database.executescript(SQL)
        database.execute("PRAGMA foreign_keys = ON")
        for name, found in made.items():
            for row in found:
                cells = [cell.isoformat() if isinstance(cell, dt.date) else cell for cell in row.values()]
                database.execute(f"INSERT INTO {name} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", cells)
        database.commit()
        database.close()
        sizes |= {len(found) for found in made.values()}
    assert {0, 1, 6} <= sizes <= set(range(7))


@pytest.mark.parametrize("page", ["airline", "hospital", "shop", "theatre", "schools"])
def test_pages_of_all_kinds_of_links(page: str) -> None:
    path = PAGES / f"{page}.yaml"
    schema = as_model(path, {}).schema
    for made in seen(tables(path, max_rows=3), settings(BRIEF, max_examples=4)):
        stored = {
            name: pl.DataFrame(made[name], {c: kind.storage for c, kind in table.columns.items()}, orient="row")
            for name, table in schema.tables.items()
        }
        fits(Dataset(stored, schema), schema)


def test_cells_are_of_their_column_and_reach_its_edges() -> None:
    found = [row for made in seen(rows(PAGE), settings(BRIEF, max_examples=80)) for row in made]
    for row in found:
        assert dt.date(2020, 1, 1) <= row["day"] <= dt.date(2024, 12, 31) and row["day"].isoweekday() < 6
        assert row["price"] is None or (row["price"] >= 0.5 and round(row["price"], 2) == row["price"])
        assert 0 <= row["low"] <= row["high"] <= 100 and row["span"] == row["high"] - row["low"]
        assert row["kind"] == 0 or 5 <= row["kind"] <= 6
        assert row["wait"] % dt.timedelta(minutes=1) == dt.timedelta(0) <= row["wait"]
        assert row["code"][:2].isalpha() and row["code"][2:].isdigit() and -30 < row["x"] < 130
    assert {row["price"] for row in found} >= {None, 0.5}
    assert {row["low"] for row in found} >= {0} and {row["high"] for row in found} >= {100}
    assert {dt.date(2020, 1, 1), dt.date(2024, 2, 29)} <= {row["day"] for row in found}


def test_what_fails_is_made_small(ledger: Path) -> None:
    assert smallest(rows(ledger, "bills", max_rows=4), lambda found: any(row["amount"] > 50 for row in found)) == [
        {"id": 1, "person": 1, "state": "open", "amount": 50.01, "due": dt.date(2024, 1, 1)}
    ]
    (row,) = smallest(rows(PAGE), lambda found: any(row["high"] >= 60 for row in found))
    assert (row["low"], row["high"], row["span"], row["kind"], row["code"]) == (0, 60, 60, 0, "AA0")
    assert smallest(tables(ledger), lambda made: len(made["people"]) > 1)["lines"] == []


def test_the_fewest_rows_that_are_asked_for(ledger: Path) -> None:
    assert {len(found) for found in seen(rows(ledger, "lines", min_rows=2, max_rows=4))} == {2, 3, 4}
    assert all(len(made["bills"]) >= 3 for made in seen(tables(ledger, min_rows={"bills": 3}, max_rows=4)))


def test_documents_are_valid_and_become_small() -> None:
    judge = jsonschema.Draft202012Validator(ORDER, format_checker=jsonschema.FormatChecker())
    strategy = documents({"kind": "documents", "json_schema": {"$defs": {"Order": ORDER}}}, of="Order")
    found = seen(strategy, settings(BRIEF, max_examples=20))
    assert all(judge.is_valid(document) for document in found)
    assert len({len(document) for document in found}) > 2 and len({len(each["lines"]) for each in found}) > 2
    small = smallest(strategy, lambda document: document.get("weight") and len(document["lines"]) > 1)
    assert judge.is_valid(small) and small.keys() == {"id", "lines", "weight"} and small["weight"] == 1
    assert [line["count"] for line in small["lines"]] == [0, 0]


@pytest.mark.parametrize(
    ("strategy", "error", "says"),
    [
        (lambda: rows(PAGE, "span"), NotFoundError, "No table `span`. Did you mean `spans`?"),
        (lambda: rows(PAGE, max_rows=-1), SpecError, "max_rows=-1"),
        (lambda: tables({"kind": "documents", "json_schema": True}), UnsuitableError, "declares no tables"),
        (lambda: documents(PAGE), UnsuitableError, "draws no documents"),
    ],
)
def test_mistakes_are_told(strategy: Callable[[], SearchStrategy[Any]], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        seen(strategy())
