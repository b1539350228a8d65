"""Pages on private rows: the promise first, all that was computed from real rows marked, none of it released."""

import json
import re
from dataclasses import replace
from math import exp
from xml.etree import ElementTree

import polars as pl
import pytest

import synthesist as sy
from synthesist.core import Context, Evidence
from synthesist.data.sources import read
from synthesist.errors import DataError, OutputError, SpecError
from synthesist.report import Report, build
from synthesist.report.comparison import Comparison
from synthesist.report.gates import outcomes
from synthesist.report.privacy import CURATOR, Privacy
from synthesist.report.release import understood

PROMISE = {
    "epsilon": 1.0,
    "delta": 1e-9,
    "unit": "all rows of one `patient`, 3 at most",
    "neighbours": "one unit more or less",
    "noise": "of the operating system",
    "arithmetic": "exact",
    "bought": {"values": 0.25, "correlations": 0.75},
    "mechanisms": {"gaussian": 4, "selection": 1},
    "ledger": {"epsilon": 3.0, "delta": 1e-6},
}
HOW = {"source": "secret.csv", "method": {"kind": "dp_copula", "epsilon": 1.0}, "privacy": PROMISE}
WHY = {"reasons": [{"sentence": "`age` = 40 is too rare."}], "columns": {"age": 1.0}, "slices": [], "surrogate": []}


@pytest.fixture
def private(case: Evidence, scores) -> Report:
    """A report on private rows, with every part."""
    found = build(case, scores, Context.seeded(0), title="People", provenance=HOW, explanations={"": WHY})
    return replace(found, gates=outcomes(found.scores, ["c2st<=0.6"]))


def test_the_promise_stands_first_in_every_form(private: Report) -> None:
    claim = "epsilon 1, delta 1e-09, for all rows of one"
    pages = {
        "html": private.to_html(),
        "md": private.to_markdown(),
        "json": private.to_json(),
        "terminal": str(private),
        "junit": private.to_junit(),
    }
    for form, page in pages.items():
        page = re.sub(r"\s*│\s*", " ", page)
        assert 0 <= page.find(claim) < page.index("c2st"), form
        assert CURATOR in page, form
    assert ElementTree.fromstring(private.to_junit().encode()).find(".//property[@name='curator_only']") is not None


def test_every_part_that_was_computed_from_real_rows_is_marked(private: Report, report: Report) -> None:
    parts = dict(re.findall(r'<(?:section|header) id="(\w+)">(.*?)</(?:section|header)>', private.to_html(), re.DOTALL))
    public = {"made"}
    assert {"outcome", "findings", "scores", "why", "columns", "pairs", "criteria"} <= set(parts)
    assert all((CURATOR in part) is (name not in public) for name, part in parts.items())
    headings = {part.partition("\n")[0]: part for part in private.to_markdown().split("\n## ")}
    real = {"Gates", "What stands out", "Scores", "What regulators ask"} & set(headings)
    assert len(real) >= 3 and all(CURATOR in headings[heading] for heading in real)
    assert CURATOR not in report.to_html() + report.to_markdown() + str(report)


def test_a_release_is_the_same_whatever_the_real_rows_are(private: Report, case: Evidence, scored) -> None:
    other = replace(case, train=case.holdout, holdout=case.train)
    again = build(other, [scored("c2st", 0.987654, 0.5, 1, 0.5)], Context.seeded(1), title="People", provenance=HOW)
    one, two = private.released(), again.released()
    assert (one.to_html(), one.to_markdown(), one.to_json()) == (two.to_html(), two.to_markdown(), two.to_json())
    assert private.to_card() == one.to_markdown()
    for page in (one.to_html(), one.to_markdown(), one.to_json()):
        assert (
            "secret.csv" not in page
            and "c2st" not in page
            and "400 synthetic rows" in page.replace('"rows": 400', "400 synthetic rows")
        )


