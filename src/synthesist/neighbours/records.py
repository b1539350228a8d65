"""Real rows as points between which rows are drawn, and the way back to cells."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from synthesist.codecs.keys import key_column
from synthesist.codecs.number import grid_of, ticks, unticks
from synthesist.data.cells import emptied
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Boolean, Category, Duration, Id, Integer, Kind, Moment, Number
from synthesist.data.schema import Schema, TableSchema
from synthesist.errors import UnsuitableError
from synthesist.neighbours.search import Space

__all__ = ["MIXED_KINDS", "NUMERIC_KINDS", "Cells", "Label", "Records"]

Label = str | int | float | bool | None
NUMERIC_KINDS = frozenset({"number", "integer", "moment", "duration", "id", "constant"})
MIXED_KINDS = NUMERIC_KINDS | {"category", "boolean"}
MICROSECONDS_A_DAY = 86_400_000_000


class Cells(NamedTuple):
    """Rows as arrays [row, column]: numbers, those of them that are holes, and codes of categories."""

    numbers: np.ndarray
    holes: np.ndarray
    codes: np.ndarray


@dataclass(frozen=True)
class Records:
    """Rows of one table; the column `target` holds `label` in all of them, and no distance sees it.

    `numbers[row, column]` are in ticks; a hole stands at the mean of its column, and `holes[row, column]`
    says where. `codes[row, column]` number the `levels` of a category; one beyond the last is missing.
    Keys and constants are made anew, without regard to a row.
    """

    schema: Schema
    target: str | None
    label: Label
    numbers: np.ndarray
    holes: np.ndarray
    codes: np.ndarray
    levels: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, data: Dataset, target: str | None = None, label: Label = None) -> "Records":
        """The rows of a table."""
        frame, schema = data.table, data.kinds
        numbers = np.empty((frame.height, len(_numeric(schema, target))))
        holes = np.zeros(numbers.shape, dtype=bool)
        for j, (name, kind) in enumerate(_numeric(schema, target).items()):
            holes[:, j] = frame[name].is_null().to_numpy()
            x = ticks(frame[name].drop_nulls(), kind)
            numbers[:, j] = x.mean() if len(x) and holes[:, j].any() else 0.0
            numbers[~holes[:, j], j] = x
        named = _named(schema, target)
        codes = np.empty((frame.height, len(named)), dtype=np.int32)
        levels = []
        for j, name in enumerate(named):
            text = frame[name].cast(pl.String)
            words = text.drop_nulls().unique().sort()
            codes[:, j] = text.cast(pl.Enum(words)).to_physical().cast(pl.Int32).fill_null(len(words)).to_numpy()
            levels.append(tuple(words.to_list()))
        return cls(data.schema, target, label, numbers, holes, codes, tuple(levels))

    def __post_init__(self) -> None:
        schema = self.schema.table
        rows, numeric, named = len(self.numbers), _numeric(schema, self.target), _named(schema, self.target)
        if self.numbers.shape != (rows, len(numeric)) or self.numbers.dtype != np.float64:
            raise ValueError("records have other numbers than their schema")
        if self.holes.shape != self.numbers.shape or self.holes.dtype != np.bool_:
            raise ValueError("the holes of records have another shape than their numbers")
        if self.codes.shape != (rows, len(named)) or self.codes.dtype != np.int32 or len(self.levels) != len(named):
            raise ValueError("records have other categories than their schema")
        if self.codes.size and ((self.codes < 0) | (self.codes > [len(words) for words in self.levels])).any():
            raise ValueError("a record is of a category that does not exist")
        if not np.isfinite(self.numbers).all() or (self.target is not None and self.target not in schema.columns):
            raise ValueError("records hold a number that is none, or a target that is no column")

    def __len__(self) -> int:
        return len(self.numbers)

    def require_numbers(self) -> None:
        """Refuse rows without any number.

        Raises:
            UnsuitableError: there is none.
        """
        if not self.numbers.shape[1]:
            raise UnsuitableError(
                "There is no number, date or duration to go along from row to row. For categories use `smote_nc`."
            )

    def require_columns(self) -> None:
        """Refuse rows of keys and constants only.

        Raises:
            UnsuitableError: there is neither a number nor a category.
        """
        if not self.numbers.shape[1] + self.codes.shape[1]:
            raise UnsuitableError("There is neither a number nor a category by which rows could be near.")

    def rows(self, which: np.ndarray) -> "Records":
        """Some of the rows."""
        parts = (self.numbers[which], self.holes[which], self.codes[which])
        return Records(self.schema, self.target, self.label, *parts, self.levels)

    def space(self, scale: bool) -> Space:
        """What makes rows near: their numbers, in days for times, or each in its standard deviations.

        A category that differs counts like the median of the standard deviations of the numbers.
        """
        days = [isinstance(kind, Moment | Duration) for kind in _numeric(self.schema.table, self.target).values()]
        largest = np.maximum(np.abs(self.numbers).max(axis=0, initial=0.0), 1e-300)
        with np.errstate(under="ignore"):
            spread = (self.numbers / largest).std(axis=0) * largest  # squares of large numbers would overflow
        unit = np.where(spread > 0, spread, 1.0) if scale else np.where(days, MICROSECONDS_A_DAY, 1.0)
        penalty = float(np.median(spread / unit)) if spread.size else 1.0
        return Space(self.numbers / unit, self.codes, penalty)

    @property
    def cells(self) -> Cells:
        """The rows without their meaning."""
        return Cells(self.numbers, self.holes, self.codes)

    def dataset(self, cells: Cells, start: int) -> Dataset:
        """A table of these cells; its first key is that of unit `start`."""
        schema, n = self.schema.table, len(cells.numbers)
        numbers, holes, codes = cells
        made: dict[str, pl.Series] = {}
        for j, (name, kind) in enumerate(_numeric(schema, self.target).items()):
            made[name] = emptied(_on_grid(numbers[:, j], kind), holes[:, j])
        for j, (name, kind) in enumerate(_named(schema, self.target).items()):
            words = pl.Series([*self.levels[j], None], dtype=pl.String).gather(codes[:, j])
            made[name] = words == "true" if isinstance(kind, Boolean) else words
        for name, kind in schema.columns.items():
            if isinstance(kind, Id):
                made[name] = key_column(name, kind, n, start)
            elif name not in made:
                cell = self.label if name == self.target else getattr(kind, "value", None)
                made[name] = pl.Series([cell], dtype=kind.storage).new_from_index(0, n)
        frame = pl.DataFrame([made[name].alias(name).cast(kind.storage) for name, kind in schema.columns.items()])
        return Dataset({self.schema.unit: frame}, self.schema)


def _numeric(schema: TableSchema, target: str | None) -> dict[str, Kind]:
    """The columns that are numbers."""
    kinds = schema.columns.items()
    return {c: k for c, k in kinds if isinstance(k, Number | Integer | Moment | Duration) and c != target}


def _named(schema: TableSchema, target: str | None) -> dict[str, Kind]:
    """The columns that are categories."""
    return {c: k for c, k in schema.columns.items() if isinstance(k, Category | Boolean) and c != target}


def _on_grid(x: np.ndarray, kind: Kind) -> pl.Series:
    """Numbers in ticks as cells, at the nearest value that such a cell can have."""
    grid = grid_of(kind)
    return unticks(np.rint(x / grid) * grid if grid else x, kind)
