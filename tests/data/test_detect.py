"""A list of cells in, a kind out: one line a behaviour."""

import datetime as dt
import uuid

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthesist.data.detect import conform, detect
from synthesist.data.kinds import Category, Integer
from synthesist.data.schema import Schema, TableSchema
from synthesist.errors import DataError


def kind(cells, name="x", dtype=None, table="table"):
    return detect(pl.DataFrame({name: pl.Series(cells, dtype=dtype)}), table)[0][name]


def values(cells, **options):
    return detect(pl.DataFrame({"x": pl.Series(cells, **options)}))[1]["x"].to_list()


WEEK = [dt.date(1969, 7, day) for day in range(14, 21)]

KINDS = [
    # numbers as text
    (["12", "7", "-3"], "integer"),
    (["1.5", "2.25", "3"], "number"),
    (["1,234.5", "12.0", "3.5"], "number"),
    (["$1,234", "$12"], "integer"),
    (["12 %", "3.5 %"], "number"),
    (["$12", "€3"], "category"),
    (["1.0", "2.0", "5.0"], "integer"),
    (["1.00", "2.00", "5.00"], "number"),
    (["1e-3", "5"], "number"),
    (["+491701234567", "+491709876543", "+491709876543"], "text"),
    # codes of digits
    (["02134", "10001", "10001"], "category"),
    (["007", "008", "007"], "category"),
    (["12345678901234567890", "12345678901234567891"] * 2, "category"),
    # truths
    (["true", "false", "true"], "boolean"),
    (["TRUE", "FALSE", "?"], "boolean"),
    (["T", "F", "T"], "boolean"),
    (["T", None, "T"], "category"),
    (["yes", "no", "no"], "category"),
    (["Y", "N", "N"], "category"),
    ([0, 1, 1], "integer"),
    ([True, False], "boolean"),
    # moments
    (["2019-12-31", "2020-01-01"], "moment"),
    (["2019-12-31", "soon", "soon"], "category"),
    (["2019-01", "2019-02", "2019-03"], "moment"),
    (["14:05", "03:10"], "duration"),
    (["3 days 04:05:06", "0 days 00:00:01"], "duration"),
    ([2017, 2018, 2019], "integer"),
    ([1546300800, 1546300900, 1546301000], "integer"),
    # words
    (["red", "green", "red"], "category"),
    (["red"] * 999 + ["green"], "category"),
    (["red", "red"], "constant"),
    ([None, None], "constant"),
    (["?", "?"], "constant"),
    ([f"She said {i} was quite enough for one day" for i in range(30)], "text"),
    (["Strongly agree with all of the above", "Neither agree nor disagree"] * 9, "category"),
    # typed columns
    ([1.0, 2.0, None], "integer"),
    ([1.5, 2.0, None], "number"),
    (WEEK, "moment"),
    ([dt.timedelta(minutes=5), dt.timedelta(hours=1)], "duration"),
    ([dt.time(14, 5), dt.time(3, 10)], "duration"),
    ([[1.0, 2.0], [3.0, 4.0]], "array"),
]


@pytest.mark.parametrize(("cells", "expected"), KINDS, ids=lambda value: str(value)[:40])
def test_kind(cells, expected):
    assert kind(cells).kind == expected


@pytest.mark.parametrize(
    ("dtype", "cells", "expected", "stored"),
    [
        (pl.Int8, [1, 2], "integer", "Int8"),
        (pl.Int64, [1, 2], "integer", ""),
        (pl.UInt64, [1, 2**64 - 1], "category", "UInt64"),
        (pl.Float32, [0.5, 2.25], "number", "Float32"),
        (pl.Float64, [1.0, 2.0], "integer", "Float64"),
        (pl.Decimal(10, 2), ["1.50", "2.25"], "number", "Decimal(precision=10, scale=2)"),
        (pl.Categorical, ["a", "b"], "category", "Categorical"),
        (pl.Enum(["b", "a", "c"]), ["a", "b"], "category", "Enum"),
        (pl.Date, WEEK, "moment", ""),
        (
            pl.Datetime("ns"),
            [dt.datetime(2019, 1, 1, 12), dt.datetime(2020, 1, 1)],
            "moment",
            "Datetime(time_unit='ns'",
        ),
        (pl.Time, [dt.time(14, 5), dt.time(3, 10)], "duration", "Time"),
        (pl.Null, [None, None], "constant", "Null"),
        (pl.String, ["1", "2"], "integer", "String"),
        (pl.String, ["a", "b"], "category", ""),
    ],
)
def test_storage_is_remembered(dtype, cells, expected, stored):
    series = pl.Series("x", cells).cast(dtype) if dtype.is_decimal() else pl.Series("x", cells, dtype=dtype)
    found = detect(series.to_frame())[0]["x"]
    assert found.kind == expected
    assert found.stored.startswith(stored) and bool(found.stored) == bool(stored)


