"""Growing boosters of oblivious trees, compiled.

x[feature, row] are uint8 codes. Nothing here knows of tables or columns, nor of randomness beyond the
64-bit state it is given.

Reference: Kohavi and Li, IJCAI 1995 for oblivious trees; Friedman, Annals of Statistics 29(5), 2001,
doi:10.1214/aos/1013203451 for boosting; Chen and Guestrin, KDD 2016, doi:10.1145/2939672.2939785 for
the second-order gain.
"""

import numpy as np
from numba import njit

from synthesist.boosting.reading import read_leaf
from synthesist.boosting.splitmix import uniform

__all__ = ["grow"]

SCALE = 32768.0  # gradients as fixed-point numbers: sums do not depend on their order
REACH, STEPS = 12, 64  # functions of log-odds are read from tables: beyond 12 nothing changes
SIGMOID = (1 / (1 + np.exp(-np.arange(-REACH, REACH + 2 / STEPS, 1 / STEPS)))).astype(np.float32)
TAIL = np.log1p(np.exp(-np.arange(0, REACH + 2 / STEPS, 1 / STEPS))).astype(np.float32)


@njit(nogil=True, cache=True)
def between(table, t):  # type: ignore[no-untyped-def]
    """The value of a table at place t, linear between its entries."""
    t = min(max(t, np.float32(0.0)), np.float32(len(table) - 2))
    k = np.int32(t)
    return table[k] + (t - k) * (table[k + 1] - table[k])


@njit(nogil=True, cache=True)
def slopes(z, y, weight, g, h):  # type: ignore[no-untyped-def]
    """Gradient and curvature of the loss of log-odds z in every row."""
    for i in range(len(z)):
        p = between(SIGMOID, (z[i] + np.float32(REACH)) * np.float32(STEPS))
        g[i], h[i] = (p - y[i]) * weight[i], p * (np.float32(1.0) - p) * weight[i]


@njit(nogil=True, cache=True)
def log_loss(z, y, weight, first):  # type: ignore[no-untyped-def]
    """The summed loss of log-odds z over rows first.. ."""
    total = 0.0
    for i in range(first, len(z)):
        m = z[i] * np.float32(1 - 2 * np.int32(y[i]))
        total += weight[i] * (max(m, np.float32(0.0)) + between(TAIL, abs(m) * np.float32(STEPS)))
    return total


@njit(nogil=True, cache=True)
def leaf_values(g, h, leaf, last, rate, ridge, value):  # type: ignore[no-untyped-def]
    """The Newton step of every leaf over rows ..last-1."""
    total_g, total_h = np.zeros(len(value)), np.zeros(len(value))
    for i in range(last):
        total_g[leaf[i]] += g[i]
        total_h[leaf[i]] += h[i]
    for k in range(len(value)):
        value[k] = -rate * total_g[k] / (total_h[k] + ridge)


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def best_split(x, sizes, tried, slope, side, m, level, ridge, sums, g, h):  # type: ignore[no-untyped-def]
    """The question that tells the rows apart best: (gain, place in `tried`, threshold).

    x[place, row] are the codes of the m rows looked at, slope[row] gradient and curvature in the two
    halves of one integer, so that one addition collects both; side[row] is the node so far.
    sums, g, h lend memory for every code in every node.
    """
    nodes, low, unit, r = 1 << level, np.int64(0xFFFFFFFF), np.float32(1.0 / SCALE), np.float32(ridge)
    total = np.zeros(nodes, np.int64)
    for i in range(m):
        total[side[i]] += slope[i]
    all_g, all_h = (total >> np.int64(32)) * unit, (total & low) * unit
    all_g, all_h = all_g.astype(np.float32), all_h.astype(np.float32)
    before = (all_g * all_g / (all_h + r)).sum()
    best_gain, best_place, best_cut = np.float32(-1.0), -1, 0
    for place in range(len(tried)):
        size, column = sizes[tried[place]], x[place]
        if size < 2:
            continue
        sums[: nodes * size] = 0
        for i in range(m):
            sums[column[i] * nodes + side[i]] += slope[i]
        after, cut = best_cut_of(sums, size, all_g, all_h, r, total, g, h)
        if after - before > best_gain:
            best_gain, best_place, best_cut = after - before, place, cut
    return best_gain, best_place, best_cut


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def best_cut_of(sums, size, all_g, all_h, ridge, total, g, h):  # type: ignore[no-untyped-def]
    """(score, threshold) of one feature's best question, from its sums by code and node."""
    nodes, low, unit = len(all_g), np.int64(0xFFFFFFFF), np.float32(1.0 / SCALE)
    total[:] = 0
    for b in range(size - 1):  # what lies to the left of each question, and at it
        for k in range(nodes):
            total[k] += sums[b * nodes + k]
            g[b * nodes + k] = np.float32(total[k] >> np.int64(32)) * unit
            h[b * nodes + k] = np.float32(total[k] & low) * unit
    best, cut = np.float32(-1.0), 0
    for b in range(size - 1):
        score = np.float32(0.0)
        for k in range(nodes):
            left_g, left_h = g[b * nodes + k], h[b * nodes + k] + ridge
            right_g, right_h = all_g[k] - left_g, all_h[k] - left_h + ridge + ridge
            score += (left_g * left_g * right_h + right_g * right_g * left_h) / (left_h * right_h)
        if score > best:
            best, cut = score, b
    return best, cut


