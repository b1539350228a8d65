"""A conditional generative adversarial network: rows from noise under conditions, corrected by a critic."""

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
from synthesist.methods.ctgan.options import Shape, options_of

if TYPE_CHECKING:
    from synthesist.methods.ctgan.drawing import Drawing

__all__ = ["CTGAN"]

FEWEST = 100  # rows: with fewer, what is learnt is those rows
LARGEST = 4096  # cells of a layer, random numbers of a row


class CTGAN(Spec):
    """Makes rows to order by a game of two neural networks: one makes them, one looks for what is wrong.

    A conditional generative adversarial network. Every number is cut into modes, so an order may name a
    category or a range; rare values are asked for more often in training than they come, and packs of rows
    are judged together, so that rows do not all come out alike. The generator also learns to have the pairs of
    cells that real rows have. A critic of boosted trees then weighs a few candidates for every row.
    Orders are met exactly: what is asked for is fixed, and candidates are weighed by how well they go with it.

    When not to use: below some 1,000 rows, or where likeness or time counts most: `trees` and `tvae` come closer,
    sooner. Imputation is better with these, too.

    Reference: Xu, Skoularidou, Cuesta-Infante and Veeramachaneni, NeurIPS 2019, arXiv:1907.00503; Gulrajani,
    Ahmed, Arjovsky, Dumoulin and Courville, NeurIPS 2017, arXiv:1704.00028; Lin, Khetan, Fanti and Oh, NeurIPS
    2018, arXiv:1712.04086; matching of moments: Li, Swersky and Zemel, ICML 2015, arXiv:1502.02761.

    >>> import polars as pl, synthesist as sy
    >>> frame = pl.DataFrame({"x": [i % 40 for i in range(400)], "y": [i % 40 > 19 for i in range(400)]})
    >>> rows = sy.fit(frame, "ctgan", epochs=3, width=32).sample(50, where={"x": (">=", 30)})
    >>> rows.height, rows["x"].min() >= 30
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
        "noise": 4,
        "pac": 2,
        "refinements": 1,
        "candidates": 3,
    }

    bins: int = knob(250, "codes a column may have at most", tries=(8, 64), ge=2, le=250)
    min_rows: int = knob(5, "rows a category, bin or word must have to be drawn", tries=(1, 12), ge=1, le=1000)
    modes: int = knob(10, "pieces a number is cut into", tries=(2, 5), ge=1, le=250)
    noise: int = knob(64, "random numbers a row is made from", tries=(2, 8), ge=1, le=LARGEST)
    width: int = knob(192, "cells of each hidden layer", tries=(8, 16), ge=1, le=LARGEST)
    pac: int = knob(5, "rows that are judged together", tries=(1, 2), ge=1, le=100)
    epochs: int = knob(30, "passes over the rows", tries=(1, 2), ge=1, le=100_000)
    rate: float = knob(1e-3, "step of the optimizers at first", tries=(1e-4, 1e-2), gt=0.0, le=1.0)
    matching: float = knob(10.0, "weight of having the pairs of cells real rows have", tries=(0.0, 10.0), ge=0.0)
    refinements: int = knob(2, "rounds of correction by the critic", tries=(0, 1), ge=0, le=5)
    candidates: int = knob(30, "candidates drawn per row for the critic to weigh", tries=(2, 4), ge=1, le=100)
    device: Literal["auto", "cpu", "cuda"] = knob("auto", "where to train", tries=("auto", "cpu"), affects="cost")

    def fit(self, data: Dataset, ctx: Context) -> "Ordered":
        """Learn the codes, play the game, and fit the critic.

        Raises:
            UnsuitableError: there are too few rows, or no column to learn from.
        """
        codec = TableCodec.fit(data, ctx, bins=self.bins, min_rows=self.min_rows)
        codec.require(data, FEWEST, "ctgan")
        codes = codec.complete(data, ctx)
        shape, weights, curve = self._trained(codec, codes, ctx.at("net"))
        draw = _drawing(codec, self.modes, shape, weights).free
        real = np.ascontiguousarray(codes.T.astype(np.uint8))
        steps = self.refinements if len(real) > 1 else 0
        critic = Critic.fit(real, draw, codec.sizes, QUICK, steps, self.min_rows, ctx.at("critic"))
        return Ordered(codec, self.modes, shape, weights, critic, self.candidates, curve)

    def _trained(
        self, codec: TableCodec, codes: np.ndarray, ctx: Context
    ) -> tuple[Shape, dict[str, np.ndarray], Curve]:
        """The generator's shape and weights, and how the game went."""
        import synthesist.nets  # noqa: F401  # first, as it says what to install where torch is missing
        from synthesist.methods.ctgan.net import Discriminator, Game, Generator, Table
        from synthesist.nets.blocks import arrays_of, chosen_device, fresh, generator
        from synthesist.nets.training import Schedule, batch_of, train

        columns, numeric = options_of(codec, self.modes), tuple(Channels.of(codec).numeric)
        shape = Shape(tuple(column.size for column in columns), numeric, self.noise, self.width, self.pac)
        players = (
            fresh(lambda: Generator(shape), generator(ctx, "generator")),
            fresh(lambda: Discriminator(shape), generator(ctx, "discriminator")),
        )
        options = np.stack([column.option[codes[:, j]] for j, column in enumerate(columns)], 1)
        table = Table(columns, shape, chosen_device(self.device))
        game = Game.of(players, table, options, self.rate, self.matching)
        schedule = Schedule(self.epochs, batch_of(len(codes)), decay="cosine", validation=0.0)
        curve = train(game, len(codes), schedule, ctx, label="playing")
        return shape, arrays_of(game.generator), curve


@dataclass(frozen=True)
class Ordered(Weighed):
    """A generator that makes rows to order, and the critic that weighs what it makes."""

    codec: TableCodec
    modes: int
    shape: Shape
    weights: dict[str, np.ndarray]
    critic: Critic
    candidates: int
    training: Curve
    block: ClassVar[int] = 8_192
    per_hole: ClassVar[int] = 16

    def __post_init__(self) -> None:
        if not 1 <= self.modes <= 250 or self.codec.sizes.max(initial=0) > 256:
            raise ValueError("a network of an impossible size")
        sizes = tuple(column.size for column in options_of(self.codec, self.modes))
        numeric = tuple(Channels.of(self.codec).numeric)
        if (self.shape.sizes, self.shape.numeric) != (sizes, numeric):
            raise ValueError("a network over other columns than the table has")
        sides = (self.shape.noise, self.shape.width, self.shape.pac)
        if min(sides) < 1 or max(sides) > LARGEST:
            raise ValueError("a network of an impossible size")
        if not all(np.isfinite(array).all() for array in self.weights.values()):
            raise ValueError("weights that are no numbers")
        self.check()
        self.proposal  # noqa: B018  # weights of another network are refused here

    @cached_property
    def proposal(self) -> "Drawing":
        """The generator, ready to draw from."""
        return _drawing(self.codec, self.modes, self.shape, self.weights)


def _drawing(codec: TableCodec, modes: int, shape: Shape, weights: Mapping[str, np.ndarray]) -> "Drawing":
    """The generator of these weights over the columns of a table."""
    import synthesist.nets  # noqa: F401  # first, as it says what to install where torch is missing
    from synthesist.methods.ctgan.drawing import Drawing
    from synthesist.methods.ctgan.net import Generator, Table
    from synthesist.nets.blocks import with_arrays

    return Drawing(with_arrays(lambda: Generator(shape), weights), Table(options_of(codec, modes), shape))
