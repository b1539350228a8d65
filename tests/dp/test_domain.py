"""What is public of a table, and what is refused because it was detected."""

import polars as pl
import pytest

import synthesist as sy
from synthesist.data.kinds import Bounds, Category, Constant, Id, Integer, Kind, Number
from synthesist.data.schema import Schema, TableSchema
from synthesist.dp.domain import Domain
from synthesist.errors import SpecError, UnsuitableError


def schema(**columns: object) -> Schema:
    return Schema(tables={"people": TableSchema(columns=columns)})  # type: ignore[arg-type]


def test_what_was_detected_is_refused_column_by_column() -> None:
    detected = sy.read(pl.DataFrame({"age": [17 + i % 60 for i in range(200)], "sex": ["f", "m"] * 100})).schema
    with pytest.raises(UnsuitableError) as error:
        Domain.of(detected, "mst")
    assert "  age: its kind\n" in str(error.value)
    assert "  age: its bounds\n" in str(error.value)
    assert "  sex: its kind\n" in str(error.value)
    assert "17" not in str(error.value), "a bound that was read from the rows is told"


def test_what_was_declared_is_public() -> None:
    domain = Domain.of(schema(age=Integer(bounds=Bounds(low=0, high=120)), sex=Category(values=["f", "m"])), "mst")
    assert list(domain.kinds) == ["age", "sex"]
    assert not domain.undeclared


def test_bounds_that_were_bought_once_may_be_used_again() -> None:
    assert Domain.of(schema(age=Integer(bounds=Bounds(low=0, high=120, origin="dp"))), "mst").kinds


def test_values_that_are_not_listed_have_to_be_found() -> None:
    assert Domain.of(schema(town=Category(), age=Number()), "mst").undeclared == ("town",)


def test_keys_and_constants_are_not_learnt() -> None:
    domain = Domain.of(schema(id=Id(), country=Constant(value="NO"), age=Integer()), "mst", unit="id")
    assert list(domain.kinds) == ["age"]


def test_only_an_id_says_whose_a_row_is() -> None:
    with pytest.raises(SpecError, match=r"`age` is to say whose a row is, so it is an id; the schema says integer"):
        Domain.of(schema(age=Integer()), "mst", unit="age")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Category(values=[True, False]), "`x`: the value True is read as no text. Write 'true', with the quotes"),
        (Category(values=[1.0, 2.0]), "`x`: the value 1.0 is read as no text. Write '1', with the quotes"),
        (Category(values=["a", 1, "1"]), "`x`: the value `1` is declared twice"),
        (Integer(bounds=Bounds(low=110, high=0)), "`x`: The bounds 110 and 0 have no value between them"),
        (Integer(bounds=Bounds(low=0, high="abc")), "`x`: The bound 'abc' is no integer"),
    ],
)
def test_declarations_that_no_cell_can_meet_are_refused(kind: Kind, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Domain.of(Schema(tables={"t": TableSchema(columns={"x": kind})}), "test")
