"""Histograms over round edges that train, holdout and synthetic rows share.

The edges come from the 1 % and 99 % quantiles, further in where fewer than K rows would lie beyond,
and are rounded: neither the smallest nor the largest real value can be read off. What lies beyond
is counted in the first and last cell.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from math import ceil, floor, log10

import numpy as np
import polars as pl

from synthesist.report.cells import REAL, Cells, K, merge_small, present, shares

__all__ = ["histogram", "plain"]

MOST, LEAST = 30, 6
"""How many cells a histogram may have; fewer rows get fewer cells."""
STEPS = {  # seconds, calendar step as polars writes it, how an edge is labelled
    1: ("1s", "%H:%M:%S"),
    60: ("1m", "%H:%M"),
    600: ("10m", "%H:%M"),
    3_600: ("1h", "%d %b %H:%M"),
    21_600: ("6h", "%d %b %H:%M"),
    86_400: ("1d", "%d %b %Y"),
    604_800: ("1w", "%d %b %Y"),
    2_629_746: ("1mo", "%b %Y"),
    7_889_238: ("1q", "%b %Y"),
    31_556_952: ("1y", "%Y"),
    157_784_760: ("5y", "%Y"),
    315_569_520: ("10y", "%Y"),
    3_155_695_200: ("100y", "%Y"),
}


def histogram(sides: Mapping[str, pl.Series]) -> Cells:
    """Count numbers or moments into cells, each holding at least K rows of every real side."""
    moment = not sides["holdout"].dtype.is_numeric()
    whole = sides["holdout"].dtype.is_integer()
    kept = [side for side in REAL if present(sides[side]) >= K]
    values = {side: _numbers(sides[side]) for side in (*kept, "synthetic")}
    real = np.concatenate([values[side] for side in kept])
    beyond = min(max(0.01, K / len(real)), 0.5)
    low, high = np.quantile(real, [beyond, 1 - beyond])
    cells = int(np.clip(min(len(values[side]) for side in kept) / (3 * K), LEAST, MOST))
    edges, form = _calendar(low, high, cells) if moment else (_round_edges(low, high, cells, whole), "")
    table = {
        side: np.bincount(np.searchsorted(edges, x, "right"), minlength=len(edges) + 1) for side, x in values.items()
    }
    counts, edges = merge_small(*_tails(table, edges, kept))
    write = (lambda edge: _date(edge).strftime(form)) if moment else plain
    ticks = tuple((edge, write(edge)) for edge in _few(edges))
    return Cells(labels=_labels(edges, write, whole), edges=tuple(edges), ticks=ticks, **shares(counts))


def plain(value: float) -> str:
    """A number as a reader writes it: no exponent where it is short, thousands grouped from 10,000.

    >>> plain(40.0), plain(0.25), plain(1250000)
    ('40', '0.25', '1,250,000')
    """
    if value and not 1e-4 <= abs(value) < 1e12:
        return f"{value:.3g}"
    text = f"{value:,.6f}" if abs(value) >= 10_000 else f"{value:.6f}"
    return text.rstrip("0").rstrip(".")


def _numbers(column: pl.Series) -> np.ndarray:
    """The values that are there and finite, as floats; moments in microseconds since 1970."""
    column = column.drop_nulls()
    if not column.dtype.is_numeric():
        column = column.cast(pl.Datetime("us")) if column.dtype == pl.Date else column.dt.replace_time_zone(None)
        column = column.to_physical()
    values = column.cast(pl.Float64).to_numpy()
    return values[np.isfinite(values)]


def _round_edges(low: float, high: float, cells: int, whole: bool) -> list[float]:
    raw = (high - low) / cells or max(abs(high), 1.0) / 10
    power = 10.0 ** floor(log10(raw))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= raw * 0.999)
    if whole:
        step = max(1.0, step)
    first, last = floor(low / step), max(ceil(high / step), floor(low / step) + 1)
    if whole and last * step <= high:
        last += 1
    return [round(edge * step, 12) for edge in range(first, last + 1)]


def _calendar(low: float, high: float, cells: int) -> tuple[list[float], str]:
    """Edges on whole seconds, hours, days, months or years."""
    seconds = next((size for size in STEPS if (high - low) / 1e6 / size <= cells), max(STEPS))
    every, form = STEPS[seconds]
    ends = pl.Series([_date(low), _date(high)]).dt.truncate(every)
    edges = pl.datetime_range(ends[0], ends.dt.offset_by(every)[1], every, eager=True)
    return edges.dt.timestamp("us").cast(pl.Float64).to_list(), form


def _date(microseconds: float) -> datetime:
    return datetime(1970, 1, 1) + timedelta(microseconds=round(microseconds))


def _tails(
    table: Mapping[str, np.ndarray], edges: list[float], kept: list[str]
) -> tuple[dict[str, list[int]], list[float]]:
    """Give what lies outside the edges a cell of its own where that is large enough, else the end cell."""
    counts = {side: row.tolist() for side, row in table.items()}
    step = edges[1] - edges[0]
    borders = [edges[0] - step, *edges, edges[-1] + step]
    for end in (0, -1):
        if min(counts[side][end] for side in kept) < K:
            near = 1 if end == 0 else -2
            for row in counts.values():
                row[near] += row[end]
                del row[end]
            del borders[end]
    return counts, borders


def _labels(edges: list[float], write: Callable[[float], str], whole: bool) -> tuple[str, ...]:
    if len(edges) == 2:
        return ("all values",)
    inner = [_between(edges[i], edges[i + 1], write, whole) for i in range(1, len(edges) - 2)]
    return (f"below {write(edges[1])}", *inner, f"{write(edges[-2])} and above")


def _between(low: float, high: float, write: Callable[[float], str], whole: bool) -> str:
    """The values from `low` to just below `high`, in words; whole numbers end before `high`."""
    if not whole:
        return f"{write(low)} to {write(high)}"
    return write(low) if high - low == 1 else f"{write(low)} to {write(high - 1)}"


def _few(edges: list[float]) -> list[float]:
    """At most five inner edges, evenly spread by position: the ends are not labelled."""
    inner = edges[1:-1] or edges
    wanted = np.linspace(inner[0], inner[-1], 5)
    return sorted({min(inner, key=lambda edge: abs(edge - place)) for place in wanted})
