"""Bins of a number that are cut where rows are: bought with budget, along a line whose ends are public.

The line is looked at in stretches: between round numbers, narrower near zero and the ends, where amounts and rates
crowd; a round number itself is a stretch. Those with many rows are split again. Neighbours with few rows then share a
code, every code is counted, and all counts together say how rows lie in it.

References: Zhang, Xiao and Xie, SIGMOD 2016, doi:10.1145/2882903.2882928 (splitting what has many rows); Hay et al.,
Proceedings of the VLDB Endowment 3(1), 2010, doi:10.14778/1920841.1920970 (counts of a whole and of its parts).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from synthesist.codecs.number import SEGMENTS, NumberCodec
from synthesist.dp.line import NUMERIC, Line
from synthesist.dp.queries import Asking, Counts, Noisy
from synthesist.dp.smoothing import smoothed

__all__ = ["binned"]

Ints = npt.NDArray[np.int64]

SPLITTING = 0.5  # of what a number's codes cost is spent on finding them
LEVELS = 5  # looks at the line, at most
FIRST = 0.5  # of what is left for splitting, a look costs so much
ROUND = 50  # round numbers the line is cut at first, at most
PARTS, MOST = 10, 400  # round numbers a stretch is split at, and all together, about
HEAVY = 0.5  # of an even share of the rows: stretches with more are split, and a value with more has its own code
VISIBLE = 4.0  # standard deviations of the next noise that a stretch must have to be split
CLEAR = 6.0  # that neighbours join for
TELLING = 3.0  # that a value with a code of its own stands out by
SEEN = 4.0  # standard deviations by which rows in a run of stretches must be more than none,
RUNS = (1, 2, 4, 8, 16, 32)  # of so many stretches, to be seen; and how far beyond,
BEYOND = 1.0  # as a part of the line on which they are seen, there may be others
NOTHING = 1e-6  # of the rows of a code: where it has no more, it ends


def binned(column: str, kind: NUMERIC, rho: float, bins: int) -> Asking[tuple[NumberCodec, Noisy]]:
    """Codes of a number with public ends, and how many rows have each.

    Args:
        rho: what they may cost.
        bins: how many codes there may be, about.
    """
    line, found, seen = Line.of(kind), None, None
    starts = np.arange(line.cells) if line.cells <= bins else np.zeros(1, np.int64)
    if line.cells > bins:
        found, seen, spent = yield from _looked(column, line, rho * SPLITTING, bins)
        rho -= spent
        starts = _joined(line, found, seen, (2 * rho) ** -0.5, bins)
    answer = yield Counts((column,), {column: line.codec(starts)}, rho, f"bins of {column}")
    k, sigma = len(starts), np.full(len(answer.values), answer.sigma)
    stretches = _Stretches(starts, answer.values[:k].astype(np.float64), sigma[:k] ** 2)
    of = np.arange(k)
    if found is not None:
        of = np.searchsorted(starts, found.starts, side="right") - 1
        sigma[:k] = (1 / np.bincount(of, found.variance) + 1 / stretches.variance) ** -0.5
        stretches = found.told(of, stretches)
    stretches, near = stretches.gathered(line, seen or _Seen.of(line, stretches))
    rows = near * smoothed(stretches.counts, stretches.variance**0.5, line.widths(stretches.starts)) + 1e-9
    mass = np.append(np.bincount(of, rows, k), np.maximum(answer.values[k:], 0.0) + 1e-9)
    counts = np.append(np.bincount(of, stretches.counts, k), answer.values[k:])
    return line.codec(starts, _knots(line, stretches.starts, of, rows), mass), Noisy(counts, sigma)


def _looked(column: str, line: Line, rho: float, bins: int) -> Asking[tuple["_Stretches", "_Seen", float]]:
    """Stretches none of which holds much more than its share of the rows, as far as noise lets us see.

    And where rows are seen at all, and the price.

    A line whose rows lie evenly is done after a few looks, so the first ones get most.
    """
    starts = np.unique(np.concatenate([line.parts(0, line.cells, ROUND), line.crowded()]))
    before, seen, left = None, _Seen(whole := (0, line.cells), whole), rho
    for level in range(LEVELS):
        price = left * (1.0 if level == LEVELS - 1 else FIRST)
        left -= price
        answer = yield Counts((column,), {column: line.codec(starts)}, price, f"splits of {column}")
        counts = answer.values[: len(starts)].astype(np.float64)
        found = _Stretches(starts, counts, np.full(len(starts), answer.sigma**2))
        seen = _Seen.of(line, found).finer_than(seen)
        if before is not None:
            found = found.told(np.searchsorted(before.starts, starts, side="right") - 1, before)
        found = found.without_lone(line)
        width = line.widths(found.starts)
        unseen = VISIBLE * max(answer.sigma, (2 * left * FIRST) ** -0.5 if left > 0 else np.inf)
        many = (width > 1) & (found.counts > max(found.counts.sum() / bins * HEAVY, unseen))
        if not many.any():
            break
        ends = np.append(found.starts[1:], line.cells)
        each = max(2, min(PARTS, MOST // int(many.sum())))
        parts = [line.parts(a, b, each) for a, b in zip(found.starts[many], ends[many], strict=True)]
        before, starts = found, np.unique(np.concatenate([found.starts, *parts]))
    return found, seen, rho - left


def _joined(line: Line, found: "_Stretches", seen: "_Seen", sigma: float, bins: int) -> Ints:
    """Where codes begin: a value with many rows has one of its own, neighbours share one until they hold enough.

    Enough is an even share, and so much that noise of `sigma` changes it little.
    """
    found, near = found.gathered(line, seen)
    rows = smoothed(found.counts, found.variance**0.5, line.widths(found.starts))
    even, doubt = rows.sum() / bins, found.variance**0.5
    heavy = (line.widths(found.starts) == 1) & (rows >= np.maximum(even * HEAVY, TELLING * doubt))
    enough, starts, held, alone = max(even, CLEAR * sigma), [0], 0.0, True
    for start, count, is_heavy, is_near in zip(
        found.starts.tolist(), rows.tolist(), heavy.tolist(), near.tolist(), strict=True
    ):
        if start and is_near and (is_heavy or alone or held >= enough):
            starts.append(start)
            held = 0.0
        held, alone = held + count, is_heavy
    return np.array(starts, np.int64)


@dataclass(frozen=True)
class _Stretches:
    """Stretches of a line, each with a noisy count and the variance of its noise."""

    starts: Ints
    counts: np.ndarray
    variance: np.ndarray

    def told(self, of: Ints, wholes: "_Stretches") -> "_Stretches":
        """The counts after those of larger stretches, of[stretch] the one each lies in, were seen as well."""
        sums, doubt = (np.bincount(of, each, len(wholes.starts)) for each in (self.counts, self.variance))
        gap, share = (wholes.counts - sums) / (doubt + wholes.variance), self.variance / (doubt + wholes.variance)[of]
        return _Stretches(self.starts, self.counts + self.variance * gap[of], self.variance * (1 - share))

    def gathered(self, line: Line, seen: "_Seen") -> tuple["_Stretches", npt.NDArray[np.bool_]]:
        """Rows far beyond where any are seen are brought to the last stretch where they may still be; and which may.

        Noise on wide empty stretches would make rows there: few, but so far out that no mean survives them.
        """
        low, high = float(seen.low[0]), float(seen.high[1])
        edges, reach = np.append(self.starts, line.cells).astype(np.float64), BEYOND * (high - low)
        near = (edges[1:] > low - reach) & (edges[:-1] < high + reach)
        counts, (first, last) = np.where(near, self.counts, 0.0), np.flatnonzero(near)[[0, -1]]
        counts[first] += max(float(self.counts[:first].sum()), 0.0)
        counts[last] += max(float(self.counts[last + 1 :].sum()), 0.0)
        return _Stretches(self.starts, counts, self.variance), near

    def without_lone(self, line: Line) -> "_Stretches":
        """Single cells that noise could explain are one with the wider stretch behind them."""
        single = line.widths(self.starts) == 1
        lone = single & (self.counts < TELLING * self.variance**0.5)
        begins = np.flatnonzero(np.append(True, ~lone[:-1] | single[1:]))
        counts, variance = (np.add.reduceat(each, begins) for each in (self.counts, self.variance))
        return _Stretches(self.starts[begins], counts, variance)


@dataclass(frozen=True)
class _Seen:
    """The outermost runs of stretches in which rows are seen, towards either end of a line: begin and end, in cells."""

    low: tuple[int, int]
    high: tuple[int, int]

    @classmethod
    def of(cls, line: Line, stretches: _Stretches) -> "_Seen":
        """Where rows are seen in counts whose noise is independent; nowhere in particular, where none are."""
        edges, variance = [*stretches.starts.tolist(), line.cells], stretches.variance
        low, high = _first_run(stretches.counts, variance), _first_run(stretches.counts[::-1], variance[::-1])
        last = len(edges) - 1
        return cls((edges[low[0]], edges[low[1]]), (edges[last - high[1]], edges[last - high[0]]))

    def finer_than(self, other: "_Seen") -> "_Seen":
        """What this look sees of what an earlier one saw; its stretches may be too narrow to see any of it."""
        low = self.low if other.low[0] < self.low[1] and self.low[0] < other.low[1] else other.low
        high = self.high if other.high[0] < self.high[1] and self.high[0] < other.high[1] else other.high
        return _Seen(low, high)


def _first_run(counts: np.ndarray, variance: np.ndarray) -> tuple[int, int]:
    """Begin and end of the run of stretches that ends first, of those with more rows than noise explains.

    Of all that end there it is the shortest; all stretches, where no run has so many rows.
    """
    n, runs = len(counts), []
    rows, doubt = np.cumsum(np.append(0.0, counts)), np.cumsum(np.append(0.0, variance))
    for length in RUNS:
        more = rows[length:] - rows[:-length] > SEEN * (doubt[length:] - doubt[:-length]) ** 0.5
        runs += [(int(begin) + length, -int(begin)) for begin in np.flatnonzero(more)[:1]]
    end, begin = min(runs, default=(n, 0))
    return -begin, end


def _knots(line: Line, starts: Ints, of: Ints, rows: np.ndarray) -> np.ndarray:
    """The inverse distribution function inside each code: a monotone curve through the mass of its stretches and those
    beside it. Codes of one value stand alone, and the curve breaks there.

    Args:
        starts, rows: of each stretch; of: the code it belongs to.
    """
    from scipy.interpolate import PchipInterpolator

    edges, shares = line.edges(starts), np.clip(np.linspace(0, 1, SEGMENTS + 1), NOTHING, 1 - NOTHING)
    first = np.searchsorted(of, np.arange(of[-1] + 2))
    knots = np.empty((of[-1] + 1, SEGMENTS + 1))
    low, high = edges[first[:-1]], edges[first[1:]]
    begins = starts[first[:-1]]
    single = (line.widths(begins) == 1) & (line.width <= (line.grid or np.inf))
    knots[single] = np.array([line.value(cell) for cell in begins[single].tolist()])[:, None]
    wide = np.flatnonzero(~single)
    for run in np.split(wide, np.flatnonzero(np.diff(wide) > 1) + 1) if len(wide) else ():
        part = slice(first[run[0]], first[run[-1] + 1])
        ends = edges[part.start : part.stop + 1]
        place, length = ends - ends[0], ends[-1] - ends[0]
        curve = PchipInterpolator(place / length, np.concatenate([[0.0], np.cumsum(rows[part])]))
        for k in run:
            inner = np.concatenate([np.linspace(low[k], high[k], 4 * SEGMENTS + 1), edges[first[k] : first[k + 1]]])
            x = np.unique(inner)
            y = curve((x - ends[0]) / length)
            knots[k] = np.interp(y[0] + (y[-1] - y[0]) * shares, y, x)
    return knots
