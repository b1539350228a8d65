"""Choosing rows among candidates so that the chosen are as many in every cell as in reality, compiled."""

import numpy as np
from numba import njit

from synthesist.methods.trees.reading import read_leaf, uniform

__all__ = ["choose"]

CHUNK = 256  # candidates judged by the same excess


@njit(nogil=True, cache=True)
def choose(  # type: ignore[no-untyped-def]
    codes, order, features, thresholds, values, gains, quotas, code_gains, code_quotas, level, most, state, chosen
):
    """Fill `chosen` with numbers of candidates, each at most once; any prefix is as balanced as the whole.

    A candidate is taken with probability exp(level + what the trees say), less the mean excess of the
    cells it lies in: the codes of its columns and the leaves of the trees.

    Args:
        codes: codes[column, candidate]; order: in which candidates are looked at.
        features, thresholds, values: of the trees.
        gains[tree, leaf], code_gains[column, code]: what one row too many in a cell is worth.
        quotas, code_quotas: rows per candidate that a cell should get, times its gain.
        level: log of the rows wanted per candidate; most: the largest log-ratio that is trusted.
        state: of the random numbers.
    """
    trees, columns, n = len(features), len(codes), len(order)
    excess, code_excess = np.zeros_like(gains), np.zeros_like(code_gains)
    taken = np.zeros(n, np.bool_)
    x, leaf = np.empty((columns, CHUNK), np.uint8), np.empty((trees, CHUNK), np.uint8)
    z, s = np.empty(CHUNK, np.float32), np.empty(CHUNK, np.float32)
    rows, won = np.empty(CHUNK, np.int64), np.empty(CHUNK, np.int64)
    got = 0
    while got < len(chosen):  # a second pass over the rest fills up what is missing
        before = got
        for begin in range(0, n, CHUNK):
            m = 0
            for i in range(begin, min(begin + CHUNK, n)):
                if not taken[order[i]]:
                    rows[m] = order[i]
                    m += 1
            z[:m], s[:m] = 0.0, 0.0
            for j in range(columns):
                column, worth = codes[j], code_excess[j]
                for i in range(m):
                    x[j, i] = column[rows[i]]
                    s[i] += worth[x[j, i]]
            for t in range(trees):
                read_leaf(x, features, thresholds, t, leaf[t], m)
            for t in range(0, trees, 2):  # two at a time: sums are fetched and stored half as often
                u = min(t + 1, trees - 1)
                once = np.float32(u - t)
                for i in range(m):
                    a, b = leaf[t, i], leaf[u, i]
                    z[i] += values[t, a] + once * values[u, b]
                    s[i] += excess[t, a] + once * excess[u, b]
            k = 0
            for i in range(m):
                if got + k < len(chosen) and uniform(state) < min(np.exp(level + min(z[i], most)), 1.0) - s[i]:
                    won[k], chosen[got + k], taken[rows[i]] = i, rows[i], True
                    k += 1
            got += k
            count(excess, gains, quotas, leaf, won[:k], m)
            count(code_excess, code_gains, code_quotas, x, won[:k], m)
        if got == before:
            break
    for i in range(n):
        if got < len(chosen) and not taken[i]:
            chosen[got] = i
            got += 1


@njit(nogil=True, cache=True)
def count(excess, gains, quotas, cell, won, looked_at):  # type: ignore[no-untyped-def]
    """Add the rows that were taken to excess[set, cell], less what as many candidates should have given."""
    for t in range(len(excess)):
        for c in range(excess.shape[1]):
            excess[t, c] -= np.float32(looked_at) * quotas[t, c]
        for i in won:
            excess[t, cell[t, i]] += gains[t, cell[t, i]]
