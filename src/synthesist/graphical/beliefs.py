"""What a log-linear model holds possible: tables of probabilities for all cliques of a junction tree, by messages.

Messages go from the leaves to the root and back, so that every table sums to the same whole (Lauritzen and
Spiegelhalter, Journal of the Royal Statistical Society B 50, 1988, doi:10.1111/j.2517-6161.1988.tb01721.x).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from synthesist.graphical.junction import JunctionTree

__all__ = ["Beliefs", "spread", "summed"]


@dataclass(frozen=True)
class Beliefs:
    """`tables[clique]` of probabilities that agree with each other, and the log of what they were divided by."""

    tree: JunctionTree
    tables: tuple[np.ndarray, ...]
    log_partition: float

    @classmethod
    def of(cls, tree: JunctionTree, potentials: Sequence[np.ndarray]) -> "Beliefs":
        """The distribution proportional to the exponential of the sum of the potentials, one for each clique."""
        log, tables, sent = list(potentials), list(potentials), list(potentials)
        for at in range(len(log) - 1, -1, -1):
            clique, separator, up = tree.cliques[at], tree.separators[at], tree.parent[at]
            top = highest(log[at], clique, separator)  # of each code of the separator: none is lost beside another
            tables[at] = np.exp(log[at] - spread(top, separator, clique))
            sent[at] = summed(tables[at], clique, separator)
            message = np.log(sent[at]) + top
            if up >= 0:
                log[up] = log[up] + spread(message, separator, tree.cliques[up])
            else:
                log_partition = float(message)
                tables[at] /= sent[at]
        for at in range(1, len(log)):
            agreed = summed(tables[tree.parent[at]], tree.cliques[tree.parent[at]], tree.separators[at])
            tables[at] *= spread(agreed / sent[at], tree.separators[at], tree.cliques[at])
        return cls(tree, tuple(tables), log_partition)

    def marginal(self, columns: Sequence[int]) -> np.ndarray:
        """p[code of the first column, code of the second, ...] of any columns."""
        at = self.tree.home(columns)
        ordered = tuple(sorted(columns))
        out = summed(self.tables[at], self.tree.cliques[at], ordered) if at >= 0 else self._apart(ordered)
        return out.transpose([ordered.index(column) for column in columns])

    def pairs(self) -> dict[tuple[int, int], np.ndarray]:
        """p[code, code] of every two columns, the smaller one first."""
        from synthesist.graphical.pairs import pair_marginals

        return pair_marginals(self.tree, self.tables)

    @cached_property
    def _separated(self) -> list[np.ndarray]:
        """The tables of cliques given their parents: p(clique | separator)."""
        out = []
        for table, clique, separator in zip(self.tables, self.tree.cliques, self.tree.separators, strict=True):
            whole = spread(summed(table, clique, separator), separator, clique)
            out.append(np.divide(table, whole, out=np.zeros_like(table), where=whole > 0))
        return out

    def _apart(self, columns: tuple[int, ...]) -> np.ndarray:
        """The table of columns that no clique holds: all others are summed out, leaves first."""
        wanted, tree = set(columns), self.tree
        factors: list[tuple[tuple[int, ...], np.ndarray]] = list(zip(tree.cliques, self._separated, strict=True))
        for at in range(len(tree.cliques) - 1, 0, -1):
            scope, table = factors[at]
            keep = tuple(c for c in scope if c in wanted or c in tree.separators[at])
            into, other = factors[tree.parent[at]]
            both = tuple(sorted({*into, *keep}))
            product = spread(other, into, both) * spread(summed(table, scope, keep), keep, both)
            factors[tree.parent[at]] = (both, product)
        return summed(factors[0][1], factors[0][0], columns)


def summed(table: np.ndarray, columns: Sequence[int], kept: Sequence[int]) -> np.ndarray:
    """The sums of table[codes of the columns] over all but some of them, whose order stays."""
    return np.asarray(table.sum(axis=tuple(axis for axis, column in enumerate(columns) if column not in kept)))


def highest(table: np.ndarray, columns: Sequence[int], kept: Sequence[int]) -> np.ndarray:
    """The largest of table[codes of the columns] over all but some of them, whose order stays."""
    return np.asarray(table.max(axis=tuple(axis for axis, column in enumerate(columns) if column not in kept)))


def spread(table: np.ndarray, columns: Sequence[int], over: Sequence[int]) -> np.ndarray:
    """A table whose cells repeat along the columns it lacks: to be added to, or multiplied with, a table over all."""
    sizes = dict(zip(columns, table.shape, strict=True))
    return table.reshape([sizes.get(column, 1) for column in over])
