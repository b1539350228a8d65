"""Fitted methods under rules: no row breaks one, and the rows stay like the data."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist import catalog
from synthesist.engine.recast import recast_of
from synthesist.errors import DataError, NotFoundError, SpecError
from synthesist.rules.rule import read_rule
from synthesist.verbs.reading import with_rules

RULES = (
    "start <= end <= closed",
    "total = round(price * quantity, 2)",
    "combinations(country, currency)",
    "one_hot(red, green, blue)",
    "zip -> city",
    "if status = 'paid' then closed is not missing else closed is missing",
    "price between 0.5 and 1000",
    "unique(student, course)",
)


@pytest.fixture(scope="module")
def orders() -> pl.DataFrame:
    rng, n = np.random.default_rng(0), 2_000
    start = np.datetime64("2022-01-01") + rng.integers(0, 900, n).astype("timedelta64[D]")
    end = start + rng.poisson(8, n).astype("timedelta64[D]")
    paid, hot, zips = rng.random(n) < 0.6, rng.choice(3, n), rng.integers(100, 140, n)
    price, quantity = rng.lognormal(3, 0.6, n).round(2), rng.geometric(0.4, n)
    country = rng.choice(["DE", "FR", "US"], n)
    return pl.DataFrame(
        {
            "student": np.arange(n) % 1_000,
            "course": np.arange(n) // 1_000 * 3 + rng.integers(0, 3, n),
            "start": start,
            "end": end,
            "closed": np.where(paid, end + rng.geometric(0.1, n).astype("timedelta64[D]"), np.datetime64("NaT")),
            "price": price,
            "quantity": quantity,
            "total": (price * quantity).round(2),
            "country": country,
            "currency": np.where(country == "US", "USD", "EUR"),
            "red": hot == 0,
            "green": hot == 1,
            "blue": hot == 2,
            "zip": zips.astype(str),
            "city": np.array(list("ABCD"))[(zips - 100) // 10],
            "status": np.where(paid, "paid", "open"),
        }
    )


@pytest.fixture(scope="module", params=["trees", "argn", "gaussian_copula"])
def model(request: pytest.FixtureRequest, orders: pl.DataFrame) -> Any:
    return sy.fit(orders, request.param, rules=RULES, **catalog.load("methods", request.param).tiny)


def broken(table: pl.DataFrame) -> dict[str, int]:
    return {text: count for text in RULES if (count := int(read_rule(text).broken(table).sum()))}


def test_no_row_breaks_a_rule(model: Any, orders: pl.DataFrame) -> None:
    rows = model.sample(1_500)
    assert rows.schema == orders.schema
    assert not broken(rows)
    assert rows["red"].mean() == pytest.approx(1 / 3, abs=0.1)
    assert (rows["end"] - rows["start"]).dt.total_days().mean() == pytest.approx(8, abs=2)


def test_the_first_rows_do_not_depend_on_how_many_are_drawn(model: Any) -> None:
    assert model.sample(300, seed=3).equals(model.sample(900, seed=3).head(300))


def test_a_saved_model_keeps_its_rules(model: Any, tmp_path: Path) -> None:
    model.save(tmp_path / "ruled.syn")
    again = sy.load(tmp_path / "ruled.syn")
    assert again.schema.table.rules == RULES
    assert again.sample(400, seed=1).equals(model.sample(400, seed=1))


def test_conditions_and_holes_under_rules(model: Any) -> None:
    rows = model.sample(200, {"currency": "USD", "city": ["B", "C"], "start": (">=", date(2023, 1, 1))})
    assert not broken(rows)
    assert rows["country"].unique().to_list() == ["US"]
    assert set(rows["city"]) <= {"B", "C"}
    holes = rows.with_columns(pl.lit(None, dtype=pl.String).alias("country"), pl.lit(None, dtype=pl.Date).alias("end"))
    full = model.fill(holes)
    assert not broken(full)
    assert full["country"].unique().to_list() == ["US"]
    assert full["start"].equals(rows["start"])


def test_told_and_told_back_it_is_the_same_table(orders: pl.DataFrame) -> None:
    data = with_rules(sy.read(orders), RULES)
    recast = recast_of(data, gaps=True)
    told = recast.told(data)
    assert {"city", "total", "currency", "blue"}.isdisjoint(told.table.columns)
    assert recast.back(told).table.equals(data.table)


@pytest.mark.parametrize(
    ("rule", "error", "said"),
    [
        ("price <= 20", DataError, r"`price <= 20` is broken by [\d,]+ of 2,000 rows"),
        ("begin <= end", NotFoundError, "column `begin`"),
        ("price + quantity", SpecError, "neither true nor false"),
    ],
)
def test_rules_the_data_cannot_meet_are_refused(orders: pl.DataFrame, rule: str, error: Any, said: str) -> None:
    with pytest.raises(error, match=said):
        sy.fit(orders, "marginals", rules=[rule])
