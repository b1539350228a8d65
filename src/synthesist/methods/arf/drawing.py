"""Leaves given what is known, and cells given a leaf, compiled.

Trees stand one behind the other, every left child right behind its parent. The distribution of a column in a
leaf is a mixture of three: the ranks in the leaf, those in the branch around it and those in the whole table,
the latter two cut to the interval that the leaf's path leaves open.
"""

import numpy as np
from numba import njit

from synthesist.boosting.splitmix import uniform

__all__ = ["choose_leaves", "draw_cells", "draw_limited", "lay_out", "leaf_shares"]


@njit(nogil=True, cache=True)
def lay_out(column, cut, right, leaf_of, tree_of, low, high):  # type: ignore[no-untyped-def]
    """Where each right child is, the number of each leaf, its tree, and the ranks low..high-1 it leaves open."""
    waiting, depth, tree, leaf = np.empty(len(column) + 1, np.int64), 0, -1, 0
    box_low, box_high = (
        np.zeros((len(column) + 1, low.shape[1]), np.int16),
        np.zeros((len(column) + 1, low.shape[1]), np.int16),
    )
    here_low, here_high = np.zeros(low.shape[1], np.int16), np.full(low.shape[1], 256, np.int16)
    fresh = True
    for node in range(len(column)):
        if fresh:
            if depth == 0:
                tree += 1
                here_low[:], here_high[:] = 0, 256
            else:
                depth -= 1
                right[waiting[depth]] = node
                here_low[:], here_high[:] = box_low[depth], box_high[depth]
            fresh = False
        j = column[node]
        if j < 0:
            leaf_of[node], tree_of[leaf] = leaf, tree
            low[leaf], high[leaf] = here_low, here_high
            leaf += 1
            fresh = True
            continue
        waiting[depth] = node
        box_low[depth], box_high[depth] = here_low, here_high
        box_low[depth, j] = max(here_low[j], np.int16(cut[node]) + 1)
        here_high[j] = min(here_high[j], np.int16(cut[node]) + 1)
        depth += 1


@njit(nogil=True, cache=True)
def place_of(ranks, start, end, rank):  # type: ignore[no-untyped-def]
    """The first place in start..end whose rank is not below `rank`; ranks are sorted there."""
    while start < end:
        middle = (start + end) // 2
        if ranks[middle] < rank:
            start = middle + 1
        else:
            end = middle
    return start


@njit(nogil=True, cache=True)
def own_share(start, end, prior, floor):  # type: ignore[no-untyped-def]
    """The weight of a leaf's own ranks, and of its branch's."""
    own = (1.0 - floor) * (end - start) / (end - start + prior)
    return own, 1.0 - floor - own


@njit(nogil=True, cache=True)
def draw_cells(
    leaf, u, leaf_first, branch_first, branch_of, in_leaf, in_branch, low, high, upto, tree_of, order, prior, floor, out
):  # type: ignore[no-untyped-def]  # fmt: skip
    """out[column, row]: a code from the leaf of each row, at the place u[column, row]; cells of -1 are drawn."""
    for i in range(len(leaf)):
        l = leaf[i]
        start, end = leaf_first[l], leaf_first[l + 1]
        own, shared = own_share(start, end, prior, floor)
        first, last = branch_first[branch_of[l]], branch_first[branch_of[l] + 1]
        for j in range(len(out)):
            if out[j, i] >= 0:
                continue
            v, a, b = u[j, i], low[l, j], high[l, j]
            if v < own:
                rank = in_leaf[j, start + int(v / own * (end - start))]
            elif v < own + shared:
                x = place_of(in_branch[j], first, last, a)
                y = place_of(in_branch[j], x, last, b)
                rank = in_branch[j, x + int((v - own) / shared * (y - x))] if y > x else in_leaf[j, start]
            else:
                whole = upto[tree_of[l], j]
                mark = whole[a] + (v - own - shared) / floor * (whole[b] - whole[a])
                rank = np.searchsorted(whole[a + 1 : b], mark, side="right") + a
            out[j, i] = order[tree_of[l], j, rank]


@njit(nogil=True, cache=True)
def leaf_shares(
    j, leaf_first, branch_first, branch_of, in_leaf, in_branch, low, high, upto, tree_of, order, prior, floor, out
):  # type: ignore[no-untyped-def]  # fmt: skip
    """out[leaf, code]: the distribution of column j in every leaf."""
    for l in range(len(out)):
        start, end = leaf_first[l], leaf_first[l + 1]
        own, shared = own_share(start, end, prior, floor)
        first, last = branch_first[branch_of[l]], branch_first[branch_of[l] + 1]
        code, whole, a, b = order[tree_of[l], j], upto[tree_of[l], j], low[l, j], high[l, j]
        x = place_of(in_branch[j], first, last, a)
        y = place_of(in_branch[j], x, last, b)
        if y == x:
            own, shared = own + shared, 0.0
        for i in range(start, end):
            out[l, code[in_leaf[j, i]]] += own / (end - start)
        for i in range(x, y):
            out[l, code[in_branch[j, i]]] += shared / (y - x)
        for rank in range(a, b):
            if whole[b] > whole[a]:
                out[l, code[rank]] += floor * (whole[rank + 1] - whole[rank]) / (whole[b] - whole[a])