class TestNumbers:
    def test_one_decimal_comma_makes_all_commas_decimal(self):
        assert values(["1,234", "12,5"]) == [1.234, 12.5]
        assert values(["1,234", "12"]) == [1234, 12]

    def test_european_thousands(self):
        assert values(["1.234,5", "2,25"]) == [1234.5, 2.25]

    def test_the_way_of_writing_is_kept(self):
        assert kind(["$1,234.50", "$3.20"]).format == "$#,##0.00"
        assert "numbers stored as text" in kind(["$1,234.50", "$3.20"]).why

    def test_infinities_are_missing_and_said_so(self):
        found = kind([1.5, float("inf"), float("nan"), None])
        assert found.missing and "infinite" in found.why
        assert values([1.5, float("inf"), float("nan")]) == [1.5, None, None]
        assert "infinite" in kind(["1.5", "inf", "2.5"]).why

    @pytest.mark.parametrize(
        ("cells", "decimals"),
        [([12.5, 3.0], 1), ([0.01, 7.25], 2), ([0.1 + 0.2, 0.7], 1), ([1 / 3, 2 / 3], None), ([1e-3, 1.0], 3)],
    )
    def test_decimal_grid(self, cells, decimals):
        assert kind(cells).decimals == decimals

    def test_decimal_grid_of_single_precision(self):
        assert kind([12.1, 0.07], dtype=pl.Float32).decimals == 2
        assert kind([1 / 3, 2 / 3], dtype=pl.Float32).decimals is None

    def test_step_needs_many_values(self):
        assert kind([i * 100 for i in range(5, 30)]).step == 100
        assert kind([100, 200, 500]).step == 1
        assert kind([*(i * 100 for i in range(5, 30)), 7]).step == 1

    def test_bounds_are_detected_ones(self):
        bounds = kind([3, 9, 9]).bounds
        assert (bounds.low, bounds.high, bounds.origin) == (3, 9, "detected")

    def test_a_sentinel_is_a_number(self):
        assert kind([-999, 3, 5, -999]).missing is False


class TestMissing:
    @pytest.mark.parametrize("marker", ["?", "NA", "N/A", "null", "None", "-", "nan", ".", "NaN", "--"])
    def test_any_marker_among_numbers(self, marker):
        found = kind(["12", marker, "7.5"])
        assert (found.kind, found.missing, found.markers) == ("number", True, (marker,))

    def test_blanks_are_empty(self):
        assert values(["a", "", "  ", None, "b"]) == ["a", None, None, None, "b"]

    def test_markers_among_words(self):
        assert kind(["Private", "?", "State-gov", "Private"]).markers == ("?",)
        assert kind(["Mild", "N/A", "nan", "Severe"]).missing
        assert kind(["LOW", "HIGH", "NA"]).missing

    @pytest.mark.parametrize(
        "cells",
        [["None", "Mild"], ["-", "+"], ["US", "DE", "NA"], ["!", "?"], ["Smith", "Null"], ["Ann", "Nan", "Nat"]],
    )
    def test_in_doubt_a_word_stays(self, cells):
        assert kind(cells).missing is False

    def test_the_commonest_marker_is_written_back(self):
        assert kind(["1", "NA", "?", "?"]).markers == ("?", "NA")


