"""`dp_argn`: its gradients are those of its likelihood, dependence is learnt, and what cannot be seen is left out."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.codecs.pieces import Limit, Pieces
from synthesist.core import Context
from synthesist.data.dataset import Dataset
from synthesist.dp.accounting import Account
from synthesist.dp.domain import Domain
from synthesist.dp.private import PrivateData
from synthesist.dp.queries import Counts, Gradients, Training
from synthesist.methods.dp_argn import DpARGN
from synthesist.methods.dp_argn.network import Chain
from synthesist.model import Model
from synthesist.testing.private import declared, replayed

ROWS = 4_000


def known(n: int, seed: int) -> Dataset:
    """a is even over 0..3; b is a in four of five rows, else even; x is normal around 10 a, missing for b = 3."""
    rng = Context.seeded(seed).rng("known")
    a = rng.integers(0, 4, n)
    b = np.where(rng.random(n) < 0.8, a, rng.integers(0, 4, n))
    x = (10 * a + rng.normal(0, 2, n)).round(2)
    frame = pl.DataFrame({"a": [f"a{i}" for i in a], "b": [f"b{i}" for i in b], "x": x})
    return declared(sy.read(frame.with_columns(x=pl.when(pl.col("b") != "b3").then("x"))))


def fitted(epsilon: float) -> Model:
    with replayed():
        return sy.fit(known(ROWS, seed=1), DpARGN(epsilon=epsilon, delta=1e-6, part=0.2, clip=2.0), seed=0)


@pytest.fixture(scope="module")
def model() -> Model:
    return fitted(epsilon=30.0)


# --------------------------------------------------------------------------- the network


@pytest.fixture(scope="module")
def chain() -> Chain:
    """Three columns that depend on each other: 2 codes, 5 along a line with one for missing, 3 codes."""
    blank = Chain.independent([np.array([3.0, 1]), np.array([1.0, 2, 3, 2, 1]), np.array([1.0, 1, 4])], [0, 4, 0])
    return blank.with_weights(np.random.default_rng(0).normal(0, 0.5, blank.parameters))


def likelihood(chain: Chain, codes: np.ndarray) -> float:
    """The log-probability of one row."""
    return float(chain.drawn(codes, {}, Context.seeded(0))[1][0])


def test_gradients_are_slopes_of_the_log_likelihood(chain: Chain) -> None:
    codes = np.array([[1, 3, 2]])
    flat = np.concatenate([weight.ravel() for weight in chain.weight])
    slopes = np.concatenate([(part.errors.T @ part.inputs).ravel() for part in chain.gradients(codes)])
    assert slopes.shape == flat.shape
    for k in range(len(flat)):
        step = np.where(np.arange(len(flat)) == k, 0.02, 0.0)
        up, down = (likelihood(chain.with_weights(flat + sign * step), codes) for sign in (1, -1))
        assert slopes[k] == pytest.approx((up - down) / 0.04, abs=2e-3)


def test_the_slope_of_columns_that_do_not_depend_on_each_other(chain: Chain) -> None:
    flat = chain.with_weights(np.zeros(chain.parameters))
    codes, _ = flat.drawn(np.full((20_000, 3), -1), {}, Context.seeded(0))
    square = sum((part.errors**2).sum(axis=1) * (part.inputs**2).sum(axis=1) for part in flat.gradients(codes))
    assert np.mean(square) ** 0.5 == pytest.approx(flat.slope, rel=0.02)


def test_probabilities_of_all_rows_sum_to_one_and_are_drawn(chain: Chain) -> None:
    every = np.stack(np.meshgrid(*map(np.arange, chain.sizes), indexing="ij"), axis=-1).reshape(-1, 3)
    share = np.exp(chain.drawn(every, {}, Context.seeded(0))[1])
    assert share.sum() == pytest.approx(1, abs=1e-5)
    codes, weight = chain.drawn(np.full((40_000, 3), -1), {}, Context.seeded(1))
    assert np.bincount(np.ravel_multi_index(codes.T, chain.sizes), minlength=30) / 40_000 == pytest.approx(
        share, abs=0.01
    )
    assert not weight.any()


def test_limits_are_kept_and_weighed(chain: Chain) -> None:
    some = Pieces.of([(2, 0.0, 0.5), (4, 0.0, 1.0)], 5)
    codes, weight = chain.drawn(np.full((50, 3), -1), {1: Limit(np.zeros(50, np.int64), (some,))}, Context.seeded(1))
    assert set(codes[:, 1]) == {2, 4}
    given = np.array([[codes[0, 0], code, last] for code in range(5) for last in range(3)])
    share = np.exp(chain.drawn(given, {}, Context.seeded(0))[1]).reshape(5, 3).sum(axis=1)
    assert np.exp(weight[0]) == pytest.approx((share[2] / 2 + share[4]) / share.sum(), rel=1e-4)


def test_levels_give_columns_their_shares(chain: Chain) -> None:
    masses = [np.array([1.0, 1]), np.array([5.0, 1, 1, 1, 2]), np.array([3.0, 1, 1])]
    levelled = chain.levelled(masses, Context.seeded(0))
    codes, _ = levelled.drawn(np.full((40_000, 3), -1), {}, Context.seeded(1))
    for j, mass in enumerate(masses):
        assert np.bincount(codes[:, j]) / 40_000 == pytest.approx(mass / mass.sum(), abs=0.015)


def test_parts_that_do_not_fit_are_refused(chain: Chain) -> None:
    with pytest.raises(ValueError, match="another form"):
        replace(chain, weight=chain.weight[::-1])
    with pytest.raises(ValueError, match="no numbers"):
        chain.with_weights(np.full(chain.parameters, np.inf))


# --------------------------------------------------------------------------- the method


def test_the_joint_distribution(model: Model) -> None:
    rows, real = model.sample(ROWS, seed=5).table, known(ROWS, seed=2).table
    for a in ("a0", "a1", "a2", "a3"):
        mine, true = (f.filter(pl.col("a") == a) for f in (rows, real))
        assert abs(mine.height - true.height) < 150
        assert abs((mine["b"] == f"b{a[1]}").mean() - (true["b"] == f"b{a[1]}").mean()) < 0.08
    assert rows.filter(pl.col("b") == "b3")["x"].null_count() > 0.9 * (rows["b"] == "b3").sum()
    assert abs(rows.filter(pl.col("a") == "a2")["x"].drop_nulls().median() - 20) < 2


def test_a_condition_gives_the_conditional_distribution(model: Model) -> None:
    rows = model.sample(4_000, {"b": "b1"}, seed=3).table
    assert (rows["b"] == "b1").all()
    assert abs((rows["a"] == "a1").mean() - 0.85) < 0.08  # 0.8 + 0.2/4


def test_holes_are_filled_by_what_is_given(model: Model) -> None:
    data = known(1_000, seed=4)
    rows = data.table.filter(pl.col("x").is_not_null())
    filled = model.fill(data.with_table(rows.with_columns(a=pl.lit(None, dtype=pl.String))), seed=1).table
    assert filled["b"].equals(rows["b"]) and filled["x"].equals(rows["x"])
    assert (filled["a"] == rows["a"]).mean() > 0.8


def test_what_noise_would_hide_is_left_out() -> None:
    rows = fitted(epsilon=0.02).sample(ROWS, seed=5).table
    table = np.histogram2d(*(rows[c].rank("dense").to_numpy() for c in "ab"), bins=4)[0] / ROWS
    assert np.abs(table - np.outer(table.sum(axis=1), table.sum(axis=0))).sum() / 2 < 0.1


def test_the_whole_budget_is_spent_and_no_more() -> None:
    spec, data = DpARGN(epsilon=2.0, delta=1e-6, steps=3, part=0.1), known(500, seed=1)
    account = Account(spec.epsilon, spec.delta)
    domain, answer, queries = Domain.of(data.schema, spec.name()), None, []
    holder = PrivateData(data, domain, account)
    asking = spec.ask(domain, Context.seeded(0))
    with replayed(), pytest.raises(StopIteration):
        while True:
            queries.append(asking.send(answer))
            answer = holder.answer(queries[-1])
    kinds = [type(query) for query in queries if not isinstance(query, Counts)]
    assert kinds == [Training, Gradients, Gradients, Gradients]
    assert 0 <= account.left < 0.06 * account.rho


def test_the_model_says_that_arithmetic_is_idealised(model: Model) -> None:
    assert model.provenance["privacy"]["arithmetic"] == "idealised"
    assert model.provenance["privacy"]["bought"]["training"] == pytest.approx(0.65, abs=0.1)
