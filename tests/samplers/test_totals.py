"""Exact numbers of rows: the sum is met, bounds are kept, and counts stay what was declared."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from synthesist.errors import DataError, SpecError
from synthesist.samplers.tables import Tables, counting
from synthesist.verbs.drawing import sample

N = 4_000


def tables(each: Any, **more: Any) -> Tables:
    a = {"columns": {"id": {"is": "keys"}}}
    b = {"columns": {"id": {"is": "keys"}, "a": {"is": "reference", "to": "a", "each": each}}}
    c = {"columns": {"b": {"is": "reference", "to": "b", "each": 2}}, **more}
    return Tables.build({"tables": {"a": a, "b": b, "c": c}})


def counts(each: Any, total: int, n: int = N) -> np.ndarray:
    """How many rows each of n owners has, of so many in all."""
    table = sample(tables(each), {"a": n, "b": total}).tables["b"]
    return np.bincount(table["a"].to_numpy(), minlength=n + 1)[1:]


@pytest.fixture(autouse=True)
def many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "ROWS", 4_096)


@pytest.mark.parametrize("factor", [0.3, 1.0, 2.5])
@pytest.mark.parametrize(
    ("each", "mean", "law"),
    [
        ({"is": "poisson", "mean": 4}, 4, lambda mean: stats.poisson(mean)),
        ({"is": "negative_binomial", "mean": 4, "size": 1.5}, 4, lambda mean: stats.nbinom(1.5, 1.5 / (1.5 + mean))),
        ({"is": "geometric", "p": 0.2}, 5, lambda mean: stats.geom(1 / mean)),
        ({"is": "binomial", "trials": 20, "p": 0.2}, 4, lambda mean: stats.binom(20, mean / 20)),
        ({"is": "bernoulli", "p": 0.3}, 0.3, lambda mean: stats.bernoulli(mean)),
    ],
    ids=lambda value: value["is"] if isinstance(value, dict) else "",
)
def test_counts_of_an_exact_sum_are_of_the_same_family(each: Any, mean: float, law: Any, factor: float) -> None:
    total = round(mean * factor * N)
    seen = counts(each, total)
    assert seen.sum() == total
    wanted = law(total / N)
    assert seen.var() == pytest.approx(wanted.var(), rel=0.12)
    for value in range(int(wanted.ppf(0.05)), int(wanted.ppf(0.95)) + 1):
        assert (seen == value).mean() == pytest.approx(wanted.pmf(value), abs=0.035)


@pytest.mark.parametrize("total", [N, 2 * N, 2 * N + 1, 3 * N - 7, 6 * N - 1, 6 * N])
def test_bounds_are_kept_up_to_the_last_row(total: int) -> None:
    for each in (
        {"is": "uniform", "low": 1, "high": 6, "integers": True},
        {"is": "geometric", "high": 6},
        {"is": "negative_binomial", "mean": 2, "low": 1, "high": 6},
    ):
        seen = counts(each, total)
        assert seen.sum() == total and seen.min() >= 1 and seen.max() <= 6


@pytest.mark.parametrize(
    ("each", "total", "says"),
    [
        (3, 3 * N + 1, "each has 3"),
        ({"is": "uniform", "low": 1, "high": 6, "integers": True}, 6 * N + 1, "each has 1 to 6"),
        ({"is": "geometric"}, N - 1, "each has 1 or more"),
    ],
)
def test_sums_that_cannot_be_are_refused(each: Any, total: int, says: str) -> None:
    with pytest.raises(DataError, match=says):
        counts(each, total)


def test_nobody_has_rows_and_yet_there_are_some() -> None:
    assert counts({"is": "poisson", "mean": 1e-9}, 50).sum() == 50


def test_rows_below_rows_are_exact_too() -> None:
    data = sample(tables({"is": "poisson", "mean": 3}), {"a": 700, "b": 2_500, "c": 5_000})
    assert [data.tables[name].height for name in "abc"] == [700, 2_500, 5_000]
    page = sample(tables({"is": "poisson", "mean": 3}, rows_per_unit=5), {"a": 700, "b": 1_750})
    assert page.tables["c"].height == 3_500


def test_as_many_units_as_the_rows_below_need() -> None:
    data = sample(tables({"is": "poisson", "mean": 3}), {"c": 12_000})
    assert data.tables["c"].height == 12_000 and data.units == pytest.approx(2_000, rel=0.05)


def test_the_sum_does_not_depend_on_threads() -> None:
    from synthesist.core import Context

    one, three = (
        sample(tables({"is": "poisson", "mean": 3}), {"a": 5_000, "b": 9_999}, ctx=Context.seeded(1, threads=threads))
        for threads in (1, 3)
    )
    assert one.tables["b"].equals(three.tables["b"]) and one.tables["c"].equals(three.tables["c"])


@pytest.mark.parametrize(
    ("n", "says"),
    [({"x": 3}, "no table `x`"), ({"a": 0}, "whole number of at least 1"), ({"a": 2.5}, "whole number of at least 1")],
)
def test_numbers_of_rows_that_mean_nothing_are_refused(n: Any, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        sample(tables({"is": "poisson"}), n)
