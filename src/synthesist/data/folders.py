"""Several tables as a folder of files, one for each, beside a page that says what they mean."""

import re
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import polars as pl

from synthesist.data.atomic import replacing_folder
from synthesist.data.conform import conform
from synthesist.data.dataset import Dataset
from synthesist.data.detect import detect
from synthesist.data.files import KNOWN, Writer, read_file
from synthesist.data.schema import Schema
from synthesist.data.writing import written_as
from synthesist.errors import DataError, NotFoundError, OutputError, did_you_mean

__all__ = ["PAGE", "FolderWriter", "of_tables", "parts_of", "read_folder", "write_folder"]

PART = re.compile(r"part-\d+\.\w+")
PAGE = "schema.yaml"
"""The name of the page that says what the tables mean."""


def read_folder(path: str | Path, schema: Schema | None = None) -> Dataset:
    """Read every table of a folder; what they mean is said by `schema`, else by its schema.yaml, else detected.

    A table is a file, or a folder of parts as `part-00000.parquet`. Without either page the first table, by the
    alphabet, is taken for the unit, and nothing is known of links.

    Raises:
        NotFoundError: a table of the schema has no file.
        DataError: a table has two files, or there are none, or one does not fit the schema.
    """
    folder = Path(path)
    found: dict[str, Path] = {folder.name: folder} if parts_of(folder) else {}
    for file in sorted(folder.iterdir()) if not found else ():
        parts = file.is_dir() and bool(parts_of(file))
        if (parts or file.suffix.lower() in KNOWN) and not file.name.startswith("."):
            name = file.name if parts else file.stem
            if name in found:
                raise DataError(f"{folder} holds `{name}` twice: {found[name].name} and {file.name}.")
            found[name] = file
    if not found:
        raise DataError(f"{folder} holds no table. Tables are files that end in {', '.join(KNOWN)}.")
    if schema is None and (folder / PAGE).exists():
        schema = Schema.load(folder / PAGE)
    for table in schema.tables if schema else ():
        if table not in found:
            raise NotFoundError(f"{folder} holds no file of the table `{table}`. {did_you_mean(table, found)}")
    wanted = schema.tables if schema else found
    return of_tables({table: _read(found[table]) for table in wanted}, schema)


def parts_of(folder: Path) -> list[Path]:
    """The files of a table that is written in parts, in order; none where the folder is no such table."""
    return sorted(path for path in folder.iterdir() if PART.fullmatch(path.name) and path.suffix.lower() in KNOWN)


def _read(path: Path) -> pl.DataFrame:
    if not path.is_dir():
        return read_file(path)
    return pl.concat([read_file(part) for part in parts_of(path)], how="vertical_relaxed")


def of_tables(frames: Mapping[str, pl.DataFrame], schema: Schema | None) -> Dataset:
    """Raw tables as a Dataset; what they mean is detected where no schema says it."""
    if schema is not None:
        for table in schema.tables:
            if table not in frames:
                raise NotFoundError(
                    f"There is no table `{table}`, which the schema names. {did_you_mean(table, frames)}"
                )
        return Dataset({name: conform(frames[name], table) for name, table in schema.tables.items()}, schema)
    known = {name: detect(frame, name) for name, frame in frames.items()}
    understood = Schema(tables={name: its for name, (its, _) in known.items()}, unit=next(iter(known)))
    return Dataset({name: table for name, (_, table) in known.items()}, understood)


def write_folder(dataset: Dataset, path: str | Path, *, ending: str = ".csv") -> None:
    """Write every table of a Dataset; the options are those of `FolderWriter`."""
    with FolderWriter(path, dataset.schema, ending=ending) as writer:
        writer.write(dataset)


class FolderWriter:
    """Writes several tables block by block; the files appear whole at the end, or not at all.

        with FolderWriter("shop", schema, ending=".parquet") as writer:
            for block in blocks:
                writer.write(block)

    Beside the tables stands schema.yaml, by which the folder is read back. Other files of a folder that is there stay.

    Args:
        path: the folder; one that is not there is made.
        schema: the schema of every block.
        ending: how the files end, and so how they are written.

    Raises:
        DataError: the ending is unknown, or the format cannot hold a table.
        OutputError: the folder cannot be written, or a table has a name that no file can have.
    """

    def __init__(self, path: str | Path, schema: Schema, *, ending: str = ".csv") -> None:
        self.path, self.schema, self.ending = Path(path), schema, written_as(ending, path)
        self.rows = dict.fromkeys(schema.tables, 0)
        """How many rows of each table were written so far."""
        for name in schema.tables:
            if Path(name).name != name or name.startswith("."):
                raise OutputError(f"No file can be called as the table `{name}` is. Give it another name.")

    def __enter__(self) -> "FolderWriter":
        with ExitStack() as stack:
            folder = stack.enter_context(replacing_folder(self.path))
            (folder / PAGE).write_text(self.schema.to_yaml(), "utf-8")
            self._writers = {
                name: stack.enter_context(
                    Writer(folder / f"{name}{self.ending}", Schema(tables={name: table}, unit=name))
                )
                for name, table in self.schema.tables.items()
            }
            self._open = stack.pop_all()
        return self

    def write(self, dataset: Dataset) -> None:
        """Add the rows of one block."""
        for name, writer in self._writers.items():
            table = dataset.tables[name]
            if table.height:
                writer.write(Dataset({name: table}, writer.schema))
                self.rows[name] += table.height

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.__exit__(kind, error, at)
