"""What a database says of itself, and rows asked for in parts."""

from pathlib import Path

import duckdb
import polars as pl
import pytest
import servers
from systems import Place

import synthesist as sy
from synthesist.data.databases import DatabaseWriter, opened, read_database
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Category, Id, Integer, Moment, Number, Text
from synthesist.data.schema import Schema
from synthesist.errors import NotFoundError

SHOP = (
    "CREATE TABLE customers (id int PRIMARY KEY, email varchar(40) NOT NULL UNIQUE, since date, spent decimal(8,2) DEFAULT 0)",
    "CREATE TABLE orders (customer int NOT NULL, number int NOT NULL, paid boolean, note varchar(99), PRIMARY KEY (customer, number), "
    "FOREIGN KEY (customer) REFERENCES customers (id), CHECK (number > 0))",
    "INSERT INTO customers VALUES (1, 'ann@x.org', '2024-02-29', 12.50), (2, 'bob@x.org', NULL, NULL), (3, 'o''hara@x.org', '1969-07-20', -1)",
    "INSERT INTO orders VALUES (1, 1, true, ' a '), (1, 2, false, 'NA'), (2, 1, NULL, ''), (3, 1, true, NULL)",
    "CREATE VIEW paid AS SELECT customer, number FROM orders WHERE paid",
)


@pytest.fixture
def shop(place: Place) -> Place:
    place.ask(*SHOP)
    return place


def test_the_catalogue_tells_kinds_keys_links_and_declarations(shop: Place) -> None:
    with opened(shop.address) as database:
        schema = database.schema
    assert schema.unit == "customers"
    customers, orders = schema.tables["customers"], schema.tables["orders"]
    kinds = [type(kind) for kind in customers.columns.values()]
    assert kinds == [Id, Text, Moment, Number]
    assert customers.key == ("id",) and orders.key == ("customer", "number")
    assert customers.unique == (("email",),)
    assert [str(link) for link in orders.links] == ["customer -> customers (id)"]
    assert customers["spent"].native is not None and customers["spent"].native.type.lower().endswith("(8,2)")
    assert customers["email"].native.required and not customers["since"].native.required
    assert orders.checks is not None and "number" in orders.checks.conditions[0]
    assert Schema.from_yaml(schema.to_yaml()) == schema


def test_rows_in_parts(shop: Place) -> None:
    with opened(shop.address) as database:
        assert database.count("orders") == 4
        assert database.where("orders", "number = 1 AND customer < 3", ["customer"])["customer"].to_list() == [1, 2]
        blocks = list(database.blocks("orders", rows=3))
        assert [block.height for block in blocks] == [3, 1] and blocks[0]["note"].to_list() == [" a ", "NA", ""]
        reading = database.blocks("customers", ["email"], rows=1)
        assert next(reading)["email"][0] == "ann@x.org"
        keys = pl.DataFrame({"a": [1, 3, 7, None], "b": [2, 1, 1, 1]})
        matched = database.matching("orders", ["customer", "number"], keys)
        assert sorted(matched.select("customer", "number").rows()) == [(1, 2), (3, 1)]
        named = database.matching("customers", ["email"], pl.DataFrame({"email": ["o'hara@x.org"]}), ["id"])
        assert named["id"].to_list() == [3]
        assert database.matching("customers", ["id"], pl.DataFrame({"id": []}, schema={"id": pl.Int64})).height == 0
        assert database.matching("customers", ["id"], pl.DataFrame({"id": range(9_000)})).height == 3
        assert next(reading)["email"][0] == "bob@x.org"
        del reading
        with pytest.raises(NotFoundError, match="Did you mean `orders`"):
            database.read("order")
        with pytest.raises(NotFoundError, match="Did you mean `email`"):
            database.read("customers", ["emial"])


def test_what_makes_the_tables_makes_them_again(fresh) -> None:
    first, second = fresh(), fresh()
    first.ask(*SHOP)
    with opened(first.address) as database:
        second.ask(*(text for text in database.ddl().split(";\n") if text.strip()))
        again, _ = database.schema, database
    with opened(second.address) as database:
        assert database.schema == again


def test_views_where_they_are_named(shop: Place) -> None:
    with opened(shop.address, tables=["paid"]) as database:
        assert database.count("paid") == 2
        assert set(database.schema.tables) == {"paid"}
    mark = "&" if "?" in shop.address else "?"
    assert set(sy.read(f"{shop.address}{mark}tables=orders,paid").tables) == {"orders", "paid"}


