from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthesist.codecs.number import NumberCodec
from synthesist.core import Allowed
from synthesist.data.kinds import Duration, Integer, Moment, Number

RNG = np.random.default_rng(0)


def codec(values, kind, bins=32, min_rows=5):
    column = pl.Series(values, dtype=kind.storage)
    return column, NumberCodec.fit(column, kind, bins, min_rows)


def redrawn(column, fitted, seed=0):
    codes = fitted.encode(column)
    return fitted.decode(codes, np.random.default_rng(seed).random(len(codes)))


def test_common_values_come_back_exactly():
    column, fitted = codec([1, 2, 2, 3] * 10, Integer(), min_rows=5)
    assert redrawn(column, fitted).to_list() == column.to_list()
    assert fitted.discrete


def test_point_masses_keep_their_share_inside_a_spread():
    x = np.where(RNG.random(4000) < 0.5, 0.0, RNG.lognormal(3, 1, 4000))
    column, fitted = codec(x.tolist(), Number())
    assert abs((redrawn(column, fitted) == 0.0).mean() - (column == 0.0).mean()) < 1e-9


def test_the_distribution_is_kept():
    column, fitted = codec(RNG.normal(50, 10, 5000).round(1).tolist(), Number(decimals=1))
    drawn = redrawn(column, fitted).sort()
    assert np.abs(np.searchsorted(drawn, column, side="right") / 5000 - column.rank("max") / 5000).max() < 0.01


def test_whole_numbers_in_a_bin_keep_their_shares():
    """Each value is spread over its cell and rounded back: 41 stays as common as it was."""
    x = RNG.integers(0, 1000, 50_000)
    column, fitted = codec(x.tolist(), Integer(), bins=16)
    drawn = redrawn(column, fitted)
    assert set(drawn.to_list()) <= set(range(1000))
    shares = np.bincount(drawn.to_numpy(), minlength=1000)[10:990] / 50_000
    assert shares.min() > 0.0004 and shares.max() < 0.0018


def test_values_stay_on_their_grid():
    column, fitted = codec((RNG.integers(0, 5000, 3000) * 25).tolist(), Integer(step=25))
    assert (redrawn(column, fitted) % 25 == 0).all()
    column, fitted = codec((RNG.integers(0, 5000, 3000) / 100).tolist(), Number(decimals=2))
    assert all(round(x, 2) == x for x in redrawn(column, fitted).to_list())


def test_extreme_rows_do_not_show():
    x = [*RNG.normal(0, 1, 2000).tolist(), 1e6]
    column, fitted = codec(x, Number())
    assert fitted.decode(np.array([fitted.size - 1]), np.array([0.9999999])).to_list()[0] < 1e6 / 2
    assert redrawn(column, fitted).max() < 1e6 / 2


def test_no_code_stands_for_few_rows():
    _, fitted = codec([*range(100)] * 3 + [7] * 500, Integer(), bins=64, min_rows=5)
    assert fitted.mass.min() >= 5


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Moment(precision="d"), [date(1960, 1, 1) + timedelta(days=7 * i) for i in range(300)]),
        (Moment(precision="m"), [datetime(2020, 1, 1) + timedelta(minutes=i) for i in range(300)]),
        (Moment(precision="s", timezone="Europe/Berlin"), None),
        (Duration(precision="s"), [timedelta(seconds=i) for i in range(300)]),
    ],
)
def test_times_come_back_in_their_storage_and_precision(kind, values):
    if values is None:
        values = pl.Series([datetime(2024, 3, 31) + timedelta(hours=i) for i in range(300)]).dt.replace_time_zone("UTC")
        values = values.dt.convert_time_zone("Europe/Berlin")
    column, fitted = codec(values, kind)
    drawn = redrawn(column, fitted)
    assert drawn.dtype == kind.storage
    assert column.min() <= drawn.min() and drawn.max() <= column.max()
    if kind.precision == "m":
        assert (drawn.dt.second() == 0).all()


def test_missing_cells_have_a_code_of_their_own():
    column, fitted = codec([1.0, None, 2.0, None, 3.0] * 10, Number())
    drawn = redrawn(column, fitted)
    assert drawn.is_null().to_list() == column.is_null().to_list()
    assert fitted.mass[-1] == 20


ranges = st.tuples(st.integers(-60, 160), st.integers(0, 80), st.booleans(), st.booleans())


@settings(deadline=None, derandomize=True, max_examples=60)
@given(ranges, st.sampled_from([Integer(), Number(decimals=1), Number()]))
def test_a_range_is_held_exactly(limits, kind):
    low, width, low_open, high_open = limits
    x = np.random.default_rng(1).normal(50, 30, 3000)
    x = x.round() if isinstance(kind, Integer) else x.round(1) if kind.decimals else x
    column, fitted = codec(x.astype(int).tolist() if isinstance(kind, Integer) else x.tolist(), kind)
    allowed = Allowed(low=low, high=low + width, low_open=low_open, high_open=high_open)
    pieces = fitted.pieces(allowed)
    codes = np.repeat(np.flatnonzero(pieces.weight), 50)
    drawn = fitted.settle(
        fitted.decode(codes, pieces.place(codes, np.random.default_rng(2).random(len(codes)))), allowed
    )
    if width > (2 if isinstance(kind, Integer) else 0.2):
        assert allowed.mask(drawn).all()
    if allowed.mask(column).sum() > 20:
        assert pieces.weight.sum() > 0


def test_the_share_of_a_range_is_the_share_of_its_rows():
    column, fitted = codec(RNG.normal(0, 1, 20_000).tolist(), Number(), bins=64)
    weight = fitted.pieces(Allowed(low=0.3, high=1.7)).weight
    share = (fitted.mass * weight).sum() / fitted.mass.sum()
    assert abs(share - column.is_between(0.3, 1.7).mean()) < 0.003


def test_a_single_value_and_an_excluded_value():
    _, fitted = codec((RNG.integers(0, 500, 5000)).tolist(), Integer(), bins=16)
    for allowed in (Allowed(values=(123,)), Allowed(values=(3, 490)), Allowed(low=10, high=12, excluded=(11,))):
        pieces = fitted.pieces(allowed)
        codes = np.repeat(np.flatnonzero(pieces.weight), 100)
        u = pieces.place(codes, RNG.random(len(codes)))
        assert allowed.mask(fitted.settle(fitted.decode(codes, u), allowed)).all()
