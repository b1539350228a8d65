"""A forest whose every leaf is a table of independent columns, as plain arrays."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from synthesist.boosting.axis import ranks_by
from synthesist.codecs.pieces import Limit
from synthesist.core import Context

__all__ = ["Forest"]

ROWS = 50_000  # a tree learns from, at most: more would only make it larger
BRANCH = 5  # times the rows of a leaf
FLOOR = 1e-3  # of each cell's probability, kept for what the leaf and its branch have not seen


class Leaves(NamedTuple):
    """What compiled code needs to know of leaves: see `Forest`, and `drawing`.

    `upto[tree, column, rank]` are the shares of all lower ranks; a rank is open from `low[leaf, column]` up to
    one below `high`.
    """

    leaf_first: np.ndarray
    branch_first: np.ndarray
    branch_of: np.ndarray
    in_leaf: np.ndarray
    in_branch: np.ndarray
    low: np.ndarray
    high: np.ndarray
    tree_of: np.ndarray
    order: np.ndarray
    ranks: np.ndarray
    upto: np.ndarray
    prior: float
    floor: float


@dataclass(frozen=True)
class Forest:
    """Trees one behind the other; in each, every left child right behind its parent.

    `column[node]` is -1 for a leaf; ranks up to `cut[node]` go left. `order[tree, column, rank]` are the codes
    in the order a tree asks them. The rows of leaf l are `leaf_first[l]`..`leaf_first[l + 1] - 1`, those of
    branches likewise; `in_leaf[column, place]` and `in_branch` have their ranks, every column sorted on its
    own, so that no row is kept. `table[column, code]` are the shares of codes; `prior`, in rows, is how
    much a leaf leans on its branch.
    """

    column: np.ndarray
    cut: np.ndarray
    order: np.ndarray
    leaf_first: np.ndarray
    branch_first: np.ndarray
    in_leaf: np.ndarray
    in_branch: np.ndarray
    table: np.ndarray
    prior: float

    def __post_init__(self) -> None:
        arrays = (self.column, self.cut, self.order, self.leaf_first, self.branch_first, self.in_leaf, self.in_branch)
        kinds = tuple(a.dtype for a in arrays)
        if kinds != (np.int16, np.uint8, np.uint8, np.int64, np.int64, np.uint8, np.uint8):
            raise ValueError("the parts of a forest have other types")
        trees, columns = self.order.shape[:2]
        if self.order.shape != (trees, columns, 256) or self.table.shape != (columns, 256):
            raise ValueError("the parts of a forest do not fit together")
        if self.table.dtype != np.float64 or not (self.table >= 0).all() or not self.prior >= 0:
            raise ValueError("a share or a prior below zero")
        if self.column.ndim != 1 or self.cut.shape != self.column.shape or not trees:
            raise ValueError("the parts of a forest do not fit together")
        if self.column.min() < -1 or self.column.max() >= columns:
            raise ValueError("a tree asks for a column that is not there")
        if (np.sort(self.order, axis=2) != np.arange(256)).any():
            raise ValueError("a tree orders codes that do not exist")
        unmet = np.cumsum(np.where(self.column < 0, -1, 1))  # children still to come; -1, -2 ... where a tree ends
        if unmet[-1] != -trees or unmet[:-1].min(initial=0) <= -trees:
            raise ValueError("the nodes of a forest make no trees")
        rows = self.in_leaf.shape[1] if self.in_leaf.ndim == 2 else 0
        if not rows or rows % trees or self.in_leaf.shape != (columns, rows) or self.in_branch.shape != (columns, rows):
            raise ValueError("the parts of a forest do not fit together")
        for first in (self.leaf_first, self.branch_first):
            if first.ndim != 1 or first[0] != 0 or first[-1] != rows or (np.diff(first) < 1).any():
                raise ValueError("the rows of a forest are not where its leaves say")
        if len(self.leaf_first) - 1 != (self.column < 0).sum() or not np.isin(self.branch_first, self.leaf_first).all():
            raise ValueError("the rows of a forest are not where its leaves say")

    @classmethod
    def grown(
        cls, codes: np.ndarray, sizes: np.ndarray, ordered: np.ndarray, trees: int, leaf: int, penalty: float,
        prior: float, ctx: Context,
    ) -> "Forest":  # fmt: skip
        """Grow on codes[column, row], rows in random order."""
        from synthesist.methods.arf.growing import grow, sort_within

        n = codes.shape[1]
        rows = min(n, ROWS)

        def one(t: int) -> tuple[np.ndarray, ...]:
            here = ctx.at("tree", t)
            sample = np.ascontiguousarray(codes[:, here.rng("rows").permutation(n)[:rows]])
            order = _orders(sample, sizes, ordered, here.rng("orders"))
            ranks = np.argsort(order, axis=1).astype(np.uint8)
            x = np.take_along_axis(ranks, sample.astype(np.int64), axis=1)
            state = np.array([here.seed("grow") % 2**64], np.uint64)
            column, cut, leaves, branches, places = grow(x, sizes, leaf, BRANCH * leaf, penalty, state)
            in_leaf = np.ascontiguousarray(x[:, places])
            in_branch = in_leaf.copy()
            sort_within(in_leaf, leaves)
            sort_within(in_branch, branches)
            return column, cut, order, t * rows + leaves, t * rows + branches, in_leaf, in_branch

        with ThreadPoolExecutor(ctx.threads) as pool:
            grown = list(ctx.track(pool.map(one, range(trees)), "growing trees", trees))
        column, cut, order, leaves, branches, in_leaf, in_branch = zip(*grown, strict=True)
        return cls(
            np.concatenate(column),
            np.concatenate(cut),
            np.stack(order),
            np.append(np.concatenate(leaves), trees * rows),
            np.append(np.concatenate(branches), trees * rows),
            np.concatenate(in_leaf, axis=1),
            np.concatenate(in_branch, axis=1),
            np.array([np.bincount(c, minlength=256) / n for c in codes]).reshape(-1, 256),
            prior,
        )

    def draw(self, known: np.ndarray, limits: Mapping[int, Limit], ctx: Context) -> np.ndarray:
        """codes[column, row] given known[column, row] where it is not -1, within the limits."""
        from synthesist.methods.arf.drawing import draw_cells, draw_limited

        shares = {j: self.shares(j) for j in limits}
        weights = {j: np.pad(limit.weights, ((0, 0), (0, 256 - limit.weights.shape[1]))) for j, limit in limits.items()}
        mass = [shares[j] @ weights[j].T for j in limits]
        which = np.array([limit.which for limit in limits.values()], np.int64).reshape(len(limits), known.shape[1])
        leaf = self._leaf_of_row(known, np.array(list(limits), np.int64), which, mass, ctx)
        out, u = known.copy(), ctx.rng("cells").random(known.shape)
        for j, limit in limits.items():
            draw_limited(shares[j], weights[j], leaf, limit.which, u[j], out[j])
        draw_cells(self._leaves, leaf, u, out)
        return out

    def shares(self, j: int) -> np.ndarray:
        """shares[leaf, code] of column j."""
        from synthesist.methods.arf.drawing import shares_by_leaf

        out = np.zeros((len(self.leaf_first) - 1, 256))
        shares_by_leaf(self._leaves, j, out)
        return out

    def _leaf_of_row(
        self, known: np.ndarray, limited: np.ndarray, which: np.ndarray, mass: Sequence[np.ndarray], ctx: Context
    ) -> np.ndarray:
        """A leaf for each row given what is known; mass[limit][leaf, set] is what each limit lets through."""
        from synthesist.methods.arf.drawing import choose_leaves

        n, rows = known.shape[1], np.diff(self.leaf_first)
        if (known < 0).all() and all(m.shape[1] == 1 for m in mass):
            upto = np.cumsum(np.prod([rows, *(m[:, 0] for m in mass)], axis=0))
            return np.minimum(np.searchsorted(upto, ctx.rng("leaf").random(n) * upto[-1], "right"), len(rows) - 1)
        with np.errstate(divide="ignore"):
            log_mass = np.log(np.concatenate([np.zeros((0, len(rows))), *(m.T for m in mass)]))
        first_set = np.cumsum([0, *(m.shape[1] for m in mass)])[:-1]
        right, leaf_of, roots = self._nodes
        out, state = np.zeros(n, np.int64), np.array([ctx.seed("leaf") % 2**64], np.uint64)
        choose_leaves(
            self._leaves, self.column, self.cut, right, leaf_of, roots, known,
            limited, which + first_set[:, None], log_mass, state, out,
        )  # fmt: skip
        return out

    @cached_property
    def _laid_out(self) -> tuple[np.ndarray, ...]:
        """right[node], leaf_of[node]; tree_of[leaf]; low[leaf, column] and high, the ranks a leaf leaves open."""
        from synthesist.methods.arf.drawing import lay_out

        leaves = len(self.leaf_first) - 1
        right, leaf_of = np.zeros((2, len(self.column)), np.int64)
        tree_of, (low, high) = np.zeros(leaves, np.int64), np.zeros((2, leaves, len(self.table)), np.int16)
        lay_out(self.column, self.cut, right, leaf_of, tree_of, low, high)
        return right, leaf_of, tree_of, low, high

    @cached_property
    def _nodes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """right[node], leaf_of[node], and the first node of each tree."""
        right, leaf_of, tree_of, *_ = self._laid_out
        node = np.flatnonzero(self.column < 0)  # of each leaf: a tree begins behind the last leaf of the one before
        ends = node[np.searchsorted(tree_of, np.arange(1, len(self.order))) - 1]
        return right, leaf_of, np.concatenate([[0], ends + 1]).astype(np.int64)

    @cached_property
    def _leaves(self) -> Leaves:
        _, _, tree_of, low, high = self._laid_out
        branch_of = np.searchsorted(self.branch_first, self.leaf_first[:-1], side="right") - 1
        by_rank = np.take_along_axis(np.broadcast_to(self.table, self.order.shape), self.order.astype(np.int64), axis=2)
        upto = np.concatenate([np.zeros((*self.order.shape[:2], 1)), np.cumsum(by_rank, axis=2)], axis=2)
        ranks = np.argsort(self.order, axis=2).astype(np.uint8)
        return Leaves(
            self.leaf_first, self.branch_first, branch_of, self.in_leaf, self.in_branch, low, high, tree_of,
            self.order, ranks, upto, self.prior, FLOOR,
        )  # fmt: skip


def _orders(codes: np.ndarray, sizes: np.ndarray, ordered: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """order[column, rank]: as they are for numbers; for others as they tell a random other column apart."""
    out = np.tile(np.arange(256, dtype=np.uint8), (len(codes), 1))
    for j in np.flatnonzero(~ordered & (sizes > 2) & (len(sizes) > 1)):
        k = (j + 1 + rng.integers(len(codes) - 1)) % len(codes)
        ranks = ranks_by(codes[j], int(sizes[j]), codes[k], int(sizes[k]))
        out[j, : sizes[j]] = np.argsort(ranks[: sizes[j]])
    return out
