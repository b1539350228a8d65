from datetime import date

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.codecs.derived import find_formulas, find_lookups
from synthesist.data.kinds import Category, Integer, Number

RNG = np.random.default_rng(0)
N = 2000


@pytest.fixture(scope="module")
def bills():
    net = RNG.lognormal(3, 1, N).round(2)
    quantity, price = RNG.integers(1, 9, N), RNG.lognormal(2, 1, N).round(2)
    celsius = RNG.normal(20, 5, N).round(1)
    return {
        "net": net,
        "tax": (net * 0.19).round(2),
        "tip": RNG.lognormal(0, 1, N).round(2),
        "quantity": quantity,
        "price": price,
        "celsius": celsius,
    }


def formulas(columns):
    frame = pl.DataFrame(columns)
    kinds = {c: Integer() if frame[c].dtype.is_integer() else Number(decimals=2) for c in frame.columns}
    return [str(f) for f in find_formulas(frame, kinds)]


def test_sums_multiples_and_products_are_found(bills):
    bills = dict(bills)
    bills["total"] = (bills["net"] + bills["tip"]).round(2)
    bills["amount"] = (bills["quantity"] * bills["price"]).round(2)
    bills["fahrenheit"] = (1.8 * bills["celsius"] + 32).round(2)
    found = formulas(bills)
    assert "tax = 0.19 * net" in found
    assert "amount = quantity * price" in found
    assert "fahrenheit = 1.8 * celsius + 32" in found
    assert "total = net + tip" in found


def test_noise_is_no_formula(bills):
    bills = dict(bills)
    bills["total"] = (bills["net"] + bills["tip"] + RNG.normal(0, 0.05, N)).round(2)
    assert not [f for f in formulas(bills) if "total" in f]


def test_one_wrong_row_in_two_thousand_is_no_formula(bills):
    total = (bills["net"] + bills["tip"]).round(2)
    total[7] += 1
    assert not [f for f in formulas({"net": bills["net"], "tip": bills["tip"], "total": total}) if "total" in f]


def lookups(columns):
    frame = pl.DataFrame(columns)
    return [(x.column, x.by) for x in find_lookups(frame, dict.fromkeys(frame.columns, Category()))]


def test_a_city_follows_from_its_zip():
    zips = RNG.integers(0, 50, N)
    assert lookups({"zip": zips.astype(str), "city": (zips // 5).astype(str)}) == [("city", "zip")]


def test_a_code_and_its_name_follow_from_each_other_once():
    level = RNG.integers(0, 16, N)
    assert len(lookups({"name": np.char.add("n", level.astype(str)), "code": level.astype(str)})) == 1


def test_agreement_by_accident_is_no_evidence():
    """A column that is nearly always the same follows from anything, which means nothing."""
    flag = np.where(np.arange(N) == 3, "yes", "no")
    color = np.where(np.arange(N) == 3, "red", RNG.choice(["blue", "green", "grey"], N))
    assert lookups({"color": color, "flag": flag}) == []


def test_nearly_unique_columns_explain_nothing():
    assert lookups({"code": np.arange(N).astype(str), "kind": RNG.choice(["a", "b"], N)}) == []


@pytest.mark.parametrize("method", ["trees", "gaussian_copula"])
def test_a_column_that_equals_another_always_does(method: str) -> None:
    rng = np.random.default_rng(0)
    days = pl.Series("day", rng.integers(0, 4000, 600)).cast(pl.Int32).cast(pl.Date)
    days = days.scatter(list(range(0, 600, 9)), None)
    table = pl.DataFrame({"day": days, "x": rng.normal(size=600).round(2), "again": days})
    model = sy.fit(table, method)
    after = date(1975, 1, 1)
    for made in (model.sample(300), model.sample(300, where={"again": (">=", after)})):
        assert made["day"].equals(made["again"])
    assert made["again"].min() >= after
    holes = table.with_columns(day=pl.lit(None, pl.Date))
    full = table["again"].is_not_null()
    assert model.fill(holes).filter(full).equals(table.filter(full))
