"""Files in: one reader per format, found by the file's extension; every fault is one clear message.

Writing stands in `writing.py`; `Writer` and `write_file` are offered here too.
"""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs

from synthesist.data.delimited import USUAL, Dialect, read_delimited, sniff, to_utf8
from synthesist.data.frames import check_names, take
from synthesist.data.writing import Writer, write_file
from synthesist.errors import DataError, NotFoundError, did_you_mean

__all__ = ["KNOWN", "Dialect", "Writer", "dialect_of", "read_file", "sheets_of", "write_file"]

HINTS = {
    ".json": "Write one JSON object a line and call it .jsonl.",
    ".xls": "Save it as .xlsx.",
    ".ods": "Save it as .xlsx.",
    ".gz": "Unpack it first.",
    ".zip": "Unpack it first.",
    ".syn": "That is a model: use it where a model is asked for.",
}


def read_file(path: str | Path, sheet: str | None = None, dialect: Dialect | None = None) -> pl.DataFrame:
    """Read a table from a file: .csv .tsv .txt .jsonl .parquet .arrow .xlsx and their relatives.

    Text formats give text, cell by cell as it stands; the others give what they store. What a column
    means is decided later, by `detect`.

    Args:
        path: the file.
        sheet: the sheet of a workbook; the first one if not named.
        dialect: how a text file is written, where the file leaves it open; else it is detected.

    Raises:
        NotFoundError: there is no such file or sheet.
        DataError: the file is damaged, of an unknown format, or holds no table.
    """
    source = Path(path)
    _check_source(source)
    suffix = source.suffix.lower()
    if sheet is not None and suffix != ".xlsx":
        raise DataError(f"{source} has no sheets: leave out `sheet`, or give an .xlsx file.")
    if dialect is not None and suffix not in USUAL:
        raise DataError(f"{source} has no dialect: that is for {', '.join(USUAL)}.")
    with _readable(source):
        if suffix in USUAL:
            data = source.read_bytes()
            return read_delimited(data, str(source), dialect or sniff(data, str(source), USUAL[suffix]))
        if suffix == ".xlsx":
            return _read_xlsx(source, sheet)
        return READERS[suffix](source)


def dialect_of(path: str | Path) -> Dialect:
    """How a text file is written: its delimiter, encoding, quote character, and whether it has a header."""
    source = Path(path)
    _check_source(source)
    if source.suffix.lower() not in USUAL:
        raise DataError(f"{source} has no dialect: that is for {', '.join(USUAL)}.")
    with _readable(source):
        return sniff(source.read_bytes(), str(source), USUAL[source.suffix.lower()])


def _check_source(source: Path) -> None:
    if source.is_dir():
        inside = [entry.name for entry in sorted(source.iterdir()) if entry.suffix.lower() in KNOWN]
        raise DataError(f"{source} is a folder, one file is needed. {did_you_mean('', inside)}")
    if not source.exists():
        folder = source.parent
        if not folder.is_dir():
            raise NotFoundError(f"No file {source}: there is no folder {folder}.")
        inside = [entry.name for entry in sorted(folder.iterdir()) if entry.suffix.lower() in KNOWN]
        raise NotFoundError(f"No file {source}. {did_you_mean(source.name, inside)}")
    if source.suffix.lower() not in KNOWN:
        hint = HINTS.get(source.suffix.lower(), "")
        raise DataError(f"{source}: cannot read `{source.suffix}` files. Known are {', '.join(KNOWN)}. {hint}".strip())
    if not os.access(source, os.R_OK):
        raise DataError(f"{source} may not be read by you. Ask its owner, or change its permissions.")
    if source.stat().st_size == 0:
        raise DataError(f"{source} is empty (0 bytes). Check how it was written or copied.")


@contextmanager
def _readable(source: Path) -> Iterator[None]:
    """Turn the faults of the parsers below into one message."""
    import pyarrow as pa
    from fastexcel import FastExcelError

    try:
        yield
    except (pl.exceptions.PolarsError, pa.ArrowException, FastExcelError, UnicodeError, OSError, MemoryError) as error:
        reason = " ".join(str(error).split("\n")[0].split())[:200].rstrip(".")
        raise DataError(
            f"{source} is damaged or is no {source.suffix} file: {reason}. Write or copy it again, or check what it is."
        ) from None


# --------------------------------------------------------------------------- Parquet and Arrow


def _read_parquet(source: Path) -> pl.DataFrame:
    from pyarrow import parquet

    with parquet.ParquetFile(source) as file:  # not read_table, which would take folder names for columns
        return _sound(file.read())


def _read_arrow(source: Path) -> pl.DataFrame:
    """Arrow's file format, which is Feather 2 as well, or its stream format."""
    import pyarrow as pa

    with pa.OSFile(str(source)) as file:
        whole = file.read(6) == b"ARROW1"
        file.seek(0)
        with pa.ipc.open_file(file) if whole else pa.ipc.open_stream(file) as reader:
            return _sound(reader.read_all())


