"""The account of a run: what would exceed its budget is refused before anything is asked."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from math import fsum
from threading import RLock
from types import TracebackType
from typing import Protocol, Self

from synthesist.dp.costs import Cost
from synthesist.dp.filters import Filter, Statement, epsilon_of, rho_for, statement, within
from synthesist.dp.loss import epsilon_by_loss
from synthesist.errors import BudgetError

__all__ = ["Account", "Cost", "Filter", "Record", "epsilon_of", "noise_for_training", "rho_for", "statement"]

FINE_ENOUGH = 2e-3  # by how much, as a share, noise for training may be more than needed
LEAST_NOISE, MOST_NOISE = 1e-2, 1e6


def noise_for_training(epsilon: float, delta: float, rate: float, steps: int, beside: Sequence[Cost] = ()) -> float:
    """The least noise multiplier, but for 0.2 %, that (epsilon, delta) allows training on random batches.

    Args:
        epsilon: what may be given away, training and what stands beside it together.
        delta: the probability that it is more.
        rate: the probability of each unit to take part in a step.
        steps: how many.
        beside: what else is asked, its costs fixed beforehand.

    Raises:
        BudgetError: what stands beside leaves no room for training.
    """
    account = Account(epsilon, delta, additive=fsum(cost.additive for cost in beside), adaptive=False)
    for cost in beside:
        account.charge(cost, "beside training")
    return account.noise_for_training(rate, steps)


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
        beyond: filters that this account keeps to as well.
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
        beyond: Sequence[Filter] = (),
        record: Record | None = None,
    ) -> None:
        self.epsilon, self.delta, self.additive, self.adaptive = epsilon, delta, additive, adaptive
        self._own, self._beyond = Filter.of(epsilon, delta, additive), tuple(beyond)
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
    def rho(self) -> float:
        """The whole budget in zCDP."""
        return self._own.rho

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
        """The rho that is left; where costs are fixed beforehand, at least so much."""
        costs = self.costs
        return max(0.0, min(each.rho - each.spent(costs) for each in (self._own, *self._beyond)))

    def charge(self, cost: Cost, about: str) -> None:
        """Note a cost; only then may the question be answered.

        Raises:
            BudgetError: it is more than is left. Nothing is charged.
            OutputError: the ledger cannot be written.
        """
        with self._lock:
            if self._closed:
                raise BudgetError(f"{about}: the run is over, nothing more can be asked in it. Begin another.")
            if not self._admits(cost):
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
        with self._lock:
            return _least(lambda noise: self._admits(Cost.sampled_gaussian(noise, rate, steps)))

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

    def _admits(self, cost: Cost) -> bool:
        """Whether all filters let one more cost pass; where costs are fixed beforehand, whether all stay in budget."""
        costs = [*self.costs, cost]
        additive = fsum(each.additive for each in costs)
        if not within(additive, self.additive):
            return False
        filters = (self._own, *self._beyond) if self.adaptive else self._beyond
        if not all(each.admits(each.spent(costs), additive) for each in filters):
            return False
        if self.adaptive:
            return True
        return epsilon_of(costs, self.delta) <= self.epsilon or epsilon_by_loss(costs, self.delta) <= self.epsilon

    def _refusal(self, cost: Cost, about: str) -> str:
        budget = f"epsilon {self.epsilon:g}, delta {self.delta:g}"
        spent = fsum(each.additive for each in self.costs)
        if not within(cost.additive + spent, self.additive):
            return (
                f"{about}: it asks for a delta of {cost.additive:.3g}; of {budget}, the part kept for such questions "
                f"has {max(0.0, self.additive - spent):.3g} left. Keep a larger part for them (`additive`)."
            )
        return (
            f"{about}: it costs rho {cost.rho(self._own.order):.4g}; of {budget} (rho {self.rho:.4g}), {self.left:.4g} "
            "is left. Ask with more noise, ask less, or give the run a larger epsilon. Nothing was charged."
        )


def _least(admitted: Callable[[float], bool]) -> float:
    """The smallest noise that is admitted, from above."""
    enough = 1.0
    while not admitted(enough):
        if (enough := enough * 2) > MOST_NOISE:
            raise BudgetError("What is left has no room for training, however much noise. Ask less before it.")
    little = enough / 2
    while little > LEAST_NOISE and admitted(little):
        enough, little = little, little / 2
    while enough > little * (1 + FINE_ENOUGH):
        middle = (enough * little) ** 0.5
        enough, little = (middle, little) if admitted(middle) else (enough, middle)
    return enough
