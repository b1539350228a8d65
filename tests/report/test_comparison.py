"""Methods side by side: the best is marked, a failure is a row, and the page needs nothing from outside."""

import json
from math import isfinite

import polars as pl
import pytest

import synthesist as sy
from synthesist.core import Context, Score, Spec
from synthesist.engine.apart import Cost
from synthesist.errors import OutputError, SpecError, UnsuitableError
from synthesist.methods.marginals import Marginals
from synthesist.report.comparison import Attempt, compared


def _score(value: float, best: float = 1.0) -> Score:
    return Score("shape", "Shape <b>", value, value - 0.1, value + 0.1, best, 0.0, reference=0.95)


class Plugin(Spec):
    """A method that no catalogue knows, and so has no process of its own."""

    accepts = Marginals.accepts

    def fit(self, data, ctx):
        return Marginals().fit(data, ctx)


def _made(spec: Marginals) -> Attempt:
    if spec.bins == 8:
        raise UnsuitableError("it cannot <learn> text")
    return Attempt(spec.bins, Cost(2.0, 3.6, 5e8), spec, "picked <so>" if spec.bins == 4 else "")


@pytest.fixture
def found():
    values = {4: 0.5, 64: 0.9}
    specs = [Marginals(bins=4), Marginals(bins=64), Marginals(bins=8)]
    return compared("people", specs, _made, lambda bins: [_score(values[bins])], Context(), watts=20)


def test_the_best_is_marked_and_a_failure_is_a_row(found):
    assert found.best("shape") == ("marginals bins=64",)
    shown = str(found)
    assert "*0.900" in shown
    assert "*0.500" not in shown
    assert "0.950" in shown
    assert "marginals bins=8 failed: it cannot <learn> text" in shown


def test_saved_as_a_page_and_as_numbers(found, tmp_path):
    page = found.save(tmp_path / "compare.html").read_text()
    assert "0.900&thinsp;*" in page
    assert "it cannot &lt;learn&gt; text" in page
    assert "Shape &lt;b&gt;" in page
    assert "http" not in page.replace("http-equiv", "")
    tree = json.loads(found.save(tmp_path / "compare.json").read_text())
    assert [entry["failure"] != "" for entry in tree["entries"]] == [False, False, True]
    assert tree["entries"][2]["cost"]["seconds"] is None
    assert tree["entries"][0]["energy_wh"] == pytest.approx(3.6 * 20 / 3600)
    assert "picked &lt;so&gt;" in page
    assert "20 W" in page
    with pytest.raises(OutputError, match=r"\.html"):
        found.save(tmp_path / "compare.pdf")


def test_level_methods_are_both_best():
    specs = [Marginals(bins=4), Marginals(bins=16)]
    best = compared("t", specs, _made, lambda _: [_score(0.5)], Context()).best("shape")
    assert best == ("marginals bins=4", "marginals bins=16")


def test_where_all_fail_the_reason_is_raised():
    with pytest.raises(UnsuitableError, match="cannot"):
        compared("t", [Marginals(bins=8)], _made, lambda _: [], Context())


def test_the_verb_gives_the_same_scores_every_time():
    frame = pl.DataFrame({"x": [i % 7 for i in range(110)], "y": ["ab"[i % 2] for i in range(110)]})
    methods = ["marginals", "gaussian_copula", "auto", Plugin()]
    asked = ["column_shapes", "c2st", "validity"]
    first, again = (sy.compare(frame, names, metrics=asked) for names in (methods, methods[1:2]))
    assert first.entries[1].scores == again.entries[0].scores
    assert all(entry.cost.cpu_seconds > 0 for entry in first.entries)
    assert [isfinite(entry.cost.memory) for entry in first.entries] == [True, True, True, False]
    assert first.entries[0].scores == first.entries[3].scores, "rows differ with the process they are made in"
    auto = first.entries[2]
    assert auto.options["kind"] == "gaussian_copula"
    assert "too few for trees" in auto.because
    page = first.to_html()
    assert page.count("<svg") == page.count("</svg>") == page.count("aria-hidden") + page.count('role="img"')


def test_a_share_of_watts_that_cannot_be_is_refused():
    with pytest.raises(SpecError, match="watts"):
        sy.compare({"x": [1, 2, 3]}, ["marginals"], watts=0)
