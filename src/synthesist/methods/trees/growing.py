"""Growing boosters of oblivious trees, compiled.

x[feature, row] are uint8 codes. Nothing here knows of tables or columns, nor of randomness beyond the
64-bit state it is given.

Reference: Kohavi and Li, IJCAI 1995 for oblivious trees; Friedman, Annals of Statistics 29(5), 2001,
doi:10.1214/aos/1013203451 for boosting; Chen and Guestrin, KDD 2016, doi:10.1145/2939672.2939785 for
the second-order gain.
"""

import numpy as np
from numba import njit

from synthesist.methods.trees.reading import read_leaf, uniform

__all__ = ["grow"]

SCALE = 32768.0  # gradients as fixed-point numbers: sums do not depend on their order


@njit(nogil=True, cache=True)
def log_loss(z, y, weight, first):  # type: ignore[no-untyped-def]
    """The summed loss of log-odds z over rows first.. ."""
    total = 0.0
    for i in range(first, len(z)):
        m = z[i] if y[i] == 0 else -z[i]
        total += weight[i] * (np.log1p(np.exp(m)) if m < 30.0 else m)
    return total


@njit(nogil=True, cache=True)
def leaf_values(z, y, weight, leaf, last, rate, ridge, value):  # type: ignore[no-untyped-def]
    """The Newton step of every leaf over rows ..last-1."""
    g, h = np.zeros(len(value)), np.zeros(len(value))
    for i in range(last):
        p = np.float32(1.0) / (np.float32(1.0) + np.exp(-z[i]))
        g[leaf[i]] += (p - y[i]) * weight[i]
        h[leaf[i]] += p * (1 - p) * weight[i]
    for k in range(len(value)):
        value[k] = -rate * g[k] / (h[k] + ridge)


@njit(nogil=True, cache=True)
def best_split(x, sizes, tried, gradients, rows, side, level, ridge, sums):  # type: ignore[no-untyped-def]
    """The question that tells the rows apart best: (gain, feature, threshold).

    gradients[i] holds gradient and curvature of a row in the two halves of one integer, so one
    addition collects both. side[i] is the node of row i so far.
    """
    nodes = 1 << level
    best_gain, best_feature, best_cut = -1.0, -1, 0
    low = np.int64(0xFFFFFFFF)
    for f in tried:
        size = sizes[f]
        if size < 2:
            continue
        sums[: nodes * size] = 0
        column = x[f]
        for i in range(len(rows)):
            sums[side[i] * size + column[rows[i]]] += gradients[i]
        total_g, total_h = np.zeros(nodes), np.zeros(nodes)
        left_g, left_h = np.zeros(nodes), np.zeros(nodes)
        before = 0.0
        for k in range(nodes):
            s = np.int64(0)
            for b in range(size):
                s += sums[k * size + b]
            total_g[k], total_h[k] = (s >> np.int64(32)) / SCALE, (s & low) / SCALE
            before += total_g[k] * total_g[k] / (total_h[k] + ridge)
        for b in range(size - 1):
            after = 0.0
            for k in range(nodes):
                s = sums[k * size + b]
                left_g[k] += (s >> np.int64(32)) / SCALE
                left_h[k] += (s & low) / SCALE
                rest = total_g[k] - left_g[k]
                after += left_g[k] * left_g[k] / (left_h[k] + ridge) + rest * rest / (total_h[k] - left_h[k] + ridge)
            if after - before > best_gain:
                best_gain, best_feature, best_cut = after - before, f, b
    return best_gain, best_feature, best_cut


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
    gradients, rows = np.empty(training, np.int64), np.empty(training, np.int32)
    side, sums = np.zeros(training, np.uint8), np.zeros(leaves * 256, np.int64)
    order = np.arange(len(sizes))
    best, kept = log_loss(z, y, weight, training), 0
    for t in range(rounds):
        m = 0
        for i in range(training):
            if share >= 1.0 or uniform(state) < share:
                p = np.float32(1.0) / (np.float32(1.0) + np.exp(-z[i]))
                g, h = (p - y[i]) * weight[i], p * (1 - p) * weight[i]
                gradients[m] = (np.int64(np.round(g * SCALE)) << np.int64(32)) + np.int64(np.round(h * SCALE) + 1)
                rows[m], side[m] = i, 0
                m += 1
        for k in range(min(tries, len(order) - 1)):
            j = k + int(uniform(state) * (len(order) - k))
            order[k], order[j] = order[j], order[k]
        tried = order[: min(tries, len(order))]
        grown = True
        for d in range(depth):
            gain, f, cut = best_split(x, sizes, tried, gradients[:m], rows[:m], side[:m], d, ridge, sums)
            if f < 0 or (d == 0 and gain < least_gain):
                grown = False
                break
            features[t, d], thresholds[t, d] = f, cut
            column = x[f]
            for i in range(m):
                side[i] |= np.uint8(column[rows[i]] > cut) << d
        if not grown:
            break
        read_leaf(x, features, thresholds, t, leaf, n)
        leaf_values(z, y, weight, leaf, training, rate, ridge, values[t])
        for i in range(n):
            z[i] += values[t][leaf[i]]
        loss = log_loss(z, y, weight, training)
        if loss < best - 1e-9:
            best, kept = loss, t + 1
        if t + 1 - kept >= patience:
            break
    z[:] = start
    for t in range(kept):  # the shape of the trees is settled: their values may learn from every row
        read_leaf(x, features, thresholds, t, leaf, n)
        leaf_values(z, y, weight, leaf, n, rate, ridge, values[t])
        for i in range(n):
            z[i] += values[t][leaf[i]]
    return features[:kept].copy(), thresholds[:kept].copy(), values[:kept].copy()
