"""A public line that a private number lies on: where it begins and ends, in which cells, and where it is cut.

It is cut at round numbers, narrower near zero and the ends, where amounts and rates crowd.
"""

from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np
import numpy.typing as npt
import polars as pl

from synthesist.codecs.number import SEGMENTS, NumberCodec, grid_of, ticks
from synthesist.data.conform import limit
from synthesist.data.kinds import Integer, Moment, Number, Scalar
from synthesist.errors import DataError, SpecError

__all__ = ["NUMERIC", "Line", "tick"]

NUMERIC = Number | Integer | Moment
Ints = npt.NDArray[np.int64]

CELLS = 2**40  # the finest a number is looked at
SLACK = 1e-6  # of a step of the grid: what a bound on it may be off by
OCTAVES, EACH = 24, 2  # near zero and the ends stretches are half as wide so often, in so many steps
DIGITS = 17  # of a floating point number


@dataclass(frozen=True)
class Line:
    """The public line of a number from `low` to `high`: `cells` cells of the width `width`.

    Values of a `grid` lie in the middle of their cells, so that no rounding takes one into the cell beside it.
    """

    kind: NUMERIC
    low: float
    high: float
    width: float
    cells: int
    grid: float

    @classmethod
    def of(cls, kind: NUMERIC) -> "Line":
        """The line of a kind whose ends are known.

        Raises:
            SpecError: no value lies between its bounds, or they are too far apart.
        """
        low, high = (tick(kind, end) for end in (kind.bounds.low, kind.bounds.high))
        if grid := grid_of(kind):
            low, high = ceil(low / grid - SLACK) * grid, floor(high / grid + SLACK) * grid
        if not (low <= high and high - low < np.inf):
            what = "have no value between them" if low > high else "are too far apart"
            raise SpecError(f"The bounds {kind.bounds.low} and {kind.bounds.high} {what}. Correct them in the schema.")
        finest = 4 * float(np.spacing(max(abs(low), abs(high))))  # what a floating point number can tell apart here
        if not grid:
            cells = min(CELLS, max(int((high - low) / finest), 1))
            return cls(kind, low, high, (high - low) / cells or 1.0, cells, 0.0)
        values = round((high - low) / grid) + 1
        each = max(-(-values // CELLS), ceil(finest / grid))
        return cls(kind, low, high, grid * each, -(-values // each), grid)

    def begins(self, cells: Ints) -> np.ndarray:
        """Where cells begin."""
        return self.low + cells * self.width - self.grid / 2

    def codec(self, starts: Ints, knots: np.ndarray | None = None, mass: np.ndarray | None = None) -> NumberCodec:
        """Codes for the stretches that begin at these cells; without knots and mass it can only encode."""
        k = len(starts)
        return NumberCodec(
            self.kind,
            self.grid,
            self.begins(starts[1:]),
            np.zeros((k, SEGMENTS + 1)) if knots is None else knots,
            np.ones(k + self.kind.missing) if mass is None else mass,
            self.kind.missing,
        )

    def widths(self, starts: Ints) -> np.ndarray:
        """How many cells each of the stretches has that begin here."""
        return np.diff(np.append(starts, self.cells)).astype(np.float64)

    def edges(self, starts: Ints) -> np.ndarray:
        """Where the stretches begin and the last one ends."""
        inside = self.grid / 2 * 1e-9  # what is drawn at an end of the line is rounded into it
        return np.clip(
            self.begins(np.append(starts, self.cells)), self.low - self.grid / 2 + inside, self._end - inside
        )

    def parts(self, begin: int, end: int, most: int) -> Ints:
        """Where a stretch is cut: at round numbers, up to so many, each a cell by itself."""
        low, high = self.begins(np.array([begin, end]))
        step = _step((high - low) / most)
        at = self._holding(np.arange(ceil(low / step), floor(high / step) + 1) * step)
        cuts = np.concatenate([[begin], at, at + 1])
        return np.unique(cuts[(cuts >= begin) & (cuts < end)])

    def crowded(self) -> Ints:
        """Cuts that come closer to each other near zero and near the ends; these three are cells by themselves."""
        reach = self.cells * 2.0 ** -(np.arange(OCTAVES * EACH) / EACH)
        zero = int(self._holding(np.zeros(1))[0])
        cuts = [np.array([at - 1, at, at + 1]) for at in (0, zero, self.cells)]
        for at in (0, zero, self.cells):
            cuts += [np.rint(at - reach).astype(np.int64), np.rint(at + reach).astype(np.int64)]
        every = np.unique(np.concatenate(cuts))
        return every[(every >= 0) & (every < self.cells)]

    def value(self, cell: int) -> float:
        """What a cell stands for alone: of the numbers in it the one with the fewest digits."""
        if self.grid:
            return self.low + cell * self.width
        begin, end = self.low + cell * self.width, min(self.low + (cell + 1) * self.width, self.high)
        for digits in range(-DIGITS, DIGITS):
            number = round((begin + end) / 2, digits)
            if begin <= number < end or number == end == self.high:
                return number
        return begin

    @property
    def _end(self) -> float:
        return self.high + self.grid / 2

    def _holding(self, numbers: np.ndarray) -> Ints:
        """The cells that hold these numbers, as the codec has it; a number beyond the line is held by none."""
        beside = np.clip((numbers - self.begins(np.zeros(1, np.int64))) / self.width, -2, self.cells + 2)
        near = np.floor(beside).astype(np.int64)[:, None] + np.array([-1, 0, 1])
        return np.asarray(near[:, 0] + (self.begins(near[:, 1:]) <= numbers[:, None]).sum(axis=1))


def tick(kind: NUMERIC, end: Scalar | None) -> float:
    """A declared end of a column in ticks.

    Raises:
        SpecError: it is none of the kind.
    """
    cells = pl.Series([], dtype=kind.storage)
    try:
        return float(ticks(limit(end, cells).cast(kind.storage), kind)[0])  # type: ignore[union-attr]
    except (DataError, pl.exceptions.PolarsError, TypeError):
        example = "'2026-01-31'" if isinstance(kind, Moment) else "100"
        raise SpecError(f"The bound {end!r} is no {kind.kind}: write it as {example}.") from None


def _step(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is no less."""
    power = 10.0 ** floor(log10(least))
    return next(power * times for times in (1, 2, 5, 10) if power * times >= least * (1 - 1e-9))
