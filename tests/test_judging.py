"""Who is asked to judge: what the evidence allows, what gates name, and each of several tables."""

import math

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist import catalog
from synthesist.core import Context, Evidence
from synthesist.data.sources import read
from synthesist.judging import called_for, scored

FAST = ("column_shapes", "validity")


def people(n: int, seed: int) -> pl.DataFrame:
    return pl.DataFrame(
        {"id": range(n), "age": [(seed + 7 * k) % 60 + 18 for k in range(n)], "town": ["a", "b"] * (n // 2)}
    )


def family(n: int, seed: int) -> dict[str, pl.DataFrame]:
    pets = pl.DataFrame({"owner": [k // 2 for k in range(n)], "weight": [(seed + 3 * k) % 17 + 0.5 for k in range(n)]})
    return {"people": people(n, seed), "pets": pets}


def test_a_default_evaluation_asks_what_the_evidence_allows_in_the_order_of_the_report() -> None:
    data = read(people(40, 1))
    plain = called_for(Evidence(data, data, data))
    aimed = called_for(Evidence(data, data, data, target="town"))
    assert all(spec.standard and not spec.needs for spec in plain)
    assert {"c2st", "membership"} <= {spec.name() for spec in plain} and "tstr" in {spec.name() for spec in aimed}
    for specs in (plain, aimed):
        places = [spec.standard for spec in specs]
        assert places == sorted(places) and len(set(places)) == len(places)


def test_every_metric_has_a_place_of_its_own() -> None:
    places = [spec.standard for name in catalog.names("metrics") if (spec := catalog.load("metrics", name)).standard]
    assert len(set(places)) == len(places)


def test_a_gate_brings_its_metric() -> None:
    data = read(people(40, 1))
    case = Evidence(data, data, data)
    assert [spec.name() for spec in called_for(case, FAST, ["c2st", "validity"])] == [*FAST, "c2st"]
    report = sy.evaluate(
        train=data, holdout=data, synthetic=data, metrics=FAST, gates=["missingness<=0.1", "validity>2"]
    )
    assert {score.metric for score in report.scores} == {*FAST, "missingness"}
    assert [gate.holds for gate in report.gates] == [True, False]


def test_each_of_several_tables_is_judged_by_itself() -> None:
    schema = read(family(40, 1)).schema
    case = Evidence(*(read(family(40, seed), schema) for seed in (1, 2, 3)), target="weight")
    found = scored(case, called_for(case, (*FAST, "tstr")), Context.seeded(0))
    assert [score.name for score in found] == [
        "people.column_shapes", "pets.column_shapes", "people.validity", "pets.validity", "pets.tstr"
    ]  # fmt: skip
    alone = scored(case.of("pets"), called_for(case.of("pets"), ["validity"]), Context.seeded(0))[0]
    assert alone.value == next(score.value for score in found if score.name == "pets.validity")


def test_a_report_on_several_tables_and_gates_on_one_or_all() -> None:
    train, holdout, made = (family(60, seed) for seed in (1, 2, 3))
    made["pets"] = made["pets"].with_columns(weight=pl.col("weight") + 100)
    schema = read(train).schema
    gates = ["validity>=0.99", "people.validity>=0.99", "people.column_shapes>=0.5", "pets.column_shapes>=0.7"]
    report = sy.evaluate(train=read(train), holdout=read(holdout, schema), synthetic=made, metrics=FAST, gates=gates)
    assert report.tables == ("people", "pets") and report.score("pets.column_shapes").value < 0.7
    assert [gate.holds for gate in report.gates] == [False, True, True, False]
    assert any(finding.table == "pets" for finding in report.findings)
    page = report.to_html()
    assert "in 2 tables" in page and "pets.weight" in page and page.count("Distribution of pets.weight") == 1


def test_an_earlier_run_stands_beside(tmp_path) -> None:
    data = read(people(60, 1))
    older = people(60, 1).with_columns(pl.col("age") + 30)
    first = sy.evaluate(train=data, holdout=data, synthetic=older, metrics=FAST)
    first.save(tmp_path / "first.json")
    again = sy.evaluate(train=data, holdout=data, synthetic=data, metrics=FAST, previous=tmp_path / "first.json")
    now = again.score("column_shapes")
    assert again.before(now).value == pytest.approx(first.score("column_shapes").value) != now.value
    assert "before" in again.to_html() and "| before |" in again.to_markdown()
    with pytest.raises(sy.SynthesistError, match="No report"):
        sy.evaluate(train=data, holdout=data, synthetic=data, metrics=FAST, previous=tmp_path / "none.json")


def test_shuffled_columns_stand_beside() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=900)
    rows = pl.DataFrame({"x": x, "y": x + rng.normal(0, 0.1, 900)})
    sides = [read(rows[start : start + 300]) for start in (0, 300, 600)]
    kinds = ("column_shapes", "pair_trends", "exact_copies")
    report = sy.evaluate(train=sides[0], holdout=sides[1], synthetic=sides[2], metrics=kinds, baseline=True)
    shapes, trends, copies = report.scores
    assert shapes.baseline == 1 and trends.baseline < 0.6 < 0.95 < trends.value and math.isnan(copies.baseline)
    assert "shuffled" in report.to_html()


def test_a_reference_is_no_column_to_compare() -> None:
    schema = {
        "people": {"columns": {"id": {"kind": "id", "whole": True}, "age": {"kind": "integer"}}, "key": ["id"]},
        "pets": {
            "columns": {"owner": {"kind": "integer"}, "weight": {"kind": "number"}},
            "links": [{"columns": ["owner"], "table": "people", "to": ["id"]}],
        },
    }
    related = sy.Schema(tables=schema, unit="people")
    sides = []
    for start, seed in ((0, 1), (1_000, 2), (5_000, 3)):
        tables = family(60, seed)
        people = tables["people"].select(pl.col("id") + start, "age")
        sides.append(read({"people": people, "pets": tables["pets"].with_columns(pl.col("owner") + start)}, related))
    report = sy.evaluate(train=sides[0], holdout=sides[1], synthetic=sides[2], metrics=FAST)
    assert report.score("pets.column_shapes").details["columns"].keys() == {"weight"}
    owner = next(column for column in report.columns if column.name == "pets.owner")
    assert owner.kind == "reference" and owner.cells is None
    assert "pets.column_shapes" in str(report)
