"""Several tables as one Excel workbook: a sheet for each, and a hidden one that says what they mean."""

from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType

import polars as pl

from synthesist.data.atomic import replacing, writable
from synthesist.data.dataset import Dataset
from synthesist.data.files import read_file, sheets_of
from synthesist.data.folders import PAGE, of_tables
from synthesist.data.schema import Schema
from synthesist.data.writing import Workbook
from synthesist.errors import NotFoundError, OutputError, did_you_mean

__all__ = ["WorkbookWriter", "has_tables", "read_workbook"]

LONGEST = 31
"""Characters of the name of a sheet."""
REFUSED = set("[]:*?/\\")


class WorkbookWriter:
    """Writes several tables block by block into the sheets of one workbook, which appears whole at the end.

    A hidden sheet holds the schema, by which `read_workbook` understands the others.

    Raises:
        DataError: Excel cannot hold a table.
        OutputError: the file cannot be written, or no sheet can be called as a table is.
    """

    def __init__(self, path: str | Path, schema: Schema) -> None:
        self.path, self.schema = Path(path), schema
        self.rows = dict.fromkeys(schema.tables, 0)
        """How many rows of each table were written so far."""
        writable(self.path)
        taken = {PAGE}
        for name in schema.tables:
            wrong = not name or len(name) > LONGEST or set(name) & REFUSED or name.strip("'") != name
            if wrong or name.lower() in taken or name.lower() == "history":
                raise OutputError(
                    f"No sheet of Excel can be called `{name}`: names have up to {LONGEST} characters, none of "
                    f"{' '.join(sorted(REFUSED))}, and differ by more than capitals. Write to a folder instead."
                )
            taken.add(name.lower())

    def __enter__(self) -> "WorkbookWriter":
        with ExitStack() as stack:
            file = stack.enter_context(stack.enter_context(replacing(self.path)).open("wb"))
            self._workbook = Workbook(file)
            self._sheets = {name: self._workbook.sheet(name, table) for name, table in self.schema.tables.items()}
            self._open = stack.pop_all()
        return self

    def write(self, dataset: Dataset) -> None:
        """Add the rows of one block."""
        for name, sheet in self._sheets.items():
            table = dataset.tables[name]
            sheet.write(table)
            self.rows[name] += table.height

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is not None:
            with suppress(Exception):  # it removes what it put aside; half a book may fail to close in any way
                self._workbook.book.close()
            self._open.__exit__(kind, error, at)
            return
        with self._open:
            self._workbook.hide(PAGE, [PAGE, *self.schema.to_yaml().splitlines()])
            self._workbook.close()


def has_tables(path: Path) -> bool:
    """Whether a workbook holds several tables, and says what they mean."""
    return path.suffix.lower() == ".xlsx" and path.is_file() and PAGE in sheets_of(path)


def read_workbook(path: str | Path, schema: Schema | None = None) -> Dataset:
    """Read the tables of a workbook; what they mean is said by `schema`, else by its hidden sheet.

    Raises:
        NotFoundError: a table of the schema has no sheet.
        DataError: the workbook is damaged, or a table does not fit the schema.
    """
    source, sheets = Path(path), sheets_of(path)
    if schema is None:
        lines = read_file(source, PAGE).to_series().cast(pl.String).fill_null("")
        schema = Schema.from_yaml("\n".join(lines), where=f"the hidden sheet of {source}")
    for table in schema.tables:
        if table not in sheets:
            raise NotFoundError(f"{source} has no sheet of the table `{table}`. {did_you_mean(table, sheets)}")
    return of_tables({table: read_file(source, table) for table in schema.tables}, schema)
