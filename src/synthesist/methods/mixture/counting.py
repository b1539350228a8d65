"""Expected counts: how many rows are in each state and have each code there, given all cells of a row."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from synthesist.methods.mixture.circuit import Circuit

__all__ = ["Counts"]

ROWS = 2_048  # looked at together: what stays in the processor's cache


@dataclass(frozen=True)
class Counts:
    """Rows in transitions[column][parent's state, state] and emissions[column][code, state], all of `rows`."""

    rows: float
    transitions: list[np.ndarray]
    emissions: list[np.ndarray]

    @classmethod
    def expected(cls, circuit: Circuit, codes: np.ndarray) -> "Counts":
        """By the posterior of the hidden states given codes[row, column], -1 where a cell is unknown."""
        total = cls._expected(circuit, codes[:ROWS])
        for first in range(ROWS, len(codes), ROWS):
            total = total.plus(cls._expected(circuit, codes[first : first + ROWS]))
        return total

    @classmethod
    def together(cls, circuit: Circuit, codes: np.ndarray, posterior: np.ndarray) -> "Counts":
        """Where all hidden variables of a row are likely in the same states, by posterior[row, state]."""
        n, K = posterior.shape
        alone = posterior.sum(axis=0, keepdims=True)
        pairs = posterior.T @ posterior + np.diag(np.full(K, n / K, np.float32))
        transitions = [alone if parent < 0 else pairs for parent in circuit.parents]
        return cls(
            n, transitions, [_by_code(x, len(B), posterior) for x, B in zip(codes.T, circuit.emissions, strict=True)]
        )

    def plus(self, other: "Counts") -> "Counts":
        """Both."""
        return self._with(other, lambda mine, theirs: mine + theirs)

    def moved(self, other: "Counts", step: float) -> "Counts":
        """A step of the way to other counts, as if those were of as many rows."""
        keep, take = np.float32(1 - step), np.float32(step * self.rows / other.rows)
        moved = self._with(other, lambda mine, theirs: keep * mine + take * theirs)
        return Counts(self.rows, moved.transitions, moved.emissions)

    def of_rows(self, rows: float) -> "Counts":
        """In proportion, as if of another number of rows."""
        factor = np.float32(rows / self.rows)
        return Counts(rows, [factor * T for T in self.transitions], [factor * B for B in self.emissions])

    def _with(self, other: "Counts", join: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> "Counts":
        pairs = zip(self.transitions, other.transitions, strict=True), zip(self.emissions, other.emissions, strict=True)
        return Counts(self.rows + other.rows, *([join(a, b) for a, b in pair] for pair in pairs))

    @classmethod
    def _expected(cls, circuit: Circuit, codes: np.ndarray) -> "Counts":
        n, d = codes.shape
        messages = circuit.gather(n, circuit.evidence(codes))
        transitions, emissions, posterior = [np.zeros(0)] * d, [np.zeros(0)] * d, [np.zeros(0)] * d
        for j in circuit.order.tolist():
            T, parent = circuit.transitions[j], int(circuit.parents[j])
            within, above = messages.within[j], messages.above[j]
            assert within is not None and above is not None  # codes say something of every column
            before = posterior[parent] if parent >= 0 else np.ones((n, 1), np.float32)
            weight = before / above
            transitions[j] = T * (weight.T @ within)
            posterior[j] = (weight @ T) * within
            emissions[j] = _by_code(codes[:, j], len(circuit.emissions[j]), posterior[j])
        return cls(n, transitions, emissions)


def _by_code(codes: np.ndarray, size: int, posterior: np.ndarray) -> np.ndarray:
    """counts[code, state]: the posterior summed over the rows of each code; unknown cells count nowhere."""
    one_hot = (codes[:, None] == np.arange(size)).astype(np.float32)  # a product of matrices beats sparse sums
    return one_hot.T @ posterior
