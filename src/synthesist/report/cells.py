"""Shares of rows by cell, with every real cell that is too small merged into another.

Suppressing a small cell alone would not hide it: it is what the other cells leave of 100 %. So
small cells are merged until none is left, on the train and on the holdout side at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

__all__ = ["REAL", "TOP", "Cells", "K", "bars", "merge_small", "present", "shares"]

K = 10
"""No number in a report stands for fewer real rows than this."""
TOP = 12
"""How many categories are named before the rest is called other."""
REAL = ("train", "holdout")


@dataclass(frozen=True)
class Cells:
    """The share of non-missing rows in each cell; a real side with fewer than K rows is empty.

    `edges` (one more than cells) makes it a histogram; its first and last cell hold whatever lies
    beyond as well. `ticks` are the positions to label on its axis.
    """

    labels: tuple[str, ...]
    train: tuple[float, ...]
    holdout: tuple[float, ...]
    synthetic: tuple[float, ...]
    edges: tuple[float, ...] = ()
    ticks: tuple[tuple[float, str], ...] = ()
    other: bool = False
    """Whether the last cell holds all values that are not named."""

    @property
    def real(self) -> tuple[float, ...]:
        """What to compare with: the holdout, or the training rows where the holdout is too small."""
        return self.holdout or self.train


def present(column: pl.Series) -> int:
    """How many cells hold a value."""
    return column.len() - column.null_count()


def bars(sides: Mapping[str, pl.Series], by_value: bool = False) -> Cells | None:
    """Count named values: at most TOP, each in at least K rows of every real side; None if none is left.

    Values that only the synthetic side holds are never named. `by_value` orders numbers by size,
    else the most frequent value comes first.
    """
    real = [side for side in REAL if present(sides[side]) >= K]
    counts = {side: dict(column.drop_nulls().value_counts().iter_rows()) for side, column in sides.items()}
    first = counts[real[-1]]
    common = [value for value in first if all(counts[side].get(value, 0) >= K for side in real)]
    named = sorted(common, key=lambda value: (-first[value], str(value)))[:TOP]
    while named and _other_is_small(counts, real, named):
        named.pop()
    if not named:
        return None
    if by_value:
        named.sort()
    table = {side: [counts[side].get(value, 0) for value in named] for side in (*real, "synthetic")}
    other = {side: sum(counts[side].values()) - sum(table[side]) for side in table}
    labels = tuple(_name(value) for value in named)
    if any(other.values()):
        labels = (*labels, "other")
        table = {side: [*table[side], other[side]] for side in table}
    return Cells(labels=labels, other=any(other.values()), **shares(table))


def merge_small(table: Mapping[str, Sequence[int]], edges: Sequence[float]) -> tuple[dict[str, list[int]], list[float]]:
    """Merge neighbouring histogram cells until each holds at least K rows on every real side."""
    counts = {side: list(row) for side, row in table.items()}
    borders = list(edges)
    while len(borders) > 2:
        smallest = np.min([counts[side] for side in REAL if side in counts], axis=0)
        cell = int(np.argmin(smallest))
        if smallest[cell] >= K:
            break
        last = len(smallest) - 1
        left = cell == last or (cell > 0 and smallest[cell - 1] <= smallest[cell + 1])
        joint = cell if left else cell + 1
        del borders[joint]
        for row in counts.values():
            row[joint - 1 : joint + 1] = [row[joint - 1] + row[joint]]
    return counts, borders


def shares(table: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """Counts as shares, rounded to 0.01 %."""
    rows = {side: tuple(round(count / max(sum(row), 1), 4) for count in row) for side, row in table.items()}
    return {"train": rows.get("train", ()), "holdout": rows.get("holdout", ()), "synthetic": rows["synthetic"]}


def _other_is_small(counts: Mapping[str, Mapping[Any, int]], real: Sequence[str], named: Sequence[Any]) -> bool:
    rest = [sum(counts[side].values()) - sum(counts[side][value] for value in named) for side in real]
    return any(rest) and min(rest) < K


def _name(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
