"""Telling apart where rows have weights."""

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.combine.telling import _auc, told_apart
from synthesist.core import Context


def test_a_weight_counts_as_so_many_rows():
    rng = np.random.default_rng(0)
    for _ in range(20):
        guess, other = rng.integers(0, 9, 60) / 9, rng.random(60) < 0.5
        weight = rng.integers(1, 5, 60)
        many = np.repeat(np.arange(60), weight)
        assert _auc(guess, other, weight.astype(float))[0] == pytest.approx(
            _auc(guess[many], other[many], np.ones(len(many)))[0]
        )
    above, below = np.array([0.9, 0.6]), np.array([0.1, 0.6])
    assert _auc(np.append(below, above), np.arange(4) > 1, np.ones(4))[0] == 0.875


def test_the_right_weights_make_two_tables_alike():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(3_000, 2))
    x[1_500:, 0] += 1
    here, there = (sy.read(pl.DataFrame({"a": part[:, 0], "b": part[:, 1]})) for part in np.split(x, 2))
    ctx = Context.seeded(0, threads=1)
    plain = told_apart(there, here, np.ones(1_500), ctx)
    weights = np.exp(x[:1_500, 0] - 0.5)
    weighed = told_apart(there, here, weights / weights.mean(), ctx)
    assert plain.auc - plain.error > 0.7
    assert abs(weighed.auc - 0.5) < 2 * weighed.error < 0.2
