"""A variational autoencoder: rows from places on a learnt map, corrected by a critic."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from synthesist.boosting.critic import QUICK, Critic
from synthesist.boosting.weighed import Weighed
from synthesist.codecs.channels import Channels
from synthesist.codecs.table import TABLE_KINDS, TableCodec
from synthesist.core import Context, Curve, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.methods.tvae.shape import Shape

if TYPE_CHECKING:
    from synthesist.methods.tvae.drawing import Drawing

__all__ = ["TVAE"]

FEWEST = 100  # rows: with fewer, what is learnt is those rows
LARGEST = 4096  # cells of a layer, components of the prior


class TVAE(Spec):
    """Draws rows from a map on which a neural network has laid out the data; quick and general.

    A variational autoencoder: one network lays every row on a map of a few dozen axes, with a spread; another
    says what rows at a place look like, column by column. Categories have logits, numbers a mixture of Gaussians
    on their normal scale, always drawn and never averaged. The prior is a mixture learnt together with the
    networks, so that places are drawn where rows lie. A critic of boosted trees then weighs a few
    candidates for every row. Conditions and imputation draw places by how likely they make the given cells, which
    needs no rejection as columns are independent given the place.

    When not to use: below some 1,000 rows, where `trees` or `gaussian_copula` learn more; where columns follow
    each other to the last digit; where likeness counts most: `trees` comes closer.

    Reference: Kingma and Welling, ICLR 2014, arXiv:1312.6114; for tables Xu, Skoularidou, Cuesta-Infante and
    Veeramachaneni, NeurIPS 2019, arXiv:1907.00503; a learnt mixture as prior: Tomczak and Welling, AISTATS 2018,
    arXiv:1705.07120.

    >>> import polars as pl, synthesist as sy
    >>> frame = pl.DataFrame({"x": [i % 40 for i in range(400)], "y": [i % 40 > 19 for i in range(400)]})
    >>> rows = sy.fit(frame, "tvae", epochs=20, width=32).sample(50, where={"y": True})
    >>> rows.height, rows["y"].all()
    (50, True)
    """

    accepts = TABLE_KINDS
    limits: ClassVar[Mapping[str, str]] = {
        "one_row": "a network learns from a hundred rows at least",
        "only_keys": "there is no column to learn from",
    }
    tiny: ClassVar[Mapping[str, object]] = {
        "epochs": 2,
        "width": 16,
        "latent": 2,
        "regions": 4,
        "refinements": 1,
        "candidates": 3,
    }

    bins: int = knob(250, "codes a column may have at most", tries=(8, 64), ge=2, le=250)
    min_rows: int = knob(5, "rows a category, bin or word must have to be drawn", tries=(1, 12), ge=1, le=1000)
    latent: int = knob(16, "axes of the map", tries=(2, 4), ge=1, le=512)
    width: int = knob(192, "cells of each hidden layer", tries=(8, 16), ge=1, le=LARGEST)
    regions: int = knob(128, "components of the mixture that is the prior", tries=(1, 4), ge=1, le=LARGEST)
    epochs: int = knob(36, "passes over the rows", tries=(1, 2), ge=1, le=100_000)
    rate: float = knob(3e-3, "step of the optimizer at first", tries=(1e-3, 1e-2), gt=0.0, le=1.0)
    kl: float = knob(1.0, "weight of the distance between encoder and prior", tries=(0.1, 1.0), ge=0.0, le=100.0)
    refinements: int = knob(2, "rounds of correction by the critic", tries=(0, 1), ge=0, le=5)
    candidates: int = knob(30, "candidates drawn per row for the critic to weigh", tries=(2, 4), ge=1, le=100)
    device: Literal["auto", "cpu", "cuda"] = knob("auto", "where to train", tries=("auto", "cpu"), affects="cost")

    def fit(self, data: Dataset, ctx: Context) -> "Places":
        """Learn the codes, the networks and the critic.

        Raises:
            UnsuitableError: there are too few rows, or no column to learn from.
        """
        codec = TableCodec.fit(data, ctx, bins=self.bins, min_rows=self.min_rows)
        codec.require(data, FEWEST, "tvae")
        codes = codec.complete(data, ctx)
        shape, weights, curve = self._trained(Channels.of(codec), codes, ctx.at("net"))
        draw = _drawing(codec, shape, weights).free
        real = np.ascontiguousarray(codes.T.astype(np.uint8))
        steps = self.refinements if len(real) > 1 else 0
        critic = Critic.fit(real, draw, codec.sizes, QUICK, steps, self.min_rows, ctx.at("critic"))
        return Places(codec, shape, weights, critic, self.candidates, curve)

    def _trained(
        self, channels: Channels, codes: np.ndarray, ctx: Context
    ) -> tuple[Shape, dict[str, np.ndarray], Curve]:
        """The decoder's shape and weights, and how the training went."""
        import synthesist.nets  # noqa: F401  # first, as it says what to install where torch is missing
        from synthesist.methods.tvae.net import Autoencoder, Lesson
        from synthesist.nets.blocks import arrays_of, chosen_device, fresh, generator
        from synthesist.nets.training import Schedule, batch_of, train

        shape = Shape(tuple(channels.sizes), tuple(channels.numeric), self.latent, self.width, self.regions)
        net = fresh(lambda: Autoencoder(shape), generator(ctx, "weights"))
        rows = (channels.categories(codes), *channels.shares(codes))
        lesson = Lesson.of(net, rows, self.rate, self.kl, chosen_device(self.device))
        schedule = Schedule(self.epochs, batch_of(len(codes)), decay="cosine", validation=0.05)
        curve = train(lesson, len(codes), schedule, ctx, label="learning")
        return shape, arrays_of(net.decoder), curve


@dataclass(frozen=True)
class Places(Weighed):
    """A decoder with the prior of its places, and the critic that weighs what is drawn."""

    codec: TableCodec
    shape: Shape
    weights: dict[str, np.ndarray]
    critic: Critic
    candidates: int
    training: Curve
    block: ClassVar[int] = 8_192
    per_hole: ClassVar[int] = 8

    def __post_init__(self) -> None:
        channels, shape = Channels.of(self.codec), self.shape
        if (list(shape.sizes), list(shape.numeric)) != (channels.sizes, channels.numeric):
            raise ValueError("a network over other columns than the table has")
        sizes = (shape.latent, shape.width, shape.regions)
        if min(sizes) < 1 or max(sizes) > LARGEST or self.codec.sizes.max(initial=0) > 256:
            raise ValueError("a network of an impossible size")
        if not all(np.isfinite(array).all() for array in self.weights.values()):
            raise ValueError("weights that are no numbers")
        self.check()
        self.proposal  # noqa: B018  # weights of another network are refused here

    @cached_property
    def proposal(self) -> "Drawing":
        """The decoder, ready to draw from."""
        return _drawing(self.codec, self.shape, self.weights)


def _drawing(codec: TableCodec, shape: Shape, weights: Mapping[str, np.ndarray]) -> "Drawing":
    """The decoder of these weights over the columns of a table."""
    import synthesist.nets  # noqa: F401  # first, as it says what to install where torch is missing
    from synthesist.methods.tvae.drawing import Drawing
    from synthesist.methods.tvae.net import Decoder
    from synthesist.nets.blocks import with_arrays

    return Drawing(with_arrays(lambda: Decoder(shape), weights), Channels.of(codec))
