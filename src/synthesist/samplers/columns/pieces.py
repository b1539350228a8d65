"""Distributions of numbers given in pieces, as a histogram or a few quantiles, even inside each piece."""

from functools import cached_property
from typing import Literal

import numpy as np
from pydantic import Field

from synthesist.samplers.columns.measured import Measured

__all__ = ["Histogram", "Quantiles"]


class _InPieces(Measured):
    """A number; `low` and `high` cut the distribution."""

    @cached_property
    def _pieces(self) -> tuple[np.ndarray, np.ndarray]:
        """The ends of the pieces, and the share of all below each end."""
        raise NotImplementedError

    @property
    def _support(self) -> tuple[float, float]:
        ends, _ = self._pieces
        return float(ends[0]), float(ends[-1])

    def _mass(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.asarray(np.interp(b, *self._pieces) - np.interp(a, *self._pieces))

    def _density(self, x: np.ndarray) -> np.ndarray:
        ends, below = self._pieces
        piece = np.clip(np.searchsorted(ends, x, side="right") - 1, 0, len(ends) - 2)
        return np.asarray((np.diff(below) / np.diff(ends))[piece])

    def _between(self, u: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        ends, below = self._pieces
        low, high = np.interp(a, ends, below), np.interp(b, ends, below)
        return np.clip(np.interp(low + u * (high - low), below, ends), a, b)


class Histogram(_InPieces):
    """What a histogram says: between each two `edges` as much as its weight, evenly."""

    is_: Literal["histogram"] = Field(default="histogram", alias="is")
    edges: tuple[float, ...] = Field(min_length=2, description="ends of the bars, rising")
    weights: tuple[float, ...] = Field(min_length=1, description="how much lies in each bar, in any unit")

    def _unfit(self) -> str | None:
        if len(self.edges) != len(self.weights) + 1:
            return f"{len(self.weights)} bars have {len(self.weights) + 1} edges, here are {len(self.edges)}"
        if not (np.diff(self.edges) > 0).all():
            return "edges rise from each to the next"
        if min(self.weights) < 0 or not sum(self.weights) > 0:
            return "weights are 0 or more, and one is more than 0"
        return None

    @cached_property
    def _pieces(self) -> tuple[np.ndarray, np.ndarray]:
        below = np.concatenate([[0.0], np.cumsum(self.weights)])
        return np.array(self.edges), below / below[-1]


class Quantiles(_InPieces):
    """What quantiles say, as {0: 18, 0.5: 41, 0.9: 60, 1: 99}: even between each two."""

    is_: Literal["quantiles"] = Field(default="quantiles", alias="is")
    points: dict[float, float] = Field(min_length=2, description="the value below which each share of all lies")

    def _unfit(self) -> str | None:
        shares, values = self._sorted
        if shares[0] != 0 or shares[-1] != 1:
            return "the first point is that of share 0, the smallest value, and the last that of 1, the largest"
        if not (np.diff(values) > 0).all():
            return "values rise with their shares"
        return None

    @property
    def _sorted(self) -> tuple[np.ndarray, np.ndarray]:
        shares = np.array(sorted(self.points))
        return shares, np.array([self.points[share] for share in shares])

    @cached_property
    def _pieces(self) -> tuple[np.ndarray, np.ndarray]:
        shares, values = self._sorted
        return values, shares
