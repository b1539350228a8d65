"""Chance by the index of a row: whether and how a row is hit depends on the seed and its index alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from synthesist.codecs.keys import hashed
from synthesist.core import Context

__all__ = ["Chance"]


@dataclass(frozen=True)
class Chance:
    """Random numbers for some rows: the same ones for a row, whichever others are asked for with it."""

    rows: np.ndarray
    ctx: Context

    def of(self, places: np.ndarray) -> "Chance":
        """The chance of some of the rows, by their places among these."""
        return replace(self, rows=self.rows[places])

    def uniform(self, purpose: str) -> np.ndarray:
        """A number in [0, 1) for each row, on a grid of 2**-53."""
        return (hashed(self.rows, self.ctx.seed(purpose)) >> np.uint64(11)) * 2.0**-53

    def below(self, ends: np.ndarray | int, purpose: str) -> np.ndarray:
        """A whole number from 0 to below the end of its row."""
        return (self.uniform(purpose) * ends).astype(np.int64)

    def weighted(self, weights: Mapping[str, float], purpose: str) -> np.ndarray:
        """A place among the weights, each as often as it weighs."""
        edges = np.cumsum(list(weights.values()))
        return np.searchsorted(edges[:-1], self.uniform(purpose) * edges[-1], side="right")
