"""Windows in which something is wrong: outages, errors, slowness, crowds."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

import numpy as np
from pydantic import Field

from synthesist.core import Context
from synthesist.samplers.columns.distribution import Declared

__all__ = ["KINDS", "LONGEST_HOURS", "Incident", "Window", "struck", "windows"]

Kind = Literal["outage", "errors", "slow", "crowd"]
KINDS: tuple[Kind, ...] = ("outage", "errors", "slow", "crowd")
LONGEST_HOURS = 6
WEEK_HOURS = 168


class Incident(Declared):
    """A window in which something is wrong: most requests fail (`outage`), some do (`errors`), all are `slow`, or
    there are many more visits (`crowd`)."""

    is_: Kind = Field(alias="is", description="outage, errors, slow or crowd")
    start: date | datetime = Field(description="when it begins")
    minutes: float = Field(default=30.0, gt=0, le=60 * LONGEST_HOURS, description="how long it lasts")


Window = tuple[float, float, Kind]
"""First and last second since the start of the log, and what is wrong."""


def windows(declared: Sequence[Incident], per_week: float, begin: datetime, hours: range, run: Context) -> list[Window]:
    """The windows that may reach into these hours; each hour has its own chance that one begins in it."""
    out: list[Window] = []
    for incident in declared:
        begins = incident.start
        if not isinstance(begins, datetime):
            begins = datetime(begins.year, begins.month, begins.day)
        first = (begins - begin).total_seconds()
        out.append((first, first + 60 * incident.minutes, incident.is_))
    for hour in range(hours.start - LONGEST_HOURS, hours.stop) if per_week else ():
        rng = run.at("incidents", hour).rng("begins")
        for _ in range(rng.poisson(per_week / WEEK_HOURS)):
            first, kind = 3600.0 * (hour + rng.random()), KINDS[rng.integers(len(KINDS))]
            out.append((first, first + min(rng.exponential(40 * 60), 3600.0 * LONGEST_HOURS), kind))
    reaching = [w for w in out if w[1] > 3600.0 * hours.start and w[0] < 3600.0 * hours.stop]
    return sorted(reaching)


def struck(at: np.ndarray, found: Sequence[Window]) -> np.ndarray:
    """For each time the number of the window it lies in, the last where there are several; -1 in none."""
    out = np.full(len(at), -1)
    for number, (first, last, _) in enumerate(found):
        out[(at >= first) & (at < last)] = number
    return out
