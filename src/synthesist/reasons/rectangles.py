"""The part of a table of two columns that differs most: a run of one where the other lies in a run of its own."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.reasons.contrast import View, two_shares_g
from synthesist.reasons.pairs import PairGap
from synthesist.reasons.sides import K

__all__ = ["Box", "clearest"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Box:
    """`what` (a run of cells of one column) `when` the other lies in a run: its shares there, and the rows there."""

    when: tuple[int, int]
    what: tuple[int, int]
    given_first: bool
    real: float
    synthetic: float
    real_rows: float
    synthetic_rows: float


def clearest(gap: PairGap) -> Box:
    """The rectangle of cells that differs most, told from the side where the share within the run moves most."""
    rows, columns = _runs(gap.a), _runs(gap.b)
    real, made = _boxes(gap.real, rows, columns), _boxes(gap.synthetic, rows, columns)
    gain = two_shares_g(real, made, gap.shares)
    gain[(real * gap.shares.real_rows > 0) & (real * gap.shares.real_rows < K) & (made <= real)] = 0.0
    i, j = np.unravel_index(int(np.argmax(gain)), gain.shape)
    run, other = (int(rows[0][i]), int(rows[1][i])), (int(columns[0][j]), int(columns[1][j]))
    share = (
        float(gap.real.sum(axis=1)[run[0] : run[1] + 1].sum()),
        float(gap.real.sum(axis=0)[other[0] : other[1] + 1].sum()),
    )
    first = share[0] <= share[1]  # the smaller part of the table is the "when"
    within = max(share[0] if first else share[1], 1e-12)
    counts = gap.shares.real_rows * within, gap.shares.synthetic_rows * within
    p, q = min(float(real[i, j]) / within, 1.0), min(float(made[i, j]) / within, 1.0)
    return Box(run, other, True, p, q, *counts) if first else Box(other, run, False, p, q, *counts)


def _runs(view: View) -> tuple[Array, Array]:
    """First and last cell of runs of neighbours, or of single cells; never of the whole."""
    if not view.ordered:
        return np.arange(view.size), np.arange(view.size)
    first, last = np.triu_indices(view.size)
    proper = last - first < view.size - 1
    return (first[proper], last[proper]) if view.size > 1 else (first, last)


def _boxes(table: Array, rows: tuple[Array, Array], columns: tuple[Array, Array]) -> Array:
    upto = np.zeros((table.shape[0] + 1, table.shape[1] + 1))
    upto[1:, 1:] = table.cumsum(axis=0).cumsum(axis=1)
    (a, b), (c, d) = rows, columns
    inside = upto[np.ix_(b + 1, d + 1)] - upto[np.ix_(a, d + 1)] - upto[np.ix_(b + 1, c)] + upto[np.ix_(a, c)]
    return np.maximum(inside, 0.0)
