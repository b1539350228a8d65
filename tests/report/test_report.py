"""The value: verdict, findings, gates, files, JSON, terminal."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from synthesist.core import Context, Evidence, Score
from synthesist.errors import DataError, GateError, OutputError, SpecError
from synthesist.report import Report, build
from synthesist.report.verdict import verdict


def changed(scores: list[Score], metric: str, **values: object) -> list[Score]:
    return [replace(score, **values) if score.metric == metric else score for score in scores]


def test_good_scores_make_a_good_verdict(report: Report) -> None:
    assert report.verdict.lights == {"fidelity": "good", "utility": "good", "privacy": "good"}
    assert report.verdict.sentence == (
        "The synthetic data looks like real data, trains a model as well as real data does, "
        "and gave our attacks no hint of who was in the training data."
    )


@pytest.mark.parametrize(
    ("metric", "values", "family", "light"),
    [
        ("c2st", {"value": 0.7}, "fidelity", "fair"),
        ("column_shapes", {"value": 0.9}, "fidelity", "poor"),
        ("tstr", {"value": 0.2}, "utility", "poor"),
        ("tstr", {"value": -0.2}, "utility", "good"),
        ("membership", {"high": 0.58}, "privacy", "fair"),
        ("membership", {"details": {"power": 0.6}}, "privacy", "fair"),
        ("exact_copies", {"value": 0.5, "low": 0.45, "high": 0.55}, "privacy", "poor"),
        ("tstr", {"skipped": "no target", "value": float("nan")}, "utility", "none"),
    ],
)
def test_each_rule_sets_its_light(scores: list[Score], metric: str, values: dict, family: str, light: str) -> None:
    found = verdict(changed(scores, metric, **values))
    assert found.lights[family] == light
    if light not in ("good", "none"):
        assert found.deciding(family).rule.metric == metric


def test_distances_to_closest_records_judge_nothing(scores: list[Score], scored: Callable[..., Score]) -> None:
    dcr = scored("dcr_share", 1.0, 0.5, 1, 0.5, family="privacy")
    assert verdict([dcr]).lights["privacy"] == "none"
    assert verdict([*scores, dcr]).lights == verdict(scores).lights


def test_nothing_measured_is_said() -> None:
    assert "Nothing was measured" in verdict([]).sentence


def test_a_spike_is_told_in_points(built: Callable[..., Report], scored: Callable[..., Score]) -> None:
    real = pl.DataFrame({"hours": [40] * 467 + [20 + i % 40 for i in range(533)]})
    made = pl.DataFrame({"hours": [40] * 436 + [20 + i % 40 for i in range(564)]})
    shapes = scored("column_shapes", 0.9, 1, 0, 0.99, details={"columns": {"hours": {"score": 0.9, "reference": 0.99}}})
    report = built({"hours": "integer"}, [shapes], train=real, holdout=real, synthetic=made)
    about = {finding.about: finding for finding in report.findings}
    assert about["hours"].sentence == "`hours`: the value 40 is 3.0 points too rare (45.0 % instead of 48.0 %)."
    assert about["hours"].step and about["hours"].severity == "act"


def test_findings_cover_missing_pairs_copies_and_members(case: Evidence, scores: list[Score]) -> None:
    made = case.synthetic.with_table(case.synthetic.table.with_columns(town=pl.lit(None, pl.String)))
    pairs = {"pairs": [{"a": "age", "b": "town", "score": 0.5, "reference": 0.96}]}
    bad = changed(scores, "pair_trends", value=0.5, details=pairs)
    bad = changed(changed(bad, "membership", value=0.9, high=0.92), "exact_copies", value=0.4)
    report = build(replace(case, synthetic=made), bad, Context.seeded(0))
    told = " ".join(finding.sentence for finding in report.findings)
    assert "`town` is missing in 100 % of the synthetic rows instead of 0 %" in told
    assert "does not go together as it should with" in told
    assert "40.0 % of the synthetic rows copy a training row" in told and "AUC of 0.900" in told
    assert [finding.severity for finding in report.findings] == sorted(finding.severity for finding in report.findings)


def test_provenance_is_told_line_by_line(case: Evidence) -> None:
    provenance = {"method": {"kind": "trees", "depth": 6, "over": ["a", "b"]}, "seed": 0}
    report = build(case, [], Context.seeded(0), provenance=provenance)
    assert report.provenance == {"method": "trees", "method.depth": "6", "method.over": "a, b", "seed": "0"}


def test_gates(report: Report) -> None:
    assert report.require("c2st<=0.6", " column_shapes >= 0.95", "membership.high<=0.55") is report
    with pytest.raises(GateError, match=r"2 of 3 gates failed:\n  c2st<0.5: c2st is 0.55\n  tstr<=0: tstr is 0.01"):
        report.require("c2st<0.5", "tstr<=0", "pair_trends>0.9")


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        ("c2ts<=0.6", "Did you mean `c2st`"),
        ("c2st=0.6", "Cannot read"),
        ("c2st<=high", "no number"),
        ("", "Cannot read"),
    ],
)
def test_a_gate_that_cannot_be_read(report: Report, gate: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        report.require(gate)


def test_a_skipped_score_fails_its_gate(case: Evidence) -> None:
    report = build(case, [Score.skip("tstr", "Utility", "no target")], Context.seeded(0))
    with pytest.raises(GateError, match=r"not computed \(no target\)"):
        report.require("tstr<=1")


def test_json_round_trip(report: Report) -> None:
    back = Report.from_json(report.to_json())
    assert back.to_json() == report.to_json() and back.to_html() == report.to_html()
    tree = json.loads(report.to_json())
    assert (tree["format"], tree["version"]) == ("synthesist-report", 1)
    assert {"verdict", "scores", "findings", "columns", "provenance"} <= tree.keys()
    assert {"low", "high", "reference"} <= tree["scores"][0].keys()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": "synthesist-report", "version": 99}', '{"format": "synthesist-report", "version": 1}'],
)
def test_foreign_json_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="report"):
        Report.from_json(text)


def test_save_by_ending(report: Report, tmp_path: Path) -> None:
    assert report.save(tmp_path / "a.html") == (tmp_path / "a.html",)
    assert report.save(tmp_path / "b.json") == (tmp_path / "b.json",)
    report.save(tmp_path / "both")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "b.json", "both.html", "both.json"]
    assert (tmp_path / "both.html").read_text("utf-8") == report.to_html()


def test_save_says_what_is_wrong_and_leaves_nothing(report: Report, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"\.html, \.pdf, \.md, \.json, \.xml, not \.doc"):
        report.save(tmp_path / "a.doc")
    with pytest.raises(OutputError, match="does not exist"):
        report.save(tmp_path / "no" / "a.html")
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(OutputError, match="Cannot write"):
        report.save(tmp_path / "folder.html")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.html"]


def test_terminal(report: Report, tmp_path: Path) -> None:
    from rich.console import Console

    told = str(report)
    assert "looks like real data" in told and "c2st" in told and "Worst columns" in told and "\x1b" not in told
    console = Console(width=110, record=True, file=(tmp_path / "sink").open("w"))
    console.print(report)
    console.print(report.summary(tmp_path / "r.html"))
    assert "r.html" in console.export_text()
    console.file.close()


def test_evidence_is_left_alone_and_nothing_is_random(case: Evidence, scores: list[Score]) -> None:
    before = case.train.table.clone()
    one, two = (build(case, scores, Context.seeded(seed)).to_html() for seed in (1, 2))
    assert one == two and case.train.table.equals(before)
