"""Lengths of time as text: reading and writing are inverse."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthesist.data.moments import Calendar, duration_format, precision, read_duration, write_duration


@pytest.mark.parametrize(
    ("text", "format", "seconds"),
    [
        ("14:05", "%H:%M", 50_700),
        ("26:10:30", "%H:%M:%S", 94_230),
        ("-0:30", "%H:%M", -1800),
        ("3 days 00:00:01.5", "%d days %H:%M:%S%.f", 259_201.5),
    ],
)
def test_duration(text, format, seconds):
    texts = pl.Series("t", [text])
    assert duration_format(texts) == format
    assert texts.to_frame().select(read_duration(pl.col("t"))).item() == dt.timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["14:65", "14", "a:b", "1:2:3:4"])
def test_no_duration(text):
    assert duration_format(pl.Series([text])) is None


@given(
    st.sampled_from(["%H:%M:%S", "%H:%M:%S%.f", "%d days %H:%M:%S", "%d days %H:%M:%S%.f"]),
    st.integers(-(30 * 86_400), 30 * 86_400),
)
@settings(deadline=None, derandomize=True, max_examples=60)
def test_duration_round_trip(format, seconds):
    frame = pl.DataFrame({"x": [dt.timedelta(seconds=seconds)]}, schema={"x": pl.Duration("us")})
    text = frame.select(write_duration(pl.col("x"), format).alias("x"))
    assert text.select(read_duration(pl.col("x"))).item() == dt.timedelta(seconds=seconds)


@given(st.lists(st.datetimes(dt.datetime(1600, 1, 1), dt.datetime(2400, 1, 1)), min_size=1, max_size=20, unique=True))
@settings(deadline=None, derandomize=True, max_examples=60)
def test_iso_moments_are_read_exactly(moments):
    texts = pl.Series("t", [moment.isoformat(sep=" ") for moment in moments])
    calendar = Calendar.learn(texts)
    assert texts.to_frame().select(calendar.read(pl.col("t"))).to_series().to_list() == moments


@pytest.mark.parametrize("text", ["1.2.3", "12/34/5678", "2019-02-30", "19-1", "hello 2019", "0019-01-01"])
def test_no_moment(text):
    assert Calendar.learn(pl.Series([text])) is None


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_precision_does_not_depend_on_the_unit_of_the_source(unit: str) -> None:
    days = pl.Series("x", [dt.date(2024, 1, d) for d in range(1, 29)]).cast(pl.Datetime(unit))
    assert precision(days) == "d"
    assert precision(days.dt.offset_by("5s")) == "s"
    assert precision(days - days[0]) == "d"
