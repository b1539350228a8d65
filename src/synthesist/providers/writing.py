"""Text out of pieces, without a loop over rows: small pools of pieces, gathered and joined."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import polars as pl

from synthesist.codecs.keys import permute

__all__ = ["digits", "drawn", "joined", "numbers", "zipped"]

WIDEST = 5
TIERS = (10**4, 10**6, 10**9, 10**12, 10**15)


def joined(*pieces: pl.Series | str) -> pl.Series:
    """One text a row: the pieces one behind the other; a plain text stands in every row."""
    columns = [pl.lit(piece) if isinstance(piece, str) else pl.col(f"{k}") for k, piece in enumerate(pieces)]
    table = pl.DataFrame({f"{k}": piece for k, piece in enumerate(pieces) if not isinstance(piece, str)})
    return table.select(pl.concat_str(columns)).to_series()


def zipped(first: Sequence[str], second: Sequence[str] | pl.Series) -> pl.Series:
    """Each of the first before each of the second: piece i * len(second) + j."""
    return pl.Series([one + other for one in first for other in second], dtype=pl.String)


def drawn(pool: Sequence[str] | pl.Series, u: np.ndarray, weights: Sequence[float] | None = None) -> pl.Series:
    """A piece of the pool a row, at the quantile u[row]: equally often, or by weights."""
    pieces = pool if isinstance(pool, pl.Series) else pl.Series(pool, dtype=pl.String)
    if weights is None:
        return pieces.gather((u * len(pieces)).astype(np.uint32))
    edges = np.cumsum(weights)
    return pieces.gather(np.searchsorted(edges, u * edges[-1], side="right").clip(max=len(pieces) - 1))


@cache
def _every_number() -> pl.Series:
    """The empty text, then all numbers of 1 to 5 digits with their leading zeros."""
    counts = [pl.Series([""])]
    counts += [pl.Series(np.arange(10**width)).cast(pl.String).str.zfill(width) for width in range(1, WIDEST + 1)]
    return pl.concat(counts, rechunk=True)


TENS = 10 ** np.arange(WIDEST + 1)
OFFSETS = np.array([0, *(1 + (10**width - 10) // 9 for width in range(1, WIDEST + 1))])


def digits(u: np.ndarray, width: int | np.ndarray) -> pl.Series:
    """A number a row of so many digits, 0 to 5, with leading zeros, at the quantile u[row]."""
    return _every_number().gather(OFFSETS[width] + (u * TENS[width]).astype(np.int64))


def numbers(units: np.ndarray, seed: int) -> pl.Series:
    """A number that no other row of the run has, small where the index of the row is: a keyed bijection by tiers."""
    out, low = np.empty(len(units), dtype=np.int64), 0
    for high in TIERS:
        here = (units >= low) & (units < high)
        if here.any():
            out[here] = low + permute(units[here] - low, high - low, seed)
        low = high
    return pl.Series(out).cast(pl.String)
