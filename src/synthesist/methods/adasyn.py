"""ADASYN: the more neighbours of other classes a row has, the more new rows start from it."""

from collections.abc import Mapping
from typing import ClassVar

from synthesist.core import Context, Spec
from synthesist.data.dataset import Dataset
from synthesist.errors import DataError
from synthesist.neighbours.between import Between
from synthesist.neighbours.classes import OneClass
from synthesist.neighbours.lines import Lines
from synthesist.neighbours.options import k_neighbors, label, scale, target
from synthesist.neighbours.records import NUMERIC_KINDS, Label, Records

__all__ = ["Adasyn"]


class Adasyn(Spec):
    """Makes rows of a rare class, most of them where rows of other classes are all around.

    Rows of the class are taken in proportion to the share of other classes among their n nearest rows;
    the new row lies between such a row and one of its n nearest rows of the class, as in `smote`. Without a
    target every row counts alike, and this is `smote`.

    When not to use: with outliers or wrong labels in the class, as it makes most rows there; to protect
    anybody, as the model holds real rows; with categories (`smote_nc` serves them).

    Reference: He, Bai, Garcia and Li, IJCNN 2008, doi:10.1109/IJCNN.2008.4633969.

    >>> import polars as pl, synthesist as sy
    >>> x = [i + 0.5 for i in range(100)]
    >>> frame = pl.DataFrame({"x": x, "y": ["rare" if i < 20 else "usual" for i in range(100)]})
    >>> rows = sy.fit(frame, "adasyn", target="y").sample(50)
    >>> rows["x"].min() >= 14
    True
    """

    accepts = NUMERIC_KINDS
    limits: ClassVar[Mapping[str, str]] = {
        "one_row": "one row has no neighbour",
        "only_keys": "there is no number to go along",
    }
    holds_records = True

    target: str | None = target()
    label: Label = label()
    n_neighbors: int = k_neighbors("its class, and of all classes,")
    scale: bool = scale()

    def fit(self, data: Dataset, ctx: Context) -> Between:
        """Find how many neighbours of every row are of other classes, and those of its own.

        Raises:
            DataError: the class has too few rows, or no neighbour of another class.
            UnsuitableError: there is no number.
        """
        one = OneClass.of(data, self.target, self.label)
        one.require(self.n_neighbors, "n_neighbors")
        records = Records.of(data, one.target, one.label)
        records.require_numbers()
        space = records.space(self.scale)
        if one.target is None:
            return Between.of(records, Lines.inside(space, one.rows, self.n_neighbors, ctx.threads))
        lines = Lines.where_it_is_hard(space, one.inside, self.n_neighbors, ctx.threads)
        if not len(lines.start):
            raise DataError(
                f"No row of class {one.label!r} of `{one.target}` has a neighbour of another class: there is "
                f"nothing to adapt to. Use `smote`, or more n_neighbors."
            )
        return Between.of(records, lines)
