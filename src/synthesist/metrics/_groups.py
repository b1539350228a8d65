"""Groups of rows to be treated alike: the cells where protected columns meet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from synthesist.core import Evidence, knob
from synthesist.data.dataset import Dataset
from synthesist.errors import NotFoundError, did_you_mean
from synthesist.metrics._columns import Side, empty_table
from synthesist.metrics._kept import kept

__all__ = ["TELLABLE", "Groups", "smallest"]

Array = npt.NDArray[Any]

JOINT = "\x1f"  # the unit separator of ASCII, which no cell of a table for people holds
TELLABLE = 10
"""Real rows, of a group or of an outcome in it: of fewer nothing is told."""
MOST_VALUES = 12
"""A protected number of more values than this is cut into quarters."""
NUMERIC = {"number", "integer", "moment", "duration"}


def smallest() -> Any:
    """The option of every metric of fairness that says which groups are too small to be judged."""
    return knob(
        30, "fewest rows of a group, on every side: gaps of smaller ones are chance", tries=(10, 100), ge=TELLABLE
    )


@dataclass(frozen=True)
class Groups:
    """`codes[side]`: the number of each row's group, -1 where its group is too small on some side."""

    names: tuple[Mapping[str, str], ...]
    """By protected column what sets a group apart."""
    codes: Mapping[Side, Array]
    small: int
    """How many groups, and how many of the real rows, are in none because of that."""
    small_rows: int

    @classmethod
    def of(
        cls,
        case: Evidence,
        fewest: int,
        columns: tuple[str, ...] = (),
        judged_by: tuple[Side, ...] = ("train", "holdout", "synthetic"),
    ) -> "Groups | str":
        """The groups where the protected columns (or these of them) meet, or why there are none to compare.

        A group counts that has so many rows on each of the sides it is `judged_by`.

        Raises:
            NotFoundError: a protected column is no column.
        """
        columns = columns or case.protected
        return kept(case, ("groups", fewest, columns, judged_by), lambda: cls._made(case, fewest, columns, judged_by))

    @classmethod
    def _made(
        cls, case: Evidence, fewest: int, columns: tuple[str, ...], judged_by: tuple[Side, ...]
    ) -> "Groups | str":
        if not columns:
            return "No protected column was named."
        if reason := empty_table(case):
            return reason
        sides: dict[Side, Dataset] = {"train": case.train, "holdout": case.holdout, "synthetic": case.synthetic}
        words = _words(sides, columns)
        names = pl.concat([one.unique() for one in words.values()]).unique().sort()
        codes = {
            side: one.cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int64) for side, one in words.items()
        }
        counts = {side: np.bincount(one, minlength=len(names)) for side, one in codes.items()}
        large = np.all([counts[side] >= fewest for side in judged_by], axis=0)
        if large.sum() < 2:
            return f"Fewer than two groups have {fewest} rows in each table."
        place = np.where(large, np.cumsum(large) - 1, -1)
        real = counts["train"] + counts["holdout"]
        return cls(
            tuple(dict(zip(columns, name.split(JOINT), strict=True)) for name in names.filter(pl.Series(large))),
            {side: place[one] for side, one in codes.items()},
            int((~large & (real > 0)).sum()),
            int(real[~large].sum()),
        )

    @property
    def warnings(self) -> dict[str, int]:
        """What details say of the groups that are not judged."""
        return {"groups": len(self.names), "small_groups": self.small, "small_group_rows": self.small_rows}


def _words(sides: Mapping[Side, Dataset], columns: tuple[str, ...]) -> dict[Side, pl.Series]:
    """The group of each row: its cells, or the quarters they are in, one after the other."""
    kinds = sides["train"].kinds.columns
    for column in columns:
        if column not in kinds:
            raise NotFoundError(f"No protected column `{column}`. {did_you_mean(column, kinds)}")
    parts: dict[Side, list[pl.Series]] = {side: [] for side in sides}
    for column in columns:
        cells = {side: data.table[column] for side, data in sides.items()}
        if kinds[column].kind in NUMERIC and cells["train"].n_unique() > MOST_VALUES:
            cells = _quarters(cells)
        for side, one in cells.items():
            parts[side].append(one.cast(pl.String).fill_null("missing"))
    return {side: pl.select(pl.concat_str(*some, separator=JOINT)).to_series() for side, some in parts.items()}


def _quarters(cells: Mapping[Side, pl.Series]) -> dict[Side, pl.Series]:
    """Numbers and moments by the quarter of the train rows they fall in, named by where it begins."""
    real = cells["train"].drop_nulls().sort()
    starts = pl.Series([real[len(real) * k // 4] for k in range(1, 4)], dtype=real.dtype).unique().sort()
    words = pl.Series([f"below {starts[0]}", *(f"from {start}" for start in starts)])
    return {side: words.gather(starts.search_sorted(one, side="right")).set(one.is_null(), None)
            for side, one in cells.items()}  # fmt: skip
