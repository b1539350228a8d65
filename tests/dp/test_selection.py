"""The exponential mechanism against its exact probabilities."""

from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from synthesist.dp.entropy import ByteSource, byte_source
from synthesist.dp.selection import exponential_mechanism
from synthesist.errors import SpecError

CASES = [
    ([3, 0, 5, 5, -20], 1, 1.0),
    ([0, 1], 1, Fraction(1, 3)),
    ([10, 0, 7, 9], Fraction(7, 2), 2),
    ([0, 10**6, 2 * 10**6, 900_000], 1, 1e-6),
    ([10**30, 10**30 - 10**29, 10**30 - 3 * 10**29], 10**29, 1.5),
    (list(range(60)), 1, 0.25),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{len(case[0])} candidates, {float(case[2]):.3g}")
def test_the_probabilities_are_exact(case: tuple[list[int], int | Fraction, float | Fraction]) -> None:
    assert fits(case, 2_000, stream()) > 1e-3


@pytest.mark.prove
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{len(case[0])} candidates, {float(case[2]):.3g}")
def test_the_probabilities_are_exact_with_the_operating_system(
    case: tuple[list[int], int | Fraction, float | Fraction],
) -> None:
    assert fits(case, 20_000, None) > 1e-6


@pytest.mark.parametrize("wrong", [2.0, 0.5])
def test_a_factor_of_two_is_told(wrong: float) -> None:
    scores, sensitivity, epsilon = CASES[0]
    assert fits((scores, sensitivity, wrong * float(epsilon)), 2_000, stream(), claimed=float(epsilon)) < 1e-6


def test_corners() -> None:
    with byte_source(stream()):
        assert exponential_mechanism(np.array([-7]), 1, 1.0) == 0
        assert exponential_mechanism(np.array([-(2**62), 2**62, 0]), 1, 1.0) == 1
        assert exponential_mechanism(np.array([0, 10**40], object), 1, 1) == 1
        even = [exponential_mechanism(np.array([10**15] * 5), 1, 50.0) for _ in range(500)]
        assert stats.chisquare(np.bincount(even)).pvalue > 1e-3


def test_one_best_of_a_hundred_thousand_is_found() -> None:
    scores = np.zeros(100_000, np.int64)
    scores[77_777] = 10**6
    with byte_source(stream()):
        assert exponential_mechanism(scores, 1, 1.0) == 77_777


def test_scores_of_every_width_and_in_any_unit_choose_alike() -> None:
    scores = np.array([3, 9, 4, 8])
    with byte_source(stream()):
        expected = [exponential_mechanism(scores, 3, 1) for _ in range(30)]
    for same, sensitivity in [(scores.astype(np.uint8), 3), (scores.tolist(), 3), (scores * 100, 300)]:
        with byte_source(stream()):
            assert [exponential_mechanism(same, sensitivity, 1) for _ in range(30)] == expected


@pytest.mark.parametrize(
    ("scores", "sensitivity", "epsilon", "word"),
    [
        ([], 1, 1.0, "candidate"),
        ([[1, 2]], 1, 1.0, "candidate"),
        ([0.5, 1.0], 1, 1.0, "whole"),
        ([float("nan")], 1, 1.0, "whole"),
        ([Fraction(1, 2)], 1, 1.0, "whole"),
        ([1, 2], 0, 1.0, "sensitivity"),
        ([1, 2], 0.5, 1.0, "sensitivity"),
        ([1, 2], 1, 0.0, "epsilon"),
        ([1, 2], 1, float("nan"), "epsilon"),
        ([1, 2], 1, float("inf"), "epsilon"),
    ],
)
def test_what_cannot_be_chosen_by_is_refused(scores: list, sensitivity: int, epsilon: float, word: str) -> None:
    with pytest.raises(SpecError, match=word):
        exponential_mechanism(np.array(scores), sensitivity, epsilon)


def fits(case: tuple, n: int, source: ByteSource | None, claimed: float | None = None) -> float:
    """The p-value of chi-square for n selections; rare candidates are pooled."""
    scores, sensitivity, epsilon = case
    if source:
        with byte_source(source):
            chosen = [exponential_mechanism(np.array(scores), sensitivity, epsilon) for _ in range(n)]
    else:
        chosen = [exponential_mechanism(np.array(scores), sensitivity, epsilon) for _ in range(n)]
    gaps = [float((max(scores) - score) / (2 * Fraction(sensitivity))) for score in scores]
    expected = np.exp(-(claimed or float(epsilon)) * np.array(gaps))
    expected *= n / expected.sum()
    seen = np.bincount(chosen, minlength=len(scores))
    common = expected >= 5
    pooled = [np.append(x[common], x[~common].sum()) for x in (seen, expected)]
    cells = [x[:-1] if common.all() else x for x in pooled]
    return float(stats.chisquare(*cells).pvalue)


def stream() -> ByteSource:
    return np.random.Generator(np.random.Philox(0)).bytes
