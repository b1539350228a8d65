"""Rows as lines of text: a tab between cells, `\\N` for none, a backslash before what would mislead."""

import io
from collections.abc import Iterable

import polars as pl

__all__ = ["escaped", "read_lines", "written_lines"]

SIGNS = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\v": "\\v"}
MISLEADING = ("\\", "\t", "\n", "\r")
"""The signs that must be escaped; PostgreSQL escapes the others, too."""


def read_lines(block: bytes, columns: Iterable[str]) -> pl.DataFrame:
    """Lines as a table of text."""
    from pyarrow import csv, string

    names = list(columns)
    table = csv.read_csv(
        io.BytesIO(block),
        csv.ReadOptions(column_names=names, use_threads=False, block_size=max(len(block), 1)),
        csv.ParseOptions(delimiter="\t", quote_char=False, ignore_empty_lines=False),
        csv.ConvertOptions(column_types=dict.fromkeys(names, string()), null_values=["\\N"], strings_can_be_null=True),
    )
    frame = pl.DataFrame(table)
    odd = [name for name in names if frame[name].str.contains("\\", literal=True).any()]
    return frame.with_columns(pl.col(name).str.replace_many(list(SIGNS.values()), list(SIGNS)) for name in odd)


def written_lines(frame: pl.DataFrame) -> bytes:
    """A table of text as lines."""
    text = frame.with_columns(escaped(column) for column in frame).write_csv(
        include_header=False, separator="\t", quote_style="never", null_value="\\N", line_terminator="\n"
    )
    return text.encode()


def escaped(column: pl.Series) -> pl.Series:
    """Text whose tabs, ends of lines and backslashes are told from those of the format."""
    if not column.str.contains(r"[\\\t\n\r]").any():
        return column
    return column.str.replace_many(list(MISLEADING), [SIGNS[sign] for sign in MISLEADING])
