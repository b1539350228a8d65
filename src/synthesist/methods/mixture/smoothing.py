"""From counts to shares, smoothed.

Shares of codes lean to those of the column as a whole and, where codes stand in an order, to their
neighbours: not to the neighbours' shares, which a point mass would spoil, but to how many times their usual
share they have in this state.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from synthesist.codecs.table import TableCodec
from synthesist.methods.mixture.circuit import Circuit
from synthesist.methods.mixture.counting import Counts

__all__ = ["Smoothing"]

FEWEST_ORDERED = 8  # codes, for neighbours to mean anything


@dataclass(frozen=True)
class Smoothing:
    """What is added to the counts of a state, in rows: of the column as a whole, of neighbouring codes, of the
    shares that states have whatever the parent's. `reach` is how far neighbours lie, as a share of the rows.

    `shares[column][code, 0]`; the first ordered[column] codes stand in an order.
    """

    shares: tuple[np.ndarray, ...]
    ordered: tuple[int, ...]
    column: float = 0.3
    neighbours: float = 30.0
    states: float = 1.0
    reach: float = 0.03

    @classmethod
    def of(cls, codec: TableCodec) -> "Smoothing":
        """For the columns of a table."""
        columns = codec.modelled.values()
        shares = tuple((column.mass / column.mass.sum()).astype(np.float32)[:, None] for column in columns)
        return cls(shares, tuple(column.ordered for column in columns))

    def times(self, name: str, factor: float) -> "Smoothing":
        """One of the numbers multiplied."""
        return replace(self, **{name: factor * getattr(self, name)})

    def shared(self, counts: Counts, circuit: Circuit) -> Circuit:
        """The circuit of the same tree with the shares that these counts say."""
        transitions, emissions = [], []
        for j, (T, B) in enumerate(zip(counts.transitions, counts.emissions, strict=True)):
            usual = T.sum(axis=0) / T.sum() + 1e-3 / T.shape[1]  # every state stays possible
            transitions.append(_even(T + np.float32(self.states) * usual, 1))
            emissions.append(_even(self._leaning(j, B + np.float32(self.column) * self.shares[j]), 0))
        return replace(circuit, transitions=tuple(transitions), emissions=tuple(emissions))

    def _leaning(self, j: int, B: np.ndarray) -> np.ndarray:
        """Counts of codes with those of their neighbours."""
        near = self._near[j]
        if near is None:
            return B
        k = len(near)
        expected = self.shares[j][:k] * (near @ B[:k])
        expected *= B[:k].sum(axis=0) / B.sum(axis=0) / expected.sum(axis=0)
        return np.concatenate([B[:k] + np.float32(self.neighbours) * expected, B[k:]])

    @cached_property
    def _near(self) -> list[np.ndarray | None]:
        """near[column][code, other]: how much one code says of another, by how many rows lie between."""
        return [
            _kernel(shares[:k, 0], self.reach) if k >= FEWEST_ORDERED else None
            for shares, k in zip(self.shares, self.ordered, strict=True)
        ]


def _kernel(shares: np.ndarray, reach: float) -> np.ndarray:
    """A Gaussian kernel of the rows between two codes, divided by the share of rows it takes in."""
    middles = (np.cumsum(shares) - shares / 2) / shares.sum()
    kernel = np.exp(-0.5 * ((middles[:, None] - middles) / reach) ** 2)
    return (kernel / (kernel @ shares)[:, None]).astype(np.float32)


def _even(counts: np.ndarray, axis: int) -> np.ndarray:
    return np.asarray(counts / counts.sum(axis=axis, keepdims=True), np.float32)
