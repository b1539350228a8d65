"""Estimation: exact counts give the distribution they came from, noisy ones a close one that agrees with itself."""

import numpy as np
import pytest

from synthesist.graphical.beliefs import Beliefs
from synthesist.graphical.cleaning import Measurement, cleaned, shares_of, total_of
from synthesist.graphical.estimation import estimated
from synthesist.graphical.junction import JunctionTree

SIZES = (3, 4, 2, 5)
TREE = [(0, 1), (1, 2), (1, 3)]
LOOP = [(0, 1), (1, 2), (2, 3), (0, 3)]
ROWS = 20_000


def truth(sets: list[tuple[int, ...]], seed: int = 0) -> Beliefs:
    """A distribution whose potentials stand on these sets."""
    rng, tree = np.random.default_rng(seed), JunctionTree.covering(SIZES, sets)
    potentials = [np.zeros(tree.shape(clique)) for clique in tree.cliques]
    for columns in sets:
        at = tree.home(columns)
        shape = [SIZES[c] if c in columns else 1 for c in tree.cliques[at]]
        potentials[at] = potentials[at] + rng.normal(0, 1, shape)
    return Beliefs.of(tree, potentials)


def counted(beliefs: Beliefs, sets: list[tuple[int, ...]], sigma: float, seed: int = 0) -> list[Measurement]:
    rng = np.random.default_rng(seed)
    tables = [ROWS * beliefs.marginal(columns) for columns in sets]
    return [
        Measurement.of(columns, table + rng.normal(0, sigma, table.shape), sigma)
        for columns, table in zip(sets, tables, strict=True)
    ]


def farthest(one: Beliefs, other: Beliefs) -> float:
    """The largest total variation distance over all pairs of columns."""
    pairs = other.pairs()
    return max(float(np.abs(table - pairs[pair]).sum() / 2) for pair, table in one.pairs().items())


@pytest.mark.parametrize(("sets", "near"), [(TREE, 2e-4), (LOOP, 2e-3)])
@pytest.mark.parametrize("seed", range(3))
def test_exact_counts_give_the_distribution_they_came_from(sets: list[tuple[int, ...]], near: float, seed: int) -> None:
    want = truth(sets, seed)
    got = estimated(SIZES, counted(want, sets, 0.0, seed))
    assert got.total == pytest.approx(ROWS)
    assert farthest(got.beliefs, want) < near
    np.testing.assert_allclose(got.beliefs.marginal((3, 0, 2, 1)), want.marginal((3, 0, 2, 1)), atol=near)


def test_what_is_not_measured_is_independent_and_what_nobody_names_uniform() -> None:
    got = estimated(SIZES, counted(truth(TREE), [(0, 1)], 0.0)).beliefs
    np.testing.assert_allclose(got.marginal((3,)), 0.2)
    np.testing.assert_allclose(got.marginal((1, 2)), np.multiply.outer(got.marginal((1,)), [0.5, 0.5]))


def test_shrinkage_beats_the_counts_themselves() -> None:
    want, sigma = truth(LOOP), 60.0
    measured = counted(want, [(0,), (1,), (2,), (3,), *LOOP], sigma)
    got = estimated(SIZES, measured).beliefs
    raw = [np.abs(m.counts / ROWS - want.marginal(m.columns)).sum() for m in measured]
    fit = [np.abs(got.marginal(m.columns) - want.marginal(m.columns)).sum() for m in measured]
    assert sum(fit) < 0.85 * sum(raw)


def test_going_on_from_an_estimate_ends_where_a_fresh_start_does() -> None:
    measured = counted(truth(LOOP), LOOP, 30.0)
    warm = estimated(SIZES, measured, estimated(SIZES, measured[:2]))
    assert farthest(warm.beliefs, estimated(SIZES, measured).beliefs) < 3e-3
    assert warm.losses[-1] <= warm.losses[0]


def test_cleaned_counts_are_positive_and_agree() -> None:
    measured = counted(truth(LOOP), [(0,), *LOOP], 300.0)
    total, shares = total_of(measured), shares_of(SIZES, measured)
    for m in cleaned(measured, shares, total):
        assert (m.counts > 0).all()
        for axis, column in enumerate(m.columns):
            others = tuple(a for a in range(m.counts.ndim) if a != axis)
            np.testing.assert_allclose(m.counts.sum(axis=others), total * shares[column], rtol=1e-3)


def test_two_counts_of_the_same_columns_weigh_as_their_noise_allows() -> None:
    rough, fine = Measurement.of((1, 0), np.full((2, 2), 90.0), 30.0), Measurement.of((0, 1), np.full((2, 2), 100.0), 1)
    merged = cleaned([rough, fine], shares_of((2, 2), [rough, fine]), total_of([rough, fine]))
    assert len(merged) == 1
    assert 0.98 < merged[0].variance[0, 0] * 901 / 900 < 1  # what was expected beforehand takes a little of the doubt
    assert total_of([rough, fine]) == pytest.approx(400 - 40 / 901)


def test_counts_that_contradict_each_other_do_not_drive_potentials_apart_however_often_they_are_improved() -> None:
    rng = np.random.default_rng(7)
    true = rng.dirichlet(np.full(48, 0.2)).reshape(4, 3, 4) * 20_000
    sets = [((0, 1, 2), true), ((0, 1), true.sum(axis=2)), ((0, 2), true.sum(axis=1)), ((1, 2), true.sum(axis=0))]
    told = [Measurement.of(columns, table + rng.normal(0, 3, table.shape), 3.0) for columns, table in sets]
    got = None
    for _ in range(40):
        got = estimated((4, 3, 4), told, got)
    assert got is not None
    assert max(float(np.abs(table).max()) for table in got.potentials.values()) < 100
    assert np.abs(got.beliefs.marginal((0, 1, 2)) - true / true.sum()).sum() < 0.01


@pytest.mark.parametrize("counts", [np.full((3, 4), -50.0), np.zeros((3, 4)), np.full((3, 4), 1e12)])
def test_counts_that_say_nothing_or_too_much_still_make_a_distribution(counts: np.ndarray) -> None:
    got = estimated(SIZES, [Measurement.of((0, 1), counts, 40.0), Measurement.of((1, 2), np.eye(4, 2) * 1e4, 40.0)])
    for table in got.beliefs.tables:
        assert np.isfinite(table).all()
        assert table.sum() == pytest.approx(1)
    assert got.total >= 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_neighbours_of_codes_in_an_order_help_each_other(order: tuple[int, int]) -> None:
    x, y = np.arange(16)[:, None], np.append(np.arange(12), 40.0)
    true = np.exp(-((x - y) ** 2) / 8) + 0.01
    true *= 10_000 / true.sum()
    noisy = true + np.random.default_rng(3).normal(0, 40, true.shape)
    rows, wrong = [true.sum(axis=1), true.sum(axis=0)], {}
    for ordered in ((0, 0), (16, 12)):
        told = Measurement.of(order, noisy.transpose(order), 40.0, ordered=[ordered[column] for column in order])
        made = cleaned([told], [r / r.sum() for r in rows], 10_000)[0]
        assert made.counts.sum(axis=0) == pytest.approx(rows[1], rel=0.02)
        wrong[ordered] = float(np.abs(made.counts - true).sum())
    assert wrong[(16, 12)] < 0.75 * wrong[(0, 0)]
