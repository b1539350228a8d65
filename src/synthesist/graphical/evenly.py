"""Rows drawn from a network when nothing is known of them, compiled: as even as whole rows can be.

Of the rows that have the same parents, each code goes to its share of them to within one row: the places of a
systematic sample, handed out in random order. That is less noise than rows drawn one by one have.

Reference: Madow and Madow, Annals of Mathematical Statistics 15, 1944, doi:10.1214/aoms/1177731312.
"""

import numpy as np
from numba import njit

from synthesist.boosting.splitmix import uniform

__all__ = ["draw_evenly"]


@njit(nogil=True, cache=True)
def draw_evenly(column, parents, group_of, groups, size, table, table_first, state, out):  # type: ignore[no-untyped-def]
    """out[column, row]: codes drawn column by column, from the roots down.

    Args:
        column, parents: of each place; parents are -1 where there are fewer.
        group_of: group[column, code]; groups, size: how many groups and codes a column has.
        table: p(code | config) of every place, one behind the other; table_first: where those of a place begin.
        state: of the random numbers, an array of one uint64.
    """
    n = out.shape[1]
    config, order = np.zeros(n, np.int64), np.arange(n)
    for p in range(len(column)):
        j = column[p]
        config[:] = 0
        for parent in parents[p]:
            if parent >= 0:
                for i in range(n):
                    config[i] = config[i] * groups[parent] + group_of[parent, out[parent, i]]
        configs = (table_first[p + 1] - table_first[p]) // size[j]
        rows, done, first = np.zeros(configs, np.int64), np.zeros(configs, np.int64), np.empty(configs)
        for i in range(n):
            rows[config[i]] += 1
        for c in range(configs):
            if rows[c]:
                first[c] = uniform(state)
        for left in range(n - 1, 0, -1):
            other = int(uniform(state) * (left + 1))
            order[left], order[other] = order[other], order[left]
        for i in order:
            c = config[i]
            mark = (done[c] + first[c]) / rows[c]
            done[c] += 1
            out[j, i] = code_at(table, table_first[p] + c * size[j], size[j], mark)


@njit(nogil=True, cache=True)
def code_at(table, base, size, mark):  # type: ignore[no-untyped-def]
    """The code in whose share of the whole the mark in [0, 1) lies; never one that has none."""
    total = 0.0
    for c in range(size):
        total += table[base + c]
    mark, found = mark * total, 0
    for c in range(size):
        if table[base + c] > 0.0:
            found = c
            mark -= table[base + c]
            if mark < 0.0:
                break
    return found
