"""Which codes of a column share one in tables with other columns: those that noise would drown alone."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Grouping"]


@dataclass(frozen=True)
class Grouping:
    """`group[code]`, numbered without gaps, and `share[code]` of the rows of its group.

    The first `ordered` groups stand in an order.
    """

    group: np.ndarray
    share: np.ndarray
    ordered: int

    @classmethod
    def of(cls, counts: np.ndarray, sigma: np.ndarray, ordered: int, most: int) -> "Grouping":
        """Groups of about even mass, of neighbours where codes have an order, else of what is rare.

        Args:
            counts: noisy rows of every code.
            sigma: the standard deviation of the noise of each.
            ordered: how many leading codes stand in an order.
            most: groups a column should have, about.
        """
        mass = np.maximum(counts, np.maximum(sigma, 1.0) / 64)
        group = np.arange(len(mass))
        least = mass.sum() / most
        if len(mass) > most:
            group[:ordered] = _runs(mass[:ordered], least)
            group[ordered:] = _rare_together(mass[ordered:], least) + (group[:ordered].max(initial=-1) + 1)
        whole = np.bincount(group, mass)[group]
        return cls(group, mass / whole, int(group[:ordered].max(initial=-1)) + 1)

    @property
    def size(self) -> int:
        """How many groups there are."""
        return int(self.group.max()) + 1

    def grouped(self, counts: np.ndarray) -> np.ndarray:
        """Sums over the codes of each group."""
        return np.bincount(self.group, counts, self.size)


def _runs(mass: np.ndarray, least: float) -> np.ndarray:
    """Runs of neighbours of about this mass; a code that has it stands alone."""
    group, number, inside = np.zeros(len(mass), np.int64), -1, np.inf
    for code, m in enumerate(mass):
        if inside + m / 2 > least or m >= least:
            number, inside = number + 1, 0.0
        group[code] = number
        inside += m
        if m >= least:
            inside = np.inf
    return group


def _rare_together(mass: np.ndarray, least: float) -> np.ndarray:
    """A group for each frequent code, and for the rest groups of this mass, the most frequent of them first."""
    order = np.argsort(-mass, kind="stable")
    group = np.zeros(len(mass), np.int64)
    group[order] = _runs(mass[order], least / 2)
    return group
