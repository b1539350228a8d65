"""The parts of `trees`: what is grown, how columns are drawn, how rows are chosen."""

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.boosting.booster import Booster, Growth, state
from synthesist.boosting.critic import Critic
from synthesist.codecs.pieces import Limit, Pieces
from synthesist.core import Context
from synthesist.methods.trees.chain import Chain

GROWTH = Growth(depth=4, rate=0.25, ridge=2.0, rounds=60, patience=6, tries=24)


@pytest.fixture(scope="module")
def codes() -> np.ndarray:
    """codes[column, row]: a skewed column of 20 codes, one that follows it with noise, and their exclusive or."""
    rng = np.random.default_rng(0)
    first = np.minimum(rng.geometric(0.2, 6000) - 1, 19)
    second = np.clip(first + rng.integers(-1, 2, 6000), 0, 19)
    both = (first > 3) ^ (second % 2 == 0)
    return np.stack([first, second, both]).astype(np.uint8)


@pytest.fixture(scope="module")
def chain(codes: np.ndarray) -> Chain:
    return Chain.fit(codes, np.array([20, 20, 2]), [True] * 3, np.arange(3), GROWTH, Context.seeded(0))


def grown(x: np.ndarray, y: np.ndarray) -> Booster:
    n = len(y)
    sizes = x.max(axis=1).astype(np.int64) + 1
    return Booster.grown(x, sizes, y.astype(np.uint8), np.ones(n), np.zeros(n), GROWTH, Context.seeded(1))


def log_odds(booster: Booster, x: np.ndarray) -> np.ndarray:
    z = np.zeros(x.shape[1], np.float32)
    booster.add(x, z)
    return z


def test_a_booster_learns_an_interaction_no_single_feature_shows() -> None:
    x = np.random.default_rng(1).integers(0, 16, (3, 4000)).astype(np.uint8)
    y = (x[0] > 7) ^ (x[2] > 7)
    z = log_odds(grown(x, y), x)
    assert ((z > 0) == y).mean() > 0.97


def test_a_booster_learns_nothing_from_noise() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.integers(0, 16, (3, 4000)).astype(np.uint8), rng.integers(0, 2, 4000)
    assert np.abs(log_odds(grown(x, y), x)).mean() < 0.15


def test_reading_trees_agrees_with_asking_their_questions(codes: np.ndarray) -> None:
    booster = grown(codes[:2], codes[2])
    by_hand = np.zeros(codes.shape[1])
    for feature, cut, value in zip(booster.features, booster.thresholds, booster.values, strict=True):
        leaf = sum((codes[f].astype(int) > c) << d for d, (f, c) in enumerate(zip(feature, cut, strict=True)))
        by_hand += value[leaf]
    assert len(booster.features) % 4 or len(booster.features) > 4  # trees are read four at a time, and one by one
    np.testing.assert_allclose(log_odds(booster, codes[:2]), by_hand, rtol=1e-4, atol=1e-4)


def test_drawn_columns_have_the_frequencies_that_were_learnt(codes: np.ndarray, chain: Chain) -> None:
    drawn = chain.draw(60_000, Context.seeded(3))
    real, made = (np.bincount(c[0], minlength=20) / c.shape[1] for c in (codes, drawn))
    assert np.abs(real - made).max() < 0.006
    follows = np.abs(drawn[1].astype(int) - drawn[0]) <= 1
    assert follows.mean() > 0.94


def test_known_codes_are_followed_and_weighed_by_their_probability(codes: np.ndarray, chain: Chain) -> None:
    conditional, weight = chain.conditionals[0], np.zeros(20)
    out = conditional.draw(
        np.zeros((3, 20), np.uint8), chain.order[:0], state(Context.seeded(1)), np.arange(20), None, weight
    )
    assert out.tolist() == list(range(20))
    shares = np.bincount(codes[0], minlength=20) / codes.shape[1]
    np.testing.assert_allclose(np.exp(weight), shares, atol=0.002)


