"""Subsets of two dozen databases, out of every system into every other; and of one that is larger than the memory."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from time import process_time

import polars as pl
import pytest

import synthesist as sy
from synthesist.data.databases import opened
from synthesist.data.dataset import Dataset
from synthesist.data.detect import detect
from synthesist.data.schema import Link, Schema

pytestmark = pytest.mark.prove

PAGES = sorted((Path(__file__).parents[2] / "examples" / "tables").glob("*.yaml"))
SYSTEMS = ("postgres", "mariadb", "sqlite", "duckdb")
NUMBERS = count()
MOST_MB = 700


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """The address of a new database of a system."""

    def made(system: str) -> str:
        name = f"part{next(NUMBERS)}"
        if system in ("sqlite", "duckdb"):
            return f"{system}:///{tmp_path / name}.{system}"
        server = request.getfixturevalue(f"{system}_server")
        server.says(f"CREATE DATABASE {name}{' CHARACTER SET utf8mb4' if system == 'mariadb' else ''};")
        return str(server.url.format(name))

    return made


@pytest.mark.parametrize("number", range(len(PAGES)), ids=[page.stem for page in PAGES])
def test_a_tenth_of_a_database_is_whole_in_itself(number: int, place: Callable[[str], str]) -> None:
    drawn = sy.sample(str(PAGES[number]), 400, seed=number)
    source, target = place(SYSTEMS[number % 4]), place(SYSTEMS[(number + 1 + number // 4 % 3) % 4])
    sy.write(drawn, source)
    share = {drawn.schema.unit: 0.1}
    told = sy.subset(source, target, share=share).account
    want = sy.subset(drawn, share=share)
    assert want.data is not None and want.account.tables.sort("table").equals(told.tables.sort("table"))
    assert told.orphans.height == 0
    with opened(target) as database:
        made = {name: database.read(name).select(pl.all().cast(pl.String)) for name in database.schema.tables}
    for name, schema in drawn.schema.tables.items():
        assert made[name].height == want.data.tables[name].height
        keys = want.data.tables[name].select(pl.col(schema.key).cast(pl.String))
        assert not schema.key or set(made[name].select(schema.key).rows()) == set(keys.rows()), name
        for link in schema.links:
            refers = made[name].drop_nulls(link.columns)
            assert refers.join(made[link.table], left_on=link.columns, right_on=link.to, how="anti").height == 0


REAL = {
    "chinook": {"share": {"Customer": 0.1}},
    "northwind": {"share": {"Orders": 0.1}},
    "berka": {"share": {"account": 0.1}},
    "nycflights13": {
        "share": {"flights": 0.1},
        "virtual": ("flights.tailnum -> planes.tailnum", "flights.dest -> airports.faa"),
    },
}
"""Real databases, each in a folder of $SYNTHESIST_DATA with Parquet files and schema.json, and what to keep of them."""


def real(name: str) -> Dataset:
    """A real database; links that lead nowhere in it are no links of its schema, as a database would refuse them."""
    folder = Path(os.environ.get("SYNTHESIST_DATA", "/nowhere")) / name
    if not (folder / "schema.json").exists():
        pytest.skip(f"there is no $SYNTHESIST_DATA/{name} with schema.json")
    told = json.loads((folder / "schema.json").read_text())
    frames, tables = {}, {}
    for table, its in told["tables"].items():
        schema, frames[table] = detect(pl.read_parquet(folder / its["file"]), table)
        links = tuple(
            Link(columns=tuple(key["columns"]), table=key["references"], to=tuple(key["ref_columns"]))
            for key in told["foreign_keys"]
            if key["table"] == table and not key["orphan_rows"]
        )
        tables[table] = schema.model_copy(update={"key": tuple(its["primary_key"]), "links": links})
    return Dataset(frames, Schema(tables=tables, unit=next(iter(tables))))


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("name", REAL)
def test_a_tenth_of_a_real_database(name: str, system: str, place: Callable[[str], str]) -> None:
    data = real(name)
    source, target = place(system), place(SYSTEMS[SYSTEMS.index(system) - 1])
    sy.write(data, source)
    begin = process_time()
    told = sy.subset(source, target, **REAL[name]).account  # type: ignore[arg-type]
    print(f"{name}, {system}: {process_time() - begin:.1f} CPU s, {told.tables.select('rows', 'kept').sum().row(0)}")
    with opened(target) as database:
        made = {table: database.read(table).select(pl.all().cast(pl.String)) for table in database.schema.tables}
    kept = told.tables.filter(pl.col("table") == next(iter(REAL[name]["share"])))
    assert kept["seeds"].item() == round(kept["rows"].item() / 10)
    assert {table: made[table].height for table in made} == dict(told.tables.select("table", "kept").rows())
    lost = dict(told.orphans.rows())
    for table, schema in data.schema.tables.items():
        virtual = [text for text in REAL[name].get("virtual", ()) if text.startswith(f"{table}.")]
        ties = [(list(link.columns), link.table, list(link.to), 0) for link in schema.links]
        ties += [([text.split()[0].partition(".")[2]], *_end(text), lost[text]) for text in virtual]
        for columns, parent, to, orphans in ties:
            refers = made[table].drop_nulls(columns)
            assert refers.join(made[parent], left_on=columns, right_on=to, how="anti").height == orphans


def _end(text: str) -> tuple[str, list[str]]:
    table, _, column = text.rpartition(" ")[2].partition(".")
    return table, [column]


def test_a_large_database_needs_memory_for_what_is_kept_only(place: Callable[[str], str], tmp_path: Path) -> None:
    """3.3 million rows, of which a fiftieth is kept."""
    source = place("sqlite")
    page = {
        "customers": {"columns": {"id": {"is": "keys"}, "name": {"is": "regex", "pattern": "[a-z]{40,60}"}}},
        "orders": {
            "columns": {
                "id": {"is": "keys"},
                "customer": {"is": "reference", "to": "customers", "each": {"is": "poisson", "mean": 10}},
                "note": {"is": "regex", "pattern": "[a-z]{80,120}"},
            }
        },
    }
    sy.write("tables", source, 300_000, tables=page)
    program = """
import re, sys
from pathlib import Path
import synthesist as sy
told = sy.subset(sys.argv[1], sys.argv[2], share={"customers": 0.02}).account.tables
print(told["rows"].sum(), int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, source, f"sqlite:///{tmp_path / 'small.db'}"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    rows, megabytes = map(int, done.stdout.split())
    print(f"{rows:,} rows: {megabytes} MB")
    assert rows > 3_000_000 and megabytes < MOST_MB, done.stdout
