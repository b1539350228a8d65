"""Strategies of hypothesis for the cells of declared columns: any value that can be drawn, the simple ones first."""

import datetime as dt
from collections.abc import Callable, Sequence
from math import ceil, floor, isfinite
from typing import Any, Final

import numpy as np
import polars as pl
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from synthesist.codecs.written import written
from synthesist.core import Allowed, Context
from synthesist.data.kinds import Integer, Moment, Number
from synthesist.samplers.columns.distribution import Distribution, Rows
from synthesist.samplers.columns.durations import Durations
from synthesist.samplers.columns.mixture import Mixture
from synthesist.samplers.columns.moments import MICROSECONDS
from synthesist.samplers.columns.pieces import Histogram, Quantiles
from synthesist.samplers.columns.regex import Regex

__all__ = ["SAMPLED", "cells_of"]

SAMPLED: Final = object()
"""Stands for: the value that the sampler draws here."""
LISTED = 64  # values that are chosen from one by one
FAR = (1e-12, 1 - 1e-12)  # the quantiles taken for the ends of what has none
USUAL = (0.05, 0.95)  # those between which most values lie
EPOCH = dt.datetime(1970, 1, 1)
MICROSECOND = dt.timedelta(microseconds=1)


def cells_of(column: Distribution) -> SearchStrategy[Any] | None:
    """Cells of a column; None where they can only be left to the sampler.

    So it is with keys and all else that follows from the number of its row, parts of an entity, and documents. Where
    those may be empty, this can be chosen, and else is SAMPLED.
    """
    values = None if column.by_index else _values(column)
    if values is None:
        return st.sampled_from([SAMPLED, None]) if column.missing else None
    return st.one_of(values, st.none()) if column.missing else values


def _values(column: Distribution) -> SearchStrategy[Any] | None:
    """Values that a column can take, in the form in which it stores them."""
    if (found := column.listed(LISTED)) is not None:
        return st.sampled_from([value for value, weight in zip(*found, strict=True) if weight > 0])
    match column, column.kind:
        case Regex(), _:
            return _texts(column)
        case Durations(), _:
            numbers, width = _values(column.of), MICROSECONDS[column.unit]
            return None if numbers is None else numbers.map(lambda x: MICROSECOND * round(x * width))
        case Mixture(), kind:
            parts = [_values(part) for part in column.parts if not column.weights or part.share(Allowed()) > 0]
            as_stored = float if isinstance(kind, Number) else _as_it_is
            return st.one_of(*(part.map(as_stored) for part in parts if part is not None))
        case _, Moment():
            return _moments(column, column.kind)
        case _, Integer() | Number():
            return _numbers(column, column.kind)
    return None


def _as_it_is(value: Any) -> Any:
    return value


def _is_any(value: Any) -> bool:
    del value
    return True


def _possible(column: Distribution) -> Callable[[Any], bool]:
    """Whether a value can be drawn at all."""
    known: dict[Any, bool] = {}

    def possible(value: Any) -> bool:
        if value not in known:
            known[value] = column.share(Allowed(values=(value,))) > 0
        return known[value]

    return possible


def _numbers(column: Distribution, kind: Integer | Number) -> SearchStrategy[Any]:
    """Numbers between the ends of a column, on its grid where it has one."""
    ends, usual = _ends(column, kind), _quantiles(column, USUAL)
    if isinstance(kind, Number) and kind.decimals is None:
        ways = [st.floats(*span, allow_nan=False, allow_infinity=False) for span in (ends, usual) if span]
        return st.one_of(ways).filter(_possible(column) if isinstance(column, Histogram | Quantiles) else _is_any)
    places = kind.decimals or 0 if isinstance(kind, Number) else 0

    def value(k: int) -> Any:
        if isinstance(kind, Integer):
            return k
        return round(k / 10**places, places) if places > 0 else float(k * 10**-places)

    first, last = ceil(round(ends[0] * 10.0**places, 6)), floor(round(ends[1] * 10.0**places, 6))
    between = None if usual is None else (round(usual[0] * 10.0**places), round(usual[1] * 10.0**places))
    return _steps((first, last), between, [0]).map(value).filter(_possible(column))


def _steps(ends: tuple[int, int], usual: tuple[int, int] | None, edges: Sequence[int]) -> SearchStrategy[int]:
    """Any of these numbers, a usual one, or one at an end or an edge.

    All ways draw one number, so that hypothesis can go from one way to the other and on from there.
    """
    spans = [ends, *([usual] if usual else []), *((edge - 1, edge + 1) for edge in (*ends, *edges))]
    inside = [(max(low, ends[0]), min(high, ends[1])) for low, high in spans]
    return st.one_of([st.integers(low, high) for low, high in dict.fromkeys(inside) if low <= high])


def _ends(column: Distribution, kind: Integer | Number) -> tuple[float, float]:
    """The smallest and largest value; far quantiles where there are none."""
    said = [None if end is None else float(end) for end in (kind.bounds.low, kind.bounds.high)]
    if all(end is not None and isfinite(end) for end in said):
        return said[0] or 0.0, said[1] or 0.0
    far = _quantiles(column, FAR) or (-1e6, 1e6)
    low, high = (end if end is not None and isfinite(end) else far[i] for i, end in enumerate(said))
    return low, high


def _quantiles(column: Distribution, ranks: tuple[float, float]) -> tuple[float, float] | None:
    """Where two ranks of a column of numbers lie."""
    if not column.ranked:
        return None
    here = Context.seeded(0)
    low, high = column.draw(Rows(np.arange(2), here, here, ranks=np.array(ranks))).cast(pl.Float64)
    return low, high


def _moments(column: Distribution, kind: Moment) -> SearchStrategy[Any]:
    """Moments from the first to the last, on their grid; the turn of a year and leap days come often."""
    low, high = (dt.datetime.fromisoformat(str(end)) for end in (kind.bounds.low, kind.bounds.high))
    width, days = dt.timedelta(microseconds=MICROSECONDS[kind.precision]), kind.precision == "d"
    first, last = -((EPOCH - low) // width), (high - EPOCH) // width

    def value(k: int) -> Any:
        moment = EPOCH + k * width
        return moment.date() if days else moment

    years = [year for year in range(low.year, high.year + 1) if not year % 4 and (year % 100 or not year % 400)]
    turns = [dt.datetime(high.year, 1, 1), *(dt.datetime(year, 2, 29) for year in years[-1:])]
    edges = [k for turn in turns if first <= (k := (turn - EPOCH) // width) <= last]
    return _steps((first, last), None, edges).map(value).filter(_possible(column))


def _texts(column: Regex) -> SearchStrategy[str]:
    """The texts of a language, which are numbered."""

    def text(number: int) -> str:
        signs = column.language.signs(np.array([number]), np.zeros(1, dtype=np.uint64))
        return str(written(*signs)[0])

    return st.integers(0, column.language.size - 1).map(text)
