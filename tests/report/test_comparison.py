"""Methods side by side: the best is marked, a failure is a row, and the page needs nothing from outside."""

import json

import polars as pl
import pytest

import synthesist as sy
from synthesist.core import Context, Score
from synthesist.errors import OutputError, UnsuitableError
from synthesist.methods.marginals import Marginals
from synthesist.report.comparison import compared


def _score(value: float, best: float = 1.0) -> Score:
    return Score("shape", "Shape <b>", value, value - 0.1, value + 0.1, best, 0.0, reference=0.95)


def _fail(reason: Exception) -> None:
    raise reason


@pytest.fixture
def found():
    specs = {"few": Marginals(bins=4), "many": Marginals(bins=64), "odd": Marginals(bins=8)}
    values = {4: 0.5, 64: 0.9}

    def produce(spec):
        return _fail(UnsuitableError("it cannot <learn> text")) if spec.bins == 8 else spec.bins

    return compared("people", specs, produce, lambda bins: [_score(values[bins])], Context())


def test_the_best_is_marked_and_a_failure_is_a_row(found):
    assert found.best("shape") == ("many",)
    shown = str(found)
    assert "*0.900" in shown
    assert "*0.500" not in shown
    assert "0.950" in shown
    assert "odd failed: it cannot <learn> text" in shown


def test_saved_as_a_page_and_as_numbers(found, tmp_path):
    page = found.save(tmp_path / "compare.html").read_text()
    assert "0.900 *" in page
    assert "it cannot &lt;learn&gt; text" in page
    assert "Shape &lt;b&gt;" in page
    assert "http" not in page.replace("http-equiv", "")
    tree = json.loads(found.save(tmp_path / "compare.json").read_text())
    assert [entry["failure"] != "" for entry in tree["entries"]] == [False, False, True]
    assert tree["entries"][2]["seconds"] is None
    with pytest.raises(OutputError, match=r"\.html"):
        found.save(tmp_path / "compare.pdf")


def test_level_methods_are_both_best():
    specs = {"a": Marginals(bins=4), "b": Marginals(bins=8)}
    assert compared("t", specs, lambda spec: spec, lambda _: [_score(0.5)], Context()).best("shape") == ("a", "b")


def test_where_all_fail_the_reason_is_raised():
    with pytest.raises(UnsuitableError, match="no"):
        compared("t", {"a": Marginals()}, lambda _: _fail(UnsuitableError("no")), lambda _: [], Context())


def test_the_verb_gives_the_same_scores_every_time():
    frame = pl.DataFrame({"x": [i % 7 for i in range(120)], "y": ["ab"[i % 2] for i in range(120)]})
    first, again = (
        sy.compare(frame, ["marginals", "gaussian_copula"], metrics=["column_shapes", "validity"]) for _ in range(2)
    )
    assert [entry.scores for entry in first.entries] == [entry.scores for entry in again.entries]
    assert all(entry.seconds > 0 for entry in first.entries)
