"""Dates, times and lengths of time: how often each is drawn, what conditions leave of it, what is refused."""

import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from synthesist.core import Allowed, Context
from synthesist.errors import ConditionError, MissingExtraError, SpecError
from synthesist.rules.formula import Formula
from synthesist.samplers.columns import Columns
from synthesist.samplers.columns.distribution import ANYTHING, Guide, Rows
from synthesist.verbs.drawing import sample

HOUR = timedelta(hours=1)
DAYS = {"is": "dates", "start": "2021-01-01", "end": "2024-12-31"}
SEASONS = """
is: dates
start: 2023-03-05T07:00
end: 2025-02-11T16:00
precision: h
weekdays: {fri: 2, sat-sun: 0.3}
months: {nov-jan: 3, aug: 0}
hours: {9-17: 5, 22-5: 0}
trend: 0.5
business_days: true
weekend: [sun, mon]
closed: [2024-12-24, 2024-12-25]
days_off: 0.25
"""


def drawn(declared: dict[str, object], n: int = 100_000, allowed: Allowed = ANYTHING, start: int = 0) -> pl.Series:
    ctx = Context.seeded(1, start=start)
    column = Columns.build({"columns": {"x": declared}}).columns["x"]
    return column.draw(Rows(np.arange(start, start + n), ctx.at(start), ctx), allowed)


def share(declared: dict[str, object], allowed: Allowed) -> float:
    return Columns.build({"columns": {"x": declared}}).columns["x"].share(allowed)


def seasons() -> dict[datetime, float]:
    """Every step of SEASONS with its weight, by the words of the declaration."""
    weights, moment, end = {}, datetime(2023, 3, 5, 7), datetime(2025, 2, 11, 16)
    while moment <= end:
        weight = {4: 2.0, 5: 0.3, 6: 0.3}.get(moment.weekday(), 1.0)
        weight *= {11: 3.0, 12: 3.0, 1: 3.0, 8: 0.0}.get(moment.month, 1.0)
        weight *= 5.0 if 9 <= moment.hour <= 17 else 0.0 if moment.hour >= 22 or moment.hour <= 5 else 1.0
        weight *= 1.5 ** ((moment.date() - date(2023, 3, 5)).days / 365.2425)
        off = moment.weekday() in (6, 0) or moment.date() in (date(2024, 12, 24), date(2024, 12, 25))
        weights[moment] = weight * (0.25 if off else 1.0)
        moment += HOUR
    return weights


def fits(moments: pl.Series, weights: dict[datetime, float], by: Callable[[datetime], object]) -> float:
    """The p-value of the counts of the groups that `by` makes, none of which may be drawn if it weighs nothing."""
    expected: dict[object, float] = {}
    for moment, weight in weights.items():
        expected[by(moment)] = expected.get(by(moment), 0.0) + weight
    counts = dict.fromkeys(expected, 0)
    for moment, count in moments.value_counts().iter_rows():
        counts[by(moment)] += count
    assert not any(counts[group] for group in expected if not expected[group])
    groups = [group for group in expected if expected[group]]
    total = sum(expected.values())
    law = [expected[group] * len(moments) / total for group in groups]
    return float(stats.chisquare([counts[group] for group in groups], law).pvalue)