@njit(nogil=True, cache=True)
def grow(  # type: ignore[no-untyped-def]
    x, sizes, y, weight, start, training, depth, rate, ridge, rounds, patience, tries, share, least_gain, state
):
    """Boost oblivious trees for the log-odds of y, as long as rows not learnt from agree.

    Args:
        x: codes[feature, row], uint8; sizes: how many codes each feature has.
        y, weight, start: 0 or 1, weight and first log-odds of each row.
        training: rows before this one are learnt from, the others decide when to stop.
        tries: features looked at per tree; share: of the training rows per tree.
        state: of the random numbers, an array of one uint64.

    Returns:
        features[tree, level], thresholds[tree, level], values[tree, leaf]; leaf values from all rows.
    """
    n, leaves = x.shape[1], 1 << depth
    features = np.zeros((rounds, depth), np.int32)
    thresholds = np.zeros((rounds, depth), np.uint8)
    values = np.zeros((rounds, leaves), np.float32)
    z, leaf = start.copy(), np.zeros(n, np.uint8)
    g, h = np.empty(n, np.float32), np.empty(n, np.float32)
    looks = min(tries, len(sizes))
    seen, order = np.empty((looks, training), np.uint8), np.arange(len(sizes))
    slope, rows = np.empty(training, np.int64), np.empty(training, np.int32)
    side, sums = np.zeros(training, np.uint8), np.zeros(leaves * 256, np.int64)
    left_g, left_h = np.empty(leaves * 256, np.float32), np.empty(leaves * 256, np.float32)
    best, kept = log_loss(z, y, weight, training), 0
    for t in range(rounds):
        slopes(z, y, weight, g, h)
        m = 0
        for i in range(training):
            if share >= 1.0 or uniform(state) < share:
                slope[m] = (np.int64(np.rint(g[i] * SCALE)) << np.int64(32)) + np.int64(np.rint(h[i] * SCALE) + 1)
                rows[m], side[m] = i, 0
                m += 1
        for k in range(looks):
            j = k + int(uniform(state) * (len(order) - k))
            order[k], order[j] = order[j], order[k]
            column, part = x[order[k]], seen[k]
            for i in range(m):
                part[i] = column[rows[i]]
        grown = True
        for d in range(depth):
            gain, place, cut = best_split(seen, sizes, order[:looks], slope, side, m, d, ridge, sums, left_g, left_h)
            if place < 0 or (d == 0 and gain < least_gain):
                grown = False
                break
            features[t, d], thresholds[t, d] = order[place], cut
            for i in range(m):
                side[i] |= np.uint8(seen[place, i] > cut) << d
        if not grown:
            break
        read_leaf(x, features, thresholds, t, leaf, n)
        leaf_values(g, h, leaf, training, rate, ridge, values[t])
        for i in range(n):
            z[i] += values[t, leaf[i]]
        loss = log_loss(z, y, weight, training)
        if loss < best - 1e-9:
            best, kept = loss, t + 1
        if t + 1 - kept >= patience:
            break
    for i in range(n):
        z[i] = start[i]
    for t in range(kept):  # the shape of the trees is settled: their values may learn from every row
        slopes(z, y, weight, g, h)
        read_leaf(x, features, thresholds, t, leaf, n)
        leaf_values(g, h, leaf, n, rate, ridge, values[t])
        for i in range(n):
            z[i] += values[t, leaf[i]]
    return features[:kept].copy(), thresholds[:kept].copy(), values[:kept].copy()
