"""Subsets of two dozen databases, out of every system into every other; and of one that is larger than the memory."""

import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import polars as pl
import pytest

import synthesist as sy
from synthesist.data.databases import opened

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
    assert rows > 3_000_000 and megabytes < MOST_MB, done.stdout