GROUPS = {
    "weekday": datetime.weekday,
    "month": lambda moment: moment.month,
    "hour": lambda moment: moment.hour,
    "quarter": lambda moment: (moment.year, moment.month // 4),
    "hour of a weekday": lambda moment: (moment.weekday(), moment.hour),
    "week": lambda moment: moment.isocalendar()[:2],
}


# --------------------------------------------------------------------------- how often


@pytest.mark.parametrize("by", GROUPS.values(), ids=GROUPS)
def test_moments_are_as_frequent_as_they_weigh(by: Callable[[datetime], object]) -> None:
    assert fits(drawn(yaml.safe_load(SEASONS)), seasons(), by) > 0.001


CONDITIONS = [
    Allowed(low=datetime(2024, 2, 1, 10, 30), high=datetime(2024, 2, 3, 12), high_open=True),
    Allowed(
        low=datetime(2024, 12, 20, 9), low_open=True, excluded=(datetime(2024, 12, 23, 10), datetime(2025, 1, 2, 9))
    ),
    Allowed(values=tuple(datetime(2024, month, 9, hour) for month in (1, 2, 8, 9) for hour in (3, 8, 9, 20))),
    Allowed(
        values=tuple(datetime(2024, 3, 1, 9, minute) for minute in (0, 30)), excluded=(datetime(2024, 3, 1, 9, 30),)
    ),
    Allowed(values=tuple(datetime(2024, 3, 1, hour) for hour in (8, 9, 10)), excluded=(datetime(2024, 3, 1, 10),)),
]


@pytest.mark.parametrize("allowed", CONDITIONS)
def test_conditions_cut_as_rejection_would(allowed: Allowed) -> None:
    weights = seasons()
    inside = dict(zip(weights, allowed.mask(pl.Series(list(weights), dtype=pl.Datetime("us"))), strict=True))
    kept = {moment: weight for moment, weight in weights.items() if inside[moment]}
    moments = drawn(yaml.safe_load(SEASONS), 20_000, allowed)
    assert allowed.mask(moments).all()
    assert len(kept) == 1 or fits(moments, kept, lambda moment: moment) > 0.001
    assert share(yaml.safe_load(SEASONS), allowed) == pytest.approx(
        sum(kept.values()) / sum(weights.values()), rel=1e-12
    )


def test_what_weighs_nothing_cannot_be_asked_for() -> None:
    assert share(yaml.safe_load(SEASONS), Allowed(low=datetime(2023, 8, 1), high=datetime(2023, 8, 31))) == 0
    with pytest.raises(ConditionError, match="`x` never takes a value"):
        sample(Columns(columns={"x": {**DAYS, "business_days": True}}), 3, where={"x": "2024-06-01"})  # a Saturday


def test_seconds_of_a_weighed_hour_are_even() -> None:
    moments = drawn({**DAYS, "precision": "s", "hours": {"0-22": 0}, "weekdays": {"sun": 0}})
    assert set(moments.dt.hour()) == {23} and 7 not in set(moments.dt.weekday())
    second = moments.cast(pl.Int64).to_numpy() // 1_000_000 % 3600
    assert stats.chisquare(np.bincount(second, minlength=3600)).pvalue > 0.001


def test_plain_moments_are_even_whatever_their_step_and_century() -> None:
    for precision in ("us", "s", "d"):
        moments = drawn({"is": "dates", "start": "0001-01-01", "end": "9999-12-31", "precision": precision})
        place = (moments.cast(pl.Datetime("us")).cast(pl.Int64).to_numpy() / 86.4e9 + 719_162) / 3_652_059
        assert stats.kstest(place, "uniform").pvalue > 0.001
    assert set(drawn({**DAYS, "start": "2024-12-30"}, 100)) == {date(2024, 12, 30), date(2024, 12, 31)}


def test_weekdays_before_1970_are_right() -> None:
    days = drawn({"is": "dates", "start": "1950-01-01", "end": "1969-12-31", "weekdays": {"mon-sat": 0}}, 500)
    assert {day.weekday() for day in days} == {6}


@settings(deadline=None, derandomize=True, max_examples=50)
@given(st.lists(st.sampled_from([0.0, 1e-9, 0.3, 1.0, 7.0]), min_size=2, max_size=60).filter(any))
def test_places_are_located_as_by_a_search(weights: list[float]) -> None:
    edges = np.cumsum(weights)
    x = np.random.default_rng(3).random(2000) * edges[-1]
    assert (Guide.over(edges).places(x) == np.searchsorted(edges, x, side="right")).all()
    whole = np.cumsum([int(weight * 10**15) for weight in weights])
    if whole[-1]:
        x = np.concatenate([np.random.default_rng(4).integers(whole[-1], size=2000), whole - 1, whole])
        x = x[(x >= 0) & (x < whole[-1])]
        assert (Guide.over(whole).places(x) == np.searchsorted(whole, x, side="right")).all()


# --------------------------------------------------------------------------- days off


def test_days_off_are_never_drawn() -> None:
    days = drawn({**DAYS, "business_days": True, "holidays": "DE", "closed": ["2024-12-24"]})
    assert days.dt.weekday().max() == 5
    off = {date(2024, 1, 1), date(2024, 3, 29), date(2024, 4, 1), date(2024, 12, 25), date(2024, 12, 24)}
    assert not off & set(days)
    assert {date(2024, 1, 2), date(2024, 5, 30), date(2024, 12, 23)} <= set(days)
    assert days.n_unique() == 1043 - 16 - 12 - 1  # Monday to Friday; movable feasts, fixed ones, the closed day


def test_a_part_of_a_country_has_holidays_of_its_own() -> None:
    corpus_christi, saint_andrew = date(2024, 5, 30), date(2024, 12, 2)
    assert corpus_christi not in set(drawn({**DAYS, "holidays": "DE-BY"}))
    assert saint_andrew in set(drawn({**DAYS, "holidays": "GB-ENG"}))
    assert saint_andrew not in set(drawn({**DAYS, "holidays": "GB-SCT"}))


def test_days_off_may_be_rare_instead() -> None:
    days = drawn(
        {**DAYS, "closed": ["2024-06-01", "2024-06-02"], "days_off": 0.5}, allowed=Allowed(low=date(2024, 5, 31))
    )
    counts = days.value_counts().sort("")["count"].to_numpy()
    assert stats.chisquare(counts, len(days) * np.array([1, 0.5, 0.5, *[1] * 212]) / 214).pvalue > 0.001


def test_unique_takes_every_open_step_once() -> None:
    hours = {
        "is": "dates",
        "start": "2024-01-04T15:20",
        "end": "2024-01-09T10:00",
        "precision": "h",
        "hours": {"18-8": 0},
    }
    hours |= {"business_days": True, "closed": ["2024-01-08"], "unique": True}
    slots = [datetime(2024, 1, 4, 16), datetime(2024, 1, 4, 17), *(datetime(2024, 1, 5, hour) for hour in range(9, 18))]
    slots += [datetime(2024, 1, 9, 9), datetime(2024, 1, 9, 10)]
    assert sorted(pl.concat([drawn(hours, 6), drawn(hours, 7, start=6)])) == slots
    assert Columns(columns={"x": hours}).most == {"x": 13}
    workdays = {**DAYS, "holidays": "US", "business_days": True, "unique": True}
    assert drawn(workdays, 500).n_unique() == 500 and drawn(workdays, 500).dt.weekday().max() == 5


# --------------------------------------------------------------------------- lengths of time


def test_lengths_of_time_follow_the_law_of_their_numbers() -> None:
    lengths = drawn({"is": "durations", "unit": "h", "of": {"is": "lognormal", "median": 2, "sigma": 0.5}})
    assert lengths.dtype == pl.Duration("us")
    hours = lengths.dt.total_microseconds().to_numpy() / 3.6e9
    assert stats.kstest(hours, stats.lognorm(0.5, scale=2).cdf).pvalue > 0.001


def test_conditions_on_lengths_of_time_cut_exactly() -> None:
    minutes = {"is": "durations", "unit": "m", "of": {"is": "uniform", "low": 0, "high": 90, "integers": True}}
    allowed = Allowed(low=HOUR, low_open=True, high=1.1 * HOUR, excluded=(timedelta(minutes=63),))
    lengths = drawn(minutes, 5000, allowed)
    assert set(lengths.dt.total_seconds() / 60) == {61, 62, 64, 65, 66}
    assert share(minutes, allowed) == pytest.approx(5 / 91)
    assert set(drawn(minutes, 99, Allowed(values=(HOUR, HOUR / 7)))) == {HOUR}
    assert drawn({**minutes, "of": {**minutes["of"], "unique": True}}, 91).n_unique() == 91  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("unit", "of", "precision"),
    [
        ("h", {"is": "normal"}, "us"),
        ("h", {"is": "normal", "integers": True}, "h"),
        ("h", {"is": "normal", "decimals": 1}, "m"),
        ("h", {"is": "normal", "decimals": 2}, "s"),
        ("s", {"is": "normal", "decimals": 9}, "us"),
        ("m", {"is": "categorical", "values": [15, 30]}, "m"),
    ],
)
def test_lengths_of_time_know_their_step(unit: str, of: dict[str, object], precision: str) -> None:
    kind = Columns.build({"columns": {"x": {"is": "durations", "unit": unit, "of": of}}}).schema.table.columns["x"]
    assert kind.precision == precision  # type: ignore[union-attr]


