"""Work in a process of its own: it comes back whole, its cost is its own, and its end is told."""

from pathlib import Path

import pytest

from synthesist.engine import apart as module
from synthesist.engine.apart import Cost, Meter, apart, bring, leave
from synthesist.errors import SynthesistError, UnsuitableError
from synthesist.testing import TABLES

WORK = """
import os, signal
from synthesist.engine.apart import Cost, Meter
from synthesist.errors import UnsuitableError

def fill(folder):
    with Meter() as meter:
        block = bytearray(400_000_000)
        sum(range(3_000_000))
    return meter.cost

def refuse(folder):
    raise UnsuitableError("It cannot learn text.")

def stumble(folder):
    return 1 / 0

def die(folder):
    os.kill(os.getpid(), signal.SIGKILL)

def leave_early(folder):
    os._exit(3)
"""


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function of a module that both processes can import, by its name."""
    (tmp_path / "some_work.py").write_text(WORK)
    monkeypatch.syspath_prepend(str(tmp_path))
    import some_work  # type: ignore[import-not-found]

    return lambda name: getattr(some_work, name)


def test_what_it_takes_is_its_own(task, tmp_path):
    mine = bytearray(600_000_000)
    mine[::4096] = b"x" * len(mine[::4096])
    cost = apart(task("fill"), tmp_path)
    assert 400e6 < cost.memory < 900e6, "the memory of this process, or none, was counted"
    assert 0.01 < cost.cpu_seconds <= cost.seconds * 1.5


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("refuse", UnsuitableError, "cannot learn text"),
        ("stumble", SynthesistError, "unexpected ZeroDivisionError"),
        ("die", SynthesistError, "SIGKILL.*more memory"),
        ("leave_early", SynthesistError, "code 3"),
    ],
)
def test_how_it_ends_is_told(task, tmp_path, name, kind, told):
    with pytest.raises(kind, match=told):
        apart(task(name), tmp_path)


@pytest.mark.parametrize("table", ["mixed", "nulls", "early_dates", "unicode", "only_keys"])
def test_a_dataset_comes_through_as_it_was(tmp_path, table):
    data = TABLES[table]()
    leave(data, tmp_path / "data")
    back = bring(tmp_path / "data")
    assert back.schema == data.schema
    assert back.table.equals(data.table)
    assert back.table.schema == data.table.schema


def test_a_module_in_the_working_folder_is_not_taken_for_ours(task, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "json.py").write_text("raise RuntimeError('foreign')")
    monkeypatch.chdir(tmp_path / "here")
    assert isinstance(apart(task("fill"), tmp_path), Cost)


def test_a_meter_counts_the_work_of_its_block():
    with Meter() as meter:
        sum(range(2_000_000))
    assert 0 < meter.cost.cpu_seconds < 60
    assert module.peak() > 10e6
