"""Top rare classes up with synthetic rows."""

from collections.abc import Mapping
from typing import ClassVar

import polars as pl

from synthesist.codecs.keys import apart, keys_of
from synthesist.combine.classes import MethodName, rows_of_classes, short_of
from synthesist.core import Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Boolean
from synthesist.errors import SpecError

__all__ = ["Balance"]


class Balance(Spec):
    """Tops up rare classes with synthetic rows until all classes are equally large, or nearly so.

    Real rows are kept, first and as they are; synthetic ones follow, class by class, and `mark` tells them
    apart. They come from a method of the SMOTE family, which goes between real rows of the class, or from any
    other method that samples under conditions (`trees`, `gaussian_copula`): it learns the whole table and
    draws rows of the class. Balance only what a classifier learns from, after the split, never what
    judges it.

    When not to use: before a threshold was tuned. On five real tables that gave a better F1 than any way of
    balancing, and at no cost; methods of the SMOTE family ranked unseen rows worse than doing nothing, `trees`
    better in three cases of ten. See the [benchmark](../benchmarks/balance.md). Probabilities that were
    learnt from balanced rows are wrong until they are calibrated.

    Reference: Chawla, Bowyer, Hall and Kegelmeyer, Journal of Artificial Intelligence Research 16, 2002,
    doi:10.1613/jair.953; Elor and Averbuch-Elor, To SMOTE, or not to SMOTE?, 2022, doi:10.48550/arXiv.2201.08528.

    >>> import polars as pl, synthesist as sy
    >>> frame = pl.DataFrame({"x": [i % 40 for i in range(100)], "y": ["rare"] * 10 + ["usual"] * 90})
    >>> sy.transform("balance", frame, target="y")["y"].value_counts().sort("y").rows()
    [('rare', 90), ('usual', 90)]
    """

    tiny: ClassVar[Mapping[str, str]] = {"method": "marginals"}

    target: str = knob(..., "column that names the classes", tries=("sector", "smoker"))
    method: MethodName = knob(
        "smote_nc",
        "what makes the rows: a method's name, or a mapping of `kind` and its options",
        tries=("marginals", {"kind": "gaussian_copula", "bins": 16}),
    )
    ratio: float = knob(1.0, "rows of every class, as a share of the largest", tries=(0.95, 1.0), gt=0.0, le=1.0)
    mark: str | None = knob(
        None, "name of a new column that is true in synthetic rows; none: no column", tries=(None, "synthetic")
    )

    def apply(self, data: Dataset, ctx: Context) -> Dataset:
        """The same rows, and as many synthetic ones of each class as it is short of.

        Raises:
            NotFoundError: there is no such target or method.
            DataError, UnsuitableError, ConditionError: the method cannot make rows of a class.
        """
        if self.mark in data.kinds.columns:
            raise SpecError(f"There is a column `{self.mark}` already: give `mark` another name.")
        wanted = short_of(data, self.target, self.ratio)
        for column, keys in keys_of(data.schema).items():
            keys.require(data.units + sum(wanted.values()), column)
        made = rows_of_classes(data, self.target, wanted, self.method, ctx) if wanted else []
        whole = pl.concat([data.table, *(rows.table for rows in made)])
        given = pl.concat([data.table, data.table.clear(whole.height - data.units)])
        whole = whole.with_columns(
            apart(keys, given[column], whole[column]).alias(column) for column, keys in keys_of(data.schema).items()
        )
        return _marked(data.with_table(whole), data.units, self.mark) if self.mark else data.with_table(whole)


def _marked(data: Dataset, real: int, mark: str) -> Dataset:
    """With a column that is true beyond the first `real` rows."""
    column = pl.Series(mark, [False, True]).gather([0] * real + [1] * (data.units - real))
    kinds = data.kinds.model_copy(update={"columns": {**data.kinds.columns, mark: Boolean()}})
    schema = data.schema.model_copy(update={"tables": {data.name: kinds}})
    return Dataset({data.name: data.table.with_columns(column)}, schema)
