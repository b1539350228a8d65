"""The three tables of an Evidence as arrays, column by column, made once and kept as long as the Evidence lives."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from synthesist.core import Context, Evidence
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Constant, Kind
from synthesist.errors import DataError, did_you_mean
from synthesist.metrics._kept import kept

__all__ = ["Column", "Columns", "Side", "drawn", "empty_table", "encoded", "judged"]

Side = Literal["train", "holdout", "synthetic"]
Array = npt.NDArray[Any]

_NUMERIC = {"number", "integer", "moment", "duration"}
_CATEGORICAL = {"category", "boolean", "constant"}
_SAFE = (1e-100, 1e100)
"""Squares and ranges of numbers between these stay finite and above zero."""


@dataclass(frozen=True)
class Column:
    """One column of three tables.

    Numbers are float64 with NaN where missing (an infinite cell counts as missing); moments and
    durations are counted in their storage unit. Categories are codes from 1 to `levels`, equal in
    all three tables, and 0 where missing.
    """

    name: str
    kind: str
    levels: int
    sides: Mapping[Side, Array]
    words: tuple[str, ...] = ()
    """What the codes of categories from 1 on stand for."""

    def __getitem__(self, side: Side) -> Array:
        return self.sides[side]

    @property
    def numeric(self) -> bool:
        """Whether the cells have a distance, not only a name."""
        return self.levels == 0

    def missing(self, side: Side) -> npt.NDArray[np.bool_]:
        """Which cells are empty."""
        cells = self.sides[side]
        return np.isnan(cells) if self.numeric else cells == 0


@dataclass(frozen=True)
class Columns:
    """All judged columns, and how many rows each table has."""

    all: tuple[Column, ...]
    rows: Mapping[Side, int]

    @property
    def unusable(self) -> str:
        """Why nothing can be compared here; nothing where something can."""
        if reason := _no_rows(self.rows):
            return reason
        return "" if self.all else "No column can be compared: keys, free text and empty columns are left out."

    def matrix(self, side: Side, rows: Array, without: str | None = None) -> npt.NDArray[np.float64]:
        """`x[row, column]` for tree models: NaN where missing, categories as codes."""
        asked = [column for column in self.all if column.name != without]
        x = np.empty((len(rows), len(asked)), order="F")
        for j, column in enumerate(asked):
            x[:, j] = column[side][rows]
            x[column.missing(side)[rows], j] = np.nan
        return x


def encoded(case: Evidence) -> Columns:
    """The arrays of this Evidence; the second call costs nothing."""
    return kept(case, "encoded", lambda: _encode(case))


def drawn(case: Evidence, most: int, ctx: Context) -> Columns:
    """The arrays of at most so many rows of each table, the same ones for all metrics of a run that ask for as many.

    The draw is simple random sampling without putting back; what is computed from it has an interval that says so.
    """
    sides: Mapping[Side, Dataset] = {"train": case.train, "holdout": case.holdout, "synthetic": case.synthetic}
    if max(side.table.height for side in sides.values()) <= most:
        return encoded(case)
    whole = replace(ctx, path=ctx.path[:1]).at("judged rows", most)

    def draw() -> Columns:
        train, holdout, synthetic = (_part(data, most, whole.rng(side)) for side, data in sides.items())
        return _encode(replace(case, train=train, holdout=holdout, synthetic=synthetic))

    return kept(case, ("drawn", whole.path), draw)


def _part(data: Dataset, most: int, rng: np.random.Generator) -> Dataset:
    if data.table.height <= most:
        return data
    return data.with_table(data.table[np.sort(rng.permutation(data.table.height)[:most])])


def judged(case: Evidence) -> dict[str, Kind]:
    """The columns that metrics compare: keys, references, free text, media and columns without value are left out."""
    linked = {column for link in case.train.kinds.links for column in link.columns}
    return {
        name: kind
        for name, kind in case.train.kinds.columns.items()
        if name not in linked
        and kind.kind in _NUMERIC | _CATEGORICAL
        and not (isinstance(kind, Constant) and kind.value is None)
    }


def empty_table(case: Evidence) -> str:
    """Which table has no rows; nothing where all have some."""
    return _no_rows({"train": len(case.train), "holdout": len(case.holdout), "synthetic": len(case.synthetic)})


def _no_rows(rows: Mapping[Side, int]) -> str:
    return "".join(f"The {side} table has no rows. " for side, count in rows.items() if count == 0).strip()


def _encode(case: Evidence) -> Columns:
    tables: dict[Side, pl.DataFrame] = {
        "train": case.train.table,
        "holdout": case.holdout.table,
        "synthetic": case.synthetic.table,
    }
    columns = []
    for name, kind in judged(case).items():
        for side, table in tables.items():
            if name not in table.columns:
                raise DataError(f"The {side} table has no column `{name}`. {did_you_mean(name, table.columns)}")
        cells = {side: table[name] for side, table in tables.items()}
        encode = _numbers if kind.kind in _NUMERIC else _codes
        column = encode(name, kind.kind, cells)
        if not all(column.missing(side).all() for side in tables):
            columns.append(column)
    return Columns(tuple(columns), {side: table.height for side, table in tables.items()})


def _numbers(name: str, kind: str, cells: Mapping[Side, pl.Series]) -> Column:
    sides: dict[Side, Array] = {}
    for side, series in cells.items():
        physical = series.to_physical().cast(pl.Float64).fill_null(float("nan")).to_numpy()
        sides[side] = np.where(np.isfinite(physical), physical, np.nan)
    largest = max((np.nanmax(np.abs(x)) for x in sides.values() if not np.isnan(x).all()), default=1.0)
    if largest > 0 and not _SAFE[0] < largest < _SAFE[1]:
        power = -int(np.frexp(largest)[1])  # a power of two moves no value against another
        sides = {side: np.ldexp(x, power) for side, x in sides.items()}
    return Column(name, kind, 0, sides)


def _codes(name: str, kind: str, cells: Mapping[Side, pl.Series]) -> Column:
    words = {side: series.cast(pl.String) for side, series in cells.items()}
    levels = pl.concat([series.unique() for series in words.values()]).drop_nulls().unique().sort()
    sides: dict[Side, Array] = {}
    for side, series in words.items():
        codes = series.cast(pl.Enum(levels)).to_physical().cast(pl.Int64) + 1
        sides[side] = codes.fill_null(0).to_numpy()
    return Column(name, kind, max(len(levels), 1), sides, tuple(levels))
