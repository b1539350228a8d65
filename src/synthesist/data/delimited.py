"""Text with delimiters: which delimiter, encoding, quote and header a file has, and its cells as they stand."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import polars as pl

from synthesist.data.frames import check_names
from synthesist.errors import DataError

__all__ = ["NUMBER", "USUAL", "Dialect", "encoder", "read_delimited", "sniff", "to_utf8"]

DELIMITERS = ",;\t|"
SAMPLE_BYTES = 256 * 1024
SAMPLE_ROWS = 300
NUMBER = re.compile(r"\s*[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?\s*%?")


@dataclass(frozen=True)
class Dialect:
    """How a text file is written, so that another can be written the same way.

    `encoding` is a name that Python knows; `header` says whether the first row holds the names.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    quote: str = '"'
    header: bool = True


USUAL = {".csv": Dialect(), ".tsv": Dialect("\t"), ".txt": Dialect("\t")}


def read_delimited(data: bytes, where: str, dialect: Dialect) -> pl.DataFrame:
    """Every cell of a delimited file as text, exactly as it stands; an empty cell is an empty text.

    Empty lines are skipped, and so is a nameless column without any value (a delimiter that ends each line).

    Raises:
        DataError: rows of different lengths, a quote that is never closed, missing or doubled names.
    """
    data = to_utf8(data, where, dialect.encoding)
    first = _records(data, dialect, 2)
    if not first:
        raise DataError(f"{where} holds nothing but empty lines.")
    names = first[0] if dialect.header else [f"column_{place}" for place in range(1, len(first[0]) + 1)]
    if len(first) == 2 and len(first[1]) == len(names) + 1 and first[1][-1] == "":
        names = [*names, ""]
    cells = _cells(data, where, dialect, len(names))
    named = [place for place, name in enumerate(names) if name.strip() or (cells[:, place] != "").any()]
    names = [names[place] for place in named]
    check_names(names, where)
    table = cells[:, named]
    table.columns = names
    return table


def _cells(data: bytes, where: str, dialect: Dialect, width: int) -> pl.DataFrame:
    """Arrow's reader: as fast as any, and strict about rows that are too short."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    if data.count(dialect.quote.encode()) % 2:
        _raise_fault(data, where, dialect, width)
    body = data.lstrip(b"\r\n")  # Arrow would take an empty line for the header
    body = body if body.endswith((b"\n", b"\r")) else body + b"\n"
    places = [str(place) for place in range(width)]
    parse = arrow_csv.ParseOptions(
        delimiter=dialect.delimiter, quote_char=dialect.quote, double_quote=True, newlines_in_values=True
    )
    convert = arrow_csv.ConvertOptions(column_types=dict.fromkeys(places, pa.string()), strings_can_be_null=False)
    # A cell longer than a block cannot be read; one block for everything is the slow way out.
    for block_size in (4 << 20, len(body) + 1):
        options = arrow_csv.ReadOptions(
            column_names=places, skip_rows_after_names=int(dialect.header), block_size=block_size
        )
        try:
            table = arrow_csv.read_csv(pa.BufferReader(body), options, parse, convert)
        except pa.ArrowInvalid as error:
            fault = error
        else:
            return pl.DataFrame(table)
    _raise_fault(data, where, dialect, width)
    raise DataError(f"{where} cannot be read as a delimited file: {fault}")


def _raise_fault(data: bytes, where: str, dialect: Dialect, width: int) -> None:
    """Go through the file once more, slowly, to say in which line it breaks; silent if it does not."""
    reader = _reader(data, dialect, strict=True)
    line = 1
    try:
        for record in reader:
            if record and len(record) != width:
                raise DataError(
                    f"Line {line} of {where} has {len(record)} cell{'s' * (len(record) != 1)}, the first row has "
                    f"{width} (delimiter {dialect.delimiter!r}). Quote the cells that hold the delimiter, or remove "
                    "the lines that do not belong to the table."
                )
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{where} opens a quote {dialect.quote} in or after line {line} and does not close it properly "
            f"({error}). Close it, or double the quotes inside a cell."
        ) from None


# --------------------------------------------------------------------------- encoding


def to_utf8(data: bytes, where: str, encoding: str) -> bytes:
    """The same text in UTF-8, without a byte order mark."""
    try:
        text = data if encoding == "utf-8" else codecs.decode(data, encoding).encode()
        text.decode()
    except LookupError:
        raise DataError(f"{where}: {_unknown(encoding)}") from None
    except UnicodeError as error:
        raise DataError(f"{where} is not written in {encoding}: {error}. Name its encoding in a Dialect.") from None
    return text.removeprefix(codecs.BOM_UTF8)


def encoder(encoding: str) -> codecs.IncrementalEncoder:
    """What turns text into bytes block by block, with one mark at the beginning where the encoding has one."""
    try:
        return codecs.getincrementalencoder(encoding)()
    except LookupError:
        raise DataError(_unknown(encoding)) from None


def _unknown(encoding: str) -> str:
    return f"Python knows no encoding `{encoding}`. Try utf-8, cp1252 or utf-16."


def _encoding(data: bytes, where: str) -> str:
    """Which encoding the bytes speak for: their marks first, then UTF-8, then Windows' western one."""
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = data[:SAMPLE_BYTES]
    if b"\0" in data:
        # Western text in UTF-16 has a zero in every second byte, on one side only.
        zeros = head[0::2].count(0), head[1::2].count(0)
        if min(zeros) == 0 and max(zeros) > len(head) / 4:
            return "utf-16-be" if zeros[0] else "utf-16-le"
        raise DataError(f"{where} is binary, not text (zero byte at {data.index(0)}). Check what kind of file it is.")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return _western(data, where, error)
    return "utf-8"


