"""Rows of related tables know which unit they belong to."""

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.data.schema import Schema
from synthesist.data.units import NOBODY, belonging, followed
from synthesist.testing.tables import related, visited

ID = {"kind": "id", "whole": True}
REFERS = {"kind": "integer", "missing": True}


def link(column, table, to="id"):
    return {"columns": [column], "table": table, "to": [to]}


def test_children_follow_their_unit_and_lists_do_not():
    schema = related().schema
    assert list(followed(schema)) == ["customers", "orders", "lines"]
    assert [str(link) for link in followed(schema)["lines"]] == ["order -> orders (id)"]


def test_rows_belong_to_the_unit_of_the_first_parent_that_is_there():
    tables = {
        "units": {"columns": {"id": ID}},
        "teams": {"columns": {"id": ID, "unit": REFERS}, "links": [link("unit", "units")]},
        "deeds": {
            "columns": {"team": REFERS, "unit": REFERS},
            "links": [link("team", "teams"), link("unit", "units")],
        },
    }
    frames = {
        "units": pl.DataFrame({"id": [10, 20, 30]}),
        "teams": pl.DataFrame({"id": [1, 2, 3], "unit": [20, None, 99]}),
        "deeds": pl.DataFrame({"team": [1, 2, None, 1], "unit": [30, 30, 10, None]}),
    }
    owner = belonging(sy.read(frames, Schema.model_validate({"tables": tables, "unit": "units"})))
    assert owner["units"].tolist() == [0, 1, 2]
    assert owner["teams"].tolist() == [1, NOBODY, NOBODY]
    assert owner["deeds"].tolist() == [1, 2, 0, 1]


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_a_split_parts_units_with_all_that_belongs_to_them(share):
    data = visited()
    first, second = sy.split(data, share, seed=3)
    assert first.units == round(share * data.units) and first.units + second.units == data.units
    for part in (first, second):
        visits, patients = part.tables["visits"], part.tables["patients"]
        assert visits["patient"].is_in(patients["id"].implode()).all()
        assert part.tables["wards"].equals(data.tables["wards"])
    both = pl.concat([first.tables["visits"], second.tables["visits"]])
    assert both.sort(pl.all()).equals(data.tables["visits"].sort(pl.all()))
    assert not set(first.tables["patients"]["id"]) & set(second.tables["patients"]["id"])


def test_rows_of_nobody_are_parted_too():
    data = visited()
    lost = data.tables["visits"].with_columns(patient=pl.lit(None, dtype=pl.Int64))
    kinds = data.schema.tables["visits"].columns["patient"].model_copy(update={"missing": True})
    columns = {**data.schema.tables["visits"].columns, "patient": kinds}
    tables = {**data.schema.tables, "visits": data.schema.tables["visits"].model_copy(update={"columns": columns})}
    data = sy.read({**data.tables, "visits": lost}, data.schema.model_copy(update={"tables": tables}))
    sizes = [part.tables["visits"].height for part in sy.split(data, 0.75)]
    assert sum(sizes) == lost.height and sizes[0] / lost.height == pytest.approx(0.75, abs=0.05)


def test_a_split_of_one_table_keeps_its_order():
    first, _ = sy.split(sy.read(pl.DataFrame({"x": np.arange(100)})), 0.3)
    assert first.table["x"].is_sorted() and first.units == 30
