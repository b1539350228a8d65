"""A raw table cast to a given schema, and the messages where a cell does not fit."""

import datetime as dt

import polars as pl
import pytest

from synthesist.data.conform import conform
from synthesist.data.detect import detect
from synthesist.data.kinds import Boolean, Category, Constant, Duration, Id, Integer, Moment, Number, Text
from synthesist.data.schema import TableSchema
from synthesist.errors import DataError


def read(cells, kind, **options):
    table = pl.DataFrame({"x": pl.Series(cells, **options)})
    return conform(table, TableSchema(columns={"x": kind}))["x"].to_list()


@pytest.mark.parametrize(
    ("cells", "kind", "expected"),
    [
        (["1.5", " 2 ", ""], Number(), [1.5, 2.0, None]),
        (["1.234,5 €", "2 €"], Number(format="#.##0,# €"), [1234.5, 2.0]),
        ([1, 2], Number(), [1.0, 2.0]),
        ([1.0, float("inf"), float("nan")], Number(), [1.0, None, None]),
        ([1.0, 2.0], Integer(), [1, 2]),
        (["1.0", "2"], Integer(), [1, 2]),
        ([5, -999], Integer(markers=("-999",)), [5, None]),
        (["a", "?"], Category(markers=("?",)), ["a", None]),
        ([1, 2], Category(), ["1", "2"]),
        ([1.0, 10_000_000.0], Category(), ["1", "10000000"]),
        ([1, 2], Text(), ["1", "2"]),
        (["True", "false", "1"], Boolean(), [True, False, True]),
        (["ja", "NEIN"], Boolean(labels=("nein", "ja")), [True, False]),
        ([0, 1], Boolean(), [False, True]),
        (["7", "8"], Id(whole=True), [7, 8]),
        (["31.12.2019"], Moment(format="%d.%m.%Y", precision="d"), [dt.date(2019, 12, 31)]),
        (["2019-12-31"], Moment(precision="d"), [dt.date(2019, 12, 31)]),
        ([20191231], Moment(format="%Y%m%d", precision="d"), [dt.date(2019, 12, 31)]),
        ([dt.date(2019, 12, 31)], Moment(precision="s"), [dt.datetime(2019, 12, 31)]),
        (["01:30"], Duration(), [dt.timedelta(hours=1, minutes=30)]),
        ([dt.time(1, 30)], Duration(), [dt.timedelta(hours=1, minutes=30)]),
        (["x", "x"], Constant(value="x"), ["x", "x"]),
    ],
)
def test_cast(cells, kind, expected):
    assert read(cells, kind) == expected


@pytest.mark.parametrize(
    ("cells", "kind", "message"),
    [
        (["1", "x", "y"], Number(), r"`x`: the cell `x` in row 2 is no number\. There are 2 such cells in 3 rows"),
        ([1, 2.5], Integer(), "`2.5` in row 2 is no integer"),
        (["a", "c"], Category(values=["a", "b"]), "`c` in row 2 is none of the declared values"),
        ([5, 200], Integer(bounds=[0, 120]), "`200` in row 2 is above the declared 120"),
        (["-0.5"], Number(bounds=[0, None]), "`-0.5` in row 1 is below the declared 0"),
        (["1999-01-01"], Moment(precision="d", bounds=["2000-01-01", None]), "is below the declared 2000-01-01"),
        (["2019-13-45", "2019-01-01"], Moment(format="%Y-%m-%d"), "row 1 is no moment"),
        (["maybe", "true"], Boolean(), "`maybe` in row 1 is no boolean"),
        (["ann@ex.org"], Integer(pii="email"), "of the shape `aaa@aa.aaa`"),
    ],
)
def test_a_cell_that_does_not_fit_is_named_with_the_fix(cells, kind, message):
    with pytest.raises(DataError, match=message) as error:
        read(cells, kind, strict=False)
    assert "`markers`" in str(error.value)
    assert kind.pii == "" or cells[0] not in str(error.value)


def test_detected_bounds_and_values_bind_no_other_table():
    schema, _ = detect(pl.DataFrame({"n": [1, 2, 3], "c": ["a", "b", "a"], "k": [7, 7, 7]}))
    other = pl.DataFrame({"n": [1000], "c": ["z"], "k": [8]})
    assert conform(other, schema).row(0) == (1000, "z", 8)


def test_columns_follow_the_schema_and_are_named_when_they_differ():
    schema = TableSchema(columns={"age": Integer(), "sex": Category()})
    assert conform(pl.DataFrame({"sex": ["f"], "age": [3]}), schema).columns == ["age", "sex"]
    with pytest.raises(DataError, match=r"no column `age`.*Did you mean `aeg`"):
        conform(pl.DataFrame({"sex": ["f"], "aeg": [3]}), schema)
    with pytest.raises(DataError, match=r"a column `sexx`, which the schema lacks\. Did you mean `sex`"):
        conform(pl.DataFrame({"sex": ["f"], "age": [3], "sexx": [1]}), schema)


def test_zones_are_converted_not_dropped():
    noon = pl.Series("x", ["2019-06-01 12:00"]).str.to_datetime().dt.replace_time_zone("Europe/Berlin")
    table = conform(noon.to_frame(), TableSchema(columns={"x": Moment(timezone="UTC")}))
    assert table["x"].dt.hour().to_list() == [10]
