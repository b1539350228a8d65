"""SMOTE: new rows on the lines between the rows of a class and their nearest neighbours."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from synthesist.core import Context, Spec
from synthesist.data.dataset import Dataset
from synthesist.neighbours.between import Between
from synthesist.neighbours.classes import OneClass
from synthesist.neighbours.lines import Lines
from synthesist.neighbours.options import k_neighbors, label, scale, target
from synthesist.neighbours.records import NUMERIC_KINDS, Label, Records

__all__ = ["Smote"]


class Smote(Spec):
    """Makes rows of a rare class, each somewhere between a real row and one of its nearest neighbours.

    A row of the class is taken at random, then one of its k nearest rows of the same class, then a point on
    the line between them. Distances are Euclidean over numbers, dates and durations; whole numbers and
    dates are rounded to their grid. A missing cell stands at the mean of its column where distances are
    measured, and a new row lacks it where the nearer of its two ends does. Keys are made anew.

    When not to use: to protect anybody. Every row lies between two real ones, the model holds the real
    rows, and on grids it repeats them. With categories use `smote_nc`. And to find a rare class a tuned
    threshold served better on every table we tried (see the benchmark of `balance`).

    Reference: Chawla, Bowyer, Hall and Kegelmeyer, Journal of Artificial Intelligence Research 16, 2002,
    doi:10.1613/jair.953.

    >>> import polars as pl, synthesist as sy
    >>> y = ["rare"] * 9 + ["usual"] * 81
    >>> frame = pl.DataFrame({"x": [i % 30 / 10 for i in range(90)], "y": y})
    >>> rows = sy.fit(frame, "smote", target="y").sample(50)
    >>> rows["y"].unique().to_list(), rows["x"].is_between(0, 0.8).all()
    (['rare'], True)
    """

    accepts = NUMERIC_KINDS
    limits: ClassVar[Mapping[str, str]] = {
        "one_row": "one row has no neighbour",
        "only_keys": "there is no number to go along",
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
            UnsuitableError: there is no number.
        """
        one = OneClass.of(data, self.target, self.label)
        one.require(self.k_neighbors, "k_neighbors")
        records = Records.of(data.with_table(data.table[one.rows]), one.target, one.label)
        records.require_numbers()
        lines = Lines.inside(records.space(self.scale), np.arange(len(records)), self.k_neighbors, ctx.threads)
        return Between.of(records, lines)
