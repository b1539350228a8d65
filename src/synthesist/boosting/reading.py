"""Reading oblivious trees, compiled: what growing, drawing and choosing share.

An oblivious tree asks the same question of every row at one level, so a leaf is a number made of
bits and reading a tree is a few passes over whole columns. x[feature, row] are uint8 codes.
"""

import numpy as np
from numba import njit

__all__ = ["add_trees", "read_leaf", "weigh_leaves"]


@njit(nogil=True, cache=True)
def read_leaf(x, features, thresholds, t, leaf, m):  # type: ignore[no-untyped-def]
    """leaf[row] of tree t for the first m rows: bit d is set where the row is beyond threshold d."""
    for d in range(features.shape[1]):
        f, cut, bit = features[t, d], thresholds[t, d], np.uint8(1 << d)
        if d == 0:
            for i in range(m):
                leaf[i] = np.uint8(x[f, i] > cut)
        else:
            for i in range(m):
                leaf[i] |= bit * np.uint8(x[f, i] > cut)


@njit(nogil=True, cache=True)
def add_trees(x, features, thresholds, values, first, last, z, leaves, m):  # type: ignore[no-untyped-def]
    """z[row] plus what trees first..last-1 say of the first m rows; `leaves` lends four rows of memory."""
    a, b, c, d = leaves[0], leaves[1], leaves[2], leaves[3]
    t = first
    while t + 4 <= last:  # four at a time: z is fetched and stored a quarter as often
        for k in range(4):
            read_leaf(x, features, thresholds, t + k, leaves[k], m)
        for i in range(m):
            z[i] += (values[t, a[i]] + values[t + 1, b[i]]) + (values[t + 2, c[i]] + values[t + 3, d[i]])
        t += 4
    for rest in range(t, last):
        read_leaf(x, features, thresholds, rest, a, m)
        for i in range(m):
            z[i] += values[rest, a[i]]


@njit(nogil=True, cache=True)
def weigh_leaves(x, features, thresholds, weight, total):  # type: ignore[no-untyped-def]
    """Add the weight of every row to total[tree, leaf] of the leaves it falls into."""
    n = x.shape[1]
    leaf = np.empty(n, np.uint8)
    for t in range(len(features)):
        read_leaf(x, features, thresholds, t, leaf, n)
        for i in range(n):
            total[t, leaf[i]] += weight[i]
