"""Growing one tree of an adversarial forest, compiled.

x[column, row] are uint8 ranks. The adversary tells real rows of a node from rows whose columns are drawn
one by one from that node. No single question can, for both have the same columns; a pair of questions can
if columns depend on each other. So a question is worth what it makes the next one worth: the mutual
information between its answer and every other column. That is the adversary's gain in the limit of
infinitely many drawn rows, and none needs to be drawn.

Reference: Watson, Blesch, Kapar and Wright, AISTATS 2023 (PMLR 206); the length an answer must save before
it is believed: Schwarz, Annals of Statistics 6(2), 1978, doi:10.1214/aos/1176344136.
"""

import numpy as np
from numba import njit

from synthesist.boosting.splitmix import uniform

__all__ = ["grow", "sort_within"]

GROUPS = 8  # of the ranks of a column in a node, of even mass
LOOK = 2_048  # rows of a node that are looked at, at most
TRIES = 12  # columns that may be asked at a node
OTHERS = 24  # columns that an answer is compared with


@njit(nogil=True, cache=True)
def grow(x, sizes, leaf, branch, penalty, state):  # type: ignore[no-untyped-def]
    """Split nodes as long as the adversary wins.

    Args:
        x: ranks[column, row], rows in random order; sizes: how many ranks each column has.
        leaf: rows of a leaf at least; branch: rows of a branch, a node whose leaves lean on it, at most.
        penalty: how many times its length, by Schwarz's criterion, an answer has to save.
        state: of the random numbers, an array of one uint64.

    Returns:
        column[node] (-1 for a leaf) and cut[node] (ranks up to it go left) with every left child right behind
        its parent; the first row of each leaf and branch among rows[place], which has leaf after leaf.
    """
    n = x.shape[1]
    nodes = 2 * (n // leaf) + 1
    column, cut = np.full(nodes, -1, np.int16), np.zeros(nodes, np.uint8)
    leaves, branches = np.empty(nodes, np.int64), np.empty(nodes, np.int64)
    node = found = founded = 0
    rows, lent = np.arange(n), np.empty(n, np.int64)
    waiting, inside, depth = np.empty((nodes + 1, 2), np.int64), np.zeros(nodes + 1, np.bool_), 1
    waiting[0] = 0, n
    order, xlogx = np.arange(len(x)), xlogx_table(min(n, LOOK))
    group, groups = np.empty((len(x), min(n, LOOK)), np.uint8), np.zeros(len(x), np.int64)
    last = np.zeros((len(x), GROUPS), np.uint8)
    while depth > 0:
        depth -= 1
        start, end, within = waiting[depth, 0], waiting[depth, 1], inside[depth]
        asked, at = -1, 0
        if end - start >= 2 * leaf:
            seen = min(end - start, LOOK)
            into_groups(x, sizes, rows[start : start + seen], group, groups, last)
            shuffle(order, max(TRIES, OTHERS), state)
            asked, at = best_question(group, groups, last, order, seen, leaf, penalty, xlogx)
        if not within and (end - start <= branch or asked < 0):
            branches[founded], within = start, True
            founded += 1
        if asked < 0:
            leaves[found] = start
            found += 1
        else:
            column[node], cut[node] = asked, at
            middle = divide(x[asked], at, rows[start:end], lent) + start
            waiting[depth, 0], waiting[depth, 1], inside[depth] = middle, end, within
            waiting[depth + 1, 0], waiting[depth + 1, 1], inside[depth + 1] = start, middle, within
            depth += 2
        node += 1
    return column[:node].copy(), cut[:node].copy(), leaves[:found].copy(), branches[:founded].copy(), rows


@njit(nogil=True, cache=True)
def xlogx_table(n):  # type: ignore[no-untyped-def]
    """k log k for k = 0..n."""
    out = np.zeros(n + 1)
    for k in range(1, n + 1):
        out[k] = k * np.log(k)
    return out


@njit(nogil=True, cache=True)
def shuffle(order, first, state):  # type: ignore[no-untyped-def]
    """Bring random members to the first places."""
    for k in range(min(first, len(order))):
        j = k + int(uniform(state) * (len(order) - k))
        order[k], order[j] = order[j], order[k]


@njit(nogil=True, cache=True)
def into_groups(x, sizes, rows, group, groups, last):  # type: ignore[no-untyped-def]
    """group[column, i] of every row looked at, how many groups a column has, and the last rank of each."""
    m = len(rows)
    count, of = np.zeros(256, np.int64), np.zeros(256, np.uint8)
    for j in range(len(x)):
        ranks, size = x[j], sizes[j]
        count[:size] = 0
        for i in range(m):
            count[ranks[rows[i]]] += 1
        before, part, label = 0, -1, -1
        for r in range(size):
            if count[r]:
                here = int(GROUPS * (before + 0.5 * count[r]) / m)
                if here != part:
                    part, label = here, label + 1
                before += count[r]
            of[r] = max(label, 0)
            last[j, of[r]] = r
        groups[j] = label + 1
        for i in range(m):
            group[j, i] = of[ranks[rows[i]]]


@njit(nogil=True, cache=True)
def best_question(group, groups, last, order, m, leaf, penalty, xlogx):  # type: ignore[no-untyped-def]
    """(column, last rank that goes left) of the question worth most; column -1 if none is worth its length."""
    table, gain = np.zeros(GROUPS * GROUPS, np.int64), np.zeros(GROUPS)
    whole, left = np.zeros(GROUPS, np.int64), np.zeros(GROUPS, np.int64)
    best, asked, at, length = 0.0, -1, 0, 0.5 * penalty * np.log(m)
    for a in range(min(TRIES, len(order))):
        j = order[a]
        cuts = groups[j] - 1
        gain[:] = 0.0
        for b in range(min(OTHERS, len(order))):
            k = order[b]
            if k == j or cuts < 1 or groups[k] < 2:
                continue
            table[:] = 0
            for i in range(m):
                table[group[j, i] * GROUPS + group[k, i]] += 1
            entropy = 0.0
            for c in range(groups[k]):
                whole[c], left[c] = table[c::GROUPS].sum(), 0
                entropy += xlogx[whole[c]]
            below = 0
            for t in range(cuts):
                saved = -entropy
                for c in range(groups[k]):
                    here = table[t * GROUPS + c]
                    left[c] += here
                    below += here
                    saved += xlogx[left[c]] + xlogx[whole[c] - left[c]]
                saved -= xlogx[below] + xlogx[m - below] - xlogx[m]
                gain[t] += max(saved - length * (groups[k] - 1), 0.0)
                if below < leaf or m - below < leaf:
                    gain[t] = -np.inf
        for t in range(cuts):
            if gain[t] > best:
                best, asked, at = gain[t], j, last[j, t]
    return asked, at


@njit(nogil=True, cache=True)
def divide(ranks, at, rows, lent):  # type: ignore[no-untyped-def]
    """Bring the rows that go left to the front, order kept; returns how many they are."""
    left = right = 0
    for i in range(len(rows)):
        row = rows[i]
        if ranks[row] <= at:
            rows[left] = row
            left += 1
        else:
            lent[right] = row
            right += 1
    for i in range(right):  # a slice for a slice would compile for seconds
        rows[left + i] = lent[i]
    return left


@njit(nogil=True, cache=True)
def sort_within(ranks, starts):  # type: ignore[no-untyped-def]
    """Sort every column of ranks[column, place] within each span that begins at one of `starts`."""
    for j in range(len(ranks)):
        for k in range(len(starts)):
            end = starts[k + 1] if k + 1 < len(starts) else ranks.shape[1]
            ranks[j, starts[k] : end] = np.sort(ranks[j, starts[k] : end])
