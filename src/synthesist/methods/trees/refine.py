"""What the chains got wrong, as odds: a booster that tells real rows from drawn ones.

Its odds are the ratio of the two densities. Sampling draws a few candidates for every row and takes
them in proportion to the ratio, without taking any candidate twice, so the rows come out as if the
chains had known. What the booster cannot tell on rows it did not learn from is left alone.

Reference: Sugiyama, Suzuki and Kanamori, Density Ratio Estimation in Machine Learning, 2012,
doi:10.1017/CBO9781139035613; systematic sampling: Madow, Annals of Mathematical Statistics 20(3),
1949, doi:10.1214/aoms/1177729988.
"""

import numpy as np

from synthesist.core import Context
from synthesist.methods.trees.booster import Booster, Growth

__all__ = ["log_ratio", "refinement", "take", "take_each"]

LEAST, MOST = -5.0, 4.0  # log-ratios beyond are noise


def refinement(real: np.ndarray, drawn: np.ndarray, sizes: np.ndarray, growth: Growth, ctx: Context) -> Booster:
    """Learn log p_real/p_drawn from codes[column, row] of both."""
    n, m = real.shape[1], drawn.shape[1]
    order = ctx.rng("order").permutation(n + m)
    x = np.ascontiguousarray(np.concatenate([real, drawn], axis=1)[:, order])
    y = (order < n).astype(np.uint8)
    weight = np.where(y == 1, 1.0, n / m)
    return Booster.grown(x, sizes, y, weight, np.zeros(n + m), growth, ctx)


def log_ratio(boosters: tuple[Booster, ...], codes: np.ndarray) -> np.ndarray:
    """log p_real/p_drawn of every row of codes[column, row], within what can be trusted."""
    z = np.zeros(codes.shape[1], np.float32)
    step = 8192  # a block that stays in the processor's cache
    for first in range(0, len(z), step):
        block, part = np.ascontiguousarray(codes[:, first : first + step]), z[first : first + step]
        for booster in boosters:
            booster.add(block, part)
    return np.clip(z.astype(np.float64), LEAST, MOST)


def take(log_weight: np.ndarray, n: int, rng: np.random.Generator, *, repeat: bool = False) -> np.ndarray:
    """n of the candidates in proportion to their weight: each at most once unless `repeat`."""
    weight = np.exp(log_weight - log_weight.max())
    share = weight * (n / weight.sum())
    if not repeat:
        full = np.zeros(len(weight), bool)
        while (over := (share > 1.0) & ~full).any():
            full |= over
            rest = weight[~full].sum()
            share = np.where(full, 1.0, weight * ((n - full.sum()) / max(rest, 1e-300)))
    order = rng.permutation(len(weight))
    upto = np.cumsum(share[order])
    marks = (rng.random() + np.arange(n)) * (upto[-1] / n)
    return order[np.minimum(np.searchsorted(upto, marks, side="right"), len(weight) - 1)]


def take_each(log_weight: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """For log_weight[group, candidate]: n candidates of every group, in proportion, repeats allowed."""
    top = np.maximum(log_weight.max(axis=1, keepdims=True), -1e300)
    upto = np.cumsum(np.exp(np.maximum(log_weight - top, -700.0)), axis=1)
    marks = (rng.random((len(upto), 1)) + np.arange(n)) * (upto[:, -1:] / n)
    return np.minimum((upto[:, None, :] <= marks[:, :, None]).sum(axis=2), log_weight.shape[1] - 1)
