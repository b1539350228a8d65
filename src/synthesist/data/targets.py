"""Whatever takes data block by block: a file, a folder, a database, the standard output."""

import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from synthesist.data.databases import Address, DatabaseWriter, SqlWriter, is_address
from synthesist.data.dataset import Dataset
from synthesist.data.delta import DELTA, DeltaWriter
from synthesist.data.files import KNOWN
from synthesist.data.folders import FolderWriter
from synthesist.data.places import Place, check_folder, check_outputs, place
from synthesist.data.schema import Schema
from synthesist.data.stream import StreamWriter
from synthesist.data.workbooks import WorkbookWriter
from synthesist.data.writing import Writer

__all__ = ["STDOUT", "Target", "is_folder", "target"]

STDOUT = "-"


class Target(Protocol):
    """Takes blocks between being entered and left; after an error all is as it was before."""

    @property
    def rows(self) -> Mapping[str, int]: ...
    def __enter__(self) -> Self: ...
    def write(self, dataset: Dataset) -> None: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...


def target(out: str | Place, schema: Schema, *, ending: str = ".csv", inputs: tuple[str | Place, ...] = ()) -> Target:
    """The target that an output names: `-`, a file, a folder with a file for each table, a database, a file of SQL.

    Several tables may go into one workbook as well (.xlsx); a folder that ends in .delta is one of Delta tables.

    Args:
        ending: how the files of a folder end.
        inputs: what is read, and so must not be written.

    Raises:
        OutputError: it cannot be written, is read, too, or is one file for several tables.
        DataError: the format is unknown, or cannot hold a table.
    """
    if str(out) == STDOUT:
        return StreamWriter(sys.stdout.buffer, schema)
    where = place(out)
    if isinstance(where, Address) or where.suffix.lower() == ".sql":
        check_outputs({"database": where}, inputs)
        return DatabaseWriter(where, schema) if isinstance(where, Address) else SqlWriter(where, schema)
    if where.suffix.lower() == DELTA:
        return DeltaWriter(where, schema)
    if where.suffix.lower() == ".xlsx" and len(schema.tables) > 1:
        check_outputs({"table": where}, inputs)
        return WorkbookWriter(where, schema)
    if is_folder(out) or len(schema.tables) > 1:
        check_folder(where, inputs)
        return FolderWriter(where, schema, ending=ending)
    check_outputs({"table": where}, inputs)
    return Writer(where, schema)


def is_folder(out: str | Place) -> bool:
    """Whether an output names a folder: one that is there, ends in a slash, or has no ending."""
    if is_address(out):
        return False
    path = Path(str(out))
    return path.is_dir() or str(out).endswith(("/", "\\")) or (not path.suffix and path.suffix not in KNOWN)
