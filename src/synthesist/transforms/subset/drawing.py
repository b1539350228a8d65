"""Which rows are drawn: each has an address made of its key, so neither the order of the rows nor their number matters.

The rows of the lowest addresses are kept. So a draw of a tenth lies within a draw of a fifth, a copy of the table in
files gives the same rows as the database, and rows that are there tomorrow as well are drawn tomorrow as well.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from synthesist.codecs.keys import mixed

__all__ = ["addresses", "lowest", "lowest_of_each"]

EMPTY = np.uint64(0x6A09E667F3BCC909)
"""Stands for an empty cell."""
WORD = 8  # bytes


def addresses(cells: pl.DataFrame, seed: int) -> np.ndarray:
    """A number of 64 random bits for each row of these cells; equal rows have equal ones."""
    out = np.full(cells.height, seed & (2**64 - 1), dtype=np.uint64)
    for column in cells.iter_columns():
        for word in _words(column):
            out = mixed(out ^ word)
    return out


def lowest(numbers: np.ndarray, n: int) -> np.ndarray:
    """The places of the n lowest numbers, in order of place."""
    return np.sort(np.argsort(numbers, kind="stable")[:n])


def lowest_of_each(owners: np.ndarray, numbers: np.ndarray, n: int) -> np.ndarray:
    """The places of the n lowest numbers of each owner."""
    order = np.lexsort((numbers, owners))
    begins = np.flatnonzero(np.diff(owners[order], prepend=owners[order][:1] - 1))
    sizes = np.diff(begins, append=len(order))
    rank = np.arange(len(order)) - np.repeat(begins, sizes)
    return np.sort(order[rank < n])


def _words(column: pl.Series) -> Iterator[np.ndarray]:
    """The cells of a column as whole numbers of 64 bits, as many for each as the longest needs.

    Whole numbers are as they are written: files may hold keys as text that are numbers in the database.
    """
    empty = column.is_null().to_numpy()
    if column.dtype == pl.Boolean or column.dtype.is_temporal():
        yield np.where(empty, EMPTY, column.to_physical().cast(pl.Int64).fill_null(0).to_numpy().view(np.uint64))
    elif column.dtype.is_float():
        cells = column.cast(pl.Float64).fill_null(0.0).to_numpy() + 0.0  # so that -0.0 is 0.0
        yield np.where(empty, EMPTY, cells.view(np.uint64))
    else:
        text = column if column.dtype == pl.Binary else column.cast(pl.String).cast(pl.Binary)
        yield from _words_of_bytes(text.fill_null(b""), empty)


def _words_of_bytes(column: pl.Series, empty: np.ndarray) -> Iterator[np.ndarray]:
    """Eight bytes at a time; a cell that has ended gives its length."""
    sizes = column.bin.size().to_numpy().astype(np.int64)
    whole = np.frombuffer(b"".join(column.to_list()) + bytes(WORD), dtype=np.uint8)
    begins = np.cumsum(sizes) - sizes
    yield np.where(empty, EMPTY, sizes.view(np.uint64))
    for start in range(0, int(sizes.max(initial=0)), WORD):
        places = np.minimum((begins + start)[:, None] + np.arange(WORD), len(whole) - 1)
        inside = start + np.arange(WORD) < sizes[:, None]
        yield np.where(inside, whole[places], np.uint8(0)).view(np.uint64)[:, 0]
