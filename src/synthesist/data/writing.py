"""Files out: whole or not at all, in blocks, and the same bytes for the same data."""

import datetime as dt
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from math import isfinite
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol

import polars as pl
import polars.selectors as cs

from synthesist.data.atomic import replacing, writable
from synthesist.data.dataset import Dataset
from synthesist.data.delimited import NUMBER, USUAL, Dialect, encoder
from synthesist.data.frames import stored, to_arrow
from synthesist.data.kinds import Category, Json, Kind, Moment
from synthesist.data.schema import Schema, TableSchema
from synthesist.errors import DataError, MissingExtraError, OutputError

__all__ = ["Workbook", "Writer", "lines_of", "write_file", "written_as"]

EXCEL_ROWS, EXCEL_COLUMNS, EXCEL_CHARACTERS = 1_048_576, 16_384, 32_767
REPEATS = 0.3  # different values a row, up to which a dictionary of them pays


def write_file(dataset: Dataset, path: str | Path, *, dialect: Dialect | None = None, safe_cells: bool = False) -> None:
    """Write the one table of a Dataset; the extension says how. The options are those of `Writer`."""
    with Writer(path, dataset.schema, dialect=dialect, safe_cells=safe_cells) as writer:
        writer.write(dataset)


class Writer:
    """Writes a table block by block; the file appears whole at the end, or not at all.

        with Writer("rows.csv", schema) as writer:
            for block in blocks:
                writer.write(block)

    Known are .csv .tsv .txt .jsonl .ndjson .parquet .arrow .feather .ipc .xlsx .avro. Cells are written as the
    source stored them. JSON lines of no rows have no columns; a workbook loses empty rows at its end.

    Args:
        path: the file to make; one that exists is replaced at the end.
        schema: the schema of every block.
        dialect: how to write a text file, as read by `dialect_of`; else UTF-8 with the usual delimiter.
        safe_cells: put an apostrophe before text that a spreadsheet would take for a formula (it begins
            with = + - @, a tab or a carriage return and is no number) when writing delimited text. It
            changes the data, so it is off; switch it on where people open the file in a spreadsheet.

    Raises:
        DataError: the extension is unknown, or the format cannot hold this table.
        OutputError: the folder is missing, or the file cannot be written there.
    """

    def __init__(
        self, path: str | Path, schema: Schema, *, dialect: Dialect | None = None, safe_cells: bool = False
    ) -> None:
        self.path = Path(path)
        self.schema = schema
        suffix = written_as(self.path.suffix, path)
        if dialect is not None and suffix not in USUAL:
            raise DataError(f"{path} has no dialect: that is for {', '.join(USUAL)}.")
        writable(self.path)
        self.rows = dict.fromkeys(schema.tables, 0)
        """How many rows were written so far, by the name of the table."""
        self._dialect, self._safe_cells = dialect or USUAL.get(suffix), safe_cells
        self._sink: _Sink | None = None

    def __enter__(self) -> "Writer":
        kinds = self.schema.table
        with ExitStack() as stack:
            file = stack.enter_context(stack.enter_context(replacing(self.path)).open("wb"))
            if self._dialect is not None:
                self._sink = _Delimited(file, kinds, self._dialect, self._safe_cells)
            else:
                self._sink = SINKS[self.path.suffix.lower()](file, kinds)
            stack.enter_context(_closing(self._sink))
            self._open = stack.pop_all()
        return self

    def write(self, dataset: Dataset) -> None:
        """Add the rows of one block."""
        if self._sink is None:
            raise OutputError(f"{self.path} is not open: write within `with Writer(...) as writer:`.")
        self._sink.write(dataset.table)
        self.rows[self.schema.unit] += dataset.units

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._sink = None
        self._open.__exit__(kind, error, at)


def written_as(ending: str, where: str | Path) -> str:
    """The ending of a file, where files can be written so.

    Raises:
        DataError: they cannot.
    """
    if (suffix := ending.lower()) not in (known := (*USUAL, *SINKS)):
        raise DataError(f"{where}: cannot write `{suffix}` files. Known are {', '.join(known)}.")
    return suffix


