"""Fidelity metrics see what is wrong, and only that."""

import numpy as np
import polars as pl
import pytest
from scipy.special import ndtr

import synthesist as sy
from synthesist.core import Context, Evidence
from synthesist.data.schema import Schema
from synthesist.metrics._columns import encoded
from synthesist.metrics._discriminator import chance
from synthesist.metrics._estimate import rank_sum
from synthesist.metrics.c2st import C2ST
from synthesist.metrics.column_shapes import ColumnShapes
from synthesist.metrics.coverage import Coverage
from synthesist.metrics.missingness import Missingness
from synthesist.metrics.pair_trends import PairTrends
from synthesist.metrics.validity import Validity


def test_evidence_is_encoded_once_and_forgotten_with_it(case, real):
    from synthesist.metrics._kept import _KNOWN

    evidence = case(real(20, 1), real(20, 2), real(20, 3))
    assert encoded(evidence) is encoded(evidence)
    key = id(evidence)
    del evidence
    assert key not in _KNOWN


def test_shuffled_columns_keep_their_shapes_and_lose_their_trends(case, real, shuffled, ctx):
    train = real(2000, 1)
    evidence = case(train, real(2000, 2), shuffled(train))
    assert ColumnShapes().score(evidence, ctx).value == pytest.approx(1.0)
    trends = PairTrends().score(evidence, ctx)
    assert trends.high < trends.reference_low
    assert C2ST().score(evidence, ctx).low > 0.8


def test_a_shifted_column_is_named(case, real, ctx):
    synthetic = real(2000, 3).with_columns(pl.col("age") + 5)
    evidence = case(real(2000, 1), real(2000, 2), synthetic)
    shapes = ColumnShapes().score(evidence, ctx).details["columns"]
    assert min(shapes, key=lambda name: shapes[name]["score"]) == "age"
    assert shapes["age"]["measure"] == "KS" and shapes["city"]["measure"] == "TV"
    assert "row" not in shapes and "note" not in shapes
    importance = C2ST().score(evidence, ctx).details["importance"]
    assert sum(importance.values()) == pytest.approx(1.0)
    assert set(list(importance)[:2]) == {"age", "since"}  # their sum is off, each alone is plausible


def test_a_column_that_is_all_missing_does_not_count_as_perfect(case, real, ctx):
    synthetic = real(500, 3).with_columns(pl.lit(None).alias("age"))
    score = ColumnShapes().score(case(real(500, 1), real(500, 2), synthetic), ctx)
    assert score.details["columns"]["age"]["score"] == 0.0


def test_a_constant_synthetic_number_counts_as_uncorrelated(case, real, ctx):
    synthetic = real(500, 3).with_columns(pl.lit(40).alias("age"))
    pairs = PairTrends().score(case(real(500, 1), real(500, 2), synthetic), ctx).details["pairs"]
    (pair,) = [p for p in pairs if (p["a"], p["b"]) == ("age", "since")]
    assert pair["score"] == pytest.approx(0.5, abs=0.01)  # the real r is about -1


def test_pairs_of_large_categories_equal_those_of_small_ones(case, ctx):
    """The sparse way of counting gives what the dense way gives."""
    rng = np.random.default_rng(0)
    kinds = {"a": {"kind": "category"}, "b": {"kind": "category"}}

    def table(levels):
        a, b = rng.integers(levels, size=(2, 400))
        return pl.DataFrame({"a": a.astype(str), "b": b.astype(str)})

    for levels in (5, 300):
        train, synthetic = table(levels), table(levels)
        score = PairTrends().score(case(train, train, synthetic, kinds=kinds), ctx)
        p, q = (
            {key: n / 400 for *key_, n in t.group_by("a", "b").len().rows() for key in [tuple(key_)]}
            for t in (train, synthetic)
        )
        expected = 1 - sum(abs(p.get(key, 0) - q.get(key, 0)) for key in p.keys() | q.keys()) / 2
        assert score.value == pytest.approx(expected)


def test_a_classifier_cannot_tell_real_from_real(case, real, ctx):
    score = C2ST().score(case(real(600, 1), real(600, 2), real(600, 3)), ctx)
    assert score.low <= 0.5 <= score.high
    assert score.reference_low <= 0.5 <= score.reference_high


def test_p_values_of_real_samples_are_uniform(case, real):
    """The short form of tests/prove/test_judge.py: 40 pairs of samples, none of them told apart but by luck."""
    from scipy.stats import kstest

    found = []
    for seed in range(40):
        evidence = case(real(2, 1), real(160, 2 * seed + 1), real(160, 2 * seed + 2))
        found.append(chance(encoded(evidence), "synthetic", 160, Context.seeded(seed)))
    assert kstest(found, "uniform").pvalue > 0.01
    assert sum(p <= 0.05 for p in found) <= 6


def test_a_p_value_is_small_where_rows_differ_and_one_where_nothing_is_learnt(case, real, shuffled, ctx):
    train = real(800, 1)
    assert C2ST().score(case(train, real(800, 2), shuffled(train)), ctx).details["p_value"] < 1e-6
    same = train.with_columns(pl.lit(40).alias(name) for name in ("age", "income")).select("age", "income")
    assert C2ST().score(case(same, same, same), ctx).details["p_value"] == 1.0


def test_the_rank_sum_is_standardised_with_its_ties():
    from scipy.stats import mannwhitneyu

    rng = np.random.default_rng(0)
    below, above = rng.integers(0, 6, 70).astype(float), rng.integers(1, 7, 50).astype(float)
    wanted = mannwhitneyu(above, below, alternative="greater", use_continuity=False, method="asymptotic").pvalue
    assert ndtr(-rank_sum(below, above)) == pytest.approx(wanted)
    assert np.isnan(rank_sum(np.ones(5), np.ones(5)))


