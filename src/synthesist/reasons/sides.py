"""The rows an explanation looks at: real ones, train and holdout together, beside synthetic ones."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from synthesist.core import Context, Evidence
from synthesist.data.kinds import Kind
from synthesist.metrics._columns import Column, Columns, Side, encoded
from synthesist.metrics._estimate import sample

__all__ = ["K", "Sides"]

Array = npt.NDArray[Any]
K = 10
"""Cells of fewer real rows than this are never told apart."""


UNLEARNT: tuple[Side, Side] = ("holdout", "synthetic")


@dataclass(frozen=True)
class Sides:
    """Which rows of each table are looked at; real rows are those of train, then those of the holdout."""

    case: Evidence
    columns: Columns
    rows: Mapping[Side, Array]

    @classmethod
    def of(cls, case: Evidence, most: int, ctx: Context) -> "Sides":
        """At most `most` synthetic and `most` real rows at random, as many of the holdout as leave half for train."""
        columns = encoded(case)
        count = columns.rows
        unseen = min(count["holdout"], max(most // 2, most - count["train"]))
        taken = {
            "train": min(count["train"], most - unseen),
            "holdout": unseen,
            "synthetic": min(count["synthetic"], most),
        }
        return cls(case, columns, {s: sample(ctx.rng(f"{s} rows"), count[s], size) for s, size in taken.items()})  # type: ignore[index, misc]

    def real(self, column: Column) -> Array:
        """The real cells of a column."""
        return np.concatenate([column["train"][self.rows["train"]], column["holdout"][self.rows["holdout"]]])

    def synthetic(self, column: Column) -> Array:
        """The synthetic cells of a column."""
        return column["synthetic"][self.rows["synthetic"]]

    def kind(self, name: str) -> Kind:
        """What a column means."""
        return self.case.train.kinds[name]

    def levels(self, name: str) -> list[str]:
        """The words of the codes 1, 2, ... of a category."""
        words = [getattr(self.case, s).table[name].cast(pl.String) for s in ("train", "holdout", "synthetic")]
        return list(pl.concat([word.unique() for word in words]).drop_nulls().unique().sort())

    @cached_property
    def unseen(self) -> Array:
        """Which of the real rows are the holdout's."""
        return np.repeat([False, True], [len(self.rows["train"]), len(self.rows["holdout"])])

    @cached_property
    def whole(self) -> bool:
        """Whether all rows of the holdout and all synthetic ones are looked at."""
        return all(len(self.rows[side]) == self.columns.rows[side] for side in UNLEARNT)

    @cached_property
    def told_apart(self) -> Columns:
        """What a classifier learns from: the arrays of all rows, which others use too, or those of the rows here."""
        if self.whole:
            return self.columns
        taken = (replace(c, sides={side: c[side][rows] for side, rows in self.rows.items()}) for c in self.columns.all)
        return Columns(tuple(taken), {side: len(rows) for side, rows in self.rows.items()})

    def place(self, side: Side, rows: Array) -> Array:
        """Where rows of `told_apart` stand among those looked at."""
        if not self.whole:
            return rows
        order = np.argsort(self.rows[side])  # each row number is there once
        return np.asarray(order[rows])
