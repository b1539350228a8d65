"""The laws that are written out say what those of scipy say, in both tails."""

import numpy as np
import pytest
from scipy import stats

from synthesist.samplers.columns.laws import CONTINUOUS, DISCRETE, law

CONTINUOUS_CASES = [
    ("expon", (), {"scale": 3.0}),
    ("weibull_min", (0.7,), {"scale": 2.0}),
    ("weibull_min", (3.0,), {}),
    ("pareto", (2.5,), {"scale": 10.0}),
    ("gamma", (0.3,), {"scale": 5.0}),
    ("gamma", (40.0,), {}),
    ("beta", (0.5, 0.5), {}),
    ("beta", (8.0, 2.0), {}),
]
DISCRETE_CASES = [
    ("geom", (0.02,)),
    ("geom", (0.9,)),
    ("poisson", (0.1,)),
    ("poisson", (5_000.0,)),
    ("binom", (10, 0.5)),
    ("binom", (100_000, 0.001)),
    ("nbinom", (0.4, 0.1)),
    ("nbinom", (20.0, 0.7)),
]


@pytest.mark.parametrize(("name", "shapes", "place"), CONTINUOUS_CASES)
def test_continuous_laws(name: str, shapes: tuple[float, ...], place: dict[str, float]) -> None:
    ours, theirs = law(name, *shapes, **place), getattr(stats, name)(*shapes, **place)
    assert ours.support() == pytest.approx(theirs.support())
    shares = np.array([1e-300, 1e-12, 1e-3, 0.2, 0.5, 0.9, 0.999])
    for function in ("ppf", "isf"):
        assert getattr(ours, function)(shares) == pytest.approx(getattr(theirs, function)(shares), rel=1e-9)
    x = np.concatenate([[-1.0, 0.0], theirs.ppf(shares), theirs.isf(shares[1:]), [1e9]])
    for function in ("cdf", "sf", "pdf"):
        with np.errstate(divide="ignore"):  # scipy's own
            expected = getattr(theirs, function)(x)
        assert getattr(ours, function)(x) == pytest.approx(expected, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize(("name", "shapes"), DISCRETE_CASES)
def test_discrete_laws(name: str, shapes: tuple[float, ...]) -> None:
    ours, theirs = law(name, *shapes), getattr(stats, name)(*shapes)
    assert ours.support() == theirs.support()
    k = np.arange(theirs.support()[0], theirs.ppf(0.999999) + 1)
    assert ours.pmf(k) == pytest.approx(theirs.pmf(k), rel=1e-8, abs=1e-300)
    for share in (1e-9, 0.01, 0.5, 0.97):
        assert ours.ppf(share) == theirs.ppf(share)
        assert ours.isf(share) == theirs.isf(share)


def test_every_law_that_is_written_out_is_compared() -> None:
    assert {name for name, *_ in CONTINUOUS_CASES} == set(CONTINUOUS)
    assert {name for name, _ in DISCRETE_CASES} == set(DISCRETE)