def _sound(table: Any) -> pl.DataFrame:
    """An Arrow table, after a look at every offset: a damaged one would crash what works with it."""
    table.validate(full=True)
    return take(table)[0]


# --------------------------------------------------------------------------- JSON lines


def _read_jsonl(source: Path) -> pl.DataFrame:
    data = source.read_bytes()
    data = to_utf8(data, str(source), "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8")
    if not data.strip():
        raise DataError(f"{source} holds nothing but empty lines.")
    try:
        table = pl.read_ndjson(data, infer_schema_length=None)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        table = _read_json_slowly(data, str(source))
    if any(dtype.is_nested() for dtype in table.dtypes):
        table = _read_json_slowly(data, str(source))
    check_names(table.columns, str(source))
    return table.with_columns(cs.float().fill_nan(None))


def _read_json_slowly(data: bytes, where: str) -> pl.DataFrame:
    """Line by line: names the line that is broken, and reads the columns of mixed types that polars does not."""
    rows = []
    for line, text in _lines(data):
        try:
            row = json.loads(text)
        except (ValueError, RecursionError) as error:
            hint = " This file is one JSON array: write one object a line." if line == 1 and text[:1] == b"[" else ""
            raise DataError(f"Line {line} of {where} is no valid JSON: {error}.{hint}") from None
        if not isinstance(row, dict):
            raise DataError(
                f"Line {line} of {where} holds a {type(row).__name__}, a row is an object: "
                '{"column": value, ...}, one a line.'
            )
        if nested := [name for name, cell in row.items() if isinstance(cell, list | dict)]:
            raise DataError(
                f"Line {line} of {where}: the cell of `{nested[0]}` is nested, it holds a list or an object. "
                "A cell must be one value: write its parts as columns of their own."
            )
        rows.append(row)
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pl.DataFrame([_json_column(name, [row.get(name) for row in rows]) for name in names])


def _json_column(name: str, cells: list[Any]) -> pl.Series:
    """Cells of one type as they are, of several as text."""
    whole = {type(cell) for cell in cells if cell is not None}
    if len(whole) <= 1 or whole == {int, float}:
        try:
            return pl.Series(name, cells, strict=whole != {int, float}, dtype=pl.Float64 if float in whole else None)
        except (pl.exceptions.PolarsError, TypeError, OverflowError):  # whole numbers of any length
            pass
    texts = [cell if cell is None or isinstance(cell, str) else json.dumps(cell) for cell in cells]
    return pl.Series(name, texts, dtype=pl.String)


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    for line, text in enumerate(data.split(b"\n"), 1):
        if text.strip():
            yield line, text.strip()


# --------------------------------------------------------------------------- Excel


def _read_xlsx(source: Path, sheet: str | None = None) -> pl.DataFrame:
    import fastexcel

    with _quiet("fastexcel"):
        book = fastexcel.read_excel(source)
        if not book.sheet_names:
            raise DataError(f"{source} is damaged: it holds no sheet. Write or copy it again.")
        if sheet is not None and sheet not in book.sheet_names:
            raise NotFoundError(f"{source} has no sheet `{sheet}`. {did_you_mean(sheet, book.sheet_names)}")
        chosen = sheet or book.sheet_names[0]
        top = book.load_sheet(chosen, header_row=None, n_rows=1, dtypes="string").to_polars()
        table = book.load_sheet(chosen, header_row=0, schema_sample_rows=None).to_polars()
    if top.is_empty():
        raise DataError(f"Sheet `{chosen}` of {source} is empty. Sheets: {', '.join(book.sheet_names)}.")
    names = [name or "" for name in top.row(0)]
    named = [place for place, name in enumerate(names) if name.strip() or table[:, place].is_not_null().any()]
    names = [names[place] for place in named]
    check_names(names, f"Sheet `{chosen}` of {source}")
    table = table[:, named]
    table.columns = names
    return table.with_columns(_whole(column) for column in table)


def sheets_of(path: str | Path) -> list[str]:
    """The names of the sheets of a workbook, hidden ones included.

    Raises:
        NotFoundError: there is no such file.
        DataError: it is damaged.
    """
    import fastexcel

    source = Path(path)
    _check_source(source)
    with _readable(source), _quiet("fastexcel"):
        return list(fastexcel.read_excel(source).sheet_names)


def _whole(column: pl.Series) -> pl.Series:
    """Excel knows one type of number; a column of whole ones is read as whole numbers."""
    if column.dtype.is_float() and ((column % 1 == 0) & (column.abs() < 2**53)).all():
        return column.cast(pl.Int64)
    return column


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Keep a library's own log lines off the user's screen."""
    logger, nowhere = logging.getLogger(name), logging.NullHandler()
    propagated, logger.propagate = logger.propagate, False
    logger.addHandler(nowhere)
    try:
        yield
    finally:
        logger.removeHandler(nowhere)
        logger.propagate = propagated


READERS = {
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".parquet": _read_parquet,
    ".arrow": _read_arrow,
    ".feather": _read_arrow,
    ".ipc": _read_arrow,
}
KNOWN = (*USUAL, ".xlsx", *READERS)
