"""What an audit looks on: sound methods pass it, and no bug that was planted gets by."""

from dataclasses import replace
from fractions import Fraction
from inspect import getmembers, isclass
from math import ceil

import numpy as np
import pytest

import asking
import planted
from asking import Asker
from synthesist.audits import chances
from synthesist.audits.auditing import audited
from synthesist.audits.checks import faults
from synthesist.audits.pairs import neighbours
from synthesist.audits.plays import play, replay
from synthesist.catalog import load
from synthesist.core import Context
from synthesist.dp import accounting
from synthesist.dp.accounting import rho_for
from synthesist.dp.costs import Gaussian
from synthesist.dp.entropy import replaying
from synthesist.dp.noise import discrete_gaussian
from synthesist.dp.private import EXACT, PrivateData

LOUD = {"epsilon": 500.0, "delta": 1e-2}
CTX = Context.seeded(0, threads=1)
PAIRS = 150  # a bug is looked for on so many at most


def public(module: object, kind: type) -> list[type]:
    """The classes of a module that are bugs."""
    return [
        c for n, c in getmembers(module, isclass) if issubclass(c, kind) and c is not kind and not n.startswith("_")
    ]


METHODS, HOLDERS = public(asking, Asker), public(planted, PrivateData)


def caught(kind: type[Asker], held: type[PrivateData]) -> str:
    """The first fault that is found, by name."""
    for number, pair in enumerate(neighbours(PAIRS, CTX)):
        options = LOUD if number % 3 else {}
        method = kind(**options, unit=pair.unit, contributions=pair.contributions)
        with replaying(str(number)):
            first = play(method, pair.one, CTX, held)
            second = replay(method, pair, CTX, first)
        for question, fault in faults(method, pair, first, second):
            return f"{question}: {fault}"
    return ""


def test_a_sound_method_passes() -> None:
    found = audited(Asker(), 24, 0, CTX)
    assert found.clean, str(found)
    assert found.questions > 80


@pytest.mark.parametrize("held", HOLDERS, ids=lambda held: held.__name__)
def test_a_holder_with_a_bug_is_caught(held: type[PrivateData]) -> None:
    assert caught(Asker, held)


@pytest.mark.parametrize("kind", METHODS, ids=lambda kind: kind.__name__)
def test_a_method_with_a_bug_is_caught(kind: type[Asker]) -> None:
    assert not audited(kind(), 1, 0, CTX).clean or caught(kind, PrivateData)


def test_noise_that_is_too_narrow_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """The audit lends noise of its own, so that a fault of the noise itself shows in how wide it is."""
    narrow = replace(EXACT, gaussian=lambda n, variance: discrete_gaussian(n, variance / 2))
    monkeypatch.setattr(chances, "EXACT", narrow)
    assert any("times the variance" in each.fault for each in audited(Asker(), 20, 0, CTX).violations)


def test_noise_that_leans_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    leaning = replace(EXACT, gaussian=lambda n, variance: discrete_gaussian(n, variance) + ceil(variance**0.5))
    monkeypatch.setattr(chances, "EXACT", leaning)
    assert any("one side" in each.fault for each in audited(Asker(), 20, 0, CTX).violations)


@pytest.mark.parametrize("seed", [0, None])
def test_noise_from_elsewhere_is_noticed(monkeypatch: pytest.MonkeyPatch, seed: int | None) -> None:
    def gaussian(n: int, variance: Fraction) -> np.ndarray:
        return np.rint(np.random.default_rng(seed).normal(0, float(variance) ** 0.5, n)).astype(np.int64)

    monkeypatch.setattr(chances, "EXACT", replace(EXACT, gaussian=gaussian))
    said = "it comes from a seed" if seed == 0 else "from the source of random bytes alone"
    assert any(said in each.fault for each in audited(Asker(), 1, 0, CTX).violations)


def test_there_are_as_many_bugs_as_were_promised() -> None:
    assert len(METHODS) + len(HOLDERS) >= 25


def test_accounts_that_count_half_of_each_price_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The audit has no faith in the accountant of what it looks on: noise says by itself what it gives away."""
    monkeypatch.setattr(Gaussian, "rho", lambda cost, order: (cost.sensitivity / cost.sigma) ** 2 / 4)
    monkeypatch.setattr(accounting, "rho_for", lambda epsilon, delta: 2 * rho_for(epsilon, delta))
    found = audited(load("methods", "mst").build({"epsilon": 1.0, "delta": 1e-6}), 4, 0, CTX)
    assert "which the accounts do not see" in str(found)
