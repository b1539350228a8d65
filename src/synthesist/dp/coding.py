"""Codes of a table that reveal nothing: declared ones, and bins and values bought with budget.

Categories with declared values have a code for each; those too seldom to be told from noise share one. Numbers are
cut where rows are: intervals with many rows are split again and again, each time at the price of one histogram,
down to single values where one value has many rows.

Reference for the splitting: Zhang, Xiao and Xie, SIGMOD 2016, doi:10.1145/2882903.2882928 (PrivTree).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil, log
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from synthesist.codecs.category import CategoryCodec
from synthesist.codecs.number import SEGMENTS, NumberCodec, grid_of, ticks, unticks
from synthesist.codecs.table import TableCodec
from synthesist.data.conform import limit
from synthesist.data.kinds import Boolean, Bounds, Categories, Category, Integer, Kind, Moment, Number, Scalar
from synthesist.dp.domain import Domain
from synthesist.dp.queries import Asking, Codec, Counts, Noisy, Values
from synthesist.errors import UnsuitableError

__all__ = ["Coding", "Grouped", "coded"]

BRANCHES, LEVELS = 16, 5  # parts a stretch is split into, more where so few levels would not reach single cells
CELLS = 2**40  # the finest a number is looked at
FIRST = 0.35  # of what is left for splitting, a level costs so much
CLEAR = 6.0  # standard deviations of noise that neighbours join for
FINE = 4  # stretches are split down to this part of an even share of the rows
TELLING = 3.0  # standard deviations of noise that a code has to stand out by
SPLITTING = 0.5  # of what a number's codes cost is spent on finding them
EXPONENTS = 64  # ranges that were not declared are found among the powers of two up to this
RANGE = 0.2
CERTAIN = 4.5  # standard deviations: of some hundred empty stretches none stands out by so much
LAST_TICK = 2.0**60
NUMERIC = Number | Integer | Moment
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Coding:
    """The codes of a table, what is known of how many rows have each, and the budget that is left."""

    codec: TableCodec
    counts: Mapping[str, Noisy]
    """By column: noisy counts of its codes, with the standard deviation of each."""
    rho: float


class Weighted(Codec, Protocol):
    """Codes that know how many rows have each, about."""

    @property
    def mass(self) -> np.ndarray: ...


@dataclass(frozen=True)
class Grouped:
    """Codes of a column put together: group[code], so that a question has fewer cells."""

    codec: Weighted
    group: np.ndarray

    @classmethod
    def even(cls, codec: Weighted, groups: int) -> "Grouped":
        """Neighbouring codes in groups of about equal weight."""
        before = np.cumsum(codec.mass) - codec.mass / 2
        return cls(codec, np.unique(np.floor(before / codec.mass.sum() * groups), return_inverse=True)[1])

    @property
    def size(self) -> int:
        """How many groups there are."""
        return int(self.group.max()) + 1

    def encode(self, column: pl.Series) -> np.ndarray:
        """Groups of a column; -1 where no code stands for a cell."""
        codes = self.codec.encode(column)
        unknown = self.group[-1] if getattr(self.codec, "missing", False) else -1
        return np.where(codes < 0, unknown, self.group[codes])


def coded(domain: Domain, rho: float, delta: float, *, share: float, bins: int) -> Asking[Coding]:
    """Find codes for every column that can be learnt, and how many rows have each.

    Args:
        rho, delta: what there is to spend; `share` of rho is spent here, in equal parts, and delta where a category
            has no declared values.
        bins: codes a number may have at most; categories have more where rows are many.
    """
    each = rho * share / max(len(domain.kinds), 1)
    codecs: dict[str, CategoryCodec | NumberCodec] = {}
    counts: dict[str, Noisy] = {}
    for column, kind in domain.kinds.items():
        left = each
        if column in domain.undeclared:
            found = yield Values(column, each / 2, delta / len(domain.undeclared), f"values of {column}")
            kind = kind.model_copy(update={"values": Categories(items=tuple(found), origin="dp")})
            left -= each / 2
        if isinstance(kind, Number | Integer | Moment) and None in (kind.bounds.low, kind.bounds.high):
            kind = yield from _ranged(column, kind, left * RANGE)
            left -= left * RANGE
        codecs[column], counts[column] = yield from _known(column, kind, left, bins)
    return Coding(TableCodec(domain.schema, {**codecs}, (), {}), counts, rho - each * len(domain.kinds))


def _known(column: str, kind: Kind, rho: float, bins: int) -> Asking[tuple[CategoryCodec | NumberCodec, Noisy]]:
    """The codes of one column and their counts."""
    if isinstance(kind, Boolean | Category):
        return (yield from _category(column, kind, rho, bins))
    if isinstance(kind, NUMERIC):
        return (yield from _number(column, kind, rho, bins))
    raise UnsuitableError(f"`{column}` is {kind.kind}: what it may hold cannot be public.")


# --------------------------------------------------------------------------- categories


def _category(column: str, kind: Boolean | Category, rho: float, bins: int) -> Asking[tuple[CategoryCodec, Noisy]]:
    """One code a value; seldom values share one, each with its share of it."""
    texts = ["false", "true"] if isinstance(kind, Boolean) else [str(v) for v in kind.values.items]  # type: ignore[union-attr]
    texts = texts or ["?"]  # no value was found: rows are many and values all seldom
    plain = CategoryCodec(kind, tuple(texts), np.arange(len(texts), dtype=float), _ones(len(texts), kind), kind.missing)
    answer = yield Counts((column,), {column: plain}, rho, f"values of {column}")
    values = answer.values[: len(texts)]
    seldom = values < TELLING * answer.sigma
    if seldom.sum() < 2 or len(texts) <= min(bins, 8):
        return replace(plain, mass=np.maximum(answer.values, 0.0) + 1e-9), _spread(answer)
    order = np.concatenate([np.flatnonzero(~seldom), np.flatnonzero(seldom)])
    frequent = int((~seldom).sum())
    weight = np.maximum(values[order[frequent:]], 0.0) + answer.sigma / 10
    inside = (np.cumsum(weight) - weight) / weight.sum()
    starts = np.concatenate([np.arange(frequent, dtype=float), frequent + np.minimum(inside, 1 - 1e-9)])
    kept = np.concatenate([values[order[:frequent]], [values[seldom].sum()], answer.values[len(texts) :]])
    sigma = np.full(len(kept), answer.sigma)
    sigma[frequent] *= np.sqrt(seldom.sum())
    codec = CategoryCodec(kind, tuple(texts[i] for i in order), starts, np.maximum(kept, 0.0) + 1e-9, kind.missing)
    return codec, Noisy(kept, sigma)


def _spread(answer: Noisy) -> Noisy:
    return Noisy(answer.values, np.full(answer.values.shape, answer.sigma))


def _ones(size: int, kind: Kind) -> np.ndarray:
    return np.ones(size + kind.missing)


# --------------------------------------------------------------------------- numbers


@dataclass(frozen=True)
class _Line:
    """The public line of a number from `low` to `high`: `cells` cells of the width `width`."""

    kind: NUMERIC
    low: float
    high: float
    width: float
    cells: int

    @classmethod
    def of(cls, kind: NUMERIC) -> "_Line":
        low, high = (_tick(kind, end) for end in (kind.bounds.low, kind.bounds.high))
        if not (grid := grid_of(kind)):
            return cls(kind, low, high, (high - low) / CELLS, CELLS) if high > low else cls(kind, low, high, 1.0, 1)
        values = round((high - low) / grid) + 1
        each = -(-values // CELLS)
        return cls(kind, low, high, grid * each, -(-values // each))

    def codec(self, starts: Ints, knots: np.ndarray | None = None, mass: np.ndarray | None = None) -> NumberCodec:
        """Codes for the stretches that begin at these cells; without knots and mass it can only encode."""
        k = len(starts)
        return NumberCodec(
            self.kind,
            grid_of(self.kind),
            self.low + starts[1:] * self.width,
            np.zeros((k, SEGMENTS + 1)) if knots is None else knots,
            np.ones(k + self.kind.missing) if mass is None else mass,
            self.kind.missing,
        )

    def edges(self, starts: Ints) -> np.ndarray:
        """Where the stretches begin and the last one ends; values of a grid lie half a step inside."""
        half = grid_of(self.kind) * 0.5 * (1 - 1e-9)
        return np.minimum(self.low + np.append(starts, self.cells) * self.width - half, self.high + half)


@dataclass(frozen=True)
class _Leaves:
    """Stretches of a line, each with a noisy count and its precision, one over the variance."""

    starts: Ints
    counts: np.ndarray
    precision: np.ndarray

    @property
    def sigma(self) -> np.ndarray:
        """The standard deviation of each count."""
        return self.precision**-0.5

    def with_counts(self, counts: np.ndarray, precision: float) -> "_Leaves":
        """Each count as the mean of all that were taken of it, by their precision."""
        both = self.precision + precision
        return replace(self, counts=(self.counts * self.precision + counts * precision) / both, precision=both)

    def split(self, which: np.ndarray, cells: int, into: int) -> "_Leaves":
        """Some stretches in up to `into` parts each, of which no count was taken yet."""
        ends = np.append(self.starts[1:], cells)
        parts = [
            np.unique(a + (b - a) * np.arange(into) // into) if splits else np.array([a])
            for a, b, splits in zip(self.starts, ends, which, strict=True)
        ]
        times = [len(part) for part in parts]
        fresh = np.repeat(which, times)
        return _Leaves(
            np.concatenate(parts),
            np.where(fresh, 0.0, np.repeat(self.counts, times)),
            np.where(fresh, 0.0, np.repeat(self.precision, times)),
        )


def _number(column: str, kind: NUMERIC, rho: float, bins: int) -> Asking[tuple[NumberCodec, Noisy]]:
    """Codes where rows are: stretches are split while they hold many rows, then neighbours with few are joined."""
    line, leaves = _Line.of(kind), None
    if line.cells > bins:
        leaves, spent = yield from _split(column, line, rho * SPLITTING, bins)
        rho -= spent
        starts = _joined(line, leaves, (2 * rho) ** -0.5, bins)
    else:
        starts = np.arange(line.cells)
    answer = yield Counts((column,), {column: line.codec(starts)}, rho, f"bins of {column}")
    known, k = _spread(answer), len(starts)
    leaves = leaves or _Leaves(starts, known.values[:k], known.sigma[:k] ** -2.0)
    of = np.searchsorted(starts, leaves.starts, side="right") - 1
    if len(leaves.starts) > k:
        known = _both(known, np.bincount(of, leaves.counts, k), np.sqrt(np.bincount(of, 1 / leaves.precision, k)))
    mass = np.maximum(known.values, 0.0) + 1e-9
    return line.codec(starts, _knots(line, leaves.starts, of, _inside(line, leaves, of, mass[:k])), mass), known


def _split(column: str, line: _Line, rho: float, bins: int) -> Asking[tuple[_Leaves, float]]:
    """Stretches none of which holds much more than its share of the rows, as far as noise lets us see; and the price.

    A line whose rows lie evenly is done after a few levels, so the first ones get most.
    """
    parts = max(BRANCHES, ceil(line.cells ** (1 / LEVELS)))
    levels = max(1, ceil(log(line.cells, parts) - 1e-9))
    whole = _Leaves(np.zeros(1, np.int64), np.zeros(1), np.zeros(1))
    leaves, left = whole.split(np.array([True]), line.cells, parts), rho
    for level in range(levels):
        price = left * (1.0 if level == levels - 1 else FIRST)
        left -= price
        answer = yield Counts((column,), {column: line.codec(leaves.starts)}, price, f"splits of {column}")
        leaves = leaves.with_counts(answer.values[: len(leaves.starts)], answer.sigma**-2)
        width = np.diff(np.append(leaves.starts, line.cells))
        many = leaves.counts > np.maximum(leaves.counts.sum() / bins / FINE, TELLING * leaves.sigma)
        if not (many & (width > 1)).any():
            break
        if level < levels - 1:
            leaves = leaves.split(many & (width > 1), line.cells, parts)
    return leaves, rho - left


def _joined(line: _Line, leaves: _Leaves, sigma: float, bins: int) -> Ints:
    """Where codes begin: a value with many rows has one of its own, neighbours share one until they hold enough.

    Enough is an even share, and so much that noise of `sigma` changes it little.
    """
    single = np.diff(np.append(leaves.starts, line.cells)) == 1
    even = max(leaves.counts.sum(), 0.0) / bins
    starts, held, alone = [0], 0.0, True
    for start, count, doubt, is_value in zip(leaves.starts.tolist(), leaves.counts, leaves.sigma, single, strict=True):
        heavy = bool(is_value and count >= max(even / 2, TELLING * doubt))
        if start and (heavy or alone or held >= max(even, CLEAR * sigma)):
            starts.append(start)
            held = 0.0
        held, alone = held + max(count, 0.0), heavy
    return np.array(starts, np.int64)


def _both(one: Noisy, values: np.ndarray, sigma: np.ndarray) -> Noisy:
    """Two noisy counts of the same codes as one; codes that stand only in the first are kept."""
    k = len(values)
    weight = one.sigma[:k] ** -2.0, sigma**-2.0
    mean = (one.values[:k] * weight[0] + values * weight[1]) / (weight[0] + weight[1])
    spread = (weight[0] + weight[1]) ** -0.5
    return Noisy(np.append(mean, one.values[k:]), np.append(spread, one.sigma[k:]))


def _inside(line: _Line, leaves: _Leaves, of: Ints, mass: np.ndarray) -> np.ndarray:
    """How the mass of each code lies on the stretches in it: evenly on those whose counts noise blurs."""
    width = np.diff(np.append(leaves.starts, line.cells)).astype(np.float64)
    blurred = leaves.counts < CLEAR * leaves.sigma
    rows, cells = (np.bincount(of[blurred], each[blurred], len(mass)) for each in (leaves.counts, width))
    inside = np.where(blurred, np.maximum(rows, 0.0)[of] * width / np.maximum(cells, 1.0)[of], leaves.counts)
    inside += 1e-9 * width
    return np.asarray(inside * (mass / np.bincount(of, inside, len(mass)))[of])


def _knots(line: _Line, starts: Ints, of: Ints, mass: np.ndarray) -> np.ndarray:
    """The inverse distribution function inside each code: a monotone curve through the mass of its stretches and those
    beside it. Codes of one value stand alone, and the curve breaks there.

    Args:
        starts, mass: of each stretch; of: the code it belongs to.
    """
    from scipy.interpolate import PchipInterpolator

    edges, shares = line.edges(starts), np.linspace(0, 1, SEGMENTS + 1)
    first = np.searchsorted(of, np.arange(of[-1] + 2))
    grid, knots = grid_of(line.kind), np.empty((of[-1] + 1, SEGMENTS + 1))
    low, high = edges[first[:-1]], edges[first[1:]]
    middle = (low + high) / 2
    single = (high - low <= grid * 1.5) if grid else high <= low
    knots[single] = (np.rint(middle / grid) * grid if grid else middle)[single, None]
    wide = np.flatnonzero(~single)
    for run in np.split(wide, np.flatnonzero(np.diff(wide) > 1) + 1) if len(wide) else ():
        part = slice(first[run[0]], first[run[-1] + 1])
        ends = edges[part.start : part.stop + 1]
        place, length = ends - ends[0], ends[-1] - ends[0]
        curve = PchipInterpolator(place / length, np.concatenate([[0.0], np.cumsum(mass[part])]))
        for k in run:
            inner = np.concatenate([np.linspace(low[k], high[k], 4 * SEGMENTS + 1), edges[first[k] : first[k + 1]]])
            x = np.unique(inner)
            y = curve((x - ends[0]) / length)
            knots[k] = np.interp(y[0] + (y[-1] - y[0]) * shares, y, x)
    return knots


def _ranged(column: str, kind: NUMERIC, rho: float) -> Asking[NUMERIC]:
    """The kind with the ends that were not declared: powers of two beyond which hardly any row lies."""
    powers = 2.0 ** np.arange(-EXPONENTS // 2, EXPONENTS - 1)
    cuts = np.concatenate([-powers[::-1], [0.0], powers])
    codec = NumberCodec(
        kind, grid_of(kind), cuts, np.zeros((len(cuts) + 1, SEGMENTS + 1)), np.ones(len(cuts) + 1 + kind.missing),
        kind.missing,
    )  # fmt: skip
    answer = yield Counts((column,), {column: codec}, rho, f"range of {column}")
    found = np.flatnonzero(answer.values[: len(cuts) + 1] > CERTAIN * answer.sigma)
    if not len(found):
        raise UnsuitableError(
            f"The range of `{column}` cannot be seen at this price: declare its `bounds` in the schema, or spend more."
        )
    edges = np.concatenate([[cuts[0]], cuts, [cuts[-1]]])
    low, high = (_end(kind, edge) for edge in (edges[found[0]], edges[found[-1] + 1]))
    declared = kind.bounds
    bounds = Bounds(
        low=low if declared.low is None else declared.low,
        high=high if declared.high is None else declared.high,
        origin="dp",
    )
    return kind.model_copy(update={"bounds": bounds})


def _tick(kind: NUMERIC, end: Scalar | None) -> float:
    """A declared end of a column in ticks."""
    cells = pl.Series([], dtype=kind.storage)
    return float(ticks(limit(end, cells).cast(kind.storage), kind)[0])  # type: ignore[union-attr]


def _end(kind: NUMERIC, tick: float) -> Scalar:
    """An end of a column as a schema writes it."""
    if isinstance(kind, Number):
        return tick
    value = unticks(np.array([np.clip(tick, -LAST_TICK, LAST_TICK)]), kind)[0]
    return value if isinstance(kind, Integer) else value.isoformat()
