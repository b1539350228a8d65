"""Files: what is written is read back, cell by cell."""

import codecs
import datetime as dt
import os
import zipfile
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from synthesist.data import writing
from synthesist.data.dataset import Dataset
from synthesist.data.files import Dialect, Writer, dialect_of, read_file, write_file
from synthesist.data.kinds import Array, Boolean, Category, Duration, Image, Integer, Moment, Number, Text
from synthesist.data.schema import Schema, TableSchema
from synthesist.errors import DataError, NotFoundError, OutputError

TEXT_FORMATS = [".csv", ".tsv", ".txt"]
FORMATS = [*TEXT_FORMATS, ".jsonl", ".ndjson", ".parquet", ".arrow", ".feather", ".ipc", ".xlsx"]


def dataset_of(columns, **kinds):
    kinds = kinds or {name: Text() for name in columns}
    table = pl.DataFrame(columns, schema={name: kind.storage for name, kind in kinds.items()})
    return Dataset({"t": table}, Schema(tables={"t": TableSchema(columns=kinds)}))


def read_text(tmp_path, text, suffix=".csv", encoding="utf-8", **options):
    path = tmp_path / f"data{suffix}"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return read_file(path, **options).to_dict(as_series=False)


# --------------------------------------------------------------------------- there and back

nasty = st.text(
    st.one_of(
        st.sampled_from("\"',;|\t\n\r =+-@#\\\ufeff0_x.é€😀\u2028\x1f\x85"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffe\uffff"),
    ),
    max_size=8,
)


@pytest.mark.parametrize("suffix", FORMATS)
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(st.tuples(nasty, st.none() | nasty), min_size=1, max_size=5), name=nasty)
@example(cells=[('"', "\r\n"), ("", "'"), ("a\tb", ",;|")], name="na;me")
@example(cells=[("_x0041_", "=1+1"), ("007", "1e5"), (" ", "\n\n")], name="x")
def test_any_text_survives(tmp_path, suffix, cells, name):
    first, second = f"first {name}", 'second, "column"'
    data = dataset_of({first: [f"r{a}" for a, _ in cells], second: [b for _, b in cells]})
    write_file(data, tmp_path / f"data{suffix}")
    table = read_file(tmp_path / f"data{suffix}").cast(pl.String)
    # text formats and Excel have no word for the difference between an empty text and no text
    assert_frame_equal(table.with_columns(pl.all().fill_null("")), data.table.with_columns(pl.all().fill_null("")))


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_lone_column_keeps_its_empty_cells(tmp_path, suffix):
    write_file(dataset_of({"name": ["a", None, "", "b"]}), tmp_path / f"data{suffix}")
    assert read_file(tmp_path / f"data{suffix}")["name"].fill_null("").to_list() == ["a", "", "", "b"]


TYPED = {
    "n": (Number(), [1.5, None, -2.25]),
    "i": (Integer(), [2**53 + 1, None, -7]),
    "b": (Boolean(), [True, None, False]),
    "d": (Moment(precision="d"), [dt.date(2020, 2, 29), None, dt.date(1999, 1, 1)]),
    "m": (Moment(precision="ms"), [dt.datetime(2020, 1, 1, 23, 59, 59, 5000), None, dt.datetime(1999, 1, 1)]),
    "u": (Duration(), [dt.timedelta(hours=30), None, dt.timedelta(0)]),
    "c": (Category(values=["x", "y"], stored="Categorical"), ["x", None, "y"]),
}
typed = dataset_of(
    {name: cells for name, (_, cells) in TYPED.items()}, **{name: kind for name, (kind, _) in TYPED.items()}
)


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".feather", ".ipc"])
def test_columnar_files_keep_every_type(tmp_path, suffix):
    write_file(typed, tmp_path / f"data{suffix}")
    assert_frame_equal(read_file(tmp_path / f"data{suffix}"), typed.to_polars())


def test_excel_keeps_numbers_truths_and_days(tmp_path):
    write_file(typed, tmp_path / "data.xlsx")
    table = read_file(tmp_path / "data.xlsx")
    assert table["n"].to_list() == [1.5, None, -2.25]
    assert table["i"].to_list() == ["9007199254740993", None, "-7"]  # more digits than Excel's numbers have
    assert table["b"].to_list() == [True, None, False]
    assert table["d"].cast(pl.Date).to_list() == TYPED["d"][1]
    assert table["m"].cast(pl.Datetime("us")).to_list() == TYPED["m"][1]
    assert table["u"].to_list() == ["30:00:00", None, "00:00:00"]