@njit(nogil=True, cache=True)
def share_of(
    l, j, rank, leaf_first, branch_first, branch_of, in_leaf, in_branch, low, high, upto, tree_of, prior, floor
):  # type: ignore[no-untyped-def]  # fmt: skip
    """The probability of one rank of column j in leaf l, whose interval holds it."""
    start, end = leaf_first[l], leaf_first[l + 1]
    own, shared = own_share(start, end, prior, floor)
    first, last = branch_first[branch_of[l]], branch_first[branch_of[l] + 1]
    whole, a, b = upto[tree_of[l], j], low[l, j], high[l, j]
    x = place_of(in_branch[j], first, last, a)
    y = place_of(in_branch[j], x, last, b)
    if y == x:
        own, shared = own + shared, 0.0
    place = place_of(in_leaf[j], start, end, rank)
    p = own * (place_of(in_leaf[j], place, end, rank + 1) - place) / (end - start)
    if y > x:
        place = place_of(in_branch[j], x, y, rank)
        p += shared * (place_of(in_branch[j], place, y, rank + 1) - place) / (y - x)
    if whole[b] > whole[a]:
        p += floor * (whole[rank + 1] - whole[rank]) / (whole[b] - whole[a])
    return p


@njit(nogil=True, cache=True)
def choose_leaves(
    known, limited, log_mass, which, roots, column, cut, right, leaf_of, ranks,
    leaf_first, branch_first, branch_of, in_leaf, in_branch, low, high, upto, tree_of, prior, floor, state, out,
):  # type: ignore[no-untyped-def]  # fmt: skip
    """out[row]: a leaf with the probability it has given what is known.

    Its weight is its rows times the probability of every known code, times what each limit lets through.
    Only leaves whose intervals hold all known codes are visited.

    Args:
        known: known[column, row], a code or -1.
        limited: the limited columns; which[limit, row]: the set of each row; log_mass[set, leaf].
    """
    waiting = np.empty(len(column) + 1, np.int64)
    evidence = np.empty(len(known), np.int64)
    for i in range(known.shape[1]):
        columns = 0
        for j in range(len(known)):
            if known[j, i] >= 0:
                evidence[columns] = j
                columns += 1
        top, total = -np.inf, 0.0
        for t in range(len(roots)):
            depth, waiting[0] = 1, roots[t]
            while depth > 0:
                depth -= 1
                node = waiting[depth]
                j = column[node]
                if j >= 0:
                    code = known[j, i]
                    if code < 0 or ranks[t, j, code] > cut[node]:
                        waiting[depth] = right[node]
                        depth += 1
                    if code < 0 or ranks[t, j, code] <= cut[node]:
                        waiting[depth] = node + 1
                        depth += 1
                    continue
                l = leaf_of[node]
                weight = np.log(leaf_first[l + 1] - leaf_first[l])
                for s in range(len(limited)):
                    if known[limited[s], i] < 0:
                        weight += log_mass[which[s, i], l]
                if weight == -np.inf:
                    continue
                p = 1.0
                for e in range(columns):
                    j = evidence[e]
                    p *= share_of(
                        l, j, ranks[t, j, known[j, i]], leaf_first, branch_first, branch_of, in_leaf, in_branch,
                        low, high, upto, tree_of, prior, floor,
                    )  # fmt: skip
                    if p < 1e-200:
                        weight, p = weight + np.log(max(p, 1e-300)), 1.0
                weight += np.log(p)
                if weight > top:
                    total, top = total * np.exp(top - weight), weight
                share = np.exp(weight - top)
                total += share
                if uniform(state) * total < share:
                    out[i] = l


@njit(nogil=True, cache=True)
def draw_limited(shares, weights, leaf, which, u, out):  # type: ignore[no-untyped-def]
    """out[row], where it is -1: a code from shares[leaf, code] times weights[set, code], at the place u[row]."""
    for i in range(len(leaf)):
        if out[i] >= 0:
            continue
        p, w, total = shares[leaf[i]], weights[which[i]], 0.0
        for c in range(len(w)):
            total += p[c] * w[c]
            if w[c] > 0.0 and out[i] < 0:
                out[i] = c
        mark, upto = u[i] * total, 0.0
        for c in range(len(w)):
            upto += p[c] * w[c]
            if upto > mark:
                out[i] = c
                break
