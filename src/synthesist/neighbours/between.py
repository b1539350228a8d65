"""Rows drawn between a real row and one of its neighbours."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synthesist.core import Context
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.neighbours.records import Records

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
    def of(
        cls,
        records: Records,
        start: np.ndarray,
        near: np.ndarray,
        *,
        weight: np.ndarray | None = None,
        foreign: np.ndarray | None = None,
    ) -> "Between":
        """From rows `start`, equally often or by `weight`; rows that nothing leads to are not kept."""
        kept, place = np.unique(np.concatenate([start, near.ravel()]), return_inverse=True)
        start, near = place[: len(start)], place[len(start) :].reshape(near.shape)
        upto = np.cumsum(np.ones(len(start)) if weight is None else weight)
        return cls(records.rows(kept), start, upto, near, np.zeros(near.shape, bool) if foreign is None else foreign)

    def __post_init__(self) -> None:
        n, k = self.near.shape if self.near.ndim == 2 else (0, 0)
        if n < 1 or k < 1 or self.start.shape != (n,) or self.upto.shape != (n,) or self.foreign.shape != (n, k):
            raise ValueError("the parts of a neighbour sampler do not fit together")
        if self.start.dtype != np.int64 or self.near.dtype != np.int64 or self.foreign.dtype != np.bool_:
            raise ValueError("neighbours are numbered by whole numbers")
        if min(self.start.min(), self.near.min()) < 0 or max(self.start.max(), self.near.max()) >= len(self.records):
            raise ValueError("a neighbour that is not among the records")
        if self.upto.dtype != np.float64 or (np.diff(self.upto) < 0).any() or not 0 < self.upto[-1] < np.inf:
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
        place, step = steps(self.near.shape[1], n, rng)
        towards = self.foreign[which, place]
        step[towards] *= 0.5 * rng.random(int(towards.sum()))
        numbers, holes, codes = mixed(self.records, self.start[which], self.near[which], place, step, rng)
        return self.records.dataset(numbers, holes, codes, ctx.start)


def steps(k: int, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """For n rows which of the k neighbours they go to, and what share of the way."""
    return rng.integers(k, size=n), rng.random(n)


def mixed(
    records: Records,
    start: np.ndarray,
    near: np.ndarray,
    place: np.ndarray,
    step: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers, holes and codes of rows the share step[i] of the way from start[i] to near[i, place[i]].

    A number is interpolated. Where either end has a hole the cell is that of the nearer end, which keeps
    the share of holes. A category is the commonest among all neighbours, a tie decided by lot.
    """
    from synthesist.neighbours.scanning import mix, vote

    end = near[np.arange(len(near)), place]
    numbers = np.empty((len(start), records.numbers.shape[1]))
    mix(records.numbers, start, end, step, numbers)
    holes = np.zeros(numbers.shape, dtype=bool)
    if records.holes.any():
        nearer = np.where(step < 0.5, start, end)
        holes = records.holes[nearer]
        either = records.holes[start] | records.holes[end]
        numbers = np.where(either, records.numbers[nearer], numbers)
    codes = np.empty((len(start), records.codes.shape[1]), dtype=np.int32)
    if codes.size:
        vote(records.codes, near, rng.random(codes.shape), codes)
    return numbers, holes, codes
