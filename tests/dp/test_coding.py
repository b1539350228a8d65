"""Codes that are declared or bought: where rows are, at the price that was said, and never from the rows themselves."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Boolean, Bounds, Category, Integer, Kind, Moment, Number
from synthesist.data.schema import Schema, TableSchema
from synthesist.dp.accounting import Account
from synthesist.dp.coding import Coding, Grouped, coded
from synthesist.dp.domain import Domain
from synthesist.dp.private import PrivateData, answered
from synthesist.errors import UnsuitableError

RNG = np.random.default_rng(0)
RHO = 40.0


def bought(
    cells: Any, kind: Kind, *, rho: float = RHO, bins: int = 16, delta: float = 1e-4
) -> tuple[Coding, Mapping[str, float]]:
    """The coding of one column, and what was paid for what."""
    schema = Schema(tables={"t": TableSchema(columns={"x": kind})})
    data = Dataset({"t": pl.DataFrame({"x": pl.Series(cells, dtype=kind.storage)})}, schema)
    domain, account = Domain.of(schema, "test"), Account(9e5, 1e-3, additive=5e-4)
    coding = answered(coded(domain, rho, delta, share=0.5, bins=bins), PrivateData(data, domain, account))
    paid: dict[str, float] = {}
    for cost, about in account.entries:
        paid[about] = paid.get(about, 0.0) + cost.rho(2.0)
    assert sum(paid.values()) <= rho * 0.5 * (1 + 1e-6)
    assert coding.rho == pytest.approx(rho * 0.5)
    return coding, paid


def test_few_numbers_have_a_code_each() -> None:
    coding, paid = bought([1, 2, 2, 5] * 100, Integer(bounds=Bounds(low=1, high=8)))
    codec = coding.codec.modelled["x"]
    assert codec.size == 8
    assert list(paid) == ["bins of x"]
    assert coding.counts["x"].values == pytest.approx([100, 200, 0, 0, 100, 0, 0, 0], abs=2)
    assert codec.decode(np.arange(8), np.full(8, 0.5)).to_list() == list(range(1, 9))  # type: ignore[union-attr]


def test_a_value_with_many_rows_among_many_has_a_code_of_its_own() -> None:
    gains = np.where(RNG.random(20_000) < 0.9, 0, RNG.integers(1, 100_000, 20_000))
    gains[:800] = 15_024
    coding, _ = bought(gains, Integer(bounds=Bounds(low=0, high=99_999)))
    codec = coding.codec.modelled["x"]
    decoded = codec.decode(np.arange(codec.size), np.full(codec.size, 0.5))  # type: ignore[union-attr]
    assert {0, 15_024} <= set(decoded.to_list())
    assert 4 <= codec.size <= 24


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        (Number(bounds=Bounds(low=-50, high=50)), RNG.normal(3, 2, 8_000)),
        (Number(decimals=2, bounds=Bounds(low=0, high=1e6)), RNG.gamma(2, 300, 8_000).round(2)),
        (Integer(bounds=Bounds(low=0, high=10**12)), (RNG.pareto(2, 8_000) * 1_000).astype(int)),
        (Number(), RNG.normal(1e5, 10, 8_000)),
        (Integer(), RNG.integers(-40, 900, 8_000)),
    ],
)
def test_codes_follow_the_rows(kind: Kind, cells: np.ndarray) -> None:
    coding, _ = bought(cells, kind, bins=64)
    codec = coding.codec.modelled["x"]
    mass = codec.mass / codec.mass.sum()
    codes = RNG.choice(codec.size, 20_000, p=mass)
    made = codec.decode(codes, RNG.random(20_000)).to_numpy().astype(float)  # type: ignore[union-attr]
    for share in (0.1, 0.5, 0.9):
        below = np.mean(made <= np.quantile(cells, share))
        assert below == pytest.approx(share, abs=0.05)


def test_a_range_is_bought_where_none_is_declared_and_kept_where_one_is() -> None:
    coding, paid = bought(RNG.integers(0, 900, 4_000), Integer(bounds=Bounds(low=0)))
    kind = coding.codec.modelled["x"].kind  # type: ignore[union-attr]
    assert (kind.bounds.low, kind.bounds.high, kind.bounds.origin) == (0, 1024, "dp")  # type: ignore[union-attr]
    assert "range of x" in paid
    assert coding.codec.schema.table["x"].bounds.high is None, "what was bought is no part of the declared schema"  # type: ignore[union-attr]


def test_a_range_that_noise_hides_is_not_guessed() -> None:
    with pytest.raises(UnsuitableError, match="The range of `x` cannot be seen at this price: declare its `bounds`"):
        bought([1.5, 2.5], Number(), rho=1e-3)


def test_dates_are_cut_like_numbers() -> None:
    days = pl.Series(RNG.integers(19_000, 19_700, 5_000)).cast(pl.Int32).cast(pl.Date)
    coding, _ = bought(days, Moment(precision="d", bounds=Bounds(low="1970-01-01", high="2029-12-31")))
    codec = coding.codec.modelled["x"]
    made = codec.decode(RNG.choice(codec.size, 4_000, p=codec.mass / codec.mass.sum()), RNG.random(4_000))  # type: ignore[union-attr]
    assert date(2021, 11, 1) <= made.sort()[80] and made.sort()[-80] <= date(2024, 3, 1)


def test_seldom_values_share_a_code_and_may_still_be_drawn() -> None:
    values = [f"v{i:02d}" for i in range(40)]
    cells = ["v03"] * 3_000 + ["v17"] * 2_000 + values
    coding, _ = bought(cells, Category(values=values), rho=0.02, bins=8)  # type: ignore[arg-type]
    codec = coding.codec.modelled["x"]
    assert 2 <= codec.size < 12
    seldom = codec.decode(np.full(5_000, codec.size - 1), RNG.random(5_000))  # type: ignore[union-attr]
    assert seldom.n_unique() > 5
    assert not {"v03", "v17"} & set(seldom.to_list())


def test_values_that_are_not_declared_are_bought_by_their_number() -> None:
    coding, paid = bought(["common"] * 900 + ["other"] * 600 + ["one of a kind"], Category(), rho=4.0)
    assert coding.codec.modelled["x"].values == ("common", "other")  # type: ignore[union-attr]
    assert "values of x" in paid


def test_missing_cells_are_counted_where_there_may_be_any() -> None:
    coding, _ = bought([True, None, None] * 100, Boolean(missing=True))
    assert coding.counts["x"].values == pytest.approx([0, 100, 200], abs=2)


def test_codes_in_groups_keep_their_order() -> None:
    coding, _ = bought(RNG.integers(0, 16, 4_000), Integer(bounds=Bounds(low=0, high=15)))
    grouped = Grouped.even(coding.codec.modelled["x"], 4)  # type: ignore[arg-type]
    codes = grouped.encode(pl.Series(range(16)))
    assert grouped.size == 4
    assert (np.diff(codes) >= 0).all() and codes[0] == 0 and codes[-1] == 3
