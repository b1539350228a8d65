"""Faults of chance itself, which no single answer shows, are seen in all together; sound chance raises no alarm."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from asking import Asker
from synthesist.audits import chances
from synthesist.audits.auditing import audited
from synthesist.catalog import load
from synthesist.core import Context
from synthesist.dp.private import EXACT, Chance

CTX = Context.seeded(0, threads=1)
gaussian, choice, normal, part = EXACT.gaussian, EXACT.choice, EXACT.normal, EXACT.part


def tiled(n: int, variance: Any) -> np.ndarray:
    return np.resize(gaussian(-(-n // 2), variance), n)


def clipped(n: int, variance: Any) -> np.ndarray:
    return np.clip(gaussian(n, variance), -int(3 * float(variance) ** 0.5), int(3 * float(variance) ** 0.5))


def scaled(n: int, variance: Any) -> np.ndarray:
    return gaussian(n, 1) * round(float(variance) ** 0.5)


def fractional(n: int, variance: Any) -> np.ndarray:
    return gaussian(n, variance) + 0.25


def mirrored(n: int, variance: Any) -> np.ndarray:
    half = gaussian(-(-n // 2), variance)
    return np.concatenate([half, -half])[:n]


def seeded(n: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=n)


def halved(n: int) -> np.ndarray:
    return normal(n) / 2


def best(scores: np.ndarray, sensitivity: Any, epsilon: float) -> int:
    return max(range(len(scores)), key=lambda at: int(scores[at]))


def greedy(scores: np.ndarray, sensitivity: Any, epsilon: float) -> int:
    return choice(scores, sensitivity, 2 * epsilon)


def everybody(n: int, rate: float) -> np.ndarray:
    return np.ones(n, bool)


PLANTED: dict[Callable[..., Any], tuple[str, str]] = {
    tiled: ("gaussian", "come again"),
    clipped: ("gaussian", "never goes beyond"),
    scaled: ("gaussian", "another law"),
    fractional: ("gaussian", "not whole"),
    mirrored: ("gaussian", "hangs together"),
    best: ("choice", "more often than"),
    greedy: ("choice", "more often than"),
    halved: ("normal", "another law"),
    seeded: ("normal", "earlier answer"),
    everybody: ("part", "more units take part"),
}


def found(chance: Chance, monkeypatch: pytest.MonkeyPatch) -> str:
    """What an audit finds of two methods that together use all there is of chance."""
    monkeypatch.setattr(chances, "EXACT", chance)
    counting, descending = Asker(), load("methods", "dp_argn").build({})
    return "".join(map(str, [*audited(counting, 24, 0, CTX).violations, *audited(descending, 6, 0, CTX).violations]))


def test_sound_chance_raises_no_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not found(EXACT, monkeypatch)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.__name__)
def test_chance_with_a_fault_is_seen(planted: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    name, message = PLANTED[planted]
    assert message in found(replace(EXACT, **{name: planted}), monkeypatch)
