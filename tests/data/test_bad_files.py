"""Bad files: each one message that says what is wrong, where, and what to do."""

import io
import os
import struct
from contextlib import suppress
from functools import cache

import polars as pl
import pyarrow as pa
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthesist.data.files import Dialect, dialect_of, read_file
from synthesist.errors import DataError, NotFoundError

GOOD = pl.DataFrame({"a": list(range(100)), "b": [f"text {i}" for i in range(100)]})


def written(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@cache
def columnar(suffix):
    """The bytes of a sound file."""
    file = io.BytesIO()
    if suffix == ".parquet":
        GOOD.write_parquet(file)
    elif suffix == ".xlsx":
        with xlsxwriter.Workbook(file) as book:
            sheet = book.add_worksheet()
            for place, column in enumerate(GOOD):
                sheet.write_column(0, place, [column.name, *column])
    else:
        GOOD.write_ipc(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", "", r"x\.csv is empty \(0 bytes\)"),
        ("x.csv", "\n\n \n"[:2], "nothing but empty lines"),
        ("x.csv", "\ufeff", "nothing but empty lines"),
        ("x.jsonl", "\n\n", "nothing but empty lines"),
        ("x.csv", "a,b,c\n1,2,3\n4,5\n6,7,8\n", r"Line 3 of .*x\.csv has 2 cells, the first row has 3"),
        ("x.csv", "\n\na,b\n1,2\n1,2,3\n", r"Line 5 of .* has 3 cells, the first row has 2"),
        ("x.csv", 'a,b\n"1\n\n2",2\n1\n', r"Line 5 of .* has 1 cell, the first row has 2"),
        ("x.csv", "a,b\n" + "1,2\n" * 50_000 + "1;2\n", r"Line 50002 of .* has 1 cell,"),
        ("x.csv", 'a,b\n1,"x\n2,y\n3,z\n', r"opens a quote \" in or after line 2 and does not close it"),
        ("x.csv", "a,b,a\n1,2,3\n", "more than one column called `a`. Rename"),
        ("x.csv", ",a,b\n0,1,2\n", r"no name for column 1 of 3.*index=False"),
        ("x.csv", "a,,b\n1,2,3\n", "no name for column 2 of 3"),
        ("x.csv", bytes(range(256)) * 20, "binary, not text"),
        ("x.csv", b"a,b\n1,\x00\n", r"binary, not text \(zero byte at 6\)"),
        ("x.csv", b"\x80\x01\x02\x03\xff\x9d" * 100, "binary, not text"),
        ("x.csv", "имя,город\nИван,Москва\n".encode("cp1251"), r"unknown encoding .* in line 1.*Dialect\(encoding"),
        ("x.csv", "a,b\né,ü\nñ,ö\nß,ø\n".encode() + b"\xe9\n", "UTF-8 with broken characters: byte 0xe9 in line 5"),
        ("x.jsonl", '{"a": 1}\n{"a": 2\n', r"Line 2 of .* is no valid JSON"),
        ("x.jsonl", '{"a": 1}\n[1, 2]\n', r"Line 2 of .* holds a list, a row is an object"),
        ("x.jsonl", '[\n{"a": 1}\n]\n', "Line 1 of .* no valid JSON.*one object a line"),
        ("x.jsonl", '{"a": 1}\n{"b": {"c": 1}}\n', "Line 2 of .*: the cell of `b` is nested"),
        ("x.jsonl", '{"a": 1}\n{"a": [1]}\n', "Line 2 of .*: the cell of `a` is nested"),
        ("x.jsonl", b'{"a": "\xe9"}\n', "is not written in utf-8"),
        ("x.jsonl", '{"": 1}\n', "no name for column 1"),
        ("x.jsonl", "{}\n", "no columns"),
        ("x.jsonl", "[" * 100_000, "Line 1 of .* is no valid JSON"),
        ("x.json", '{"a": 1}', r"cannot read `\.json` files.*\.jsonl"),
        ("x.xls", "old", r"cannot read `\.xls` files.*Save it as \.xlsx"),
        ("x.csv.gz", "zip", r"cannot read `\.gz` files.*Unpack"),
        ("x", "a,b", "cannot read `` files. Known are .csv"),
        ("x.parquet", "a,b\n1,2\n", r"damaged or is no \.parquet file"),
        ("x.arrow", "a,b\n1,2\n", r"damaged or is no \.arrow file"),
        ("x.xlsx", "a,b\n1,2\n", r"damaged or is no \.xlsx file"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, name, content, message):
    path = written(tmp_path, name, content)
    with pytest.raises(DataError, match=message) as caught:
        read_file(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.999])
@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".feather", ".xlsx"])
def test_truncated_files(tmp_path, suffix, share):
    content = columnar(suffix)
    path = written(tmp_path, f"cut{suffix}", content[: int(len(content) * share)])
    with pytest.raises(
        DataError, match=rf"cut\{suffix} is damaged or is no \{suffix} file: .*\. Write or copy it again"
    ):
        read_file(path)


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".xlsx"])
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=5))
def test_damaged_bytes_never_show_a_parser(tmp_path, suffix, places):
    content = bytearray(columnar(suffix))
    for share, byte in places:
        content[int(share * len(content))] = byte
    with suppress(DataError):
        read_file(written(tmp_path, f"x{suffix}", bytes(content)))


