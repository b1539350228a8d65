"""Rows as they are made, for whoever reads them next: a pipe, a queue, a test."""

from types import TracebackType
from typing import BinaryIO

import polars as pl

from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.data.writing import lines_of

__all__ = ["StreamWriter"]


class StreamWriter:
    """Writes JSON lines to an open stream, as `kcat -P` or `jq` read them.

    A line is a row; of several tables it is `{"table": "orders", "row": {...}}`.
    """

    def __init__(self, stream: BinaryIO, schema: Schema) -> None:
        self.stream, self.schema = stream, schema
        self.rows = dict.fromkeys(schema.tables, 0)

    def __enter__(self) -> "StreamWriter":
        return self

    def write(self, dataset: Dataset) -> None:
        """Write the rows of one block, and pass them on."""
        for name, table in dataset.tables.items():
            text = lines_of(table, self.schema.tables[name])
            if len(self.schema.tables) > 1:
                prefix = pl.Series([name]).to_frame("table").write_ndjson().rstrip("}\n")
                text = "".join(f'{prefix},"row":{line}}}\n' for line in text.splitlines())
            self.stream.write(text.encode())
            self.rows[name] += table.height
        self.stream.flush()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stream.flush()
