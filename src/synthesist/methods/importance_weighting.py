"""Make source rows count as often as rows like them occur in the target."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from synthesist.codecs.domains import ADAPTED_KINDS, Domains
from synthesist.codecs.table import TableCodec
from synthesist.core import Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Number
from synthesist.errors import SpecError
from synthesist.methods._telling import BINS, Teller, drawn_again

__all__ = ["ImportanceWeighting"]

TEMPERS = np.linspace(1.0, 0.0, 21)


@dataclass(frozen=True)
class Weighted:
    """Draws rows again, each as often as its odds of being a target row say, tempered; or writes the weights."""

    teller: Teller
    label: str | None
    temper: float
    effective: float
    """The effective share of the source rows, (sum w)^2 / (n sum w^2), that these weights leave."""
    column: str | None

    def apply(self, data: Dataset, ctx: Context) -> Dataset:
        """As many rows as there are, in their order, some more than once; or all rows and their weights."""
        weights = self.weights(data)
        if not self.column:
            return drawn_again(data, weights, ctx.rng("rows"))
        if self.column in data.kinds.columns:
            raise SpecError(f"There is a column `{self.column}` already: give the weights another name.")
        kinds = data.kinds.model_copy(update={"columns": {**data.kinds.columns, self.column: Number()}})
        table = data.table.with_columns(pl.Series(self.column, weights))
        return Dataset({data.name: table}, data.schema.model_copy(update={"tables": {data.name: kinds}}))

    def weights(self, data: Dataset) -> np.ndarray:
        """The weight of each row; their mean is 1."""
        return _tempered(self.teller.log_odds(data)[:, 0], self.temper)


class ImportanceWeighting(Spec):
    """Makes source rows count as often as rows like them occur in the target.

    Boosted trees learn to tell target rows from source rows; their odds are the ratio of the two densities. Source
    rows are drawn again in proportion, as many as there are, in their order; or `weight` names a column that is to hold
    the weights. Odds are raised to the largest power up to 1 that leaves an effective sample size
    (sum w)^2 / sum w^2 of at least `effective` of the rows.

    It is right where the target differs in who is there, not in how things hang together (covariate shift), and where
    the source has rows like all of the target's.

    Reference: Shimodaira, Journal of Statistical Planning and Inference 90(2), 2000,
    doi:10.1016/S0378-3758(00)00115-4; Sugiyama, Suzuki and Kanamori, Density Ratio Estimation in Machine Learning,
    2012, doi:10.1017/CBO9781139035613.

    When not to use: where target values lie outside the source's range, as with other units or another device: no
    weight makes a row that is not there. See `quantile_mapping` and `linear_optimal_transport`.
    """

    accepts: ClassVar[frozenset[str]] = ADAPTED_KINDS
    tried_on: ClassVar[str] = "shifted"

    label: str | None = knob(None, "column that the target need not have", tries=(None, "sector"))
    effective: float = knob(
        0.1, "least effective sample size, as a share of the rows", tries=(0.1, 0.95), gt=0.0, le=1.0
    )
    weight: str | None = knob(None, "a new column for the weights, in place of drawing again", tries=(None, "weight"))

    def fit(self, data: Dataset, ctx: Context) -> Weighted:
        """Learn the ratio of the two densities.

        Raises:
            UnsuitableError, SpecError, DataError: these are no two tables of the same columns with rows.
        """
        domains = Domains.of(data, self.label)
        both = domains.both()
        codec = TableCodec.fit(both, ctx, bins=BINS, min_rows=5, derive=False)
        inside = np.arange(both.units) >= domains.source.units
        teller = Teller.fit(codec, both, inside.astype(int), 2, ctx)
        odds = teller.log_odds(domains.source)[:, 0]
        shares = [(temper, _effective(_tempered(odds, temper))) for temper in TEMPERS]
        temper, effective = next(pair for pair in shares if pair[1] >= self.effective - 1e-9)
        return Weighted(teller, self.label, float(temper), effective, self.weight)


def _tempered(log_odds: np.ndarray, temper: float) -> np.ndarray:
    weights: np.ndarray = np.exp(temper * (log_odds - log_odds.max()))
    return weights / weights.mean()


def _effective(weights: np.ndarray) -> float:
    return float(weights.sum() ** 2 / (weights**2).sum() / len(weights))
