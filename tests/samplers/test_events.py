"""Streams of events: counts, gaps, seasons, self-excitation and sessions against what theory says."""

from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import synthesist as sy
from synthesist.errors import SpecError
from synthesist.samplers.events import Events

YEAR = {"start": date(2024, 1, 1), "end": date(2024, 12, 31)}
SHOP: dict[str, Any] = {
    "first": {"home": 3, "search": 1},
    "next": {"home": {"search": 5, "end": 5}, "search": {"home": 2, "buy": 1, "end": 7}},
    "think_seconds": {"is": "exponential", "mean": 20},
}
FAR_OFF = 1e-4  # a p-value this small means a fault: every seed is fixed


def streams(n: int, seed: int = 0, **page: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The entities and their events."""
    made = sy.sample("events", n, seed=seed, **{**YEAR, **page})
    return made.tables["entities"], made.tables["events"]


def seconds(events: pl.DataFrame) -> np.ndarray:
    """Times in seconds since the start of 2024."""
    return ((events["at"] - datetime(2024, 1, 1)).dt.total_microseconds() / 1e6).to_numpy()


# --------------------------------------------------------------------------- arrivals


def test_a_poisson_process_has_poisson_counts_and_exponential_gaps() -> None:
    entities, events = streams(2_000, arrivals={"is": "poisson", "per_day": 0.1})
    counts = np.bincount(events["entity"], minlength=2_001)[1:]
    bins = np.arange(20, 56)
    seen = np.bincount(np.clip(counts, bins[0], bins[-1]) - bins[0], minlength=len(bins))
    p = stats.poisson(36.6).pmf(bins)
    p[0], p[-1] = stats.poisson(36.6).cdf(bins[0]), stats.poisson(36.6).sf(bins[-1] - 1)
    assert stats.chisquare(seen, p * entities.height).pvalue > FAR_OFF
    at = seconds(events)
    first = np.flatnonzero(np.diff(events["entity"], prepend=0))
    assert stats.kstest(at[first], stats.expon(scale=864_000).cdf).pvalue > FAR_OFF
    assert stats.kstest(at / (366 * 86_400), stats.uniform.cdf).pvalue > FAR_OFF


def test_seasons_by_time_rescaling() -> None:
    """Through the integral of its intensity every Poisson process becomes one of rate 1 (Brown et al. 2002)."""
    page = {"arrivals": {"is": "poisson", "per_day": 3.0}, "bursts": [{"start": date(2024, 5, 1), "factor": 20}]}
    seasons = {"hours": {"22-6": 0.1, "18-20": 3}, "weekdays": {"sat-sun": 2}, "months": {"dec": 2}}
    page["profile"] = {
        **seasons,
        "trend": 0.5,
    }
    _, events = streams(40, **page)
    days, hours = np.arange(366), np.arange(24)
    rate = np.where(np.isin(hours, [22, 23, *range(7)]), 0.1, np.where(np.isin(hours, [18, 19, 20]), 3.0, 1.0))
    by_day = np.where(np.isin((days + 0) % 7, [5, 6]), 2.0, 1.0)  # 2024 begins on a Monday
    by_day = by_day * np.where(days >= 335, 2.0, 1.0) * 1.5 ** (days / 365.2425)
    every = np.outer(by_day, rate).ravel()
    every *= 3.0 / 24 * every.size / every.sum()  # events an hour
    every[121 * 24 : 122 * 24] *= 20  # the first of May
    mass = np.concatenate([[0], np.cumsum(every)])
    rescaled = np.interp(seconds(events) / 3600, np.arange(len(mass)), mass)
    gaps = np.diff(rescaled)[events["entity"].diff().drop_nulls().to_numpy() == 0]
    assert stats.kstest(gaps, stats.expon.cdf).pvalue > FAR_OFF
    assert abs(events.height - 40 * mass[-1]) < 5 * np.sqrt(40 * mass[-1])
    flat, _ = np.histogram(seconds(events) / 3600 % 24, np.arange(25))
    assert stats.chisquare(flat).pvalue < 1e-12  # the test above could see that they are not even


def test_a_hawkes_process_has_its_mean_rate_branching_and_delay() -> None:
    n, branching, delay = 400, 0.6, 600.0
    _, events = streams(n, arrivals={"is": "hawkes", "per_day": 2.0, "branching": branching, "delay_seconds": delay})
    counts = np.bincount(events["entity"], minlength=n + 1)[1:]
    mean = 2.0 * 366
    assert abs(counts.mean() - mean) < 5 * np.sqrt(mean / n) / (1 - branching)
    # over windows much longer than the delay the variance of counts is the mean / (1 - branching)^2 (Hawkes 1971)
    assert counts.var() / counts.mean() == pytest.approx(1 / (1 - branching) ** 2, rel=0.3)
    # likelihood of the exponential kernel at the truth, against other parameters (Ozaki 1979, doi:10.1007/BF02480272)
    truth = likelihood(events, 2.0 / 86_400 * (1 - branching), branching, delay)
    for other in ((0.45, delay), (0.75, delay), (branching, delay / 1.5), (branching, delay * 1.5)):
        assert truth > likelihood(events, 2.0 / 86_400 * (1 - other[0]), *other) + 100


def likelihood(events: pl.DataFrame, base: float, branching: float, delay: float) -> float:
    """The logarithm of the likelihood of streams under a Hawkes process."""
    total, end = 0.0, 366 * 86_400.0
    whose, at = events["entity"].to_numpy(), seconds(events)
    for times in np.split(at, np.flatnonzero(np.diff(whose)) + 1):
        excited, before = 0.0, 0.0
        for time in times:
            excited = excited * np.exp((before - time) / delay)
            total += np.log(base + branching / delay * excited)
            excited, before = excited + 1.0, time
        total -= base * end + branching * (1 - np.exp((times - end) / delay)).sum()
    return total


def test_bursts_may_silence_all() -> None:
    _, events = streams(200, bursts=[{"start": datetime(2024, 3, 1, 12), "hours": 36, "factor": 0}])
    at = events["at"]
    assert not at.is_between(datetime(2024, 3, 1, 12), datetime(2024, 3, 3), closed="left").any()
    assert at.is_between(datetime(2024, 3, 1), datetime(2024, 3, 1, 12)).any()


# --------------------------------------------------------------------------- entities


def test_events_follow_the_activity_and_the_life_of_their_entity() -> None:
    columns = {"id": {"is": "keys", "pattern": "C-9999"}, "vip": {"is": "bernoulli", "p": 0.3}}
    page = {"entities": columns, "activity": "5 if vip else 1", "present": 0.4, "leaving_per_year": 2.0}
    entities, events = streams(1_500, arrivals={"is": "poisson", "per_day": 1.0}, **page)
    end = datetime(2025, 1, 1)
    there = pl.col("left_at").fill_null(end) - pl.col("joined_at")
    lived = entities.with_columns(days=there.dt.total_seconds() / 86_400)
    whole = lived.join(events.group_by("entity").len("count"), left_on="id", right_on="entity", how="left").fill_null(0)
    for vip, rate in ((True, 5.0), (False, 1.0)):
        some = whole.filter(pl.col("vip") == vip)
        expected = rate * some["days"].sum()
        assert abs(some["count"].sum() - expected) < 5 * np.sqrt(expected)
    both = events.join(entities, left_on="entity", right_on="id")
    assert (both["at"] >= both["joined_at"]).all()
    assert both.filter(pl.col("at") >= pl.col("left_at").fill_null(end) + pl.duration(seconds=1)).is_empty()
    assert (entities["joined_at"] == datetime(2024, 1, 1)).mean() == pytest.approx(0.4, abs=0.07)
    early = entities.filter(pl.col("joined_at") == datetime(2024, 1, 1))
    assert early["left_at"].is_null().mean() == pytest.approx(np.exp(-2 * 366 / 365.2425), abs=0.07)


def test_events_are_counted_in_the_order_of_time() -> None:
    _, events = streams(300, sessions=SHOP)
    assert events["entity"].is_sorted()
    for _, one in events.group_by("entity"):
        assert one["at"].is_sorted() and one["number"].to_list() == list(range(1, one.height + 1))
        begins = one.group_by("session").agg(pl.col("at").min()).sort("at")["session"]
        assert begins.to_list() == list(range(1, len(begins) + 1))


# --------------------------------------------------------------------------- types and sessions


def test_sessions_walk_as_their_chain_says() -> None:
    _, events = streams(2_000, sessions=SHOP, arrivals={"is": "poisson", "per_day": 0.05})
    ordered = events.sort("entity", "session", "at", maintain_order=True)
    same = (pl.col("entity") == pl.col("entity").shift(-1)) & (pl.col("session") == pl.col("session").shift(-1))
    steps = ordered.with_columns(then=pl.when(same).then(pl.col("type").shift(-1)).otherwise(pl.lit("end")))
    for name, weights in {**SHOP["next"], "buy": {"end": 1}}.items():
        seen = dict(steps.filter(type=name)["then"].value_counts().rows())
        assert set(seen) == set(weights)
        if len(weights) == 1:
            continue
        p = np.array(list(weights.values())) / sum(weights.values())
        assert stats.chisquare([seen[key] for key in weights], p * sum(seen.values())).pvalue > FAR_OFF
    think = steps.with_columns(gap=(pl.col("at").shift(-1) - pl.col("at")).dt.total_microseconds() / 1e6)
    gaps = think.filter(pl.col("then") != "end")["gap"].to_numpy()
    assert stats.kstest(gaps, stats.expon(scale=20).cdf).pvalue > FAR_OFF
    starts = events.unique(["entity", "session"], keep="first", maintain_order=True)["type"].value_counts()
    assert dict(starts.rows())["home"] / starts["count"].sum() == pytest.approx(0.75, abs=0.01)


def test_columns_may_depend_on_the_type() -> None:
    by_type = {
        "buy": {
            "amount": {"is": "lognormal", "decimals": 2},
            "note": {"is": "constant", "value": "paid"},
        },
        "refund": {"amount": {"is": "uniform", "low": -9, "high": -1, "decimals": 2}},
    }
    page = {"types": {"view": 6, "buy": 3, "refund": 1}, "columns": {"device": {"is": "bernoulli"}}, "by_type": by_type}
    _, events = streams(500, arrivals={"is": "poisson", "per_day": 0.1}, **page)
    assert events["type"].value_counts().sort("count")["type"].to_list() == ["refund", "buy", "view"]
    assert events.filter(type="view")["amount"].is_null().all() and not events["device"].is_null().any()
    assert (events.filter(type="buy")["amount"] > 0).all() and (events.filter(type="refund")["amount"] < 0).all()
    assert events["note"].is_null().equals(events["type"] != "buy", check_names=False)


def test_an_entity_has_the_same_events_however_many_there_are() -> None:
    spec = Events.build({**YEAR, "arrivals": {"is": "hawkes", "per_day": 3}, "types": {"a": 1, "b": 2}})
    few, many = (sy.sample(spec, n, seed=5).tables["events"] for n in (spec.block // 2, 2 * spec.block + 3))
    assert many.filter(pl.col("entity") <= spec.block // 2).equals(few)


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ({"end": date(2023, 1, 1)}, "is not after the start"),
        ({"entities": {"x": {"is": "normal"}}}, "one column of keys"),
        ({"columns": {"id": {"is": "keys"}}}, "`id` holds unique values"),
        ({"columns": {"at": {"is": "normal"}}}, "`at` is there already"),
        ({"activity": "wieght"}, "no column `wieght`"),
        ({"activity": "id == 3"}, "gives no number"),
        ({"types": {"a": 0}}, "one is more than 0"),
        ({"types": {"a": 1}, "sessions": SHOP}, "`types` or `sessions`"),
        ({"types": {"buy": 1}, "by_type": {"byu": {"x": {"is": "normal"}}}}, "Did you mean `buy`"),
        ({"sessions": {**SHOP, "next": {"hoem": {"end": 1}}}}, "nothing leads to `hoem`"),
        ({"sessions": {**SHOP, "think_seconds": {"is": "normal"}}}, "0 or more"),
        ({"profile": {"hours": {"0-23": 0}}}, "nothing"),
        ({"arrivals": {"is": "hawkes", "branching": 1}}, "less than or equal to 0.99"),
        ({"entities": {"id": {"is": "keys"}, "x": {"is": "norml"}}}, "no distribution `norml`"),
    ],
)  # fmt: skip
def test_pages_that_cannot_be(page: dict[str, Any], says: str) -> None:
    with pytest.raises(SpecError, match=says):
        Events.build({**YEAR, **page})


def test_conditions_are_refused() -> None:
    with pytest.raises(sy.errors.ConditionError, match="several tables"):
        sy.sample("events", 5, where={"joined_at": (">=", "2024-05-01")})