class TestMoments:
    @pytest.mark.parametrize(
        ("text", "format"),
        [
            ("2019-12-31", "%Y-%m-%d"),
            ("2019/12/31", "%Y/%m/%d"),
            ("31/12/2019", "%d/%m/%Y"),
            ("12/31/2019", "%m/%d/%Y"),
            ("31.12.2019", "%d.%m.%Y"),
            ("31-Dec-2019", "%d-%b-%Y"),
            ("Dec 31 2019", "%b %d %Y"),
            ("December 31, 2019", "%B %d, %Y"),
            ("2019-12-31 23:59", "%Y-%m-%d %H:%M"),
            ("2019-12-31 23:59:58", "%Y-%m-%d %H:%M:%S"),
            ("2019-12-31T23:59:58.125", "%Y-%m-%dT%H:%M:%S%.3f"),
            ("2019-12-31T23:59:58Z", "%Y-%m-%dT%H:%M:%SZ"),
            ("2019-12-31T23:59:58+02:00", "%Y-%m-%dT%H:%M:%S%:z"),
            ("12/31/2019 11:59 PM", "%m/%d/%Y %I:%M %p"),
            ("1850-01-01", "%Y-%m-%d"),
        ],
    )
    def test_format(self, text, format):
        found = kind([text, text, "?"])
        assert (found.kind, found.format) == ("moment", format)

    def test_unpadded_days_are_written_back_so(self):
        assert kind(["1/12/2019", "31/1/2019"]).format == "%-d/%-m/%Y"

    @pytest.mark.parametrize(
        ("cells", "format"),
        [
            (["01/02/2019", "13/02/2019"], "%d/%m/%Y"),
            (["01/02/2019", "02/13/2019"], "%m/%d/%Y"),
            (["01/02/2019", "02/02/2019", "03/02/2019"], "%d/%m/%Y"),
            (["02/01/2019", "02/02/2019", "02/03/2019"], "%m/%d/%Y"),
            (["01/02/2019", "05/11/2019", "11/05/2019"], "%m/%d/%Y"),
        ],
    )
    def test_day_or_month_is_decided_by_the_whole_column(self, cells, format):
        assert kind(cells).format == format

    def test_real_doubt_is_said(self):
        assert "open" in kind(["01/02/2019", "03/04/2019"]).why

    @pytest.mark.parametrize(
        ("cells", "precision"),
        [
            (["2019-01-01 00:00:00", "2019-01-02 00:00:00"], "d"),
            (["2019-01-01 13:00:00", "2019-01-02 00:00:00"], "h"),
            (["2019-01-01 13:05:00", "2019-01-02 00:00:00"], "m"),
            (["2019-01-01 13:05:01", "2019-01-02 00:00:00"], "s"),
            (["2019-01-01 13:05:01.5", "2019-01-02 00:00:00"], "ms"),
        ],
    )
    def test_precision(self, cells, precision):
        assert kind(cells).precision == precision

    def test_zones_are_kept_or_read_as_utc(self):
        assert kind(["2019-06-01T12:00:00+02:00", "2019-01-01T12:00:00+01:00"]).timezone == "UTC"
        berlin = pl.Series("x", ["2019-06-01 12:00", "2019-07-01 12:30"]).str.to_datetime(time_zone="Europe/Berlin")
        assert kind(berlin).timezone == "Europe/Berlin"

    def test_bare_digits_need_a_name_or_many_valid_days(self):
        assert kind([20191231, 20200101]).kind == "integer"
        assert kind([20191231, 20200101], name="entry_date").format == "%Y%m%d"
        assert kind([20190100 + day for day in range(1, 20)]).kind == "moment"
        assert kind([20190100 + day for day in range(1, 40)], name="entry_date").kind != "moment"
        assert kind(["201911", "201912", "201901", "201902", "201903"]).kind == "integer"


class TestIds:
    @pytest.mark.parametrize(
        ("name", "cells", "expected"),
        [
            ("x", list(range(1, 60)), "id"),
            ("x", [i for i in range(1, 60) if i % 5], "id"),
            ("order_id", [900, 17, 4711], "id"),
            ("OrderID", [900, 17, 4711], "id"),
            ("year", list(range(1900, 1960)), "integer"),
            ("number_of_rooms", [3, 5, 9], "integer"),
            ("weight", [i * 7919 % 100_003 for i in range(1, 80)], "integer"),
            ("latitude", [i / 7 for i in range(40)], "number"),
            ("shop_id", [3, 5, 3, 9], "category"),
            ("x", [f"AB-{i:03}" for i in range(9)], "id"),
            ("x", [str(uuid.UUID(int=i * 2**100 + 0xABCDEF)) for i in range(9)], "id"),
            ("x", [f"C{i}" for i in range(95, 130)], "id"),
            ("customer_id", ["ALFKI", "ANATR", "AROUT"], "id"),
            (
                "name",
                [f"{a} {b}" for a in ("Ann", "Bob", "Eve", "Max", "Zoe") for b in ("Lee", "Ray", "Fox", "Kay")],
                "text",
            ),
            (
                "city",
                [f"{a}{b}" for a in ("Ann", "Bobo", "Ever", "Maxi", "Zoel") for b in ("ley", "ton", "burg", "by")],
                "text",
            ),
        ],
    )
    def test_key_or_not(self, name, cells, expected):
        assert kind(cells, name).kind == expected

    def test_pattern_keeps_what_never_changes(self):
        assert kind([f"INV-{i:04}" for i in range(9)]).pattern == "INV-9999"
        assert kind(["KX-11", "BY-22", "ZQ-35", "QW-46", "LP-57"]).pattern == "AA-99"
        assert kind([str(uuid.UUID(int=i * 2**100 + 0xABCDEF)) for i in range(9)]).pattern.startswith("xxxxxxxx-xxxx-")

    def test_the_only_key_is_the_key(self):
        table = pl.DataFrame({"id": [4, 9, 2], "x": ["a", "b", "a"]})
        assert detect(table)[0].key == ("id",)
        assert detect(table.with_columns(other_id=pl.Series([40, 90, 20])))[0].key == ()

    def test_the_same_number_twice_is_no_key(self):
        assert kind(["1", "1.0", "2"], name="id").kind != "id"