def _western(data: bytes, where: str, error: UnicodeDecodeError) -> str:
    """cp1252 or latin-1, if the bytes look like it; they cannot prove it."""
    if sum(data.count(code) for code in (*range(9), *range(14, 26), *range(28, 32))) > len(data) / 200:
        raise DataError(f"{where} is binary, not text. Check what kind of file it is.")
    line = data.count(b"\n", 0, error.start) + 1
    text = data.decode(errors="replace")
    broken = text.count("\ufffd")
    if sum(not character.isascii() for character in text) - broken > 3 * broken:
        raise DataError(
            f"{where} is UTF-8 with broken characters: byte {data[error.start]:#04x} in line {line}. "
            "Write the file again, or name its encoding in a Dialect."
        )
    letters = re.sub(rb"[^A-Za-z\x80-\xff]", b"", data[:SAMPLE_BYTES])
    if sum(code >= 0x80 for code in letters) > len(letters) / 3:
        raise DataError(
            f"{where} is text in an unknown encoding (not UTF-8: byte {data[error.start]:#04x} in line {line}). "
            "Save it as UTF-8, or name its encoding, as in Dialect(encoding='cp1251')."
        )
    undefined_in_cp1252 = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
    return "latin-1" if any(data.count(code) for code in undefined_in_cp1252) else "cp1252"


# --------------------------------------------------------------------------- dialect


def sniff(data: bytes, where: str, usual: Dialect) -> Dialect:
    """The dialect a file speaks, judged by its first rows; `usual` decides where they leave it open."""
    encoding = _encoding(data, where)
    usual = replace(usual, encoding=encoding)
    text = to_utf8(data, where, encoding)
    top = re.split(rb"[\r\n]", text[:SAMPLE_BYTES].lstrip(), maxsplit=1)[0].decode(errors="replace")
    delimiters = [usual.delimiter, *(mark for mark in DELIMITERS if mark != usual.delimiter and mark in top)]
    candidates = [replace(usual, delimiter=mark, quote=quote) for mark in delimiters for quote in "\"'"]
    # max() keeps the first of equals, so the usual delimiter and the double quote win every tie.
    best = max(candidates, key=lambda dialect: _fit(_records(text, dialect), dialect))
    return replace(best, header=_has_header(_records(text, best)))


def _reader(data: bytes, dialect: Dialect, strict: bool = False) -> Any:
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")
    return csv.reader(text, delimiter=dialect.delimiter, quotechar=dialect.quote, strict=strict)


def _records(data: bytes, dialect: Dialect, limit: int = SAMPLE_ROWS) -> list[list[str]]:
    """The first rows that are not empty."""
    return list(_up_to(limit, _reader(data, dialect)))


def _up_to(limit: int, reader: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        for record in reader:
            if record:
                yield record
                limit -= 1
            if not limit:
                return
    except csv.Error:  # a cell too long for this reader: a wrong quote, or the end of what can be sampled
        return


def _fit(records: list[list[str]], dialect: Dialect) -> tuple[float, bool, float]:
    """How well a dialect explains the rows: equal lengths first, then more than one column, then clean cells."""
    if not records:
        return 0.0, False, 0.0
    width = len(records[0])
    body = records[1:] or records
    even = sum(len(row) == width or (len(row) == width + 1 and row[-1] == "") for row in body) / len(body)
    cells = [cell for row in body for cell in row]
    others = set(DELIMITERS) - {dialect.delimiter}
    clean = sum(bool(NUMBER.fullmatch(cell)) or others.isdisjoint(cell) for cell in cells) / len(cells)
    return even, width > 1, clean


def _has_header(records: list[list[str]]) -> bool:
    """Whether the first row holds names: no, if it holds numbers over numbers or values that come again below."""
    if len(records) < 2:
        return True
    first, body = records[0], [row for row in records[1:] if row != records[0]]
    columns = [[row[place] for row in body if place < len(row) and row[place].strip()] for place in range(len(first))]
    over_numbers = [
        cell for cell, column in zip(first, columns, strict=True) if column and all(map(NUMBER.fullmatch, column))
    ]
    numbers = [cell for cell in over_numbers if NUMBER.fullmatch(cell)]
    if over_numbers:
        return len(numbers) <= len(over_numbers) / 2 or _counts_up(numbers)
    again = sum(cell in column for cell, column in zip(first, columns, strict=True) if cell)
    return again <= len(first) / 2


def _counts_up(names: list[str]) -> bool:
    """Whether numbers are names all the same: years, or places counted from zero."""
    if len(names) < 2 or not all(name.isdecimal() for name in names):
        return False
    places = [int(name) for name in names]
    steps = {b - a for a, b in pairwise(places)}
    return len(steps) == 1 and steps != {0} and (places[0] == 0 or 1500 <= places[0] <= 2200)
