"""Which columns stand together: a junction tree of cliques that covers given sets of columns.

Columns are eliminated one by one, each time the one that ties the fewest new pairs together (min-fill), the
smaller table first where that is equal. What stands together at an elimination is a clique.

Reference: Koller and Friedman, Probabilistic Graphical Models, 2009, chapters 9 and 10.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import prod

__all__ = ["JunctionTree", "cells_with"]


@dataclass(frozen=True)
class JunctionTree:
    """Cliques of columns, ascending; each after the one at its `parent`, with which it shares its separator.

    `sizes[column]` is how many codes a column has. The first clique has parent -1; cliques that share nothing have an
    empty separator, so that the whole is one tree.
    """

    sizes: tuple[int, ...]
    cliques: tuple[tuple[int, ...], ...]
    parent: tuple[int, ...]

    @classmethod
    def covering(cls, sizes: Sequence[int], sets: Iterable[Sequence[int]]) -> "JunctionTree":
        """The tree in which every one of the `sets` of columns, and every column, lies in a clique."""
        cliques = _maximal(_eliminated(sizes, _neighbours(len(sizes), sets))) or [frozenset()]
        joined, parent = [0], [-1]
        left = set(range(1, len(cliques)))
        while left:  # a spanning tree of the largest separators is a junction tree
            _, at, new = max((len(cliques[j] & cliques[i]), -place, -i) for place, j in enumerate(joined) for i in left)
            parent.append(-at)
            joined.append(-new)
            left.remove(-new)
        return cls(tuple(int(n) for n in sizes), tuple(tuple(sorted(cliques[j])) for j in joined), tuple(parent))

    @cached_property
    def cells(self) -> int:
        """How many cells the tables of all cliques have."""
        return sum(prod(self.shape(clique)) for clique in self.cliques)

    def shape(self, columns: Iterable[int]) -> tuple[int, ...]:
        """The form of a table over these columns."""
        return tuple(self.sizes[column] for column in columns)

    @cached_property
    def separators(self) -> tuple[tuple[int, ...], ...]:
        """What each clique shares with its parent."""
        return tuple(
            tuple(c for c in clique if at >= 0 and c in self.cliques[at])
            for clique, at in zip(self.cliques, self.parent, strict=True)
        )

    def home(self, columns: Sequence[int]) -> int:
        """The place of the smallest clique that holds these columns, -1 for none."""
        wanted = set(columns)
        places = [place for place, clique in enumerate(self.cliques) if wanted <= set(clique)]
        return min(places, key=lambda place: prod(self.shape(self.cliques[place])), default=-1)

    def cells_tied(self, one: int, other: int) -> int:
        """Cells that are enough for a clique to hold two columns: where all cliques between them hold one."""
        way = self._way(self.home([one]), self.home([other]))
        ties = [self.separators[max(step)] for step in pairwise(way)]
        if not all(ties):
            return self.cells + self.sizes[one] * self.sizes[other]
        more = (
            sum(prod(self.shape(self.cliques[at])) * (self.sizes[c] - 1) for at in way if c not in self.cliques[at])
            for c in (one, other)
        )
        return self.cells + min(more)

    def _way(self, start: int, end: int) -> list[int]:
        """The cliques from one to another, both included."""
        up, down = [start], [end]
        while up[-1] != down[-1]:
            longer = up if up[-1] > down[-1] else down  # parents come before
            longer.append(self.parent[longer[-1]])
        return up + down[-2::-1]


def cells_with(sizes: Sequence[int], sets: Iterable[Sequence[int]], extra: Sequence[int]) -> int:
    """How many cells a junction tree has when a further set of columns must lie in a clique."""
    cliques = _maximal(_eliminated(sizes, _neighbours(len(sizes), [*sets, extra])))
    return sum(prod(sizes[column] for column in clique) for clique in cliques)


def _neighbours(columns: int, sets: Iterable[Sequence[int]]) -> list[set[int]]:
    """near[column]: the columns that one of the sets names beside it."""
    near: list[set[int]] = [set() for _ in range(columns)]
    for columns_together in sets:
        for column in columns_together:
            near[column] |= set(columns_together) - {column}
    return near


def _eliminated(sizes: Sequence[int], near: list[set[int]]) -> list[frozenset[int]]:
    """The sets that stand together when columns are eliminated."""
    near, left, out = [set(n) for n in near], set(range(len(sizes))), []
    cost = {column: _cost(column, near, sizes) for column in left}
    while left:
        column = min(left, key=lambda c: (cost[c], c))
        together = near[column]
        out.append(frozenset(together | {column}))
        left.remove(column)
        for other in together:
            near[other] |= together - {other}
            near[other].discard(column)
        for other in together.union(*(near[c] for c in together)) & left:
            cost[other] = _cost(other, near, sizes)
    return out


def _cost(column: int, near: list[set[int]], sizes: Sequence[int]) -> tuple[int, int]:
    """How many pairs of its neighbours are not tied yet, and the cells of the table it would make."""
    around = near[column]
    missing = sum(len(around - near[other]) - 1 for other in around) // 2
    return missing, sizes[column] * prod(sizes[other] for other in around)


def _maximal(sets: Sequence[frozenset[int]]) -> list[frozenset[int]]:
    """The sets that lie in no other one, in a fixed order."""
    out: list[frozenset[int]] = []
    for candidate in sorted(set(sets), key=lambda s: (-len(s), sorted(s))):
        if not any(candidate <= other for other in out):
            out.append(candidate)
    return out
