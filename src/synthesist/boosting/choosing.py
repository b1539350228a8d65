"""Choosing rows among candidates so that the chosen are as many in every cell as in reality, compiled."""

import numpy as np
from numba import njit

from synthesist.boosting.reading import read_leaf
from synthesist.boosting.splitmix import uniform

__all__ = ["CODES", "EXCESS", "GAIN", "ODDS", "QUOTA", "choose"]

CHUNK = 256  # candidates whose leaves are looked up together
PASSES = 4  # over the candidates
CODES = 256  # cells of a column; a tree has as many as leaves, and all lie close together to stay in the cache
ODDS, QUOTA, EXCESS, GAIN = range(4)  # what is known of a cell, side by side in memory


@njit(nogil=True, cache=True)
def choose(codes, order, features, thresholds, cells, starts, level, most, state, chosen):  # type: ignore[no-untyped-def]
    """Fill `chosen` with numbers of candidates, each at most once; any prefix is as balanced as the whole.

    A candidate is taken with probability exp(level + the odds of its cells), less the excess of those
    cells: how many rows they had so far beyond their quota, times their gain.

    Args:
        codes: codes[column, candidate]; order: in which candidates are looked at.
        features, thresholds: of the trees, whose leaves are cells as the codes of the columns are.
        cells: cells[starts[set] + cell, (ODDS, QUOTA, EXCESS, GAIN)], the columns first, then the trees, at last one
            set that adds nothing where they are odd; what is added to the log-ratio, the rows due per candidate times
            gain, and what a row too many is worth.
        level: log of the rows wanted per candidate; most: the largest log-ratio that is trusted.
        state: of the random numbers.
    """
    columns, trees, n = len(codes), len(features), len(order)
    sets = len(starts)
    cell, leaf = np.zeros((CHUNK, sets), np.uint8), np.empty(CHUNK, np.uint8)
    x, rows = np.empty((columns, CHUNK), np.uint8), np.empty(CHUNK, np.int64)
    taken = np.zeros(n, np.bool_)
    got = seen = 0
    for _ in range(PASSES):  # the first takes nearly all; the others fill up what is missing
        for begin in range(0, n, CHUNK):
            m = 0
            for i in range(begin, min(begin + CHUNK, n)):
                if not taken[order[i]]:
                    rows[m] = order[i]
                    m += 1
            for j in range(columns):
                for i in range(m):
                    x[j, i] = codes[j, rows[i]]
                    cell[i, j] = x[j, i]
            for t in range(trees):
                read_leaf(x, features, thresholds, t, leaf, m)
                for i in range(m):
                    cell[i, columns + t] = leaf[i]
            for i in range(m):
                odds, quota, excess = totals(cells, starts, cell[i])
                seen += 1
                if uniform(state) < min(np.exp(level + min(odds, most)), 1.0) - (excess - seen * quota):
                    taken[rows[i]], chosen[got] = True, rows[i]
                    got += 1
                    if got == len(chosen):
                        return
                    for k in range(sets):
                        cells[starts[k] + cell[i, k], EXCESS] += cells[starts[k] + cell[i, k], GAIN]
    for i in range(n):
        if got < len(chosen) and not taken[i]:
            chosen[got] = i
            got += 1


@njit(nogil=True, cache=True)
def totals(cells, starts, cell):  # type: ignore[no-untyped-def]
    """Odds, quota and excess of a candidate: the sums over its cells."""
    odds = quota = excess = np.float32(0.0)
    odds_2 = quota_2 = excess_2 = np.float32(0.0)
    for k in range(0, len(cell), 2):  # two chains of sums, so that neither waits for the other
        a, b = cells[starts[k] + cell[k]], cells[starts[k + 1] + cell[k + 1]]
        odds += a[ODDS]
        quota += a[QUOTA]
        excess += a[EXCESS]
        odds_2 += b[ODDS]
        quota_2 += b[QUOTA]
        excess_2 += b[EXCESS]
    return odds + odds_2, quota + quota_2, excess + excess_2