# --------------------------------------------------------------------------- formulas


FRAME = pl.DataFrame(
    {"d": [date(2024, 3, 29), date(2024, 3, 30), None], "n": [1, -1, 2], "h": [1.5, -0.25, None]}
).with_columns(t=pl.col("d").cast(pl.Datetime("us")) + pl.duration(hours=9))


@pytest.mark.parametrize(
    ("formula", "cells"),
    [
        ("weekday(d)", [5, 6, None]),
        ("hour(t)", [9, 9, None]),
        ("t + hours(h)", [datetime(2024, 3, 29, 10, 30), datetime(2024, 3, 30, 8, 45), None]),
        ("t - minutes(n)", [datetime(2024, 3, 29, 8, 59), datetime(2024, 3, 30, 9, 1), None]),
        ("t + seconds(0.25)", [datetime(2024, 3, 29, 9, 0, 0, 250_000), datetime(2024, 3, 30, 9, 0, 0, 250_000), None]),
        ("hours(h)", [1.5 * HOUR, -0.25 * HOUR, None]),
        ("hours(1e300)", [None] * 3),
        ("t + days(9007199254740992)", [None] * 3),
        ("add_business_days(d, n)", [date(2024, 4, 1), date(2024, 3, 29), None]),
        ("add_business_days(d, 0)", [date(2024, 3, 29), date(2024, 4, 1), None]),
        ("add_business_days(t, 1)", [datetime(2024, 4, 1, 9), datetime(2024, 4, 1, 9), None]),
        ('add_business_days(d, n, "DE")', [date(2024, 4, 2), date(2024, 3, 28), None]),
        ('add_business_days(date("2024-12-23"), 2, "DE")', [date(2024, 12, 27)] * 3),
        ("add_business_days(d, 2000000000)", [None] * 3),
        ("add_business_days(t, -4000000)", [None] * 3),
    ],
)
def test_formulas_over_time_mean_what_they_say(formula: str, cells: list[object]) -> None:
    read = Formula.read(formula)
    declared = {
        "d": DAYS,
        "t": {**DAYS, "precision": "m"},
        "h": {"is": "normal"},
        "n": {"is": "uniform", "integers": True},
    }
    got = read.compute(FRAME, read.kind(Columns.build({"columns": declared}).schema.table.columns))
    assert got.to_list() == cells