def test_excel_writes_what_it_has_no_type_for_as_text(tmp_path):
    kinds = {
        "old": Moment(precision="d"),
        "zoned": Moment(timezone="UTC"),
        "fine": Moment(precision="us"),
        "x": Number(),
    }
    late = dt.datetime(2020, 1, 1, 1, 2, 3, 4)
    data = dataset_of(
        {"old": [dt.date(1850, 1, 1)], "zoned": [late.replace(tzinfo=dt.UTC)], "fine": [late], "x": [float("inf")]},
        **kinds,
    )
    write_file(data, tmp_path / "data.xlsx")
    cells = read_file(tmp_path / "data.xlsx").row(0)
    assert cells == ("1850-01-01", "2020-01-01 01:02:03+00:00", "2020-01-01 01:02:03.000004", "inf")


@pytest.mark.parametrize("suffix", TEXT_FORMATS)
def test_text_files_hold_iso_moments(tmp_path, suffix):
    write_file(typed, tmp_path / f"data{suffix}")
    assert read_file(tmp_path / f"data{suffix}").row(0) == (
        *("1.5", "9007199254740993", "true", "2020-02-29", "2020-01-01 23:59:59.005", "30:00:00", "x"),
    )


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_same_data_gives_the_same_bytes(tmp_path, suffix):
    for name in ("one", "two"):
        write_file(typed, tmp_path / f"{name}{suffix}")
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()


def test_a_workbook_does_not_say_when_it_was_written(tmp_path):
    write_file(typed, tmp_path / "data.xlsx")
    with zipfile.ZipFile(tmp_path / "data.xlsx") as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
        assert archive.read("docProps/core.xml").count(b">2000-01-01T00:00:00Z<") == 2


@pytest.mark.parametrize("suffix", FORMATS)
def test_blocks_make_one_table(tmp_path, suffix):
    blocks = [typed.with_table(typed.table[place : place + 1]) for place in range(3)]
    with Writer(tmp_path / f"data{suffix}", typed.schema) as writer:
        for block in blocks:
            writer.write(block)
    write_file(typed, tmp_path / f"whole{suffix}")
    assert_frame_equal(read_file(tmp_path / f"data{suffix}"), read_file(tmp_path / f"whole{suffix}"))


@pytest.mark.parametrize("suffix", [s for s in FORMATS if s not in (".jsonl", ".ndjson")])
def test_no_rows_still_have_columns(tmp_path, suffix):
    with Writer(tmp_path / f"data{suffix}", typed.schema):
        pass
    table = read_file(tmp_path / f"data{suffix}")
    assert (table.columns, table.height) == (list(TYPED), 0)


# --------------------------------------------------------------------------- delimited text, as it is found


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("a,b\n1,x\n", Dialect()),
        ("a;b\n1,5;2,5\n", Dialect(";")),
        ("a;b\n1;2;\n", Dialect(";")),
        ("x\nx\ny\n", Dialect()),
        ("x,y,z\nx,b,c\nd,e,f\n", Dialect()),
        ("a\tb\n1\t2\n", Dialect("\t")),
        ("a|b\n1|2\n", Dialect("|")),
        ("size, cm;weight, kg\n1,7;80,1\n1,8;90,2\n", Dialect(";")),
        ("a,b\n'x, y',1\n'it''s',2\n", Dialect(quote="'")),
        ("lone\nx\ny\n", Dialect()),
        ("1,2.5\n3,4.5\n", Dialect(header=False)),
        ("39,State-gov,Male\n50,Private,Male\n38,Private,Male\n", Dialect(header=False)),
        ("yes,no\nno,no\nyes,yes\n", Dialect(header=False)),
        ("sex,race\nM,W\nsex,race\nF,B\n", Dialect()),
        ("place,1960,1961,1962\nA,1,2,3\n", Dialect()),
        ("0,1,2\n5,6,7\n", Dialect()),
        ("id,2020\n1,5\n", Dialect()),
    ],
)
def test_dialects_are_recognised(tmp_path, text, dialect):
    (tmp_path / "data.csv").write_text(text)
    assert dialect_of(tmp_path / "data.csv") == dialect


@pytest.mark.parametrize("suffix", [".csv", ".txt", ".tsv"])
def test_the_content_decides_and_not_the_extension(tmp_path, suffix):
    assert read_text(tmp_path, "a;b\n1;2\n", suffix) == {"a": ["1"], "b": ["2"]}


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "cp1252"),
    ],
)
def test_encodings_are_recognised(tmp_path, encoding, found):
    assert read_text(tmp_path, "name,city\nJosé,Köln\n", encoding=encoding) == {"name": ["José"], "city": ["Köln"]}
    assert dialect_of(tmp_path / "data.csv").encoding == found


