"""From beliefs to rows: codes stand in groups, draws are even, and what is given is answered exactly."""

import numpy as np
import pytest

from synthesist.core import Context
from synthesist.graphical.beliefs import Beliefs
from synthesist.graphical.directed import directed
from synthesist.graphical.grouping import Grouping
from synthesist.graphical.junction import JunctionTree
from synthesist.graphical.network import Network

SETS = [(0, 1), (1, 2), (2, 3), (0, 3)]
GROUPINGS = (
    Grouping(np.array([0, 0, 1, 2]), np.array([0.25, 0.75, 1.0, 1.0]), 0),
    Grouping(np.arange(4), np.ones(4), 0),
    Grouping(np.array([1, 0]), np.ones(2), 0),
    Grouping(np.array([0, 1, 1, 1]), np.array([1.0, 0.2, 0.3, 0.5]), 0),
)
CODES = tuple(len(grouping.group) for grouping in GROUPINGS)


@pytest.fixture(scope="module")
def beliefs() -> Beliefs:
    tree = JunctionTree.covering([grouping.size for grouping in GROUPINGS], SETS)
    rng = np.random.default_rng(3)
    return Beliefs.of(tree, [rng.normal(0, 1, tree.shape(clique)) for clique in tree.cliques])


@pytest.fixture(scope="module")
def network(beliefs: Beliefs) -> Network:
    return directed(beliefs, GROUPINGS)


@pytest.fixture(scope="module")
def joint(beliefs: Beliefs) -> np.ndarray:
    """p[code of every column]: groups from the beliefs, codes by their shares of a group."""
    p = beliefs.marginal((0, 1, 2, 3))
    for axis, grouping in enumerate(GROUPINGS):
        form = [-1 if axis == other else 1 for other in range(4)]
        p = np.take(p, grouping.group, axis=axis) * grouping.share.reshape(form)
    return p


def seen(codes: np.ndarray) -> np.ndarray:
    return np.bincount(np.ravel_multi_index(tuple(codes), CODES), minlength=np.prod(CODES)).reshape(CODES)


def test_rows_have_the_distribution_of_the_beliefs(network: Network, joint: np.ndarray) -> None:
    n = 200_000
    expected, counts = n * joint, seen(network.draw_new(n, Context.seeded(0)))
    chi2 = float(((counts - expected) ** 2 / expected).sum())
    assert chi2 < joint.size + 4 * (2 * joint.size) ** 0.5


def test_new_rows_are_more_even_than_rows_drawn_one_by_one(network: Network, joint: np.ndarray) -> None:
    n, column = 4_096, int(network.column[0])
    expected = n * joint.sum(axis=tuple(axis for axis in range(4) if axis != column))
    counts = np.bincount(network.draw_new(n, Context.seeded(1))[column], minlength=len(expected))
    assert np.abs(counts - expected).max() <= 1
    child, (parent,) = int(network.column[1]), network.parents[1][network.parents[1] >= 0].tolist()
    rows = network.draw_new(n, Context.seeded(1))
    for group in range(GROUPINGS[parent].size):
        inside = GROUPINGS[parent].group[rows[parent]] == group
        p = np.moveaxis(joint, (parent, child), (0, 1)).sum(axis=(2, 3))[GROUPINGS[parent].group == group].sum(axis=0)
        counts = np.bincount(rows[child][inside], minlength=len(p))
        assert np.abs(counts - inside.sum() * p / p.sum()).max() <= 1


@pytest.mark.parametrize("known", [(3, -1, -1, -1), (-1, 2, -1, 3), (0, -1, 1, -1), (-1, -1, -1, 0)])
def test_what_is_given_is_answered_exactly(network: Network, joint: np.ndarray, known: tuple[int, ...]) -> None:
    n = 60_000
    fits = np.ones(CODES, bool)
    for axis, code in enumerate(known):
        fits &= (np.indices(CODES)[axis] == code) | (code < 0)
    expected = n * np.where(fits, joint, 0.0) / joint[fits].sum()
    counts = seen(network.draw(np.repeat(np.array(known, np.int64)[:, None], n, axis=1), {}, Context.seeded(2)))
    assert not counts[~fits].any()
    assert float(((counts - expected)[fits] ** 2 / expected[fits]).sum()) < fits.sum() + 4 * (2 * fits.sum()) ** 0.5


def test_rare_codes_share_a_group_and_few_codes_need_none() -> None:
    counts = np.array([500.0, 3, 4, 2, 300, 2, 1, 400])
    grouping = Grouping.of(counts, np.full(8, 1.0), 0, 4)
    assert len({*grouping.group[[0, 4, 7]].tolist()}) == 3
    assert len({*grouping.group[[1, 2, 3, 5, 6]].tolist()}) == 1
    assert Grouping.of(counts, np.full(8, 1.0), 0, 8).size == 8
    np.testing.assert_allclose(np.bincount(grouping.group, grouping.share), 1.0)


def test_groups_of_ordered_codes_are_runs() -> None:
    grouping = Grouping.of(np.array([*np.full(40, 10.0), 200, *np.full(20, 5.0), 30]), np.ones(62), 61, 8)
    assert (np.diff(grouping.group) >= 0).all()
    assert (grouping.group == grouping.group[40]).sum() == 1  # a code with many rows stands alone
    assert grouping.group[61] not in grouping.group[:61]  # and so does a missing cell
