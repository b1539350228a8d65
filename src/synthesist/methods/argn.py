"""TabularARGN: any column from any others, so that any condition is met exactly."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from synthesist.codecs.pieces import Given, Limit
from synthesist.codecs.table import TABLE_KINDS, TableCodec
from synthesist.core import Allowed, Context, Curve, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema

if TYPE_CHECKING:
    from synthesist.nets.argn import AnyOrderNet

__all__ = ["ARGN"]

CROWD = 8  # candidates for a row whose conditions are met one after the other


class ARGN(Spec):
    """Learns to draw any column from any other columns with one small neural network.

    Every number is cut into quantile bins, every cell becomes a code, and the network learns the
    distribution of each column's codes given any set of others, because every batch is trained in
    another order of the columns. Conditions and holes are then met by drawing what is known first.

    When not to use: `trees` is closer to the data in a tenth of the time on most tables. Take this one for
    conditions on many columns and for imputation; it needs torch.

    Reference: Tiwald et al., TabularARGN, arXiv:2501.12012; Uria, Murray and Larochelle, ICML 2014, for the
    random orders (arXiv:1310.1757).
    """

    accepts = TABLE_KINDS
    tiny: ClassVar[Mapping[str, Any]] = {"epochs": 6, "width": 8, "bins": 32, "device": "cpu"}

    bins: int = knob(128, "codes a column may have at most", tries=(4, 64), ge=2, le=1024)
    min_rows: int = knob(5, "rows a category, bin or word must have to be drawn", tries=(1, 12), ge=1, le=1000)
    width: int = knob(64, "hidden units of each column", tries=(4, 8), ge=1, le=1024)
    depth: int = knob(1, "layers after the first", tries=(0, 1), ge=0, le=8)
    epochs: int = knob(100, "passes over the rows at most", tries=(2, 4), ge=1, le=10_000)
    batch: int = knob(256, "rows a step", tries=(32, 64), ge=1, le=65_536)
    rate: float = knob(0.003, "step of the optimizer at first", tries=(0.001, 0.01), gt=0.0, le=1.0)
    device: Literal["auto", "cpu", "cuda"] = knob("auto", "where to train", tries=("auto", "cpu"), affects="cost")

    def fit(self, data: Dataset, ctx: Context) -> "AnyOrder":
        """Learn the codes, then train."""
        from synthesist.nets.argn import AnyOrderNet, Learning, waves
        from synthesist.nets.blocks import arrays_of, chosen_device, fresh, generator
        from synthesist.nets.training import Schedule, train

        device = chosen_device(self.device)
        codec = TableCodec.fit(data, ctx, bins=self.bins, min_rows=self.min_rows)
        columns = list(codec.modelled.values())
        if not columns:
            return AnyOrder(codec, self.width, self.depth, {}, Curve((), ()))
        codes = codec.complete(data, ctx)
        sizes = codec.sizes.tolist()
        net = fresh(lambda: AnyOrderNet(sizes, self.width, self.depth), generator(ctx, "weights"))
        shares = np.concatenate([(c.mass + 1.0) / (c.mass + 1.0).sum() for c in columns]).astype(np.float32)
        net.prepare(waves(sizes, [c.ordered for c in columns], [c.mass for c in columns]), shares)
        learning = Learning(net, codes, self.rate, device)
        schedule = Schedule(self.epochs, self.batch, patience=2, decay="plateau")
        curve = train(learning, data.units, schedule, ctx, "training argn")
        return AnyOrder(codec, self.width, self.depth, arrays_of(net), curve)


@dataclass(frozen=True)
class AnyOrder:
    """The trained network over the codes of a table."""

    codec: TableCodec
    width: int
    depth: int
    weights: dict[str, np.ndarray]
    training: Curve
    block: ClassVar[int] = 16_384

    @property
    def schema(self) -> Schema:
        """What is produced."""
        return self.codec.schema

    def sample(self, n: int, ctx: Context) -> Dataset:
        """Draw n rows."""
        codes = self._draw(np.full((n, len(self.codec.modelled)), -1, np.int32), {}, ctx)[0]
        return self.codec.decode(codes, ctx.rng("inside").random(codes.shape), ctx.at("aside"))

    def fill(self, rows: Dataset, allowed: Mapping[str, Allowed], ctx: Context) -> Dataset:
        """Draw the holes of `rows` given every filled cell, within `allowed`.

        Where several columns are limited to sets, several candidates are drawn for each row, weighted by how likely
        each set was in turn, and one is taken by its weight (importance resampling); all of them satisfy the sets.
        """
        given = self.codec.given(rows, allowed)
        several = len(given.limits) > 1  # then the order in which they are met matters
        codes = self._candidates(given, ctx) if several else self._draw(given.codes, given.limits, ctx)[0]
        u = ctx.rng("inside").random(codes.shape)
        for j, limit in given.limits.items():
            u[:, j] = limit.place(codes[:, j], u[:, j])
        return self.codec.decode(codes, u, ctx.at("aside"), rows=rows, allowed=allowed)

    def _candidates(self, given: Given, ctx: Context) -> np.ndarray:
        """One of several candidates for each row, by weight."""
        n = len(given.codes)
        many = np.repeat(np.arange(n), CROWD)
        limits = {j: limit.rows(many) for j, limit in given.limits.items()}
        codes, weight = self._draw(given.codes[many], limits, ctx)
        weight = weight.reshape(n, CROWD)
        upto = np.cumsum(np.exp(weight - weight.max(axis=1, keepdims=True)), axis=1)
        taken = (upto < ctx.rng("take").random((n, 1)) * upto[:, -1:]).sum(axis=1)
        return codes[np.arange(n) * CROWD + taken]

    @cached_property
    def _net(self) -> "AnyOrderNet":
        from synthesist.nets.argn import AnyOrderNet
        from synthesist.nets.blocks import with_arrays

        return with_arrays(lambda: AnyOrderNet(self.codec.sizes.tolist(), self.width, self.depth), self.weights)

    def _draw(self, known: np.ndarray, limits: Mapping[int, Limit], ctx: Context) -> tuple[np.ndarray, np.ndarray]:
        """Draw the open cells (-1) of known[row, column]; the codes, and the log-likelihood of the limits.

        Columns with limits come first, then the others in an order of the block's own.
        """
        codes, weight = known.copy(), np.zeros(len(known))
        if not known.shape[1]:
            return codes, weight
        from synthesist.nets.argn import Drawing

        drawing = Drawing(self._net, known)
        for j in sorted(ctx.rng("order").permutation(known.shape[1]).tolist(), key=lambda j: j not in limits):
            rows = np.flatnonzero(known[:, j] < 0)
            share = drawing.shares(j, rows)
            if j in limits:
                share *= limits[j].weights[limits[j].which[rows]]
                weight[rows] += np.log(np.maximum(share.sum(axis=1), 1e-300))
            upto = np.cumsum(share, axis=1)
            draw = ctx.rng(f"column {j}").random(len(known))[rows, None] * upto[:, -1:]
            codes[rows, j] = np.minimum((upto <= draw).sum(axis=1), share.shape[1] - 1)
            drawing.see(j, rows, codes[rows, j])
        return codes, weight
