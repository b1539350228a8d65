"""The states a record goes through: when something changes, what, and to which value."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from pydantic import Field

from synthesist.core import Context
from synthesist.data.cells import emptied
from synthesist.samplers._entities import drawn, in_order
from synthesist.samplers._lives import Lives, seconds_of
from synthesist.samplers.columns import Columns
from synthesist.samplers.columns.declaration import computed
from synthesist.samplers.columns.distribution import Declared

__all__ = ["Changing", "Versions", "states"]

ROUNDS = 64  # draws for a value that differs from the one before


class Changing(Declared):
    """Columns that change together, and how often: each time they take other values of their distributions."""

    columns: tuple[str, ...] = Field(min_length=1, description="names of columns that change together")
    per_year: float = Field(default=1.0, gt=0, le=1e6, description="changes of a record in a year, on average")


@dataclass(frozen=True, eq=False)
class Versions:
    """Versions in the order of their record, then of time: whose each is, from which tick on, and its cells."""

    who: np.ndarray
    tick: np.ndarray
    cells: pl.DataFrame

    @property
    def first(self) -> np.ndarray:
        """Which versions are the first of their record."""
        return np.diff(self.who, prepend=-1) > 0

    @property
    def last(self) -> np.ndarray:
        """Which versions are the last of their record."""
        return np.append(self.first[1:], True)

    def where(self, kept: np.ndarray) -> "Versions":
        """Some of the versions."""
        return Versions(self.who[kept], self.tick[kept], self.cells.filter(pl.Series(kept)))


def states(
    records: pl.DataFrame,
    columns: Columns,
    changing: Sequence[Changing],
    lives: Lives,
    end: float,
    tick: float,
    ctx: Context,
) -> Versions:
    """All versions of records that begin as `records` says; times are counted in ticks of so many seconds.

    No version equals the one before it, and none has the tick of another of its record: of several changes in one
    tick the state after the last counts.
    """
    who, when, group = _changes(changing, lives, end, ctx)
    order = in_order(who, when)
    who, when, group = who[order], when[order], group[order]
    cells = _cells(records, columns, changing, who, group, ctx)
    versions = Versions(who, np.floor(when / tick).astype(np.int64), cells)
    superseded = ~versions.last & (versions.tick == np.append(versions.tick[1:], -1))
    versions = versions.where(~superseded)
    return versions.where(versions.first | _differs(versions.cells))


def _changes(
    changing: Sequence[Changing], lives: Lives, end: float, ctx: Context
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whose each version is, when it begins, and what changes with it; -1 begins the record. In no order."""
    rng, n = ctx.rng("changes"), len(lives.joined)
    rates = np.array([each.per_year for each in changing])
    there = np.minimum(lives.left, end) - lives.joined
    who = np.repeat(np.arange(n), rng.poisson(seconds_of(rates.sum()) * there))
    when = lives.joined[who] + rng.random(len(who)) * there[who]
    edges = np.cumsum(rates)
    group = np.searchsorted(edges[:-1], rng.random(len(who)) * edges[-1:].sum(), side="right")
    begin = np.full(n, -1)
    return np.concatenate([np.arange(n), who]), np.concatenate([lives.joined, when]), np.concatenate([begin, group])


def _cells(
    records: pl.DataFrame,
    columns: Columns,
    changing: Sequence[Changing],
    who: np.ndarray,
    group: np.ndarray,
    ctx: Context,
) -> pl.DataFrame:
    """The cells of every version: those of the record, or of the last change of their group."""
    cells = records[who]
    if changing:
        cells = cells.with_columns(_changed(records, columns, changing, who, group, ctx))
    return _computed(cells, columns, ctx)


def _changed(
    records: pl.DataFrame,
    columns: Columns,
    changing: Sequence[Changing],
    who: np.ndarray,
    group: np.ndarray,
    ctx: Context,
) -> pl.DataFrame:
    """The cells that change; a value that equals the one before is drawn again."""
    names = [name for each in changing for name in each.columns]
    own = Columns(table=columns.table, columns={name: columns.columns[name] for name in names})
    pool = [records.select(names)]
    source = np.where(group < 0, who, 0)  # the row of the pool whose cells begin with this version
    rows, waiting = np.arange(len(who)), np.flatnonzero(group >= 0)
    for attempt in range(ROUNDS):
        if not len(waiting):
            break
        source[waiting] = sum(part.height for part in pool) + np.arange(len(waiting))
        pool.append(drawn(own, len(waiting), ctx.at("values", attempt)))
        rows = rows[np.isin(who[rows], who[waiting])]  # other records are done
        cells = _carried(pl.concat(pool), changing, source[rows], group[rows])
        waiting = rows[~_differs(cells) & (group[rows] >= 0)]
    return _carried(pl.concat(pool), changing, source, group)


def _carried(pool: pl.DataFrame, changing: Sequence[Changing], source: np.ndarray, group: np.ndarray) -> pl.DataFrame:
    """The cells of every version, each as it was last set."""
    place = np.arange(len(group))
    made: dict[str, pl.Series] = {}
    for number, each in enumerate(changing):
        since = np.maximum.accumulate(np.where((group < 0) | (group == number), place, 0))
        made |= pool.select(each.columns)[source[since]].to_dict()
    return pl.DataFrame(made)


def _computed(cells: pl.DataFrame, columns: Columns, ctx: Context) -> pl.DataFrame:
    """With the columns that formulas compute, in the declared order."""
    kinds = columns.schema.table.columns
    for name, formula in computed(columns.columns).items():
        made = formula.compute(cells, kinds[name]).alias(name)
        empty = ctx.at(name).rng("missing").random(len(made)) < columns.columns[name].missing
        cells = cells.with_columns(emptied(made, empty))
    return cells.select(list(kinds))


def _differs(cells: pl.DataFrame) -> np.ndarray:
    """Which rows differ from the one before; the first does."""
    differs = np.zeros(cells.height, dtype=bool)
    for column in cells:
        differs |= column.ne_missing(column.shift(1)).to_numpy()
    differs[:1] = True
    return differs
