"""Ledgers from the command line."""

import re
from pathlib import Path

import pytest

from synthesist.dp.accounting import Cost
from synthesist.dp.ledger import Ledger


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_open_and_show(call) -> None:
    words = ["--epsilon", "3", "--delta", "1e-9", "--unit", "one patient", "--about", "the ward [2026]"]
    ended = call("ledger", "open", "a.ledger", *words)
    assert ended.code == 0, ended.err
    assert ended.out == "Wrote a.ledger: epsilon 3, delta 1e-09 for one patient\n"
    ledger = Ledger.open("a.ledger")
    with ledger.run(1, 1e-9, "mst [bold] bins=32") as account:
        account.charge(Cost.gaussian(20), "marginal of age")
    ledger.run(2, 1e-9, "aim")
    ended = call("ledger", "show", "a.ledger")
    assert ended.code == 0, ended.err
    assert re.search(r"done +1 +1e-09 +1 +1\.0% +mst \[bold\] bins=32", ended.out)
    assert re.search(r"at work +2 +1e-09 +0 +46\.\d% +aim", ended.out)
    assert "Budget: epsilon 3, delta 1e-09 for one patient; the ward [2026]" in ended.out
    left = re.search(r"Left for a run at this delta: epsilon ([\d.]+)", ended.out)
    assert left is not None
    ledger.run(float(left[1]), 1e-9, "all that is left")
    assert f"Last seal: {ledger.seal[:16]}" not in ended.out
    assert f"Last seal: {ledger.seal[:16]}" in call("ledger", "show", "a.ledger").out


def test_settle_names_what_it_gives_back(call) -> None:
    ledger = Ledger.create("a.ledger", 3, 1e-9)
    ledger.run(1, 1e-9, "crashed").charge(Cost.gaussian(20), "marginal of age")
    (name,) = ledger.runs()
    assert "is at work" in call("ledger", "settle", "a.ledger", name).err
    forget_process(Path("a.ledger"))
    ended = call("ledger", "settle", "a.ledger", name)
    assert ended.code == 0, ended.err
    assert f"Settled {name}: 1 charges, rho 0.00125 of 0.01497." in ended.out
    assert re.search(rf"{name} .* settled ", ended.out)


def forget_process(path: Path) -> None:
    """Make the file tell of a process that is none any more."""
    import json

    from synthesist.dp import chain

    entries = [json.loads(line) for line in path.read_text().splitlines()]
    path.unlink()
    place = chain.Place()
    with path.open("w+b", buffering=0) as file:
        for entry in entries:
            del entry["seal"]
            if "process" in entry:
                entry["process"]["started"] = "1"
            place = chain.append(file, path, place, entry)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["open", "b.ledger"], "give --epsilon and --delta"),
        (["open", "b.ledger", "--epsilon", "1", "--delta", "1"], "delta 1: it lies above 0 and below 1"),
        (["open", "b.ledger", "--epsilon", "nan", "--delta", "1e-9"], "epsilon nan"),
        (["open", "a.ledger", "--epsilon", "1", "--delta", "1e-9"], "is there already"),
        (["open", "b.ledger", "--epsilon", "1", "--delta", "1e-9", "--additive", "1e-9"], "keep less"),
        (["show", "c.ledger"], "No file c.ledger"),
        (["show", "a.ledger", "--epsilon", "2"], "the budget of a ledger never changes"),
        (["show", "a.ledger", "0123"], "takes no run"),
        (["settle", "a.ledger"], "Name the run to settle"),
        (["settle", "a.ledger", "0123"], "There is no run 0123"),
        (["close", "a.ledger"], "'close'"),
    ],
)
def test_what_is_wrong_is_said_in_one_message(call, words, part) -> None:
    Ledger.create("a.ledger", 1, 1e-9)
    ended = call("ledger", *words)
    assert ended.code == 2
    assert part in ended.err
    assert not Path("b.ledger").exists()
