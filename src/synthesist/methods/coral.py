"""Give the source's numbers the correlations of the target."""

from typing import ClassVar

from synthesist.codecs.domains import ADAPTED_KINDS, Domains, Numbers
from synthesist.core import Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.methods._affine import Moved, power, spread_of

__all__ = ["Coral"]


class Coral(Spec):
    """Gives the source's numbers the spread and correlations of the target, by whitening.

    Numbers, moments and durations, scaled together, become x -> (x - m_s) C_s^(-1/2) C_t^(1/2) + m_t, where m and C are
    means and covariances of source and target. Cells are clipped to the target's range and rounded to their
    grid; missing cells stay missing, all other columns stay as they are.

    Reference: Sun, Feng and Saenko, Return of Frustratingly Easy Domain Adaptation, AAAI 2016,
    arXiv:1511.05547 (its means are left alone, ours are moved too).

    When not to use: where rows were chosen, not measured differently. What the numbers mean moves with them then, and
    a model learns it wrong. `linear_optimal_transport` moves rows less far to the same moments.
    """

    accepts: ClassVar[frozenset[str]] = ADAPTED_KINDS
    tried_on: ClassVar[str] = "shifted"

    label: str | None = knob(None, "column that the target need not have", tries=(None, "income"))
    ridge: float = knob(
        0.01, "how much correlations are shrunk, so that twin columns do no harm", tries=(0.0001, 1.0), gt=0.0
    )

    def fit(self, data: Dataset, ctx: Context) -> Moved:
        """Learn the map.

        Raises:
            UnsuitableError, SpecError, DataError: these are no two tables of the same columns with rows.
        """
        del ctx
        numbers, source, target = Numbers.of(Domains.of(data, self.label))
        of_source, of_target = spread_of(source, self.ridge), spread_of(target, self.ridge)
        return Moved.of(numbers, source, target, power(of_source, -0.5) @ power(of_target, 0.5))
