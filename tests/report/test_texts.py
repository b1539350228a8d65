"""The report as text: Markdown, data card, and the gates as a test run."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from synthesist.errors import GateError, OutputError, SpecError
from synthesist.report import Report
from synthesist.report.comparison import Comparison
from synthesist.report.gates import Gate, outcomes

WHY = {"reasons": [], "columns": {"age": 1.0}, "slices": [], "surrogate": []}
GATES = ["c2st<=0.6", "membership.high <= 0.51", "tstr<0.005"]


@pytest.fixture
def gated(report: Report) -> Report:
    return replace(report, gates=outcomes(report.scores, GATES))


def test_markdown_holds_every_score_finding_gate_and_line_of_provenance(gated: Report) -> None:
    text = gated.to_markdown()
    assert gated.verdict.sentence in text
    assert all(f"`{score.name}`" in text for score in gated.scores)
    assert all(finding.step in text for finding in gated.findings)
    assert "- holds: `c2st<=0.6`" in text and "- FAILS: `tstr<0.005` (tstr is 0.01)" in text
    assert "| method | trees |" in text
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in lines)


def test_names_cannot_break_the_tables(built) -> None:
    import polars as pl

    sides = {side: pl.DataFrame({"a|b\n# c": [1.0, 2.0] * 20}) for side in ("train", "holdout", "synthetic")}
    card = built({"a|b\n# c": "number"}, **sides).to_card()
    assert "| `a\\|b # c` | number |" in card and "\n# c" not in card


def test_card_says_what_the_rows_are_and_are_not_for(report: Report) -> None:
    card = report.to_card()
    for heading in ("What it is like", "Columns", "How it was made", "Scores", "What regulators ask", "Not for"):
        assert f"## {heading}" in card
    assert "400 synthetic rows" in card and "`income` | number" in card


def test_regulators_are_answered_by_name(report: Report, scored) -> None:
    singled = scored("singling_out", 0.03, 0, 1, 0.01, family="privacy")
    answered = {a.criterion.name: a.found for a in replace(report, scores=(*report.scores, singled)).answers}
    assert answered["Singling out"] == "`singling_out` 0.030 (0.020 to 0.040), real rows 0.010"
    assert answered["Linkability"] == "Not measured."
    assert "no formal guarantee" in answered["Privacy parameters"]
    private = replace(report, provenance={"privacy.epsilon": "1", "privacy.delta": "1e-9", "privacy.unit": "people"})
    told = {a.criterion.name: a.found for a in private.answers}
    assert told["Privacy parameters"] == "epsilon = 1 delta = 1e-9" and told["Unit of privacy"] == "people"


def test_junit_has_a_case_for_each_gate(gated: Report, report: Report) -> None:
    suites = ElementTree.fromstring(gated.to_junit())
    assert suites.attrib["tests"] == "3" and suites.attrib["failures"] == "2"
    cases = {case.attrib["name"]: case.find("failure") for case in suites.iter("testcase")}
    assert list(cases) == [gate.strip() for gate in GATES] and cases["c2st<=0.6"] is None
    assert "tstr is 0.01" in cases["tstr<0.005"].attrib["message"]
    with pytest.raises(OutputError, match="no gate"):
        report.to_junit()


def test_gates(report: Report) -> None:
    assert Gate.read(" orders.c2st.high<=0.6 ") == Gate("orders.c2st.high<=0.6", "orders.c2st", "high", "<=", 0.6)
    with pytest.raises(GateError, match=r"1 of 2 gates failed:\n  tstr<0.005: tstr is 0.01"):
        report.require("tstr<0.005", "c2st<=0.6")
    for gate, told in {"c2st": "Cannot read", "c2st<=x": "no number", "c2ts<=1": "Did you mean"}.items():
        with pytest.raises(SpecError, match=told):
            report.require(gate)


def test_several_reports_side_by_side(report: Report) -> None:
    worse = replace(
        report, scores=tuple(replace(s, value=s.value + 0.2) if s.metric == "c2st" else s for s in report.scores)
    )
    found = Comparison.of("People", {"good.csv": report, "bad.csv": worse})
    assert found.advice.method == "good.csv" and found.costs == ()
    page = found.to_html()
    assert "2 synthetic tables side by side" in page and "Cost" not in page and "Energy" not in str(found)


def test_explanation_parts_and_gates_survive_json(gated: Report) -> None:
    whole = replace(gated, explanations={"": {**WHY, "reasons": [{"sentence": "`age` is odd"}]}}, previous=gated.scores)
    again = Report.from_json(whole.to_json())
    assert again.gates == whole.gates and again.explanations == whole.explanations
    assert [score.name for score in again.previous] == [score.name for score in whole.previous]
    assert "is odd" in again.to_html()
