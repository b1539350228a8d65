"""Rows drawn between a real row and one of its neighbours."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synthesist.core import Context
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.neighbours.lines import Lines
from synthesist.neighbours.records import Cells, Records

__all__ = ["Between", "mixed", "steps"]


@dataclass(frozen=True)
class Between:
    """A sampler that goes from a row, `start[i]` of the records, towards one of its neighbours `near[i, place]`.

    Row i is taken with the weight upto[i] - upto[i-1]. Towards a neighbour that is `foreign`, of another
    class, it goes less than half the way.
    """

    records: Records
    start: np.ndarray
    upto: np.ndarray
    near: np.ndarray
    foreign: np.ndarray
    block: ClassVar[int] = 16_384

    @classmethod
    def of(cls, records: Records, lines: Lines) -> "Between":
        """Along these lines; records that none leads to are not kept."""
        kept, place = np.unique(np.concatenate([lines.start, lines.near.ravel()]), return_inverse=True)
        start, near = place[: len(lines.start)], place[len(lines.start) :].reshape(lines.near.shape)
        return cls(records.rows(kept), start, np.cumsum(lines.weight), near, lines.foreign)

    def __post_init__(self) -> None:
        n, k = self.near.shape if self.near.ndim == 2 else (0, 0)
        if n < 1 or k < 1 or self.start.shape != (n,) or self.upto.shape != (n,) or self.foreign.shape != (n, k):
            raise ValueError("the parts of a neighbour sampler do not fit together")
        if self.start.dtype != np.int64 or self.near.dtype != np.int64 or self.foreign.dtype != np.bool_:
            raise ValueError("neighbours are numbered by whole numbers")
        if min(self.start.min(), self.near.min()) < 0 or max(self.start.max(), self.near.max()) >= len(self.records):
            raise ValueError("a neighbour that is not among the records")
        if self.upto.dtype != np.float64 or (self.upto[1:] < self.upto[:-1]).any() or not 0 < self.upto[-1] < np.inf:
            raise ValueError("weights of rows that are no weights")

    @property
    def schema(self) -> Schema:
        """What is produced."""
        return self.records.schema

    def sample(self, n: int, ctx: Context) -> Dataset:
        """Draw n rows."""
        rng = ctx.rng("between")
        which = np.searchsorted(self.upto, rng.random(n) * self.upto[-1], side="right")
        which = np.minimum(which, len(self.upto) - 1)
        place, step = steps(self.foreign[which], rng)
        cells = mixed(self.records.cells, self.start[which], self.near[which], place, step, rng)
        return self.records.dataset(cells, ctx.start)


def steps(foreign: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """For every new row to which of its neighbours it goes, and what share of the way; foreign[row, place]."""
    n, k = foreign.shape
    place, step = np.asarray(rng.integers(k, size=n)), np.asarray(rng.random(n))
    away = foreign[np.arange(n), place]
    step[away] *= 0.5 * rng.random(int(away.sum()))
    return place, step


def mixed(
    cells: Cells, start: np.ndarray, near: np.ndarray, place: np.ndarray, step: np.ndarray, rng: np.random.Generator
) -> Cells:
    """Rows the share step[i] of the way from start[i] to near[i, place[i]].

    A number is interpolated. Where either end has a hole the cell is that of the nearer end, which keeps
    the share of holes. A category is the commonest among all neighbours, a tie decided by lot.
    """
    from synthesist.neighbours.scanning import mix, vote

    end = near[np.arange(len(near)), place]
    numbers = np.empty((len(start), cells.numbers.shape[1]))
    mix(cells.numbers, start, end, step, numbers)
    holes = np.zeros(numbers.shape, dtype=bool)
    if cells.holes.any():
        nearer = np.where(step < 0.5, start, end)
        holes = cells.holes[nearer]
        numbers = np.where(cells.holes[start] | cells.holes[end], cells.numbers[nearer], numbers)
    codes = np.empty((len(start), cells.codes.shape[1]), dtype=np.int32)
    if codes.size:
        vote(cells.codes, near, rng.random(codes.shape), codes)
    return Cells(numbers, holes, codes)
