"""A fitted network over the codes of a table: rows, and rows in which something is given."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synthesist.codecs.table import TableCodec
from synthesist.core import Allowed, Context
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.graphical.network import Network

__all__ = ["Families"]


@dataclass(frozen=True)
class Families:
    """A fitted network over the codes of a table."""

    codec: TableCodec
    network: Network
    block: ClassVar[int] = 16_384

    def __post_init__(self) -> None:
        if self.network.sizes.tolist() != self.codec.sizes.tolist():
            raise ValueError("a network of other columns than the table has")

    @property
    def schema(self) -> Schema:
        """What is produced."""
        return self.codec.schema

    def sample(self, n: int, ctx: Context) -> Dataset:
        """Draw n rows."""
        return self.codec.drawn(self.network.draw_new(n, ctx).T, ctx)

    def fill(self, rows: Dataset, allowed: Mapping[str, Allowed], ctx: Context) -> Dataset:
        """Draw the holes of `rows` within `allowed`, given all that is known."""
        given = self.codec.given(rows, allowed)
        codes = self.network.draw(given.codes.T.astype(np.int64), given.limits, ctx)
        return self.codec.drawn(codes.T, ctx, given, rows, allowed)
