"""Whether somebody who learns from synthetic rows, or asks them, gets what real rows would have given."""

import numpy as np
import polars as pl
import pytest

from synthesist.core import Context
from synthesist.errors import NotFoundError
from synthesist.metrics._learners import learn
from synthesist.metrics.augmentation import Augmentation
from synthesist.metrics.calibration import Calibration, _error
from synthesist.metrics.importance_agreement import ImportanceAgreement
from synthesist.metrics.queries import Queries
from synthesist.metrics.transfer import Transfer
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


@pytest.mark.parametrize("learner", ["trees", "linear", "neighbours"])
@pytest.mark.parametrize("target", ["buys", "city", "age"])
def test_every_learner_learns_every_kind_of_target(learner, target, case, real, shuffled, ctx):
    evidence = case(real(900, 1), real(600, 2), shuffled(real(900, 3)), target=target)
    score = TSTR(learners=(learner,)).score(evidence, ctx)
    (part,) = score.details["parts"]
    assert part["learner"] == learner and part["value"] == pytest.approx(score.value)
    assert part["real"] > {"buys": 0.85, "city": 0.6, "age": 0.7}[target]
    assert score.low > 0


def test_the_linear_learner_is_the_regression_of_the_field(ctx):
    """Ridge and logistic regression as in scikit-learn, on the same standard scores."""
    from sklearn.linear_model import LogisticRegression, Ridge

    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 4))
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    y = x @ [1.0, -2.0, 0.0, 0.5] + rng.normal(size=300)
    ridge = Ridge(alpha=1.0).fit(z, y)
    assert learn("linear", x, y, [], 0, ctx)(x) == pytest.approx(ridge.predict(z), abs=1e-6)
    kinds = np.digitize(y, [-1.0, 1.0]).astype(float)
    softmax = LogisticRegression(C=1.0, tol=1e-8, max_iter=1000).fit(z, kinds)
    assert learn("linear", x, kinds, [], 3, ctx)(x) == pytest.approx(softmax.predict_proba(z), abs=0.01)


def test_transfer_sees_what_holds_elsewhere_only(case, real, ctx):
    """Synthetic rows that know the young only are useful for the young and useless among the old."""
    young = real(3000, 3).filter(pl.col("age") < 45)
    train, holdout = (real(3000, k).filter(pl.col("age") < 60) for k in (1, 2))
    old = real(3000, 4).filter(pl.col("age") >= 45)
    evidence = case(train, holdout.filter(pl.col("age") < 45), young, target="buys", domain=old)
    here, there = TSTR(learners=("trees",)).score(evidence, ctx), Transfer(learners=("trees",)).score(evidence, ctx)
    assert here.low < 0 and here.high < there.low
    assert Transfer().score(case(train, holdout, young, target="buys"), ctx).skipped


def test_calibration_sees_labels_that_are_too_frequent(case, real, ctx):
    train, holdout, made = real(2000, 1), real(1500, 2), real(4000, 3)
    fair = Calibration().score(case(train, holdout, made.head(2000), target="buys"), ctx)
    more = pl.concat([made.filter(buys="yes"), made.filter(buys="no").head(300)])
    biased = Calibration().score(case(train, holdout, more, target="buys"), ctx)
    assert fair.value <= fair.reference_high and biased.low > biased.reference_high
    assert biased.details["brier"] > biased.details["brier_reference"]
    rows = [part["rows"] for part in biased.details["parts"]]
    assert len(rows) <= 10 and min(rows) >= 10


def test_the_calibration_error_is_the_mean_gap_of_bins():
    expected = np.repeat([0.1, 0.4, 0.9], [50, 30, 20])
    happened = np.concatenate([np.arange(50) % 5 == 0, np.arange(30) % 5 < 2, np.arange(20) % 2 == 0]).astype(float)
    error, parts = _error(expected, happened, 3)
    assert error.value == pytest.approx(0.5 * 0.1 + 0.3 * 0.0 + 0.2 * 0.4)
    assert [part["rows"] for part in parts] == [50, 30, 20]


def test_queries_see_pairs_that_were_lost(case, real, shuffled, ctx):
    tables = real(3000, 1), real(2000, 2)
    fair = Queries().score(case(*tables, real(2000, 3)), ctx)
    lost = Queries().score(case(*tables, shuffled(real(2000, 3))), ctx)
    assert fair.low <= fair.reference_high and lost.low > lost.reference_high
    single, *more = lost.details["parts"]
    assert single["value"] < 1.5 * single["reference"] + 0.01 and more[-1]["value"] > 3 * more[-1]["reference"]


def test_the_interval_of_queries_holds_the_error_of_other_samples(case, real):
    """The expected error at this size, as found over samples, lies in nine intervals of ten at least."""
    scores = [
        Queries(count=60).score(case(real(400, 3 * k), real(300, 3 * k + 1), real(300, 3 * k + 2)), Context.seeded(k))
        for k in range(40)
    ]
    middle = np.mean([score.value for score in scores])
    assert np.mean([score.low <= middle <= score.high for score in scores]) >= 0.9


def test_importance_sees_that_another_column_decides(case, real, ctx):
    def swapped(table):
        return table.with_columns(buys=pl.when("member").then(pl.lit("yes")).otherwise(pl.lit("no")))

    tables = real(1000, 1), real(1000, 2)
    fair = ImportanceAgreement().score(case(*tables, real(1000, 3), target="buys"), ctx)
    lost = ImportanceAgreement().score(case(*tables, swapped(real(1000, 3)), target="buys"), ctx)
    assert fair.high >= fair.reference_low and lost.high < lost.reference_low
    assert lost.details["parts"][-1]["synthetic"] < 0.2 or lost.details["rank_correlation"] < 0.9
    member = next(part for part in lost.details["parts"] if part["column"] == "member")
    assert member["synthetic"] > 0.8 > member["real"]


def test_augmentation_helps_the_few_and_harms_when_wrong(case, real, shuffled, ctx):
    spec = Augmentation(sizes=(40, 400, 9_000), repeats=3)
    helped = spec.score(case(real(2000, 1), real(800, 2), real(1500, 3), target="buys"), ctx)
    harmed = spec.score(case(real(2000, 1), real(800, 2), shuffled(real(1500, 3)), target="buys"), ctx)
    few, more = helped.details["parts"]
    assert (few["rows"], more["rows"]) == (40, 400)
    assert few["low"] > 0 and few["value"] > more["value"]
    assert harmed.value < helped.value - 0.1 and harmed.details["parts"][1]["high"] < 0
    assert abs(helped.value - helped.reference) < 0.05
