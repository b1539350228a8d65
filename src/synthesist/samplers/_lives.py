"""From when to when each of many entities is there: some from the start, the others join; some leave."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl

from synthesist.core import Context

__all__ = ["Lives", "Period", "seconds_of"]

YEAR = 365.2425 * 86_400.0  # seconds


def seconds_of(per_year: float) -> float:
    """A rate per year as one per second."""
    return per_year / YEAR


@dataclass(frozen=True)
class Period:
    """A stretch of time; times in it are seconds since its start."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, start: date | datetime, end: date | datetime) -> "Period":
        """From `start` to `end`; days are whole, the last one included.

        Raises:
            ValueError: a time has a zone, or the end is not after the start.
        """
        if any(isinstance(moment, datetime) and moment.tzinfo is not None for moment in (start, end)):
            raise ValueError("time zones are not drawn: leave the zone out")
        first = start if isinstance(start, datetime) else datetime(start.year, start.month, start.day)
        last = end if isinstance(end, datetime) else datetime(end.year, end.month, end.day) + timedelta(days=1)
        if last <= first:
            raise ValueError(f"the end ({end}) is not after the start ({start})")
        return cls(first, last)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.end - self.start).total_seconds()

    def moments(self, seconds: np.ndarray, unit_us: int = 1) -> pl.Series:
        """Times in it as moments, down to whole units of so many microseconds; no number is an empty cell."""
        known = ~np.isnan(seconds)
        ticks = (np.where(known, seconds, 0.0) * 1e6).astype(np.int64)
        first = int(np.datetime64(self.start, "us").astype(np.int64))
        moments = pl.Series((first + ticks) // unit_us * unit_us).cast(pl.Datetime("us"))
        return moments if known.all() else moments.set(pl.Series(~known), None)


@dataclass(frozen=True, eq=False)
class Lives:
    """When each entity joined and left, in seconds since the start of the period; `left` may lie beyond its end."""

    joined: np.ndarray
    left: np.ndarray

    @classmethod
    def draw(cls, n: int, period: Period, present: float, leaving_per_year: float, ctx: Context) -> "Lives":
        """A share is there from the start, the others join at any time; who is there leaves at a constant rate."""
        rng = ctx.rng("lives")
        early, u = rng.random(n) < present, rng.random(n)
        joined = np.where(early, 0.0, u * period.seconds)
        stays = rng.standard_exponential(n)
        with np.errstate(divide="ignore"):
            return cls(joined, joined + stays / np.float64(seconds_of(leaving_per_year)))
