"""`bayes_net`: the structure it finds, that inference is exact, and what is refused."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.codecs.pieces import Limit, Pieces
from synthesist.core import Context
from synthesist.graphical.network import Network
from synthesist.methods.bayes_net.structure import learnt_network

SIZES = np.array([4, 5, 3, 6])


@pytest.fixture(scope="module")
def codes() -> np.ndarray:
    """codes[column, row]: a tree 0 -> 1, 0 -> 2, 1 -> 3 with noise."""
    rng = np.random.default_rng(0)

    def noisy(x: np.ndarray, size: int) -> np.ndarray:
        return np.where(rng.random(len(x)) < 0.75, x % size, rng.integers(0, size, len(x)))

    root = rng.choice(4, 6000, p=[0.4, 0.3, 0.2, 0.1])
    one = noisy(root + 1, 5)
    return np.stack([root, one, noisy(2 * root, 3), noisy(one + 1, 6)]).astype(np.uint8)


def learnt(codes: np.ndarray, sizes: np.ndarray, parents: int = 2, groups: int = 3) -> Network:
    return learnt_network(codes, sizes, np.ones(len(codes), bool), parents, groups)


@pytest.fixture(scope="module")
def network(codes: np.ndarray) -> Network:
    return learnt(codes, SIZES)


def joint(network: Network) -> np.ndarray:
    """p[codes of every column], by multiplying the tables out."""
    cell = np.indices(network.sizes)
    groups = [network.group[j][cell[j]].astype(int) for j in range(len(cell))]
    p = np.ones(cell.shape[1:])
    for column, parents, table in zip(network.column, network.parents, network.tables, strict=True):
        config = np.zeros(p.shape, int)
        for j in parents[parents >= 0]:
            config = config * (network.group[j].max() + 1) + groups[j]
        p = p * table[config, cell[column]]
    return p


def seen(codes: np.ndarray) -> np.ndarray:
    flat = np.ravel_multi_index(codes.astype(int), SIZES)
    return np.bincount(flat, minlength=SIZES.prod()).reshape(SIZES) / codes.shape[1]


def drawn(network: Network, known: tuple[int, ...], n: int, limits: dict[int, Limit] | None = None) -> np.ndarray:
    return seen(network.draw(np.repeat(np.array(known, np.int64)[:, None], n, axis=1), limits or {}, Context.seeded(1)))


def test_one_parent_gives_the_tree_that_made_the_data(codes: np.ndarray) -> None:
    network = learnt(codes, SIZES, parents=1, groups=6)
    pairs = zip(network.column, network.parents[:, 0], strict=True)
    edges = {frozenset((int(a), int(b))) for a, b in pairs if b >= 0}
    assert edges == {frozenset((0, 1)), frozenset((0, 2)), frozenset((1, 3))}


def test_a_second_parent_finds_what_no_single_one_shows() -> None:
    rng = np.random.default_rng(1)
    a, other, noise = rng.integers(0, 2, 4000), rng.integers(0, 2, 4000), rng.random(4000) < 0.1
    b = np.where(rng.random(4000) < 0.3, a, other)  # so much that a and b come to stand in one family
    codes = np.stack([a, b, a ^ b ^ noise]).astype(np.uint8)
    p, real = joint(learnt(codes, np.full(3, 2))), np.zeros((2, 2, 2))
    np.add.at(real, tuple(codes.astype(int)), 1 / 4000)
    assert np.abs(p - real).sum() < 0.08


def test_independent_columns_have_no_parents() -> None:
    noise = np.random.default_rng(2).integers(0, 6, (4, 4000)).astype(np.uint8)
    assert (learnt(noise, np.full(4, 6)).parents < 0).all()


def test_tables_are_probabilities_and_close_to_the_data(codes: np.ndarray, network: Network) -> None:
    for table in network.tables:
        np.testing.assert_allclose(table.sum(axis=1), 1.0, atol=1e-5)
        assert table.min() > 0
    fine = learnt(codes, SIZES, groups=6)
    assert np.abs(joint(fine) - seen(codes)).sum() < 0.15


@pytest.mark.parametrize(
    "known", [(-1, -1, -1, -1), (2, -1, -1, -1), (-1, -1, -1, 3), (-1, -1, 1, 5), (-1, 4, 0, -1), (3, -1, 2, 0)]
)
def test_what_is_drawn_given_codes_is_the_exact_conditional(network: Network, known: tuple[int, ...]) -> None:
    p = joint(network)
    fits = np.ones_like(p, bool)
    for j, code in enumerate(known):
        fits &= (np.indices(p.shape)[j] == code) | (code < 0)
    want = np.where(fits, p, 0) / p[fits].sum()
    assert np.abs(drawn(network, known, 100_000) - want).sum() < 0.07


def test_what_is_drawn_within_limits_of_each_row_is_the_exact_conditional(network: Network) -> None:
    p, n = joint(network), 100_000
    sets = (Pieces.of([(1, 0.0, 0.25), (4, 0.0, 1.0)], 6), Pieces.of([(5, 0.0, 1.0)], 6))
    want = sum((part := p * piece.weight) / part.sum() / 2 for piece in sets)
    each = drawn(network, (-1,) * 4, n, {3: Limit(np.arange(n) % 2, sets)})
    assert np.abs(each - want).sum() < 0.07


def test_a_hole_is_filled_from_its_own_row() -> None:
    kind = np.random.default_rng(2).integers(0, 3, 3000)
    frame = pl.DataFrame({"kind": pl.Series(list("abc"))[kind], "x": kind * 100 + np.arange(3000) % 10})
    holes = frame.head(300).with_columns(x=pl.when(pl.int_range(300) % 2 == 0).then("x"))
    filled = sy.fit(frame, "bayes_net", seed=1).fill(holes, seed=1)
    assert (filled["x"] // 100 == pl.Series(kind[:300])).mean() > 0.98


@pytest.mark.parametrize(
    ("part", "to"),
    [
        ("column", lambda n: np.zeros_like(n.column)),
        ("home", lambda n: np.arange(4)),
        ("home", lambda n: np.full_like(n.home, -1)),
        ("parents", lambda n: np.full_like(n.parents, 9)),
        ("parents", lambda n: np.full_like(n.parents, -7)),
        ("group", lambda n: np.full_like(n.group, 255)),
        ("tables", lambda n: tuple(t[:-1] for t in n.tables)),
        ("tables", lambda n: tuple(-t for t in n.tables)),
        ("tables", lambda n: n.tables[1:]),
    ],
)
def test_a_network_that_does_not_fit_together_is_refused(network: Network, part: str, to: object) -> None:
    with pytest.raises(ValueError, match=r"network|column|table|probability"):
        replace(network, **{part: to(network)})  # type: ignore[operator]