@contextmanager
def _closing(sink: "_Sink") -> Iterator[None]:
    """Close at the end; after an error too, for the sake of what the sink itself put aside."""
    try:
        yield
    except BaseException:
        with suppress(Exception):  # half a file may fail to close in any way, and is removed next
            sink.close()
        raise
    sink.close()


# --------------------------------------------------------------------------- one sink per format


class _Sink(Protocol):
    def write(self, table: pl.DataFrame) -> None: ...
    def close(self) -> None: ...


class _Delimited:
    """Text with delimiters; a cell is quoted where it must be."""

    def __init__(self, file: BinaryIO, kinds: TableSchema, dialect: Dialect, safe: bool) -> None:
        self.file, self.kinds, self.dialect, self.safe = file, kinds, dialect, safe
        _refuse_blobs(kinds, "Delimited text")
        self.encoder = encoder(dialect.encoding)
        if self.dialect.header:
            names = list(kinds.columns)
            self._write(pl.DataFrame([names], schema=[str(place) for place in range(len(names))], orient="row"))

    def write(self, table: pl.DataFrame) -> None:
        self._write(stored(table, self.kinds, text=True))

    def _write(self, table: pl.DataFrame) -> None:
        if self.safe:
            table = table.with_columns(_safe(column) for column in table if column.dtype.to_python() is str)
        if table.width == 1:
            # The empty cell of a lone column would be an empty line, which readers skip; as empty text it is quoted.
            table = table.select(pl.first().cast(pl.String).fill_null(""))
        text = table.write_csv(
            include_header=False, separator=self.dialect.delimiter, quote_char=self.dialect.quote, line_terminator="\n"
        )
        try:
            self.file.write(self.encoder.encode(text))
        except UnicodeEncodeError as error:
            raise DataError(
                f"{self.dialect.encoding} has no {text[error.start]!r}, which is in the table. Write in utf-8."
            ) from None

    def close(self) -> None:
        pass


def _safe(column: pl.Series) -> pl.Series:
    cells = pl.col(column.name)
    formula = cells.str.contains(r"^[=+\-@\t\r]") & ~cells.str.contains(f"^(?:{NUMBER.pattern})$")
    escaped = pl.when(formula).then(pl.lit("'") + cells).otherwise(cells)
    return column.cast(pl.String).to_frame().select(escaped.alias(column.name)).to_series()


class _JsonLines:
    """One object a line: the row, or the document where a row is nothing else."""

    def __init__(self, file: BinaryIO, kinds: TableSchema) -> None:
        self.file, self.kinds = file, kinds
        _refuse_blobs(kinds, "JSON lines")

    def write(self, table: pl.DataFrame) -> None:
        self.file.write(lines_of(table, self.kinds).encode())

    def close(self) -> None:
        pass


def lines_of(table: pl.DataFrame, kinds: TableSchema) -> str:
    """A JSON object for each row, or the document where a row is nothing else, each on a line.

    Raises:
        DataError: a number is infinite.
    """
    if _documents(kinds) is not None:
        return "".join(f"{line}\n" for line in table.to_series().fill_null("null").to_list())
    table = stored(table, kinds, text=True).with_columns(cs.decimal().cast(pl.Float64))
    for column in table.select(cs.float()):
        if column.is_infinite().any():
            raise DataError(f"Column `{column.name}` holds an infinity, for which JSON has no word. Write .csv.")
    return table.write_ndjson() if table.height else ""


class _Avro:
    """Avro's container of records, made from documents that follow an Avro schema."""

    def __init__(self, file: BinaryIO, kinds: TableSchema) -> None:
        kind = _documents(kinds)
        if kind is None or kind.avro is None:
            raise DataError(
                ".avro files hold documents of an Avro schema only: sample an .avsc file, or write .parquet."
            )
        try:
            from fastavro.write import Writer as Records
        except ImportError:
            raise MissingExtraError(
                "Writing .avro needs fastavro: install 'synthesist[avro]', or write .jsonl."
            ) from None
        self.avro = kind.avro
        marker = hashlib.blake2b(json.dumps(kind.avro).encode(), digest_size=16).digest()
        self.records = Records(file, kind.avro, codec="deflate", sync_marker=marker)

    def write(self, table: pl.DataFrame) -> None:
        from fastavro import json_reader

        for record in json_reader(io.StringIO("\n".join(table.to_series().to_list())), self.avro):
            self.records.write(record)

    def close(self) -> None:
        self.records.flush()


