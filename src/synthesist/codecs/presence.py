"""Whether a cell is there: what can be learnt of a column whose values cannot, such as a key that some rows lack."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from synthesist.codecs.pieces import Pieces
from synthesist.core import Allowed

__all__ = ["PresenceCodec"]


@dataclass(frozen=True)
class PresenceCodec:
    """Code 0 for a cell that is filled, 1 for an empty one; `mass[2]` rows had them."""

    mass: np.ndarray

    @classmethod
    def fit(cls, column: pl.Series) -> "PresenceCodec":
        """Learn from a column some of whose cells are empty."""
        return cls(np.array([column.len() - column.null_count(), column.null_count()], dtype=np.float64))

    def __post_init__(self) -> None:
        if self.mass.shape != (2,):
            raise ValueError("a cell is there or it is not: there is no third code")

    @property
    def size(self) -> int:
        """Two codes."""
        return 2

    @property
    def ordered(self) -> int:
        """How many leading codes stand in an order: none."""
        return 0

    @property
    def discrete(self) -> bool:
        """Every code stands for one state."""
        return True

    def encode(self, column: pl.Series) -> np.ndarray:
        """Codes of a column."""
        return column.is_null().to_numpy().astype(np.int32)

    def empty(self, codes: np.ndarray) -> np.ndarray:
        """A mask: which of these cells are empty."""
        return codes == 1

    def pieces(self, allowed: Allowed) -> Pieces:
        """The codes that `allowed` lets through."""
        filled = allowed.values is None or len(allowed.values) > 0
        return Pieces.of([(0, 0.0, 1.0)] * filled + [(1, 0.0, 1.0)] * allowed.missing, 2)
