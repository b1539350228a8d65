"""Draws from weights without searching for each."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Guide"]

MOST_PARTS = 2**16
PARTS_EACH = 16  # parts a place: a draw in so many falls on an edge and is searched for
ROUNDING = 1e-12


@dataclass(frozen=True)
class Guide:
    """Cumulated weights, and the place of each of many equal parts of them: a search that needs no searching.

    Reference: Chen and Asau, On generating random variates from an empirical distribution, AIIE
    Transactions 6, 1974, doi:10.1080/05695557408974949.
    """

    edges: np.ndarray
    first: np.ndarray
    split: np.ndarray
    """Which parts an edge goes through."""

    @classmethod
    def over(cls, edges: np.ndarray, most: int = MOST_PARTS) -> "Guide":
        """From edges that rise, the last above 0; `most` parts are worth their while where one guide serves often."""
        parts = min(PARTS_EACH * len(edges), most)
        ends = np.arange(parts + 2) * (edges[-1] / parts)  # the last part is for what is rounded up to the end
        first = np.searchsorted(edges, ends[:-1] * (1 - ROUNDING), side="right")
        last = np.searchsorted(edges, ends[1:] * (1 + ROUNDING), side="right")
        return cls(edges, first, first != last)

    def places(self, x: np.ndarray) -> np.ndarray:
        """How many edges are not above each x of 0 <= x <= edges[-1], and never all of them."""
        edges, parts = self.edges, len(self.first) - 1
        part = (x * (parts / edges[-1])).astype(np.int64)
        place = self.first.take(part)
        searched = np.flatnonzero(self.split.take(part))
        place[searched] = np.minimum(np.searchsorted(edges, x[searched], side="right"), len(edges) - 1)
        return place
