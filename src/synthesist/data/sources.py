"""Anything with rows in it, as a Dataset: a file, a folder of them, a database, frames of any library, a Dataset."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from synthesist.data.conform import conform
from synthesist.data.databases import Address, is_address, read_database
from synthesist.data.dataset import Dataset
from synthesist.data.delta import is_delta, read_delta
from synthesist.data.detect import detect
from synthesist.data.files import read_file
from synthesist.data.folders import of_tables, read_folder
from synthesist.data.frames import take
from synthesist.data.schema import Schema, TableSchema
from synthesist.data.workbooks import has_tables, read_workbook

__all__ = ["native_of", "read"]

TEXT_FILES = {".csv", ".tsv", ".txt"}


def read(
    source: Any, schema: Schema | str | Path | None = None, name: str | None = None, *, strict: bool = True
) -> Dataset:
    """Read a table and understand it.

    Args:
        source: the path of a file (.csv .tsv .jsonl .parquet .arrow .xlsx) or of a folder of such, one for
            each table; the address of a database, as in `postgresql://localhost/shop` or `shop.db`; a
            pandas, polars or pyarrow frame, a mapping of column names to lists, a mapping of names of
            tables to frames, or a Dataset.
        schema: what the columns mean, or the path of a schema.yaml; detected from the data where None.
        name: what to call the table; the name of the file where None.
        strict: whether a cell that does not fit the schema is an error; else it is empty, and so that nobody learns
            of it, nothing is said.

    Raises:
        NotFoundError: there is no such file.
        DataError: the file or frame cannot be read, or does not fit the schema.
    """
    if isinstance(schema, str | Path):
        schema = Schema.load(schema)
    if not strict and schema is not None:
        return Dataset({schema.unit: conform(_raw(source), schema.table, strict=False)}, schema)
    if isinstance(source, Dataset):
        if schema is None or schema == source.schema:
            return source
        return of_tables(source.tables, schema)
    if is_address(source):
        return read_database(source, schema)
    if isinstance(source, str | Path) and is_delta(source):
        return read_delta(source, schema)
    if isinstance(source, str | Path) and Path(source).is_dir():
        return read_folder(source, schema)
    if isinstance(source, str | Path) and has_tables(Path(source)):
        return read_workbook(source, schema)
    if _several(source):
        return of_tables({str(table): take(frame)[0] for table, frame in source.items()}, schema)
    if isinstance(source, str | Path):
        frame, name = read_file(source), name or Path(source).stem
    else:
        frame, name = take(source)[0], name or "table"
    if schema is not None:
        return Dataset({schema.unit: conform(frame, schema.table)}, schema)
    table_schema, table = detect(frame, name)
    if isinstance(source, str | Path) and Path(source).suffix.lower() in TEXT_FILES:
        table_schema = _typed(table_schema)
    return Dataset({name: table}, Schema(tables={name: table_schema}, unit=name))


def _raw(source: Any) -> pl.DataFrame:
    """The one table of a source, as it is."""
    if isinstance(source, str | Path) and Path(source).is_file() and not is_address(source):
        return read_file(source)
    if isinstance(source, Dataset | str | Path | Address):
        return read(source).table
    return take(source)[0]


def _several(source: Any) -> bool:
    """Whether this is a mapping of names to frames."""
    return isinstance(source, Mapping) and bool(source) and all(hasattr(value, "columns") for value in source.values())


def _typed(schema: TableSchema) -> TableSchema:
    """A schema whose numbers and times are such in a frame, although their file could hold only text."""
    columns = {c: kind.model_copy(update={"stored": ""}) for c, kind in schema.columns.items()}
    return schema.model_copy(update={"columns": columns})


def native_of(source: Any) -> str:
    """The kind of frame a source is, and so the kind its user expects back."""
    return "dataset" if isinstance(source, Dataset | str | Path | Address) or _several(source) else take(source)[1]
