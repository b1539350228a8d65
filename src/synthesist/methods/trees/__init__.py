"""Trees over every column in turn, corrected by their own critic: the default."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from synthesist.boosting.booster import Growth, state
from synthesist.boosting.critic import Critic, take, take_each
from synthesist.codecs.pieces import Given, Limit
from synthesist.codecs.presence import PresenceCodec
from synthesist.codecs.table import TABLE_KINDS, TableCodec
from synthesist.core import Allowed, Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.methods.trees.chain import Chain, Particles

__all__ = ["Trees"]

STEP = 16_384  # candidates a chain draws at its turn
WIDE = 75  # columns: beyond, one order and fewer looks a tree, to stay within minutes
PER_HOLE = 24  # candidates for a row with holes of its own


class Trees(Spec):
    """Learns every column from those before it with boosted trees: close to the real data, no row copied.

    Numbers are split into point masses and quantile bins; missing cells and categories are codes of their
    own. Each column is drawn given the earlier ones by trees whose number is settled by rows they did not
    learn from; a critic of the same kind then weighs a few candidates for every row. Columns that follow
    from others by a table or a formula are recomputed exactly. Sampling reads trees only, never a row.

    When not to use: below some 200 rows, where nothing can be learnt without repeating it; for free text
    (made up word by word, without regard to the other columns); when a formal guarantee is needed, which
    only differential privacy gives.

    Reference: sequential synthesis by trees: Reiter, Journal of Official Statistics 21(3), 2005; Nowok,
    Raab and Dibben, Journal of Statistical Software 74(11), 2016, doi:10.18637/jss.v074.i11.

    >>> import polars as pl, synthesist as sy
    >>> frame = pl.DataFrame({"x": [i // 2 for i in range(600)], "y": [i // 200 for i in range(600)]})
    >>> rows = sy.fit(frame).sample(100, where={"x": (">=", 250)})
    >>> rows.height, rows["x"].min() >= 250
    (100, True)
    """

    accepts = TABLE_KINDS

    bins: int = knob(250, "codes a column may have at most", tries=(8, 64), ge=2, le=250)
    min_rows: int = knob(5, "rows a category, bin or word must have to be drawn", tries=(1, 12), ge=1, le=1000)
    orders: int = knob(
        2, "orders of the columns learnt, one beyond 75 columns; rows come from each in turn", tries=(1, 2), ge=1, le=8
    )
    depth: int = knob(6, "questions per tree", tries=(2, 6), ge=1, le=8)
    rate: float = knob(0.25, "step of each boosting round", tries=(0.1, 0.5), gt=0.0, le=1.0)
    rounds: int = knob(150, "boosting rounds per level at most", tries=(2, 60), ge=1, le=2000)
    ridge: float = knob(2.0, "pull of leaf values to zero, in rows", tries=(0.5, 50.0), ge=0.0)
    refinements: int = knob(3, "rounds of correction by the critic", tries=(0, 1), ge=0, le=5)
    candidates: int = knob(5, "candidates drawn per row for the critic to weigh", tries=(2, 4), ge=1, le=20)

    def fit(self, data: Dataset, ctx: Context) -> "Grown":
        """Learn the codes, the chains and the critic."""
        codec = TableCodec.fit(data, ctx, bins=self.bins, min_rows=self.min_rows)
        codes = codec.complete(data, ctx)[ctx.rng("rows").permutation(data.units)].T
        codes = np.ascontiguousarray(codes.astype(np.uint8))
        sizes = codec.sizes
        ordered = [column.ordered > 0 for column in codec.modelled.values()]
        wide = len(sizes) > WIDE
        growth = Growth(self.depth, self.rate, self.ridge, self.rounds, patience=6, tries=12 if wide else 24)
        chains = tuple(
            Chain.fit(codes, sizes, ordered, order, growth, ctx.at("chain", k))
            for k, order in enumerate(_orders(codec, data, 1 if wide else self.orders, ctx))
        )
        critical = Growth(self.depth, 0.1, 10.0, 2 * self.rounds, patience=15, tries=24, rows=40_000, least_gain=0.0)
        steps = self.refinements if len(sizes) > 1 else 0
        critic = Critic.fit(codes, partial(_drawn, chains), sizes, critical, steps, self.min_rows, ctx.at("critic"))
        return Grown(codec, chains, critic, self.candidates)


@dataclass(frozen=True)
class Grown:
    """Fitted trees: chains over the codes of a table, and the critic that weighs what they draw."""

    codec: TableCodec
    chains: tuple[Chain, ...]
    critic: Critic
    candidates: int
    block: ClassVar[int] = 16_384

    def __post_init__(self) -> None:
        columns = len(self.codec.modelled)
        sizes = self.codec.sizes
        for chain in self.chains:
            if [c.size for c in chain.conditionals] != sizes[chain.order].tolist():
                raise ValueError("chains over other columns than the table has")
        if not self.chains or len(self.critic.code_shares) != columns or not 1 <= self.candidates <= 20:
            raise ValueError("a critic of other columns than the table has")

    @property
    def schema(self) -> Schema:
        """What is produced."""
        return self.codec.schema

    def sample(self, n: int, ctx: Context) -> Dataset:
        """Draw n rows."""
        return self.codec.drawn(self._weighed(n, ctx).T.astype(np.int32), ctx)

    def fill(self, rows: Dataset, allowed: Mapping[str, Allowed], ctx: Context) -> Dataset:
        """Draw the holes of `rows` within `allowed`, from what the trees hold possible given the rest.

        Evidence is met as the columns are drawn: candidates are weighted by how likely they make it and
        drawn again in proportion (sequential importance resampling), then weighed by the critic. Nothing
        is rejected. The order that meets all evidence soonest is used.
        """
        given = self.codec.given(rows, allowed)
        alike = (given.codes < 0).all() and all(len(limit.pieces) == 1 for limit in given.limits.values())
        if alike and not given.limits:
            codes = self._weighed(rows.units, ctx)
        else:
            codes = self._together(given, ctx) if alike else self._one_by_one(given, ctx)
        return self.codec.drawn(codes.T.astype(np.int32), ctx, given, rows, allowed)

    def _weighed(self, n: int, ctx: Context) -> np.ndarray:
        """codes[column, row] of n rows, chosen by the critic among candidates."""
        codes = _drawn(self.chains, n * self.candidates, ctx)
        return codes[:, self.critic.chosen(codes, n, ctx.at("choose"))]

    def _soonest(self, evidence: Mapping[int, object]) -> Chain:
        return min(self.chains, key=lambda chain: chain.last_evidence(evidence))

    def _together(self, given: Given, ctx: Context) -> np.ndarray:
        """Rows under one condition: a crowd of candidates that is thinned whenever evidence is met."""
        n = len(given.codes)
        crowd = n * max(self.candidates, 2)
        chain = self._soonest(given.limits)
        rows = Particles.empty(len(self.codec.modelled), crowd)
        for place, j in enumerate(chain.order.tolist()):
            limit = given.limits.get(j)
            if limit is not None:
                limit = Limit(np.zeros(crowd, np.int64), limit.pieces)
            chain.extend(rows, place, state(ctx.at("column", j)), None, limit)
            if limit is not None:
                rows.pick(take(rows.log_weight, crowd, ctx.rng(f"thin {j}"), repeat=True))
        return rows.codes[:, self.critic.within(rows.codes).chosen(rows.codes, n, ctx.at("choose"))]

    def _one_by_one(self, given: Given, ctx: Context) -> np.ndarray:
        """Rows with evidence of their own: candidates for each row, weighted by its evidence."""
        n = len(given.codes)
        holes = (given.codes < 0).sum(axis=0)
        evidence = {j: None for j in range(len(holes)) if holes[j] < n or j in given.limits}
        chain = self._soonest(evidence)
        group = np.repeat(np.arange(n), PER_HOLE)
        rows = Particles.empty(len(self.codec.modelled), len(group))
        drawn_any = False
        for place, j in enumerate(chain.order.tolist()):
            known = given.codes[group, j] if holes[j] < n else None
            limit = given.limits[j].rows(group) if j in given.limits else None
            chain.extend(rows, place, state(ctx.at("column", j)), known, limit)
            if drawn_any and (known is not None or limit is not None):
                weight = rows.log_weight.reshape(n, PER_HOLE)
                picked = take_each(weight, PER_HOLE, ctx.rng(f"thin {j}"))
                rows.pick((picked + PER_HOLE * np.arange(n)[:, None]).ravel())
            drawn_any |= bool(holes[j])
        weight = (rows.log_weight + self.critic.log_ratio(rows.codes)).reshape(n, PER_HOLE)
        chosen = take_each(weight, 1, ctx.rng("take"))[:, 0]
        return rows.codes[:, chosen + PER_HOLE * np.arange(n)]


def _drawn(chains: Sequence[Chain], n: int, ctx: Context) -> np.ndarray:
    """codes[column, row] of n rows, the chains taking turns."""

    def step(k: int) -> np.ndarray:
        return chains[k % len(chains)].draw(min(STEP, n - k * STEP), ctx.at("step", k))

    with ThreadPoolExecutor(ctx.threads) as pool:
        return np.concatenate(list(pool.map(step, range(-(-n // STEP)))), axis=1)


def _orders(codec: TableCodec, data: Dataset, count: int, ctx: Context) -> list[np.ndarray]:
    """Column orders: few distinct values first, the same backwards, as in the table, then at random."""
    columns = np.arange(len(codec.modelled))
    distinct = [
        column.size if isinstance(column, PresenceCodec) else data.table[name].n_unique()
        for name, column in codec.modelled.items()
    ]
    by_size = np.argsort(distinct, kind="stable")
    orders = [by_size, by_size[::-1].copy(), columns]
    orders += [ctx.rng(f"order {k}").permutation(columns) for k in range(3, count)]
    return orders[:count]
