"""Train on synthetic, test on real."""

import numpy as np
import polars as pl
import pytest

from synthesist.errors import NotFoundError
from synthesist.metrics.tstr import TSTR


@pytest.mark.parametrize("target", ["buys", "city", "since"])
def test_real_rows_lose_nothing_and_shuffled_rows_lose_all(target, case, real, shuffled, ctx):
    train, holdout = real(900, 1), real(600, 2)
    same = TSTR().score(case(train, holdout, real(900, 3), target=target), ctx)
    lost = TSTR().score(case(train, holdout, shuffled(train), target=target), ctx)
    assert same.low <= 0.02 and abs(same.value) < 0.05
    assert lost.low > same.high
    measure = {"city": "macro AUC, one against the rest", "since": "R2"}.get(target, "AUC")
    assert lost.details["measure"] == measure
    assert lost.value == pytest.approx(lost.details["real"] - lost.details["synthetic"])


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [(pl.lit("yes"), 0.5), (pl.lit(None), 0.5), (pl.lit("never seen"), 0.5)],
)
def test_a_target_that_teaches_nothing_scores_half(spoil, expected, case, real, ctx):
    synthetic = real(500, 3).with_columns(spoil.alias("buys"))
    score = TSTR().score(case(real(500, 1), real(500, 2), synthetic, target="buys"), ctx)
    assert score.details["synthetic"] == expected
    assert score.low > 0.2


def test_a_number_that_was_lost_explains_nothing(case, real, ctx):
    synthetic = real(500, 3).with_columns(pl.lit(None).alias("age"))
    assert TSTR().score(case(real(500, 1), real(500, 2), synthetic, target="age"), ctx).details["synthetic"] == 0.0


def test_most_labels_lost_costs_utility(case, real, ctx):
    """Both sides draw equally many rows before rows without a label are left out."""
    synthetic = real(1000, 3).with_columns(pl.when(pl.int_range(pl.len()) < 30).then("buys").alias("buys"))
    score = TSTR().score(case(real(1000, 1), real(1000, 2), synthetic, target="buys"), ctx)
    assert score.details["rows"] == {"train": 1000, "synthetic": 30, "test": 1000}
    assert score.low > 0


def test_many_classes_are_pooled(case, ctx):
    rng = np.random.default_rng(0)
    kinds = {"x": {"kind": "number"}, "c": {"kind": "category"}}

    def table(rows):
        level = rng.integers(25, size=rows)
        return pl.DataFrame({"x": level + rng.normal(0, 0.1, rows), "c": level.astype(str)})

    score = TSTR().score(case(table(500), table(300), table(500), kinds=kinds, target="c"), ctx)
    assert score.details["real"] > 0.9 and abs(score.value) < 0.05


def test_a_zero_one_number_is_two_classes(case, real, ctx):
    tables = [real(300, k).with_columns(age=(pl.col("buys") == "yes").cast(pl.Int64)) for k in (1, 2, 3)]
    assert TSTR().score(case(*tables, target="age"), ctx).details["measure"] == "AUC"


def test_no_target_or_a_wrong_one(case, real, ctx):
    tables = real(50, 1), real(50, 2), real(50, 3)
    assert TSTR().score(case(*tables), ctx).skipped == "No target column was named."
    assert "key, free text" in TSTR().score(case(*tables, target="note"), ctx).skipped
    with pytest.raises(NotFoundError, match="Did you mean `buys`"):
        TSTR().score(case(*tables, target="buy"), ctx)
