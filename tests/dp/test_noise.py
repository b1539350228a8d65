"""Noise against its exact law, bit by bit where bits can be counted, and against the noise of OpenDP."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from synthesist.dp import noise
from synthesist.dp.coins import DIGITS, coin, decay, spent
from synthesist.dp.entropy import byte_source
from synthesist.dp.noise import bernoulli_exp, discrete_gaussian, discrete_laplace, uniform_below
from synthesist.errors import SpecError

Law = tuple[Callable[..., np.ndarray], float | Fraction]
ODD = Fraction(10**30 + 7, 3 * 10**29 + 1)  # about 10/3, with no room for it in 64 bits
LAWS = [
    *[(discrete_gaussian, v) for v in (0.09, Fraction(1, 2), 1, Fraction(50, 3), 10**6, 1e12, ODD, 2**79)],
    *[(discrete_laplace, s) for s in (0.3, 1, 2, Fraction(7, 2), 1000, 1e6, ODD)],
]
OPENDP = Path(__file__).parent / "reference" / "opendp.json"
by_law = pytest.mark.parametrize("law", LAWS, ids=lambda law: f"{law[0].__name__}({float(law[1]):.4g})")


def stream(key: int = 0) -> Callable[[int], bytes]:
    """Bytes that are the same in every run."""
    return np.random.Generator(np.random.Philox(key)).bytes


@by_law
def test_the_law_is_exact(law: Law) -> None:
    with byte_source(stream()):
        draws = law[0](100_000, law[1])
    assert draws.dtype == np.int64
    assert min(fits(draws, law)) > 1e-3


@by_law
def test_unbounded_integers_follow_the_same_law(law: Law, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise, "LINEAR", 0)
    with byte_source(stream(1)):
        assert min(fits(law[0](20_000, law[1]), law)) > 1e-3


def test_large_numbers_are_squared_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise, "LARGEST", 3)
    with byte_source(stream(2)):
        assert min(fits(discrete_gaussian(100_000, 20), (discrete_gaussian, 20))) > 1e-3


@pytest.mark.prove
@by_law
def test_the_law_is_exact_in_a_million_draws_of_the_operating_system(law: Law) -> None:
    assert min(fits(law[0](1_000_000, law[1]), law)) > 1e-6


@pytest.mark.parametrize(
    ("wrong", "law"),
    [
        (lambda n, rng: np.rint(rng.normal(0, 0.8, n)), (discrete_gaussian, 0.64)),
        (lambda n, rng: np.rint(rng.normal(0, 10.2, n)), (discrete_gaussian, 100)),
        (lambda n, rng: np.rint(rng.laplace(0, 2, n)), (discrete_laplace, 2)),
        (lambda n, rng: np.trunc(rng.laplace(0, 50, n)), (discrete_laplace, 50)),
    ],
    ids=["rounded", "2 % too wide", "rounded Laplace", "truncated Laplace"],
)
def test_a_wrong_law_is_told(wrong: Callable[..., np.ndarray], law: Law) -> None:
    assert min(fits(wrong(100_000, np.random.default_rng(0)), law)) < 1e-6


@pytest.mark.parametrize("law", [(discrete_gaussian, 9), (discrete_laplace, 3)])
def test_there_are_no_holes_and_no_side(law: Law) -> None:
    with byte_source(stream(3)):
        draws = law[0](200_000, law[1])
    assert set(range(-9, 10)) <= set(draws.tolist())
    assert abs((draws > 0).sum() - (draws < 0).sum()) < 4 * np.sqrt(len(draws))


# --------------------------------------------------------------------------- every string of bits, counted


@pytest.mark.parametrize(("a", "b"), [(0, 5), (1, 3), (5, 7), (15, 16), (4, 4), (2**57 + 12_345, 2**58)])
def test_a_coin_is_right_for_every_string_of_bits(a: int, b: int) -> None:
    yes, void = counted(lambda words, at: coin(a, b, words, at), digits=3)
    assert yes / 2**12 <= Fraction(a, b) <= (yes + void) / Fraction(2**12)
    assert void <= 1


@pytest.mark.parametrize(("a", "b"), [(0, 5), (1, 3), (7, 7), (9, 5), (10, 3)])
def test_exp_is_right_for_every_string_of_bits(a: int, b: int) -> None:
    yes, void = counted(lambda words, at: decay(a, b, words, at), digits=4)
    assert yes / 2**16 <= np.exp(-a / b) <= (yes + void) / 2**16
    assert void / 2**16 < 0.3


def counted(draw: Callable[[np.ndarray, int], tuple[bool, int]], digits: int) -> tuple[int, int]:
    """How many of all strings of so many times four bits give a yes, and how many are too short to tell."""
    words, yes, void = np.zeros(1, np.int64), 0, 0
    start = DIGITS - digits
    for bits in np.arange(16**digits, dtype=np.uint64) << np.uint64(4 * start):
        words.view(np.uint64)[0] = bits
        hit, at = draw(words, start)
        void += spent(words, at)
        yes += hit and not spent(words, at)
    return int(yes), int(void)


# --------------------------------------------------------------------------- the parts


@pytest.mark.parametrize("dtype", [np.int64, object])
def test_bernoulli_exp(dtype: type) -> None:
    gamma = {(0, 7): 1.0, (1, 1000): 0, (1, 3): 0, (1, 1): 0, (5, 2): 0, (40, 1): 0.0, (10**18, 1): 0.0}
    with byte_source(stream(4)):
        for a, b in gamma:
            hits = bernoulli_exp(np.full((50, 400), a, dtype), np.full(400, b, dtype))
            assert hits.shape == (50, 400)
            assert stats.binomtest(int(hits.sum()), hits.size, float(np.exp(-a / b))).pvalue > 1e-3


@pytest.mark.parametrize("size", [1, 2, 3, 11, 1000, 2**62])
def test_uniform_numbers(size: int) -> None:
    with byte_source(stream(5)):
        draws = uniform_below(40_000, size).astype(object)
    assert draws.min() >= 0
    assert draws.max() < size
    cells = min(size, 64)
    edges = np.array(
        [-(-i * size // cells) for i in range(cells + 1)], object
    )  # cell i holds what x * cells // size is i
    counts = np.bincount((draws * cells // size).astype(int), minlength=cells)
    assert cells == 1 or stats.chisquare(counts, (len(draws) * np.diff(edges) / size).astype(float)).pvalue > 1e-3


@pytest.mark.parametrize("shape", [0, (), 5, (2, 3), (0, 4)])
def test_shapes(shape: int | tuple[int, ...]) -> None:
    expected = np.empty(shape).shape
    assert discrete_gaussian(shape, 4).shape == expected
    assert discrete_laplace(shape, ODD).shape == expected


@pytest.mark.parametrize("draw", [discrete_gaussian, discrete_laplace])
@pytest.mark.parametrize(
    "value", [0, -1, 0.0, -0.5, float("nan"), float("inf"), Fraction(-1, 3), 2**90, 1e30, "1", None]
)
def test_a_scale_that_is_none_is_refused(draw: Callable[..., np.ndarray], value: object) -> None:
    with pytest.raises(SpecError, match=r"variance|scale"):
        draw(3, value)


@pytest.mark.parametrize("value", [np.float32(4), np.int64(4), 4, 4.0, Fraction(4), np.uint8(4)])
def test_numbers_of_every_type_mean_the_same(value: object) -> None:
    with byte_source(stream(6)):
        found = discrete_gaussian(50, value)  # type: ignore[arg-type]
    with byte_source(stream(6)):
        assert (found == discrete_gaussian(50, 4)).all()


@pytest.mark.parametrize(("a", "b"), [([-1], 2), ([1], 0), ([0.5], 1), ([1], 0.5)])
def test_exponents_that_are_none_are_refused(a: list, b: float) -> None:
    with pytest.raises(SpecError):
        bernoulli_exp(np.array(a), np.array(b))


# --------------------------------------------------------------------------- OpenDP


def test_opendp_draws_the_same() -> None:
    with byte_source(stream(7)):
        compare(json.loads(OPENDP.read_text("utf-8")), 200_000, 1e-3)


@pytest.mark.prove
def test_opendp_draws_the_same_live() -> None:
    pytest.importorskip(
        "opendp", reason="the rival is compared live where it is installed; its counts are compared always"
    )
    script = OPENDP.with_name("make_opendp.py")
    made = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, env=os.environ)
    compare(json.loads(made.stdout), 1_000_000, 1e-6)


def compare(reference: dict, n: int, least: float) -> None:
    assert len(reference["cases"]) == 6
    for case in reference["cases"]:
        scale = Fraction(case["scale"])
        gaussian = case["family"] == "gaussian"
        draws = discrete_gaussian(n, scale**2) if gaussian else discrete_laplace(n, scale)
        ours = np.bincount(np.searchsorted(case["edges"], draws), minlength=len(case["counts"]))
        both = np.array([ours, case["counts"]])
        assert stats.chi2_contingency(both[:, both.sum(axis=0) >= 20]).pvalue > least, case["family"]


# --------------------------------------------------------------------------- exact laws


def fits(draws: np.ndarray, law: Law) -> tuple[float, float]:
    """The p-values of chi-square, tails pooled, and Kolmogorov-Smirnov, which is lenient for whole numbers."""
    width = float(law[1]) ** (0.5 if law[0] is discrete_gaussian else 1)
    edges = np.unique(np.linspace(-9 * width, 9 * width, 81).round())
    below = cumulative(edges, law)
    seen = np.searchsorted(np.sort(draws), edges, side="right") / len(draws)
    both_sides = len(draws) * np.minimum(below, 1 - below) >= 10
    cells = [np.diff(side[both_sides], prepend=0, append=1) * len(draws) for side in (seen, below)]
    distance = abs(seen - below).max()
    return float(stats.chisquare(*cells).pvalue), float(stats.kstwo.sf(distance, len(draws)))


def cumulative(x: np.ndarray, law: Law) -> np.ndarray:
    """P(X <= x) for whole x."""
    family, parameter = law[0], float(law[1])
    if family is discrete_laplace:
        tail = np.exp(-(abs(x) + (x >= 0)) / parameter) / (1 + np.exp(-1 / parameter))
        return np.where(x < 0, tail, 1 - tail)
    if parameter > 10**5:  # the sum and the integral agree to more digits than a test can see
        return stats.norm.cdf((x + 0.5) / np.sqrt(parameter))
    lattice = np.arange(-20_000, 20_001)
    mass = np.exp(-(lattice**2) / (2 * parameter))
    return np.cumsum(mass / mass.sum())[x.astype(int) + 20_000]
