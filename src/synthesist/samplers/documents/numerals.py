"""Numbers on a grid within bounds, written as JSON writes them, without any rounding."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, lcm

import numpy as np
import polars as pl

from synthesist.errors import SpecError
from synthesist.samplers.documents.shapes import Shape

__all__ = ["Numbers", "numbers"]

SPAN = 1_000  # steps that are drawn where a bound is open
WIDEST = 2**53  # whole numbers up to here every reader of JSON has
FINEST = 12  # decimals
POINTS = 1_000  # places a stretch without a grid is cut into, at least
TRIES = 50
MACHINE = {(-(2**bits), 2**bits - 1) for bits in (15, 31, 63)} | {(0, 2**bits - 1) for bits in (16, 32, 63, 64)}
"""Bounds that say how a number is stored and nothing of what it is like."""


@dataclass(frozen=True)
class Numbers:
    """The numbers k * step for whole k from `first` to `last`, but those `excluded`."""

    first: int
    last: int
    step: int
    decimals: int
    """A number is k * step / 10**decimals."""
    excluded: frozenset[int] = frozenset()
    multiples: tuple[float, ...] = ()
    """What must divide a number even where readers divide floats."""
    broken: bool = False
    ends: tuple[int, ...] = ()
    """The k that a schema names as bounds."""

    @property
    def count(self) -> int:
        """How many there are, at most."""
        return self.last - self.first + 1 - len(self.excluded)

    def draw(self, n: int, rng: np.random.Generator, edges: float) -> pl.Series:
        """n numbers as JSON; as often as `edges` says, one of the bounds."""
        k = rng.integers(self.first, self.last, size=n, endpoint=True)
        if self.ends and edges:
            at_end = rng.random(n) < edges
            k[at_end] = rng.choice(self.ends, size=int(at_end.sum()))
        for _ in range(TRIES):
            wrong = np.flatnonzero(~self._right(k))
            if not len(wrong):
                return self._written(k)
            k[wrong] = rng.integers(self.first, self.last, size=len(wrong), endpoint=True)
        every = np.arange(self.first, min(self.last, self.first + POINTS) + 1)
        right = every[self._right(every)]
        if not len(right):
            raise SpecError("no number between its bounds is a multiple that floating-point arithmetic agrees on")
        k[wrong] = rng.choice(right, size=len(wrong))
        return self._written(k)

    def _right(self, k: np.ndarray) -> np.ndarray:
        right = np.ones(len(k), dtype=bool)
        if self.excluded:
            right &= ~np.isin(k, np.array(sorted(self.excluded), dtype=np.int64))
        if self.broken:
            right &= (k * self.step) % 10**self.decimals != 0
        for multiple in self.multiples:
            times = (k * self.step) / 10**self.decimals / multiple
            right &= times == np.trunc(times)
        return right

    def _written(self, k: np.ndarray) -> pl.Series:
        scaled = pl.Series(k * self.step)
        if not self.decimals:
            return scaled.cast(pl.String)
        size = scaled.abs()
        whole, part = size // 10**self.decimals, size % 10**self.decimals
        sign = pl.select(pl.when(scaled < 0).then(pl.lit("-")).otherwise(pl.lit(""))).to_series()
        return sign + whole.cast(pl.String) + "." + part.cast(pl.String).str.zfill(self.decimals)


def numbers(shape: Shape) -> Numbers:
    """The numbers of a shape.

    Raises:
        SpecError: there is none.
    """
    step = _grid(shape)
    decimals = next(d for d in range(60) if (step * 10**d).denominator == 1)
    low, high = _first(shape, step), _last(shape, step)
    if low is not None and high is not None and low > high:
        raise SpecError(f"no number {_said(shape)}")
    ends = tuple(end for end in (low, high) if end is not None)
    first, last = _window(low, high)
    scale = int(step * 10**decimals)
    if max(abs(first), abs(last)) * scale >= 2**62 or decimals > 18:
        first = last = first if abs(first) <= abs(last) else last
        if abs(first) * scale >= 2**63:
            raise SpecError(
                f"numbers of more than 18 digits, as those a schema bounds by {first * step}, cannot be drawn"
            )
    found = Numbers(
        first,
        last,
        scale,
        decimals,
        excluded=_excluded(shape, step, first, last),
        multiples=tuple(float(m) for m in sorted(shape.multiples) if m.denominator > 1),
        broken=shape.broken,
        ends=tuple(end for end in ends if abs(end) * scale < 2**63 - 1),
    )
    if found.count < 1:
        raise SpecError(f"no number {_said(shape)}")
    return found


def _grid(shape: Shape) -> Fraction:
    """The step of the numbers: what is asked for, or one that is fine enough for the bounds."""
    steps = [*shape.multiples, *([Fraction(1)] if shape.whole else [])]
    if any(step <= 0 for step in steps):
        raise SpecError("`multipleOf` is above 0")
    if steps:
        return Fraction(lcm(*(s.numerator * (_common(steps) // s.denominator) for s in steps)), _common(steps))
    decimals = 2
    if shape.low is not None and shape.high is not None:
        width = shape.high - shape.low
        while decimals < FINEST and width * 10**decimals < POINTS:
            decimals += 1
        if width == 0:
            return abs(shape.low) or Fraction(1)
    return Fraction(1, 10**decimals)


def _common(steps: list[Fraction]) -> int:
    return lcm(*(step.denominator for step in steps))


def _first(shape: Shape, step: Fraction) -> int | None:
    if shape.low is None:
        return None
    k = ceil(shape.low / step)
    return k + 1 if shape.low_open and k * step == shape.low else k


def _last(shape: Shape, step: Fraction) -> int | None:
    if shape.high is None:
        return None
    k = floor(shape.high / step)
    return k - 1 if shape.high_open and k * step == shape.high else k


def _window(low: int | None, high: int | None) -> tuple[int, int]:
    """Where numbers are drawn: all there are between two bounds, or some near zero or the only bound."""
    if (low, high) in MACHINE:
        return 0, SPAN
    if low is not None and high is not None:
        if high - low <= WIDEST:
            return low, high
        near = min(max(0, low), high)
        return max(low, near - SPAN), min(high, near + SPAN)
    if low is not None:
        return (0, SPAN) if -SPAN <= low <= 0 else (low, low + SPAN)
    if high is not None:
        return (0, high) if 0 <= high <= SPAN else (high - SPAN, high)
    return 0, SPAN


def _excluded(shape: Shape, step: Fraction, first: int, last: int) -> frozenset[int]:
    found = set()
    for text in shape.excluded:
        try:
            k = Fraction(text) / step
        except ValueError:
            continue
        if k.denominator == 1 and first <= k <= last:
            found.add(int(k))
    return frozenset(found)


def _said(shape: Shape) -> str:
    parts = ["is whole"] * shape.whole + ["is not whole"] * shape.broken
    if shape.low is not None:
        parts.append(f"is {'above' if shape.low_open else 'at least'} {float(shape.low):g}")
    if shape.high is not None:
        parts.append(f"is {'below' if shape.high_open else 'at most'} {float(shape.high):g}")
    parts += [f"is a multiple of {float(multiple):g}" for multiple in sorted(shape.multiples)]
    return " and ".join(parts) or "is left"
