"""The method let to learn again, from halves of known rows: how it leaks is seen where who is in is known."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from synthesist.core import Context, Evidence, Method, Sampler, Spec
from synthesist.data.dataset import Dataset
from synthesist.metrics._membership import Attacked

__all__ = ["Maker", "copied", "learner", "shadows"]

Bools = npt.NDArray[np.bool_]
Maker = Callable[[Dataset, int, Context], Dataset]
"""Makes so many rows of what it learns from these."""


def learner(method: Spec) -> Maker:
    """What this method makes, drawn block by block.

    A private method is charged to no ledger: its answers end here, and of the rows it makes only a score is told.
    """
    learns: Method = method  # type: ignore[assignment]

    def make(data: Dataset, n: int, ctx: Context) -> Dataset:
        sampler: Sampler = learns.fit(data, replace(ctx.at("fit"), ledger=None))  # type: ignore[assignment]  # what makes rows is no transform
        tables = []
        for start in range(0, n, sampler.block):
            here = replace(ctx.at("block", start // sampler.block), start=start)
            tables.append(sampler.sample(min(sampler.block, n - start), here).table)
        return data.with_table(pl.concat(tables))

    return make


def copied(data: Dataset, n: int, ctx: Context) -> Dataset:
    """The rows themselves: what every attack must see."""
    return data.with_table(data.table[np.resize(ctx.rng("copies").permutation(len(data)), n)])


def shadows(
    case: Evidence, maker: Maker, attacked: Attacked, spare: int, pairs: int, n: int, ctx: Context
) -> Iterator[tuple[Bools, Evidence]]:
    """Which of the attacked (strangers, then members) were learnt from, and the evidence with the rows made.

    They are halved at random, with at most `spare` further rows of train; the method learns from the one half,
    then from the other: everybody is in exactly one of every two.
    """
    strangers = case.holdout.table[attacked.strangers]
    pool = pl.concat([strangers, case.train.table[attacked.members], case.train.table[attacked.spare[:spare]]])
    targets = len(attacked.strangers) + len(attacked.members)
    for pair in ctx.track(range(pairs), "learning again"):
        half = np.zeros(pool.height, bool)
        half[ctx.at(pair).rng("halves").permutation(pool.height)[: pool.height // 2]] = True
        for number, inside in enumerate((half, ~half)):
            learnt = case.train.with_table(pool.filter(inside))
            yield inside[:targets], replace(case, synthetic=maker(learnt, n, ctx.at(pair, number)))