def test_c2st_draws_equally_many_rows(case, real, ctx):
    score = C2ST(rows=100).score(case(real(500, 1), real(150, 2), real(80, 3)), ctx)
    assert score.details["rows"] == 80 and score.details["reference_rows"] == 100


def test_coverage_counts_categories_and_range(case, ctx):
    kinds = {"c": {"kind": "category"}, "x": {"kind": "number"}}
    train = pl.DataFrame({"c": list("abcd") * 50, "x": np.linspace(0, 100, 200)})
    synthetic = pl.DataFrame({"c": list("abzz") * 50, "x": np.linspace(10, 60, 200)})
    score = Coverage().score(case(train, train, synthetic, kinds=kinds), ctx)
    assert {name: entry["score"] for name, entry in score.details["columns"].items()} == pytest.approx(
        {"c": 0.5, "x": 0.5}
    )
    assert score.reference == pytest.approx(1.0)


def test_missingness_is_the_mean_gap_of_columns_with_holes(case, ctx):
    kinds = {name: {"kind": "number", "missing": True} for name in "abc"}
    train = pl.DataFrame({"a": [None, 1.0] * 50, "b": [1.0] * 100, "c": [1.0] * 100})
    synthetic = pl.DataFrame({"a": [None, 1.0, 1.0, 1.0] * 25, "b": [1.0] * 100, "c": [None, *[1.0] * 9] * 10})
    score = Missingness().score(case(train, train, synthetic, kinds=kinds), ctx)
    assert score.value == pytest.approx((0.25 + 0.1) / 2)
    assert score.details["columns"]["a"] == {"train": 0.5, "synthetic": 0.25, "holdout": 0.5}
    complete = Missingness().score(case(train[["b"]], train[["b"]], train[["b"]], kinds=kinds), ctx)
    assert (complete.value, complete.high) == (0.0, pytest.approx(0.03))


def test_missing_together_is_more_than_missing_as_often(case, ctx):
    kinds = {name: {"kind": "number", "missing": True} for name in "ab"}
    together = pl.DataFrame({"a": [None, 1.0] * 100, "b": [None, 1.0] * 100})
    apart = pl.DataFrame({"a": [None, 1.0] * 100, "b": [1.0, None] * 100})
    score = Missingness().score(case(together, together, apart, kinds=kinds), ctx)
    assert score.value == 0.0
    assert score.details["patterns"]["value"] == pytest.approx(1.0) and score.details["patterns"]["reference"] == 0.0
    (part,) = score.details["parts"]
    assert part == {"a": "a", "b": "b", "train": 0.5, "holdout": 0.5, "synthetic": 0.0}


def test_validity_asks_the_rules_the_key_and_what_is_unique():
    page = {
        "columns": {"a": {"kind": "integer"}, "b": {"kind": "integer"}, "c": {"kind": "category"}},
        "key": ["a", "b"],
        "unique": [["b", "c"]],
        "rules": ["a <= b", "combinations(a, c)"],
        "checks": {"dialect": "sqlite", "conditions": ["a > 0", "no_such_function(a) > 0"]},
    }
    schema = Schema.model_validate({"tables": {"t": page}})

    def table(*rows):
        return sy.read(pl.DataFrame(rows, schema=["a", "b", "c"], orient="row"), schema)

    real = table((1, 2, "x"), (2, 3, "y"))
    made = table((1, 2, "x"), (1, 2, "x"), (2, 1, "x"), (0, 3, "x"))
    score = Validity().score(Evidence(real, real, made), Context.seeded(0))
    rates = {part["rule"]: part["rate"] for part in score.details["parts"]}
    assert rates == {
        "a <= b": 0.25,  # 2, 1
        "combinations(a, c)": 0.5,  # 2, x and 0, x
        "a > 0": 0.25,
        "unique(a, b)": 0.25,
        "unique(b, c)": 0.25,
    }
    assert score.value == pytest.approx(1 - sum(rates.values()) / 8) and score.reference == 1.0


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ({"kind": "number", "bounds": [0, 1], "decimals": 1}, [0.0, 0.3, 1.0], [-0.1, 1.1, 0.25, None]),
        ({"kind": "integer", "bounds": [0, 90], "step": 5}, [0, 45, 90], [-5, 95, 44, None]),
        ({"kind": "category", "values": ["a", "b"], "missing": True}, ["a", "b", None], ["c", "A"]),
        ({"kind": "category"}, ["a", "zzz"], [None]),
        ({"kind": "boolean"}, [True, False], [None]),
        ({"kind": "constant", "value": 3}, [3, 3], [4]),
        ({"kind": "id", "whole": True}, [1, 2, 3], [7, 7]),
        ({"kind": "text", "missing": True}, ["x", None], []),
    ],
)
def test_validity_knows_good_cells_from_bad(kind, good, bad, case, ctx):
    table = pl.DataFrame({"x": pl.Series(good + bad, strict=False)})
    score = Validity().score(case(table, table, table, kinds={"x": kind}), ctx)
    assert score.value == pytest.approx(len(good) / (len(good) + len(bad)))


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
@pytest.mark.parametrize("precision", ["d", "s"])
def test_validity_of_moments(zone, precision, case, ctx):
    kind = {"kind": "moment", "precision": precision, "timezone": zone, "bounds": ["2020-01-02", "2020-01-03"]}
    days = pl.datetime_range(pl.datetime(2020, 1, 1), pl.datetime(2020, 1, 4), "1d", time_zone=zone, eager=True)
    table = pl.DataFrame({"x": days})
    assert Validity().score(case(table, table, table, kinds={"x": kind}), Context.seeded(0)).value == 0.5
