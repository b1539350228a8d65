"""A database is filled by its own schema: every constraint on, beside the rows it holds."""

from itertools import count
from pathlib import Path

import pytest

import synthesist as sy
from synthesist.data.databases import Address, opened
from synthesist.data.databases.connection import connected
from synthesist.verbs.named import page_at

NUMBERS = count()
TABLES = (
    "CREATE TABLE countries (code char(2) PRIMARY KEY, name varchar(40) NOT NULL)",
    "CREATE TABLE customers (id integer PRIMARY KEY, country char(2) NOT NULL REFERENCES countries (code), "
    "email varchar(60) NOT NULL UNIQUE, born date, boss integer, FOREIGN KEY (boss) REFERENCES customers (id))",
    "CREATE TABLE orders (id integer PRIMARY KEY, customer integer NOT NULL, status varchar(8) NOT NULL, "
    "total decimal(8,2) NOT NULL, CHECK (status IN ('open', 'paid')), CHECK (total > 0), "
    "FOREIGN KEY (customer) REFERENCES customers (id))",
    "CREATE TABLE order_lines (ord integer NOT NULL, line integer NOT NULL, quantity integer NOT NULL, "
    "PRIMARY KEY (ord, line), FOREIGN KEY (ord) REFERENCES orders (id), CHECK (quantity BETWEEN 1 AND 99))",
)
COUNTRIES = "INSERT INTO countries VALUES ('DE', 'Germany'), ('FR', 'France')"


def run(address: str, *statements: str) -> None:
    with connected(Address.of(address), writes=True) as connection:
        connection.begin()
        for statement in statements:
            connection.run(statement)
        connection.commit()


@pytest.fixture(params=["sqlite", "duckdb", "postgres", "mariadb"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with tables, and no rows but those of a lookup table."""
    name = f"staging{next(NUMBERS)}"
    if request.param in ("sqlite", "duckdb"):
        address = f"{request.param}:///{tmp_path / name}.{request.param}"
    else:
        server = request.getfixturevalue(f"{request.param}_server")
        server.says(f"CREATE DATABASE {name};")
        address = server.url.format(name)
    run(address, *TABLES, COUNTRIES)
    return address


@pytest.mark.filterwarnings("ignore:.*not all of it is kept:UserWarning")
def test_an_empty_database_is_filled_twice_with_all_constraints_on(empty: str) -> None:
    rows = {"customers": 200, "orders": 300}
    for seed in (1, 2):
        sy.write(empty, empty, rows, seed=seed)
    made = sy.read(empty)
    assert {name: made.tables[name].height for name in ("countries", "customers", "orders")} == {
        "countries": 2,
        "customers": 400,
        "orders": 600,
    }
    assert made.tables["order_lines"].height > 300
    assert set(made.tables["customers"]["country"]) == {"DE", "FR"}
    assert sorted(made.tables["orders"]["id"].cast(int)) == list(range(1, 601))


@pytest.fixture
def staging(tmp_path: Path) -> str:
    """The same in a file."""
    address = f"sqlite:///{tmp_path / 'staging.db'}"
    run(address, *TABLES)
    return address


def test_a_small_table_that_holds_rows_stays_and_what_is_drawn_refers_to_it(staging: str) -> None:
    assert "countries" in page_at(staging)["tables"]
    run(staging, COUNTRIES)
    with pytest.warns(UserWarning, match="`countries` holds 2 rows, which stay"):
        page = page_at(staging)
    assert "countries" not in page["tables"]
    assert page["tables"]["customers"]["columns"]["country"] == {"is": "categorical", "values": ["DE", "FR"]}


def test_new_keys_begin_behind_those_that_are_there(staging: str) -> None:
    many = [f"({number}, 'DE', 'a{number}', NULL, NULL)" for number in range(1, 150)]
    run(staging, COUNTRIES, f"INSERT INTO customers VALUES {', '.join(many)}")
    with pytest.warns(UserWarning, match="`customers` holds 149 rows: what is drawn for email may be there already"):
        page = page_at(staging)
    assert page["tables"]["customers"]["columns"]["id"] == {"is": "keys", "first": 150}
    assert page["tables"]["orders"]["columns"]["id"] == {"is": "keys"}


def test_the_largest_value_is_asked_for(staging: str) -> None:
    run(staging, COUNTRIES)
    with opened(staging) as database:
        assert database.largest("countries", "code") == "FR"
        assert database.largest("orders", "id") is None
