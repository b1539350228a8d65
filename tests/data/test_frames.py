"""The border: any frame in, the same kind of frame out."""

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from synthesist.data.dataset import Dataset
from synthesist.data.frames import give, stored, take
from synthesist.data.kinds import Boolean, Category, Constant, Duration, Integer, Moment, Number, Text
from synthesist.data.schema import Schema, TableSchema
from synthesist.errors import DataError, NotFoundError

NEW_YEAR = dt.datetime(2020, 1, 1)


def column_of(frame):
    table, _ = take(frame)
    (column,) = table
    return column


def stored_one(values, kind, **options):
    table = pl.DataFrame([pl.Series("x", values, dtype=kind.storage)])
    return stored(table, TableSchema(columns={"x": kind}), **options)["x"]


def dataset_of(table, **kinds):
    return Dataset({"t": table}, Schema(tables={"t": TableSchema(columns=kinds)}))


@pytest.mark.parametrize(
    ("make", "native"),
    [
        (pl.DataFrame, "polars"),
        (pl.LazyFrame, "polars"),
        (pd.DataFrame, "pandas"),
        (pa.table, "pyarrow"),
        (dict, "polars"),
    ],
)
def test_every_kind_of_frame_gives_the_same_table(make, native):
    table, kind = take(make({"a": [1, 2], "b": ["x", None]}))
    assert kind == native
    assert table.equals(pl.DataFrame({"a": [1, 2], "b": ["x", None]}))


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame, dict])
def test_nan_is_missing(make):
    assert column_of(make({"x": [1.0, float("nan")]})).to_list() == [1.0, None]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["a", None, np.nan, pd.NA, pd.NaT], ["a", None, None, None, None]),
        ([1, "a", None, np.nan], ["1", "a", None, None]),
        ([True, "x", None], ["True", "x", None]),
        ([True, None, False], [True, None, False]),
        ([1, 2.5, None], [1.0, 2.5, None]),
        ([dt.date(2020, 1, 1), None], [dt.date(2020, 1, 1), None]),
        ([decimal.Decimal("1.5"), None], [decimal.Decimal("1.5"), None]),
        ([pd.Timestamp("2020-01-01"), pd.NaT], [NEW_YEAR, None]),
    ],
)
def test_pandas_object_columns(cells, expected):
    assert column_of(pd.DataFrame({"x": pd.Series(cells, dtype=object)})).to_list() == expected


@pytest.mark.parametrize(
    ("cells", "expected"),
    [([1.5, None, 2], [1.5, None, 2.0]), ([True, None], [True, None]), ([1, None, "a"], ["1", None, "a"])],
)
def test_polars_object_columns(cells, expected):
    assert column_of(pl.DataFrame({"x": np.array(cells, dtype=object)})).to_list() == expected


@pytest.mark.parametrize(
    ("cells", "dtype", "expected"),
    [
        (pd.array([1, None], dtype="Int64"), pl.Int64, [1, None]),
        (pd.array([1, None], dtype="Float32"), pl.Float32, [1.0, None]),
        (pd.array([True, None], dtype="boolean"), pl.Boolean, [True, None]),
        (pd.array(["a", None], dtype="string"), pl.String, ["a", None]),
        (pd.Categorical(["b", None], ["b", "a"]), pl.Categorical, ["b", None]),
        (pd.Categorical([3, None]), pl.Int64, [3, None]),
        (pd.period_range("2020", periods=1, freq="D"), pl.String, ["2020-01-01"]),
        (pd.arrays.SparseArray([0, 1]), pl.String, ["0", "1"]),
        (pd.to_timedelta([1], unit="h"), pl.Duration, [dt.timedelta(hours=1)]),
        (np.array([1, 2], dtype="int8"), pl.Int8, [1, 2]),
    ],
)
def test_pandas_types(cells, dtype, expected):
    column = column_of(pd.DataFrame({"x": cells}))
    assert column.dtype == dtype
    assert column.to_list() == expected


def test_zones_survive():
    zoned = pd.date_range("2020", periods=1, tz="Europe/Paris")
    assert column_of(pd.DataFrame({"x": zoned})).dtype.time_zone == "Europe/Paris"


def test_the_index_is_dropped_even_where_pandas_saved_it():
    frame = pd.DataFrame({"x": [1, 2]}, index=[5, 9])
    assert take(frame)[0].columns == ["x"]
    assert take(pa.Table.from_pandas(frame))[0].columns == ["x"]


@pytest.mark.parametrize("cells", [pa.array(["a", None]).dictionary_encode(), pa.array(["a", None], pa.large_string())])
def test_arrow_types(cells):
    assert column_of(pa.table({"x": cells})).cast(pl.String).to_list() == ["a", None]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "same name"),
        (pa.table([[1], [2]], names=["a", "a"]), "same name"),
        (pl.DataFrame({" ": [1]}), "no name for column 1"),
        (pl.DataFrame(), "no columns"),
        (pd.DataFrame(), "no columns"),
        ({"a": [1], "b": [1, 2]}, "no table"),
        ([1, 2], "A list is no table. Give a polars, pandas or pyarrow table"),
        (7, "A int is no table"),
    ],
)
def test_what_is_no_table_is_refused(frame, message):
    with pytest.raises(DataError, match=message):
        take(frame)


