"""Noisy counts made into counts that could be: none below zero, and tables that agree on the columns they share.

What is measured with a column is brought to its best estimate. Then cells are shrunk towards what was expected of them
beforehand, as far as noise could explain the difference: from coarse to fine, because what noise hides in a cell can be
seen in a block of neighbours, and then is expected of each of them.

Reference: Qardaji, Yang and Li, SIGMOD 2014, doi:10.1145/2588555.2588575 (agreement).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from synthesist.dp.shrinking import UNEVEN, shrunk
from synthesist.graphical.beliefs import spread, summed

__all__ = ["Measurement", "cleaned", "shares_of", "total_of"]

Ints = npt.NDArray[np.int64]

EXACT = 1e-4  # standard deviation of the noise of exact counts
LEAST = 0.02  # rows a cell is expected to have at least
SCALE = 1.0  # how far cells are from expectation, as logarithms, before anything is learnt
BLOCKS = (8, 4, 2)  # neighbours that are looked at together first
FITTINGS = 12
KEPT = 0.1  # of a cell's rows is left at least when tables are made to agree


@dataclass(frozen=True)
class Measurement:
    """counts[code of the first column, ...] of some columns, ascending, and the `variance` of the noise in each.

    `expected` are probabilities that were thought right before they were counted; None: those of independent columns.
    `ordered` says of each column how many of its leading codes stand in an order.
    """

    columns: tuple[int, ...]
    counts: np.ndarray
    variance: np.ndarray
    expected: np.ndarray | None
    ordered: tuple[int, ...]

    @classmethod
    def of(
        cls,
        columns: Sequence[int],
        counts: np.ndarray,
        sigma: float | np.ndarray,
        expected: np.ndarray | None = None,
        ordered: Sequence[int] | None = None,
    ) -> "Measurement":
        """Counts with the standard deviation of their noise, one for all cells or one for each; of columns as given."""
        order = np.argsort(columns)
        counts = np.asarray(counts, np.float64)
        variance = np.broadcast_to(np.maximum(np.asarray(sigma, np.float64), EXACT) ** 2, counts.shape)
        return cls(
            tuple(sorted(columns)),
            counts.transpose(order),
            variance.transpose(order),
            None if expected is None else expected.transpose(order),
            tuple((ordered or [0] * len(columns))[axis] for axis in order),
        )


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
            rows = shrunk(weighted / precision, 1 / precision, rows, UNEVEN)[0]
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
    for width in BLOCKS:
        begins = [_blocks(size, ordered, width) for size, ordered in zip(counts.shape, m.ordered, strict=True)]
        if any(len(begin) < size for begin, size in zip(begins, counts.shape, strict=True)):
            seen, noise, before = (_gathered(table, begins) for table in (counts, m.variance, expected))
            change = shrunk(seen, noise, before, SCALE)[0] / before
            expected = _fitted(expected * _repeated(change, begins, counts.shape), m.columns, rows)
    likely, doubt = shrunk(counts, m.variance, expected, SCALE)
    agreed = np.maximum(_moved(likely, doubt, m.columns, rows), likely * KEPT)
    return replace(m, counts=_fitted(agreed, m.columns, rows), variance=doubt)


def _moved(counts: np.ndarray, doubt: np.ndarray, columns: Sequence[int], rows: Sequence[np.ndarray]) -> np.ndarray:
    """The table with these sums along each column, nearly: cells take of a difference what their variance allows."""
    for _ in range(FITTINGS):
        for column, wanted in zip(columns, rows, strict=True):
            gap = (wanted - summed(counts, columns, (column,))) / summed(doubt, columns, (column,))
            counts = counts + doubt * spread(gap, (column,), columns)
    return counts


def _blocks(size: int, ordered: int, width: int) -> Ints:
    """Where blocks of so many neighbours begin, of the leading codes that stand in an order; each other is alone."""
    return np.concatenate([np.arange(0, ordered, width), np.arange(ordered, size)])


def _gathered(table: np.ndarray, begins: Sequence[Ints]) -> np.ndarray:
    """Sums over the cells of each block."""
    for axis, begin in enumerate(begins):
        table = np.add.reduceat(table, begin, axis=axis)
    return table


def _repeated(blocks: np.ndarray, begins: Sequence[Ints], shape: Sequence[int]) -> np.ndarray:
    """What each block has, for each of its cells."""
    for axis, (begin, size) in enumerate(zip(begins, shape, strict=True)):
        blocks = np.repeat(blocks, np.diff(np.append(begin, size)), axis=axis)
    return blocks


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
