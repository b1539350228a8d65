"""Give each of the source's numbers the distribution of the target's."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synthesist.codecs.domains import ADAPTED_KINDS, Domains, Numbers
from synthesist.core import Context, Spec, knob
from synthesist.data.dataset import Dataset

__all__ = ["QuantileMapping"]


@dataclass(frozen=True)
class Mapped:
    """Each column's value at rank r of the source becomes that at rank r of the target: two rows of knots a column."""

    numbers: Numbers
    knots: tuple[tuple[np.ndarray, np.ndarray], ...]

    def apply(self, data: Dataset, ctx: Context) -> Dataset:
        """The same rows with mapped numbers."""
        del ctx
        if not self.numbers.kinds:
            return data
        x = self.numbers.read(data)
        for j, (source, target) in enumerate(self.knots):
            x[:, j] = np.interp(x[:, j], source, target)
        return self.numbers.written(data, x)


class QuantileMapping(Spec):
    """Gives each of the source's numbers, taken alone, the distribution it has in the target.

    The value at rank r of the source becomes the value at rank r of the target, column by column, so that any change
    that keeps the order is undone: units, offsets, saturation, logarithms. Values between the ranks are
    interpolated; a value that many rows share goes to what lies at its middle rank, so that heaps stay heaps. Missing
    cells stay missing; columns that are no numbers stay as they are.

    Reference: Panofsky and Brier, Some Applications of Statistics to Meteorology, 1958; Cannon, Sobie and Murdock,
    Journal of Climate 28(17), 2015, doi:10.1175/JCLI-D-14-00754.1.

    When not to use: where rows were chosen, not measured differently: an older target has older people, and mapping
    age makes the young of the source old. See `importance_weighting`.
    """

    accepts: ClassVar[frozenset[str]] = ADAPTED_KINDS
    tried_on: ClassVar[str] = "shifted"

    label: str | None = knob(None, "column that the target need not have", tries=(None, "income"))
    knots: int = knob(200, "ranks that are mapped exactly", tries=(3, 20), ge=2)

    def fit(self, data: Dataset, ctx: Context) -> Mapped:
        """Learn the ranks of both sides.

        Raises:
            UnsuitableError, SpecError, DataError: these are no two tables of the same columns with rows.
        """
        del ctx
        numbers, source, target = Numbers.of(Domains.of(data, self.label))
        ranks = np.linspace(0, 1, self.knots + 1)
        return Mapped(numbers, tuple(_knots(source[:, j], target[:, j], ranks) for j in range(source.shape[1])))


def _knots(source: np.ndarray, target: np.ndarray, ranks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each rank lies on both sides; of the ranks of one source value the middle one counts."""
    of_source, of_target = (np.quantile(x[~np.isnan(x)], ranks) for x in (source, target))
    values, first, counts = np.unique(of_source, return_index=True, return_counts=True)
    return values, of_target[first + counts // 2]
