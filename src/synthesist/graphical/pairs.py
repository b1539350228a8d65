"""The distributions of all pairs of columns, carried along a junction tree of tables that agree.

What is carried from clique to clique is small: p[code of the first column, cells of a separator]. From there, tables
given the separator, made once for every way through a clique, say what is behind it.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np

from synthesist.graphical.beliefs import summed
from synthesist.graphical.junction import JunctionTree

__all__ = ["pair_marginals"]

Columns = tuple[int, ...]
FIRST = -1  # stands for the codes of the column that all others are told from


def pair_marginals(tree: JunctionTree, tables: Sequence[np.ndarray]) -> dict[tuple[int, int], np.ndarray]:
    """p[code, code] of every two columns, the smaller one first."""
    ties: list[list[int]] = [[] for _ in tree.cliques]
    for at in range(1, len(tree.cliques)):
        ties[at].append(tree.parent[at])
        ties[tree.parent[at]].append(at)

    def shared(one: int, other: int) -> Columns:
        return tree.separators[max(one, other)]

    @cache
    def given(came: int, at: int, wanted: Columns) -> np.ndarray:
        """p(wanted | separator towards `came`) in clique `at`, over the union of both."""
        before = shared(came, at)
        joint = summed(tables[at], tree.cliques[at], _union(before, wanted))
        whole = np.expand_dims(
            summed(tables[at], tree.cliques[at], before),
            tuple(axis for axis, column in enumerate(_union(before, wanted)) if column not in before),
        )
        return np.divide(joint, whole, out=np.zeros_like(joint), where=whole > 0)

    def carried(message: np.ndarray, came: int, at: int, wanted: Columns) -> np.ndarray:
        """p[code of the first column, wanted] from p[code of the first column, separator]."""
        before = shared(came, at)
        return _product(message, (FIRST, *before), given(came, at, wanted), _union(before, wanted), (FIRST, *wanted))

    out: dict[tuple[int, int], np.ndarray] = {}
    for column in range(len(tree.sizes)):
        home = tree.home([column])
        clique, joint = tree.cliques[home], _diagonal(tables[home], tree.cliques[home].index(column))
        found = {other: summed(joint, (FIRST, *clique), (FIRST, other)) for other in clique if other != column}
        todo = [(home, near, summed(joint, (FIRST, *clique), (FIRST, *shared(home, near)))) for near in ties[home]]
        while todo:
            came, at, message = todo.pop()
            for other in tree.cliques[at]:
                if other > column and other not in found:
                    found[other] = carried(message, came, at, (other,))
            todo += [(at, near, carried(message, came, at, shared(at, near))) for near in ties[at] if near != came]
        out |= {(column, other): table for other, table in found.items() if other > column}
    return out


def _union(one: Columns, other: Columns) -> Columns:
    return tuple(sorted({*one, *other}))


def _product(one: np.ndarray, of: Columns, other: np.ndarray, over: Columns, wanted: Columns) -> np.ndarray:
    """The product of two tables, summed over all columns but the wanted ones, in their order."""
    label = {column: number for number, column in enumerate({*of, *over})}
    return np.einsum(one, [label[c] for c in of], other, [label[c] for c in over], [label[c] for c in wanted])


def _diagonal(table: np.ndarray, axis: int) -> np.ndarray:
    """out[code, cells]: the table where the code on this axis is the leading one, else 0."""
    size = table.shape[axis]
    form = [size] + [size if i == axis else 1 for i in range(table.ndim)]
    return table * np.eye(size).reshape(form)
