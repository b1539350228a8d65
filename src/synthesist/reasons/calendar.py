"""The ways to look at moments: weekday, day of the month, month, hour, minute and second."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.data.kinds import Kind
from synthesist.reasons.contrast import View, said

__all__ = ["CYCLES", "calendar_views", "coarse_calendar_views", "late", "microseconds"]

Array = npt.NDArray[Any]
DAY = 86_400_000_000  # in the unit that moments are stored in
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip
CYCLES = {"weekday": "day", "day of the month": "day", "month": "month", "hour": "hour", "minute": "minute"}
"""What a column may be late by, and the view that shows it."""
HOURS = 3  # in one cell beside another column
WELL = 0.35  # of the difference may remain where moving explains it


def calendar_views(name: str, kind: Kind, real: Array, made: Array) -> Iterator[View]:
    """Every part of a moment that varies, each of its values a cell."""
    ours, theirs = microseconds(kind, real), microseconds(kind, made)
    parts: list[tuple[str, int, Callable[[Array], Array], Callable[[int], str]]] = [
        ("weekday", 7, _weekday, lambda i: f"on a {WEEKDAYS[i]}"),
        ("day of the month", 31, _day_of_month, lambda i: f"on day {i + 1} of a month"),
        ("month", 12, _month, lambda i: f"in {MONTHS[i]}"),
        ("hour", 24, _hour, lambda i: f"between {i}:00 and {i + 1}:00"),
        ("minute", 60, lambda x: x // (DAY // 1440) % 60, lambda i: f"at minute {i} of an hour"),
        ("second", 60, lambda x: x // 1_000_000 % 60, lambda i: f"at second {i} of a minute"),
        ("fraction", 2, lambda x: x % 1_000_000 > 0, lambda i: ("at a whole second", "at a fraction of a second")[i]),
    ]  # fmt: skip
    for part, size, read, words in parts:
        codes = [_read(cells, read) for cells in (ours, theirs)]
        if max(len(np.unique(each[each >= 0])) for each in codes) > 1 or part == "weekday":
            told = said(*(f"`{name}` {words(i)}" for i in range(size)))
            yield View((name,), part, codes[0], codes[1], size, told, ordered=False)


def coarse_calendar_views(name: str, kind: Kind, real: Array, made: Array) -> Iterator[View]:
    """Hours, weekdays and months in few cells, to be looked at beside other columns."""
    ours, theirs = microseconds(kind, real), microseconds(kind, made)

    def hours(first: int, last: int) -> str:
        return f"`{name}` between {HOURS * first}:00 and {HOURS * (last + 1)}:00"

    parts: list[tuple[str, int, Callable[[Array], Array], Callable[[int, int], str]]] = [
        ("hour", 24 // HOURS, lambda x: _hour(x) // HOURS, hours),
        ("weekday", 7, _weekday, _spans(name, "on a", WEEKDAYS)),
        ("month", 12, _month, _spans(name, "in", MONTHS)),
    ]
    for part, size, read, words in parts:
        codes = [_read(cells, read) for cells in (ours, theirs)]
        if len(np.unique(codes[0][codes[0] >= 0])) > 1:
            yield View((name,), part, codes[0], codes[1], size, words)


def late(real: Array, synthetic: Array) -> int:
    """By how many cells of a cycle the synthetic shares lie later than the real ones; 0 where that explains nothing."""
    size = len(real)
    gaps = [float(np.abs(np.roll(real, cells) - synthetic).sum()) for cells in range(size)]
    best = int(np.argmin(gaps))
    if gaps[best] > WELL * gaps[0]:
        return 0
    return best if best <= size // 2 else best - size


def _spans(name: str, at: str, names: tuple[str, ...]) -> Callable[[int, int], str]:
    def words(first: int, last: int) -> str:
        return f"`{name}` {at} {names[first]}" if first == last else f"`{name}` from {names[first]} to {names[last]}"

    return words


def microseconds(kind: Kind, cells: Array) -> Array:
    """Moments, or times between them, as they are stored (in days or microseconds), in microseconds."""
    whole = kind.kind == "moment" and kind.precision == "d" and kind.timezone is None
    return cells * DAY if whole else cells


def _read(cells: Array, part: Callable[[Array], Array]) -> Array:
    filled = ~np.isnan(cells) & (np.abs(cells) < 9e18)
    out = np.full(len(cells), -1, dtype=np.int64)
    out[filled] = part(cells[filled].astype(np.int64))
    return out


def _weekday(x: Array) -> Array:
    return np.asarray((x // DAY + 3) % 7)


def _hour(x: Array) -> Array:
    return np.asarray(x // (DAY // 24) % 24)


def _month(x: Array) -> Array:
    return x.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64) % 12


def _day_of_month(x: Array) -> Array:
    """From 0 on."""
    moments = x.astype("datetime64[us]")
    return (moments.astype("datetime64[D]") - moments.astype("datetime64[M]").astype("datetime64[D]")).astype(int)
