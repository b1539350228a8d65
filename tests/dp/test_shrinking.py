"""Cells are brought towards expectation as far as noise explains the difference, and how far is learnt from all."""

import numpy as np
import pytest

from synthesist.dp.shrinking import shrunk

CELLS = 400
SIGMA = 30.0


def off(true: np.ndarray, expected: float = 50.0, scale: float = 1.0) -> tuple[float, float]:
    """How far rows are from the truth when they are shrunk, and when all below zero are made none."""
    noisy = true + np.random.default_rng(5).normal(0, SIGMA, CELLS)
    rows = shrunk(noisy, np.full(CELLS, SIGMA**2), np.full(CELLS, expected), scale)[0]
    return float(np.abs(rows - true).sum()), float(np.abs(np.maximum(noisy, 0) - true).sum())


def test_where_all_is_as_expected_most_of_the_noise_goes() -> None:
    shrunken, plain = off(np.full(CELLS, 50.0))
    assert shrunken < plain / 2


def test_where_many_cells_are_empty_that_is_learnt() -> None:
    shrunken, plain = off(np.where(np.arange(CELLS) % 10 < 9, 0.0, 500.0))
    assert shrunken < plain * 0.55


def test_a_few_heavy_cells_keep_their_rows() -> None:
    true = np.full(CELLS, 50.0)
    true[:3] = 5_000
    noisy = true + np.random.default_rng(5).normal(0, SIGMA, CELLS)
    rows, variance = shrunk(noisy, np.full(CELLS, SIGMA**2), np.full(CELLS, 50.0), 1.0)
    assert rows[:3] == pytest.approx(noisy[:3], abs=1.0)
    assert variance[:3] == pytest.approx(SIGMA**2, rel=0.1) and np.median(variance) < SIGMA**2 / 2


def test_one_cell_that_has_all_rows_keeps_them_among_however_many() -> None:
    true = np.zeros(200_000)
    true[77] = 5_000
    noisy = true + np.random.default_rng(5).normal(0, SIGMA, len(true))
    rows = shrunk(noisy, np.full(len(true), SIGMA**2), np.full(len(true), 0.025), 4.0)[0]
    assert rows[77] == pytest.approx(noisy[77], rel=0.01) and np.delete(rows, 77).max() < 100


def test_exact_counts_stay_as_they_are() -> None:
    true = np.random.default_rng(5).gamma(0.5, 400, (20, 20)).round() + 1
    rows, variance = shrunk(true, np.full(true.shape, 1e-8), np.full(true.shape, 200.0), 1.0)
    assert rows == pytest.approx(true, rel=5e-3) and variance.shape == true.shape


def test_a_million_cells_are_shrunk_like_a_few() -> None:
    true = np.where(np.arange(1_000_000) % 10 < 9, 0.0, 500.0)
    noisy = true + np.random.default_rng(5).normal(0, SIGMA, len(true))
    some = np.random.default_rng(6).permutation(len(true))[:CELLS]
    rows = shrunk(noisy, np.full(len(true), SIGMA**2), np.full(len(true), 50.0), 1.0)[0]
    few = shrunk(noisy[some], np.full(CELLS, SIGMA**2), np.full(CELLS, 50.0), 1.0)[0]
    assert np.abs(rows - true).mean() < 0.55 * np.abs(np.maximum(noisy, 0) - true).mean()
    assert np.abs(rows[some] - few).mean() < 0.1 * np.abs(few).mean()


@pytest.mark.parametrize("counts", [np.full(7, -1e6), np.zeros(7), np.full(7, 1e15), np.array([3.0])])
@pytest.mark.parametrize("sigma", [1e-4, 1.0, 1e9])
def test_any_counts_make_rows_above_zero(counts: np.ndarray, sigma: float) -> None:
    rows, variance = shrunk(counts, np.full(counts.shape, sigma**2), np.full(counts.shape, 10.0), 4.0)
    assert (rows > 0).all() and np.isfinite(rows).all() and (variance > 0).all() and np.isfinite(variance).all()