# --------------------------------------------------------------------------- stored


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (Number(stored="String", format="0.00"), [1.5, None, -0.001], ["1.50", None, "0.00"]),
        (Number(stored="String", decimals=1), [0.1 + 0.2, -0.01], ["0.3", "0"]),
        (Number(stored="String", format="$#,##0.00", markers=("?",)), [1234.5, None], ["$1,234.50", "?"]),
        (Number(stored="Int16", decimals=0), [1.9999999, None], [2, None]),
        (Number(stored="Int64", markers=("-999",)), [1.0, None], [1, -999]),
        (Number(stored="Float32", markers=("n/a",)), [1.0, None], [1.0, None]),
        (Number(stored="Decimal(precision=10, scale=2)"), [1.5], [decimal.Decimal("1.50")]),
        (Integer(stored="String", format="0.0"), [3, None], ["3.0", None]),
        (Integer(stored="Float64"), [3, None], [3.0, None]),
        (Boolean(stored="String", labels=("N", "Y"), markers=("-",)), [True, False, None], ["Y", "N", "-"]),
        (Boolean(labels=("0", "1"), stored="Int8"), [True, False, None], [1, 0, None]),
        (Boolean(stored="String"), [True, False], ["true", "false"]),
        (Category(stored="Int64"), ["3", None], [3, None]),
        (Category(stored="Boolean"), ["true", "false"], [True, False]),
        (Category(markers=("?",)), ["a", None], ["a", "?"]),
        (Moment(stored="String", format="%-d/%-m/%Y", precision="d"), [dt.date(2020, 1, 2), None], ["2/1/2020", None]),
        (Moment(stored="String", format="%Y-%m-%d %H:%M", precision="d"), [dt.date(2020, 1, 2)], ["2020-01-02 00:00"]),
        (Moment(format="%Y%m%d", precision="d", stored="Int64"), [dt.date(2020, 1, 2)], [20200102]),
        (Moment(stored="String", precision="ms"), [NEW_YEAR], ["2020-01-01 00:00:00.000"]),
        (Moment(stored="Datetime(time_unit='ns', time_zone=None)", precision="d"), [NEW_YEAR.date()], [NEW_YEAR]),
        (Duration(stored="String", format="%H:%M"), [dt.timedelta(hours=26)], ["26:00"]),
        (Duration(stored="Time"), [dt.timedelta(hours=3)], [dt.time(3)]),
        (Constant(value=3, stored="Int8"), [3], [3]),
        (Constant(missing=True, stored="Float64"), [None], [None]),
        (Text(), ["a", None], ["a", None]),
    ],
)
def test_stored_looks_like_the_source(kind, values, expected):
    assert stored_one(values, kind).to_list() == expected


def test_stored_types():
    assert stored_one(["a"], Category(stored="Categorical")).dtype == pl.Categorical
    assert stored_one(["a"], Category(stored="Enum", values=["a", "b"])).dtype == pl.Enum(["a", "b"])
    assert stored_one([NEW_YEAR], Moment(stored="Datetime(time_unit='ms', time_zone=None)")).dtype == pl.Datetime("ms")
    assert stored_one([1.0], Number(stored="Float32")).dtype == pl.Float32


def test_moments_as_text_where_a_file_holds_only_text():
    assert stored_one([NEW_YEAR], Moment(timezone="UTC"), text=True).to_list() == ["2020-01-01 00:00:00+00:00"]
    assert stored_one([dt.timedelta(seconds=-61)], Duration(), text=True).to_list() == ["-00:01:01"]
    assert stored_one([1.5], Number(), text=True).to_list() == [1.5]


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (Integer(stored="UInt8"), 300, "`x` does not fit into UInt8"),
        (Category(stored="Int64"), "a", "`x` does not fit into Int64"),
        (Integer(stored="Int65"), 1, "names no polars type"),
    ],
)
def test_what_does_not_fit_is_refused(kind, value, message):
    with pytest.raises(DataError, match=message):
        stored_one([value], kind)


# --------------------------------------------------------------------------- give


def test_the_same_kind_of_frame_comes_back():
    data = dataset_of(pl.DataFrame({"x": ["a", None]}), x=Category(stored="Categorical"))
    assert give(data, "polars")["x"].dtype == pl.Categorical
    assert give(data, "pandas")["x"].dtype == "category"
    assert pa.types.is_dictionary(give(data, "pyarrow").schema.field("x").type)


def test_pandas_loses_no_digit_to_missing_cells():
    big = 2**60 + 1
    data = dataset_of(pl.DataFrame({"i": [big, None], "b": [True, None]}), i=Integer(), b=Boolean())
    frame = give(data, "pandas")
    assert (str(frame["i"].dtype), str(frame["b"].dtype)) == ("Int64", "boolean")
    assert frame["i"][0] == big


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"i": [1, 2], "f": [1.5, np.nan], "s": ["a", "b"], "t": pd.to_datetime(["2020", "2021"])}),
        pd.DataFrame({"n": pd.array([1, None], dtype="Int16"), "c": pd.Categorical(["a", None])}),
    ],
)
def test_pandas_there_and_back(frame):
    table, native = take(frame)
    kinds = {
        pl.Int64: Integer(),
        pl.Int16: Integer(stored="Int16"),
        pl.Float64: Number(),
        pl.String: Text(),
        pl.Categorical: Category(stored="Categorical"),
        pl.Datetime: Moment(stored=str(table["t"].dtype) if "t" in table.columns else ""),
    }
    of = {name: kinds[dtype.base_type()] for name, dtype in table.schema.items()}
    inside = table.select(pl.col(name).cast(kind.storage) for name, kind in of.items())
    pd.testing.assert_frame_equal(give(dataset_of(inside, **of), native), frame, check_dtype=True)


def test_unknown_frames_are_named():
    with pytest.raises(NotFoundError, match="Did you mean `pandas`"):
        give(dataset_of(pl.DataFrame({"x": [1]}), x=Integer()), "panda")
