"""The neighbour search finds what looking at every row finds."""

import numpy as np
import pytest

from synthesist.neighbours.search import Space, nearest

RNG = np.random.default_rng(0)


def by_looking(space: Space, queries: np.ndarray, k: int) -> np.ndarray:
    """Squared distances to the k nearest, by comparing all pairs."""
    gaps = ((space.numbers[queries, None] - space.numbers[None]) ** 2).sum(axis=2)
    gaps += space.penalty**2 * (space.codes[queries, None] != space.codes[None]).sum(axis=2)
    gaps[np.arange(len(queries)), queries] = np.inf
    return np.sort(gaps, axis=1)[:, :k]


def found(space: Space, queries: np.ndarray, k: int) -> np.ndarray:
    near = nearest(space, queries, k)
    assert not (near == queries[:, None]).any(), "a row is its own neighbour"
    assert all(len(set(row)) == k for row in near.tolist()), "a neighbour is named twice"
    gaps = ((space.numbers[queries, None] - space.numbers[near]) ** 2).sum(axis=2)
    return gaps + space.penalty**2 * (space.codes[queries, None] != space.codes[near]).sum(axis=2)


@pytest.mark.parametrize(
    ("rows", "columns", "categories", "k"),
    [(700, 2, 0, 7), (700, 12, 0, 7), (500, 3, 4, 7), (300, 0, 5, 7), (9, 2, 1, 3)],
)
def test_neighbours_are_the_nearest(rows: int, columns: int, categories: int, k: int) -> None:
    x = RNG.normal(size=(rows, columns)) * 10.0 ** RNG.integers(-3, 4, columns)
    space = Space(x, RNG.integers(0, 3, (rows, categories)).astype(np.int32), 0.7)
    queries = RNG.permutation(rows)[: rows // 2]
    np.testing.assert_allclose(found(space, queries, k), by_looking(space, queries, k))


def test_ties_and_equal_rows_do_no_harm() -> None:
    x = RNG.integers(0, 3, size=(400, 3)).astype(float)
    queries = np.arange(400)
    np.testing.assert_array_equal(found(Space.of_numbers(x), queries, 5), by_looking(Space.of_numbers(x), queries, 5))


@pytest.mark.parametrize("unit", [1e300, 1e-300])
def test_extreme_units_do_not_overflow(unit: float) -> None:
    x = RNG.normal(size=(200, 3))
    near = nearest(Space.of_numbers(x * unit), np.arange(200), 4)
    np.testing.assert_array_equal(near, nearest(Space.of_numbers(x), np.arange(200), 4))


def test_threads_change_nothing() -> None:
    space = Space.of_numbers(RNG.normal(size=(1_000, 4)))
    one, three = (nearest(space, np.arange(1_000), 5, threads) for threads in (1, 3))
    np.testing.assert_array_equal(one, three)
