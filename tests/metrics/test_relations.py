"""Metrics of related tables and of series see what is wrong between rows, and only that."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist import catalog
from synthesist.core import Evidence
from synthesist.data.units import NOBODY
from synthesist.metrics._relations import of_units
from synthesist.metrics._series import courses, series, windows
from synthesist.metrics.autocorrelation import Autocorrelation
from synthesist.metrics.cardinality import Cardinality
from synthesist.metrics.inter_event_times import InterEventTimes
from synthesist.metrics.next_step import NextStep
from synthesist.metrics.orphans import Orphans
from synthesist.metrics.parent_c2st import ParentC2ST
from synthesist.metrics.sequence_c2st import SequenceC2ST
from synthesist.testing.tables import related, visited

ALL = [Cardinality, Orphans, ParentC2ST, Autocorrelation, InterEventTimes, SequenceC2ST, NextStep]


@pytest.fixture(scope="module")
def real():
    first, rest = sy.split(visited(1500), 1 / 3)
    return Evidence(first, *sy.split(rest, 1 / 2))


def changed(case, **tables):
    """The same case with some synthetic tables changed."""
    made = {name: change(case.synthetic.tables[name]) for name, change in tables.items()}
    return replace(case, synthetic=replace(case.synthetic, tables={**case.synthetic.tables, **made}))


@pytest.mark.parametrize("metric", ALL)
def test_real_tables_are_as_the_holdout(metric, real, ctx):
    score = metric().score(real, ctx)
    learning = 0.06 if metric is NextStep else 0.0  # its interval is that of the rows it is tested on
    assert score.low - learning <= score.reference_high and score.reference_low <= score.high + learning
    assert {part["p_value"] > 0.001 for part in score.details["parts"] if "p_value" in part} <= {True}


def test_numbers_of_children_count_parents_without_any(real, ctx):
    case = changed(real, visits=lambda table: table.filter(pl.col("patient") % 2 == 0))
    score = Cardinality().score(case, ctx)
    (part,) = score.details["parts"]  # how many patients a ward has depends on how many were drawn: not judged
    assert (part["a"], part["b"]) == ("visits", "patients")
    assert part["none_synthetic"] > 0.4 > 0.2 > part["none_train"]
    made = real.synthetic.tables["patients"]["id"].to_numpy() % 2 == 0
    assert part["mean_synthetic"] == pytest.approx(part["mean_holdout"] * made.mean(), rel=0.2)
    assert score.high < score.reference_low


def test_orphans_are_counted_and_empty_references_are_none(ctx):
    data = related()
    train, holdout = sy.split(data, 0.5)
    orders = data.tables["orders"].with_columns(
        customer=pl.when(pl.int_range(pl.len()) < 30)
        .then(9_999)
        .when(pl.int_range(pl.len()) < 60)
        .then(None)
        .otherwise("customer")
    )
    made = replace(data, tables={**data.tables, "orders": orders})
    score = Orphans().score(Evidence(train, holdout, made), ctx)
    rates = {(part["a"], part["b"]): part["rate"] for part in score.details["parts"]}
    assert rates[("orders", "customers")] == pytest.approx(30 / 270)
    assert sum(rates.values()) == rates[("orders", "customers")]
    assert score.reference == 0.0  # although advisers of customers went to the other part


def test_the_wrong_parents_having_many_children_is_seen_by_aggregates_alone(real, ctx):
    def exchanged(visits):
        own = real.synthetic.tables["patients"]["id"]
        return visits.with_columns(patient=pl.col("patient").replace_strict(own, own.shuffle(seed=1)))

    case = changed(real, visits=exchanged)
    assert Cardinality().score(case, ctx).value == Cardinality().score(real, ctx).value
    score = ParentC2ST().score(case, ctx)
    assert score.low > score.reference_high and score.details["parts"][0]["p_value"] < 1e-3


def test_an_order_of_its_own_is_seen_by_all_that_judge_series(real, ctx):
    case = changed(real, visits=lambda table: table.with_columns(pl.col("pressure").shuffle(seed=0)))
    score = Autocorrelation().score(case, ctx)
    assert score.high < score.reference_low and score.details["parts"][0]["lag"] == 1
    assert SequenceC2ST().score(case, ctx).low > 0.55
    assert NextStep().score(case, ctx).low > 0.2
    assert InterEventTimes().score(case, ctx).value == InterEventTimes().score(real, ctx).value


def test_times_that_are_too_long_are_seen(real, ctx):
    case = changed(real, visits=lambda table: table.with_columns((pl.col("on").cast(pl.Int32) * 2).cast(pl.Date)))
    assert InterEventTimes().score(case, ctx).high < 0.8


def test_windows_show_a_row_its_past_and_never_another_series(real, ctx):
    (course,) = courses(real)
    assert (course.table, course.order, list(course.kinds)) == ("visits", "on", ["pressure", "urgent"])
    found = series(real, course)["train"]
    assert found.lengths.sum() == found.frame.height and (found.lengths > 0).all()
    shown = windows(course, found, ctx).table
    assert shown.height == len(found.lengths)  # one of each unit that has any
    first = shown.filter(pl.col("place in the series") == 1)
    assert first["pressure, 1 before"].null_count() == first.height
    start, pressure = set(found.start.tolist()), found.frame["pressure"].to_list()
    after = {(pressure[k], pressure[k - 1]) for k in range(len(pressure)) if k not in start}
    later = shown.filter(pl.col("place in the series") > 1).select("pressure", "pressure, 1 before")
    assert later.height > 200 and set(later.rows()) <= after
    told = windows(course, found, ctx, only="pressure").table
    assert "urgent" not in told.columns and told["place in the series"].min() == 2


def test_rows_of_one_unit_move_together():
    rng = np.random.default_rng(0)
    means, moved = [], []
    for _ in range(300):
        owner = np.repeat(np.arange(60), rng.integers(1, 8, 60))
        x = np.repeat(rng.normal(size=60), np.bincount(owner)) + rng.normal(0, 0.1, len(owner))
        means.append(x.mean())
        moved.append(np.var(of_units(x - x.mean(), owner, 60)) / 60)
    assert np.mean(moved) == pytest.approx(np.var(means), rel=0.25)
    assert of_units(np.ones(2), np.array([NOBODY, 0]), 1).tolist() == [0.5]


@pytest.mark.parametrize("metric", ALL)
def test_unrelated_tables_and_empty_ones_are_a_reason(metric, real, ctx):
    alone = real.of("patients")
    assert metric().score(alone, ctx).skipped
    nothing = changed(real, visits=lambda table: table.clear())
    score = metric().score(nothing, ctx)
    assert score.skipped or score.low <= score.value <= score.high
    assert "unit" in metric().score(changed(nothing, patients=lambda table: table.clear()), ctx).skipped


def test_a_report_of_related_tables_asks_them_all():
    train, rest = sy.split(visited(150), 1 / 3)
    holdout, synthetic = sy.split(rest, 1 / 2)
    report = sy.evaluate(train=train, holdout=holdout, synthetic=synthetic)
    names = {score.name for score in report.scores}
    assert {metric.name() for metric in ALL} <= names and {"visits.c2st", "patients.c2st"} <= names
    assert all(catalog.load("metrics", metric.name()).standard for metric in ALL)
