"""Borderline-SMOTE: new rows only where a class meets the others."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from synthesist.core import Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.errors import DataError
from synthesist.neighbours.between import Between
from synthesist.neighbours.classes import OneClass
from synthesist.neighbours.lines import Lines
from synthesist.neighbours.options import CLASSES, k_neighbors, label, scale, target
from synthesist.neighbours.records import NUMERIC_KINDS, Label, Records

__all__ = ["BorderlineSmote"]


class BorderlineSmote(Spec):
    """Makes rows of a rare class near its border with the others, where a classifier is most in doubt.

    Of the m nearest rows of a row of the class, whatever theirs, count those of other classes: half or more,
    but not all, puts it in danger. New rows start from rows in danger only, and go towards one of their
    k nearest rows of the class (`borderline-1`), or of all classes (`borderline-2`; towards another class
    they go less than half the way). Without a target there is no border, and this is `smote`.

    When not to use: where classes overlap widely, as rows between the classes add to the confusion; to
    protect anybody, as the model holds real rows; with categories (`smote_nc` serves them).

    Reference: Han, Wang and Mao, ICIC 2005, doi:10.1007/11538059_91.

    >>> import polars as pl, synthesist as sy
    >>> x = [i + 0.5 for i in range(100)]
    >>> frame = pl.DataFrame({"x": x, "y": ["rare" if i < 20 else "usual" for i in range(100)]})
    >>> rows = sy.fit(frame, "borderline_smote", target="y").sample(50)
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
    k_neighbors: int = k_neighbors()
    m_neighbors: int = knob(
        10, "nearest rows of any class that tell who is in danger", tries=(4, 12), beside=CLASSES, ge=1, le=1000
    )
    variant: Literal["borderline-1", "borderline-2"] = knob(
        "borderline-1",
        "whether new rows lie towards rows of the class only, or of all classes",
        tries=("borderline-1", "borderline-2"),
        beside=CLASSES,
    )
    scale: bool = scale()

    def fit(self, data: Dataset, ctx: Context) -> Between:
        """Find the rows in danger and their neighbours.

        Raises:
            DataError: the class has too few rows, or none in danger.
            UnsuitableError: there is no number.
        """
        one = OneClass.of(data, self.target, self.label)
        one.require(self.k_neighbors, "k_neighbors")
        records = Records.of(data, one.target, one.label)
        records.require_numbers()
        space = records.space(self.scale)
        if one.target is None:
            return Between.of(records, Lines.inside(space, one.rows, self.k_neighbors, ctx.threads))
        one.require_around(self.m_neighbors, "m_neighbors")
        towards_all = self.variant == "borderline-2"
        lines = Lines.at_the_border(space, one.inside, self.k_neighbors, self.m_neighbors, towards_all, ctx.threads)
        if not len(lines.start):
            raise DataError(
                f"No row of class {one.label!r} of `{one.target}` is in danger: none has other classes among half "
                f"or more of its {self.m_neighbors} nearest rows, but not all. Use `smote`, or other m_neighbors."
            )
        return Between.of(records, lines)
