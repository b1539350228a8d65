"""What a report may know of a column: shares of rows, no cell of real data smaller than `K` rows.

The aggregates are made here, once; charts, findings, JSON and terminal only ever see these.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan
from typing import Any

import numpy as np
import polars as pl

from synthesist.core import Evidence, Score
from synthesist.data.kinds import Boolean, Category, Constant, Duration, Integer, Kind, Moment, Number, Text
from synthesist.report.cells import Cells, K, bars, present
from synthesist.report.histogram import histogram, plain

__all__ = ["Column", "Spike", "column_names", "describe"]

FEW = 12
"""A number with at most this many values is drawn value by value."""
REFERENCE = "A reference to another table: which row it names means nothing by itself."
HEAVY = 0.05
"""The share of rows from which one value of a number counts as a spike."""
UNITS = ((86_400e6, "days"), (3_600e6, "hours"), (60e6, "minutes"), (1e6, "seconds"), (1.0, "microseconds"))


@dataclass(frozen=True)
class Spike:
    """One value that many rows of a numeric column share."""

    value: str
    holdout: float
    synthetic: float


@dataclass(frozen=True)
class Column:
    """One column as a report shows it: aggregates only.

    `missing` maps train, holdout and synthetic to the share of empty cells; None stands for a
    number of real rows between 1 and K - 1.
    """

    name: str
    kind: str
    missing: Mapping[str, float | None]
    cells: Cells | None = None
    spikes: tuple[Spike, ...] = ()
    note: str = ""
    unit: str = ""
    score: float = nan
    reference: float = nan
    measure: str = ""
    table: str = ""
    """Which of several tables it is in."""

    @property
    def behind(self) -> float:
        """How far this column's score is below what a real holdout reaches."""
        return self.reference - self.score


def describe(case: Evidence, scores: Sequence[Score]) -> Iterator[Column]:
    """Every column of every table, with its score where one was computed."""
    shapes = {score.table: score.details.get("columns", {}) for score in scores if score.metric == "column_shapes"}
    several = len(case.train.schema.tables) > 1
    for label, table, name in _columns(case):
        sides = {side: getattr(case, side).tables[table][name] for side in ("train", "holdout", "synthetic")}
        schema = case.train.schema.tables[table]
        if any(name in link.columns for link in schema.links):
            missing = {side: _missing(series, side) for side, series in sides.items()}
            yield Column(label, "reference", missing, note=REFERENCE, table=table if several else "")
            continue
        column = _column(label, schema[name], sides)
        found = shapes.get(table if several else "", {}).get(name, {})
        yield replace(
            column,
            table=table if several else "",
            score=float(found.get("score", nan)),
            reference=float(found.get("reference", nan)),
            measure=str(found.get("measure", "")),
        )


def column_names(case: Evidence) -> tuple[str, ...]:
    """The names a report uses: `column`, or `table.column` where there are several tables."""
    return tuple(label for label, _, _ in _columns(case))


def _columns(case: Evidence) -> Iterator[tuple[str, str, str]]:
    tables = case.train.schema.tables
    for table, schema in tables.items():
        for name in schema.columns:
            yield (name if len(tables) == 1 else f"{table}.{name}"), table, name


def _column(label: str, kind: Kind, sides: Mapping[str, pl.Series]) -> Column:
    column = Column(label, kind.kind, {side: _missing(series, side) for side, series in sides.items()})
    real = [sides[side] for side in ("train", "holdout") if present(sides[side]) >= K]
    if not real:
        return replace(column, note=f"Fewer than {K} real rows hold a value here, so nothing is shown.")
    if not isinstance(kind, Number | Integer | Category | Boolean | Moment | Duration | Text | Constant):
        return replace(column, note=_no_chart(kind, sides["synthetic"]))
    unit = ""
    if isinstance(kind, Duration):
        factor, unit = _unit_of(real)
        sides = {side: series.dt.total_microseconds() / factor for side, series in sides.items()}
    elif isinstance(kind, Text):
        unit, sides = "characters", {side: series.str.len_chars().cast(pl.Int64) for side, series in sides.items()}
    elif isinstance(kind, Boolean):
        words = {False: (kind.labels or ("false", "true"))[0], True: (kind.labels or ("false", "true"))[1]}
        sides = {side: series.replace_strict(words, return_dtype=pl.String) for side, series in sides.items()}
    cells = _cells(kind, sides)
    note = "" if cells else f"Every value is in fewer than {K} real rows, so none is named."
    if cells and not cells.holdout:
        note = f"Fewer than {K} rows kept aside hold a value: grey shows the training rows."
    return replace(column, cells=cells, unit=unit, note=note, spikes=_spikes(sides, cells))


def _cells(kind: Kind, sides: Mapping[str, pl.Series]) -> Cells | None:
    if isinstance(kind, Category | Boolean | Constant):
        return bars(sides)
    if isinstance(kind, Number | Integer):
        values = pl.concat([sides["train"].drop_nulls().unique(), sides["holdout"].drop_nulls().unique()]).n_unique()
        if values <= FEW:
            return bars(sides, by_value=True)
    return histogram(sides)


def _spikes(sides: Mapping[str, pl.Series], cells: Cells | None) -> tuple[Spike, ...]:
    """The values of a number that at least HEAVY of the holdout share, and K rows on each real side.

    A value is left out where it and its histogram cell would differ by fewer than K rows.
    """
    if not cells or not cells.edges or not sides["holdout"].dtype.is_numeric():
        return ()
    holdout, train, synthetic = (sides[side].drop_nulls() for side in ("holdout", "train", "synthetic"))
    if holdout.len() < K:
        return ()
    least = max(K, HEAVY * holdout.len())
    counts = holdout.value_counts(sort=True, name="rows").head(3).iter_rows()
    heavy = {value: rows for value, rows in counts if rows >= least and (train == value).sum() >= K}
    inner = np.array(cells.edges[1:-1])
    rest = np.bincount(np.searchsorted(inner, holdout.to_numpy(), "right"), minlength=len(inner) + 1)
    for value, rows in heavy.items():
        rest[np.searchsorted(inner, value, "right")] -= rows
    return tuple(
        Spike(plain(value), round(rows / holdout.len(), 4), _share(synthetic, value))
        for value, rows in heavy.items()
        if not 0 < rest[np.searchsorted(inner, value, "right")] < K
    )


def _share(column: pl.Series, value: Any) -> float:
    return round(float((column == value).sum()) / column.len(), 4) if column.len() else 0.0


def _missing(column: pl.Series, side: str) -> float | None:
    empty = column.null_count()
    small = side != "synthetic" and (0 < empty < K or 0 < column.len() - empty < K)
    if small or not column.len():
        return None
    return round(empty / column.len(), 4)


def _unit_of(real: list[pl.Series]) -> tuple[float, str]:
    """The unit in which a typical duration of this column is at least one."""
    typical = abs(float(pl.concat([series.dt.total_microseconds() for series in real]).median() or 0))  # type: ignore[arg-type]
    return next(((factor, unit) for factor, unit in UNITS if typical >= factor), (1e6, "seconds"))


def _no_chart(kind: Kind, synthetic: pl.Series) -> str:
    if kind.kind == "id":
        repeated = synthetic.drop_nulls().len() - synthetic.drop_nulls().n_unique()
        return f"A key: never compared with real keys. {repeated:,} synthetic values occur more than once."
    return f"No chart is drawn for the kind `{kind.kind}`."
