"""What the chains got wrong, and how much of everything there should be.

A booster learns to tell real rows from drawn ones: its odds are the ratio of the two densities. Its
leaves, and the codes of the columns, are also cells whose real shares are known. Sampling draws a few
candidates for every row and takes each with the odds' probability, less where its cells have had more
than their share so far, more where they have had less. So the rows come out as if the chains had
known, and as even as a real sample: drawing freely from a model of a sample would add the noise of
sampling a second time.

What the booster cannot tell on rows it did not learn from is left alone.

Reference: Sugiyama, Suzuki and Kanamori, Density Ratio Estimation in Machine Learning, 2012,
doi:10.1017/CBO9781139035613; balanced samples: Deville and Tillé, Biometrika 91(4), 2004,
doi:10.1093/biomet/91.4.893; balance by a walk that steers against the excess so far: Alweiss, Liu and
Sawhney, STOC 2021, doi:10.1145/3406325.3450994; systematic sampling: Madow, Annals of Mathematical
Statistics 20(3), 1949, doi:10.1214/aoms/1177729988.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from synthesist.boosting.booster import Booster, Growth, state
from synthesist.core import Context

__all__ = ["QUICK", "Critic", "take", "take_each"]

LEAST, MOST = -5.0, 4.0  # log-ratios beyond are noise
QUICK = Growth(6, 0.1, 10.0, 300, patience=15, tries=24, rows=10_000, least_gain=0.0)
"""How the critic of a network grows: enough to see what it got wrong, in a tenth of the time it learnt."""

STEER = 32.0  # how hard an excess is steered against


@dataclass(frozen=True)
class Critic:
    """The trees that tell real from drawn, and the real share of every cell.

    `shares[tree, leaf]`, `code_shares[column, code]`: of the rows that were learnt from.
    `level`: log of the mean ratio over drawn rows.
    """

    booster: Booster
    shares: np.ndarray
    code_shares: np.ndarray
    level: float

    def __post_init__(self) -> None:
        kinds = (self.shares.dtype, self.code_shares.dtype)
        fits = self.shares.shape == self.booster.values.shape and self.code_shares.shape[1:] == (256,)
        if not fits or kinds != (np.float32, np.float32) or not np.isfinite(self.level):
            raise ValueError("the parts of a critic do not fit together")
        if self.booster.reach > len(self.code_shares):
            raise ValueError("a critic of other columns than it knows the shares of")
        if min(self.shares.min(initial=0), self.code_shares.min(initial=0)) < 0:
            raise ValueError("a share below zero")

    @classmethod
    def fit(
        cls, real: np.ndarray, draw: Callable[[int, Context], np.ndarray], sizes: np.ndarray, growth: Growth,
        steps: int, min_rows: int, ctx: Context,
    ) -> "Critic":  # fmt: skip
        """Learn what real codes[column, row] have that `draw` does not; each of `steps` finds what the last left."""
        n = real.shape[1]
        parts: list[Booster] = []
        for step in range(steps):
            here = ctx.at("step", step)
            drawn = draw(3 * n, here.at("drawn"))
            if step:
                ratio = _ratio(Booster.joined(parts, growth.depth), drawn)
                drawn = drawn[:, take(ratio, 2 * n, here.rng("take"))]
            parts.append(_told_apart(real, drawn, sizes, growth, here))
            if not len(parts[-1].features):
                break
        booster = Booster.joined(parts, growth.depth)
        level = 0.0
        if len(booster.features):
            level = float(np.log(np.exp(_ratio(booster, draw(n, ctx.at("level")))).mean()))
        leaves, codes = _weights_of_cells(booster, real, np.ones(n))
        for counts in leaves:  # what few rows share shows only in the mean
            few = (counts > 0) & (counts < min_rows)
            counts[few] = counts[few].mean() if few.any() else 0.0
        return cls(booster, (leaves / n).astype(np.float32), (codes / n).astype(np.float32), level)

    def within(self, codes: np.ndarray) -> "Critic":
        """This critic where a condition holds: the shares are what its odds make of candidates codes[column, row]."""
        weight = np.exp(self.log_ratio(codes))
        leaves, columns = _weights_of_cells(self.booster, codes, weight / weight.sum())
        return Critic(self.booster, leaves.astype(np.float32), columns.astype(np.float32), float(np.log(weight.mean())))

    def log_ratio(self, codes: np.ndarray) -> np.ndarray:
        """log p_real/p_drawn of every row of codes[column, row], within what can be trusted."""
        return _ratio(self.booster, codes)

    def chosen(self, codes: np.ndarray, n: int, ctx: Context) -> np.ndarray:
        """The numbers of n of the candidates codes[column, row]: as likely, and as even, as real rows."""
        from synthesist.boosting.choosing import choose

        out, wanted = np.empty(n, np.int64), n / codes.shape[1]
        cells, starts = self._cells(n, wanted)
        choose(
            codes, ctx.rng("order").permutation(codes.shape[1]), self.booster.features, self.booster.thresholds,
            cells, starts, np.log(wanted) - self.level, MOST, state(ctx), out,
        )  # fmt: skip
        return out

    def _cells(self, n: int, wanted: float) -> tuple[np.ndarray, np.ndarray]:
        """What `choose` needs to know of every cell, where n rows are chosen, `wanted` of each candidate.

        And where the cells of each set start.
        """
        from synthesist.boosting.choosing import CODES, GAIN, ODDS, QUOTA

        columns, (trees, leaves) = len(self.code_shares), self.shares.shape
        sets, first = columns + trees, columns * CODES
        starts = np.append(np.arange(columns) * CODES, first + np.arange(trees) * leaves)
        starts = np.append(starts, np.full(sets % 2, first + trees * leaves))  # sets come in pairs
        share = np.concatenate([self.code_shares.ravel(), self.shares.ravel()])
        cells = np.zeros((len(share) + 1, 4), np.float32)
        cells[first:-1, ODDS] = self.booster.values.ravel()
        cells[:-1, GAIN] = STEER / max(sets, 1) / np.sqrt(share * n + 5)
        cells[:-1, QUOTA] = cells[:-1, GAIN] * share * wanted
        return cells, starts


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


def _told_apart(real: np.ndarray, drawn: np.ndarray, sizes: np.ndarray, growth: Growth, ctx: Context) -> Booster:
    """The booster that tells real codes[column, row] from drawn ones."""
    n, m = real.shape[1], drawn.shape[1]
    order = ctx.rng("order").permutation(n + m)
    x = np.ascontiguousarray(np.concatenate([real, drawn], axis=1)[:, order])
    y = (order < n).astype(np.uint8)
    weight = np.where(y == 1, 1.0, n / m)
    return Booster.grown(x, sizes, y, weight, np.zeros(n + m), growth, ctx)


def _ratio(booster: Booster, codes: np.ndarray) -> np.ndarray:
    z = np.zeros(codes.shape[1], np.float32)
    step = 8192  # a block that stays in the processor's cache
    for first in range(0, len(z), step):
        booster.add(np.ascontiguousarray(codes[:, first : first + step]), z[first : first + step])
    return np.clip(z.astype(np.float64), LEAST, MOST)


def _weights_of_cells(booster: Booster, codes: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the rows of codes[column, row] weigh together in each [tree, leaf], and in each [column, code]."""
    from synthesist.boosting.reading import weigh_leaves

    leaves = np.zeros(booster.values.shape)
    weigh_leaves(codes, booster.features, booster.thresholds, weight, leaves)
    return leaves, np.array([np.bincount(c, weight, minlength=256) for c in codes]).reshape(-1, 256)
