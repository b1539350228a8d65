"""The k nearest rows, exactly: Euclidean over numbers, a penalty for every category that differs.

Rows are put into leaves of near rows, as in a k-d tree of one level. A leaf whose box lies beyond the
nearest found so far is skipped; one that is not is compared as a whole, a column at a time, at the
speed of the processor's vectors. So it is a tree in few dimensions and brute force in many.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

__all__ = ["Space", "nearest"]

LEAF = 64  # rows compared as a whole: their distances stay in the first cache
SEEN = 1000  # rows from which the order of columns is told
WIDEST = 8  # columns by which rows are put into leaves
GROUP = 64  # queries that read a leaf while it is in the cache


@dataclass(frozen=True)
class Space:
    """Rows and what makes them near.

    `numbers[row, column]` are coordinates, `codes[row, column]` categories; two rows that differ in a
    category are `penalty` apart in it. The distance is the root of the sum of squares.
    """

    numbers: np.ndarray
    codes: np.ndarray
    penalty: float

    @classmethod
    def of_numbers(cls, numbers: np.ndarray) -> "Space":
        """Rows of coordinates only."""
        return cls(numbers, np.zeros((len(numbers), 0), np.int32), 0.0)

    def rows(self, which: np.ndarray) -> "Space":
        """The same space with fewer rows."""
        return Space(self.numbers[which], self.codes[which], self.penalty)


def nearest(space: Space, queries: np.ndarray, k: int, threads: int = 1) -> np.ndarray:
    """near[query, place]: the k rows nearest to each of the rows `queries`, itself left out, the nearest first.

    Among rows equally far any may be named, always the same ones. There must be more than k rows.
    """
    from synthesist.neighbours.scanning import scan, split

    scale = _power_of_two(space.numbers)
    some = space.numbers[:: len(space.numbers) // SEEN + 1] * scale
    x = space.numbers[:, np.argsort(-some.var(axis=0), kind="stable")] * scale  # what is far shows in few columns
    order = np.arange(len(x))
    split(np.ascontiguousarray(x[:, :WIDEST]), order, LEAF)
    leaves = np.append(order, np.repeat(order[-1:], -len(order) % LEAF)).reshape(-1, LEAF)  # the last one filled up
    inside, named = (np.ascontiguousarray(cells[leaves].transpose(0, 2, 1)) for cells in (x, space.codes))
    low, high = (np.ascontiguousarray(edge(axis=2).T) for edge in (inside.min, inside.max))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    sought = np.argsort(place[queries], kind="stable")  # queries of one leaf follow each other
    near = np.empty((len(queries), k), np.int64)

    def part(group: np.ndarray) -> None:
        rows, found = queries[group], np.empty((len(group), k), np.int64)
        penalty = (space.penalty * scale) ** 2
        scan(inside, named, len(x), penalty, low, high, x[rows], space.codes[rows], place[rows], found)
        near[group] = order[found]

    groups = [sought[i : i + GROUP] for i in range(0, len(sought), GROUP)]
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        list(pool.map(part, groups))
    return near


def _power_of_two(x: np.ndarray) -> float:
    """A factor that changes no digit and keeps squares of the largest numbers from overflowing."""
    largest = float(np.abs(x).max(initial=0.0))
    return 2.0 ** -np.clip(np.frexp(largest)[1], -1000, 1000) if largest else 1.0
