"""How much may be asked: budgets, what lists of costs amount to, and the account that refuses what is beyond.

A privacy filter fixes, before the first question, how much rho all questions together may cost; then later questions,
and what they cost, may depend on earlier answers. Where all costs are fixed beforehand, the distribution of the
privacy loss gives a smaller epsilon for the same noise.

References: Canonne, Kamath and Steinke, Journal of Privacy and Confidentiality 12(1), 2022, doi:10.29012/jpc.784,
Proposition 12 (from Rényi divergence to epsilon and delta); Feldman and Zrnic, NeurIPS 2021, arXiv:2008.11193, and
Whitehouse et al., ICML 2023, arXiv:2203.05481 (filters).
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import fsum, inf, isfinite
from threading import RLock
from types import TracebackType
from typing import Literal, Protocol, Self

import numpy as np

from synthesist.dp.costs import Cost, SampledGaussian
from synthesist.dp.loss import epsilon_by_loss, has_distribution
from synthesist.errors import BudgetError, SpecError

__all__ = ["Account", "Cost", "Filter", "Record", "Statement", "epsilon_of", "noise_for_training", "rho_for", "statement"]

ORDERS = 1 + np.geomspace(1e-3, 1e10, 8_001)
FEW_ORDERS = np.unique(np.geomspace(2, 2_048, 80).astype(int)).astype(float)  # training costs milliseconds for each
SLACK = 1e-9
"""Budgets are smaller than they may be by this share; a sum that is above one by half of it is but rounding."""
FINE_ENOUGH = 2e-3  # by how much, as a share, noise for training may be more than needed
MOST_NOISE = 1e6


def rho_for(epsilon: float, delta: float) -> float:
    """The most zCDP that (epsilon, delta) has room for, rounded down.

    Raises:
        SpecError: epsilon is not above 0, or delta not between 0 and 1.

    >>> round(rho_for(1, 1e-9), 5), round(rho_for(1, 1e-6), 5)
    (0.01497, 0.02436)
    """
    return Filter.of(epsilon, delta).rho


def epsilon_of(costs: Sequence[Cost], delta: float) -> float:
    """What a list of costs amounts to by Rényi divergence; sound for adaptive questions that a filter has let pass."""
    left = delta - fsum(cost.additive for cost in costs)
    if not costs:
        return 0.0
    if left <= 0:
        return inf
    sampled = any(isinstance(cost, SampledGaussian) for cost in costs)
    orders = FEW_ORDERS if sampled else ORDERS
    divergence = np.sum([cost.rdp(orders) for cost in costs], axis=0)
    return max(0.0, float(np.min(divergence + _price_of_delta(orders, left)))) * (1 + SLACK / 4)


def noise_for_training(epsilon: float, delta: float, rate: float, steps: int, beside: Sequence[Cost] = ()) -> float:
    """The least noise multiplier for training on random batches, after what else is asked, that (epsilon, delta) allows.

    Raises:
        BudgetError: what stands beside leaves no room for training.
    """
    account = Account(epsilon, delta, additive=fsum(cost.additive for cost in beside), adaptive=False)
    for cost in beside:
        account.charge(cost, "beside training")
    return account.noise_for_training(rate, steps)


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
    if not rough or not all(map(has_distribution, costs)):
        return Statement(rough, delta, "Rényi divergence")
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
        """Whether no more than this filter's budget is spent."""
        return rho <= self.rho * (1 + SLACK / 2) and additive <= self.additive * (1 + SLACK / 2)


class Record(Protocol):
    """Where an account writes what it charges, before anything is answered."""

    def charge(self, cost: Cost, about: str) -> None: ...
    def close(self) -> None: ...


