"""The loops of the neighbour search and of drawing between neighbours, compiled."""

import numpy as np
from numba import njit

from synthesist.neighbours.search import LEAF

__all__ = ["mix", "scan", "split", "vote"]

STRIDE = 8  # columns summed before it is asked whether any row can still be near


@njit(nogil=True, cache=True)
def scan(x, codes, penalty, low, high, queries, found):  # type: ignore[no-untyped-def]
    """Fill found[query, place] with the nearest rows of each query, the nearest first.

    Args:
        x: x[column, row], rows in leaves of LEAF; codes: codes[column, row] of categories.
        penalty: the square added for a category that differs.
        low, high: [column, leaf], the box around each leaf.
        queries: rows of x whose neighbours are sought.
    """
    n, leaves, k = max(x.shape[1], codes.shape[1]), low.shape[1], found.shape[1]
    best = np.full(found.shape, np.inf)
    bound, away = np.empty((len(queries), leaves)), np.empty(LEAF)
    for q in range(len(queries)):
        row = queries[q]
        box_distances(x, row, low, high, bound[q])
        own = row // LEAF  # its own leaf first: then most others are too far to look at
        look(x, codes, penalty, own * LEAF, min(own * LEAF + LEAF, n), row, away, best[q], found[q])
        bound[q, own] = np.inf
    for leaf in range(leaves):
        for q in range(len(queries)):
            if bound[q, leaf] < best[q, k - 1]:
                start = leaf * LEAF
                look(x, codes, penalty, start, min(start + LEAF, n), queries[q], away, best[q], found[q])


@njit(nogil=True, cache=True)
def box_distances(x, row, low, high, bound):  # type: ignore[no-untyped-def]
    """bound[leaf]: the squared distance from a row to the box of each leaf."""
    bound[:] = 0.0
    for j in range(len(x)):
        own, below, above = x[j, row], low[j], high[j]
        for leaf in range(len(bound)):
            gap = max(below[leaf] - own, own - above[leaf], 0.0)
            bound[leaf] += gap * gap


@njit(nogil=True, cache=True)
def look(x, codes, penalty, start, stop, row, away, best, found):  # type: ignore[no-untyped-def]
    """Compare a row with rows start..stop-1, and keep the nearest in best and found."""
    width, last = stop - start, len(best) - 1
    for i in range(width):
        away[i] = 0.0
    for first in range(0, len(x), STRIDE):
        for j in range(first, min(first + STRIDE, len(x))):
            own, column = x[j, row], x[j, start:stop]
            for i in range(width):
                gap = column[i] - own
                away[i] += gap * gap
        if not any_below(away, width, best[last]):
            return
    for j in range(len(codes)):
        code, named = codes[j, row], codes[j, start:stop]
        for i in range(width):
            away[i] += penalty * (named[i] != code)
    for i in range(width):
        if away[i] < best[last] and start + i != row:
            place = last
            while place > 0 and best[place - 1] > away[i]:
                best[place], found[place] = best[place - 1], found[place - 1]
                place -= 1
            best[place], found[place] = away[i], start + i


@njit(nogil=True, cache=True)
def any_below(away, width, worst):  # type: ignore[no-untyped-def]
    """Whether any of the first distances is below the worst that is kept; counted, as vectors have no early end."""
    below = 0
    for i in range(width):
        below += away[i] < worst
    return below > 0


@njit(nogil=True, cache=True)
def split(x, rows, leaf):  # type: ignore[no-untyped-def]
    """Order `rows` of x[row, column] so that each run of `leaf` holds near ones: halved along the widest column."""
    waiting = [(0, len(rows))]
    low, high = np.empty(x.shape[1]), np.empty(x.shape[1])
    while len(waiting):
        start, stop = waiting.pop()
        if stop - start <= leaf or x.shape[1] == 0:
            continue
        low[:], high[:] = x[rows[start]], x[rows[start]]
        for i in range(start + 1, stop):
            row = x[rows[i]]
            for j in range(len(row)):
                low[j], high[j] = min(low[j], row[j]), max(high[j], row[j])
        half = start + max((stop - start) // (2 * leaf), 1) * leaf
        part(x[:, np.argmax(high - low)], rows, start, stop - 1, half)
        waiting.append((start, half))
        waiting.append((half, stop))


@njit(nogil=True, cache=True)
def part(x, rows, first, last, middle):  # type: ignore[no-untyped-def]
    """Put the rows with the smallest x before place `middle` of first..last (Hoare's selection)."""
    while first < last:
        a, b, c = x[rows[first]], x[rows[(first + last) // 2]], x[rows[last]]
        pivot = max(min(a, b), min(max(a, b), c))
        i, j = first, last
        while i <= j:
            while x[rows[i]] < pivot:
                i += 1
            while x[rows[j]] > pivot:
                j -= 1
            if i <= j:
                rows[i], rows[j] = rows[j], rows[i]
                i += 1
                j -= 1
        if middle <= j:
            last = j
        elif middle >= i:
            first = i
        else:
            return


@njit(nogil=True, cache=True)
def mix(numbers, start, end, step, out):  # type: ignore[no-untyped-def]
    """out[i]: the point the share step[i] of the way from row start[i] to row end[i]."""
    for i in range(len(out)):
        a, b, u = numbers[start[i]], numbers[end[i]], step[i]
        for j in range(out.shape[1]):
            between = (1.0 - u) * a[j] + u * b[j]  # b - a could overflow
            out[i, j] = min(max(between, min(a[j], b[j])), max(a[j], b[j]))


@njit(nogil=True, cache=True)
def vote(codes, near, lot, out):  # type: ignore[no-untyped-def]
    """out[i, column]: the commonest code among the rows near[i]; lot[i, column] in [0, 1) decides a tie."""
    votes = np.empty(near.shape[1], np.int64)
    for i in range(len(out)):
        for c in range(out.shape[1]):
            most = 0
            for a in range(len(votes)):  # a code's votes are counted where it comes first, and are 0 elsewhere
                votes[a], code = 0, codes[near[i, a], c]
                first = True
                for b in range(a):
                    first = first and codes[near[i, b], c] != code
                if first:
                    for b in range(a, len(votes)):
                        votes[a] += codes[near[i, b], c] == code
                most = max(most, votes[a])
            tied = 0
            for a in range(len(votes)):
                tied += votes[a] == most
            left = int(lot[i, c] * tied)
            for a in range(len(votes)):
                if votes[a] == most:
                    if left == 0:
                        out[i, c] = codes[near[i, a], c]
                        break
                    left -= 1
