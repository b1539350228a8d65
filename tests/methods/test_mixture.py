"""The parts of `mixture`: exact conditionals, what is learnt, what is refused."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.codecs.pieces import Given, Limit, Pieces
from synthesist.core import Context
from synthesist.errors import ModelFileError
from synthesist.methods.mixture.circuit import Circuit
from synthesist.methods.mixture.counting import Counts
from synthesist.methods.mixture.shape import hidden_tree

SIZES = (3, 4, 2, 3)
PARENTS = np.array([1, -1, 1, 2])
N = 40_000


@pytest.fixture(scope="module")
def circuit() -> Circuit:
    """Three states beside each of four columns; column 1 is the root, column 3 hangs below column 2."""
    rng = np.random.default_rng(0)
    transitions = [rng.dirichlet(np.full(3, 0.5), 1 if parent < 0 else 3) + 0.01 for parent in PARENTS]
    emissions = [rng.dirichlet(np.full(size, 0.5), 3).T + 0.01 for size in SIZES]
    return Circuit(
        np.array([1, 0, 2, 3]),
        PARENTS,
        tuple((T / T.sum(axis=1, keepdims=True)).astype(np.float32) for T in transitions),
        tuple((B / B.sum(axis=0)).astype(np.float32) for B in emissions),
    )


@pytest.fixture(scope="module")
def joint(circuit: Circuit) -> np.ndarray:
    """p[x0, x1, x2, x3], by summing over all states."""
    T, B = circuit.transitions, circuit.emissions
    return np.einsum("r,ra,rb,bc,wa,xr,yb,zc->wxyz", T[1][0], T[0], T[2], T[3], B[0], B[1], B[2], B[3])


def open_rows(n: int, known: dict[int, int] | None = None) -> np.ndarray:
    codes = np.full((n, 4), -1, np.int32)
    for j, code in (known or {}).items():
        codes[:, j] = code
    return codes


def shares(codes: np.ndarray) -> np.ndarray:
    """How often each row of codes came, as p[x0, x1, x2, x3]."""
    flat = np.ravel_multi_index(codes.T, SIZES)
    return np.bincount(flat, minlength=np.prod(SIZES)).reshape(SIZES) / len(codes)


def test_likelihood_is_the_sum_over_all_states(circuit: Circuit, joint: np.ndarray) -> None:
    every = np.array(list(product(*map(range, SIZES))))
    np.testing.assert_allclose(np.exp(circuit.log_likelihood(every)), joint.ravel(), rtol=1e-4)
    part = open_rows(1, {0: 2, 3: 1})
    np.testing.assert_allclose(np.exp(circuit.log_likelihood(part)), joint[2, :, :, 1].sum(), rtol=1e-4)


def test_rows_are_drawn_as_often_as_they_are_likely(circuit: Circuit, joint: np.ndarray) -> None:
    np.testing.assert_allclose(shares(circuit.draw(N, Context.seeded(1))), joint, atol=0.008)


def test_rows_under_evidence_follow_the_exact_conditional(circuit: Circuit, joint: np.ndarray) -> None:
    """Column 3 is known, column 0 kept to two codes, of one of them a quarter."""
    pieces = Pieces.of([(0, 0.0, 1.0), (2, 0.5, 0.75)], 3)
    given = Given(open_rows(N, {3: 1}), {0: Limit(np.zeros(N, np.int64), (pieces,))})
    allowed = joint * np.array([1.0, 0.0, 0.25])[:, None, None, None] * np.array([0.0, 1.0, 0.0])
    drawn = shares(circuit.draw(N, Context.seeded(2), given))
    np.testing.assert_allclose(drawn, allowed / allowed.sum(), atol=0.008)


def test_each_row_follows_its_own_evidence(circuit: Circuit, joint: np.ndarray) -> None:
    known = open_rows(2 * N)
    known[::2, 1] = 3
    known[1::2, 2] = 0
    drawn = circuit.draw(2 * N, Context.seeded(3), Given(known, {}))
    for rows, part in ((drawn[::2], joint[:, 3:]), (drawn[1::2], joint[:, :, :1])):
        np.testing.assert_allclose(np.bincount(rows[:, 0]) / N, part.sum(axis=(1, 2, 3)) / part.sum(), atol=0.008)


def test_expected_counts_are_the_gradient_of_the_likelihood(circuit: Circuit) -> None:
    """Counts of a parameter are the parameter times the derivative of the log-likelihood."""
    codes = circuit.draw(50, Context.seeded(4))
    codes[::3, 2] = -1
    counts = Counts.expected(circuit, codes)
    for j, place in ((0, (1, 2)), (2, (0, 1)), (3, (2, 0))):
        for name in ("transitions", "emissions"):
            shares, more = getattr(circuit, name)[j], getattr(circuit, name)[j].copy()
            more[place] *= 1.01
            parts = (*getattr(circuit, name)[:j], more, *getattr(circuit, name)[j + 1 :])
            nearby = replace(circuit, **{name: parts})
            rise = (nearby.log_likelihood(codes) - circuit.log_likelihood(codes)).sum() / np.log(1.01)
            assert getattr(counts, name)[j][place] == pytest.approx(rise, rel=0.02, abs=0.02), (name, j, shares[place])


@pytest.fixture(scope="module")
def groups() -> pl.DataFrame:
    """Three kinds of row that differ in everything; a number with a point mass; a column that needs two others."""
    rng = np.random.default_rng(5)
    kind = rng.integers(0, 3, 4000)
    left, right = rng.integers(0, 2, 4000), rng.integers(0, 2, 4000)
    return pl.DataFrame(
        {
            "kind": np.array(["a", "b", "c"])[kind],
            "size": np.where(rng.random(4000) < 0.3, 0.0, np.round(rng.normal(10 * kind + 20, 1.5), 2)),
            "left": left.astype(str),
            "right": right.astype(str),
            "both": np.array(["no", "yes"])[left & right],
        }
    )


@pytest.fixture(scope="module")
def model(groups: pl.DataFrame) -> sy.Model:
    return sy.fit(groups, "mixture", states=16)


def test_what_two_columns_say_together_is_learnt(model: sy.Model) -> None:
    rows = model.sample(6000)
    agree = ((rows["left"] == "1") & (rows["right"] == "1")) == (rows["both"] == "yes")
    assert agree.mean() > 0.97
    middles = rows.filter(pl.col("size") > 0).group_by("kind").agg(pl.col("size").median()).sort("kind")
    np.testing.assert_allclose(middles["size"], [20, 30, 40], atol=1.0)


def test_conditions_and_holes_follow_what_was_learnt(model: sy.Model) -> None:
    rows = model.sample(1000, where={"size": (">=", 36.0)})
    assert rows["size"].min() >= 36.0
    assert (rows["kind"] == "c").mean() > 0.97
    holes = pl.DataFrame({"kind": ["b"] * 500, "left": ["1"] * 500, "both": ["no"] * 500})
    filled = model.fill(holes.with_columns(size=pl.lit(None, pl.Float64), right=pl.lit(None, pl.String)))
    assert (filled["right"] == "0").mean() > 0.97
    assert filled.filter(pl.col("size") > 0)["size"].median() == pytest.approx(30.0, abs=1.0)


def test_noise_is_not_learnt() -> None:
    rng = np.random.default_rng(6)
    frame = pl.DataFrame({name: rng.integers(0, 12, 2000).astype(str) for name in "abcd"})
    assert sy.fit(frame, "mixture").sampler.circuit.states == 1


def test_neighbours_in_the_tree_tell_most_of_each_other(groups: pl.DataFrame, model: sy.Model) -> None:
    codec = model.sampler.codec
    order, parents = hidden_tree(codec.encode(groups), codec)
    assert sorted(order.tolist()) == list(range(5))
    edges = {frozenset((codec.names[j], codec.names[parent])) for j, parent in enumerate(parents) if parent >= 0}
    assert frozenset(("kind", "size")) in edges
    assert len(edges) == 4


def test_a_hostile_circuit_is_refused(model: sy.Model, tmp_path: Path) -> None:
    """What a model file may hold: loops, parts of other sizes, shares that are none."""
    good = model.sampler.circuit
    B, T = list(good.emissions), list(good.transitions)
    loop = good.parents.copy()
    loop[good.order[0]] = good.order[-1]
    for bad in (
        {"parents": loop},
        {"parents": good.parents[:-1]},
        {"order": good.order[::-1].copy()},
        {"order": np.zeros_like(good.order)},
        {"emissions": (*B[:-1], B[-1][:, :-1])},
        {"transitions": (*T[:-1], T[-1][:1])},
    ):
        with pytest.raises(ValueError, match="circuit"):
            replace(good, **bad)
    for bad in (B[0] * 2, -B[0], B[0] * 0, B[0].astype(np.float64), np.full_like(B[0], np.inf)):
        with pytest.raises(ValueError, match="no shares"):
            replace(model.sampler, circuit=replace(good, emissions=(bad, *B[1:])))
    with pytest.raises(ValueError, match="other columns"):
        replace(model.sampler, circuit=replace(good, emissions=(B[0][:-1], *B[1:])))
    broken = replace(model.sampler)
    object.__setattr__(broken, "circuit", replace(good, emissions=(B[0] * 2, *B[1:])))
    replace(model, sampler=broken).save(tmp_path / "bad.syn")
    with pytest.raises(ModelFileError, match="no shares"):
        sy.load(tmp_path / "bad.syn")
