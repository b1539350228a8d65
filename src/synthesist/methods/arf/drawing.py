"""Leaves given what is known, and cells given a leaf, compiled.

`at` is a `forest.Leaves`: where the leaves of a forest have their rows, and which ranks they leave open. The
distribution of a column in a leaf is a mixture of three: the ranks in the leaf, those in the branch around it and
those in the whole table, the latter two cut to the interval that the leaf's path leaves open.
"""

import numpy as np
from numba import njit

from synthesist.boosting.splitmix import uniform

__all__ = ["choose_leaves", "draw_cells", "draw_limited", "lay_out", "shares_by_leaf"]


@njit(nogil=True, cache=True)
def lay_out(column, cut, right, leaf_of, tree_of, low, high):  # type: ignore[no-untyped-def]
    """Where each right child is, the number of each leaf, its tree, and the ranks low..high-1 it leaves open."""
    nodes, columns = len(column), low.shape[1]
    waiting, depth, tree, leaf, fresh = np.empty(nodes, np.int64), 0, -1, 0, True
    kept_low, kept_high = np.empty((64, columns), np.int16), np.empty((64, columns), np.int16)
    here_low, here_high = np.zeros(columns, np.int16), np.full(columns, 256, np.int16)
    for node in range(nodes):
        if fresh and depth == 0:
            tree += 1
            here_low[:], here_high[:] = 0, 256
        elif fresh:
            depth -= 1
            right[waiting[depth]] = node
            here_low[:], here_high[:] = kept_low[depth], kept_high[depth]
        j = column[node]
        fresh = j < 0
        if fresh:
            leaf_of[node], tree_of[leaf] = leaf, tree
            low[leaf], high[leaf] = here_low, here_high
            leaf += 1
            continue
        if depth == len(kept_low):
            kept_low, kept_high = np.concatenate((kept_low, kept_low)), np.concatenate((kept_high, kept_high))
        beyond = np.int16(cut[node]) + 1
        waiting[depth], kept_low[depth], kept_high[depth] = node, here_low, here_high
        kept_low[depth, j] = max(here_low[j], beyond)
        here_high[j] = min(here_high[j], beyond)
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
def parts(at, leaf, j):  # type: ignore[no-untyped-def]
    """Of column j in a leaf: the weights of its own ranks and of its branch's, and where the latter begin and end."""
    first, end = at.branch_first[at.branch_of[leaf]], at.branch_first[at.branch_of[leaf] + 1]
    start = place_of(at.in_branch[j], first, end, at.low[leaf, j])
    end = place_of(at.in_branch[j], start, end, at.high[leaf, j])
    rows = at.leaf_first[leaf + 1] - at.leaf_first[leaf]
    own = (1.0 - at.floor) * (rows / (rows + at.prior) if end > start else 1.0)
    return own, 1.0 - at.floor - own, start, end


@njit(nogil=True, cache=True)
def draw_cells(at, leaf_of_row, u, out):  # type: ignore[no-untyped-def]
    """out[column, row], where it is -1: a code from the row's leaf, at the place u[column, row] of its distribution."""
    for j in range(len(out)):
        for i in range(len(leaf_of_row)):
            if out[j, i] >= 0:
                continue
            leaf, v = leaf_of_row[i], u[j, i]
            own, leant, start, end = parts(at, leaf, j)
            if v < own:
                first, last = at.leaf_first[leaf], at.leaf_first[leaf + 1]
                rank = np.int64(at.in_leaf[j, min(first + np.int64(v / own * (last - first)), last - 1)])
            elif v < own + leant:
                rank = np.int64(at.in_branch[j, min(start + np.int64((v - own) / leant * (end - start)), end - 1)])
            else:
                upto, rank, high = at.upto[at.tree_of[leaf], j], np.int64(at.low[leaf, j]), at.high[leaf, j]
                mark = upto[rank] + (v - own - leant) / at.floor * (upto[high] - upto[rank])
                while rank < high - 1 and upto[rank + 1] <= mark:
                    rank += 1
            out[j, i] = at.order[at.tree_of[leaf], j, rank]


