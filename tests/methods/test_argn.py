"""Any column from any others: dependence is learnt, conditions and holes are met as the truth would have them."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.core import Context
from synthesist.errors import ModelFileError, SpecError
from synthesist.methods.argn import ARGN
from synthesist.model import Model

ROWS = 4_000


@pytest.fixture(scope="module")
def model() -> Model:
    return sy.fit(known(ROWS, seed=1), ARGN(width=32, epochs=60, rate=0.01), seed=0)


def known(n: int, seed: int) -> pl.DataFrame:
    """a is even over 0..3; b is a in four of five rows, else even; x is normal around 10 a, missing for b = 3."""
    rng = Context.seeded(seed).rng("known")
    a = rng.integers(0, 4, n)
    b = np.where(rng.random(n) < 0.8, a, rng.integers(0, 4, n))
    x = (10 * a + rng.normal(0, 2, n)).round(2)
    frame = pl.DataFrame({"a": [f"a{i}" for i in a], "b": [f"b{i}" for i in b], "x": x})
    return frame.with_columns(x=pl.when(pl.col("b") != "b3").then("x"))


def test_the_joint_distribution(model: Model) -> None:
    rows, real = model.sample(ROWS, seed=5), known(ROWS, seed=1)
    for frame in (rows, real):
        assert frame.filter(pl.col("b") == "b3")["x"].null_count() > 0.97 * (frame["b"] == "b3").sum()
    for a in ("a0", "a1", "a2", "a3"):
        mine, true = (f.filter(pl.col("a") == a) for f in (rows, real))
        assert abs(mine.height - true.height) < 100
        assert abs((mine["b"] == f"b{a[1]}").mean() - (true["b"] == f"b{a[1]}").mean()) < 0.05
    x = rows.filter(pl.col("a") == "a2")["x"].drop_nulls()
    assert abs(x.median() - 20) < 0.7 and 1.5 < x.std() < 5


def test_a_condition_gives_the_conditional_distribution(model: Model) -> None:
    rows = model.sample(6_000, {"b": "b1"}, seed=3)
    assert (rows["b"] == "b1").all()
    assert abs((rows["a"] == "a1").mean() - 0.85) < 0.05  # 0.8 + 0.2/4


def test_several_limits_are_met_together(model: Model) -> None:
    """P(a0 | a in {a0, a1}, b in {b1, b2}) = 0.1 / (0.1 + 0.85 + 0.05): the set of b speaks on a, too."""
    rows = model.sample(6_000, {"a": ["a0", "a1"], "b": ["b1", "b2"]}, seed=3)
    assert rows["a"].is_in(["a0", "a1"]).all() and rows["b"].is_in(["b1", "b2"]).all()
    assert abs((rows["a"] == "a0").mean() - 0.1) < 0.05


def test_holes_are_filled_by_what_is_given(model: Model) -> None:
    rows = known(3_000, seed=4).filter(pl.col("x").is_not_null())
    filled = model.fill(rows.with_columns(a=pl.lit(None, dtype=pl.String)), seed=1)
    assert filled["b"].equals(rows["b"]) and filled["x"].equals(rows["x"])
    assert (filled["a"] == rows["a"]).mean() > 0.9  # x alone nearly tells it


def test_the_report_of_the_training(model: Model) -> None:
    assert "validation loss" in model.provenance["training"]
    assert 0 < len(model.sampler.training.train) <= 30


def test_foreign_weights_are_refused(model: Model) -> None:
    short = {name: array[..., :1] for name, array in model.sampler.weights.items()}
    with pytest.raises(ModelFileError, match="another network"):
        replace(model, sampler=replace(model.sampler, weights=short)).sample(5)


def test_weights_that_are_no_numbers_are_refused(model: Model) -> None:
    endless = {name: np.full_like(array, np.inf) for name, array in model.sampler.weights.items()}
    with pytest.raises(ValueError, match="no numbers"):
        replace(model.sampler, weights=endless)


def test_a_card_that_is_not_there(model: Model) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a card")
    with pytest.raises(SpecError, match="device = cuda"):
        sy.fit(known(200, seed=1), ARGN(device="cuda"))