def _documents(kinds: TableSchema) -> Json | None:
    """The kind of the only column, where that holds documents."""
    (kind, *others) = kinds.columns.values()
    return kind if isinstance(kind, Json) and not others else None


class _Columns:
    """Parquet and Arrow's file format, a record batch or row group per block."""

    def __init__(self, open_writer: Callable[[Any, pl.DataFrame], Any], kinds: TableSchema) -> None:
        self.kinds, self.open_writer = kinds, open_writer
        self.empty = pl.DataFrame(schema={name: kind.storage for name, kind in kinds.columns.items()})
        self.schema = self._arrow(self.empty).schema
        self.writer: Any = None

    def write(self, table: pl.DataFrame) -> None:
        if self.writer is None:
            self.writer = self.open_writer(self.schema, table)
        self.writer.write_table(self._arrow(table).cast(self.schema))

    def _arrow(self, table: pl.DataFrame) -> Any:
        """Categories under one dictionary in every block, since a file in Arrow's format holds only one."""
        table = stored(table, self.kinds)
        for name, dtype in table.schema.items():
            if isinstance(dtype, pl.Categorical):
                table = table.with_columns(_listed(table[name], self.kinds[name]))
        return to_arrow(table)

    def close(self) -> None:
        if self.writer is None:  # a file without rows
            self.writer = self.open_writer(self.schema, self.empty)
        self.writer.close()


def _listed(column: pl.Series, kind: Kind) -> pl.Series:
    """Categories as the schema lists them, or as text where it does not."""
    column = column.cast(pl.String)
    if not (isinstance(kind, Category) and kind.values):
        return column
    items = pl.Series([str(item) for item in kind.values.items] + list(kind.markers[:1]), dtype=pl.String)
    if unknown := column.drop_nulls().filter(~column.drop_nulls().is_in(items.implode())).head(1).to_list():
        raise DataError(f"Column `{column.name}` holds `{unknown[0]}`, which is not among the values of its schema.")
    return column.cast(pl.Enum(items.unique(maintain_order=True)))


def _parquet(file: BinaryIO, kinds: TableSchema) -> _Columns:
    from pyarrow import parquet

    def opened(schema: Any, first: pl.DataFrame) -> Any:
        # a dictionary of values that hardly repeat costs time and space
        plain = first.select(cs.numeric() | cs.temporal() | cs.boolean() | cs.string())
        different = plain.select(pl.all().approx_n_unique()).row(0, named=True)
        often = [name for name in first.columns if different.get(name, 0) <= REPEATS * first.height]
        return parquet.ParquetWriter(file, schema, compression="zstd", use_dictionary=often)

    return _Columns(opened, kinds)


def _arrow(file: BinaryIO, kinds: TableSchema) -> _Columns:
    from pyarrow import ipc

    return _Columns(lambda schema, _: ipc.new_file(file, schema), kinds)


class Workbook:
    """A workbook of sheets, one for each table. Excel has no time zones, no infinity and 15 digits: these are text."""

    def __init__(self, file: BinaryIO) -> None:
        import xlsxwriter

        # The archive is packed in memory: one that fails on a full disk would complain again when collected.
        self.file, self.archive = file, io.BytesIO()
        self.book = xlsxwriter.Workbook(self.archive, {"constant_memory": True})
        self.book.set_properties({"created": dt.datetime(2000, 1, 1)})  # the same bytes whenever it is written
        self.day = self.book.add_format({"num_format": "yyyy-mm-dd"})
        self.time = self.book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})

    def sheet(self, name: str, kinds: TableSchema) -> "_Sheet":
        """A new sheet with the names of its columns."""
        _refuse_blobs(kinds, "Excel")
        if len(kinds.columns) > EXCEL_COLUMNS:
            raise DataError(
                f"Excel holds {EXCEL_COLUMNS:,} columns, this table has {len(kinds.columns):,}. Write .csv."
            )
        return _Sheet(self, name, kinds)

    def hide(self, name: str, lines: list[str]) -> None:
        """A hidden sheet of text, a line in each row."""
        sheet = self.book.add_worksheet(name)
        for row, line in enumerate(lines):
            sheet.write_string(row, 0, line)
        sheet.hide()

    def close(self) -> None:
        """Put everything into the file."""
        self.book.close()
        self.file.write(self.archive.getbuffer())


