"""Numbers, moments and durations as codes: point masses become codes of their own, the rest quantile bins.

A code of a bin holds a smoothed inverse distribution function of the values inside it, a few knots
averaged over many rows, so that drawing needs no row and repeats no row. Values that stand on a
grid (whole numbers, cents, days) are spread over their cell before the knots are taken and rounded
back afterwards, which keeps the share of every grid value.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from synthesist.codecs.pieces import Pieces
from synthesist.codecs.smooth import FEWEST_ROWS, FEWEST_VALUES, smooth_quantiles
from synthesist.core import Allowed
from synthesist.data.cells import emptied, spread
from synthesist.data.kinds import Duration, Id, Integer, Kind, Moment, Number

__all__ = ["NumberCodec", "grid_of", "ticks", "unticks"]

LAST = 2.0**63 - 1024  # the last floating point number that is a whole number of 64 bits
SEGMENTS = 8  # knots per bin less one: 16 rows a knot for 16,000 rows in 128 bins
ROWS_PER_BIN = 40  # at least: finer bins would hold the accidents of the sample

_MICROSECONDS = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}


@dataclass(frozen=True)
class NumberCodec:
    """Codes 0..K-1 along the number line, then one for missing where any was seen.

    `cuts[K-1]`: code k holds the values with exactly k cuts at or below them.
    `knots[K, SEGMENTS+1]`: the inverse distribution function inside each code; equal knots are an atom.
    `mass[size]`: how many rows each code had.
    """

    kind: Kind
    grid: float
    cuts: np.ndarray
    knots: np.ndarray
    mass: np.ndarray
    missing: bool

    @classmethod
    def fit(cls, column: pl.Series, kind: Kind, bins: int, min_rows: int) -> "NumberCodec":
        """Learn codes from a column in storage form; no code stands for fewer than `min_rows` rows."""
        x = np.sort(ticks(column.drop_nulls(), kind))
        grid = grid_of(kind)
        values, counts = np.unique(x, return_counts=True)
        ends = _ends(counts, len(x), bins, min_rows)
        firsts = np.concatenate([[0], ends[:-1]])
        rows = np.concatenate([[0], np.cumsum(counts)])
        knots = np.repeat(values[firsts], SEGMENTS + 1).reshape(len(ends), SEGMENTS + 1)
        for run in _runs(ends - firsts > 1):
            knots[run] = _run_knots(values, counts, firsts[run], ends[run], grid)
        if min_rows > 1 and len(x) > 2 * min_rows:
            _hide_extremes(knots, x, min_rows)
        cuts = values[firsts[1:]] if grid or len(values) < 2 else (values[firsts[1:]] + values[ends[:-1] - 1]) / 2
        cuts = np.where(cuts > values[ends[:-1] - 1], cuts, values[firsts[1:]])
        mass = np.diff(rows[np.concatenate([[0], ends])])
        if missing := bool(column.null_count()):
            mass = np.append(mass, column.null_count())
        return cls(kind, grid, cuts, knots, mass.astype(np.float64), missing)

    def __post_init__(self) -> None:
        codes = len(self.mass) - self.missing
        if self.mass.ndim != 1 or self.knots.shape != (codes, SEGMENTS + 1) or self.cuts.shape != (max(codes - 1, 0),):
            raise ValueError("the parts of a number column do not fit together")

    @property
    def size(self) -> int:
        """How many codes there are, missing included."""
        return len(self.mass)

    @property
    def ordered(self) -> int:
        """How many leading codes stand in the order of their values."""
        return len(self.knots)

    @property
    def discrete(self) -> bool:
        """Whether every code stands for one value."""
        return bool((self.knots[:, 0] == self.knots[:, -1]).all())

    def encode(self, column: pl.Series) -> np.ndarray:
        """Codes of a column in storage form; an empty cell gets the code of missing, or -1 where none was seen."""
        codes = np.full(len(column), self.ordered if self.missing else -1, dtype=np.int32)
        full = column.is_not_null().to_numpy()
        codes[full] = np.searchsorted(self.cuts, ticks(column.drop_nulls(), self.kind), side="right")
        return codes

    def decode(self, codes: np.ndarray, u: np.ndarray) -> pl.Series:
        """Values of `codes`, each at the share `u` in [0, 1) of its code's distribution."""
        empty = codes >= self.ordered
        row = np.where(empty, 0, codes)
        place = u * SEGMENTS
        segment = np.minimum(place.astype(np.int64), SEGMENTS - 1)
        left, right = self.knots[row, segment], self.knots[row, segment + 1]
        x = left + (place - segment) * (right - left)
        if self.grid:
            x = np.clip(np.rint(x / self.grid) * self.grid, self.knots[0, 0], self.knots[-1, -1])
        return emptied(unticks(x, self.kind), empty)

    def pieces(self, allowed: Allowed) -> Pieces:
        """The part of every code that `allowed` lets through."""
        spans: list[tuple[int, float, float]] = []
        for low, high in self._intervals(allowed):
            spans += self._spans(low, high)
        if allowed.missing and self.missing:
            spans.append((self.ordered, 0.0, 1.0))
        out = {float(v) for v in self._numbers(allowed.excluded)}
        spans = [s for s in spans if not (s[0] < self.ordered and self._is_atom(s[0]) and self.knots[s[0], 0] in out)]
        return Pieces.of(spans, self.size)

    def settle(self, column: pl.Series, allowed: Allowed) -> pl.Series:
        """Undo the last bit of rounding: move every cell to the nearest allowed value."""
        x = ticks(column.drop_nulls(), self.kind)
        if allowed.values:
            values = np.sort(self._numbers(allowed.values))
            x = values[np.clip(np.searchsorted((values[1:] + values[:-1]) / 2, x), 0, len(values) - 1)]
        else:
            (low, high), nudge = self._ends(allowed), self.grid or 0.0
            x = np.clip(x, low, high)
            for out in self._numbers(allowed.excluded):
                x = np.where(x == out, x + (nudge if out + nudge <= high and nudge else -nudge or np.spacing(out)), x)
        return spread(unticks(x, self.kind), column.is_not_null().to_numpy())

    def _intervals(self, allowed: Allowed) -> list[tuple[float, float]]:
        if allowed.values is None:
            return [self._ends(allowed)]
        return [(x, x) for x in np.sort(self._numbers(allowed.values))]

    def _ends(self, allowed: Allowed) -> tuple[float, float]:
        """The closed interval of an allowed range, in ticks."""
        low, high = -np.inf, np.inf
        if allowed.low is not None:
            low = self._numbers((allowed.low,))[0]
            if self.grid:
                low = np.ceil(np.round(low / self.grid, 6)) * self.grid
            if allowed.low_open and low == self._numbers((allowed.low,))[0]:
                low = low + self.grid if self.grid else np.nextafter(low, np.inf)
        if allowed.high is not None:
            high = self._numbers((allowed.high,))[0]
            if self.grid:
                high = np.floor(np.round(high / self.grid, 6)) * self.grid
            if allowed.high_open and high == self._numbers((allowed.high,))[0]:
                high = high - self.grid if self.grid else np.nextafter(high, -np.inf)
        return float(low), float(high)

    def _spans(self, low: float, high: float) -> list[tuple[int, float, float]]:
        """For every code, the shares of its distribution between two values."""
        shares = np.linspace(0, 1, SEGMENTS + 1)
        half = self.grid / 2
        spans = []
        for k in range(self.ordered):
            knots = self.knots[k]
            if self._is_atom(k):
                if low <= knots[0] <= high:
                    spans.append((k, 0.0, 1.0))
                continue
            if knots[-1] + half <= low - half or knots[0] - half >= high + half:
                continue
            a, b = np.interp([low - half, high + half], knots, shares)
            if b > a:
                spans.append((k, float(a), float(b)))
            elif low == high and knots[0] <= low <= knots[-1]:  # a point in a bin without a grid
                spans.append((k, max(float(a) - 1e-9, 0.0), min(float(a) + 1e-9, 1.0)))
        return spans

    def _is_atom(self, code: int) -> bool:
        return bool(self.knots[code, 0] == self.knots[code, -1])

    def _numbers(self, values: tuple[object, ...]) -> np.ndarray:
        return ticks(pl.Series(values, dtype=self.kind.storage, strict=False).drop_nulls(), self.kind)


