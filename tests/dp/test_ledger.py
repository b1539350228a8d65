"""No crash, race, full disk or edited line makes a ledger tell less than what was spent."""

import json
import os
import random
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from budgets import charging, raced
from synthesist.dp import chain
from synthesist.dp.accounting import Cost, rho_for
from synthesist.dp.ledger import Ledger
from synthesist.errors import BudgetError, DataError, NotFoundError, OutputError, SpecError

DELTA = 1e-9


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger of epsilon 3."""
    Ledger.create(tmp_path / "patients.ledger", 3, DELTA, unit="one patient", about="patients of a ward")
    return tmp_path / "patients.ledger"


def dead(path: Path, questions: int = 3) -> str:
    """The name of a run whose process was killed after so many answers."""
    process = charging(path)
    assert process.stdout is not None
    for _ in range(questions + 1):
        process.stdout.readline()
    process.kill()
    process.communicate()
    return next(reversed(Ledger.open(path).runs()))


def test_a_run_reserves_all_and_gives_back_what_it_has_not_spent(path: Path) -> None:
    ledger = Ledger.open(path)
    with ledger.run(1, DELTA, {"kind": "mst", "bins": 32}) as account:
        assert Ledger.open(path).spent() == rho_for(1, DELTA) == account.rho
        account.charge(Cost.gaussian(20), "marginal of age")
        assert Ledger.open(path).spent() == rho_for(1, DELTA)
    assert Ledger.open(path).spent() == ledger.spent() == Cost.gaussian(20).rho(2)
    (run,) = Ledger.open(path).runs().values()
    assert (run.state, run.costs, run.begun.about) == ("done", [Cost.gaussian(20)], "mst bins=32")
    with pytest.raises(BudgetError, match="the run is over"):
        account.charge(Cost.gaussian(20), "late")


def test_the_whole_budget_fits_and_not_more(path: Path) -> None:
    with Ledger.open(path).run(3, DELTA, "all of it") as account:
        account.charge(Cost.gaussian((2 * account.rho) ** -0.5), "all at once")
        with pytest.raises(BudgetError, match=r"epsilon 0\. Open runs hold all they reserved; if they crashed, settle"):
            Ledger.open(path).run(0.01, DELTA, "no more")
    with pytest.raises(BudgetError, match=r"epsilon 0\.$"):
        Ledger.open(path).run(0.01, DELTA, "no more")


def test_what_is_said_to_be_left_can_be_had(path: Path) -> None:
    other = Ledger.open(path)
    for delta in (DELTA, 1e-6, 1e-11):
        with pytest.raises(BudgetError, match="at this delta that is epsilon") as refusal:
            Ledger.open(path).run(5, delta, "too much")
        left = float(str(refusal.value).rpartition("epsilon ")[2].rstrip("."))
        assert left == pytest.approx(other.left(delta), rel=1e-3)
        with other.run(left, delta, "what is left"), pytest.raises(BudgetError):
            Ledger.open(path).run(left / 20, delta, "more")


def test_runs_add_up_in_rho(path: Path) -> None:
    ledger = Ledger.open(path)
    runs = 0
    with pytest.raises(BudgetError):
        while True:
            ledger.run(1, DELTA, "a third, by epsilon")
            runs += 1
    assert runs == int(rho_for(3, DELTA) / rho_for(1, DELTA)) == 8


def test_the_delta_for_searches_adds_up(tmp_path: Path) -> None:
    ledger = Ledger.create(tmp_path / "a.ledger", 1, 1e-6, additive=1e-7)
    with ledger.run(0.2, 1e-7, "search", additive=6e-8) as account:
        account.charge(Cost.threshold(100, 1, 5e-8), "values")
        with pytest.raises(BudgetError, match=r"of what the ledger keeps for them 4e-08 is left"):
            ledger.run(0.2, 1e-7, "search", additive=6e-8)
    with ledger.run(0.2, 1e-7, "search", additive=5e-8) as account, pytest.raises(BudgetError):
        account.charge(Cost.threshold(100, 1, 6e-8), "values")


def test_a_crashed_run_counts_whole_until_it_is_settled(path: Path) -> None:
    name = dead(path, questions=3)
    ledger = Ledger.open(path)
    assert ledger.spent() == rho_for(2, DELTA)
    run = ledger.settle(name)
    assert len(run.costs) >= 3 and ledger.spent() == pytest.approx(len(run.costs) / 2e6)
    assert Ledger.open(path).spent() == ledger.spent()
    with pytest.raises(SpecError, match="it is settled"):
        ledger.settle(name)
    with pytest.raises(NotFoundError, match="Did you mean"):
        ledger.settle(name[:-1] + "x")


def test_a_run_at_work_is_not_settled_and_a_settled_one_can_ask_nothing(path: Path) -> None:
    ledger = Ledger.open(path)
    account = ledger.run(1, DELTA, "at work")
    (name,) = ledger.runs()
    with pytest.raises(SpecError, match=f"is at work, as process {os.getpid()}"):
        Ledger.open(path).settle(name)
    Ledger.open(path).close(name, "settled")  # as somebody on another machine may, who cannot see the process
    with pytest.raises(SpecError, match="it is settled"):
        account.charge(Cost.gaussian(20), "marginal of age")
    assert ledger.spent() == 0


def test_a_killed_process_never_had_an_answer_that_is_not_written(path: Path) -> None:
    draw = random.Random(0)
    for _ in range(5):
        process = charging(path)
        assert process.stdout is not None
        for _ in range(draw.randint(1, 40)):
            process.stdout.readline()
        process.kill()
        answered = process.communicate()[0].count("answered") + 1
        ledger = Ledger.open(path)
        name = next(reversed(ledger.runs()))
        assert ledger.spent() >= rho_for(2, DELTA)
        assert len(ledger.settle(name).costs) >= answered - 1


@pytest.mark.parametrize("processes", [2, 8])
def test_processes_that_race_share_what_there_is(path: Path, processes: int) -> None:
    fit = int(rho_for(3, DELTA) / rho_for(0.3, DELTA))
    assert raced(path, processes, 0.3) == fit == len(Ledger.open(path).runs())


def test_a_line_torn_by_a_crash_counts_as_nothing(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"about":"' + b"x" * 1_000)
    ledger = Ledger.open(path)
    assert ledger.spent() == 0
    ledger.run(1, DELTA, "after it")
    lines = path.read_bytes()
    assert lines.startswith(whole) and lines.count(b"\n") == 2 and b"xx" not in lines
    path.write_bytes(whole[:-20])
    with pytest.raises(DataError, match="holds no whole line, so nothing was spent"):
        Ledger.open(path)


def test_a_full_disk_charges_nothing_and_asks_nothing(path: Path) -> None:
    ledger = Ledger.open(path)
    account = ledger.run(1, DELTA, "mst")
    before = path.read_bytes()
    with most_bytes(len(before) + 30), pytest.raises(OutputError, match="File too large"):
        account.charge(Cost.gaussian(20), "marginal of age")
    with most_bytes(len(before) + 30), pytest.raises(OutputError):
        account.close()
    assert path.read_bytes() == before and account.costs == ()
    assert ledger.spent() == Ledger.open(path).spent() == rho_for(1, DELTA)
    with most_bytes(30), pytest.raises(OutputError):
        Ledger.create(path.with_name("other.ledger"), 1, DELTA)
    assert not path.with_name("other.ledger").exists()


@contextmanager
def most_bytes(size: int) -> Iterator[None]:
    """No file grows beyond this size: to the program it looks as a full disk does."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