@njit(nogil=True, cache=True)
def shares_by_leaf(at, j, out):  # type: ignore[no-untyped-def]
    """out[leaf, code]: the distribution of column j in every leaf."""
    for leaf in range(len(out)):
        code, upto = at.order[at.tree_of[leaf], j], at.upto[at.tree_of[leaf], j]
        own, leant, start, end = parts(at, leaf, j)
        first, last, low, high = at.leaf_first[leaf], at.leaf_first[leaf + 1], at.low[leaf, j], at.high[leaf, j]
        for i in range(first, last):
            out[leaf, code[at.in_leaf[j, i]]] += own / (last - first)
        for i in range(start, end):
            out[leaf, code[at.in_branch[j, i]]] += leant / (end - start)
        for rank in range(low, high):
            if upto[rank + 1] > upto[rank]:
                out[leaf, code[rank]] += at.floor * (upto[rank + 1] - upto[rank]) / (upto[high] - upto[low])


@njit(nogil=True, cache=True)
def share_of(at, leaf, j, rank):  # type: ignore[no-untyped-def]
    """The probability of one rank of column j in a leaf whose interval holds it."""
    own, leant, start, end = parts(at, leaf, j)
    first, last = at.leaf_first[leaf], at.leaf_first[leaf + 1]
    place = place_of(at.in_leaf[j], first, last, rank)
    p = own * (place_of(at.in_leaf[j], place, last, rank + 1) - place) / (last - first)
    if end > start:
        place = place_of(at.in_branch[j], start, end, rank)
        p += leant * (place_of(at.in_branch[j], place, end, rank + 1) - place) / (end - start)
    upto = at.upto[at.tree_of[leaf], j]
    if upto[rank + 1] > upto[rank]:
        p += at.floor * (upto[rank + 1] - upto[rank]) / (upto[at.high[leaf, j]] - upto[at.low[leaf, j]])
    return p


@njit(nogil=True, cache=True)
def choose_leaves(at, column, cut, right, leaf_of, roots, known, limited, which, log_mass, state, out):  # type: ignore[no-untyped-def]
    """out[row]: a leaf with the probability it has given what is known.

    Its weight is its rows times the probability of every known code, times what each limit lets through.
    Only leaves whose intervals hold all known codes are visited.

    Args:
        at, column, cut, right, leaf_of, roots: of the forest.
        known: known[column, row], a code or -1.
        limited: the limited columns; which[limit, row]: the set of each row; log_mass[set, leaf].
        state: of the random numbers.
    """
    waiting = np.empty(len(column), np.int64)
    for i in range(known.shape[1]):
        given = np.flatnonzero(known[:, i] >= 0)
        top, total = -np.inf, 0.0
        for t in range(len(roots)):
            depth, waiting[0] = 1, roots[t]
            while depth > 0:
                depth -= 1
                node = waiting[depth]
                j = column[node]
                if j >= 0:
                    code = known[j, i]
                    if code < 0 or at.ranks[t, j, code] > cut[node]:
                        waiting[depth] = right[node]
                        depth += 1
                    if code < 0 or at.ranks[t, j, code] <= cut[node]:
                        waiting[depth] = node + 1
                        depth += 1
                    continue
                leaf = leaf_of[node]
                weight = np.log(at.leaf_first[leaf + 1] - at.leaf_first[leaf])
                for s in range(len(limited)):
                    if known[limited[s], i] < 0:
                        weight += log_mass[which[s, i], leaf]
                if weight == -np.inf:
                    continue
                for k in given:
                    weight += np.log(max(share_of(at, leaf, k, np.int64(at.ranks[t, k, known[k, i]])), 1e-300))
                if weight > top:
                    total, top = total * np.exp(top - weight), weight
                share = np.exp(weight - top)
                total += share
                if uniform(state) * total < share:
                    out[i] = leaf


@njit(nogil=True, cache=True)
def draw_limited(shares, weights, leaf_of_row, which, u, out):  # type: ignore[no-untyped-def]
    """out[row], where it is -1: a code from shares[leaf, code] times weights[set, code], at the place u[row]."""
    for i in range(len(out)):
        if out[i] >= 0:
            continue
        chance = shares[leaf_of_row[i]] * weights[which[i]]
        mark = u[i] * chance.sum()
        for code in range(len(chance)):
            if chance[code] > 0.0:
                out[i] = code
                mark -= chance[code]
                if mark < 0.0:
                    break
        out[i] = max(out[i], 0)
