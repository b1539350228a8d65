"""The compiled part of `trees`: growing boosters of oblivious trees and reading them.

An oblivious tree asks the same question of every row at one level, so a leaf is a number made of
bits and reading a tree is a few passes over whole columns. x[feature, row] are uint8 codes.
Nothing here knows of tables, columns or randomness beyond the 64-bit state it is given.

Reference: Kohavi and Li, IJCAI 1995 for oblivious trees; Friedman, Annals of Statistics 29(5), 2001,
doi:10.1214/aos/1013203451 for boosting; Chen and Guestrin, KDD 2016, doi:10.1145/2939672.2939785 for
the second-order gain.
"""

import numpy as np
from numba import njit

__all__ = ["add_trees", "draw_allowed_bits", "draw_bits", "follow_bits", "grow", "narrowed", "recode"]

SCALE = 32768.0  # gradients as fixed-point numbers: sums do not depend on their order


@njit(nogil=True, cache=True)
def uniform(state):  # type: ignore[no-untyped-def]
    """The next number in [0, 1) of SplitMix64; `state` is an array of one uint64."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.float64((z ^ (z >> np.uint64(31))) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@njit(nogil=True, cache=True)
def read_leaf(x, feature, threshold, depth, leaf):  # type: ignore[no-untyped-def]
    """leaf[row] of one tree: bit d is set where the row is beyond threshold d."""
    column, cut = x[feature[0]], threshold[0]
    for i in range(len(leaf)):
        leaf[i] = np.uint8(column[i] > cut)
    for d in range(1, depth):
        column, cut, bit = x[feature[d]], threshold[d], np.uint8(1 << d)
        for i in range(len(leaf)):
            leaf[i] |= bit * np.uint8(column[i] > cut)


@njit(nogil=True, cache=True)
def add_trees(x, features, thresholds, values, first, last, z, leaf):  # type: ignore[no-untyped-def]
    """z[row] plus what trees first..last-1 say."""
    for t in range(first, last):
        read_leaf(x, features[t], thresholds[t], features.shape[1], leaf)
        value = values[t]
        for i in range(len(z)):
            z[i] += value[leaf[i]]


@njit(nogil=True, cache=True)
def recode(before, ranks, used, x):  # type: ignore[no-untyped-def]
    """x[feature, row]: the codes of the features in use, each in its own order; feature 0 is left alone."""
    for f in used:
        if f > 0:
            rank, column = ranks[f], before[f - 1]
            for i in range(x.shape[1]):
                x[f, i] = rank[column[i]]


@njit(nogil=True, cache=True)
def narrowed(x, used, rows):  # type: ignore[no-untyped-def]
    """x[feature, rows] of feature 0 and the features in use."""
    out = np.zeros((x.shape[0], len(rows)), np.uint8)
    for i in range(len(rows)):
        out[0, i] = x[0, rows[i]]
    for f in used:
        for i in range(len(rows)):
            out[f, i] = x[f, rows[i]]
    return out


@njit(nogil=True, cache=True)
def draw_bits(z, right, u, node):  # type: ignore[no-untyped-def]
    """Move every row from its interval to the left or the right half of it.

    z[row] is the log-odds of the right half, right[node] the name of that half (0: nothing to split),
    u[row] a uniform number. An interval is named by its first code, so the left half keeps the name.
    """
    for i in range(len(z)):
        half = right[node[i]]
        if half > 0 and u[i] * (1.0 + np.exp(-np.float64(z[i]))) < 1.0:
            node[i] = half


@njit(nogil=True, cache=True)
def draw_allowed_bits(z, right, u, node, which, left_share, right_share, log_weight):  # type: ignore[no-untyped-def]
    """The same among allowed codes: left_share and right_share[set, node] say how much of each half is allowed.

    Row i may be drawn from set which[i]. What the draw departs from the model by goes to log_weight,
    so that the weighted draws follow the model given the condition.
    """
    for i in range(len(z)):
        half = right[node[i]]
        if half == 0:
            continue
        p = 1.0 / (1.0 + np.exp(-np.float64(z[i])))
        a = p * right_share[which[i], node[i]]
        b = (1.0 - p) * left_share[which[i], node[i]]
        if a + b <= 0.0:
            log_weight[i] = -np.inf
        elif u[i] * (a + b) < a:
            log_weight[i] += np.log(p * (a + b) / a)
            node[i] = half
        else:
            log_weight[i] += np.log((1.0 - p) * (a + b) / b)


@njit(nogil=True, cache=True)
def follow_bits(z, right, code, node, log_weight):  # type: ignore[no-untyped-def]
    """Move every row towards its known code, adding the log-probability of the step."""
    for i in range(len(z)):
        half = right[node[i]]
        if half == 0:
            continue
        if code[i] >= half:
            log_weight[i] -= np.log1p(np.exp(-np.float64(z[i])))
            node[i] = half
        else:
            log_weight[i] -= np.log1p(np.exp(np.float64(z[i])))


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
        read_leaf(x, features[t], thresholds[t], depth, leaf)
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
        read_leaf(x, features[t], thresholds[t], depth, leaf)
        leaf_values(z, y, weight, leaf, n, rate, ridge, values[t])
        for i in range(n):
            z[i] += values[t][leaf[i]]
    return features[:kept].copy(), thresholds[:kept].copy(), values[:kept].copy()