def ticks(column: pl.Series, kind: Kind) -> np.ndarray:
    """A column without missing cells as float64: microseconds for times, the value itself for numbers."""
    if isinstance(kind, Moment):
        return column.cast(pl.Datetime("us")).to_physical().to_numpy().astype(np.float64)
    return column.to_physical().to_numpy().astype(np.float64)


def unticks(x: np.ndarray, kind: Kind) -> pl.Series:
    """The inverse of `ticks`, in storage form."""
    if isinstance(kind, Number):
        return pl.Series(np.round(x, kind.decimals) if kind.decimals is not None and kind.decimals >= 0 else x)
    whole = pl.Series(np.clip(np.rint(x), -(2.0**63), LAST).astype(np.int64))
    if isinstance(kind, Moment):
        moment = whole.cast(pl.Datetime("us"))
        if kind.timezone:
            return moment.dt.replace_time_zone("UTC").dt.convert_time_zone(kind.timezone)
        return moment.cast(kind.storage)
    return whole.cast(kind.storage)


def grid_of(kind: Kind) -> float:
    """The spacing of possible values in ticks; 0 where there is none."""
    if isinstance(kind, Moment | Duration):
        return float(_MICROSECONDS[kind.precision])
    if isinstance(kind, Id):
        return 1.0
    if isinstance(kind, Integer):
        return float(kind.step)
    return 0.0 if not isinstance(kind, Number) or kind.decimals is None else float(10.0**-kind.decimals)