def test_a_release_answers_by_the_headings_and_fields_that_are_asked(private: Report) -> None:
    page = json.loads(private.released("why not").to_json())
    card, nist = page["privacy"]["deployment_card"], page["privacy"]["nist_sp_800_226"]
    assert card["Justification"] == "why not" and "exponential mechanism (1)" in card["Mechanisms"]
    assert "epsilon 3, delta 1e-06 together" in card["Composition"] and "3 at most" in nist["Unit of privacy"]
    assert {"Privacy parameters", "Trust model", "Side channels", "Data collection"} <= set(nist)
    assert page["columns"][0]["cells"]["train"] == page["columns"][0]["cells"]["holdout"] == []
    assert "why not" in private.released("why not").to_html()


def test_a_saved_report_can_still_be_released(private: Report) -> None:
    back = Report.from_json(private.to_json())
    assert back.privacy == private.privacy and back.released().to_html() == private.released().to_html()


def test_nothing_else_is_released(private: Report, report: Report, tmp_path) -> None:
    with pytest.raises(SpecError, match="Nothing was paid"):
        report.released()
    replayed = {**PROMISE, "noise": "replayed, so that nobody is protected"}
    with pytest.raises(SpecError, match="replayed"):
        replace(private, release=replace(private.release, privacy=Privacy(**replayed))).released()
    with pytest.raises(OutputError, match=r"\.xml"):
        private.released().save(tmp_path / "gates.xml")


def test_a_schema_that_was_detected_from_real_rows_is_not_looked_at() -> None:
    real = read({"code": ["007", "008", "x9"] * 40}, name="t")
    made = pl.DataFrame({"code": [7, 8, 9, 10] * 30})
    assert understood(made, real.schema).kinds == read(made, name="table").kinds
    dataset = read(made, name="t")
    assert understood(dataset.with_table(dataset.table), real.schema).kinds == dataset.kinds
    judged = sy.evaluate(train=real, holdout=real, synthetic=made, metrics=["exact_copies"], provenance=HOW)
    assert [c.kind for c in judged.columns] == ["category"] and [c.kind for c in judged.released().columns] == [
        "integer"
    ]


def test_what_the_numbers_mean_is_never_rounded_down() -> None:
    for epsilon in (0.01, 0.1, 0.5, 1, 2, 3, 5, 8, 10, 20):
        told = Privacy(**{**PROMISE, "epsilon": epsilon}).meaning
        factor = re.search(r"factor of ([\d.,]+) at most", told)
        sure = re.search(r"can be (more than )?([\d.]+) % sure", told)
        assert factor and exp(epsilon) <= float(factor[1].replace(",", "")) <= exp(epsilon) * 1.01
        assert sure and (sure[1] or float(sure[2]) >= 100 / (1 + exp(-epsilon)))
        assert ("promises hardly anything" in told) is (epsilon > 10)


def test_what_was_bought_is_told_whole_and_on_one_screen() -> None:
    many = Privacy(**{**PROMISE, "bought": {f"pair {i}": 1 / 40 for i in range(40)}}).paid
    assert len(many) == 12 and many[-1][0] == "29 others" and abs(sum(share for _, share in many) - 1) < 1e-9


def test_idealised_arithmetic_and_rows_as_units_are_said() -> None:
    rough = Privacy(**{**PROMISE, "arithmetic": "idealised", "unit": "a row", "ledger": None})
    assert rough.exactness.startswith("Idealised") and "no ledger" in rough.limits[1]
    assert any("several rows" in limit for limit in rough.limits)
    assert not any("several rows" in limit for limit in Privacy(**PROMISE).limits)


@pytest.mark.parametrize(
    "wrong", ["much", {"epsilon": 1}, {**PROMISE, "epsilon": float("nan")}, {**PROMISE, "delta": 2}]
)
def test_a_statement_that_says_nothing_is_refused(wrong) -> None:
    with pytest.raises(DataError, match="privacy statement"):
        Privacy.of({"privacy": wrong})


def test_a_comparison_with_private_rows_is_marked(private: Report, report: Report) -> None:
    marked = Comparison.of("People", {"a": private, "b": report})
    for page in (marked.to_html(), marked.to_json(), re.sub(r"\s+", " ", str(marked))):
        assert CURATOR in page
    assert CURATOR not in Comparison.of("People", {"b": report}).to_html()
