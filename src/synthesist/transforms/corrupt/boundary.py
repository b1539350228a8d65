"""Values at the edge of what can be, at which programs break."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import inf, nextafter
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from synthesist.data.kinds import Bounds, Duration, Integer, Kind, Moment, Number
from synthesist.transforms.corrupt.chance import Chance
from synthesist.transforms.corrupt.dates import localised
from synthesist.transforms.corrupt.fault import Way, Wayward, is_text

__all__ = ["Boundary"]

NULL_WORDS = ("N/A", "n/a", "NA", "null", "NULL", "NaN", "nan", "None", "nil", "undefined", "-", "?", "#N/A", "missing")
"""Texts that readers take for an empty cell, rightly or not."""
WHOLE = (2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), 32_767, -32_768, 255, 256)
"""The ends of 32, 64, 16 and 8 bits, and of the whole numbers that a decimal number holds."""
REAL = (float(np.finfo(float).max), -float(np.finfo(float).max), 2.0**53, 5e-324, 3.4028234663852886e38, 1e-7)
DAYS = (
    datetime(1970, 1, 1),  # zero in Unix time
    datetime(2038, 1, 19, 3, 14, 7),  # the last second of 32 bits, and the next
    datetime(2038, 1, 19, 3, 14, 8),
    datetime(9999, 12, 31),  # "no end"
    datetime(1900, 1, 1),  # day 1 of spreadsheets
    datetime(1899, 12, 30),  # day 0 of them
    datetime(2000, 2, 29),  # a leap day of a full century
    datetime(2024, 2, 29),
    datetime(1900, 3, 1),  # the day after the leap day that 1900 had not, but has in spreadsheets
    datetime(1999, 12, 31, 23, 59, 59),
    datetime(2016, 12, 31, 23, 59, 59),  # a leap second followed
)
FIRST, LAST = datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)
STEPS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
STEPS |= {"ms": timedelta(milliseconds=1), "us": timedelta(microseconds=1)}


def _edge(name: str) -> Way:
    """One of the edges of this name, whichever the cell held."""

    def way(cells: pl.Series, kind: Kind, chance: Chance) -> pl.Series:
        edges = _edges(kind).get(name, ())
        if not edges:
            return cells
        every = localised(pl.Series(edges), cells) if isinstance(kind, Moment) else pl.Series(edges, dtype=cells.dtype)
        return every.gather(chance.below(len(edges), "edge"))

    return way


class Boundary(Wayward):
    """A value at the edge of what can be, in place of a cell.

    An end of the schema's bounds (`bound`) or the next value `beyond` it, the smallest or largest of the type
    (`extreme`), `zero`, `minus_one`, a day that programs stumble over (`calendar`: leap days, 1970, 2038,
    9999-12-31), an `empty` text, or a word for nothing (`null_word`: "N/A", "null", "NaN").
    """

    WAYS: ClassVar[Mapping[str, Way]] = {
        name: _edge(name)
        for name in ("bound", "beyond", "extreme", "zero", "minus_one", "calendar", "empty", "null_word")
    }

    is_: Literal["boundary"] = Field(default="boundary", alias="is")
    as_text: bool = Field(
        default=False, description="`empty` and `null_word` in numbers and the like too: their columns become text"
    )

    def serves(self, kind: Kind) -> bool:
        edges = _edges(kind)
        return any(edges.get(name) for name in self._happening)

    def can(self, cells: pl.Series, kind: Kind) -> pl.Series:
        del kind
        return pl.Series([True]).new_from_index(0, len(cells))  # where nothing stood an edge may stand as well

    @property
    def writes_text(self) -> bool:
        return self.as_text

    @property
    def leaves_grid(self) -> bool:
        return True


def _edges(kind: Kind) -> Mapping[str, Sequence[Any]]:
    """The values at the edges of a kind, by their way."""
    match kind:
        case Integer():
            first, last = (None if end is None else int(end) for end in (kind.bounds.low, kind.bounds.high))
            beyond = [*([] if first is None else [first - kind.step]), *([] if last is None else [last + kind.step])]
            return {**_ends(first, last, beyond), "extreme": WHOLE, "zero": [0], "minus_one": [-1]}
        case Number():
            low, high = (None if end is None else float(end) for end in (kind.bounds.low, kind.bounds.high))
            return {**_ends(low, high, _next(low, high, kind)), "extreme": REAL, "zero": [0.0], "minus_one": [-1.0]}
        case Moment():
            return _moments(kind.bounds, STEPS[kind.precision])
        case Duration():
            return {"zero": [timedelta(0)], "minus_one": [-STEPS[kind.precision]], "extreme": [timedelta(days=36_525)]}
        case _ if is_text(kind):
            return {"empty": [""], "null_word": NULL_WORDS, "zero": ["0"], "minus_one": ["-1"]}
    return {}


def _ends(low: Any, high: Any, beyond: Sequence[Any]) -> dict[str, Sequence[Any]]:
    return {"bound": [end for end in (low, high) if end is not None], "beyond": beyond}


def _next(low: float | None, high: float | None, kind: Number) -> list[float]:
    """The numbers just outside: a step of the grid away, or the next that there is."""
    step = None if kind.decimals is None else 10.0**-kind.decimals
    below = [] if low is None else [low - step if step else nextafter(low, -inf)]
    above = [] if high is None else [high + step if step else nextafter(high, inf)]
    return [round(end, kind.decimals) if kind.decimals is not None else end for end in (*below, *above)]


def _moments(bounds: Bounds, step: timedelta) -> dict[str, Sequence[datetime]]:
    low, high = (None if end is None else _read(str(end)) for end in (bounds.low, bounds.high))
    below = [low - step] if low is not None and low > FIRST + step else []
    above = [high + step] if high is not None and high < LAST - step else []
    return {**_ends(low, high, [*below, *above]), "extreme": [FIRST, LAST], "calendar": DAYS}


def _read(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=None)
