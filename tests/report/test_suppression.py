"""No real row, and no number that stands for fewer than ten, leaves in any form."""

import json
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthesist.core import Score
from synthesist.report import Report
from synthesist.report.cells import K, bars, merge_small
from synthesist.report.histogram import histogram

MARKER = "Zebulon-unique-marker"
NUMBER = 987_654_321
SIDES = ("train", "holdout", "synthetic")


def texts(report: Report) -> str:
    return report.to_html() + report.to_json() + report._repr_html_() + str(report)


@pytest.mark.parametrize("side", ["train", "holdout"])
@pytest.mark.parametrize("copies", [1, K - 1])
def test_planted_real_values_do_not_leave(built: Callable[..., Report], side: str, copies: int) -> None:
    plain = pl.DataFrame({"town": ["A"] * 150 + ["B"] * 150, "sum": range(300), "note": ["short"] * 300})
    planted = plain.with_columns(
        town=pl.Series([MARKER] * copies + plain["town"].to_list()[copies:]),
        sum=pl.Series([NUMBER] * copies + plain["sum"].to_list()[copies:]),
        note=pl.Series([MARKER] * copies + plain["note"].to_list()[copies:]),
    )
    sides = {"train": plain, "holdout": plain, "synthetic": plain} | {side: planted}
    report = built({"town": "category", "sum": "integer", "note": "text"}, **sides)
    told = texts(report)
    assert MARKER not in told
    assert max(report.columns[1].cells.edges) <= 500
    for form in (f"{NUMBER}", f"{NUMBER:,}", "987", "988", "990,000"):
        assert form not in told


def test_a_value_in_ten_rows_of_each_side_is_named(built: Callable[..., Report]) -> None:
    table = pl.DataFrame({"town": [MARKER] * K + ["A"] * 290})
    assert MARKER in texts(built({"town": "category"}, train=table, holdout=table, synthetic=table))


def test_a_synthetic_value_that_is_not_real_is_not_named(built: Callable[..., Report]) -> None:
    real, made = pl.DataFrame({"town": ["A"] * 60}), pl.DataFrame({"town": [MARKER] * 60})
    report = built({"town": "category"}, train=real, holdout=real, synthetic=made)
    assert MARKER not in texts(report)
    assert report.columns[0].cells.labels == ("A", "other")


def test_a_rest_that_is_too_small_takes_a_value_along(built: Callable[..., Report]) -> None:
    table = pl.DataFrame({"town": ["A"] * 150 + ["B"] * 147 + ["C"] * 3})
    cells = built({"town": "category"}, train=table, holdout=table, synthetic=table).columns[0].cells
    assert (cells.labels, cells.holdout) == (("A", "other"), (0.5, 0.5))


def test_details_of_a_metric_pass_the_second_lock(built: Callable[..., Report], scored: Callable[..., object]) -> None:
    details = {
        "columns": {"town": {"train": 3 / 300, "holdout": 50 / 300, "synthetic": 0.01, "measure": "TV"}},
        "worst_row": [MARKER, 3],
        MARKER: 1,
        "values": list(range(10_000)),
        "rates": {"1.0%": {"value": np.float64(0.25)}},
    }
    table = pl.DataFrame({"town": ["A"] * 300})
    report = built(
        {"town": "category"}, [scored("x", 1, 1, 0, 1, details=details)], train=table, holdout=table, synthetic=table
    )
    assert MARKER not in texts(report)
    assert json.loads(report.to_json())["scores"][0]["details"] == {
        "columns": {"town": {"train": None, "holdout": 0.166667, "synthetic": 0.01, "measure": "TV"}},
        "worst_row": [3],
        "rates": {"1.0%": {"value": 0.25}},
    }


def test_only_an_end_with_enough_rows_beyond_gets_a_cell_of_its_own() -> None:
    even = pl.Series(range(1000))
    edges = histogram(dict.fromkeys(("train", "holdout", "synthetic"), even)).edges
    assert (edges[0], edges[-1]) == (0.0, 1000.0)
    tailed = pl.concat([even, pl.Series([5000] * K)])
    assert histogram(dict.fromkeys(("train", "holdout", "synthetic"), tailed)).edges[-2:] == (1000.0, 1050.0)


