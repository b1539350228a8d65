"""Auto picks by rows, what the columns hold and a budget; what it hands back is the pick's, and says so."""

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.combine.methods.auto import FEWEST, LADDER, Auto
from synthesist.errors import SpecError
from synthesist.methods.gaussian_copula import GaussianCopula
from synthesist.methods.trees import Trees


def test_a_table_as_most_are_gets_the_rows_of_trees(adult: pl.DataFrame) -> None:
    picked, named = sy.fit(adult.head(400), seed=3), sy.fit(adult.head(400), "trees", seed=3)
    assert picked.method == named.method == Trees()
    assert picked.sample(50).equals(named.sample(50))
    assert picked.provenance["chosen_by"] == "auto"
    assert "400 rows are enough for trees" in picked.provenance["because"]
    assert "chosen by auto" in repr(picked)


def test_too_few_rows_for_trees_go_to_the_copula(adult: pl.DataFrame) -> None:
    choices = [Auto().choose(sy.read(adult.head(rows))) for rows in (FEWEST - 1, FEWEST)]
    assert [choice.method for choice in choices] == [GaussianCopula(), Trees()]
    assert "too few for trees" in choices[0].why


def test_a_smaller_budget_goes_down_the_ladder_and_keeps_it(adult: pl.DataFrame) -> None:
    data = sy.read(adult)
    picks = [Auto(budget=budget).choose(data) for budget in np.geomspace(60, 0.01, 200).tolist()]
    kinds = list(dict.fromkeys((pick.method.name(), *pick.method.changed) for pick in picks))
    assert kinds == [(rung.method, *rung.options) for rung in LADDER]
    assert "more than the budget of" in picks[-1].why
    assert "nothing is quicker" in picks[-1].why


@pytest.mark.parametrize("rows", [500, 20_000, 1_000_000])
@pytest.mark.parametrize("bits", [10.0, 60.0, 400.0])
def test_each_rung_is_quicker_than_the_one_before(rows: int, bits: float) -> None:
    seconds = [rung.seconds(rows, bits) for rung in LADDER]
    assert seconds == sorted(seconds, reverse=True)


def test_more_of_anything_takes_longer(adult: pl.DataFrame) -> None:
    rung = LADDER[0]
    assert rung.seconds(10_000, 50) < rung.seconds(20_000, 50) < rung.seconds(20_000, 60)
    keys = adult.with_columns(pl.int_range(pl.len()).alias("id"), pl.lit("x").alias("same"))
    assert Auto(budget=0.5).choose(sy.read(adult)) == Auto(budget=0.5).choose(sy.read(keys))


def test_a_saved_model_is_that_of_the_pick(adult: pl.DataFrame, tmp_path) -> None:
    model = sy.fit(adult.head(300), budget=0.001)
    back = sy.load(model.save(tmp_path / "m.syn"))
    assert back.method == model.method
    assert back.method.name() == "marginals"
    assert back.provenance == model.provenance
    assert back.sample(9).equals(model.sample(9))


def test_the_report_and_the_manifest_tell_the_pick(adult_csv, monkeypatch) -> None:
    monkeypatch.chdir(adult_csv.parent)
    page = {"source": str(adult_csv), "method": {"kind": "auto", "budget": 0.001}, "sample": 100}
    page |= {"judge": {"metrics": ["column_shapes"]}, "output": {"model": "m.syn"}}
    done = sy.run(page)
    assert done.manifest["method"]["kind"] == "marginals"
    assert done.report.provenance["chosen_by"] == "auto"
    assert "quicker" in done.report.provenance["because"]


def test_an_option_of_another_method_is_refused_with_the_way_to_set_it() -> None:
    with pytest.raises(SpecError, match=r"`bins`.*Name the method"):
        sy.fit({"x": [1, 2]}, bins=4)
    with pytest.raises(SpecError, match="budget"):
        sy.fit({"x": [1, 2]}, budget=-1)
