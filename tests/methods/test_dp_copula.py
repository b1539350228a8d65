"""`dp_copula`: correlations under noise, and categories in an order that tells."""

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.data.dataset import Dataset
from synthesist.dp.entropy import replaying
from synthesist.testing.private import declared

ROWS = 4_000


@pytest.fixture(scope="module")
def data() -> Dataset:
    """Two numbers that rise together, a third that falls, and a category whose values stand in no order of letters."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=ROWS)
    frame = pl.DataFrame(
        {
            "x": (50 + 10 * z).round().astype(int),
            "y": (z + rng.normal(size=ROWS) / 2).round(2),
            "down": (-z + rng.normal(size=ROWS)).round(2),
            "grade": np.array(["m", "a", "z", "f"])[np.clip(np.floor(z + 2), 0, 3).astype(int)],
        }
    )
    return declared(sy.read(frame))


def drawn(data: Dataset, epsilon: float) -> pl.DataFrame:
    with replaying():
        return sy.fit(data, "dp_copula", epsilon=epsilon, delta=1e-6).sample(ROWS).table


@pytest.mark.parametrize(("a", "b"), [("x", "y"), ("x", "down"), ("y", "down")])
def test_correlations_are_kept(a: str, b: str, data: Dataset) -> None:
    real, made = (t.select(pl.corr(a, b, method="spearman")).item() for t in (data.table, drawn(data, 10.0)))
    assert made == pytest.approx(real, abs=0.1)


def test_categories_stand_in_the_order_of_their_numbers(data: Dataset) -> None:
    means = drawn(data, 10.0).group_by("grade").agg(pl.col("x").mean()).sort("x")
    assert means["grade"].to_list() == ["m", "a", "z", "f"]


def test_a_small_budget_finds_no_correlation_rather_than_a_wrong_one(data: Dataset) -> None:
    rows = drawn(data, 0.002)
    assert abs(rows.select(pl.corr("x", "y", method="spearman")).item()) < 0.9
