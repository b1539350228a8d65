"""Which columns stand side by side: the tree of greatest mutual information.

Reference: Chow and Liu, IEEE Transactions on Information Theory 14(3), 1968, doi:10.1109/TIT.1968.1054142.
"""

import numpy as np

from synthesist.codecs.table import TableCodec

__all__ = ["hidden_tree"]

GROUPS = 24  # of codes: information between fine codes is mostly chance
ROWS = 50_000  # tell information well enough


def hidden_tree(codes: np.ndarray, codec: TableCodec) -> tuple[np.ndarray, np.ndarray]:
    """The columns, parents first, and the parent of each, -1 for the root; codes[row, column] may be -1."""
    if not codes.shape[1]:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    coarse = [_coarse(codes[:ROWS, j], column.ordered) for j, column in enumerate(codec.modelled.values())]
    return _from_centre(_spanning(_information(coarse)))


def _coarse(codes: np.ndarray, ordered: int) -> np.ndarray:
    """The codes in few groups, of neighbours where they stand in an order; unknown ones are a group too."""
    codes = codes + 1
    rows = np.bincount(codes)
    if len(rows) <= GROUPS:
        return codes
    if ordered:
        group = ((np.cumsum(rows) - rows / 2) / rows.sum() * GROUPS).astype(np.int64)
    else:
        group = np.empty(len(rows), np.int64)
        group[np.argsort(-rows, kind="stable")] = np.minimum(np.arange(len(rows)), GROUPS - 1)
    return np.unique(group, return_inverse=True)[1][codes]


def _information(columns: list[np.ndarray]) -> np.ndarray:
    """Mutual information of each two columns, less what independent ones would show (Miller and Madow)."""
    d = len(columns)
    information = np.zeros((d, d))
    for i in range(d):
        for j in range(i):
            a, b = int(columns[i].max()) + 1, int(columns[j].max()) + 1
            joint = np.bincount(columns[i] * b + columns[j], minlength=a * b).reshape(a, b) / len(columns[i])
            alone, beside = joint.sum(axis=1, keepdims=True), joint.sum(axis=0, keepdims=True)
            apart, seen = alone * beside, joint > 0
            chance = ((alone > 0).sum() - 1) * ((beside > 0).sum() - 1) / (2 * len(columns[i]))
            information[i, j] = (joint[seen] * np.log(joint[seen] / apart[seen])).sum() - chance
            information[j, i] = information[i, j]
    return information


def _spanning(weight: np.ndarray) -> list[list[int]]:
    """The neighbours of each node in the spanning tree of greatest weight (Prim)."""
    d = len(weight)
    neighbours: list[list[int]] = [[] for _ in range(d)]
    reach, via = weight[0].copy(), np.zeros(d, np.int64)
    reach[0] = -np.inf
    inside = {0}
    while len(inside) < d:
        new = int(np.argmax(reach))
        neighbours[new].append(int(via[new]))
        neighbours[int(via[new])].append(new)
        inside.add(new)
        nearer = weight[new] > reach
        nearer[list(inside)] = False
        reach[nearer], via[nearer] = weight[new][nearer], new
        reach[new] = -np.inf
    return neighbours


def _from_centre(neighbours: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Order and parents from the middle of the longest path, where the tree is least deep."""
    end = _walk(neighbours, _walk(neighbours, 0)[0][-1])
    path = [end[0][-1]]
    while (parent := int(end[1][path[-1]])) >= 0:
        path.append(parent)
    order, parents = _walk(neighbours, path[len(path) // 2])
    return np.array(order, np.int64), parents


def _walk(neighbours: list[list[int]], start: int) -> tuple[list[int], np.ndarray]:
    """The nodes in breadth-first order, and the parent of each."""
    order, parents = [start], np.full(len(neighbours), -1, np.int64)
    for node in order:
        for other in neighbours[node]:
            if other != parents[node]:
                parents[other] = node
                order.append(other)
    return order, parents
