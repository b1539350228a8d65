"""The options of a column: what a condition can name, and what the generator chooses among.

A category is an option; so is a heavy value of a number, and a missing cell. The spread rest of a number is
cut into modes: quantile pieces of about equal weight, so that a range of values is a choice of modes, and
inside one, where rows lie evenly, there is nothing left to learn.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from synthesist.codecs.channels import Channels, Split
from synthesist.codecs.table import TableCodec

__all__ = ["Options", "Shape", "options_of"]


@dataclass(frozen=True)
class Options:
    """One column: `option[code]`, `mass[code]`, and of each option the shares `low` to `high` of the spread rows."""

    split: Split
    option: np.ndarray
    mass: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, split: Split, mass: np.ndarray, modes: int) -> "Options":
        """From how the codes are split and what they weigh."""
        spread = split.high > split.low
        piece = np.floor((split.low + split.high) / 2 * modes)
        pieces, which = np.unique(piece[spread], return_inverse=True)
        option = len(pieces) - split.numeric + split.category
        option[spread] = which
        low, high = np.zeros((2, int(option.max()) + 1))
        for k in range(len(pieces)):
            codes = np.flatnonzero(spread)[which == k]
            low[k], high[k] = split.low[codes[0]], split.high[codes[-1]]
        return cls(split, option, mass / mass.sum(), low, high)

    @property
    def size(self) -> int:
        """How many options there are."""
        return len(self.low)

    @property
    def spread(self) -> np.ndarray:
        """A mask: which options are modes of the spread rows."""
        return self.high > self.low

    @cached_property
    def center(self) -> np.ndarray:
        """The normal score of the middle of each mode; 0 of other options."""
        from scipy.special import ndtri

        return np.where(self.spread, ndtri(np.clip((self.low + self.high) / 2, 1e-6, 1 - 1e-6)), 0.0)

    @cached_property
    def shares(self) -> np.ndarray:
        """The share of all rows that each option has."""
        return np.bincount(self.option, self.mass, minlength=self.size)

    @cached_property
    def inside(self) -> np.ndarray:
        """The share each code has of its option."""
        return self.mass / np.maximum(self.shares, 1e-300)[self.option]

    @cached_property
    def _ends(self) -> tuple[np.ndarray, np.ndarray]:
        """The first and the last code of each option."""
        codes = np.arange(len(self.option))
        first, last = np.zeros((2, self.size), np.int64)
        first[self.option[::-1]], last[self.option] = codes[::-1], codes
        return first, last

    def code(self, option: np.ndarray, u: np.ndarray) -> np.ndarray:
        """A code of each option; u in [0, 1) picks one of a mode's."""
        first, last = (ends[option] for ends in self._ends)
        share = self.low[option] + u * (self.high - self.low)[option]
        return np.clip(np.searchsorted(self.split.high, share, side="right"), first, last)


@dataclass(frozen=True)
class Shape:
    """What the networks are built for: the options of each column, which columns have numbers, and how large."""

    sizes: tuple[int, ...]
    numeric: tuple[int, ...]
    noise: int
    width: int
    pac: int

    @property
    def options(self) -> int:
        """All options of all columns."""
        return sum(self.sizes)


def options_of(codec: TableCodec, modes: int) -> tuple[Options, ...]:
    """The options of all modelled columns of a table."""
    columns = codec.modelled.values()
    splits = Channels.of(codec).splits
    return tuple(Options.of(split, column.mass, modes) for split, column in zip(splits, columns, strict=True))
