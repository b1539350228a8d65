"""Privacy metrics see copies, and leave fresh rows alone."""

import numpy as np
import polars as pl
import pytest

from synthesist.metrics._columns import encoded
from synthesist.metrics._nearest import ONE, Gower
from synthesist.metrics.dcr_share import DCRShare
from synthesist.metrics.exact_copies import ExactCopies
from synthesist.metrics.membership import Membership

PRIVACY = [DCRShare, ExactCopies, Membership]


@pytest.mark.parametrize("metric", PRIVACY)
def test_a_copy_of_train_is_seen(metric, case, real, ctx):
    train = real(1000, 1)
    score = metric().score(case(train, real(1000, 2), train.sample(1000, shuffle=True, seed=0)), ctx)
    assert score.value > 0.95 and score.low > score.reference_high
    assert score.family == "privacy"


@pytest.mark.parametrize("metric", PRIVACY)
def test_a_tenth_of_copies_is_seen(metric, case, real, ctx):
    train = real(3000, 1)
    synthetic = pl.concat([train[:600], real(2400, 3)])
    score = metric().score(case(train, real(3000, 2), synthetic), ctx)
    assert score.low > score.best


@pytest.mark.parametrize("metric", PRIVACY)
def test_fresh_and_shuffled_rows_are_left_alone(metric, case, real, shuffled, ctx):
    train = real(1000, 1)
    for synthetic in (real(1000, 3), shuffled(train)):
        score = metric().score(case(train, real(1000, 2), synthetic), ctx)
        assert score.low <= score.best


def test_near_copies_escape_exact_copies_but_not_the_attack(case, real, ctx):
    train = real(1000, 1)
    synthetic = train.with_columns((pl.col("income") + 0.01).round(2))
    evidence = case(train, real(1000, 2), synthetic)
    assert ExactCopies().score(evidence, ctx).value < 0.2
    assert DCRShare().score(evidence, ctx).low > 0.9
    assert Membership().score(evidence, ctx).low > 0.9


def test_gower_distance_equals_its_definition(case, real):
    columns = encoded(case(real(60, 1), real(50, 2), real(40, 3)))
    gower = Gower.of(columns)
    queries, stock = np.arange(40), np.arange(60)
    distance = np.zeros((40, 60))
    for column in columns.all:
        a, b = column["synthetic"][:, None], column["train"][None, :]
        gone = column.missing("synthetic")[:, None].astype(int) + column.missing("train")[None, :]
        if column.numeric:
            seen = np.concatenate([column["train"], column["holdout"]])
            gap = np.minimum(np.abs(a - b) / (np.nanmax(seen) - np.nanmin(seen)), 1)
        else:
            gap = (a != b).astype(float)
        distance += np.where(gone == 2, 0, np.where(gone == 1, 1, gap))
    found, place = gower.nearest("synthetic", queries, "train", stock)
    assert found / ONE == pytest.approx(distance.min(axis=1), abs=1e-5)
    assert distance[queries, place] == pytest.approx(distance.min(axis=1), abs=1e-5)


def test_gower_distance_looks_beyond_one_block_and_uses_all_threads(case, real):
    columns = encoded(case(real(5000, 1), real(50, 2), real(50, 1)))
    gower = Gower.of(columns)
    last = np.arange(4900, 5000)
    one, two = (gower.nearest("train", last, "train", np.arange(5000), threads) for threads in (1, 2))
    assert (one[0] == 0).all()
    for found, wanted in zip(gower._scaled("train", one[1]), gower._scaled("train", last), strict=True):
        assert (found == wanted).all()
    assert (one[0] == two[0]).all() and (one[1] == two[1]).all()


@pytest.mark.parametrize("sizes", [(300, 300), (2000, 200), (200, 2000)])
def test_chance_hits_cancel_whatever_the_sizes(sizes, case, ctx):
    """Coarse tables repeat themselves; the holdout, at the same size as train, shows how often."""
    rng = np.random.default_rng(0)
    kinds = {"a": {"kind": "category"}, "b": {"kind": "integer"}}

    def table(rows):
        return pl.DataFrame({"a": rng.choice(list("abc"), rows), "b": rng.integers(0, 40, rows)})

    evidence = case(table(sizes[0]), table(sizes[1]), table(300), kinds=kinds)
    copies, nearness = ExactCopies().score(evidence, ctx), DCRShare().score(evidence, ctx)
    assert copies.details["share_in_train"] > 0.5 and nearness.details["ties"] > 0.5
    assert copies.value == pytest.approx(copies.details["share_in_train"] - copies.details["share_in_holdout"])
    for score in (copies, nearness):
        assert score.low <= score.value <= score.high
        assert score.low <= score.best <= score.high


def test_keys_and_free_text_do_not_hide_a_copy(case, real, ctx):
    train = real(200, 1)
    synthetic = train.with_columns(pl.col("row") + 10**6, pl.lit("new words").alias("note"))
    assert ExactCopies().score(case(train, real(200, 2), synthetic), ctx).value == 1.0


def test_the_attack_reports_its_power_and_its_rates(case, real, ctx):
    details = Membership().score(case(real(1000, 1), real(1000, 2), real(1000, 3)), ctx).details
    assert details["power"] > 0.95
    assert [part["rate"] for part in details["parts"]] == [0.001, 0.01, 0.1]
    assert details["parts"][2]["low"] <= 0.1 <= details["parts"][2]["high"]
    assert all(part["value"] <= part["chance"] for part in details["parts"])


def test_power_is_low_where_rows_carry_nothing(case, ctx):
    kinds = {"a": {"kind": "category"}}
    tables = [pl.DataFrame({"a": list("ab") * 100})] * 3
    assert Membership().score(case(*tables, kinds=kinds), ctx).details["power"] == pytest.approx(0.5)


def test_rows_drawn_to_single_records_have_a_low_distance_ratio(case, real, ctx):
    train = real(1000, 1)
    near = train.with_columns((pl.col("income") + 0.01).round(2))
    details = [DCRShare().score(case(train, real(1000, 2), made), ctx).details for made in (near, real(1000, 3))]
    assert details[0]["nndr_to_train"] < 0.01 and details[0]["nndr_to_holdout"] > 0.3
    assert details[1]["nndr_to_train"] == pytest.approx(details[1]["nndr_to_holdout"], abs=0.05)
