"""Which lines new rows lie on: from which row, how often, and towards which neighbours."""

from dataclasses import dataclass

import numpy as np

from synthesist.neighbours.search import Space, nearest

__all__ = ["Lines"]


@dataclass(frozen=True)
class Lines:
    """From rows `start[i]`, in proportion to `weight[i]`, towards rows `near[i, place]`.

    `foreign[i, place]` are of another class. There is no line where no row is fit to start from.
    """

    start: np.ndarray
    near: np.ndarray
    weight: np.ndarray
    foreign: np.ndarray

    @classmethod
    def of(cls, start: np.ndarray, near: np.ndarray, weight: np.ndarray | None = None) -> "Lines":
        """Lines inside one class."""
        return cls(start, near, np.ones(len(start)) if weight is None else weight, np.zeros(near.shape, bool))

    @classmethod
    def inside(cls, space: Space, rows: np.ndarray, k: int, threads: int = 1) -> "Lines":
        """SMOTE: from each of `rows`, in order, to its k nearest among them."""
        return cls.of(rows, _among(space, rows, rows, k, threads))

    @classmethod
    def at_the_border(
        cls, space: Space, inside: np.ndarray, k: int, m: int, towards_all: bool, threads: int = 1
    ) -> "Lines":
        """Borderline-SMOTE: from rows in danger, to the k nearest of their class or of all.

        In danger is a row of the class, inside[row], if half or more of its m nearest are of other classes,
        but not all.
        """
        rows = np.flatnonzero(inside)
        others = (~inside[nearest(space, rows, m, threads)]).sum(axis=1)
        start = rows[(2 * others >= m) & (others < m)]
        if not towards_all:
            return cls.of(start, _among(space, rows, start, k, threads))
        near = nearest(space, start, k, threads)
        return cls(start, near, np.ones(len(start)), ~inside[near])

    @classmethod
    def where_it_is_hard(cls, space: Space, inside: np.ndarray, k: int, threads: int = 1) -> "Lines":
        """ADASYN: from rows of the class, by the share of others among their k nearest, to the k of the class."""
        rows = np.flatnonzero(inside)
        weight = (~inside[nearest(space, rows, k, threads)]).mean(axis=1)
        start, weight = rows[weight > 0], weight[weight > 0]
        return cls.of(start, _among(space, rows, start, k, threads), weight)


def _among(space: Space, rows: np.ndarray, queries: np.ndarray, k: int, threads: int) -> np.ndarray:
    """The nearest among `rows` only, which are in order and hold all of `queries`."""
    return rows[nearest(space.rows(rows), np.searchsorted(rows, queries), k, threads)]
