"""Codes as channels: what a network that knows categories and real numbers learns from, and the way back.

Every column becomes a category, a real number, or both. A number that often takes one value (no capital
gain, zero kilometres) or is missing has a category that says which of these it is, or that it is spread; where
it is spread, its place among the spread rows is a standard normal number. So whatever a network makes of the
number, the marginal distribution, the grid and the point masses are those of the table's codec.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from synthesist.codecs.table import TableCodec

__all__ = ["Channels", "Split"]

HEAVY = 0.05  # the share of rows from which a value of a number is a category of its own
FEW = 10  # codes up to which a number is a category altogether
SPREAD = 0  # the category of a number that is none of the heavy values


@dataclass(frozen=True)
class Split:
    """One column: `category[code]`, and `low[code]` to `high[code]`, its share of the spread rows.

    Codes that are a category of their own have no share; a column of such codes only has no real number.
    """

    category: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, mass: np.ndarray, ordered: int) -> "Split":
        """From the rows of each code, the first `ordered` of which stand in order."""
        code = np.arange(len(mass))
        spread = (code < ordered) & (mass < HEAVY * mass.sum())
        if ordered <= FEW or spread.sum() < 2:
            return cls(code.astype(np.int32), np.zeros(len(mass)), np.zeros(len(mass)))
        share = np.where(spread, mass, 0.0) / mass[spread].sum()
        high = np.cumsum(share)
        category = np.where(spread, SPREAD, np.cumsum(~spread))
        return cls(category.astype(np.int32), np.concatenate([[0.0], high[:-1]]), high)

    def __post_init__(self) -> None:
        if not self.category.shape == self.low.shape == self.high.shape or not len(self.category):
            raise ValueError("the parts of a column's channels do not fit together")
        if (np.diff(self.low) < 0).any() or self.low[0] < 0 or (self.high < self.low).any() or self.high[-1] > 1 + 1e-9:
            raise ValueError("the shares of a column's codes are no shares")
        if set(self.category.tolist()) != set(range(self.size)) or self.category.min() < 0:
            raise ValueError("a column's categories leave numbers out")

    @cached_property
    def size(self) -> int:
        """How many categories there are."""
        return int(self.category.max()) + 1

    @cached_property
    def numeric(self) -> bool:
        """Whether there is a real number beside the category."""
        return bool((self.high > self.low).any())

    def place(self, codes: np.ndarray, u: np.ndarray) -> np.ndarray:
        """The standard normal number of each cell; 0 where it is a category of its own."""
        from scipy.special import ndtri

        share = self.low[codes] + u * (self.high[codes] - self.low[codes])
        spread = self.high[codes] > self.low[codes]
        return np.where(spread, ndtri(np.clip(share, 1e-6, 1 - 1e-6)), 0.0)

    def code(self, category: np.ndarray, z: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """The codes of cells, and the place inside each; u is 0 where a category is one code."""
        from scipy.special import ndtr

        own = np.empty(self.size, np.int32)
        own[self.category[::-1]] = np.arange(len(self.category), dtype=np.int32)[::-1]
        codes, u = own[category], np.zeros(len(category))
        if z is None:
            return codes, u
        spread = np.flatnonzero(category == SPREAD)
        share, inside = ndtr(z[spread]), np.flatnonzero(self.high > self.low)
        codes[spread] = inside[np.minimum(np.searchsorted(self.high[inside], share, side="right"), len(inside) - 1)]
        low, high = self.low[codes[spread]], self.high[codes[spread]]
        u[spread] = np.clip((share - low) / (high - low), 0.0, np.nextafter(1.0, 0.0))
        return codes, u


@dataclass(frozen=True)
class Channels:
    """The splits of all modelled columns, in the order of the code matrix."""

    splits: tuple[Split, ...]

    @classmethod
    def of(cls, codec: TableCodec) -> "Channels":
        """How the columns of a table are split."""
        return cls(tuple(Split.of(column.mass, column.ordered) for column in codec.modelled.values()))

    @property
    def sizes(self) -> list[int]:
        """The categories of each column; 1 for a number that is always spread."""
        return [split.size for split in self.splits]

    @cached_property
    def numeric(self) -> list[int]:
        """The columns that have a real number, in order."""
        return [j for j, split in enumerate(self.splits) if split.numeric]

    def encode(self, codes: np.ndarray, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """categories[row, column] and z[row, number] of codes[row, column] at the places u[row, column]."""
        z = np.zeros((len(codes), len(self.numeric)), np.float32)
        for k, j in enumerate(self.numeric):
            z[:, k] = self.splits[j].place(codes[:, j], u[:, j])
        return self.categories(codes), z

    def categories(self, codes: np.ndarray) -> np.ndarray:
        """categories[row, column] of codes[row, column]."""
        return np.stack([split.category[codes[:, j]] for j, split in enumerate(self.splits)], axis=1)

    def shares(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """low[row, number] and high[row, number]: between which shares of the spread rows each cell lies."""
        out = np.zeros((2, len(codes), len(self.numeric)), np.float32)
        for k, j in enumerate(self.numeric):
            out[:, :, k] = self.splits[j].low[codes[:, j]], self.splits[j].high[codes[:, j]]
        return out[0], out[1]

    def decode(self, categories: np.ndarray, z: np.ndarray, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """codes[row, column] and the place inside each; `u` serves where a category is one code."""
        codes, place = np.empty(categories.shape, np.int32), u.copy()
        number: Sequence[int] = self.numeric
        for j, split in enumerate(self.splits):
            mine = z[:, number.index(j)] if split.numeric else None
            codes[:, j], inside = split.code(categories[:, j], mine)
            if mine is not None:
                place[:, j] = np.where(categories[:, j] == SPREAD, inside, u[:, j])
        return codes, place
