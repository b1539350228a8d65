"""What of a Score's details may leave: numbers, and texts that are no cell of a table.

A metric promises to put no real record and no small cell into its details. This is the second lock:
a text is kept only if it names a column or a table or stands under a key known to hold a word of
ours, and a share of real rows only if it stands for enough of them.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from synthesist.core import Evidence
from synthesist.data.kinds import Category
from synthesist.data.schema import TableSchema
from synthesist.report.cells import REAL, K

__all__ = ["Lock"]

WORDS = frozenset({"measure", "model", "kind", "method", "direction", "unit"})
KEY = re.compile(r"[a-z][a-z0-9_]{0,39}|\d{1,2}(\.\d+)?%")
"""A name of ours, or a rate such as 0.1%."""
PLACES = frozenset({"group", "slice"})
"""Keys of parts of a table: the value of each column that sets it apart."""
STRETCH = re.compile(
    r"(?:(?:below|from|above|at most|to|part|of|missing|true|false|another value|any value|[-+\d.:eT]+)(?: |$))+"
)
"""What says where a cell lies without being a word of the table: numbers, days, and how they are bounded."""
LONGEST = 500
"""A list of numbers longer than this is a column of rows, not an aggregate."""
_DROP = object()


@dataclass(frozen=True)
class Lock:
    """Knows the names that may be told and how many rows each side has."""

    names: Collection[str]
    rows: Mapping[str, int]
    values: Mapping[str, Collection[str]] = field(default_factory=dict)
    """By column the categories that at least K rows of every real table hold."""

    @classmethod
    def of(cls, case: Evidence) -> "Lock":
        """The names of tables and columns, and how many rows there are; of several tables, in the smallest."""
        tables = case.train.schema.tables
        names = {*tables, *(column for table in tables.values() for column in table.columns)}
        labels = {f"{table}.{column}" for table in tables for column in tables[table].columns}
        rows = {
            side: min(table.height for table in getattr(case, side).tables.values())
            for side in ("train", "holdout", "synthetic")
        }
        rules = {rule for table in tables.values() for rule in _rules(table)}
        return cls(names | labels | rules, rows, dict(_tellable(case)))

    def harmless(self, details: Mapping[str, Any]) -> dict[str, Any]:
        """Drop texts that might be values, lists as long as a table, and shares of too few real rows."""
        cleaned: dict[str, Any] = self._clean(details)
        return cleaned

    def _clean(self, value: Any, key: str = "") -> Any:
        if isinstance(value, Mapping) and key in PLACES:
            return dict(value) if all(self._told(*part) for part in value.items()) else _DROP
        if isinstance(value, Mapping):
            known = ((str(k), v) for k, v in value.items() if str(k) in self.names or KEY.fullmatch(str(k)))
            pairs = ((k, self._clean(v, k)) for k, v in known)
            return {k: v for k, v in pairs if v is not _DROP}
        if isinstance(value, list | tuple):
            if len(value) > LONGEST and not isinstance(value[0], Mapping):
                return _DROP
            items = (self._clean(item, key) for item in value)
            return [item for item in items if item is not _DROP]
        if isinstance(value, str):
            return value if value in self.names or (key in WORDS and len(value) <= 40) else _DROP
        if value is None or isinstance(value, bool | int):
            return value
        return self._share(round(float(value), 6), key) if hasattr(value, "__float__") else _DROP

    def _told(self, column: str, value: Any) -> bool:
        """Whether a part of a group may be told: a category of many rows, or a stretch of numbers or days."""
        return column in self.names and (value in self.values.get(column, ()) or bool(STRETCH.fullmatch(str(value))))

    def _share(self, value: float, key: str) -> float | None:
        """Under the key `train` or `holdout` stands a share of its rows: too few of them are not told."""
        rows = self.rows[key] if key in REAL else 0
        small = 0 < value < 1 and min(value, 1 - value) * rows < K - 0.5
        return None if rows and small else value


def _rules(table: TableSchema) -> Iterator[str]:
    """What the page of the schema says in words, which is no cell of a table."""
    yield from table.rules
    yield from table.checks.conditions if table.checks else ()
    yield from (f"unique({', '.join(columns)})" for columns in (table.key, *table.unique))


def _tellable(case: Evidence) -> Iterator[tuple[str, Collection[str]]]:
    for name, schema in case.train.schema.tables.items():
        for column, kind in schema.columns.items():
            if isinstance(kind, Category):
                cells = [side.tables[name][column].cast(pl.String) for side in (case.train, case.holdout)]
                counts = [side.drop_nulls().value_counts(name="rows").filter(pl.col("rows") >= K) for side in cells]
                yield column, set(counts[0][column]) & set(counts[1][column])
