"""SMOTE-NC: SMOTE for tables that hold categories beside numbers."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from synthesist.core import Context, Spec
from synthesist.data.dataset import Dataset
from synthesist.neighbours.between import Between
from synthesist.neighbours.classes import OneClass
from synthesist.neighbours.lines import Lines
from synthesist.neighbours.options import k_neighbors, label, scale, target
from synthesist.neighbours.records import MIXED_KINDS, Label, Records

__all__ = ["SmoteNC"]


class SmoteNC(Spec):
    """Makes rows of a rare class between near real rows, in tables that hold categories beside numbers.

    As `smote`, with two additions. Two rows that differ in a category are farther apart, by the median of
    the standard deviations of the numbers in the class; without any number, the distance is the root of how
    many categories differ. And a new row has the commonest category among all k neighbours, a tie decided by lot.
    A missing category is a category of its own.

    When not to use: to protect anybody, as the model holds the real rows; where categories follow from
    numbers (an age group beside an age), as each is made on its own. `trees` keeps such relations, and
    makes rows under any condition.

    Reference: Chawla, Bowyer, Hall and Kegelmeyer, Journal of Artificial Intelligence Research 16, 2002,
    section 6.1, doi:10.1613/jair.953.

    >>> import polars as pl, synthesist as sy
    >>> x, hit = [i % 50 for i in range(200)], [i < 20 for i in range(200)]
    >>> frame = pl.DataFrame({"x": x, "size": ["s", "m"] * 100, "hit": hit})
    >>> rows = sy.fit(frame, "smote_nc", target="hit").sample(30)
    >>> rows["hit"].all(), rows["x"].max() <= 19, sorted(rows["size"].unique())
    (True, True, ['m', 's'])
    """

    accepts = MIXED_KINDS
    limits: ClassVar[Mapping[str, str]] = {
        "one_row": "one row has no neighbour",
        "only_keys": "there is no column to be near in",
    }
    holds_records = True

    target: str | None = target()
    label: Label = label()
    k_neighbors: int = k_neighbors()
    scale: bool = scale()

    def fit(self, data: Dataset, ctx: Context) -> Between:
        """Find the neighbours of every row of the class.

        Raises:
            DataError: the class has too few rows.
            UnsuitableError: there is neither a number nor a category.
        """
        one = OneClass.of(data, self.target, self.label)
        one.require(self.k_neighbors, "k_neighbors")
        records = Records.of(data.with_table(data.table[one.rows]), one.target, one.label)
        records.require_columns()
        lines = Lines.inside(records.space(self.scale), np.arange(len(records)), self.k_neighbors, ctx.threads)
        return Between.of(records, lines)
