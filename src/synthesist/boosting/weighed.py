"""Samplers whose rows a critic chooses: one way to sample, to meet conditions and to impute for all of them."""

from collections.abc import Mapping
from typing import ClassVar, Protocol

import numpy as np

from synthesist.boosting.critic import Critic, take_each
from synthesist.codecs.pieces import Given, Limit
from synthesist.codecs.table import TableCodec
from synthesist.core import Allowed, Context
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema

__all__ = ["Proposal", "Weighed"]


class Proposal(Protocol):
    """What draws candidates, as codes[column, row] in uint8."""

    def free(self, n: int, ctx: Context) -> np.ndarray:
        """n rows without a condition."""

    def together(self, n: int, limits: Mapping[int, Limit], ctx: Context) -> np.ndarray:
        """n rows that all meet the same limits, as likely as the limits make them."""

    def one_by_one(self, given: Given, each: int, ctx: Context) -> tuple[np.ndarray, np.ndarray]:
        """`each` rows in turn for every row of the evidence, and their log-weights: how likely they make it."""


class Weighed:
    """A sampler over the codes of a table: a proposal draws candidates, the critic chooses among them."""

    codec: TableCodec
    critic: Critic
    candidates: int
    per_hole: ClassVar[int] = 24
    """Candidates for a row with evidence of its own."""

    @property
    def proposal(self) -> Proposal:
        """What draws the candidates."""
        raise NotImplementedError

    def check(self) -> None:
        """Raise ValueError where the parts, as a model file holds them, do not fit together."""
        if len(self.critic.code_shares) != len(self.codec.modelled) or not 1 <= self.candidates <= 100:
            raise ValueError("a critic of other columns than the table has")
        if self.codec.sizes.max(initial=0) > 256:
            raise ValueError("more codes than a critic can read")

    @property
    def schema(self) -> Schema:
        """What is produced."""
        return self.codec.schema

    def sample(self, n: int, ctx: Context) -> Dataset:
        """Draw n rows."""
        return self.codec.drawn(self._free(n, ctx).T.astype(np.int32), ctx)

    def fill(self, rows: Dataset, allowed: Mapping[str, Allowed], ctx: Context) -> Dataset:
        """Draw the holes of `rows` within `allowed`, as likely as the rest makes them.

        Candidates are weighted by how likely they make the evidence and drawn again in proportion (importance
        resampling), then weighed by the critic. Nothing is rejected.
        """
        given = self.codec.given(rows, allowed)
        alike = (given.codes < 0).all() and all(len(limit.pieces) == 1 for limit in given.limits.values())
        if alike:
            codes = self._together(given, ctx) if given.limits else self._free(rows.units, ctx)
        else:
            codes = self._one_by_one(given, ctx)
        return self.codec.drawn(codes.T.astype(np.int32), ctx, given, rows, allowed)

    def _free(self, n: int, ctx: Context) -> np.ndarray:
        codes = self.proposal.free(n * self.candidates, ctx)
        return codes[:, self.critic.chosen(codes, n, ctx.at("choose"))]

    def _together(self, given: Given, ctx: Context) -> np.ndarray:
        n = len(given.codes)
        crowd = n * max(self.candidates, 2)
        limits = {j: Limit(np.zeros(crowd, np.int64), limit.pieces) for j, limit in given.limits.items()}
        codes = self.proposal.together(crowd, limits, ctx)
        return codes[:, self.critic.within(codes).chosen(codes, n, ctx.at("choose"))]

    def _one_by_one(self, given: Given, ctx: Context) -> np.ndarray:
        n = len(given.codes)
        codes, log_weight = self.proposal.one_by_one(given, self.per_hole, ctx)
        weight = (log_weight + self.critic.log_ratio(codes)).reshape(n, self.per_hole)
        return codes[:, take_each(weight, 1, ctx.rng("take"))[:, 0] + self.per_hole * np.arange(n)]
