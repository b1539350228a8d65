"""The rows of the class that is to be made, and whether they are enough."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Boolean, Category, Integer, Number
from synthesist.errors import DataError, SpecError, UnsuitableError, did_you_mean
from synthesist.neighbours.records import Label
from synthesist.rules.conditions import conditions, satisfied

__all__ = ["OneClass", "class_counts"]


@dataclass(frozen=True)
class OneClass:
    """Rows of a table: those of the class `label` of `target`, or all where there is no target."""

    target: str | None
    label: Label
    inside: np.ndarray

    @classmethod
    def of(cls, data: Dataset, target: str | None, label: Label) -> "OneClass":
        """Find the class; without a label it is the rarest.

        Raises:
            DataError: the table has no rows, or no row is of this class.
            NotFoundError: there is no such column.
            UnsuitableError: the column cannot name classes.
        """
        if not data.units:
            raise DataError(f"Table `{data.name}` has no rows: there is nothing to learn from.")
        if target is None:
            if label is not None:
                raise SpecError(f"There is a label {label!r} but no target: name the column that holds it.")
            return cls(None, None, np.ones(data.units, dtype=bool))
        counts = class_counts(data, target)
        if label is None:
            label = min(counts, key=lambda each: (counts[each], str(each)))
            return cls(target, label, (data[target] == label).fill_null(False).to_numpy())
        allowed = conditions({target: label}, data.kinds)
        inside = satisfied(data.table, allowed)
        if not inside.any():
            raise DataError(f"No row has {target} = {label!r}. {did_you_mean(str(label), map(str, counts))}")
        return cls(target, data[target].filter(inside)[0], inside.to_numpy())

    @property
    def rows(self) -> np.ndarray:
        """The numbers of its rows."""
        return np.flatnonzero(self.inside)

    def require(self, k: int, option: str) -> None:
        """Refuse a class of which a row has fewer than k neighbours.

        Raises:
            DataError: it says how many rows there are and what to do.
        """
        n = int(self.inside.sum())
        if n > k:
            return
        where = f"Class {self.label!r} of `{self.target}`" if self.target else "The table"
        much = f"{n} row{'s' if n != 1 else ''}, and each needs {k} neighbour{'s' if k != 1 else ''} of its own class"
        advice = f"Set {option} to {n - 1} or less, or bring" if n > 1 else "One row has no neighbour: bring"
        raise DataError(f"{where} has {much}. {advice} more rows.")

    def require_around(self, m: int, option: str) -> None:
        """Refuse a table in which a row has fewer than m neighbours of any class.

        Raises:
            DataError: it says how many rows there are and what to do.
        """
        if (n := len(self.inside)) <= m:
            raise DataError(f"The table has {n} rows, and each needs {m} neighbours. Set {option} to {n - 1} or less.")


def class_counts(data: Dataset, target: str) -> Mapping[Label, int]:
    """How many rows each class has; rows without a class do not count.

    Raises:
        NotFoundError, UnsuitableError, DataError: the column is not there, cannot name classes, or is empty.
    """
    kind = data.kinds[target]
    if not isinstance(kind, Category | Boolean | Integer | Number):
        raise UnsuitableError(
            f"The target `{target}` is a {kind.kind}: classes are named by a category, a boolean or a whole number."
        )
    counted = data[target].drop_nulls().value_counts().sort("count", target)
    if counted.is_empty():
        raise DataError(f"The target `{target}` is empty in every row: there is no class to make.")
    return dict(zip(counted[target].to_list(), counted["count"].to_list(), strict=True))
