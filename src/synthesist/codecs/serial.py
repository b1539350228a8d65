"""Whole-number keys that tell something of their row: the order of admission, the row of a time series.

They are modelled like numbers, so that a late number goes with a late date, and made unique
afterwards: every chunk of rows owns numbers of its own over the whole range, and once those are used
up the numbers go on beyond the last one known.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from synthesist.codecs.category import CategoryCodec
from synthesist.codecs.number import NumberCodec
from synthesist.codecs.pieces import Pieces
from synthesist.core import Allowed
from synthesist.data.kinds import Id

__all__ = ["SerialCodec", "informative"]

CHUNK = 4096  # rows numbered together; every sampler's block is a multiple of it


@dataclass(frozen=True)
class SerialCodec:
    """A number codec over keys; `first` and `last` are the ends of the known range."""

    number: NumberCodec
    first: int
    last: int

    @classmethod
    def fit(cls, column: pl.Series, kind: Id, bins: int, min_rows: int) -> "SerialCodec":
        """Learn codes from unique whole numbers without missing cells."""
        number = NumberCodec.fit(column, kind, bins, min_rows)
        return cls(number, int(number.knots[0, 0]), int(number.knots[-1, -1]))

    @property
    def size(self) -> int:
        """How many codes there are."""
        return self.number.size

    @property
    def ordered(self) -> int:
        """All codes stand in order."""
        return self.number.ordered

    @property
    def mass(self) -> np.ndarray:
        """How many rows each code had."""
        return self.number.mass

    def encode(self, column: pl.Series) -> np.ndarray:
        """Codes of a column; -1 where it is empty."""
        return self.number.encode(column)

    def pieces(self, allowed: Allowed) -> Pieces:
        """The part of every code that `allowed` lets through."""
        return self.number.pieces(allowed)

    def settle(self, column: pl.Series, allowed: Allowed) -> pl.Series:
        """Keys are not moved: two of them could meet."""
        del allowed
        return column

    def decode(self, codes: np.ndarray, u: np.ndarray, start: int) -> pl.Series:
        """Unique keys of rows start, start + 1 ..., each as near to its code as there is room."""
        slots = max((self.last - self.first + 1) // CHUNK, 1)
        rows = np.arange(start, start + len(codes))
        out = np.empty(len(codes), np.int64)
        for chunk in np.unique(rows // CHUNK):
            here = np.flatnonzero(rows // CHUNK == chunk)
            room = (self.last - self.first - chunk) // slots + 1 if chunk < slots else 0
            known, new = here[:room], here[room:]
            out[known] = self.first + chunk + slots * self._places(codes[known], u[known], int(room), slots)
            order = np.lexsort((u[new], codes[new]))
            out[new[order]] = self.last + 1 + chunk * CHUNK + np.arange(len(new))
        return pl.Series(out)

    def _places(self, codes: np.ndarray, u: np.ndarray, room: int, slots: int) -> np.ndarray:
        """Different places in 0..room-1, in the order of the codes and close to where each code lies."""
        low = np.append(np.concatenate([[self.first], self.number.cuts]), self.last + 1)
        order = np.lexsort((u, codes))
        code, i = codes[order], np.arange(len(codes))
        wanted = ((low[code] + u[order] * (low[code + 1] - low[code]) - self.first) / slots).astype(np.int64)
        place = np.maximum.accumulate(np.maximum(wanted, 0) - i) + i
        out = np.empty(len(codes), np.int64)
        out[order] = np.minimum(place, room - len(codes) + i)
        return out


def informative(column: pl.Series, frame: pl.DataFrame, codecs: Mapping[str, NumberCodec | CategoryCodec]) -> bool:
    """Whether a key goes together with any other column more than chance allows (a G-test)."""
    key = (column.rank("ordinal").to_numpy() - 1) * 32 // len(column)
    for name, codec in codecs.items():
        codes = codec.encode(frame[name])
        step = -(-codec.size // 32)
        table = np.bincount((key * 33 + np.where(codes < 0, 32, codes // step)).astype(np.int64), minlength=32 * 33)
        table = table.reshape(32, 33)[:, table.reshape(32, 33).any(axis=0)]
        expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
        seen = table > 0
        g = 2 * (table[seen] * np.log(table[seen] / expected[seen])).sum()
        freedom = (table.shape[0] - 1) * (table.shape[1] - 1)
        if table.shape[1] > 1 and g > 1.2 * freedom + 8 * np.sqrt(2 * freedom):
            return True
    return False
