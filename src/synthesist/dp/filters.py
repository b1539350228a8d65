"""How much rho an (epsilon, delta) has room for, and what lists of costs amount to.

A privacy filter fixes, before the first question, how much rho all questions together may cost; then later questions,
and what they cost, may depend on earlier answers. Where all costs are fixed beforehand, the distribution of the
privacy loss gives a smaller epsilon for the same noise.

References: Canonne, Kamath and Steinke, Journal of Privacy and Confidentiality 12(1), 2022, doi:10.29012/jpc.784,
Proposition 12 (from Rényi divergence to epsilon and delta); Feldman and Zrnic, NeurIPS 2021, arXiv:2008.11193, and
Whitehouse et al., ICML 2023, arXiv:2203.05481 (filters).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, inf, isfinite
from typing import Literal, Self

import numpy as np

from synthesist.dp.costs import Cost, SampledGaussian
from synthesist.dp.loss import epsilon_by_loss
from synthesist.errors import SpecError

__all__ = ["Filter", "Statement", "epsilon_of", "rho_for", "statement", "within"]

ORDERS = 1 + np.geomspace(1e-3, 1e10, 8_001)
FEW_ORDERS = np.unique(np.geomspace(2, 2_048, 80).astype(int)).astype(float)  # training costs milliseconds for each
SLACK = 1e-9
"""Budgets are smaller than they may be by this share; a sum that is above one by half of it is but rounding."""


def rho_for(epsilon: float, delta: float) -> float:
    """The most zCDP that (epsilon, delta) has room for, rounded down.

    Raises:
        SpecError: epsilon is not above 0, or delta not between 0 and 1.

    >>> round(rho_for(1, 1e-9), 5), round(rho_for(1, 1e-6), 5)
    (0.01497, 0.02436)
    """
    return Filter.of(epsilon, delta).rho


def epsilon_of(costs: Sequence[Cost], delta: float, order: float | None = None) -> float:
    """What a list of costs amounts to by Rényi divergence; sound for adaptive questions that a filter has let pass.

    The best of many orders counts, among them the `order` of that filter.
    """
    left = delta - fsum(cost.additive for cost in costs)
    if not costs:
        return 0.0
    if left <= 0:
        return inf
    training = [cost for cost in costs if isinstance(cost, SampledGaussian)]
    orders = np.append(FEW_ORDERS if training else ORDERS, order or [])
    rho = np.full(orders.shape, fsum(cost.rho(2) for cost in costs if not isinstance(cost, SampledGaussian)))
    for cost in training:
        rho += [cost.rho(order) for order in orders]
    return max(0.0, float(np.min(rho * orders + _price_of_delta(orders, left)))) * (1 + SLACK / 4)


@dataclass(frozen=True)
class Statement:
    """What may be said of a run: with this delta, this epsilon."""

    epsilon: float
    delta: float
    by: Literal["loss distribution", "Rényi divergence", "filter"]

    def __str__(self) -> str:
        return f"epsilon {self.epsilon:.4g}, delta {self.delta:.3g} (by {self.by})"


def statement(costs: Sequence[Cost], delta: float) -> Statement:
    """The smallest epsilon that can be stated for costs which were fixed before the first answer.

    Of a method that chooses costs by answers, only the budget of its filter may be stated: see `Account.statement`.
    """
    rough = epsilon_of(costs, delta)
    fine = epsilon_by_loss(costs, delta)
    return Statement(fine, delta, "loss distribution") if fine < rough else Statement(rough, delta, "Rényi divergence")


@dataclass(frozen=True)
class Filter:
    """How much all questions together may cost, fixed beforehand."""

    rho: float
    order: float
    """The order of the Rényi divergence that rho of training is counted at; of all else rho is the same at any."""
    additive: float = 0.0
    """The part of delta kept for questions with a delta of their own."""

    @classmethod
    def of(cls, epsilon: float, delta: float, additive: float = 0.0, order: float | None = None) -> Self:
        """The filter of a budget, at the order at which it has most room.

        Raises:
            SpecError: a number is out of range.
        """
        _refuse_odd(epsilon, delta, additive)
        orders = ORDERS if order is None else np.array([order])
        rhos = (epsilon - _price_of_delta(orders, delta - additive)) / orders
        best = int(np.argmax(rhos))
        return cls(float(rhos[best]) * (1 - SLACK), float(orders[best]), additive)

    def spent(self, costs: Sequence[Cost]) -> float:
        """The rho of some costs, as this filter counts."""
        return fsum(cost.rho(self.order) for cost in costs)

    def admits(self, rho: float, additive: float = 0.0) -> bool:
        """Whether so much is no more than this filter's budget."""
        return within(rho, self.rho) and within(additive, self.additive)


def within(spent: float, budget: float) -> bool:
    """Whether a sum is no more than a budget, but for rounding."""
    return spent <= budget * (1 + SLACK / 2)


def _price_of_delta(orders: np.ndarray, delta: float) -> np.ndarray:
    """What epsilon is above the Rényi divergence of each order: Proposition 12 of Canonne, Kamath and Steinke."""
    return np.log1p(-1 / orders) - np.log(delta * orders) / (orders - 1)


def _refuse_odd(epsilon: float, delta: float, additive: float) -> None:
    if not (isfinite(epsilon) and 0 < epsilon <= 1e6):
        raise SpecError(f"epsilon {epsilon:g}: it lies above 0, as in 1; more than 10 protects hardly anybody.")
    if not 1e-300 <= delta < 1:
        raise SpecError(f"delta {delta:g}: it lies above 0 and below 1; 1e-9 suits any table of less than 100 million.")
    if not 0 <= additive < delta:
        raise SpecError(
            f"{additive:g} of a delta of {delta:g} kept for questions with a delta of their own: keep less."
        )
