"""Rows handed on at the pace of a load, in real time or faster, and how punctual that was."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

import numpy as np
import polars as pl

from synthesist.core import Context
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Moment
from synthesist.data.schema import Schema
from synthesist.data.targets import Target
from synthesist.errors import SpecError
from synthesist.samplers.events.load import Load

__all__ = ["Paced", "Punctuality", "paced", "timed"]

AT = "at"
"""The column of the time of each event."""
BINS = np.geomspace(1e-4, 1e4, 401)  # seconds of lateness; neighbours are 4.7 % apart
SHORTEST = 0.001  # seconds: sleeping less takes about as long


class Clock(Protocol):
    """What tells the time and waits."""

    def monotonic(self) -> float: ...
    def sleep(self, seconds: float, /) -> None: ...


def timed(schema: Schema, column: str = AT) -> Schema:
    """The schema of rows that carry the time of their event, which a target of such rows is opened with.

    Raises:
        SpecError: there are several tables, or a column of this name.
    """
    if len(schema.tables) > 1:
        raise SpecError(f"A load paces one table, and these are {len(schema.tables)}: {', '.join(schema.tables)}.")
    table = schema.table
    if column in table.columns:
        raise SpecError(f"`{schema.unit}` has a column `{column}` already: give the time of events another name.")
    columns = {column: Moment(precision="us"), **table.columns}
    return schema.model_copy(update={"tables": {schema.unit: table.model_copy(update={"columns": columns})}})


def paced(
    target: Target,
    load: Load,
    ctx: Context,
    *,
    speed: float = 1.0,
    column: str = "",
    clock: Clock = time,
) -> "Paced":
    """A target that hands rows on to another one when they are due.

        schema = timed(model.schema)
        with paced(StreamWriter(stream, schema), Load.read("50/s"), ctx, column="at") as writer:
            for block in model.blocks(10_000):
                writer.write(block)
        print(writer.punctuality)

    Args:
        target: where rows go, opened with the schema that `timed` gives where they carry times.
        load: when they are due.
        speed: how many seconds of the load go by in one: 10 is ten times as fast.
        column: the column that `timed` added; none where rows carry no times.
        clock: what tells the time and waits, for tests.

    Raises:
        SpecError: the speed is not above 0.
    """
    if not 0 < speed < float("inf"):
        raise SpecError(f"A speed of {speed:g} cannot be: write how many seconds go by in one, as in 10.")
    return Paced(target, load, ctx, speed, column, clock)


@dataclass
class Punctuality:
    """How late rows were handed on, against when they were due."""

    rows: int = 0
    latest: float = 0.0
    """Seconds."""
    lasted: float = 0.0
    """Seconds from the first moment of the load to the last row."""
    planned: float = 0.0
    """Seconds from the first moment to when the last row was due."""
    counts: np.ndarray = field(default_factory=lambda: np.zeros(len(BINS) + 1, dtype=np.int64), repr=False)

    def note(self, late: np.ndarray) -> None:
        """Count some more rows."""
        self.rows += len(late)
        self.latest = max(self.latest, float(late.max(initial=0.0)))
        self.counts += np.bincount(np.searchsorted(BINS, late), minlength=len(self.counts))

    def quantile(self, share: float) -> float:
        """The lateness in seconds that this share of the rows kept, within 5 %."""
        if not self.rows:
            return 0.0
        place = int(np.searchsorted(np.cumsum(self.counts), share * self.rows))
        return float(min(BINS[min(place, len(BINS) - 1)], self.latest)) if place else 0.0

    def __str__(self) -> str:
        if not self.rows:
            return "Nothing was sent."
        return (
            f"{self.rows:,} rows in {self.lasted:.1f} s, planned {self.planned:.1f} s; half of them at most "
            f"{_ms(self.quantile(0.5))} late, 99 % at most {_ms(self.quantile(0.99))}, the latest {_ms(self.latest)}"
        )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.3g} ms"


class Paced:
    """What `paced` gives: hands rows on when they are due, those that are late at once and all together.

    A reader that is slow holds up what comes after, and none is left out: `punctuality` tells of it. One that has gone
    is a `BrokenPipeError`. Rows beyond the end of the load are not handed on; `over` says that it has come.
    """

    def __init__(self, target: Target, load: Load, ctx: Context, speed: float, column: str, clock: Clock) -> None:
        self.target, self.load, self.speed, self.column, self.clock = target, load, speed, column, clock
        self.punctuality = Punctuality()
        self.over = False
        self._times = _Times(load.times(ctx))

    @property
    def rows(self) -> Mapping[str, int]:
        """How many rows of each table were handed on."""
        return self.target.rows

    def __enter__(self) -> Self:
        self.target.__enter__()
        self._begin: float | None = None
        return self

    def write(self, dataset: Dataset) -> None:
        """Hand on the rows of one block, each when it is due; returns with the last of them."""
        if self._begin is None:  # drawing the first block takes its time
            self._begin = self.clock.monotonic()
        times = self._times.take(dataset.units)
        self.over = len(times) < dataset.units
        due, done = times / self.speed, 0
        while done < len(due):
            now = self.clock.monotonic() - self._begin
            ready = int(np.searchsorted(due, now, side="right"))
            if ready <= done:
                self.clock.sleep(max(due[done] - now, SHORTEST))
                continue
            self.target.write(self._with_times(dataset, times, done, ready))
            sent = self.clock.monotonic() - self._begin
            self.punctuality.note(sent - due[done:ready])
            self.punctuality.lasted, self.punctuality.planned = sent, float(due[ready - 1])
            done = ready

    def _with_times(self, dataset: Dataset, times: np.ndarray, first: int, last: int) -> Dataset:
        rows = dataset.table.slice(first, last - first)
        if not self.column:
            return Dataset({dataset.name: rows}, dataset.schema)
        at = pl.Series(self.column, (times[first:last] * 1e6).astype(np.int64)).cast(pl.Duration("us"))
        moments = at.to_frame().select((pl.lit(self.load.start) + pl.col(self.column)).alias(self.column)).to_series()
        return Dataset({dataset.name: rows.insert_column(0, moments)}, timed(dataset.schema, self.column))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.target.__exit__(kind, error, at)


class _Times:
    """Times taken from a stream of them, as many as are wanted."""

    def __init__(self, stream: Iterator[np.ndarray]) -> None:
        self.stream, self.waiting = stream, np.zeros(0)

    def take(self, n: int) -> np.ndarray:
        """The next n; fewer where the stream ends."""
        parts, have = [self.waiting], len(self.waiting)
        while have < n and (more := next(self.stream, None)) is not None:
            parts.append(more)
            have += len(more)
        every = np.concatenate(parts)
        self.waiting = every[n:]
        return every[:n]
