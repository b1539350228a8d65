"""`arf`: what leaves hold, that conditions are exact, and what is refused."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.codecs.pieces import Limit, Pieces
from synthesist.core import Context
from synthesist.methods.arf.forest import FLOOR, Forest

SIZES = np.array([6, 6, 2])


@pytest.fixture(scope="module")
def codes() -> np.ndarray:
    """codes[column, row]: a number, one that follows it with noise, and whether they differ in parity."""
    rng = np.random.default_rng(0)
    first = rng.integers(0, 6, 4000)
    second = np.clip(first + rng.integers(-1, 2, 4000), 0, 5)
    return np.stack([first, second, (first + second) % 2]).astype(np.uint8)


@pytest.fixture(scope="module")
def forest(codes: np.ndarray) -> Forest:
    return Forest.grown(codes, SIZES, np.array([True, False, True]), 4, 20, 1.0, 5.0, Context.seeded(0))


def joint(forest: Forest) -> np.ndarray:
    """p[first, second, third] as the leaves say it, by multiplying out."""
    rows = np.diff(forest.leaf_first)
    a, b, c = (forest.shares(j)[:, :size] for j, size in enumerate(SIZES))
    return np.einsum("l,la,lb,lc->abc", rows / rows.sum(), a, b, c)


def seen(codes: np.ndarray) -> np.ndarray:
    return np.bincount(np.ravel_multi_index(codes.astype(int), SIZES), minlength=72).reshape(SIZES) / codes.shape[1]


def drawn(forest: Forest, known: tuple[int, int, int], n: int, limits: dict[int, Limit] | None = None) -> np.ndarray:
    return seen(forest.draw(np.repeat(np.array(known, np.int64)[:, None], n, axis=1), limits or {}, Context.seeded(1)))


def test_leaves_are_grown_until_nothing_depends(codes: np.ndarray, forest: Forest) -> None:
    assert np.abs(joint(forest) - seen(codes)).sum() < 0.15
    apart = np.einsum("a,b,c->abc", *(seen(codes).sum(axis=other) for other in ((1, 2), (0, 2), (0, 1))))
    assert np.abs(apart - seen(codes)).sum() > 1.0


def test_independent_columns_are_left_in_one_leaf() -> None:
    noise = np.random.default_rng(1).integers(0, 6, (3, 4000)).astype(np.uint8)
    grown = Forest.grown(noise, np.array([6, 6, 6]), np.ones(3, bool), 3, 20, 1.0, 5.0, Context.seeded(0))
    assert len(grown.leaf_first) - 1 <= 6


def test_every_code_has_a_share_and_shares_make_one(forest: Forest) -> None:
    for j, size in enumerate(SIZES):
        shares = forest.shares(j)
        np.testing.assert_allclose(shares.sum(axis=1), 1.0, atol=1e-9)
        assert not shares[:, size:].any()
    assert joint(forest).min() > 0
    assert FLOOR < 0.01


def test_rows_are_drawn_as_the_leaves_say(forest: Forest) -> None:
    assert np.abs(drawn(forest, (-1, -1, -1), 60_000) - joint(forest)).sum() < 0.05


@pytest.mark.parametrize("known", [(2, -1, -1), (-1, 3, -1), (-1, 4, 1), (5, -1, 0)])
def test_what_is_drawn_given_codes_is_the_exact_conditional(forest: Forest, known: tuple[int, int, int]) -> None:
    p = joint(forest)
    fits = np.ones_like(p, bool)
    for j, code in enumerate(known):
        fits &= (np.indices(p.shape)[j] == code) | (code < 0)
    want = np.where(fits, p, 0) / p[fits].sum()
    assert np.abs(drawn(forest, known, 40_000) - want).sum() < 0.04


def test_what_is_drawn_within_limits_is_the_exact_conditional(forest: Forest) -> None:
    p, n = joint(forest), 40_000
    spans = [Pieces.of([(1, 0.0, 0.25), (4, 0.0, 1.0)], 6), Pieces.of([(5, 0.0, 1.0)], 6)]
    want = p * spans[0].weight[:, None, None]
    alike = drawn(forest, (-1, -1, -1), n, {0: Limit(np.zeros(n, np.int64), (spans[0],))})
    assert np.abs(alike - want / want.sum()).sum() < 0.04
    want = want / want.sum() / 2
    want[5] = p[5] / p[5].sum() / 2
    each = drawn(forest, (-1, -1, -1), n, {0: Limit(np.arange(n) % 2, tuple(spans))})
    assert np.abs(each - want).sum() < 0.04


def test_a_hole_is_filled_from_its_own_row() -> None:
    kind = np.random.default_rng(2).integers(0, 3, 3000)
    frame = pl.DataFrame({"kind": pl.Series(list("abc"))[kind], "x": kind * 100 + np.arange(3000) % 10})
    holes = frame.head(300).with_columns(x=pl.when(pl.int_range(300) % 2 == 0).then("x"))
    filled = sy.fit(frame, "arf", seed=1).fill(holes, seed=1)
    assert (filled["x"] // 100 == pl.Series(kind[:300])).mean() > 0.99


@pytest.mark.parametrize(
    ("part", "to"),
    [
        ("column", lambda f: np.full_like(f.column, -1)),
        ("column", lambda f: np.where(f.column == 2, 3, f.column).astype(np.int16)),
        ("column", lambda f: f.column[::-1].copy()),
        ("cut", lambda f: f.cut[1:]),
        ("order", lambda f: np.zeros_like(f.order)),
        ("leaf_first", lambda f: np.append(f.leaf_first[:-1], f.leaf_first[-1] + 1)),
        ("leaf_first", lambda f: np.concatenate([[0, 5, 3], f.leaf_first[3:]])),
        ("branch_first", lambda f: f.branch_first + 1),
        ("in_branch", lambda f: f.in_branch[:, 1:]),
        ("table", lambda f: -f.table),
        ("prior", lambda f: -1.0),
    ],
)
def test_a_forest_that_does_not_fit_together_is_refused(forest: Forest, part: str, to: object) -> None:
    with pytest.raises(ValueError, match=r"forest|tree|share"):
        replace(forest, **{part: to(forest)})  # type: ignore[operator]


def test_a_forest_of_other_codes_than_the_table_is_refused() -> None:
    model = sy.fit(pl.DataFrame({"x": ["a", "b", "c"] * 100, "y": [1, 2] * 150}), "arf", trees=2)
    forest = model.sampler.forest
    with pytest.raises(ValueError, match="other codes"):
        replace(model.sampler, forest=replace(forest, in_leaf=np.full_like(forest.in_leaf, 9)))
    with pytest.raises(ValueError, match="other codes"):
        replace(model.sampler, forest=replace(forest, order=forest.order[:, :, ::-1].copy()))
