"""Column shapes and pair trends give the numbers of SDMetrics."""

import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import polars as pl
import pytest

from synthesist.metrics.column_shapes import ColumnShapes
from synthesist.metrics.pair_trends import PairTrends

REFERENCE = Path(__file__).with_name("reference")
NAMES = ["plain", "missing", "dates", "many", "small"]


@pytest.fixture(scope="module")
def tables():
    spec = spec_from_file_location("make_sdmetrics", REFERENCE / "make_sdmetrics.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.tables()


@pytest.fixture(scope="module")
def expected():
    page = json.loads((REFERENCE / "sdmetrics.json").read_text())
    assert page["sdmetrics"] == "0.32.0"
    return page["tables"]


def evidence(case, kinds, real, synthetic):
    kinds = {name: {"kind": kind, "missing": True} for name, kind in kinds.items()}

    def frame(table):
        return pl.DataFrame(table, strict=False).with_columns(
            pl.col(name).cast(pl.Datetime("us")) for name, kind in kinds.items() if kind["kind"] == "moment"
        )

    return case(frame(real), frame(real), frame(synthetic), kinds=kinds)


@pytest.mark.parametrize("name", NAMES)
def test_column_shapes_equal_sdmetrics(name, tables, expected, case, ctx):
    score = ColumnShapes().score(evidence(case, *tables[name]), ctx)
    found = {column: entry["score"] for column, entry in score.details["columns"].items()}
    # SDMetrics adds a millionth of a row to every category that only the synthetic table has
    slack = {column: 1e-6 * len(set(tables[name][2][column])) / len(tables[name][1][column]) for column in found}
    assert found.keys() == expected[name]["column_shapes"].keys()
    for column, value in expected[name]["column_shapes"].items():
        unseen = set(tables[name][2][column]) - set(tables[name][1][column])
        assert found[column] == pytest.approx(value, abs=1e-9 + (slack[column] if unseen else 0), rel=0)
    assert score.value == pytest.approx(sum(found.values()) / len(found))
    assert score.reference == 1.0


@pytest.mark.parametrize("name", NAMES)
def test_pair_trends_equal_sdmetrics(name, tables, expected, case, ctx):
    score = PairTrends().score(evidence(case, *tables[name]), ctx)
    found = {(pair["a"], pair["b"]): pair["score"] for pair in score.details["pairs"]}
    wanted = {(pair["a"], pair["b"]): pair["score"] for pair in expected[name]["pair_trends"]}
    assert found == pytest.approx(wanted, abs=1e-9, rel=0)
    assert score.value == pytest.approx(sum(found.values()) / len(found))
    assert score.reference == pytest.approx(1.0)
