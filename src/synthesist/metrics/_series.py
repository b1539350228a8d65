"""Series in related tables: the rows of a child that belong to one parent, in their order."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from synthesist.core import Context, Evidence
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Integer, Kind, Moment, Number
from synthesist.data.schema import Link, Schema
from synthesist.data.units import NOBODY, followed, place_of
from synthesist.metrics._columns import Side
from synthesist.metrics._relations import comparable, owners, side_of

__all__ = ["Course", "Series", "as_floats", "courses", "numbers", "series", "windows"]

Array = npt.NDArray[Any]
NO_SERIES = "No table whose rows follow the unit has a moment, or a number in its key, that puts them in order."


class Course(NamedTuple):
    """A table that holds series: rows with the same parent by `link`, in the order of the column `order`."""

    table: str
    link: Link
    order: str
    kinds: dict[str, Kind]
    """The columns that are compared, without the order and those that refer to other rows."""


class Series(NamedTuple):
    """All series of one table, one after the other and each in order, and where each begins, the end included."""

    frame: pl.DataFrame
    start: Array
    unit: Array
    """The unit that each row belongs to."""

    @property
    def lengths(self) -> Array:
        """How many rows each series has."""
        return np.diff(self.start)

    def pairs(self, lag: int) -> tuple[Array, Array]:
        """The rows that have another one of their series `lag` rows later, and these."""
        rows = np.arange(self.frame.height)
        ends = np.repeat(self.start[1:], self.lengths)
        first = rows[rows + lag < ends]
        return first, first + lag


def courses(case: Evidence) -> list[Course]:
    """The tables that hold series: their first moment puts rows in order, else a whole number of their key."""
    found, schema = [], case.train.schema
    for name, links in followed(schema).items():
        table = schema.tables[name]
        links = tuple(link for link in links if link.table != name)
        of_links = {column for link in table.links for column in link.columns}
        moments = [c for c, kind in table.columns.items() if isinstance(kind, Moment)]
        numbers = [c for c in table.key if isinstance(table.columns[c], Integer) and c not in of_links]
        if links and (moments or numbers):
            order = (moments or numbers)[0]
            kinds = comparable(case.train, name)
            found.append(Course(name, links[0], order, {c: kind for c, kind in kinds.items() if c != order}))
    return found


def series(case: Evidence, course: Course) -> dict[Side, Series]:
    """The series of a table on every side; rows without a parent or a place in the order are in none."""
    return {side: _series(side_of(case, side), course, of[course.table]) for side, of in owners(case).items()}


def _series(data: Dataset, course: Course, owner: Array) -> Series:
    table = data.tables[course.table]
    place = place_of(table, course.link, data.tables[course.link.table])
    frame = table.select(course.order, *course.kinds).with_columns(
        pl.Series(" parent", place), pl.Series(" unit", owner)
    )
    frame = frame.filter((pl.col(" parent") != NOBODY) & pl.col(course.order).is_not_null())
    frame = frame.sort(" parent", course.order, maintain_order=True)
    parent, unit = frame[" parent"].to_numpy(), frame[" unit"].to_numpy()
    start = np.flatnonzero(np.append(True, parent[1:] != parent[:-1])) if len(parent) else np.zeros(0, np.int64)
    return Series(frame.drop(" parent", " unit"), np.append(start, len(parent)), unit)


def numbers(course: Course) -> list[str]:
    """The columns that have a distance."""
    return [name for name, kind in course.kinds.items() if kind.kind in ("number", "integer", "moment", "duration")]


def as_floats(cells: pl.Series) -> npt.NDArray[np.float64]:
    """Cells as numbers, NaN where they are missing or infinite."""
    x = cells.to_physical().cast(pl.Float64).fill_null(float("nan")).to_numpy()
    found: npt.NDArray[np.float64] = np.where(np.isfinite(x), x, np.nan)
    return found


BEFORE = 2
"""How many rows before it a window shows beside a row."""


def windows(course: Course, found: Series, ctx: Context, only: str = "") -> Dataset:
    """One row of each unit at random, beside the rows before it, how long ago they were, and its place in the series.

    With `only`, the row has a predecessor, and shows its own cells of this column alone: what is to be foretold.
    """
    place = np.arange(found.frame.height) - np.repeat(found.start[:-1], found.lengths)
    able = np.flatnonzero((place > 0) | (not only))
    able = able[ctx.rng("rows").permutation(len(able))]
    _, first = np.unique(found.unit[able], return_index=True)
    rows = np.sort(able[first])
    cells, kinds = {}, {}
    for name, kind in course.kinds.items():
        for back in range(1 if only and name != only else 0, BEFORE + 1):
            title = f"{name}, {back} before" if back else name
            cells[title] = found.frame[name].gather(_back(rows, place, back))
            kinds[title] = kind.model_copy(update={"missing": True})
    moments = as_floats(found.frame[course.order])
    added = {"place in the series": place[rows] + 1.0}
    if not only:
        added["length of the series"] = np.repeat(found.lengths, found.lengths)[rows].astype(float)
    for back in range(1, BEFORE + 1):
        earlier = np.where(place[rows] >= back, moments[np.maximum(rows - back, 0)], np.nan)
        added[f"{course.order} since {back} before"] = moments[rows] - earlier
    cells |= {title: pl.Series(x).fill_nan(None) for title, x in added.items()}
    kinds |= {title: Number(missing=True) for title in added}
    return Dataset(
        {course.table: pl.DataFrame(cells)}, Schema(tables={course.table: {"columns": kinds}}, unit=course.table)
    )


def _back(rows: Array, place: Array, back: int) -> pl.Series:
    """The rows so many before, none where the series had not begun."""
    there = pl.Series(place[rows] >= back)
    return pl.select(pl.when(there).then(pl.Series(np.maximum(rows - back, 0)))).to_series()