class _Sheet:
    """One sheet of a workbook, written row by row."""

    def __init__(self, workbook: Workbook, name: str, kinds: TableSchema) -> None:
        self.workbook, self.kinds, self.rows = workbook, kinds, 1
        self.sheet = workbook.book.add_worksheet(name)
        for place, column in enumerate(kinds.columns):
            self.sheet.write_string(0, place, column)

    def write(self, table: pl.DataFrame) -> None:
        """Add the rows of one block."""
        if self.rows + table.height > EXCEL_ROWS:
            raise DataError(
                f"Excel holds {EXCEL_ROWS:,} rows with the header, these would be {self.rows + table.height:,}. "
                "Write .csv or .parquet, or fewer rows."
            )
        texts = stored(table, self.kinds, text=True)
        own = stored(table, self.kinds)
        rows = own.with_columns(texts[name] for name, kind in self.kinds.columns.items() if _is_text(own[name], kind))
        for row in rows.iter_rows():
            for place, cell in enumerate(row):
                if cell is not None:
                    self._write(place, cell)
            self.rows += 1

    def _write(self, place: int, cell: Any) -> None:
        match cell:
            case bool():
                self.sheet.write_boolean(self.rows, place, cell)
            case float() if isfinite(cell):
                self.sheet.write_number(self.rows, place, cell)
            case int() if abs(cell) < 1e15:
                self.sheet.write_number(self.rows, place, cell)
            case dt.datetime():
                self.sheet.write_datetime(self.rows, place, cell, self.workbook.time)
            case dt.date():
                self.sheet.write_datetime(self.rows, place, cell, self.workbook.day)
            case _:
                self._write_text(place, str(cell))

    def _write_text(self, place: int, cell: str) -> None:
        if len(cell) > EXCEL_CHARACTERS:
            raise DataError(
                f"Column `{list(self.kinds.columns)[place]}` holds a text of {len(cell):,} characters in row "
                f"{self.rows:,}, an Excel cell holds {EXCEL_CHARACTERS:,}. Write .csv or .parquet."
            )
        self.sheet.write_string(self.rows, place, cell)


class _Excel:
    """A workbook of one sheet."""

    def __init__(self, file: BinaryIO, kinds: TableSchema) -> None:
        self.workbook = Workbook(file)
        self.sheet = self.workbook.sheet("data", kinds)

    def write(self, table: pl.DataFrame) -> None:
        self.sheet.write(table)

    def close(self) -> None:
        self.workbook.close()


def _is_text(column: pl.Series, kind: Kind) -> bool:
    """Whether Excel has no type for these: moments with a zone, of microseconds, or before 1900; lengths of time."""
    if not column.dtype.is_temporal():
        return False
    if not isinstance(kind, Moment) or getattr(column.dtype, "time_zone", None) or kind.precision == "us":
        return True
    return bool((column.dt.year() < 1900).any())


def _refuse_blobs(kinds: TableSchema, name: str) -> None:
    """Pictures, sounds and arrays have no place in files of plain cells."""
    for column, kind in kinds.columns.items():
        if kind.storage == pl.Binary or kind.storage.is_nested():
            raise DataError(f"{name} cannot hold column `{column}` ({kind.kind}). Write .parquet or .arrow.")


SINKS: dict[str, Callable[[BinaryIO, TableSchema], _Sink]] = {
    ".jsonl": _JsonLines,
    ".ndjson": _JsonLines,
    ".parquet": _parquet,
    ".arrow": _arrow,
    ".feather": _arrow,
    ".ipc": _arrow,
    ".xlsx": _Excel,
    ".avro": _Avro,
}