class TestCategories:
    def test_few_are_listed_and_many_are_not(self):
        few, many = kind(["b", "a", "b"]), kind([f"v{i}" for i in range(2000)] * 3)
        assert few.values.items == ("a", "b") and few.values.origin == "detected"
        assert many.kind == "category" and many.high_cardinality

    def test_fifty_thousand(self):
        assert kind([f"v{i % 50_000}" for i in range(120_000)]).high_cardinality

    def test_levels_of_an_enum_are_all_kept(self):
        assert kind(["a", "b"], dtype=pl.Enum(["b", "a", "c"])).values.items == ("b", "a", "c")

    def test_levels_of_a_categorical_are_its_own(self):
        table = pl.DataFrame({"x": ["a", "b"], "y": ["c", "d"]}, schema={"x": pl.Categorical, "y": pl.Categorical})
        assert detect(table)[0]["x"].values.items == ("a", "b")

    def test_stray_cells_among_numbers_are_pointed_at(self):
        assert "`unknown`" in kind([*(str(i % 50) for i in range(99)), "unknown"]).why

    def test_unicode_names_and_cells(self):
        assert kind(["größe", "größe", "幅"], name="Maß 単位").values.items == ("größe", "幅")


@pytest.mark.parametrize(
    "dtype", [pl.String, pl.Int32, pl.Float64, pl.Boolean, pl.Date, pl.Datetime("ms"), pl.Time, pl.Categorical, pl.Null]
)
def test_no_rows(dtype):
    schema, table = detect(pl.DataFrame({"x": pl.Series([], dtype=dtype)}))
    assert table.height == 0 and table["x"].dtype == schema["x"].storage


@pytest.mark.parametrize("cells", [["a"], [1], [1.5], [True], ["12"], ["02134"], [dt.date(2020, 1, 1)], [None]])
def test_one_row(cells):
    schema, table = detect(pl.DataFrame({"x": cells}))
    assert table["x"].dtype == schema["x"].storage


@pytest.mark.parametrize("cells", [[b"ab", b"cd"], [{"a": 1}], [["a", "b"]]])
def test_cells_without_a_kind_are_refused_with_advice(cells):
    with pytest.raises(DataError, match=r"Column `x`.*(Drop it|drop it)"):
        detect(pl.DataFrame({"x": cells}))


def test_declared_kinds_come_first():
    table = pl.DataFrame({"a": ["1", "2", "1"], "b": [1, 2, 3]})
    schema, read = detect(table, declared=TableSchema(columns={"a": Category()}, rules=("b > 0",)))
    assert (schema["a"].kind, schema["b"].kind, schema.rules) == ("category", "integer", ("b > 0",))
    assert read["a"].to_list() == ["1", "2", "1"]
    with pytest.raises(DataError, match="Did you mean `a`"):
        detect(table.select("a"), declared=TableSchema(columns={"aa": Integer()}))


def test_the_input_is_not_changed():
    table = pl.DataFrame({"x": [" a ", "?", "b"], "y": [1.0, float("inf"), None]})
    before = table.clone()
    detect(table)
    assert table.equals(before)


CELLS = st.one_of(
    st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), max_size=30),
    st.lists(st.one_of(st.none(), st.floats()), max_size=30),
    st.lists(st.one_of(st.none(), st.text(max_size=12)), max_size=30),
    st.lists(st.one_of(st.none(), st.datetimes(dt.datetime(1500, 1, 1), dt.datetime(2500, 1, 1))), max_size=30),
    st.lists(
        st.sampled_from(["1", "2.50", "?", "1,000", "01/02/2019", "true", "-", "", None, "x y", "$5"]), max_size=30
    ),
    st.lists(st.from_regex(r"-?[0-9]{1,3}(,[0-9]{3})?(\.[0-9]{1,2})?", fullmatch=True), max_size=30),
)


@given(CELLS)
@settings(deadline=None, derandomize=True, max_examples=150)
def test_conform_reproduces_what_was_detected(cells):
    raw = pl.DataFrame({"x": cells}, strict=False)
    schema, table = detect(raw)
    assert conform(raw, schema).equals(table)
    assert table["x"].dtype == schema["x"].storage
    assert schema["x"].missing == table["x"].has_nulls()
    assert Schema.from_yaml(Schema(tables={"t": schema}).to_yaml()).table == schema
