"""Long proofs about related tables: a million rows of every schema without an orphan, and more in little memory."""

import subprocess
import sys
from pathlib import Path

import pytest

import synthesist as sy
from synthesist.data.dataset import Dataset
from synthesist.testing.inside import fits

pytestmark = pytest.mark.prove

PAGES = sorted((Path(__file__).parents[2] / "examples" / "tables").glob("*.yaml"))
ROWS = 1_000_000
MOST_MB = 500


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_million_rows_hold_no_orphan_and_no_key_twice(page: Path) -> None:
    few, twice = (rows_of(sy.sample(str(page), units)) for units in (2_000, 4_000))
    n = round(2_000 + 1.05 * 2_000 * (ROWS - few) / (twice - few))
    data = sy.sample(str(page), n, seed=1)
    assert rows_of(data) >= ROWS
    fits(data, data.schema, n)


def rows_of(data: Dataset) -> int:
    return sum(table.height for table in data.tables.values())


def test_thirty_million_rows_need_little_memory() -> None:
    program = """
import re, sys
from pathlib import Path
from synthesist.core import Context
from synthesist.verbs.named import as_model
rows = 0
for block in as_model(sys.argv[1], {}).blocks(1_250_000, ctx=Context.seeded(0, threads=2)):
    rows += sum(table.height for table in block.tables.values())
# the high-water mark of this process; getrusage also counts the one that started it
print(rows, int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""
    page = next(path for path in PAGES if path.stem == "shop")
    done = subprocess.run([sys.executable, "-c", program, str(page)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    rows, megabytes = map(int, done.stdout.split())
    assert rows > 25_000_000 and megabytes < MOST_MB, done.stdout
