"""How many events are to be expected at any time: seasons and trend by the hour, and bursts."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import numpy as np
from pydantic import Field

from synthesist.samplers._lives import Period
from synthesist.samplers.columns.distribution import Declared, Guide
from synthesist.samplers.columns.moments import Dates, Weekday, Weight

__all__ = ["Burst", "Intensity", "Profile"]

HOUR = 3600.0


class Profile(Declared):
    """When events come more often, in the words of dates: weights of weekdays, months and hours, trend, days off."""

    weekdays: dict[str, Weight] = Field(default={}, description="weights of mon tue wed thu fri sat sun")
    months: dict[str, Weight] = Field(default={}, description="weights of jan feb mar ... dec")
    hours: dict[str, Weight] = Field(default={}, description="weights of 0 to 23")
    trend: float = Field(default=0.0, gt=-1, description="growth per year: 0.1 is 10 % more each year")
    business_days: bool = Field(default=False, description="days off are those of the `weekend`")
    weekend: tuple[Weekday, ...] | None = Field(default=None, description="sat and sun if not given")
    holidays: str | None = Field(default=None, description="days off are the public holidays of DE, US, GB-SCT ...")
    closed: tuple[date, ...] = Field(default=(), description="days off, each by its date")
    days_off: Weight = Field(default=0.0, description="weight of days off")

    def by_hour(self, period: Period) -> np.ndarray:
        """The weight of every hour of the days of a period.

        Raises:
            ValueError: the weights do not fit each other, or leave nothing.
        """
        written: dict[str, Any] = self.model_dump(exclude_defaults=True)
        return Dates.model_validate(
            {"is": "dates", "start": period.start.date(), "end": period.end, "precision": "h", **written}
        ).by_hour


class Burst(Declared):
    """A window in which there are `factor` times as many events, on top of the mean."""

    start: date | datetime = Field(description="when it begins, as in 2024-11-29T08:00")
    hours: float = Field(default=24.0, gt=0, description="how long it lasts")
    factor: float = Field(default=5.0, ge=0, le=1e6, description="how many times as many events; 0: none at all")


@dataclass(frozen=True, eq=False)
class Intensity:
    """A rate that is constant between edges: how much of it lies before any time, and when so much of it is over.

    `edges[k]` in seconds; `mass[k]` is the integral of the rate up to it. The mean rate without bursts is 1 a second.
    """

    edges: np.ndarray
    mass: np.ndarray

    @classmethod
    def of(cls, period: Period, profile: Profile, bursts: tuple[Burst, ...]) -> "Intensity":
        """From a profile and bursts, over a period."""
        weights = profile.by_hour(period)
        begin = (datetime(period.start.year, period.start.month, period.start.day) - period.start).total_seconds()
        hours = begin + HOUR * np.arange(len(weights) + 1)
        windows = [
            ((Period.of(burst.start, datetime.max).start - period.start).total_seconds(), burst) for burst in bursts
        ]
        cuts = [end for at, burst in windows for end in (at, at + burst.hours * HOUR)]
        edges = np.unique(np.clip(np.concatenate([hours, cuts]), 0.0, period.seconds))
        middle = (edges[1:] + edges[:-1]) / 2
        rate = weights[np.clip(((middle - begin) // HOUR).astype(np.int64), 0, len(weights) - 1)]
        if not (plain := (rate * np.diff(edges)).sum()) > 0:
            raise ValueError("nothing happens in the whole period: all of it is days off or weighs 0")
        rate = rate * (period.seconds / plain)
        for at, burst in windows:
            rate = np.where((middle > at) & (middle < at + burst.hours * HOUR), rate * burst.factor, rate)
        return cls(edges, np.concatenate([[0.0], np.cumsum(rate * np.diff(edges))]))

    def before(self, seconds: np.ndarray) -> np.ndarray:
        """How much of the rate lies before each time."""
        return np.interp(seconds, self.edges, self.mass)

    def when(self, mass: np.ndarray) -> np.ndarray:
        """The time before which so much lies: the inverse of `before`."""
        k = self._guide.places(np.minimum(mass, self.mass[-1]))
        return np.asarray(self.edges[k] + (mass - self.mass[k]) * self._pace[k])

    @cached_property
    def _guide(self) -> Guide:
        return Guide.over(self.mass[1:])

    @cached_property
    def _pace(self) -> np.ndarray:
        """Seconds in which 1 of the rate goes by; 0 where it stands still, where no time is ever drawn."""
        mass, seconds = np.diff(self.mass), np.diff(self.edges)
        return np.divide(seconds, mass, out=np.zeros(len(mass)), where=mass > 0)
