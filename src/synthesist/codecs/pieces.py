"""What is known of rows before they are drawn, compiled: cells that are given, parts of codes that are allowed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Given", "Limit", "Pieces"]


@dataclass(frozen=True)
class Pieces:
    """Spans [low, high) of the unit interval of each code, sorted by code.

    `weight[code]` is the share of the code that is allowed: multiply a code's probability by it and
    draw, then `place` puts a uniform number inside the allowed spans. No draw is ever rejected.
    """

    weight: np.ndarray
    low: np.ndarray
    edges: np.ndarray
    """Cumulated width before each span, and the total at the end."""
    first: np.ndarray
    """Cumulated width before the first span of each code."""

    @classmethod
    def of(cls, spans: Sequence[tuple[int, float, float]], size: int) -> "Pieces":
        """From (code, low, high) triples over `size` codes."""
        ordered = sorted(spans)
        codes = np.array([code for code, _, _ in ordered], dtype=np.int64)
        low = np.array([low for _, low, _ in ordered])
        width = np.array([high - low for _, low, high in ordered])
        weight = np.bincount(codes, weights=width, minlength=size) if ordered else np.zeros(size)
        edges = np.concatenate([[0.0], np.cumsum(width)])
        first = np.concatenate([[0.0], np.cumsum(weight)])[:-1]
        return cls(weight, low, edges, first)

    def place(self, codes: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Uniform numbers `u` moved into the allowed spans of their codes."""
        target = self.first[codes] + u * self.weight[codes]
        span = np.clip(np.searchsorted(self.edges, target, side="right") - 1, 0, len(self.low) - 1)
        return np.clip(self.low[span] + (target - self.edges[span]), 0.0, np.nextafter(1.0, 0.0))


@dataclass(frozen=True)
class Limit:
    """What one column may be in each row: row r may be drawn from `pieces[which[r]]`."""

    which: np.ndarray
    pieces: tuple[Pieces, ...]

    @property
    def weights(self) -> np.ndarray:
        """weights[piece, code]: the share of each code that each set lets through."""
        return np.stack([piece.weight for piece in self.pieces])

    def place(self, codes: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Uniform numbers moved into the allowed spans of their rows' codes."""
        out = u.copy()
        for p, piece in enumerate(self.pieces):
            rows = self.which == p
            out[rows] = piece.place(codes[rows], u[rows])
        return out

    def rows(self, index: np.ndarray) -> "Limit":
        """The same limit over other rows."""
        return Limit(self.which[index], self.pieces)


@dataclass(frozen=True)
class Given:
    """Evidence about n rows: `codes[row, column]` where known, -1 where open, and limits by column."""

    codes: np.ndarray
    limits: Mapping[int, Limit]
