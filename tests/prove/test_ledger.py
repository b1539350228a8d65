"""Long proofs about budgets: a thousand plans, two hundred kills, races over and over."""

import random
from pathlib import Path

import pytest

from budgets import STEP, charging, raced, spent_plan, truly_spent
from synthesist.dp.accounting import rho_for
from synthesist.dp.ledger import Ledger

pytestmark = pytest.mark.prove

PLANS, KILLS, RACES = 1_000, 200, 10
DELTA = 1e-9


def test_no_plan_spends_more_than_was_asked_for() -> None:
    over = []
    for seed in range(PLANS):
        account, draw = spent_plan(10_000 + seed)
        spent = truly_spent(account.costs, account.delta, draw)
        if spent > account.epsilon + STEP * len(account.costs):
            over.append((seed, account.epsilon, spent))
    assert not over


def test_no_kill_makes_the_ledger_tell_less_than_was_answered(tmp_path: Path) -> None:
    draw = random.Random(0)
    ledger = Ledger.create(tmp_path / "a.ledger", 3, DELTA)
    for _ in range(KILLS):
        process = charging(ledger.path)
        assert process.stdout is not None
        for _ in range(draw.randint(0, 60)):
            process.stdout.readline()
        process.kill()
        left = process.communicate()[0]
        for name, run in list(ledger.runs().items()):
            if run.state == "open":
                assert ledger.spent() >= rho_for(2, DELTA)
                assert len(ledger.settle(name).costs) >= left.count("answered")
    found = Ledger.open(ledger.path)
    assert found.spent() == ledger.spent() and len(found.runs()) > KILLS / 2


@pytest.mark.parametrize("processes", [2, 8])
def test_no_race_gives_the_last_budget_twice(tmp_path: Path, processes: int) -> None:
    for number in range(RACES):
        path = tmp_path / f"{number}.ledger"
        Ledger.create(path, 3, DELTA)
        assert raced(path, processes, 0.3) == int(rho_for(3, DELTA) / rho_for(0.3, DELTA))