def test_a_file_that_may_not_be_written_can_be_looked_at() -> None:
    folder = Path(mkdtemp())
    folder.chmod(0o755)
    path = folder / "a.ledger"
    Ledger.create(path, 1, DELTA)
    path.chmod(0o444)
    code = f"""
import os
from synthesist.dp.ledger import Ledger
os.getuid() or os.setuid(65534)  # who may do everything may write this, too
ledger = Ledger.open({str(path)!r})
print(ledger.spent())
try:
    ledger.run(1, 1e-9, "mst")
except Exception as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "0.0",
        f"OutputError Cannot write {path}: Permission denied. Nothing was asked of the data.",
    ]


def test_any_byte_that_is_changed_is_seen(path: Path) -> None:
    ledger = Ledger.open(path)
    with ledger.run(1, DELTA, "mst") as account:
        account.charge(Cost.gaussian(20), "marginal of age")
    whole, draw = path.read_bytes(), random.Random(0)
    for _ in range(200):
        place = draw.randrange(len(whole) - 1)
        changed = bytes([draw.choice([each for each in b'09aAz"{}, \n\x00\xff' if each != whole[place]])])
        path.write_bytes(whole[:place] + changed + whole[place + 1 :])
        with pytest.raises(DataError):
            Ledger.open(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [lines[0], *lines[2:]],
        lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
        lambda lines: [*lines[:3], lines[2], *lines[3:]],
        lambda lines: lines[1:],
        lambda lines: [line.replace(b'"sigma":20.0', b'"sigma":90.0') for line in lines],
        lambda lines: [line.replace(b":", b": ", 1) for line in lines],
    ],
    ids=["taken out", "swapped", "twice", "no header", "edited", "spaced"],
)
def test_lines_that_were_changed_are_seen(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    ledger = Ledger.open(path)
    with ledger.run(1, DELTA, "mst") as account:
        account.charge(Cost.gaussian(20), "marginal of age")
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
    with pytest.raises(DataError, match=r"line \d: it is not as it was written, so nobody knows what is spent"):
        Ledger.open(path)


def test_a_line_taken_off_the_end_is_seen_by_who_wrote_it(path: Path) -> None:
    account = Ledger.open(path).run(1, DELTA, "mst")
    account.charge(Cost.gaussian(20), "marginal of age")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(DataError, match="a line that was there is gone"):
        account.charge(Cost.gaussian(20), "marginal of sex")


BEGUN = {
    "kind": "begun",
    "run": "0123456789abcdef",
    "time": "2026-01-01T00:00:00Z",
    "about": "",
    "epsilon": 1.0,
    "delta": DELTA,
    "additive": 0.0,
    "rho": 0.01,
    "process": {"number": 1, "started": "", "machine": ""},
}
CHARGED = {"kind": "charged", "run": "0123456789abcdef", "about": "", "cost": Cost.gaussian(20).model_dump()}


@pytest.mark.parametrize(
    ("entries", "part"),
    [
        ([BEGUN, BEGUN], "begins twice"),
        ([BEGUN | {"rho": -0.1}], "greater than 0"),
        ([BEGUN | {"rho": 9.0}], "takes rho 9"),
        ([BEGUN | {"run": "../../etc"}], "run"),
        ([BEGUN | {"additive": 1e-10}], "delta of their own"),
        ([CHARGED], "There is no run"),
        ([BEGUN, CHARGED | {"cost": Cost.gaussian(1).model_dump()}], "more than it has reserved"),
        ([BEGUN, CHARGED | {"cost": {"kind": "gaussian", "sigma": -1.0, "sensitivity": 1.0}}], "sigma"),
        ([BEGUN, CHARGED | {"cost": {"kind": "gift"}}], "gift"),
        ([BEGUN, CHARGED | {"note": "x"}], "no such option"),
        ([{"kind": "closed", "run": BEGUN["run"], "time": BEGUN["time"], "how": "done"}], "There is no run"),
        ([{"kind": "poem"}], "poem"),
        ([{}], "kind"),
    ],
)
def test_lines_that_no_run_writes_are_refused_although_sealed(
    path: Path, entries: list[dict[str, Any]], part: str
) -> None:
    with chain.locked(path, writing=True) as file:
        ((_, place),) = chain.read_on(file, path, chain.Place())
        for entry in entries:
            place = chain.append(file, path, place, entry)
    with pytest.raises(DataError, match=f"patients.ledger, line {len(entries) + 1}: (?s:.*){part}"):
        Ledger.open(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"age,sex\n17,f\n",
        b"\x00\xff" * 500 + b"\n",
        b"[" * 60_000 + b"\n",
        b'{"a":' * 10_000 + b"\n",
        b'"' + b"x" * 70_000,
        b'{"epsilon":NaN,"seal":""}\n',
        b'{"epsilon":Infinity,"seal":""}\n',
        b'{"epsilon":1' + b"0" * 6_000 + b',"seal":""}\n',
        b'{"seal":[]}\n',
        b"7\n",
        b"null\n",
    ],
    ids=["empty", "csv", "binary", "deep", "nested", "long", "nan", "infinity", "huge number", "list", "7", "null"],
)
def test_foreign_and_hostile_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.ledger"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.ledger"):
        Ledger.open(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("header", [{"epsilon": -1.0}, {"delta": 2.0}, {"order": 0.5}, {"version": 2}, {"additive": 1}])
def test_a_header_that_makes_no_sense_is_refused(path: Path, header: dict[str, Any]) -> None:
    entry = json.loads(path.read_bytes()) | header
    del entry["seal"]
    chain.created(path.with_name("other"), entry)
    with pytest.raises(DataError, match="other is no ledger"):
        Ledger.open(path.with_name("other"))


def test_what_is_no_file_is_refused(tmp_path: Path, path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="is no file"):
        Ledger.open(tmp_path / "pipe")
    with pytest.raises((DataError, OutputError), match=tmp_path.name):
        Ledger.open(tmp_path)
    with pytest.raises(NotFoundError, match="synthesist ledger open"):
        Ledger.open(tmp_path / "nothing")
    with pytest.raises(OutputError, match="is there already, and what is spent is never forgotten"):
        Ledger.create(path, 1, DELTA)
    with pytest.raises(OutputError, match="Choose another place"):
        Ledger.create(tmp_path / "no" / "folder", 1, DELTA)


def test_nothing_of_the_machine_or_its_paths_is_in_the_file(path: Path) -> None:
    Ledger.open(path).run(1, DELTA, "mst").charge(Cost.gaussian(20), "marginal of age")
    text = path.read_text()
    assert not any(word in text for word in (str(path.parent), str(Path.home()), os.uname().nodename))


def test_without_locks_of_files_there_is_no_ledger(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with pytest.raises(OutputError, match="this system has no locks of files"):
        Ledger.open(path)
    with pytest.raises(OutputError, match="this system has no locks of files"):
        Ledger.create(path.with_name("other"), 1, DELTA)
    assert not path.with_name("other").exists()