def test_latin_1_where_cp1252_has_no_such_character(tmp_path):
    assert read_text(tmp_path, b"name\nJos\xe9 \x81\n") == {"name": ["José \x81"]}


def test_utf_16_big_endian_with_its_mark(tmp_path):
    data = codecs.BOM_UTF16_BE + "a,b\n1,é\n".encode("utf-16-be")
    assert read_text(tmp_path, data) == {"a": ["1"], "b": ["é"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n007,1.50\n", {"a": ["007"], "b": ["1.50"]}),
        ("a,b\n x ,\n", {"a": [" x "], "b": [""]}),
        ('a,b\r\n"1\r\n2","say ""hi"""\r\n', {"a": ["1\r\n2"], "b": ['say "hi"']}),
        ('a,b\n5" pipe,x\n7" pipe,y\n', {"a": ['5" pipe', '7" pipe'], "b": ["x", "y"]}),
        ("a,b\r1,2\r3,4", {"a": ["1", "3"], "b": ["2", "4"]}),
        ("\n\na,b\n\n1,2\n\n", {"a": ["1"], "b": ["2"]}),
        ("a,b,\n1,2,\n3,4,\n", {"a": ["1", "3"], "b": ["2", "4"]}),
        ("a,b\n1,2,\n3,4,\n", {"a": ["1", "3"], "b": ["2", "4"]}),
        ("a,b\n#1,NA\n", {"a": ["#1"], "b": ["NA"]}),
        ('"a\nb",c\n1,2\n', {"a\nb": ["1"], "c": ["2"]}),
        ("a,b\n", {"a": [], "b": []}),
        ("a,b", {"a": [], "b": []}),
        ("1,2.5\n3,4.5\n", {"column_1": ["1", "3"], "column_2": ["2.5", "4.5"]}),
    ],
)
def test_cells_are_read_as_they_stand(tmp_path, text, expected):
    assert read_text(tmp_path, text) == expected


def test_a_cell_larger_than_any_block(tmp_path):
    large = "x" * (12 << 20)
    assert read_text(tmp_path, f'a,b\n1,"{large}"\n') == {"a": ["1"], "b": [large]}


def test_a_dialect_can_be_named(tmp_path):
    text = "имя,1\nИван,2\n".encode("cp1251")
    assert read_text(tmp_path, text, dialect=Dialect(encoding="cp1251"))["имя"] == ["Иван"]
    assert read_text(tmp_path, "a,b\nc,d\n", dialect=Dialect(header=False))["column_1"] == ["a", "c"]


@pytest.mark.parametrize(
    "dialect",
    [
        Dialect(";"),
        Dialect("|", quote="'"),
        Dialect(encoding="utf-16"),
        Dialect(encoding="utf-8-sig"),
        Dialect("\t", "cp1252"),
    ],
)
def test_a_dialect_is_written_as_it_was_read(tmp_path, dialect):
    data = dataset_of({"näme": ["a|b", "it's, so; 5\"", "é\n"], "second": ["x\ty", "y, 'z'", "z"]})
    path = tmp_path / "data.csv"
    write_file(data, path, dialect=dialect)
    assert dialect_of(path) == dialect
    assert_frame_equal(read_file(path), data.table)


def test_formulas_are_escaped_on_demand_only(tmp_path):
    data = dataset_of({"t": ["=1+1", "-5", "+1,5", "-x", "@a", "\tb", "fine", None], "u": ["a"] * 8})
    write_file(data, tmp_path / "data.csv")
    assert_frame_equal(read_file(tmp_path / "data.csv"), data.table.with_columns(pl.all().fill_null("")))
    write_file(data, tmp_path / "data.csv", safe_cells=True)
    escaped = ["'=1+1", "-5", "+1,5", "'-x", "'@a", "'\tb", "fine", ""]
    assert read_file(tmp_path / "data.csv")["t"].to_list() == escaped


# --------------------------------------------------------------------------- JSON lines and Excel


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1}\n\n{"b": "x"}\n', {"a": [1, None], "b": [None, "x"]}),
        ('{"a": 1}\n{"a": 2.5}', {"a": [1.0, 2.5]}),
        ('{"a": true}\n{"a": 1}\n{"a": "x"}', {"a": ["true", "1", "x"]}),
        ('{"a": NaN}\n{"a": 1.5}', {"a": [None, 1.5]}),
        ('\ufeff{"a": "é"}', {"a": ["é"]}),
    ],
)
def test_json_lines(tmp_path, text, expected):
    assert read_text(tmp_path, text, ".jsonl") == expected


