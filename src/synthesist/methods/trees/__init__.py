"""Trees over every column in turn, corrected by their own critic: the default."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synthesist.boosting.booster import Growth
from synthesist.boosting.critic import Critic
from synthesist.boosting.weighed import Weighed
from synthesist.codecs.presence import PresenceCodec
from synthesist.codecs.table import TABLE_KINDS, TableCodec
from synthesist.core import Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.methods.trees.chain import Chain
from synthesist.methods.trees.crowd import Crowd

__all__ = ["Trees"]

WIDE = 75  # columns: beyond, one order and fewer looks a tree, to stay within minutes


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
    >>> rows = sy.fit(frame, "trees").sample(100, where={"x": (">=", 250)})
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
        codes = codec.shuffled(data, ctx)
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
        critic = Critic.fit(codes, Crowd(chains).free, sizes, critical, steps, self.min_rows, ctx.at("critic"))
        return Grown(codec, chains, critic, self.candidates)


@dataclass(frozen=True)
class Grown(Weighed):
    """Fitted trees: chains over the codes of a table, and the critic that weighs what they draw."""

    codec: TableCodec
    chains: tuple[Chain, ...]
    critic: Critic
    candidates: int
    block: ClassVar[int] = 16_384

    def __post_init__(self) -> None:
        sizes = self.codec.sizes
        for chain in self.chains:
            if [c.size for c in chain.conditionals] != sizes[chain.order].tolist():
                raise ValueError("chains over other columns than the table has")
        if not self.chains:
            raise ValueError("no chain to draw from")
        self.check()

    @property
    def proposal(self) -> Crowd:
        """What draws the candidates."""
        return Crowd(self.chains)


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
