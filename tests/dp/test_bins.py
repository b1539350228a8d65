"""Bins of a number: where rows crowd they are narrow, values with many rows come back, and nothing depends on scale."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from synthesist.codecs.number import NumberCodec
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Bounds, Integer, Moment, Number
from synthesist.data.schema import Schema, TableSchema
from synthesist.dp.accounting import Account
from synthesist.dp.bins import binned
from synthesist.dp.domain import Domain
from synthesist.dp.entropy import replaying
from synthesist.dp.line import NUMERIC
from synthesist.dp.private import PrivateData, answered

ROWS = 20_000


def drawn(cells: Any, kind: NUMERIC, rho: float = 0.002, bins: int = 64, replay: str = "bins") -> np.ndarray:
    """As many values as there were, drawn from the bins of one column."""
    codec = codes(cells, kind, rho, bins, replay)
    rng = np.random.default_rng(0)
    made = codec.decode(rng.choice(codec.size, ROWS, p=codec.mass / codec.mass.sum()), rng.random(ROWS))
    return made.to_physical().to_numpy().astype(float)


def codes(cells: Any, kind: NUMERIC, rho: float, bins: int, replay: str = "bins") -> NumberCodec:
    """The codes that so much rho buys."""
    schema = Schema(tables={"t": TableSchema(columns={"x": kind})})
    data = Dataset({"t": pl.DataFrame({"x": pl.Series(cells, dtype=kind.storage)})}, schema)
    holder = PrivateData(data, Domain.of(schema, "test"), Account(9e5, 1e-3))
    with replaying(replay):
        return answered(binned("x", kind, rho, bins), holder)[0]


def distance(real: np.ndarray, made: np.ndarray) -> float:
    """Total variation distance over 32 quantile bins of the real values, a heavy value being one."""
    cuts = np.unique(np.quantile(real, np.linspace(0, 1, 33)[1:-1], method="lower"))
    shares = [
        np.bincount(np.searchsorted(cuts, x, side="right"), minlength=len(cuts) + 1) / len(x) for x in (real, made)
    ]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


RNG = np.random.default_rng(1)
COLUMNS: dict[str, tuple[np.ndarray, NUMERIC]] = {
    "ages": (RNG.normal(40, 12, ROWS).clip(17, 90).round(), Integer(bounds=Bounds(low=0, high=120))),
    "seconds, most of them few": (RNG.exponential(80, ROWS), Number(bounds=Bounds(low=0, high=86_400))),
    "rates near one": (1 - RNG.beta(1, 60, ROWS), Number(bounds=Bounds(low=0, high=1))),
    "a narrow hill on a long line": (RNG.normal(3, 2, ROWS), Number(bounds=Bounds(low=-1e6, high=1e6))),
    "money": (RNG.lognormal(7, 1.5, ROWS).round(2), Number(decimals=2, bounds=Bounds(low=0, high=1e8))),
    "debts and savings": (RNG.laplace(0, 500, ROWS).round(), Integer(bounds=Bounds(low=-(10**6), high=10**6))),
    "mostly zero": (
        np.where(RNG.random(ROWS) < 0.8, 0, RNG.gamma(2, 300, ROWS)),
        Number(bounds=Bounds(low=0, high=1e6)),
    ),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_of_twenty_thousand_rows_comes_back(name: str) -> None:
    cells, kind = COLUMNS[name]
    assert distance(cells, drawn(cells, kind)) < 0.06


@pytest.mark.parametrize("name", ["seconds, most of them few", "money"])
def test_noise_on_wide_empty_stretches_makes_no_rows_far_out(name: str) -> None:
    cells, kind = COLUMNS[name]
    made = drawn(cells, kind)
    assert made.mean() == pytest.approx(cells.mean(), rel=0.25) and np.quantile(made, 0.999) < cells.max()


def test_a_long_tail_that_noise_all_but_hides_is_not_gathered_in_one_place() -> None:
    rng = np.random.default_rng(1)
    cells = np.where(rng.random(ROWS) < 0.2, 0, rng.lognormal(6, 1.3, ROWS)).round(1)
    kind = Number(bounds=Bounds(low=0, high=86_400))
    for number in range(12):
        assert distance(cells, drawn(cells, kind, 0.0001, replay=f"tail {number}")) < 0.2


@pytest.mark.parametrize("name", COLUMNS)
def test_of_noise_alone_a_line_is_made_all_the_same(name: str) -> None:
    cells, kind = COLUMNS[name]
    made = drawn(cells[:5], kind, rho=1e-6)
    assert kind.bounds.low is not None and kind.bounds.high is not None
    assert np.isfinite(made).all() and made.min() >= kind.bounds.low and made.max() <= kind.bounds.high  # type: ignore[operator]


def test_round_values_with_many_rows_come_back_as_they_are() -> None:
    cells = np.where(RNG.random(ROWS) < 0.6, RNG.choice([0.2, 0.4, 0.65], ROWS), RNG.random(ROWS))
    made = drawn(cells, Number(bounds=Bounds(low=0, high=1)))
    for value in (0.2, 0.4, 0.65):
        assert np.mean(made == value) == pytest.approx(0.2, abs=0.02)
    hours = np.where(RNG.random(ROWS) < 0.5, 40, RNG.integers(1, 100, ROWS))
    assert np.mean(drawn(hours, Integer(bounds=Bounds(low=1, high=99))) == 40) == pytest.approx(0.5, abs=0.02)


def test_zero_and_the_ends_come_back_exactly() -> None:
    low, high = -7.3, 913.7
    cells = np.where(RNG.random(ROWS) < 0.9, RNG.choice([low, 0.0, high], ROWS), RNG.uniform(low, high, ROWS))
    made = drawn(cells, Number(bounds=Bounds(low=low, high=high)))
    for value in (low, 0.0, high):
        assert np.mean(made == value) == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize("decimals", [1, 2, 3])
def test_values_of_a_grid_come_back_and_no_others(decimals: int) -> None:
    values = np.arange(0, 500) / 10.0**decimals
    kind = Number(decimals=decimals, bounds=Bounds(low=0, high=float(values[-1])))
    found, rows = np.unique(drawn(np.repeat(values, 40), kind, 1e4), return_counts=True)
    assert np.array_equal(found, values) and rows.min() > 10


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        (Integer(step=5, bounds=Bounds(low=1, high=100)), np.arange(5, 101, 5)),
        (Number(decimals=2, bounds=Bounds(low=0.005, high=0.995)), np.arange(1, 100) / 100),
    ],
)
def test_bounds_beside_the_grid_move_no_value(kind: NUMERIC, cells: np.ndarray) -> None:
    assert set(drawn(np.repeat(cells, 50), kind, 100.0, 250).tolist()) == set(cells.tolist())


def test_a_line_of_one_value_holds_that_value() -> None:
    for value in (3.14159, 0.001, -1e-12):
        assert set(drawn([value] * 9, Number(bounds=Bounds(low=value, high=value))).tolist()) == {value}


def test_moments_are_cut_to_the_microsecond_and_to_the_day() -> None:
    begin = 1_600_000_000_000_000
    cells = pl.Series(begin + RNG.integers(0, 10**13, ROWS)).cast(pl.Datetime("us"))
    kind = Moment(precision="us", bounds=Bounds(low="2000-01-01T00:00:00", high="2040-01-01T00:00:00"))
    made = drawn(cells, kind)
    assert np.quantile(made, 0.5) == pytest.approx(begin + 5 * 10**12, abs=6 * 10**11)


@pytest.mark.parametrize(
    ("low", "high"),
    [(5, 5), (0, 2**62), (-(2**62), 2**62), (2**61, 2**61 + 1000), (-10, -3), (0, 2**63 - 1)],
)
def test_whole_numbers_of_any_size_have_a_line(low: int, high: int) -> None:
    made = codes([low, high, high], Integer(bounds=Bounds(low=low, high=high)), 40.0, 16)
    values = made.decode(np.arange(made.size), np.full(made.size, 0.5)).to_list()
    assert low <= min(values) and max(values) <= high


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 0.0), (-1e300, 1e300), (1e15, 1e15 + 1), (0.0, 5e-324), (0.1, 0.1 + 1e-12)]
)
def test_real_numbers_of_any_size_have_a_line(low: float, high: float) -> None:
    made = codes([low, high, high], Number(bounds=Bounds(low=low, high=high)), 40.0, 16)
    values = made.decode(np.arange(made.size), np.full(made.size, 0.5)).to_list()
    assert low <= min(values) and max(values) <= high