class Account:
    """The budget of one run; what would exceed it is refused before anything is touched.

    Args:
        epsilon: what all answers together may give away.
        delta: the probability that it is more.
        additive: the part of delta that is kept for questions with a delta of their own, as the search for values.
        adaptive: whether costs may depend on earlier answers. If not, the distribution of the loss decides, and the
            same epsilon buys less noise.
        within: filters that this account keeps to as well.
        record: where every charge is written first.

    Raises:
        SpecError: a number is out of range.
    """

    def __init__(
        self,
        epsilon: float,
        delta: float,
        *,
        additive: float = 0.0,
        adaptive: bool = True,
        within: Sequence[Filter] = (),
        record: Record | None = None,
    ) -> None:
        own = Filter.of(epsilon, delta, additive)
        self.epsilon, self.delta, self.additive, self.adaptive = epsilon, delta, additive, adaptive
        self.rho = own.rho
        self._filters = (*([own] if adaptive else ()), *within)
        self._record = record
        self._entries: list[tuple[Cost, str]] = []
        self._closed = False
        self._lock = RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with suppress(*([Exception] if error else [])):  # what stopped the run is said, not that its end is unwritten
            self.close()

    @property
    def entries(self) -> tuple[tuple[Cost, str], ...]:
        """Each cost, and a word on what it bought."""
        with self._lock:
            return tuple(self._entries)

    @property
    def costs(self) -> tuple[Cost, ...]:
        """All that was charged."""
        return tuple(cost for cost, _ in self.entries)

    @property
    def left(self) -> float:
        """The rho that is left; of costs that are fixed beforehand at least so much."""
        costs = self.costs
        filters = self._filters or (Filter.of(self.epsilon, self.delta, self.additive),)
        return max(0.0, min(each.rho - each.spent(costs) for each in filters))

    def charge(self, cost: Cost, about: str) -> None:
        """Note a cost; only then may the question be answered.

        Raises:
            BudgetError: it is more than is left. Nothing is charged.
            OutputError: the ledger cannot be written.
        """
        with self._lock:
            if self._closed:
                raise BudgetError(f"{about}: the run is over, nothing more can be asked in it. Begin another.")
            if not self._admits([*self.costs, cost]):
                raise BudgetError(self._refusal(cost, about))
            if self._record is not None:
                self._record.charge(cost, about)
            self._entries.append((cost, about))

    def noise_for_training(self, rate: float, steps: int) -> float:
        """The least noise multiplier, but for 0.2 %, for training on random batches with what is left.

        Raises:
            BudgetError: no noise is enough.
            SpecError: a number is out of range.
        """
        costs = self.costs
        return _least(lambda noise: self._admits([*costs, Cost.sampled_gaussian(noise, rate, steps)]))

    def statement(self) -> Statement:
        """What may be said of this run: of adaptive costs the whole budget, of fixed ones what they amount to."""
        return Statement(self.epsilon, self.delta, "filter") if self.adaptive else statement(self.costs, self.delta)

    def close(self) -> None:
        """Nothing more will be asked."""
        with self._lock:
            if not self._closed:
                self._closed = True
                if self._record is not None:
                    self._record.close()

    def _admits(self, costs: Sequence[Cost]) -> bool:
        additive = fsum(cost.additive for cost in costs)
        if not all(each.admits(each.spent(costs), additive) for each in self._filters):
            return False
        if self.adaptive:
            return True
        if additive > self.additive * (1 + SLACK / 2):
            return False
        return epsilon_of(costs, self.delta) <= self.epsilon or epsilon_by_loss(costs, self.delta) <= self.epsilon

    def _refusal(self, cost: Cost, about: str) -> str:
        budget = f"epsilon {self.epsilon:g}, delta {self.delta:g}"
        spent = fsum(each.additive for each in self.costs)
        if cost.additive + spent > self.additive * (1 + SLACK / 2):
            return (
                f"{about}: it asks for a delta of {cost.additive:.3g}, but of {budget} the part kept for such questions "
                f"has {max(0.0, self.additive - spent):.3g} left. Keep a larger part for them (`additive`)."
            )
        order = self._filters[0].order if self._filters else Filter.of(self.epsilon, self.delta, self.additive).order
        return (
            f"{about}: it costs rho {cost.rho(order):.4g}, but of {budget} (rho {self.rho:.4g}) only {self.left:.4g} "
            "is left. Ask with more noise, ask less, or give the run a larger epsilon. Nothing was charged."
        )


def _least(admitted: Callable[[float], bool]) -> float:
    """The smallest noise that is admitted, from above."""
    enough = 1.0
    while not admitted(enough):
        if (enough := enough * 2) > MOST_NOISE:
            raise BudgetError("What is left has no room for training, however much noise. Ask less before it.")
    little = enough / 2
    while little > MOST_NOISE**-0.5 and admitted(little):
        enough, little = little, little / 2
    while enough > little * (1 + FINE_ENOUGH):
        middle = (enough * little) ** 0.5
        enough, little = (middle, little) if admitted(middle) else (enough, middle)
    return enough


def _price_of_delta(orders: np.ndarray, delta: float) -> np.ndarray:
    """What epsilon is above the Rényi divergence of each order: Proposition 12 of Canonne, Kamath and Steinke."""
    return np.log1p(-1 / orders) - np.log(delta * orders) / (orders - 1)


def _refuse_odd(epsilon: float, delta: float, additive: float) -> None:
    if not (isfinite(epsilon) and 0 < epsilon <= 1e6):
        raise SpecError(f"epsilon {epsilon:g}: it lies above 0, as in 1; more than 10 protects hardly anybody.")
    if not 1e-300 <= delta < 1:
        raise SpecError(f"delta {delta:g}: it lies above 0 and below 1; 1e-9 suits any table of less than 100 million.")
    if not 0 <= additive < delta:
        raise SpecError(f"{additive:g} of a delta of {delta:g} kept for questions with a delta of their own: keep less.")
