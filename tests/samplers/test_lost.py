"""Cells that are lost: together, at random, where other cells or the cell itself say so."""

from typing import Any

import polars as pl
import pytest

from synthesist.core import Allowed, Context
from synthesist.data.dataset import Dataset
from synthesist.errors import SpecError
from synthesist.samplers.columns import Columns

N = 20_000


def people(*lost: dict[str, Any]) -> Columns:
    columns = {
        "id": {"is": "keys"},
        "age": {"is": "uniform", "low": 18, "high": 90, "integers": True},
        "income": {"is": "lognormal", "median": 30_000, "sigma": 0.6},
        "tax": {"is": "expression", "formula": "income * 0.3"},
    }
    return Columns.build({"columns": columns, "lost": list(lost)})


def test_cells_are_lost_together_where_and_as_often_as_declared() -> None:
    spec = people({"columns": ["income", "tax"], "share": 0.4, "when": "age < 30"})
    table = spec.sample(N, Context.seeded(0)).table
    assert table["income"].is_null().equals(table["tax"].is_null(), check_names=False)
    young = table.filter(pl.col("age") < 30)
    assert young["income"].is_null().mean() == pytest.approx(0.4, abs=0.03)
    assert table.filter(pl.col("age") >= 30)["income"].null_count() == 0
    assert spec.schema.table.columns["tax"].missing and not spec.schema.table.columns["age"].missing


def test_a_cell_may_be_lost_for_what_it_was() -> None:
    table = people({"columns": ["income"], "when": "income > 60000"}).sample(N, Context.seeded(0)).table
    assert table["income"].max() <= 60_000  # type: ignore[operator]
    assert table.filter(pl.col("income").is_null())["tax"].min() > 18_000  # type: ignore[operator]  # made before


def test_a_condition_on_cells_that_get_lost_is_met_as_rejection_would() -> None:
    spec = people({"columns": ["income"], "share": 0.8, "when": "age < 30"})
    plain = spec.sample(N, Context.seeded(0)).table.filter(pl.col("income") > 30_000)
    empty = pl.DataFrame(schema={name: kind.storage for name, kind in spec.schema.table.columns.items()}).clear(N)
    made = spec.fill(Dataset({"table": empty}, spec.schema), {"income": Allowed(low=30_000.0)}, Context.seeded(1)).table
    assert made["income"].null_count() == 0
    assert (made["age"] < 30).mean() == pytest.approx((plain["age"] < 30).mean(), abs=0.02)


def test_what_is_given_is_not_lost() -> None:
    spec = people({"columns": ["income"]})
    given = pl.DataFrame(
        {"id": [1, 2], "age": [20, 30], "income": [1.5, None], "tax": [None, None]},
        schema={name: kind.storage for name, kind in spec.schema.table.columns.items()},
    )
    made = spec.fill(Dataset({"table": given}, spec.schema), {}, Context.seeded(1)).table
    assert made["income"].to_list() == [1.5, None]


@pytest.mark.parametrize(
    ("lost", "says"),
    [
        ({"columns": ["incom"]}, "income"),
        ({"columns": ["id"]}, "a key, which is never empty"),
        ({"columns": ["income"], "when": "ages < 30"}, "no column `ages`"),
        ({"columns": ["income"], "when": "age + 1"}, "neither true nor false"),
        ({"columns": ["income"], "when": "age <"}, "not a formula"),
    ],
)
def test_what_cannot_be_lost_is_refused(lost: dict[str, Any], says: str) -> None:
    with pytest.raises(SpecError, match=says):
        people(lost)
