"""Noisy counts made into counts that could be: none below zero, and tables that agree on the columns they share.

What is measured with a column is brought to its best estimate. Then each cell is shrunk towards what was expected of
it beforehand, as far as noise could explain the difference: the mode of a normal likelihood and a log-normal prior,
whose spread is learnt from how far all cells of the table are from expectation beyond noise.

References: Qardaji, Yang and Li, SIGMOD 2014, doi:10.1145/2588555.2588575 (agreement); Efron and Morris, JASA 70, 1975,
doi:10.1080/01621459.1975.10479864 (shrinkage whose amount is learnt).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from synthesist.graphical.beliefs import spread, summed

__all__ = ["Measurement", "cleaned", "shares_of", "total_of"]

EXACT = 1e-4  # standard deviation of the noise of exact counts
LEAST = 0.02  # rows a cell is expected to have at least
LADDER = np.linspace(-10.0, 10.0, 81)  # factors, in logarithms, by which a cell may differ from expectation
WIDE = 16.0  # prior variance of these for the codes of a single column: hardly any shrinkage
SPREADS = (0.01, 1.0)  # prior variances for sets of columns
CLEAR = 0.1  # relative noise variance above which a cell says little of the spread
FITTINGS = 12
KEPT = 0.1  # of a cell's rows is left at least when tables are made to agree


@dataclass(frozen=True)
class Measurement:
    """counts[code of the first column, ...] of some columns, ascending, and the `variance` of the noise in each.

    `expected` are probabilities that were thought right before they were counted; None: those of independent columns.
    """

    columns: tuple[int, ...]
    counts: np.ndarray
    variance: np.ndarray
    expected: np.ndarray | None = None

    @classmethod
    def of(
        cls, columns: Sequence[int], counts: np.ndarray, sigma: float | np.ndarray, expected: np.ndarray | None = None
    ) -> "Measurement":
        """Counts with the standard deviation of their noise, one for all cells or one for each."""
        order = np.argsort(columns)
        counts = np.asarray(counts, np.float64)
        variance = np.broadcast_to(np.maximum(np.asarray(sigma, np.float64), EXACT) ** 2, counts.shape)
        thought = None if expected is None else expected.transpose(order)
        return cls(tuple(sorted(columns)), counts.transpose(order), variance.transpose(order), thought)


def total_of(measurements: Iterable[Measurement]) -> float:
    """How many rows there are, from the sums of all counts, each as much as its noise allows; at least one."""
    sums = [(float(m.counts.sum()), 1 / float(m.variance.sum())) for m in measurements]
    precision = sum(weight for _, weight in sums)
    return max(sum(whole * weight for whole, weight in sums) / precision, 1.0) if sums else 1.0


def shares_of(sizes: Sequence[int], measurements: Sequence[Measurement]) -> list[np.ndarray]:
    """shares[column][code], all above zero, from all that was measured with the column."""
    total, out = total_of(measurements), []
    for column, size in enumerate(sizes):
        weighted, precision = np.zeros(size), np.zeros(size)
        for m in measurements:
            if column in m.columns:
                weight = 1 / summed(m.variance, m.columns, (column,))
                weighted += weight * summed(m.counts, m.columns, (column,))
                precision += weight
        rows = np.full(size, total / size)
        if precision.all():
            rows = _shrunk(weighted / precision, 1 / precision, rows, WIDE)
        out.append(rows / rows.sum())
    return out


def cleaned(measurements: Sequence[Measurement], shares: Sequence[np.ndarray], total: float) -> list[Measurement]:
    """One measurement for each set of columns, its counts positive, with the given shares of single columns.

    Its variance is the doubt that is left. Sets that share two columns or more may disagree on them within it.
    """
    return [_clean(m, [total * shares[column] for column in m.columns], total) for m in _merged(measurements)]


def _merged(measurements: Iterable[Measurement]) -> Iterable[Measurement]:
    """One measurement for each set of columns: the mean of all, each as much as its noise allows."""
    groups: dict[tuple[int, ...], list[Measurement]] = {}
    for m in measurements:
        groups.setdefault(m.columns, []).append(m)
    for same in groups.values():
        precision = np.sum([1 / m.variance for m in same], axis=0)
        counts = np.sum([m.counts / m.variance for m in same], axis=0) / precision
        yield replace(same[0], counts=counts, variance=1 / precision)


def _clean(m: Measurement, rows: Sequence[np.ndarray], total: float) -> Measurement:
    """The measurement with counts that are positive and sum to `rows` along each column."""
    if len(rows) == 1:
        return replace(m, counts=rows[0])
    thought = _outer([r / total for r in rows]) if m.expected is None else m.expected
    expected = _fitted(np.maximum(total * thought, LEAST), m.columns, rows)
    counts = _moved(m.counts, m.variance, m.columns, rows)
    prior = _spread(counts, m.variance, expected)
    likely = _shrunk(counts, m.variance, expected, prior)
    doubt = 1 / (1 / m.variance + 1 / (prior * likely**2))
    agreed = np.maximum(_moved(likely, doubt, m.columns, rows), likely * KEPT)
    return replace(m, counts=_fitted(agreed, m.columns, rows), variance=doubt)


def _moved(counts: np.ndarray, doubt: np.ndarray, columns: Sequence[int], rows: Sequence[np.ndarray]) -> np.ndarray:
    """The table with these sums along each column, nearly: cells take of a difference what their variance allows."""
    for _ in range(FITTINGS):
        for column, wanted in zip(columns, rows, strict=True):
            gap = (wanted - summed(counts, columns, (column,))) / summed(doubt, columns, (column,))
            counts = counts + doubt * spread(gap, (column,), columns)
    return counts


def _spread(counts: np.ndarray, variance: np.ndarray, expected: np.ndarray) -> float:
    """The variance of the logarithm of how far cells are from expectation, from those that noise leaves clear."""
    weight = (variance / expected**2 + CLEAR) ** -2
    beyond = ((counts - expected) ** 2 - variance) / expected**2
    return float(np.clip((weight * beyond).sum() / weight.sum(), *SPREADS))


def _shrunk(counts: np.ndarray, variance: np.ndarray, expected: np.ndarray, prior: float) -> np.ndarray:
    """The likeliest rows of each cell: expected rows times e to a normal number, counted with normal noise."""
    cost, mode = np.full(counts.shape, np.inf), np.zeros(counts.shape)
    for potential in LADDER:
        new = (counts - expected * np.exp(potential)) ** 2 / variance + potential**2 / prior
        mode, cost = np.where(new < cost, potential, mode), np.minimum(new, cost)
    for _ in range(3):  # from the ladder's step to the mode itself, by Gauss and Newton
        rows = expected * np.exp(mode)
        slope = rows * (rows - counts) / variance + mode / prior
        mode = mode - np.clip(slope / (rows**2 / variance + 1 / prior), -0.25, 0.25)
    return np.asarray(expected * np.exp(mode))


def _fitted(table: np.ndarray, columns: Sequence[int], rows: Sequence[np.ndarray]) -> np.ndarray:
    """The table scaled to have these sums along each column: iterative proportional fitting."""
    for _ in range(FITTINGS):
        for column, wanted in zip(columns, rows, strict=True):
            table = table * spread(wanted / summed(table, columns, (column,)), (column,), columns)
    return table


def _outer(shares: Sequence[np.ndarray]) -> np.ndarray:
    """The table of independent columns."""
    out = np.ones(())
    for share in shares:
        out = np.multiply.outer(out, share)
    return out