def test_json_has_no_infinity(tmp_path):
    with pytest.raises(DataError, match="Column `x` holds an infinity"):
        write_file(dataset_of({"x": [float("inf")]}, x=Number()), tmp_path / "data.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_sheets_are_named(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        for name in ("first", "second"):
            book.add_worksheet(name).write_column(0, 0, ["x", name])
    assert read_file(tmp_path / "book.xlsx")["x"].to_list() == ["first"]
    assert read_file(tmp_path / "book.xlsx", sheet="second")["x"].to_list() == ["second"]
    with pytest.raises(NotFoundError, match="Did you mean `second`"):
        read_file(tmp_path / "book.xlsx", sheet="secnd")


def test_an_empty_column_of_a_workbook_is_read_in_silence(tmp_path, caplog):
    write_file(dataset_of({"x": ["a"], "y": [None]}), tmp_path / "data.xlsx")
    assert read_file(tmp_path / "data.xlsx").row(0) == ("a", None)
    assert caplog.records == []


def test_excel_limits_are_told_before_writing(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "EXCEL_ROWS", 3)
    with pytest.raises(DataError, match="Excel holds 3 rows with the header, these would be 4"):
        write_file(dataset_of({"x": ["a", "b", "c"]}), tmp_path / "data.xlsx")
    with pytest.raises(DataError, match="Column `x` holds a text of 40,000 characters in row 1"):
        write_file(dataset_of({"x": ["a" * 40_000]}), tmp_path / "data.xlsx")
    monkeypatch.setattr(writing, "EXCEL_COLUMNS", 1)
    with pytest.raises(DataError, match="Excel holds 1 columns, this table has 2"):
        write_file(dataset_of({"x": ["a"], "y": ["a"]}), tmp_path / "data.xlsx")
    assert list(tmp_path.iterdir()) == []


# --------------------------------------------------------------------------- whole or not at all


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_error_leaves_nothing_behind_and_nothing_changed(tmp_path, suffix):
    path = tmp_path / f"data{suffix}"
    write_file(typed, path)
    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt), Writer(path, typed.schema) as writer:
        writer.write(typed)
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == before


def test_new_files_have_the_usual_permissions(tmp_path):
    (tmp_path / "usual").touch()
    write_file(typed, tmp_path / "data.csv")
    assert (tmp_path / "data.csv").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is always full")
@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".arrow", ".xlsx"])
def test_a_full_disk_is_an_output_error(tmp_path, suffix, monkeypatch):
    real = writing.replacing

    @contextmanager
    def onto_a_full_disk(path):
        with real(path):
            yield Path("/dev/full")

    monkeypatch.setattr(writing, "replacing", onto_a_full_disk)
    with pytest.raises(OutputError, match="No space left"):
        write_file(dataset_of({"x": ["a" * 100] * 1000}), tmp_path / f"data{suffix}")
    assert list(tmp_path.iterdir()) == []


def test_a_writer_is_used_within_with(tmp_path):
    with pytest.raises(OutputError, match="is not open"):
        Writer(tmp_path / "data.csv", typed.schema).write(typed)


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("data.foo", DataError, "cannot write `.foo` files. Known are .csv"),
        ("data", DataError, "cannot write `` files"),
        ("missing/data.csv", OutputError, "missing does not exist"),
        ("folder.csv", OutputError, "it is a folder"),
    ],
)
def test_where_nothing_can_be_written(tmp_path, name, error, message):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(error, match=message):
        write_file(typed, tmp_path / name)


def test_a_folder_that_may_not_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OutputError, match="may not be written"):
        write_file(typed, tmp_path / "data.csv")


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".xlsx"])
@pytest.mark.parametrize("kind", [Image(), Array()])
def test_plain_files_hold_no_pictures_and_arrays(tmp_path, suffix, kind):
    with pytest.raises(DataError, match=rf"cannot hold column `x` \({kind.kind}\)"):
        write_file(dataset_of({"x": []}, x=kind), tmp_path / f"data{suffix}")


def test_an_encoding_without_the_character(tmp_path):
    with pytest.raises(DataError, match="cp1252 has no 'ż'"):
        write_file(dataset_of({"x": ["ż"]}), tmp_path / "data.csv", dialect=Dialect(encoding="cp1252"))
    with pytest.raises(DataError, match="Python knows no encoding `klingon`"):
        write_file(dataset_of({"x": ["a"]}), tmp_path / "data.csv", dialect=Dialect(encoding="klingon"))
    assert list(tmp_path.iterdir()) == []


def test_a_value_that_is_not_listed(tmp_path):
    data = dataset_of({"x": ["z"]}, x=Category(values=["a"], stored="Categorical"))
    with pytest.raises(DataError, match="Column `x` holds `z`, which is not among the values"):
        write_file(data, tmp_path / "data.arrow")
