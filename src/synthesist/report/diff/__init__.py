"""What changed between two data sets, or between two pages that data is drawn from."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import nan
from pathlib import Path
from typing import Any

import polars as pl

from synthesist.core import Score
from synthesist.data.atomic import replacing
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema, TableSchema
from synthesist.errors import GateError, NotFoundError, SpecError, did_you_mean
from synthesist.report.diff.rows import Rows, by_key, whole_rows
from synthesist.report.diff.shifts import Shift, shifts
from synthesist.report.diff.structure import Change, changes_of_schemas
from synthesist.report.gates import require

__all__ = ["Difference", "TableDifference", "compared"]

SAME = "same"
GATES = {
    "changed": "the share of rows that are new, gone or changed, of the table where it is largest",
    "added": "how many rows are new",
    "removed": "how many rows are gone",
    "cells": "how many cells of rows in both are another",
    "structure": "how many tables, columns, kinds, keys, links, rules and options are another",
    "shift": "the largest distance between two distributions of a column that is significant",
}


@dataclass(frozen=True)
class TableDifference:
    """What changed in one table."""

    key: tuple[str, ...]
    """By what rows were found again; none where they were compared as wholes."""
    rows: Rows
    shifts: Mapping[str, Shift]
    note: str = ""
    """Why rows were not found again by a key."""


@dataclass(frozen=True)
class Difference:
    """What changed from one data set, or page, to another; print it, ask it, or save it as JSON."""

    before: str
    after: str
    structure: tuple[Change, ...]
    tables: Mapping[str, TableDifference] = field(default_factory=dict)
    drawn: str = ""
    """How rows were drawn, where pages were compared."""

    @property
    def same(self) -> bool:
        """Whether nothing changed."""
        return not self.structure and all(table.rows.same for table in self.tables.values())

    @property
    def measures(self) -> dict[str, float]:
        """The numbers that gates are about."""
        rows = [table.rows for table in self.tables.values()]
        every = [shift for table in self.tables.values() for shift in table.shifts.values()]
        return {
            "changed": max((each.share for each in rows), default=0.0),
            "added": sum(each.added for each in rows),
            "removed": sum(each.removed for each in rows),
            "cells": sum(cells.changed for each in rows for cells in each.cells.values()),
            "structure": len(self.structure),
            "shift": max((shift.distance for shift in every if shift.significant), default=0.0),
        }

    def require(self, gates: Sequence[str]) -> None:
        """Check gates: `same`, or a number such as `changed<=0.01`.

        Raises:
            SpecError: a gate cannot be read.
            GateError: one does not hold.
        """
        scores = [
            Score(name, GATES[name], float(value), value, value, 0.0, 1.0, nan) for name, value in self.measures.items()
        ]
        failed = [] if self.same or SAME not in [gate.strip() for gate in gates] else [f"{SAME}: they are not"]
        try:
            require(scores, [gate for gate in gates if gate.strip() != SAME])
        except GateError as error:
            failed += str(error).splitlines()[1:]
        if failed:
            raise GateError(
                f"{len(failed)} of {len(gates)} gates failed:\n" + "\n".join(f"  {f.strip()}" for f in failed)
            )

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {"same": self.same, "measures": self.measures, **asdict(self)}

    def to_json(self) -> str:
        """Everything as JSON; cells it has no words for are text."""
        return json.dumps(self.to_dict(), indent=2, default=str, ensure_ascii=False)

    def save(self, path: str | Path) -> None:
        """Write the JSON."""
        with replacing(path) as draft:
            draft.write_text(self.to_json() + "\n", "utf-8")

    def __str__(self) -> str:
        from synthesist.report.diff.words import told

        return "\n".join(told(self))


def compared(
    before: Dataset,
    after: Dataset,
    names: tuple[str, str],
    *,
    keys: Mapping[str, tuple[str, ...]] | None = None,
    structure: Sequence[Change] | None = None,
    examples: int = 3,
    tolerance: float = 0.0,
    drawn: str = "",
) -> Difference:
    """What changed between two data sets.

    Args:
        keys: the columns by which rows of a table are found again, where not by its key.
        structure: what changed in their meaning, where that is known better than their schemas tell.
    """
    after = _called_alike(before, after)
    keys = {table or _only(before): columns for table, columns in (keys or {}).items()}
    common = [name for name in before.tables if name in after.tables]
    for name, columns in keys.items():
        _require_columns(name, columns, before, after)
    tables = {name: _table(name, before, after, keys.get(name), examples, tolerance) for name in common}
    found = changes_of_schemas(before.schema, after.schema) if structure is None else structure
    return Difference(*names, tuple(found), tables, drawn)


def _called_alike(before: Dataset, after: Dataset) -> Dataset:
    """The second with its table called as that of the first, where each has one: files are called as they like."""
    (old, *others), (new, *more) = before.tables, after.tables
    if others or more or old == new:
        return after
    return Dataset({old: after.tables[new]}, Schema(tables={old: after.schema.tables[new]}, unit=old))


def _only(data: Dataset) -> str:
    """The table of a key that names none."""
    if len(data.tables) > 1:
        raise SpecError(f"There are {len(data.tables)} tables: write of which the key is, as in `orders:id`.")
    return next(iter(data.tables))


def _require_columns(name: str, columns: Sequence[str], *data: Dataset) -> None:
    for each in data:
        if name not in each.tables:
            raise NotFoundError(f"A key is given for a table `{name}`. {did_you_mean(name, each.tables)}")
        for column in columns:
            if column not in each.tables[name].columns:
                known = each.tables[name].columns
                raise NotFoundError(f"`{name}` has no column `{column}` to be its key. {did_you_mean(column, known)}")


def _table(
    name: str, before: Dataset, after: Dataset, asked: tuple[str, ...] | None, examples: int, tolerance: float
) -> TableDifference:
    old, new = before.tables[name], after.tables[name]
    key, note = _key(before.schema.tables[name], after.schema.tables[name]), ""
    if asked or key:
        note = next((fault for fault in _faults(asked or key, old, new)), "")
        if asked and note:
            raise SpecError(f"`{name}` cannot be compared by {', '.join(asked)}: {note}. Give a key of more columns.")
        key = () if note else asked or key
    rows = by_key(old, new, key, examples, tolerance) if key else whole_rows(old, new)
    return TableDifference(key, rows, {} if rows.same else _moved(old, new, key, rows), note)


def _key(before: TableSchema, after: TableSchema) -> tuple[str, ...]:
    """The key that both have; of tables that were read without a schema, a column of ids."""
    for one, two in ((before, after), (after, before)):
        if one.key and set(one.key) <= two.columns.keys():
            return one.key
    ids = [name for name, kind in before.columns.items() if kind.kind == "id" and name in after.columns]
    return tuple(ids[:1])


def _faults(key: Sequence[str], *tables: pl.DataFrame) -> Iterator[str]:
    """Why rows cannot be found again by these columns."""
    for table, word in zip(tables, ("before", "after"), strict=True):
        cells = table.select(key)
        if empty := sum(cells.null_count().row(0)):
            yield f"{empty:,} cells of it are empty {word}"
        elif (different := cells.n_unique() if table.height else 0) < table.height:
            yield f"{table.height - different:,} rows {word} have the {', '.join(key)} of another"


def _moved(old: pl.DataFrame, new: pl.DataFrame, key: Sequence[str], rows: Rows) -> dict[str, Shift]:
    """The distributions of the columns in which something changed; with other rows, that is any."""
    others = rows.added or rows.removed
    names = [name for name in old.columns if name not in key and (others or name in rows.cells)]
    return shifts(old.select(names), new.select([name for name in names if name in new.columns]))
