"""Loads: the rate that was said, the chance that was said around it, and what load tools are told."""

from datetime import datetime
from itertools import islice

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import stats

from synthesist.core import Context
from synthesist.errors import SpecError
from synthesist.samplers.events.load import Load


def times(load: Load, seed: int = 0, parts: int | None = None) -> np.ndarray:
    found = np.concatenate(list(islice(load.times(Context.seeded(seed)), parts)))
    assert (np.diff(found) >= 0).all()
    return found


RAMP = "0..200/s over 60s, 200/s for 2m, 1000/s for 10s, 100..0/s over 100s"


@pytest.mark.parametrize("arrivals", ["even", "poisson", "hawkes"])
def test_as_many_events_come_as_the_rate_says(arrivals: str) -> None:
    load = Load.read(RAMP, arrivals=arrivals, branching=0.6, delay_seconds=0.2)
    assert load.expected == 6_000 + 24_000 + 10_000 + 5_000 and load.seconds == 290
    counts = np.sum([np.histogram(times(load, seed), [0, 60, 180, 190, 290])[0] for seed in range(8)], axis=0)
    spread = {"even": 0.0, "poisson": 1.0, "hawkes": 2.5}[arrivals]  # of hawkes: 1 / (1 - branching)
    assert (
        np.abs(counts / 8 - [6_000, 24_000, 10_000, 5_000]) <= 5 * spread * np.sqrt(load.expected / 8 / 4) + 1
    ).all()


def test_poisson_events_know_nothing_of_each_other() -> None:
    load = Load.read(RAMP)
    found = times(load, 3)
    mass = np.interp(found, *_integral(load))
    assert stats.kstest(np.diff(mass), "expon").pvalue > 1e-3
    assert abs(np.corrcoef(np.diff(mass)[1:], np.diff(mass)[:-1])[0, 1]) < 0.02


def _integral(load: Load) -> tuple[np.ndarray, np.ndarray]:
    at = np.linspace(0, load.seconds, 200_001)
    rate = load.rate((at[1:] + at[:-1]) / 2)
    return at, np.concatenate([[0.0], np.cumsum(rate * np.diff(at))])


def test_even_events_are_evenly_apart_and_hawkes_events_come_in_bursts() -> None:
    assert np.allclose(np.diff(times(Load.read("40/s", arrivals="even"), parts=2)), 0.025)
    counts = {
        law: np.histogram(times(Load.read("100/s for 200s", arrivals=law, branching=0.8, delay_seconds=0.05)), 400)[0]
        for law in ("poisson", "hawkes")
    }
    dispersion = {law: found.var() / found.mean() for law, found in counts.items()}
    assert 0.8 < dispersion["poisson"] < 1.25 and 10 < dispersion["hawkes"] < 30  # 1 / (1 - 0.8)**2 = 25


def test_a_curve_follows_the_day() -> None:
    load = Load.read(
        "1000/h for 2d", arrivals="even", start=datetime(2024, 11, 29, 12), curve={"hours": {"0-11": 1, "12-23": 3}}
    )
    counts = np.histogram(times(load), np.arange(0, 49, 12) * 3_600)[0]
    assert np.abs(counts - [18_000, 6_000, 18_000, 6_000]).max() <= 1


def test_event_17_is_the_same_however_many_are_taken() -> None:
    for arrivals in ("even", "poisson", "hawkes"):
        load = Load.read("10..90/s over 5m, 90/s", arrivals=arrivals)
        few, many = times(load, parts=1), times(load, parts=4)
        assert np.array_equal(few, many[: len(few)]) and len(many) > 3 * len(few)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fast", "Cannot read the rate 'fast'"),
        ("50/s, 60/s", "only the last stage may go on"),
        ("0..9/s", "say how long the last stage takes"),
        ("0/s for 5s", "all rates are 0"),
        ("5/s for 5s, 0/s", "leave it out"),
    ],
)
def test_what_cannot_be_is_told(text: str, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        Load.read(text)
    with pytest.raises(ValidationError, match="without a zone"):
        Load.model_validate({"stages": [{"rate": 1}], "start": "2024-01-01T00:00:00Z"})


def test_load_tools_are_told_the_same() -> None:
    load = Load.read("0..200/s over 1m, 200/s for 2m, 1000/s for 10s")
    told = load.k6()
    assert (told["startRate"], told["timeUnit"], told["preAllocatedVUs"]) == (0, "1s", 1_000)
    assert told["stages"] == [
        {"duration": "60s", "target": 200},
        {"duration": "120s", "target": 200},
        {"duration": "0s", "target": 1_000},
        {"duration": "10s", "target": 1_000},
    ]
    users = load.locust(seconds_each=0.5, step_seconds=30)
    assert [stage["duration"] for stage in users] == [30, 60, 90, 120, 150, 180, 190]
    assert [stage["users"] for stage in users] == [25, 75, 100, 100, 100, 100, 500]
    assert Load.read("30/h for 1h").k6()["timeUnit"] == "1m"
    with pytest.raises(SpecError, match="has no end"):
        Load.read("5/s").k6()
