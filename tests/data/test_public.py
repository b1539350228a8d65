"""A page to begin a public schema with: names and kinds, and nothing of the rows."""

import polars as pl
import pytest

import synthesist as sy
from synthesist.data.schema import Schema
from synthesist.errors import SpecError

ROWS = {
    "who": [f"P-{i:05}" for i in range(40)],
    "weight in kg": [61.25 + i * 0.75 for i in range(40)],
    "no": [117 + i % 7 for i in range(40)],
    "town: name": ["Quedlinburg", "Wernigerode"] * 20,
    "ill": ["yea", "nay"] * 20,
    "seen": [f"17.0{1 + i % 9}.1987" for i in range(40)],
    "same": ["Halberstadt"] * 40,
}


def test_nothing_of_the_rows_is_in_it() -> None:
    page = sy.inspect(pl.DataFrame(ROWS)).public()
    for cells in ROWS.values():
        for cell in map(str, cells):
            assert cell not in page
    assert "because" not in page and "why" not in page and "detected" not in page


def test_it_is_refused_until_it_is_filled_in_and_then_holds_every_column() -> None:
    data = sy.read({**ROWS, "ill": ["true", "false"] * 20}, name="visits")
    page = sy.inspect(data).public()
    with pytest.raises(SpecError, match="seen"):
        Schema.from_yaml(page)
    kinds = data.kinds.columns
    assert kinds["seen"].kind == "moment" and kinds["ill"].kind == "boolean"
    filled = page.replace("precision: [TODO]", "precision: d").replace("format: [TODO]", "format: '%d.%m.%Y'")
    schema = Schema.from_yaml(filled)
    assert list(schema.table.columns) == list(ROWS)
    asked = {name: kind.kind for name, kind in schema.table.columns.items()}
    assert asked == {**{name: kind.kind for name, kind in kinds.items()}, "same": "category"}
    assert not any(kind.why for kind in schema.table.columns.values())
