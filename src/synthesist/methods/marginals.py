"""Every column on its own: the floor under every benchmark."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synthesist.codecs.pieces import Limit
from synthesist.codecs.table import TABLE_KINDS, TableCodec
from synthesist.core import Allowed, Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema

__all__ = ["Marginals"]


class Marginals(Spec):
    """Draws every column on its own, as if no column knew of another.

    Shares of values, missing cells and formulas between columns are kept; relations between columns
    are lost. It shows what a score is worth: a metric that rates this highly does not see relations.

    When not to use: for anything but a baseline or a test of software that needs plausible cells only.

    >>> import polars as pl, synthesist as sy
    >>> frame = pl.DataFrame({"size": ["s", "m", "l", "m"] * 50})
    >>> sy.fit(frame, "marginals").sample(3)["size"].len()
    3
    """

    accepts = TABLE_KINDS

    bins: int = knob(128, "codes a column may have at most", tries=(4, 64), ge=2, le=4096)
    min_rows: int = knob(5, "rows a category, bin or word must have to be drawn", tries=(1, 12), ge=1, le=1000)

    def fit(self, data: Dataset, ctx: Context) -> "Columns":
        """Count the codes of every column."""
        return Columns(TableCodec.fit(data, ctx, bins=self.bins, min_rows=self.min_rows))


@dataclass(frozen=True)
class Columns:
    """Independent columns, each with the shares of its codes."""

    codec: TableCodec
    block: ClassVar[int] = 65_536

    @property
    def schema(self) -> Schema:
        """What is produced."""
        return self.codec.schema

    def sample(self, n: int, ctx: Context) -> Dataset:
        """Draw n rows."""
        codes, u = self._draw(n, {}, ctx)
        return self.codec.decode(codes, u, ctx.at("aside"))

    def fill(self, rows: Dataset, allowed: Mapping[str, Allowed], ctx: Context) -> Dataset:
        """Draw the holes of `rows` column by column, within `allowed`."""
        codes, u = self._draw(rows.units, self.codec.given(rows, allowed).limits, ctx)
        return self.codec.decode(codes, u, ctx.at("aside"), rows=rows, allowed=allowed)

    def _draw(self, n: int, limits: Mapping[int, Limit], ctx: Context) -> tuple[np.ndarray, np.ndarray]:
        codes = np.empty((n, len(self.codec.modelled)), dtype=np.int32)
        u = np.empty(codes.shape)
        for j, (name, codec) in enumerate(self.codec.modelled.items()):
            rng = ctx.rng(name)
            which = limits[j].which if j in limits else np.zeros(n, dtype=np.int64)
            weights = limits[j].weights if j in limits else np.ones((1, codec.size))
            upto = np.cumsum(codec.mass * weights, axis=1)
            upto /= upto[:, -1:]
            draw = rng.random(n)
            for p in range(len(upto)):
                rows = which == p
                codes[rows, j] = np.searchsorted(upto[p], draw[rows], side="right")
            u[:, j] = limits[j].place(codes[:, j], rng.random(n)) if j in limits else rng.random(n)
        return codes, u
