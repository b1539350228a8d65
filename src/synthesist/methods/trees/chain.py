"""One order of the columns: each drawn given those before it, by halving its codes bit by bit.

The codes of a column form a balanced tree of intervals. For each level one booster predicts, from
the columns before and the interval reached so far, whether a row lies in the right half. So a column
of 250 codes costs eight yes-no predictions, neighbours share what is learnt about them, and the
number of rounds at each level is settled by rows not learnt from.

Reference: the decomposition is that of nested dichotomies, Frank and Kramer, ICML 2004,
doi:10.1145/1015330.1015363; for tables compare XGenBoost, arXiv:2603.06904.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from synthesist.boosting.axis import ranks_by
from synthesist.boosting.booster import Booster, Growth, state
from synthesist.codecs.pieces import Limit
from synthesist.core import Context

__all__ = ["Chain", "Conditional", "Particles"]

FEWEST = 120  # rows a level needs to learn anything


@dataclass
class Particles:
    """Rows under way: codes[column, row] so far and the log-weight each has gathered from evidence."""

    codes: np.ndarray
    log_weight: np.ndarray

    @classmethod
    def empty(cls, columns: int, n: int) -> "Particles":
        """n rows of which nothing is drawn yet."""
        return cls(np.zeros((columns, n), np.uint8), np.zeros(n))

    def pick(self, rows: np.ndarray) -> None:
        """Go on from these rows, with even weights."""
        self.codes = np.ascontiguousarray(self.codes[:, rows])
        self.log_weight = np.zeros(len(rows))


@dataclass(frozen=True)
class Conditional:
    """p(column | columns before it).

    `ranks[feature, code]`: the order in which a feature's codes are asked; feature 0 is the interval.
    `right[level, node]`: the right half of an interval, 0 where it is a single code.
    `start[level, node]`: its log-odds before any tree. Trees first[level]..first[level+1]-1 are a level's.
    """

    size: int
    ranks: np.ndarray
    right: np.ndarray
    start: np.ndarray
    first: np.ndarray
    booster: Booster

    def __post_init__(self) -> None:
        levels = len(self.right)
        fits = self.right.shape == self.start.shape == (levels, 256) and self.first.shape == (levels + 1,)
        kinds = (self.ranks.dtype, self.right.dtype, self.start.dtype, self.first.dtype)
        fits = fits and self.ranks.shape[1:] == (256,) and kinds == (np.uint8, np.uint8, np.float32, np.int64)
        if not fits or not 1 <= self.size <= 256:
            raise ValueError("the parts of a column's trees do not fit together")
        if (np.diff(self.first) < 0).any() or self.first[0] != 0 or self.first[-1] != len(self.booster.features):
            raise ValueError("a column's trees are not where its levels say")
        if self.right.max(initial=0) >= self.size or self.booster.reach > len(self.ranks):
            raise ValueError("a column's trees ask for what does not exist")

    @classmethod
    def fit(
        cls, y: np.ndarray, size: int, before: np.ndarray, sizes: np.ndarray, ordered: Sequence[bool],
        growth: Growth, ctx: Context,
    ) -> "Conditional":  # fmt: skip
        """Learn codes y[row] from before[feature, row]; features that are not ordered are put in an order first."""
        n = len(y)
        ranks = np.tile(np.arange(256, dtype=np.uint8), (len(before) + 1, 1))
        x = np.empty((len(before) + 1, n), np.uint8)
        for f, codes in enumerate(before):
            if not ordered[f] and sizes[f] > 2:
                ranks[f + 1] = ranks_by(codes, int(sizes[f]), y, size)
            x[f + 1] = ranks[f + 1][codes]
        sizes = np.concatenate([[size], sizes]).astype(np.int64)
        right, start, first, parts = [], [], [0], []
        for level, (halves, bit, node) in enumerate(_intervals(np.bincount(y, minlength=size))):
            open_ = np.flatnonzero(bit[y] < 2)
            at, side = node[y[open_]], bit[y[open_]].astype(np.uint8)
            ones, rows = np.bincount(at, weights=side, minlength=256), np.bincount(at, minlength=256)
            odds = np.log((ones + 0.5) / (rows - ones + 0.5)).astype(np.float32)
            right.append(halves)
            start.append(odds)
            if len(before) and len(open_) >= FEWEST:
                x[0] = node[y]
                here = x if len(open_) == n else np.ascontiguousarray(x[:, open_])
                weight = np.ones(len(open_), np.float32)
                parts.append(Booster.grown(here, sizes, side, weight, odds[at], growth, ctx.at("level", level)))
            first.append(first[-1] + (len(parts[-1].features) if len(before) and len(open_) >= FEWEST else 0))
        return cls(
            size,
            ranks,
            np.array(right, np.uint8).reshape(-1, 256),
            np.array(start, np.float32).reshape(-1, 256),
            np.array(first, np.int64),
            Booster.joined(parts, growth.depth),
        )

    def draw(
        self, codes: np.ndarray, before: np.ndarray, seed: np.ndarray, known: np.ndarray | None = None,
        limit: Limit | None = None, log_weight: np.ndarray | None = None,
    ) -> np.ndarray:  # fmt: skip
        """Codes of the column for rows codes[column, row]; the features are the columns `before`.

        Where `known[row]` is a code (not -1) it is followed, where a `limit` is set it is held; how
        likely that was is added to `log_weight[row]`. `seed` is the state of a compiled generator.
        """
        from synthesist.methods.trees.drawing import draw_column

        n = codes.shape[1]
        out, gained = np.empty(n, np.uint8), np.zeros(0 if log_weight is None else n)
        left, right = np.zeros((2, len(self.right), 0, 256)) if limit is None else self._shares(limit)
        nothing = np.zeros(0, np.int64)
        draw_column(
            codes, before, self.ranks, np.unique(self.booster.features), self.right, self.start, self.first,
            self.booster.features, self.booster.thresholds, self.booster.values,
            nothing if known is None else known.astype(np.int64), nothing if limit is None else limit.which,
            left, right, seed, out, gained,
        )  # fmt: skip
        if log_weight is not None:
            log_weight += gained
            if limit is not None:
                with np.errstate(divide="ignore"):
                    by_limit = np.log(limit.weights[limit.which, out])
                log_weight += by_limit if known is None else np.where(known < 0, by_limit, 0.0)
        return out

    def _shares(self, limit: Limit) -> tuple[np.ndarray, np.ndarray]:
        """left, right[level, set, interval]: how much of each half of an interval every set allows.

        Any positive guess is right on average, since draws are weighted by what they depart from it.
        """
        weights = limit.weights[:, : self.size]
        upto = np.concatenate([np.zeros((len(weights), 1)), np.cumsum(weights, axis=1)], axis=1)
        ends = np.full(self.size + 1, self.size)
        lefts, rights = np.ones((2, len(self.right), len(weights), 256))
        for level in range(len(self.right)):
            left, right, new = lefts[level], rights[level], ends.copy()
            for node in range(self.size):
                half, end = int(self.right[level][node]), int(ends[node])
                if half:
                    left[:, node] = (upto[:, half] - upto[:, node]) / (half - node)
                    right[:, node] = (upto[:, end] - upto[:, half]) / (end - half)
                    new[node], new[half] = half, end
            ends = new
        return lefts, rights


@dataclass(frozen=True)
class Chain:
    """Columns `order[0]`, `order[1]` ... each given those before it."""

    order: np.ndarray
    conditionals: tuple[Conditional, ...]

    def __post_init__(self) -> None:
        if sorted(self.order.tolist()) != list(range(len(self.conditionals))):
            raise ValueError("a chain that does not go through every column once")
        for place, conditional in enumerate(self.conditionals):
            if len(conditional.ranks) != place + 1:
                raise ValueError("a chain whose columns follow from others than those before")

    @classmethod
    def fit(
        cls, codes: np.ndarray, sizes: np.ndarray, ordered: Sequence[bool], order: np.ndarray, growth: Growth,
        ctx: Context,
    ) -> "Chain":  # fmt: skip
        """Learn from codes[column, row], rows in random order."""

        def one(place: int) -> Conditional:
            before = order[:place]
            marks = [ordered[j] for j in before]
            target = order[place]
            return Conditional.fit(
                codes[target],
                int(sizes[target]),
                codes[before],
                sizes[before],
                marks,
                growth,
                ctx.at("column", int(target)),
            )

        with ThreadPoolExecutor(ctx.threads) as pool:  # the last column has most to learn from: it goes first
            made = list(ctx.track(pool.map(one, range(len(order) - 1, -1, -1)), "growing trees", len(order)))
        return cls(order, tuple(reversed(made)))

    def extend(
        self, rows: Particles, place: int, seed: np.ndarray, known: np.ndarray | None, limit: Limit | None
    ) -> None:
        """Draw the column at `place` for every row."""
        evidence = known is not None or limit is not None
        rows.codes[self.order[place]] = self.conditionals[place].draw(
            rows.codes, self.order[:place], seed, known, limit, rows.log_weight if evidence else None
        )

    def draw(self, n: int, ctx: Context) -> np.ndarray:
        """n rows, codes[column, row]."""
        rows = Particles.empty(len(self.order), n)
        for place, column in enumerate(self.order.tolist()):
            self.extend(rows, place, state(ctx.at("column", column)), None, None)
        return rows.codes

    def last_evidence(self, evidence: Mapping[int, object]) -> int:
        """How many columns are drawn before the last piece of evidence is met: the fewer the better."""
        return max((place for place, j in enumerate(self.order.tolist()) if j in evidence), default=-1)


def _intervals(mass: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The levels of a balanced tree of intervals over codes.

    Each level: right[node] (0 where an interval is one code), bit[code] (0 left, 1 right, 2 settled)
    and node[code], the interval a code is in before the split.
    """
    size = len(mass)
    upto = np.concatenate([[0.0], np.cumsum(mass, dtype=np.float64)])
    low, high = np.zeros(size, np.int64), np.full(size, size)
    levels: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    while True:
        right, bit = np.zeros(256, np.uint8), np.full(size, 2, np.uint8)
        next_low, next_high = low.copy(), high.copy()
        for start in np.unique(low):
            end = int(high[start])
            if end - start < 2:
                continue
            middle = (upto[start] + upto[end]) / 2
            cut = int(start) + 1 + int(np.abs(upto[start + 1 : end] - middle).argmin())
            right[start] = cut
            bit[start:cut], bit[cut:end] = 0, 1
            next_high[start:cut], next_low[cut:end] = cut, cut
        if not right.any():
            return levels
        levels.append((right, bit, low.astype(np.uint8)))
        low, high = next_low, next_high
