"""Columns cut into few cells, and how alike two tables fill them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from synthesist.metrics._columns import Column, Columns, Side

__all__ = ["Cut", "cut", "similarity"]

Array = npt.NDArray[Any]

BINS = 10


class Cut(NamedTuple):
    """A column as codes from 0 to `size - 1` in every table: 0 is missing, the rest as `cut` says."""

    name: str
    size: int
    sides: Mapping[Side, Array]
    levels: Array
    """Of a category its code in the column for each code here, the last one any other; of a number the inner edges."""
    numeric: bool


def cut(columns: Columns, bins: int = BINS) -> list[Cut]:
    """Every column that varies in train: numbers in quantile bins of train, the most frequent categories and a rest.

    Bins hold about equally many train rows; where one number fills several of them they are one.
    """
    pieces = (_numbers(column, bins) if column.numeric else _categories(column, bins) for column in columns.all)
    return [piece for piece in pieces if len(np.unique(piece.sides["train"])) > 1]


def similarity(ours: Array, theirs: Array, cells: int, influences: tuple[Array, Array]) -> float:
    """1 - half the sum over cells of |p - q|, of two lists of codes; adds each row's part to the influences."""
    if cells > 4 * (len(ours) + len(theirs)):
        values, codes = np.unique(np.concatenate([ours, theirs]), return_inverse=True)
        ours, theirs, cells = codes[: len(ours)], codes[len(ours) :], len(values)
    difference = np.bincount(ours, minlength=cells) / len(ours) - np.bincount(theirs, minlength=cells) / len(theirs)
    half_sign = np.sign(difference) / 2
    influences[0][:] -= half_sign[ours]
    influences[1][:] += half_sign[theirs]
    return 1 - float(np.abs(difference).sum()) / 2


def _numbers(column: Column, bins: int) -> Cut:
    real = column["train"][~column.missing("train")]
    inner = np.unique(np.quantile(real, np.arange(1, bins) / bins, method="inverted_cdf")) if len(real) else real
    inner = inner[inner < real.max()] if len(real) else inner

    def codes(side: Side) -> Array:
        found: Array = 1 + np.searchsorted(inner, column[side], side="left")  # up to an edge, edge included
        found[column.missing(side)] = 0
        return found

    return Cut(column.name, len(inner) + 2, {side: codes(side) for side in column.sides}, inner, numeric=True)


def _categories(column: Column, bins: int) -> Cut:
    count = np.bincount(column["train"], minlength=column.levels + 1)[1:]
    frequent = 1 + np.argsort(-count, kind="stable")[: min(bins, int((count > 0).sum()))]
    place = np.full(column.levels + 1, len(frequent) + 1)
    place[0], place[frequent] = 0, np.arange(len(frequent)) + 1
    sides: dict[Side, Array] = {side: place[codes] for side, codes in column.sides.items()}
    return Cut(column.name, len(frequent) + 2, sides, frequent, numeric=False)
