"""Move the source's numbers to the target's means and correlations by the shortest way."""

from typing import ClassVar

from synthesist.codecs.domains import ADAPTED_KINDS, Domains, Numbers
from synthesist.core import Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.methods._affine import Moved, power, spread_of

__all__ = ["LinearOptimalTransport"]


class LinearOptimalTransport(Spec):
    """Moves the source's numbers to the target's means and correlations, every row as little as possible.

    Numbers, moments and durations, scaled together, are mapped by the optimal transport between the two normal
    distributions of their moments: x -> m_t + (x - m_s) A, where A is
    C_s^(-1/2) (C_s^(1/2) C_t C_s^(1/2))^(1/2) C_s^(-1/2). Cells are clipped to the target's range and rounded to
    their grid; missing cells stay missing, all other columns stay as they are.

    Reference: Flamary, Lounici and Ferrari, Concentration bounds for linear Monge mapping estimation and optimal
    transport domain adaptation, 2019, arXiv:1905.10155; Peyré and Cuturi, Computational Optimal Transport, 2019,
    doi:10.1561/2200000073, remark 2.31.

    When not to use: where rows were chosen, not measured differently; and where one column was bent (a logarithm,
    a saturated sensor): see `quantile_mapping`.
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
        root, back = power(of_source, 0.5), power(of_source, -0.5)
        return Moved.of(numbers, source, target, back @ power(root @ of_target @ root, 0.5) @ back)
