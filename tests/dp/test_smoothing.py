"""Neighbours help each other as far as they lie alike, and what stands out stays."""

import numpy as np
import pytest

from synthesist.dp.smoothing import smoothed

SIGMA = np.full(60, 20.0)


def error(true: np.ndarray, counts: np.ndarray) -> float:
    return float(np.abs(counts - true).mean())


@pytest.mark.parametrize(
    "true",
    [
        np.where(np.arange(60) < 25, 100.0, 300.0),
        np.linspace(20.0, 500.0, 60),
        400 * np.exp(-0.5 * ((np.arange(60) - 30) / 9.0) ** 2),
    ],
    ids=["a step", "a line", "a hill"],
)
def test_noise_on_alike_neighbours_shrinks(true: np.ndarray) -> None:
    noise = np.random.default_rng(0).normal(0, 20, (20, 60))
    raw, better = (np.mean([error(true, each(true + n)) for n in noise]) for each in (lambda c: c, smooth))
    assert better < 0.6 * raw


def smooth(counts: np.ndarray) -> np.ndarray:
    return smoothed(counts, SIGMA, np.ones(len(counts)))


def test_what_stands_out_stays() -> None:
    true = np.full(60, 100.0)
    true[40] = 2_000.0
    got = smooth(true + np.random.default_rng(1).normal(0, 20, 60))
    assert got[40] > 1_950 and np.abs(np.delete(got, 40) - 100).mean() < 8


def test_rows_that_follow_no_line_are_left_as_they_were_counted() -> None:
    true = np.random.default_rng(2).integers(0, 4_000, 60).astype(float)
    counts = true + np.random.default_rng(3).normal(0, 20, 60)
    assert error(true, smooth(counts)) < 1.05 * error(true, np.maximum(counts, 0))


def test_a_narrow_stretch_between_wide_ones_keeps_its_rows() -> None:
    widths = np.array([1e12, 1.0, *np.full(20, 1e11)])
    true = np.array([200.0, 5_000.0, *np.full(20, 30.0)])
    got = smoothed(true, np.full(22, 20.0), widths)
    assert got[1] == pytest.approx(5_000, abs=40) and got.sum() == pytest.approx(true.sum(), rel=0.02)


def test_next_to_no_noise_changes_nothing() -> None:
    counts = np.random.default_rng(5).integers(0, 1_000_000, 200).astype(float)
    np.testing.assert_allclose(smoothed(counts, np.full(200, 1e-4), np.ones(200)), counts, rtol=0.01, atol=1.0)


def test_even_rows_come_back_whatever_the_widths() -> None:
    widths = np.random.default_rng(4).uniform(0.5, 3.0, 60)
    np.testing.assert_allclose(smoothed(7 * widths, SIGMA, widths), 7 * widths, rtol=1e-6)


@pytest.mark.parametrize("counts", [[], [-3.0], [5.0, -1.0]])
def test_what_is_too_short_for_a_line_is_only_kept_from_being_negative(counts: list[float]) -> None:
    given = np.array(counts)
    np.testing.assert_array_equal(smoothed(given, np.ones(len(given)), np.ones(len(given))), np.maximum(given, 0))
