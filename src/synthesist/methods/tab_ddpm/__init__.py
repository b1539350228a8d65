"""Diffusion over mixed columns: rows come out of noise, all cells at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from synthesist.codecs.pieces import Limit
from synthesist.codecs.table import TABLE_KINDS, TableCodec
from synthesist.core import Allowed, Context, Curve, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.errors import UnsuitableError

if TYPE_CHECKING:
    from synthesist.methods.tab_ddpm.denoiser import Cells, Denoiser

__all__ = ["TabDDPM"]

FEWEST_ROWS = 40  # below, a network has nothing to be tried on


class TabDDPM(Spec):
    """Learns to find whole rows in noise, as image generators do, with a small neural network.

    Numbers drown in Gaussian noise, categories vanish behind a mask, each column at a pace that is learnt; a network
    learns, at every stage between, what each hidden cell may be, missing included. Rows are drawn by going the way
    back in a few stages. The network answers with probabilities of codes, so points such as zero hours, grids and the
    distribution of every column are kept. It has learnt to go on from any cells that are given, so conditions and
    imputation take no longer and nothing is rejected. More `steps` and `width` make it better, on a graphics card by
    far.

    When not to use: below some thousand rows, or where minutes matter: `trees` is closer to the data and quicker
    on a CPU; for free text; when a formal guarantee is needed, which only differential privacy gives.

    Reference: Kotelnikov, Baranchuk, Rubachev and Babenko, ICML 2023, doi:10.48550/arXiv.2209.15421; of mixed
    noise, Shi, Xu, Hua, Zhang, Ermon and Leskovec, ICLR 2025, doi:10.48550/arXiv.2410.20626; of noise that a network
    sees through Bayes' rule, Graves, Srivastava, Atkinson and Gomez, 2023, doi:10.48550/arXiv.2308.07037.

    >>> import polars as pl, synthesist as sy
    >>> frame = pl.DataFrame({"x": [i % 90 for i in range(900)], "high": [i % 90 > 44 for i in range(900)]})
    >>> rows = sy.fit(frame, "tab_ddpm", steps=20, width=16).sample(50, where={"high": True})
    >>> rows["high"].all()
    True
    """

    accepts = TABLE_KINDS
    limits: ClassVar[Mapping[str, str]] = {"one_row": f"a network learns nothing from fewer than {FEWEST_ROWS} rows"}
    tiny: ClassVar[Mapping[str, object]] = {"bins": 16, "width": 16, "depth": 1, "steps": 12, "stages": 3}

    bins: int = knob(128, "codes a column may have at most", tries=(8, 32), ge=2, le=250)
    min_rows: int = knob(5, "rows a category, bin or word must have to be drawn", tries=(1, 12), ge=1, le=1000)
    width: int = knob(256, "units of a layer", tries=(8, 16), ge=4, le=8192)
    depth: int = knob(3, "residual blocks", tries=(1, 2), ge=1, le=64)
    steps: int = knob(600, "training steps", tries=(4, 12), ge=1, le=10_000_000)
    batch: int = knob(1024, "rows per training step at most", tries=(8, 16), ge=8, le=65_536)
    rate: float = knob(2e-3, "learning rate at the start", tries=(1e-3, 1e-2), gt=0.0, le=1.0)
    stages: int = knob(16, "stages of noise on the way to a row", tries=(2, 3), ge=1, le=1000)
    device: Literal["auto", "cpu", "cuda"] = knob(
        "auto", "where it runs; auto takes a graphics card if there is one", tries=("auto", "cpu"), affects="cost"
    )

    def fit(self, data: Dataset, ctx: Context) -> "Denoised":
        """Learn the codes, and to denoise rows of codes.

        Raises:
            UnsuitableError: the table has too few rows.
        """
        codec = TableCodec.fit(data, ctx, bins=self.bins, min_rows=self.min_rows)
        if data.units < FEWEST_ROWS:
            raise UnsuitableError(
                f"tab_ddpm cannot learn from the {data.units} rows of table `{data.name}`: it takes {FEWEST_ROWS}, "
                f"and thousands to be good. Use gaussian_copula, or give it more rows."
            )
        home = "cpu" if self.device == "cpu" else "auto"
        if not codec.modelled:
            return Denoised(codec, {}, self.width, self.depth, self.stages, home, Curve((), ()))
        from synthesist.nets.blocks import arrays_of, chosen_device

        device = chosen_device(self.device)
        from synthesist.methods.tab_ddpm.denoiser import Cells
        from synthesist.methods.tab_ddpm.learning import learnt

        cells = Cells.of(codec, device)
        codes, size = codec.complete(data, ctx), (self.width, self.depth)
        net, curve = learnt(codes, cells, size, self.steps, self.batch, self.rate, ctx)
        return Denoised(codec, arrays_of(net), self.width, self.depth, self.stages, home, curve)


@dataclass(frozen=True)
class Denoised:
    """A denoiser of rows of codes: the weights of its network, and in how many stages it is used."""

    codec: TableCodec
    weights: dict[str, np.ndarray]
    width: int
    depth: int
    stages: int
    device: str
    training: Curve
    block: ClassVar[int] = 4096

    def __post_init__(self) -> None:
        if not 1 <= self.stages <= 1000 or self.device not in ("auto", "cpu"):
            raise ValueError("a denoiser of impossible stages or device")
        if not (1 <= self.width <= 8192 and 1 <= self.depth <= 64):
            raise ValueError("a denoiser of impossible size")
        if not all(np.isfinite(array).all() for array in self.weights.values()):
            raise ValueError("a denoiser with infinite weights")
        if not all((column.mass > 0).all() for column in self.codec.modelled.values()):
            raise ValueError("a denoiser of codes that no row had")
        if self.codec.modelled:
            self._loaded()

    @property
    def schema(self) -> Schema:
        """What is produced."""
        return self.codec.schema

    def sample(self, n: int, ctx: Context) -> Dataset:
        """Draw n rows."""
        codes = self._filled(np.full((n, len(self.codec.modelled)), -1, np.int32), {}, ctx)
        return self.codec.drawn(codes, ctx)

    def fill(self, rows: Dataset, allowed: Mapping[str, Allowed], ctx: Context) -> Dataset:
        """Draw the holes of `rows` within `allowed`: what is given is seen from the first stage on."""
        given = self.codec.given(rows, allowed)
        codes = self._filled(given.codes, given.limits, ctx)
        return self.codec.drawn(codes, ctx, given, rows, allowed)

    def _filled(self, codes: np.ndarray, limits: Mapping[int, Limit], ctx: Context) -> np.ndarray:
        """codes[row, column] without holes."""
        if not self.codec.modelled:
            return codes
        cells, net = self._loaded()
        from synthesist.methods.tab_ddpm.drawing import filled
        from synthesist.nets.blocks import generator, one_thread

        with one_thread():
            g = generator(ctx, "looks", cells.shares[0].device)
            return filled(net, cells, codes, limits, self.stages, g)

    def _loaded(self) -> "tuple[Cells, Denoiser]":
        """What is known of the columns, and the network.

        Raises:
            MissingExtraError: torch is not installed.
            ModelFileError: the weights are those of another network.
        """
        from synthesist.nets.blocks import chosen_device, with_arrays

        device = chosen_device(self.device)  # comes first, as nets say what to do where torch is missing
        from synthesist.methods.tab_ddpm.denoiser import Cells, Denoiser

        cells = Cells.of(self.codec, device)
        widths = cells.widths
        return cells, with_arrays(lambda: Denoiser(widths, self.width, self.depth), self.weights, device)
