"""A junction tree of tables as a network: every column given earlier ones, ready to be drawn from and saved."""

from collections.abc import Sequence

import numpy as np

from synthesist.graphical.beliefs import Beliefs, summed
from synthesist.graphical.grouping import Grouping
from synthesist.graphical.network import Network

__all__ = ["directed"]


def directed(beliefs: Beliefs, groupings: Sequence[Grouping]) -> Network:
    """The network that has the distribution of `beliefs` over groups, and their shares inside groups."""
    columns, parents, homes, tables = [], [], [], []
    last: dict[int, int] = {}  # the place of the last family of each clique
    for at, clique in enumerate(beliefs.tree.cliques):
        above = list(beliefs.tree.separators[at])
        home = last.get(beliefs.tree.parent[at], -1)
        for column in (c for c in clique if c not in beliefs.tree.separators[at]):
            table = summed(beliefs.tables[at], clique, sorted([*above, column]))
            columns.append(column)
            parents.append(sorted(above))
            homes.append(home if above else -1)
            tables.append(_given(table, sorted([*above, column]), column, groupings[column]))
            home = len(columns) - 1
            above.append(column)
        last[at] = home
    widest = max((len(p) for p in parents), default=0)
    group = np.zeros((len(columns), max((len(g.group) for g in groupings), default=1)), np.uint8)
    for column, grouping in enumerate(groupings):
        group[column, : len(grouping.group)] = grouping.group
    return Network(
        np.array(columns, np.int64),
        np.array([[*p, *[-1] * (widest - len(p))] for p in parents], np.int64).reshape(len(columns), widest),
        np.array(homes, np.int64),
        group,
        tuple(tables),
    )


def _given(table: np.ndarray, axes: Sequence[int], column: int, grouping: Grouping) -> np.ndarray:
    """shares[config of the parents, code of the column]; parents are ascending, the first the slowest."""
    joint = np.moveaxis(table, list(axes).index(column), -1).reshape(-1, grouping.size)
    whole, alone = joint.sum(axis=1, keepdims=True), joint.sum(axis=0)
    given = np.where(whole > 0, joint / np.where(whole > 0, whole, 1.0), alone / alone.sum())
    return (given[:, grouping.group] * grouping.share).astype(np.float32)
