"""The plugin of pytest, run by pytest on small projects of its own."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable

import pytest

from synthesist.data.databases import Address
from synthesist.data.databases.connection import connected
from synthesist.testing.filled import filled_copy, filled_there
from synthesist.testing.pages import Pages, Wanted

pytest_plugins = ["pytester"]

PAGE = """
kind: tables
tables:
  customers: {columns: {id: {is: keys}, age: {is: uniform, low: 18, high: 90, integers: true}}}
  products: {rows: 7, columns: {id: {is: keys}}}
  orders:
    columns:
      id: {is: keys}
      customer: {is: reference, to: customers, each: {is: poisson, mean: 2}}
      product: {is: reference, to: products}
      status: {is: categorical, values: [open, paid], weights: [0.2, 0.8]}
"""
SQL = """
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, born DATE, boss INTEGER REFERENCES people);
CREATE TABLE bills (
  id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people,
  amount NUMERIC(8,2) NOT NULL CHECK (amount > 0)
);
"""
Run = Callable[..., pytest.RunResult]
WORKER = "PYTEST_XDIST_WORKER"
"""Who runs these tests is not who runs those that are tried here."""


@pytest.fixture(scope="module", autouse=True)
def _loaded(tmp_path_factory: pytest.TempPathFactory) -> None:
    """All that is used is loaded here: pytester forgets what is loaded within it, and numpy cannot be loaded twice."""
    here = tmp_path_factory.mktemp("loaded")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.delenv(WORKER, raising=False)
        for name, text, table in (("schema.yaml", PAGE, "orders"), ("ledger.sql", SQL, "bills")):
            (here / name).write_text(text)
            pages = Pages((here / name,), here)
            pages.table(table, Wanted(9, None, 0)).as_("pandas")
            sampled = pages.tables(Wanted(9, None, 0))
            with filled_copy(sampled, {}, lambda: tmp_path_factory.mktemp("filled")) as database:
                database.ddl()
            for address in (here / f"{name}.db", here / f"{name}.duckdb"):
                with filled_there(sampled, str(address)) as database:
                    database.read(table)


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the tests of a project that declares schema.yaml."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv(WORKER, raising=False)
    pytester.makefile(".yaml", schema=PAGE)
    pytester.makefile(".sql", ledger=SQL)
    pytester.makeini("[pytest]\nsynthesist_schema = schema.yaml\n")

    def ran(tests: str, *words: str) -> pytest.RunResult:
        pytester.makepyfile(tests)
        return pytester.runpytest_inprocess(
            "-p", "synthesist.testing.plugin", "-p", "no:cacheprovider", "--strict-markers", *words
        )

    return ran


def test_a_table_has_the_rows_asked_for(run: Run) -> None:
    run("""
        import polars as pl, pytest

        def test_the_unit(synth_table):
            customers = synth_table("customers", n=30, where="age >= 65")
            assert isinstance(customers, pl.DataFrame) and customers.height == 30 and customers["age"].min() >= 65

        def test_a_table_below_under_a_condition(synth_table):
            orders = synth_table("orders", n=500, where={"status": "open"})
            assert orders.height == 500 and set(orders["status"]) == {"open"}

        def test_a_table_of_a_size_of_its_own(synth_table):
            assert synth_table("products", n=5).height == 5
            assert synth_table("products", n=50)["id"].n_unique() == 50

        def test_frames(synth_table):
            import pandas as pd
            assert isinstance(synth_table("orders", n=3, frame="pandas"), pd.DataFrame)
            assert [set(row) for row in synth_table("orders", n=2, frame="rows")] == [
                {"id", "customer", "product", "status"}] * 2

        def test_related(synth_tables):
            tables = synth_tables({"customers": 10, "orders": 40})
            assert tables["orders"].height == 40 and set(tables["orders"]["customer"]) <= set(tables["customers"]["id"])

        def test_another_page(synth_table):
            assert synth_table("bills", n=4, schema="ledger.sql")["amount"].min() > 0

        def test_rows_belong_to_the_test(synth_table):
            mine = synth_table("orders", n=5, seed=1)
            mine[0, "id"] = 10**9
            assert synth_table("orders", n=5, seed=1)[0, "id"] != 10**9
    """).assert_outcomes(passed=7)


def test_rows_follow_from_the_name_of_the_test(run: Run, pytester: pytest.Pytester) -> None:
    tests = """
        import pytest

        def noted(name, frame):
            with open(name, "a") as file:
                print(int(frame.hash_rows(seed=0).sum()), file=file)

        def test_one(synth_table): noted("one", synth_table("customers"))
        def test_two(synth_table): noted("two", synth_table("customers"))
        @pytest.mark.parametrize("x", ["a", "b"])
        def test_each(synth_table, x): noted(x, synth_table("customers"))
        @pytest.mark.synth(seed=5)
        def test_five(synth_table): noted("five", synth_table("customers"))
    """
    runs = ([], ["-k", "one or two"], ["--synth-seed=5"], ["--synth-seed=random"], ["--synth-seed=random"])
    for words in runs:
        run(tests, *words).assert_outcomes(**({"passed": 2, "deselected": 3} if "-k" in words else {"passed": 5}))
    one, two, a, b, five = ((pytester.path / name).read_text().split() for name in ("one", "two", "a", "b", "five"))
    assert one[0] == one[1] and len({one[0], two[0], a[0], b[0], five[0]}) == 5
    assert one[2] == two[2] == five[0] == five[1] and len({one[0], *one[3:]}) == 3


def test_a_failure_says_how_to_see_the_rows_again(run: Run) -> None:
    tests = """
        def test_age(synth_table):
            assert synth_table("customers", n=20)["age"].max() < 20
    """
    failed = run(tests)
    failed.assert_outcomes(failed=1)
    failed.stdout.fnmatch_lines(["*schema.yaml: customers 20 rows, seed *", "again: pytest * --synth-seed=*"])
    again = next(line for line in failed.outlines if line.startswith("again")).split("--synth-seed=")[1]
    assert f"seed {again}" in run(tests, f"--synth-seed={again}").stdout.str()


def test_how_many_rows(run: Run, pytester: pytest.Pytester) -> None:
    tests = """
        import pytest
        def test_said(synth_table): assert synth_table("customers", n=3).height == 3
        @pytest.mark.synth(n=4)
        class Test:
            def test_outer(self, synth_table): assert synth_table("customers").height == 4
            @pytest.mark.synth(n=5)
            def test_inner(self, synth_table): assert synth_table("customers").height == 5
        def test_default(synth_table, request):
            assert synth_table("customers").height == int(request.config.getoption("-k") or 100)
    """
    run(tests).assert_outcomes(passed=4)
    pytester.makeini("[pytest]\nsynthesist_schema = schema.yaml\nsynthesist_rows = 12\n")
    failed = run(tests)
    failed.assert_outcomes(passed=3, failed=1)
    assert "assert 12 == 100" in failed.stdout.str()
    assert "assert 60 == 100" in run(tests, "--synth-rows=60").stdout.str()


DATABASE = """
    import sqlite3, pytest

    pytestmark = pytest.mark.synth(n=25)

    def count(database):
        return database.execute("SELECT count(*) FROM {table}").fetchone()[0]

    def test_change_and_commit(synth_database):
        assert count(synth_database) == 25
        assert synth_database.execute("PRAGMA foreign_key_check").fetchall() == []
        with sqlite3.connect(synth_database.path) as other:
            other.execute("DELETE FROM {below}")
            other.execute("DELETE FROM {table}")
        other.close()
        synth_database.connection.rollback()
        assert count(synth_database) == 0

    def test_as_it_was(synth_database):
        assert count(synth_database) == 25 == synth_database.data.tables["{table}"].height
        assert synth_database.address == f"sqlite:///{{synth_database.path}}"

    def test_constraints(synth_database):
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            synth_database.execute("{orphan}")
        {more}
