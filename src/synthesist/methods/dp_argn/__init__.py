"""A network under differential privacy: each column from those before it, learnt from noisy gradients."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from synthesist.boosting.critic import take, take_each
from synthesist.codecs.pieces import Given, Limit
from synthesist.codecs.table import TableCodec
from synthesist.core import Allowed, Context, knob
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.dp.coding import Coding, coded
from synthesist.dp.domain import Domain
from synthesist.dp.method import PrivateMethod
from synthesist.dp.queries import Asking, Gradients, Training
from synthesist.methods.dp_argn.network import Chain

__all__ = ["DpARGN"]

TAIL = 0.5  # of the steps: their weights are averaged
TYPICAL = 0.05  # a weight as large as they usually are: what training sees less clearly is held near zero


class DpARGN(PrivateMethod):
    """Keeps rows private: each column told from those before it, by a network that noisy gradients teach.

    Columns are counted with noise, and become codes. The network, one layer of log-linear terms for every pair of
    columns, begins at these counts. Then gradients of random parts of the rows are clipped row by row, summed, and
    noise is added (DP-SGD); whatever is made of the sums costs nothing more. Averaged weights filter much of the
    noise, and levels are set afterwards so that drawn columns have the shares that were counted.

    One layer, because noise is the same for every weight whatever it does, so each has to earn its place. A variational
    autoencoder of the same features under the same account kept less of the pairs of columns.

    Conditions and holes are met by drawing what is open, as often as needed, and choosing by how likely a row makes
    the rest.

    Arithmetic is idealised: noise of gradients is Gaussian in floating point, so the last digits of a number are
    beyond the guarantee, which `mst` and `aim` keep to the last bit.

    When not to use: when columns depend on more than two others at once in ways that do not add up. When the proof
    has to hold for real machines and not only for real numbers.

    Reference: Abadi et al., CCS 2016, doi:10.1145/2976749.2978318 (DP-SGD); Tiwald et al., TabularARGN,
    arXiv:2501.12012; Wang et al., AISTATS 2019, arXiv:1808.00087 (the account of random parts).
    """

    tiny: ClassVar[Mapping[str, Any]] = {"epsilon": 500.0, "delta": 1e-2, "steps": 8, "part": 0.5}

    bins: int = knob(64, "codes a number may have, about", tries=(4, 24), ge=2, le=256)
    share: float = knob(0.35, "share of the budget for the columns by themselves", tries=(0.2, 0.8), gt=0.0, lt=1.0)
    steps: int = knob(300, "steps of training", tries=(4, 8), ge=1, le=1_000_000)
    part: float = knob(0.05, "probability of a unit to take part in a step", tries=(0.2, 0.5), gt=0.0, le=1.0)
    clip: float = knob(0.3, "the largest gradient of a unit, as a share of a usual one", tries=(0.3, 3.0), gt=0.0)
    rate: float = knob(0.03, "how far each step goes", tries=(0.01, 0.1), gt=0.0)

    def ask(self, domain: Domain, ctx: Context) -> Asking["Chained"]:
        """Ask for the columns, then for gradients."""
        rho, delta = self.budget(domain)
        coding = yield from coded(domain, rho, delta, share=self.share, bins=self.bins)
        columns = list(coding.codec.modelled.values())
        masses = [column.mass for column in columns]
        chain = Chain.independent(masses, [column.ordered for column in columns])
        if chain.parameters:
            chain = yield from self._trained(chain, coding, self._noise(domain, rho - coding.rho, ctx), ctx)
        return Chained(coding.codec, chain.levelled(masses, ctx))

    def _trained(self, chain: Chain, coding: Coding, noise: float, ctx: Context) -> Asking[Chain]:
        """The network with the mean of its weights on their way uphill."""
        columns, codecs = tuple(coding.codec.names), coding.codec.modelled
        rows = max(float(np.mean([counts.values.sum() for counts in coding.counts.values()])), 1.0)
        clip, kept = self.clip * chain.slope, max(round(self.steps * TAIL), 1)
        scale = self.rate / (self.part * rows * min(self.clip, 1.0))
        error = noise * clip / (self.part * rows * min(self.clip, 1.0) * self.steps**0.5)
        shrink = self.rate * (error / TYPICAL) ** 2
        weights, mean = np.zeros(chain.parameters), np.zeros(chain.parameters)
        yield Training(self.steps, self.part, noise, "training")
        for step in ctx.track(range(self.steps), "training dp_argn"):
            at = chain.with_weights(weights)
            uphill = yield Gradients(at.gradients, columns, codecs, clip, chain.parameters)
            weights = (weights + scale * uphill) / (1 + shrink)
            if step >= self.steps - kept:
                mean += weights / kept
        return chain.with_weights(mean)

    def _noise(self, domain: Domain, spent: float, ctx: Context) -> float:
        """The noise of training that pays for it with what is left when `spent` zCDP is gone."""
        from synthesist.dp.accounting import Cost

        account = self.planned(domain, ctx)
        account.charge(Cost.gaussian((2 * spent) ** -0.5), "columns")
        return account.noise_for_training(self.part, self.steps)


@dataclass(frozen=True)
class Chained:
    """The trained network over the codes of a table."""

    codec: TableCodec
    chain: Chain
    block: ClassVar[int] = 8_192
    crowd: ClassVar[int] = 4
    """Candidates for each row where all rows meet the same condition."""
    per_hole: ClassVar[int] = 32
    """Candidates for a row with evidence of its own."""

    def __post_init__(self) -> None:
        if self.chain.sizes != self.codec.sizes.tolist():
            raise ValueError("a network of other columns than the table has")

    @property
    def schema(self) -> Schema:
        """What is produced."""
        return self.codec.schema

    def sample(self, n: int, ctx: Context) -> Dataset:
        """Draw n rows."""
        return self.codec.drawn(self.chain.drawn(self._open(n), {}, ctx)[0], ctx)

    def fill(self, rows: Dataset, allowed: Mapping[str, Allowed], ctx: Context) -> Dataset:
        """Draw the holes of `rows` within `allowed`, as likely as the rest makes them, by importance resampling."""
        given = self.codec.given(rows, allowed)
        alike = (given.codes < 0).all() and all(len(limit.pieces) == 1 for limit in given.limits.values())
        codes = self._together(given, ctx) if alike else self._one_by_one(given, ctx)
        return self.codec.drawn(codes, ctx, given, rows, allowed)

    def _together(self, given: Given, ctx: Context) -> np.ndarray:
        """Codes of rows that all meet the same limits."""
        n = len(given.codes)
        crowd = n * (self.crowd if given.limits else 1)
        limits = {j: Limit(np.zeros(crowd, np.int64), limit.pieces) for j, limit in given.limits.items()}
        codes, weight = self.chain.drawn(self._open(crowd), limits, ctx)
        return codes[take(weight, n, ctx.rng("take"), repeat=True)] if limits else codes

    def _one_by_one(self, given: Given, ctx: Context) -> np.ndarray:
        """Codes of rows each of which has evidence of its own."""
        n = len(given.codes)
        group = np.repeat(np.arange(n), self.per_hole)
        limits = {j: limit.rows(group) for j, limit in given.limits.items()}
        codes, weight = self.chain.drawn(given.codes[group], limits, ctx)
        chosen = take_each(weight.reshape(n, self.per_hole), 1, ctx.rng("take"))[:, 0]
        return codes[chosen + self.per_hole * np.arange(n)]

    def _open(self, n: int) -> np.ndarray:
        """n rows of which nothing is known."""
        return np.full((n, len(self.codec.modelled)), -1, np.int32)