def _ends(counts: np.ndarray, n: int, bins: int, min_rows: int) -> np.ndarray:
    """Where each code ends among the distinct values: heavy values alone, the rest in even bins.

    With few distinct values each one is a code; a value too rare for that shares a code with its
    neighbours.
    """
    heavy_from = min_rows if len(counts) <= bins else max(n / bins, min_rows)
    heavy = counts >= heavy_from
    ends: list[int] = []
    masses: list[int] = []
    start, m, target = 0, len(counts), max(n / bins, min_rows, ROWS_PER_BIN)
    while start < m:
        if heavy[start]:
            ends.append(start + 1)
            masses.append(int(counts[start]))
            start += 1
            continue
        stop = start + int(np.argmax(heavy[start:])) if heavy[start:].any() else m
        run = np.cumsum(counts[start:stop])
        parts = max(1, min(round(run[-1] / target), stop - start))
        marks = np.unique(np.searchsorted(run, run[-1] * np.arange(1, parts + 1) / parts - 1e-9) + 1)
        marks[-1] = stop - start
        ends += [start + int(mark) for mark in marks]
        masses += np.diff(np.concatenate([[0], run[marks - 1]])).astype(int).tolist()
        start = stop
    return _merge_rare(np.array(ends), np.array(masses), min_rows)


def _merge_rare(ends: np.ndarray, masses: np.ndarray, min_rows: int) -> np.ndarray:
    """Join codes of fewer than `min_rows` rows to the lighter neighbour, until none is left."""
    kept, mass = list(ends), list(masses)
    while len(kept) > 1 and min(mass) < min_rows:
        k = int(np.argmin(mass))
        left = mass[k - 1] if k else np.inf
        right = mass[k + 1] if k + 1 < len(mass) else np.inf
        into = k - 1 if left <= right else k + 1
        mass[into] += mass[k]
        if into > k:
            del kept[k]
        else:
            kept[k - 1] = kept[k]
            del kept[k]
        del mass[k]
    return np.array(kept)


def _runs(spread: np.ndarray) -> list[np.ndarray]:
    """Codes that follow each other without a point mass between."""
    codes = np.flatnonzero(spread)
    return np.split(codes, np.flatnonzero(np.diff(codes) > 1) + 1) if len(codes) else []


def _run_knots(values: np.ndarray, counts: np.ndarray, firsts: np.ndarray, ends: np.ndarray, grid: float) -> np.ndarray:
    """The knots of neighbouring bins, from one smooth curve where there is enough to tell how smooth."""
    run = slice(firsts[0], ends[-1])
    if counts[run].sum() < FEWEST_ROWS or ends[-1] - firsts[0] < FEWEST_VALUES:
        return np.array([_knots(values[a:b], counts[a:b], grid) for a, b in zip(firsts, ends, strict=True)])
    before = np.concatenate([[0], np.cumsum(counts[run])]) / counts[run].sum()
    low, high = before[firsts - firsts[0]], before[ends - firsts[0]]
    shares = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, SEGMENTS + 1)
    knots = smooth_quantiles(values[run], counts[run], grid)(shares)
    half = grid / 2  # bins may not reach over the point masses beside them
    return np.clip(np.maximum.accumulate(knots.ravel()), values[firsts[0]] - half, values[ends[-1] - 1] + half).reshape(
        knots.shape
    )


def _knots(values: np.ndarray, counts: np.ndarray, grid: float) -> np.ndarray:
    """The inverse distribution function at even shares, each value spread over its cell."""
    shares = np.linspace(0, 1, SEGMENTS + 1)
    total = counts.sum()
    if grid:
        edges = np.stack([values - grid / 2, values + grid / 2], axis=1).ravel()
        before = np.concatenate([[0], np.cumsum(counts)])
        heights = np.stack([before[:-1], before[1:]], axis=1).ravel() / total
        return np.interp(shares, heights, edges)
    middles = (np.cumsum(counts) - counts / 2) / total
    return np.interp(shares, middles, values)


def _hide_extremes(knots: np.ndarray, x: np.ndarray, min_rows: int) -> None:
    """End the first and last bin at a mean of several rows, so that no single extreme row shows."""
    if knots[0, 0] != knots[0, -1]:
        np.maximum(knots[0], x[:min_rows].mean(), out=knots[0])
    if knots[-1, 0] != knots[-1, -1]:
        np.minimum(knots[-1], x[-min_rows:].mean(), out=knots[-1])
