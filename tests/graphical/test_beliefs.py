"""Junction trees and messages: everything equals what the whole joint table says."""

from itertools import combinations

import numpy as np
import pytest

from synthesist.graphical.beliefs import Beliefs, spread
from synthesist.graphical.junction import JunctionTree, cells_with

SIZES = (3, 4, 2, 5, 3, 2)
LOOP = [(0, 1), (1, 2), (2, 3), (0, 3), (3, 4)]


def random_beliefs(seed: int) -> tuple[Beliefs, np.ndarray]:
    """Beliefs over random sets of columns, and the joint table, by multiplying out."""
    rng = np.random.default_rng(seed)
    pairs = list(combinations(range(len(SIZES)), 2))
    sets = [pairs[i] for i in rng.choice(len(pairs), rng.integers(0, 7), replace=False)]
    tree = JunctionTree.covering(SIZES, sets)
    potentials = [rng.normal(0, 2, tree.shape(clique)) for clique in tree.cliques]
    whole = sum(spread(p, c, range(len(SIZES))) for p, c in zip(potentials, tree.cliques, strict=True))
    joint = np.exp(np.broadcast_to(whole, SIZES))
    beliefs = Beliefs.of(tree, potentials)
    assert beliefs.log_partition == pytest.approx(np.log(joint.sum()))
    return beliefs, joint / joint.sum()


def of(joint: np.ndarray, columns: tuple[int, ...]) -> np.ndarray:
    kept = joint.sum(axis=tuple(c for c in range(joint.ndim) if c not in columns))
    return kept.transpose([sorted(columns).index(c) for c in columns])


@pytest.mark.parametrize("seed", range(12))
def test_messages_equal_the_joint_table(seed: int) -> None:
    beliefs, joint = random_beliefs(seed)
    for table, clique in zip(beliefs.tables, beliefs.tree.cliques, strict=True):
        np.testing.assert_allclose(table, of(joint, clique), atol=1e-12)
    pairs = beliefs.pairs()
    assert set(pairs) == set(combinations(range(len(SIZES)), 2))
    for pair, table in pairs.items():
        np.testing.assert_allclose(table, of(joint, pair), atol=1e-12)
    for columns in [(5, 0), (4, 1, 3), (0, 2, 5), (2,), (3, 1, 0, 5)]:
        np.testing.assert_allclose(beliefs.marginal(columns), of(joint, columns), atol=1e-12)


def test_a_loop_is_closed_by_one_more_tie() -> None:
    tree = JunctionTree.covering(SIZES, LOOP)
    assert sorted(len(clique) for clique in tree.cliques) == [1, 2, 3, 3]
    assert all(tree.home(pair) >= 0 for pair in LOOP)
    assert tree.cells == cells_with(SIZES, LOOP[:-1], LOOP[-1])


@pytest.mark.parametrize("seed", range(20))
def test_what_a_clique_shares_with_earlier_ones_it_shares_with_its_parent(seed: int) -> None:
    tree = random_beliefs(seed)[0].tree
    for at in range(1, len(tree.cliques)):
        earlier = set().union(*(tree.cliques[other] for other in range(at)))
        assert set(tree.cliques[at]) & earlier == set(tree.separators[at])


def test_probabilities_of_zero_stay_zero() -> None:
    tree = JunctionTree.covering((2, 2, 2), [(0, 1), (1, 2)])
    impossible = np.array([[0.0, -2000.0], [-2000.0, 0.0]])
    beliefs = Beliefs.of(tree, [impossible, impossible])
    np.testing.assert_allclose(beliefs.marginal((0, 2)), np.eye(2) / 2)


@pytest.mark.parametrize("seed", range(20))
def test_cells_that_are_enough_for_a_pair_are_enough(seed: int) -> None:
    tree = random_beliefs(seed)[0].tree
    for one, other in combinations(range(len(SIZES)), 2):
        needed = cells_with(SIZES, tree.cliques, (one, other))
        assert tree.home((one, other)) >= 0 or 1.2 * tree.cells_tied(one, other) >= needed  # min-fill is not the best


def test_a_code_far_less_likely_than_another_keeps_what_it_says_of_the_rest() -> None:
    tree = JunctionTree.covering((2, 2, 2), [(0, 1), (1, 2)])
    potentials = [np.zeros(tree.shape(clique)) for clique in tree.cliques]
    for table, clique in zip(potentials, tree.cliques, strict=True):
        if clique == (1, 2):
            table += [[0.0, 0.0], [-900.0, -900.0 + np.log(3.0)]]
        else:
            table += [[0.0, 900.0], [0.0, 900.0]]
    beliefs = Beliefs.of(tree, potentials)
    np.testing.assert_allclose(beliefs.marginal((1, 2)), np.array([[1, 1], [1, 3]]) / 6, atol=1e-9)