def test_cells_say_what_types_leave_open(shop: Place) -> None:
    data = read_database(shop.address)
    assert isinstance(data.schema.tables["orders"]["note"], Category)
    assert data.tables["orders"]["note"].to_list() == [" a ", "NA", "", None]
    assert data.schema.tables["customers"]["email"].pii == "email"
    assert data.schema.tables["customers"]["since"].missing and not data.schema.tables["orders"]["customer"].missing
    assert isinstance(data.schema.tables["orders"]["customer"], Integer)


def test_a_page_that_is_given_is_obeyed(shop: Place) -> None:
    page = read_database(shop.address, tables=["customers"]).schema
    columns = {**page.table.columns, "spent": Text()}
    schema = Schema(tables={"customers": page.table.model_copy(update={"columns": columns})})
    assert sy.read(shop.address, schema).table["spent"].to_list() == ["12.5", None, "-1"]


def test_tables_of_one_system_arrive_in_the_others(
    shop: Place, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from systems import SYSTEMS, maker

    data = read_database(shop.address)
    for system in SYSTEMS:
        goal = maker(system, request, tmp_path_factory.mktemp("goal"))()
        with DatabaseWriter(goal.address, data.schema, "create") as writer:
            writer.write(data)
        back = read_database(goal.address)
        for name, table in data.tables.items():
            assert back.tables[name].sort(pl.first(), pl.nth(1)).equals(table.sort(pl.first(), pl.nth(1)))
            assert back.schema.tables[name].key == data.schema.tables[name].key
            assert [str(link) for link in back.schema.tables[name].links] == [
                str(link) for link in data.schema.tables[name].links
            ]
            assert back.schema.tables[name].unique == data.schema.tables[name].unique


NUMBERED = {
    "postgres": ("CREATE TABLE t (id serial PRIMARY KEY, g int GENERATED ALWAYS AS (x * 2) STORED, x int)", "INSERT INTO t (x) VALUES (7)"),
    "mysql": ("CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, g int AS (x * 2) STORED, x int)", "INSERT INTO t (x) VALUES (7)"),
    "sqlite": ("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, g int GENERATED ALWAYS AS (x * 2) STORED, x int)", "INSERT INTO t (x) VALUES (7)"),
    "duckdb": ("CREATE SEQUENCE s", "CREATE TABLE t (id int PRIMARY KEY DEFAULT nextval('s'), x int)", "INSERT INTO t (x) VALUES (7)"),
}  # fmt: skip


def test_counters_go_on_behind_the_largest_number(fresh) -> None:
    first = fresh()
    first.ask(*NUMBERED[first.system])
    data = read_database(first.address)
    more = Dataset({"t": data.table.with_columns(id=pl.lit(900), x=pl.lit(8)).cast(data.table.schema)}, data.schema)
    second = fresh()
    for place, rows in ((first, more), (second, more)):
        with DatabaseWriter(place.address, data.schema) as writer:
            writer.write(rows)
        place.ask("INSERT INTO t (x) VALUES (9)")
        assert place.ask("SELECT id, x FROM t ORDER BY id DESC")[0] == (901, 9)
    if "g" in data.kinds.columns:
        assert second.ask("SELECT g FROM t WHERE id = 900") == [(16,)]
        assert data.kinds["g"].native.computed


def test_schemas_of_postgresql(postgres_server: servers.Server) -> None:
    postgres_server.says(
        "CREATE DATABASE two; \\c two \n CREATE SCHEMA sales; CREATE TABLE sales.t (a int); CREATE TABLE u (b int);"
    )
    address = postgres_server.url.format("two")
    assert set(read_database(f"{address}&schema=sales").tables) == {"t"}
    assert set(read_database(address).tables) == {"u"}


def test_what_is_no_number_stays_and_is_not_learnt_from(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "t.duckdb")) as session:
        session.execute(
            "CREATE TABLE t AS SELECT CASE i % 9 WHEN 0 THEN 'nan'::double WHEN 1 THEN '-inf'::double ELSE i END AS x "
            "FROM range(900) r(i)"
        )
    data = sy.read(tmp_path / "t.duckdb")
    assert data.table["x"].is_nan().sum() == data.table["x"].is_infinite().sum() == 100
    drawn = sy.fit(data, "marginals").sample(500).table["x"]
    assert drawn.null_count() > 0
    assert drawn.drop_nulls().is_finite().all()