def test_arrow_files_that_would_crash_their_reader(tmp_path):
    table = pa.table({"name of it": ["a" * 7, "b" * 7]})
    file = io.BytesIO()
    with pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    sound = file.getvalue()
    offsets, beyond = struct.pack("<3i", 0, 7, 14), struct.pack("<3i", 0, 2**30, 14)
    assert offsets in sound
    for content in (sound.replace(offsets, beyond), sound.replace(b"name of it", b"\xff" * 10)):
        with pytest.raises(DataError, match=r"damaged or is no \.arrow file"):
            read_file(written(tmp_path, "x.arrow", content))


def test_names_of_columns_in_a_workbook(tmp_path):
    path = tmp_path / "x.xlsx"
    for top, message in [(["a", "a"], "more than one column called `a`"), (["a", None], "no name for column 2 of 2")]:
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet("one")
            sheet.write_row(0, 0, top)
            sheet.write_row(1, 0, [1, 2])
        with pytest.raises(DataError, match=f"Sheet `one` of .*x.xlsx has {message}"):
            read_file(path)
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("one")
    with pytest.raises(DataError, match=r"Sheet `one` of .* is empty"):
        read_file(path)


def test_missing_files_name_the_nearest(tmp_path):
    written(tmp_path, "adult.csv", "a\n1\n")
    with pytest.raises(NotFoundError, match=r"No file .*adlut\.csv\. Did you mean `adult\.csv`"):
        read_file(tmp_path / "adlut.csv")
    with pytest.raises(NotFoundError, match=r"there is no folder .*nowhere"):
        read_file(tmp_path / "nowhere" / "adult.csv")
    with pytest.raises(DataError, match=r"is a folder, one file is needed. There are: `adult\.csv`"):
        read_file(tmp_path)


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    path = written(tmp_path, "x.csv", "a\n1\n")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(DataError, match="may not be read"):
        read_file(path)


def test_options_that_do_not_fit_the_format(tmp_path):
    csv, jsonl = written(tmp_path, "x.csv", "a\n1\n"), written(tmp_path, "x.jsonl", '{"a": 1}\n')
    with pytest.raises(DataError, match="has no sheets"):
        read_file(csv, sheet="one")
    with pytest.raises(DataError, match="has no dialect"):
        read_file(jsonl, dialect=Dialect())
    with pytest.raises(DataError, match="has no dialect"):
        dialect_of(jsonl)
    with pytest.raises(DataError, match="Python knows no encoding `klingon`"):
        read_file(csv, dialect=Dialect(encoding="klingon"))
    with pytest.raises(DataError, match="is not written in ascii"):
        read_file(written(tmp_path, "y.csv", "é\n1\n"), dialect=Dialect(encoding="ascii"))
