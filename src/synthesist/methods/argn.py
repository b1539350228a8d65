"""TabularARGN: any column from any others, so that any condition is met exactly."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from synthesist.boosting.critic import QUICK, Critic, take
from synthesist.boosting.weighed import Weighed
from synthesist.codecs.pieces import Given, Limit
from synthesist.codecs.table import TABLE_KINDS, TableCodec
from synthesist.core import Context, Curve, Spec, knob
from synthesist.data.dataset import Dataset

if TYPE_CHECKING:
    from synthesist.nets.argn import AnyOrderNet

__all__ = ["ARGN"]

STEP = 8_192  # candidates drawn together
STEPS, FEWEST = 60, 32  # steps an epoch has at least, unless a step would have fewer rows than this


class ARGN(Spec):
    """Learns to draw any column from any other columns with one small neural network.

    Every number is cut into quantile bins, every cell becomes a code, and the network learns the
    distribution of each column's codes given any set of others, because every batch is trained in
    another order of the columns. Conditions and holes are then met by drawing what is known first.

    When not to use: `trees` is as close to the data or closer, in a third to a sixth of the time. Take this one
    for conditions on many columns and for imputation; it needs torch.

    Reference: Tiwald et al., TabularARGN, arXiv:2501.12012; Uria, Murray and Larochelle, ICML 2014, for the
    random orders (arXiv:1310.1757).
    """

    accepts = TABLE_KINDS
    tiny: ClassVar[Mapping[str, Any]] = {"epochs": 6, "width": 8, "bins": 32, "device": "cpu"}

    bins: int = knob(128, "codes a column may have at most", tries=(4, 64), ge=2, le=250)
    min_rows: int = knob(5, "rows a category, bin or word must have to be drawn", tries=(1, 12), ge=1, le=1000)
    width: int = knob(64, "hidden units of each column", tries=(4, 8), ge=1, le=1024)
    depth: int = knob(1, "layers after the first", tries=(0, 1), ge=0, le=8)
    epochs: int = knob(100, "passes over the rows at most", tries=(2, 4), ge=1, le=10_000)
    batch: int = knob(256, "rows a step at most; few rows are learnt in smaller steps", tries=(8, 16), ge=1, le=65_536)
    rate: float = knob(0.003, "step of the optimizer at first", tries=(0.001, 0.01), gt=0.0, le=1.0)
    refinements: int = knob(1, "rounds of correction by the critic", tries=(0, 1), ge=0, le=5)
    candidates: int = knob(6, "candidates drawn per row for the critic to weigh", tries=(2, 4), ge=1, le=100)
    device: Literal["auto", "cpu", "cuda"] = knob("auto", "where to train", tries=("auto", "cpu"), affects="cost")

    def fit(self, data: Dataset, ctx: Context) -> "AnyOrder":
        """Learn the codes, then train."""
        codec = TableCodec.fit(data, ctx, bins=self.bins, min_rows=self.min_rows)
        weights, curve = self._trained(codec, codec.complete(data, ctx), ctx)
        draw = _proposal(codec, self.width, self.depth, weights).free
        steps = self.refinements if len(codec.sizes) > 1 else 0
        real = codec.shuffled(data, ctx)
        critic = Critic.fit(real, draw, codec.sizes, QUICK, steps, self.min_rows, ctx.at("critic"))
        return AnyOrder(codec, self.width, self.depth, weights, critic, self.candidates, curve)

    def _trained(self, codec: TableCodec, codes: np.ndarray, ctx: Context) -> tuple[dict[str, np.ndarray], Curve]:
        """The weights of the network, and how the training went."""
        from synthesist.nets.argn import AnyOrderNet, Learning, waves
        from synthesist.nets.blocks import arrays_of, chosen_device, fresh, generator
        from synthesist.nets.training import Schedule, train

        device = chosen_device(self.device)
        columns, sizes = list(codec.modelled.values()), codec.sizes.tolist()
        net = fresh(lambda: AnyOrderNet(sizes, self.width, self.depth), generator(ctx, "weights"))
        if not columns:
            return arrays_of(net), Curve((), ())
        shares = np.concatenate([(c.mass + 1.0) / (c.mass + 1.0).sum() for c in columns]).astype(np.float32)
        net.prepare(waves(sizes, [c.ordered for c in columns], [c.mass for c in columns]), shares)
        learning = Learning(net, codes, self.rate, device)
        batch = min(self.batch, max(len(codes) // STEPS, FEWEST))
        schedule = Schedule(self.epochs, batch, patience=2, decay="plateau")
        curve = train(learning, len(codes), schedule, ctx, "training argn")
        return arrays_of(net), curve


@dataclass(frozen=True)
class AnyOrder(Weighed):
    """The trained network over the codes of a table, and the critic that weighs what it draws."""

    codec: TableCodec
    width: int
    depth: int
    weights: dict[str, np.ndarray]
    critic: Critic
    candidates: int
    training: Curve
    block: ClassVar[int] = 8_192

    def __post_init__(self) -> None:
        if not 1 <= self.width <= 1024 or not 0 <= self.depth <= 8:
            raise ValueError("a network of an impossible size")
        if not all(np.isfinite(array).all() for array in self.weights.values()):
            raise ValueError("weights that are no numbers")
        self.check()

    @cached_property
    def proposal(self) -> "AnyOrderProposal":
        """What draws the candidates."""
        return _proposal(self.codec, self.width, self.depth, self.weights)


def _proposal(codec: TableCodec, width: int, depth: int, weights: Mapping[str, np.ndarray]) -> "AnyOrderProposal":
    from synthesist.nets.argn import AnyOrderNet
    from synthesist.nets.blocks import with_arrays

    sizes = codec.sizes.tolist()
    return AnyOrderProposal(with_arrays(lambda: AnyOrderNet(sizes, width, depth), weights))


@dataclass(frozen=True)
class AnyOrderProposal:
    """Candidates of a network: what is known is seen first, limits are met next, the rest follows in any order."""

    net: "AnyOrderNet"

    def free(self, n: int, ctx: Context) -> np.ndarray:
        """codes[column, row] of n rows, a step at a time in an order of columns of its own."""
        columns = len(self.net.sizes)
        steps = [
            self._drawn(np.full((min(STEP, n - k), columns), -1, np.int32), {}, ctx.at("step", k))[0]
            for k in range(0, n, STEP)
        ]
        return np.concatenate(steps, axis=1)

    def together(self, n: int, limits: Mapping[int, Limit], ctx: Context) -> np.ndarray:
        """n rows under one condition: exact for one limited column, by importance resampling for several."""
        codes, log_weight = self._drawn(np.full((n, len(self.net.sizes)), -1, np.int32), limits, ctx)
        return codes[:, take(log_weight, n, ctx.rng("thin"), repeat=True)] if len(limits) > 1 else codes

    def one_by_one(self, given: Given, each: int, ctx: Context) -> tuple[np.ndarray, np.ndarray]:
        """`each` candidates for every row of the evidence; given cells are seen first, so they weigh nothing."""
        group = np.repeat(np.arange(len(given.codes)), each)
        limits = {j: limit.rows(group) for j, limit in given.limits.items()}
        return self._drawn(given.codes[group], limits, ctx)

    def _drawn(self, known: np.ndarray, limits: Mapping[int, Limit], ctx: Context) -> tuple[np.ndarray, np.ndarray]:
        """codes[column, row] with the open cells (-1) of known[row, column] drawn, and the log-weight of the limits.

        Columns with limits come first, then the others in an order drawn from `ctx`.
        """
        from synthesist.nets.argn import Drawing

        codes, weight = known.T.copy(), np.zeros(len(known))
        drawing = Drawing(self.net, known)
        for j in sorted(ctx.rng("order").permutation(len(codes)).tolist(), key=lambda j: j not in limits):
            rows = np.flatnonzero(known[:, j] < 0)
            share = drawing.shares(j, rows)
            if j in limits:
                share *= limits[j].weights[limits[j].which[rows]]
                weight[rows] += np.log(np.maximum(share.sum(axis=1), 1e-300))
            upto = np.cumsum(share, axis=1)
            draw = ctx.rng(f"column {j}").random(len(known))[rows, None] * upto[:, -1:]
            codes[j, rows] = np.minimum((upto <= draw).sum(axis=1), share.shape[1] - 1)
            drawing.see(j, rows, codes[j, rows])
        return codes.astype(np.uint8), weight