"""


def test_a_database_is_whole_again_for_every_test(run: Run) -> None:
    orphan = "INSERT INTO orders VALUES (1000000, 999999, 1, 'open')"
    run(DATABASE.format(table="customers", below="orders", orphan=orphan, more="")).assert_outcomes(passed=3)


def test_a_database_has_the_constraints_of_its_sql(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nsynthesist_schema = ledger.sql\n")
    more = """assert "CHECK (amount > 0)" in synth_database.ddl()
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            synth_database.execute("UPDATE bills SET amount = 0")"""
    orphan = "INSERT INTO bills VALUES (1000000, 999999, 1)"
    run(DATABASE.format(table="people", below="bills", orphan=orphan, more=more)).assert_outcomes(passed=3)


@pytest.mark.parametrize("address", ["app.db", "app.duckdb"])
def test_a_database_that_is_there_is_empty_again_afterwards(run: Run, pytester: pytest.Pytester, address: str) -> None:
    tests = """
        import pytest
        @pytest.mark.synth(n=7)
        @pytest.mark.parametrize("x", [1, 2])
        def test_it(synth_database, x):
            assert synth_database.read("customers").height == 7 and "orders" in synth_database.ddl()
    """
    run(tests, f"--synth-database={address}").assert_outcomes(passed=2)
    with connected(Address.of(pytester.path / address)) as database:
        assert database.names() == []


def test_rows_of_others_are_not_touched(run: Run, pytester: pytest.Pytester) -> None:
    with sqlite3.connect(pytester.path / "app.db") as connection:
        connection.execute("CREATE TABLE products (id INTEGER PRIMARY KEY)")
        connection.execute("INSERT INTO products VALUES (17)")
    tests = "def test_it(synth_database): synth_database.read('products')\n"
    refused = run(tests, "--synth-database=app.db")
    refused.assert_outcomes(errors=1)
    assert "`products` has rows. Tests need a database whose tables are empty." in refused.stdout.str()
    connection.execute("DELETE FROM products")
    connection.commit()
    run(tests, "--synth-database=app.db").assert_outcomes(passed=1)
    found = connection.execute("SELECT name FROM sqlite_master UNION ALL SELECT id FROM products").fetchall()
    connection.close()
    assert found == [("products",)]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ('synth_table("order")', "No table `order` in schema.yaml. Did you mean `orders`?"),
        ("synth_table()", "schema.yaml has 3 tables: customers, products, orders. Name one."),
        ('synth_table("customers", n=0)', "Cannot draw n = 0 rows of `customers`"),
        ('synth_table("orders", where="status = lost")', "`status` has no value 'lost'"),
        ('synth_table("orders", frame="panda")', "Did you mean `pandas`?"),
        ('synth_table("orders", schema="shop.yaml")', "Cannot read"),
    ],
)
def test_mistakes_are_one_message(run: Run, call: str, says: str) -> None:
    failed = run(f"def test_it(synth_table):\n    {call}\n")
    failed.assert_outcomes(failed=1)
    assert says in failed.stdout.str() and "Traceback" not in failed.stdout.str()
    assert "def __call__" not in failed.stdout.str()


def test_mistakes_of_a_project(run: Run, pytester: pytest.Pytester) -> None:
    tests = "import pytest\n@pytest.mark.synth(rows=3)\ndef test_it(synth_table): synth_table('orders')\n"
    assert "@pytest.mark.synth has no setting `rows`" in run(tests).stdout.str()
    assert run(tests, "--synth-seed=today").ret == pytest.ExitCode.USAGE_ERROR
    pytester.makeini("[pytest]\n")
    assert "No page says what the rows are like" in run("def test_it(synth_table): synth_table('orders')").stdout.str()


def test_workers_of_xdist_draw_the_same(run: Run, pytester: pytest.Pytester) -> None:
    tests = """
        import pytest
        @pytest.mark.parametrize("x", range(3))
        def test_it(synth_database, synth_table, x):
            with open(f"noted{x}", "a") as file:
                print(int(synth_table("customers", n=9).hash_rows(seed=0).sum()), file=file)
            synth_database.execute("DELETE FROM orders")
            synth_database.connection.commit()
    """
    run(tests).assert_outcomes(passed=3)
    pytester.runpytest_subprocess("-p", "synthesist.testing.plugin", "-p", "xdist", "-n", "1").assert_outcomes(passed=3)
    assert all(len(set((pytester.path / f"noted{x}").read_text().split())) == 1 for x in range(3))


def test_a_project_that_does_not_use_it_loads_nothing() -> None:
    code = "import synthesist.testing.plugin, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "polars", "pydantic", "typer", "sqlite3", "yaml"} & set(done.stdout.split())