def test_limits_hold_and_the_weight_is_the_probability_of_the_limit(codes: np.ndarray, chain: Chain) -> None:
    n = 4000
    pieces = Pieces.of([(k, 0.0, 1.0) for k in (5, 6, 12)], 20)
    weight = np.zeros(n)
    limit = Limit(np.zeros(n, np.int64), (pieces,))
    out = chain.conditionals[0].draw(
        np.zeros((3, n), np.uint8), chain.order[:0], state(Context.seeded(2)), None, limit, weight
    )
    assert set(out.tolist()) == {5, 6, 12}
    allowed = np.isin(codes[0], [5, 6, 12]).mean()
    assert np.exp(weight).mean() == pytest.approx(allowed, rel=0.05)


@pytest.fixture(scope="module")
def critic(codes: np.ndarray, chain: Chain) -> Critic:
    def without_dependence(n: int, ctx: Context) -> np.ndarray:
        return np.stack([ctx.rng(f"column {j}").permutation(chain.draw(n, ctx)[j]) for j in range(3)])

    growth = Growth(4, 0.1, 10.0, 100, patience=15, tries=24, least_gain=0.0)
    return Critic.fit(codes, without_dependence, np.array([20, 20, 2]), growth, 2, 5, Context.seeded(4))


def candidates(chain: Chain, n: int) -> np.ndarray:
    return chain.draw(n, Context.seeded(5))


def test_each_candidate_is_chosen_once_at_most(critic: Critic, chain: Chain) -> None:
    drawn = candidates(chain, 5_000)
    for n in (1, 100, 4_990, 5_000):
        chosen = critic.chosen(drawn, n, Context.seeded(6))
        assert len(np.unique(chosen)) == n
        assert 0 <= chosen.min() <= chosen.max() < 5_000


def test_chosen_rows_are_more_even_than_drawn_ones(codes: np.ndarray, critic: Critic, chain: Chain) -> None:
    def misfit(rows: np.ndarray) -> float:
        want = np.bincount(codes[0], minlength=20) / codes.shape[1] * rows.shape[1]
        have = np.bincount(rows[0], minlength=20)
        return float(((have - want)[want > 0] ** 2 / want[want > 0]).mean())

    drawn = candidates(chain, 20_000)
    chosen = drawn[:, critic.chosen(drawn, 4_000, Context.seeded(7))]
    assert misfit(chosen) < 0.3 * misfit(drawn[:, :4_000])
    assert misfit(chosen[:, :1_000]) < 0.6 * misfit(drawn[:, :1_000])  # what comes first is as even as the rest


def test_choosing_mends_a_dependence_that_candidates_lack(codes: np.ndarray, critic: Critic, chain: Chain) -> None:
    drawn = candidates(chain, 40_000)
    drawn[1] = np.random.default_rng(8).permutation(drawn[1])
    chosen = drawn[:, critic.chosen(drawn, 8_000, Context.seeded(9))]
    near = [(np.abs(c[1].astype(int) - c[0]) <= 1).mean() for c in (codes, drawn, chosen)]
    assert near[1] < 0.5 < near[2] <= near[0]


def test_shares_of_cells_with_few_rows_show_only_in_the_mean(codes: np.ndarray, critic: Critic) -> None:
    counts = critic.shares * codes.shape[1]
    for tree in counts:
        few = tree[(tree > 0) & (tree < 4.999)]
        assert len(np.unique(np.round(few, 3))) <= 1


def test_what_does_not_fit_together_is_refused(critic: Critic) -> None:
    with pytest.raises(ValueError, match="do not fit together"):
        Critic(critic.booster, critic.shares[1:], critic.code_shares, 0.0)
    with pytest.raises(ValueError, match="do not fit together"):
        Critic(critic.booster, critic.shares, critic.code_shares, np.inf)
    with pytest.raises(ValueError, match="other columns"):
        Critic(critic.booster, critic.shares, critic.code_shares[:0], 0.0)


def test_column_shares_are_kept_to_a_handful_of_rows() -> None:
    rng = np.random.default_rng(10)
    real = pl.DataFrame(
        {"c": rng.choice(list("abcdef"), 3000, p=[0.4, 0.3, 0.15, 0.1, 0.04, 0.01]), "x": rng.normal(size=3000)}
    )
    made = sy.fit(real, "trees", rounds=20).sample(3000, seed=1)
    for value in "abcdef":
        assert (made["c"] == value).sum() == pytest.approx((real["c"] == value).sum(), abs=12)
