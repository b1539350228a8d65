"""Candidates from chains: drawn freely, or under evidence by sequential importance resampling.

Evidence is met as the columns are drawn: candidates are weighted by how likely they make it and drawn again in
proportion, in the order of columns that meets all evidence soonest.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from synthesist.boosting.booster import state
from synthesist.boosting.critic import take, take_each
from synthesist.codecs.pieces import Given, Limit
from synthesist.core import Context
from synthesist.methods.trees.chain import Chain, Particles

__all__ = ["Crowd"]

STEP = 16_384  # candidates a chain draws at its turn


@dataclass(frozen=True)
class Crowd:
    """The candidates of some chains over the same columns."""

    chains: tuple[Chain, ...]

    def free(self, n: int, ctx: Context) -> np.ndarray:
        """codes[column, row] of n rows, the chains taking turns."""

        def step(k: int) -> np.ndarray:
            return self.chains[k % len(self.chains)].draw(min(STEP, n - k * STEP), ctx.at("step", k))

        with ThreadPoolExecutor(ctx.threads) as pool:
            return np.concatenate(list(pool.map(step, range(-(-n // STEP)))), axis=1)

    def together(self, n: int, limits: Mapping[int, Limit], ctx: Context) -> np.ndarray:
        """n candidates under one condition, thinned whenever a part of it is met."""
        chain = self._soonest(limits)
        rows = Particles.empty(len(chain.order), n)
        for place, j in enumerate(chain.order.tolist()):
            chain.extend(rows, place, state(ctx.at("column", j)), None, limits.get(j))
            if j in limits:
                rows.pick(take(rows.log_weight, n, ctx.rng(f"thin {j}"), repeat=True))
        return rows.codes

    def one_by_one(self, given: Given, each: int, ctx: Context) -> tuple[np.ndarray, np.ndarray]:
        """`each` candidates for every row of the evidence, and their log-weights."""
        n = len(given.codes)
        holes = (given.codes < 0).sum(axis=0)
        chain = self._soonest({j: None for j in range(len(holes)) if holes[j] < n or j in given.limits})
        group = np.repeat(np.arange(n), each)
        rows = Particles.empty(len(chain.order), len(group))
        drawn_any = False
        for place, j in enumerate(chain.order.tolist()):
            known = given.codes[group, j] if holes[j] < n else None
            limit = given.limits[j].rows(group) if j in given.limits else None
            chain.extend(rows, place, state(ctx.at("column", j)), known, limit)
            if drawn_any and (known is not None or limit is not None):
                picked = take_each(rows.log_weight.reshape(n, each), each, ctx.rng(f"thin {j}"))
                rows.pick((picked + each * np.arange(n)[:, None]).ravel())
            drawn_any |= bool(holes[j])
        return rows.codes, rows.log_weight

    def _soonest(self, evidence: Mapping[int, object]) -> Chain:
        return min(self.chains, key=lambda chain: chain.last_evidence(evidence))
