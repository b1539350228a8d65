"""Drawing one column of codes given those before it, compiled: the loop sampling spends its time in."""

import numpy as np
from numba import njit

from synthesist.boosting.reading import add_trees
from synthesist.boosting.splitmix import bits, uniform, unit

__all__ = ["draw_column"]

CHUNK = 4096  # rows drawn at once: what stays in the processor's cache
CELLS = 1024  # equal cells of [0, 1); EDGES are the log-odds between them
EDGES = np.concatenate([[-np.inf], np.log(np.arange(1, CELLS) / np.arange(CELLS - 1, 0, -1)), [np.inf]])


@njit(nogil=True, cache=True)
def draw_column(  # type: ignore[no-untyped-def]
    codes, before, ranks, used, right, start, first, features, thresholds, values,
    known, which, left_share, right_share, state, out, gained,
):  # fmt: skip
    """out[row]: codes drawn level by level, every interval moving to its left or right half.

    Args:
        codes: codes[column, row] of all columns; before: which of them are features 1, 2 ...; feature 0 is
            the interval, named by its first code.
        ranks: ranks[feature, code], the order in which codes are asked; used: the features that are asked.
        right, start, first: per level the right half of each interval (0: nothing to split), its log-odds
            before any tree, and where the level's trees begin.
        features, thresholds, values: of the trees.
        known: a code per row to follow, -1 where open; empty where nothing is known.
        which, left_share, right_share: the set each row may be drawn from, and [level, set, interval] how
            much of each half it allows; empty where everything is allowed.
        state: of the random numbers.
        gained: per row, the log-probability of what was known, and of what was allowed against what was
            drawn, so that weighted draws follow the model given the evidence; empty without evidence.
    """
    n = codes.shape[1]
    x = np.empty((len(ranks), CHUNK), np.uint8)
    z, leaves, rows = np.empty(CHUNK, np.float32), np.empty((4, CHUNK), np.uint8), np.empty(CHUNK, np.int64)
    for begin in range(0, n, CHUNK):
        m = min(CHUNK, n - begin)
        for f in used:
            if f > 0:
                rank, column = ranks[f], codes[before[f - 1]]
                for i in range(m):
                    x[f, i] = rank[column[begin + i]]
        for i in range(m):
            x[0, i], rows[i] = 0, begin + i
        for level in range(len(right)):
            m = settle(x, used, rows, m, right[level], out)
            for i in range(m):
                z[i] = start[level, x[0, i]]
            add_trees(x, features, thresholds, values, first[level], first[level + 1], z, leaves, m)
            if len(gained) == 0:
                halve(x[0], z, m, right[level], state)
            else:
                guide(
                    x[0], z, rows[:m], right[level], known, which,
                    left_share[level], right_share[level], state, gained,
                )  # fmt: skip
        for i in range(m):
            out[rows[i]] = x[0, i]


@njit(nogil=True, cache=True)
def settle(x, used, rows, m, right, out):  # type: ignore[no-untyped-def]
    """Rows whose interval is a single code are done once they are many; returns how many go on."""
    going = 0
    for i in range(m):
        going += right[x[0, i]] > 0
    if 4 * going >= 3 * m:
        return m
    kept = np.empty(going, np.int64)
    k = 0
    for i in range(m):
        if right[x[0, i]] > 0:
            kept[k] = i
            k += 1
        else:
            out[rows[i]] = x[0, i]
    for k in range(going):
        rows[k], x[0, k] = rows[kept[k]], x[0, kept[k]]
    for f in used:
        if f > 0:
            column = x[f]
            for k in range(going):
                column[k] = column[kept[k]]
    return going


@njit(nogil=True, cache=True)
def halve(node, z, m, right, state):  # type: ignore[no-untyped-def]
    """Move every row to the right half of its interval with the probability that log-odds z say.

    A random number lies in one of a thousand cells, whose edges as log-odds are known: only if z is
    in the same cell does it take an exponential.
    """
    for i in range(m):
        half, r, odds = right[node[i]], bits(state), np.float64(z[i])
        cell = np.int64(r >> np.uint64(54))
        go = np.uint8(odds >= EDGES[cell + 1])
        if go != np.uint8(odds > EDGES[cell]):
            go = np.uint8(unit(r) * (1.0 + np.exp(-odds)) < 1.0)
        mask = np.uint8(0) - np.uint8(go & np.uint8(half > 0))  # a branch here would be guessed wrong half the time
        node[i] ^= (node[i] ^ half) & np.uint8(mask)


@njit(nogil=True, cache=True)
def guide(node, z, rows, right, known, which, left_share, right_share, state, gained):  # type: ignore[no-untyped-def]
    """One level under evidence: follow what is known, keep to what is allowed, note what that costs."""
    for i in range(len(rows)):
        half, row = right[node[i]], rows[i]
        if half == 0:
            continue
        odds = np.float64(z[i])
        p = 1.0 / (1.0 + np.exp(-odds))
        if len(known) > 0 and known[row] >= 0:
            to_right = known[row] >= half
            gained[row] -= np.log1p(np.exp(-odds if to_right else odds))  # log(1 - p) would lose the small ones
        elif len(which) > 0:
            in_left, in_right = left_share[which[row], node[i]], right_share[which[row], node[i]]
            both = p * in_right + (1.0 - p) * in_left
            if both <= 0.0:
                gained[row] = -np.inf
                continue
            to_right = uniform(state) * both < p * in_right
            gained[row] += np.log(both / (in_right if to_right else in_left))
        else:
            to_right = uniform(state) < p
        if to_right:
            node[i] = half