@pytest.mark.parametrize(
    ("formula", "precision"),
    [("t + days(1)", "m"), ("t + hours(1)", "s"), ("t + seconds(1)", "ms"), ("hours(1)", "s"), ("seconds(1)", "ms")],
)
def test_a_formula_knows_its_step(formula: str, precision: str) -> None:
    columns = {"t": {**DAYS, "precision": "m"}, "x": {"is": "expression", "formula": formula}}
    assert Columns.build({"columns": columns}).schema.table.columns["x"].precision == precision  # type: ignore[union-attr]


# --------------------------------------------------------------------------- pages


def test_every_fault_is_named_at_once_in_the_words_of_the_page() -> None:
    faults: dict[str, tuple[dict[str, object], str]] = {
        "a": ({"holidays": "Germny"}, "a.holidays: no holidays are known of `Germny`. Did you mean `DE`?"),
        "b": ({"holidays": "GER"}, "b.holidays: no holidays are known of `GER`. Did you mean `DE`?"),
        "c": ({"holidays": "GB-SCO"}, "c.holidays: GB has no part `SCO`. Did you mean `SCT`?"),
        "d": ({"holidays": False}, 'd.holidays: YAML reads a bare NO as "no"'),
        "e": ({"start": "1980-01-01", "holidays": "DE"}, "e: the holidays of DE are known from 1991 to 2100"),
        "f": ({"start": "1990-01-01", "holidays": "IN"}, "f: not all holidays of IN are known from 1990 to 2024"),
        "g": ({"weekdays": {"sundy": 1}}, "g.weekdays: there is no `sundy`. Did you mean `sun`?"),
        "h": ({"weekdays": {"mon-wed": 1, "tue": 2}}, "h.weekdays: `tue`: tue is named twice"),
        "i": ({"weekdays": {"sun": -1}}, "i.weekdays.sun: Input should be greater than or equal to 0, got -1"),
        "j": ({"hours": {9: 1}}, "j: whole days have no hours: give a finer `precision`"),
        "k": ({"weekend": ["sat"], "days_off": 0.1}, "k: `weekend` says which days are no business days"),
        "l": (
            {"start": "2024-12-25", "end": "2024-12-26", "holidays": "DE"},
            "l: nothing can be drawn from 2024-12-25",
        ),
        "m": ({"months": {"jan-dec": 0}}, "m: nothing can be drawn"),
        "n": ({"unique": True, "trend": 0.1}, "n: `unique` takes every step once"),
        "o": ({"trend": -1}, "o.trend: Input should be greater than -1"),
        "p": ({"busines_days": True}, "p.busines_days: no such option. Did you mean `business_days`?"),
    }
    page: dict[str, object] = {name: {**DAYS, **options} for name, (options, _) in faults.items()}
    page["q"] = {"is": "durations", "unit": "h", "of": {"is": "lognormal", "medin": 2}}
    page["r"] = {"is": "durations", "unit": "h", "of": {"is": "constant", "value": "a"}}
    page["s"] = {"is": "durations", "unit": "h", "of": {"is": "expression", "formula": "1"}}
    page["t"] = {"is": "durations", "unit": "h", "of": {"is": "normal", "missing": 0.5}}
    page["u"] = {"is": "expression", "formula": 'add_business_days(q, 3, "XX")'}
    with pytest.raises(SpecError) as fault:
        Columns.build({"columns": page})
    said = [said for _, said in faults.values()]
    said += ["q.of.medin: no such option. Did you mean `median`?", "r.of: a length of time is counted in numbers"]
    said += ["s.of.is: no distribution `expression`", "t.of: `missing` stands beside `unit`"]
    said += ["u.formula: no holidays are known of `XX`"]
    assert [words for words in said if words not in str(fault.value)] == []
    assert "k: " in str(fault.value) and "`days_off` weighs the days off, and there are none" in str(fault.value)


def test_a_day_cannot_be_moved_by_hours() -> None:
    with pytest.raises(SpecError, match="would lose its time of day"):
        Columns.build({"columns": {"d": DAYS, "x": {"is": "expression", "formula": "d + hours(30)"}}})


def test_a_declaration_of_time_survives_writing_and_reading() -> None:
    columns = {"x": yaml.safe_load(SEASONS), "y": {"is": "durations", "unit": "h", "of": {"is": "normal", "low": 0}}}
    columns["z"] = {**DAYS, "precision": "s", "hours": {8: 2, "09-17": 3}, "holidays": "GB-SCT"}
    spec = Columns.build({"columns": columns})
    written = spec.describe()
    del written["kind"]
    again = Columns.build(yaml.safe_load(yaml.safe_dump(written)))
    assert again == spec and again.columns["z"].hours == {"8": 2, "9-17": 3}  # type: ignore[attr-defined]
    assert again.sample(50, Context.seeded(1)).table.equals(spec.sample(50, Context.seeded(1)).table)


def test_without_the_package_of_holidays_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'synthesist\[calendar\]'"):
        Columns.build({"columns": {"x": {**DAYS, "holidays": "DE"}}})
    assert drawn({**DAYS, "business_days": True}, 5).len() == 5
