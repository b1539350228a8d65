"""Draws from weights without searching for each."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Guide"]

MOST_PARTS = 2**16


@dataclass(frozen=True)
class Guide:
    """Cumulated weights, and at which place each of many equal parts of them begins: a search that needs no searching.

    Reference: Chen and Asau, On generating random variates from an empirical distribution, AIIE
    Transactions 6, 1974, doi:10.1080/05695557408974949.
    """

    edges: np.ndarray
    first: np.ndarray

    @classmethod
    def over(cls, edges: np.ndarray, most: int = MOST_PARTS) -> "Guide":
        """From edges that rise, the last above 0; `most` parts are worth their while where one guide serves often."""
        parts = min(4 * len(edges), most)
        return cls(edges, np.searchsorted(edges, np.arange(parts) * (edges[-1] / parts), side="right"))

    def places(self, x: np.ndarray) -> np.ndarray:
        """How many edges are not above each x of 0 <= x <= edges[-1], and never all of them."""
        edges, parts = self.edges, len(self.first)
        place = self.first[np.minimum((x * (parts / edges[-1])).astype(np.int64), parts - 1)]
        begins = np.where(place > 0, edges[place - 1], 0)
        missed = np.flatnonzero((edges[place] <= x) | (begins > x))  # the latter where a part is rounded up
        place[missed] = np.minimum(np.searchsorted(edges, x[missed], side="right"), len(edges) - 1)
        return place
