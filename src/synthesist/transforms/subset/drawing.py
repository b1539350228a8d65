"""Which rows are drawn: each has an address made of its key, so neither the order of the rows nor their number matters.

The rows of the lowest addresses are kept. So a draw of a tenth lies within a draw of a fifth, a copy of the table in
files gives the same rows as the database, and rows that are there tomorrow as well are drawn tomorrow as well.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from synthesist.codecs.keys import mixed

__all__ = ["addresses", "fingerprints", "lowest", "lowest_of_each"]

EMPTY, TEXT = np.uint64(0x6A09E667F3BCC909), np.uint64(0xBB67AE8584CAA73B)
"""Mark an empty cell, and one that is a text and no whole number."""
WORD = 8  # bytes


def addresses(cells: pl.DataFrame, seed: int) -> np.ndarray:
    """A number of 64 random bits for each row of these cells; equal rows have equal ones, wherever they are."""
    return _mixed(cells, [seed])[0]


def fingerprints(cells: pl.DataFrame) -> pl.DataFrame:
    """Rows without a key as two numbers, which only equal rows have in common: of 128 bits, so never by chance."""
    first, second = _mixed(cells, [1, 2])
    return pl.DataFrame({"\x00first": first, "\x00second": second})


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


def _mixed(cells: pl.DataFrame, seeds: Sequence[int]) -> list[np.ndarray]:
    out = [np.full(cells.height, seed & (2**64 - 1), dtype=np.uint64) for seed in seeds]
    for column in cells.iter_columns():
        for rows, word in _words(column):
            for numbers in out:
                numbers[rows] = mixed(numbers[rows] ^ word)
    return out


Words = Iterator[tuple[np.ndarray | slice, np.ndarray]]
"""Of some rows each, a whole number of 64 bits."""


def _words(column: pl.Series) -> Words:
    """The cells of a column as whole numbers of 64 bits, as many for each as it needs.

    A text that is a whole number counts as this number: files may hold keys as text that are numbers in the database.
    """
    empty = column.is_null().to_numpy()
    if column.dtype == pl.Boolean or column.dtype.is_integer() or column.dtype.is_temporal():
        number = column.to_physical().cast(pl.Int64, wrap_numerical=True).fill_null(0)
        yield slice(None), np.where(empty, EMPTY, number.to_numpy().view(np.uint64))
    elif column.dtype.is_float():
        cells = column.cast(pl.Float64).fill_null(0.0).to_numpy() + 0.0  # so that -0.0 is 0.0
        yield slice(None), np.where(empty, EMPTY, cells.view(np.uint64))
    elif column.dtype == pl.Binary:
        yield from _words_of_text(column.bin.encode("hex"), empty)
    else:
        yield from _words_of_text(column.cast(pl.String), empty)


def _words_of_text(column: pl.Series, empty: np.ndarray) -> Words:
    """A whole number, or the length of the text and then eight bytes of it at a time."""
    number = column.cast(pl.Int64, strict=False)
    whole = (number.cast(pl.String) == column).fill_null(False).to_numpy()
    sizes = column.str.len_bytes().fill_null(0).to_numpy().astype(np.int64)
    begins = np.cumsum(sizes) - sizes
    text = np.frombuffer(column.fill_null("").str.join("")[0].encode() + bytes(WORD), dtype=np.uint8)
    first = np.where(whole, number.fill_null(0).to_numpy().view(np.uint64), sizes.view(np.uint64) ^ TEXT)
    yield slice(None), np.where(empty, EMPTY, first)
    rows = np.flatnonzero(~whole & (sizes > 0))
    for start in range(0, int(sizes[rows].max(initial=0)), WORD):
        rows = rows[sizes[rows] > start]
        places = np.minimum((begins[rows] + start)[:, None] + np.arange(WORD), len(text) - 1)
        inside = start + np.arange(WORD) < sizes[rows][:, None]
        yield rows, np.where(inside, text[places], np.uint8(0)).view(np.uint64)[:, 0]
