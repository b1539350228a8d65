"""The page that a user reads before learning."""

import polars as pl

from synthesist.data.dataset import Dataset
from synthesist.data.detect import detect
from synthesist.data.inspect import inspect
from synthesist.data.schema import Schema


def inspected(**columns):
    schema, table = detect(pl.DataFrame(columns), "visits")
    return inspect(Dataset({"visits": table}, Schema(tables={"visits": schema})))


def test_the_page():
    page = str(inspected(id=[7, 9, 12], age=[30, 41, None], sex=["f", "m", "f"], why=["a", "a", "a"]))
    assert page.splitlines()[0] == "visits: 3 rows, 4 columns, key id"
    age = next(line for line in page.splitlines() if line.startswith("age"))
    assert age.split() == ["age", "integer", "2", "33%", "30", "to", "41", "2", "distinct", "whole", "numbers"]
    assert "f, m" in page and "constant" in page


def test_personal_values_are_not_shown():
    page = inspected(email=["ann@example.org", "bob@example.org"], birth_date=["1969-07-20", "1971-01-02"])
    for text in (str(page), page._repr_html_()):
        assert "ann@" not in text and "1969" not in text
        assert "email: looks like personal data: email" in text


def test_warnings():
    found = inspected(
        near=["a"] * 995 + ["b"] * 5,
        empty=[1, 2, *[None] * 998],
        sentinel=[*range(990), *[-9999] * 10],
        clean=[i % 7 for i in range(1000)],
    )
    warnings = "\n".join(found.tables[0].warnings)
    assert "near: near constant: one value in 99.5% of the filled cells" in warnings
    assert "empty: 99.8% missing" in warnings
    assert "sentinel: -9999 in 1% of the cells lies far off" in warnings
    assert "clean" not in warnings


def test_no_rows_and_markup():
    assert "0 rows" in str(inspected(x=[]))
    assert "<script>" not in inspected(**{"<script>": ["a", "b"]})._repr_html_()


def test_the_schema_can_be_written():
    assert "kind: integer" in inspected(age=[30, 41, 30]).schema.to_yaml()