@pytest.mark.parametrize(("others", "spikes"), [(0, 1), (K - 1, 0), (K, 1)])
def test_a_spike_does_not_tell_the_few_that_share_its_cell(
    built: Callable[..., Report], others: int, spikes: int
) -> None:
    table = pl.DataFrame({"x": [0] * (500 - others) + [3] * others + [100 + 7 * i % 2000 for i in range(500)]})
    column = built({"x": "integer"}, train=table, holdout=table, synthetic=table).columns[0]
    assert column.cells.labels[0] == "below 100" and len(column.spikes) == spikes


@pytest.mark.parametrize(("empty", "told"), [(0, 0.0), (1, None), (K - 1, None), (K, 0.1), (91, None), (100, 1.0)])
def test_few_missing_cells_are_not_counted(built: Callable[..., Report], empty: int, told: float | None) -> None:
    table = pl.DataFrame({"x": [None] * empty + [1.5] * (100 - empty)}, schema={"x": pl.Float64})
    missing = built({"x": "number"}, train=table, holdout=table, synthetic=table).columns[0].missing
    assert missing["holdout"] == told
    assert missing["synthetic"] == empty / 100


counts = st.lists(st.integers(0, 60), min_size=1, max_size=25)


@given(train=counts, data=st.data())
@settings(deadline=None, derandomize=True, max_examples=150)
def test_merging_leaves_no_small_cell_and_loses_no_row(train: list[int], data: st.DataObject) -> None:
    holdout = data.draw(st.lists(st.integers(0, 60), min_size=len(train), max_size=len(train)))
    table, edges = merge_small({"train": train, "holdout": holdout}, [float(i) for i in range(len(train) + 1)])
    assert sum(table["train"]) == sum(train) and sum(table["holdout"]) == sum(holdout)
    assert len(edges) == len(table["train"]) + 1 and (edges[0], edges[-1]) == (0, len(train))
    assert len(edges) == 2 or min(*table["train"], *table["holdout"]) >= K


@given(words=st.lists(st.sampled_from("aaaaaaaabbbbbbccccddefghij"), min_size=40, max_size=300), cut=st.floats(0, 1))
@settings(deadline=None, derandomize=True, max_examples=150)
def test_bars_have_no_small_cell(words: list[str], cut: float) -> None:
    at = int(cut * len(words))
    train, holdout = pl.Series(words[:at], dtype=pl.String), pl.Series(words[at:], dtype=pl.String)
    if max(len(train), len(holdout)) < K:
        return
    cells = bars({"train": train, "holdout": holdout, "synthetic": train})
    real = [(side, row) for side, row in ((cells.train, train), (cells.holdout, holdout)) if side] if cells else []
    told = [round(share * len(row)) for side, row in real for share in side]
    rest = [side[-1] for side, _ in real if cells.other]
    assert min(told, default=K) >= K or (not any(rest) and min(share for share in told if share) >= K)


@given(values=st.lists(st.floats(-1e9, 1e9, allow_nan=False), min_size=K, max_size=300), whole=st.booleans())
@settings(deadline=None, derandomize=True, max_examples=150)
def test_histogram_cells_hold_ten_real_rows(values: list[float], whole: bool) -> None:
    column = pl.Series([int(x) for x in values] if whole else values)
    cells = histogram({"train": column, "holdout": column, "synthetic": column})
    assert len(cells.labels) == len(cells.holdout) == len(cells.edges) - 1
    assert len(cells.edges) == 2 or min(round(share * len(column)) for share in cells.holdout) >= K
    assert abs(sum(cells.holdout) - 1) < 0.01


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ({"town": "A"}, True),
        ({"town": "A", "sum": "-1.5 to 20"}, True),
        ({"born": "2001-02-03 to 2004-05-06"}, True),
        ({"town": MARKER}, False),
        ({"town": "A", "sum": MARKER}, False),
        ({MARKER: "A"}, False),
    ],
)
def test_a_group_is_named_by_values_that_many_rows_hold(built: Callable[..., Report], place: dict, told: bool) -> None:
    table = pl.DataFrame({"town": ["A"] * 150 + [MARKER] * 5, "sum": range(155), "born": ["x"] * 155})
    parts = [{"group": place, "value": 0.5}, {"slice": place, "value": 0.5}]
    score = Score("c2st", "c2st", 0.5, 0.5, 0.5, 0.5, 1.0, 0.5, details={"parts": parts})
    report = built({"town": "category", "sum": "integer", "born": "text"}, [score], **dict.fromkeys(SIDES, table))
    kept = report.scores[0].details["parts"]
    assert kept == (parts if told else [{"value": 0.5}, {"value": 0.5}])
    assert MARKER not in texts(report)
