"""Delta tables: folders of Parquet files with a log, so that a table has versions and each appears at once.

Files are written block by block beside those that are there; one entry in the log makes them the table.
"""

import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import polars as pl

from synthesist.data.atomic import replacing, writable
from synthesist.data.dataset import Dataset
from synthesist.data.folders import PAGE, of_tables
from synthesist.data.frames import stored, take, to_arrow
from synthesist.data.schema import Schema
from synthesist.data.writing import Writer
from synthesist.errors import DataError, MissingExtraError, OutputError

__all__ = ["DELTA", "DeltaWriter", "is_delta", "read_delta"]

DELTA = ".delta"
"""How a folder is called that is to hold Delta tables."""
LOG = "_delta_log"
ROWS_IN_A_FILE = 2_000_000


class DeltaWriter:
    """Writes tables block by block as Delta tables; a new version of each appears at the end, or none.

    One table is the folder itself; of several each has a folder in it, beside schema.yaml. Every table appears at once,
    with one entry in its log; they do so one after the other. Older versions stay, as Delta has it.

    Args:
        path: the folder.
        schema: the schema of every block.
        mode: `replace` makes a version of these rows alone, `append` adds them to those that are there.

    Raises:
        MissingExtraError: deltalake is not installed.
        DataError: Delta has no type for a column.
        OutputError: the folder cannot be written, or is none of Delta tables.
    """

    def __init__(self, path: str | Path, schema: Schema, mode: Literal["replace", "append"] = "replace") -> None:
        _deltalake()
        self.path, self.schema, self.mode = Path(path), schema, mode
        self.rows = dict.fromkeys(schema.tables, 0)
        """How many rows of each table were written so far."""
        if self.path.exists() and not (self.path.is_dir() and (is_delta(self.path) or not any(self.path.iterdir()))):
            raise OutputError(f"{self.path} is there and holds no Delta tables. Choose another name.")
        if not self.path.is_dir():
            writable(self.path)
        for name, table in schema.tables.items():
            for column, kind in table.columns.items():
                if kind.storage == pl.Duration:
                    raise DataError(f"Delta has no type for `{name}.{column}` (duration). Write .parquet.")

    def __enter__(self) -> "DeltaWriter":
        self._is_new = not self.path.exists()
        self.path.mkdir(exist_ok=True)
        alone = len(self.schema.tables) == 1
        self._tables = {
            name: _Table(self.path if alone else self.path / name, Schema(tables={name: table}, unit=name))
            for name, table in self.schema.tables.items()
        }
        return self

    def write(self, dataset: Dataset) -> None:
        """Add the rows of one block."""
        for name, to in self._tables.items():
            if (table := dataset.tables[name]).height:
                to.write(table)
                self.rows[name] += table.height

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            for table in self._tables.values():
                table.close()
            if error is None:
                for table in self._tables.values():
                    table.commit(self.mode)
                with replacing(self.path / PAGE) as draft:
                    draft.write_text(self.schema.to_yaml(), "utf-8")
        except BaseException:
            self._undo()
            raise
        if error is not None:
            self._undo()

    def _undo(self) -> None:
        """Remove what no log speaks of."""
        if self._is_new:
            shutil.rmtree(self.path, ignore_errors=True)
            return
        for table in self._tables.values():
            table.undo()


class _Table:
    """The files of one table that are to be its new version."""

    def __init__(self, folder: Path, schema: Schema) -> None:
        self.folder, self.schema = folder, schema
        self.files: list[tuple[Path, int]] = []
        self.committed = False
        self._is_new = not folder.exists()
        self._open = ExitStack()
        self._writer: Writer | None = None
        folder.mkdir(exist_ok=True)

    def write(self, table: pl.DataFrame) -> None:
        if self._writer is None:
            path = self.folder / f"part-{len(self.files):05}-{uuid.uuid4()}.parquet"
            self._writer = self._open.enter_context(Writer(path, self.schema))
            self.files.append((path, 0))
        self._writer.write(Dataset({self.schema.unit: table}, self.schema))
        path, rows = self.files[-1]
        self.files[-1] = path, rows + table.height
        if rows + table.height >= ROWS_IN_A_FILE:
            self.close()

    def close(self) -> None:
        """Finish the file that is open."""
        self._writer = None
        self._open.close()

    def commit(self, mode: Literal["replace", "append"]) -> None:
        """Make the files a version of the table, at once."""
        from deltalake import DeltaTable
        from deltalake import Schema as Types
        from deltalake.transaction import AddAction, create_table_with_add_actions

        actions: list[Any] = []
        for path, rows in self.files:
            found = path.stat()
            stats = json.dumps({"numRecords": rows})
            actions.append(AddAction(path.name, found.st_size, {}, int(found.st_mtime * 1000), True, stats))
        with _reasons(self.folder):
            types = Types.from_arrow(_plain(self.schema))
            if mode == "append" and (self.folder / LOG).is_dir():
                DeltaTable(str(self.folder)).create_write_transaction(actions, "append", types)
            else:
                create_table_with_add_actions(str(self.folder), types, actions, mode="overwrite")
        self.committed = True

    def undo(self) -> None:
        if self.committed:
            return
        for path, _ in self.files:
            path.unlink(missing_ok=True)
        if self._is_new:
            shutil.rmtree(self.folder, ignore_errors=True)


def is_delta(path: str | Path) -> bool:
    """Whether a folder is a Delta table, or holds some."""
    folder = Path(path)
    return folder.is_dir() and ((folder / LOG).is_dir() or any(True for _ in _tables_in(folder)))


def read_delta(path: str | Path, schema: Schema | None = None) -> Dataset:
    """Read the newest version of a Delta table, or of all that a folder holds; schema.yaml says what they mean.

    Raises:
        MissingExtraError: deltalake is not installed.
        DataError: a table is damaged, or does not fit the schema.
    """
    folder = Path(path)
    if schema is None and (folder / PAGE).is_file():
        schema = Schema.load(folder / PAGE)
    if not (folder / LOG).is_dir():
        return of_tables({each.name: _read(each) for each in _tables_in(folder)}, schema)
    name = schema.unit if schema else folder.stem
    return of_tables({name: _read(folder)}, schema)


def _tables_in(folder: Path) -> Iterator[Path]:
    return (each for each in sorted(folder.iterdir()) if (each / LOG).is_dir())


def _read(folder: Path) -> pl.DataFrame:
    lake = _deltalake()
    with _reasons(folder):
        table = lake.DeltaTable(str(folder))
        rows = lake.QueryBuilder().register("t", table).execute("SELECT * FROM t").read_all()
    return take(pl.DataFrame(rows))[0]


def _plain(schema: Schema) -> Any:
    """The Arrow types of a table, without dictionaries, for which Delta has no word."""
    kinds = schema.table
    empty = pl.DataFrame(schema={name: kind.storage for name, kind in kinds.columns.items()})
    own = stored(empty, kinds)
    return to_arrow(own.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))).schema


def _deltalake() -> Any:
    try:
        import deltalake
    except ImportError:
        raise MissingExtraError("Delta tables need deltalake: install 'synthesist[delta]', or use .parquet.") from None
    return deltalake


@contextmanager
def _reasons(folder: Path) -> Iterator[None]:
    """Faults of the library below as one message."""
    from deltalake.exceptions import DeltaError

    try:
        yield
    except DeltaError as error:
        reason = " ".join(str(error).split())[:200].rstrip(".")
        raise DataError(f"{folder} is damaged or cannot be used as a Delta table: {reason}.") from None
