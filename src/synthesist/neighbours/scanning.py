"""The loops of the neighbour search and of drawing between neighbours, compiled."""

import numpy as np
from numba import njit

from synthesist.neighbours.search import LEAF

__all__ = ["mix", "scan", "split", "vote"]

STRIDE = 8  # columns summed before it is asked whether any row can still be near


@njit(nogil=True, cache=True)
def scan(x, codes, rows, penalty, low, high, points, named, own, found):  # type: ignore[no-untyped-def]
    """Fill found[query, place] with the places of the nearest rows of each query, the nearest first.

    Args:
        x: x[leaf, column, place in leaf] of all rows; codes: their categories likewise; rows: how many there are,
            what stands beyond in the last leaf does not count.
        penalty: the square added for a category that differs.
        low, high: [column, leaf], the box around each leaf.
        points, named: [query, column], coordinates and categories; own: the place of each query among the rows.
    """
    leaves, queries, last = len(x), len(own), found.shape[1] - 1
    best = np.full(found.shape, np.inf)
    bound, away = np.empty((queries, leaves)), np.empty(LEAF)
    for q in range(queries):
        box_distances(points[q], low, high, bound[q])
        home = own[q] // LEAF  # its own leaf first: then most others are too far to look at
        look(x[home], codes[home], home, rows, penalty, points[q], named[q], own[q], away, best[q], found[q])
        bound[q, home] = np.inf
    middle = own[queries // 2] // LEAF
    for step in range(2 * leaves):  # leaves near in order are near in space: from the middle outwards
        leaf = middle + (step // 2 if step % 2 else -(step // 2))
        if leaf < 0 or leaf >= leaves or step == 1:
            continue
        for q in range(queries):
            if bound[q, leaf] < best[q, last]:
                look(x[leaf], codes[leaf], leaf, rows, penalty, points[q], named[q], own[q], away, best[q], found[q])


@njit(nogil=True, cache=True)
def box_distances(point, low, high, bound):  # type: ignore[no-untyped-def]
    """bound[leaf]: the squared distance from a point to the box of each leaf."""
    bound[:] = 0.0
    for j in range(len(point)):
        own, below, above = point[j], low[j], high[j]
        for leaf in range(len(bound)):
            gap = max(max(below[leaf] - own, own - above[leaf]), 0.0)
            bound[leaf] += gap * gap


@njit(nogil=True, cache=True)
def look(x, codes, leaf, rows, penalty, point, named, own, away, best, found):  # type: ignore[no-untyped-def]
    """Compare a query with the rows of a leaf, and keep the nearest in best and found."""
    last, start = len(best) - 1, leaf * LEAF
    away[:] = 0.0
    for first in range(0, len(x), STRIDE):
        for j in range(first, min(first + STRIDE, len(x))):
            for i in range(LEAF):
                gap = x[j, i] - point[j]
                away[i] += gap * gap
        if not any_below(away, best[last]):
            return
    for j in range(len(codes)):
        for i in range(LEAF):
            away[i] += penalty * (codes[j, i] != named[j])
    for i in range(min(LEAF, rows - start)):
        if away[i] < best[last] and start + i != own:
            place = last
            while place > 0 and best[place - 1] > away[i]:
                best[place], found[place] = best[place - 1], found[place - 1]
                place -= 1
            best[place], found[place] = away[i], start + i


@njit(nogil=True, cache=True)
def any_below(away, worst):  # type: ignore[no-untyped-def]
    """Whether any distance is below the worst that is kept; counted, as vectors have no early end."""
    below = 0
    for i in range(LEAF):
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
