"""How well an attacker tells two neighbouring tables apart who sees every answer: a lower bound on what is given away.

The attacker knows both tables, and weighs how likely each answer is of the one and of the other. How often it is wrong
bounds mu from below, whatever the method does: a number above the claim proves the claim wrong.

References: Nasr et al., USENIX Security 2023, arXiv:2302.07956 (audits by mu); arXiv:2604.18352 (of MST and AIM);
Clopper and Pearson, Biometrika 26(4), 1934, doi:10.1093/biomet/26.4.404; Hoeffding, Annals of Mathematical Statistics
27(3), 1956, doi:10.1214/aoms/1177728178.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from synthesist.audits.chances import LIFT, Calls, latest, plain
from synthesist.audits.checks import released
from synthesist.audits.claims import epsilon_of_mu, excess, mu_of
from synthesist.audits.pairs import Pair
from synthesist.audits.plays import Free, Held, Trial
from synthesist.core import Context
from synthesist.data.dataset import Dataset
from synthesist.dp.costs import Cost, Gaussian, Selection
from synthesist.dp.domain import Domain
from synthesist.dp.filters import epsilon_of
from synthesist.dp.method import PrivateMethod
from synthesist.dp.private import EXACT, PrivateData
from synthesist.dp.queries import Gradients, Query, Training

__all__ = ["Bound", "method_bound", "question_bound"]

CONFIDENCE = 0.999


@dataclass(frozen=True)
class Bound:
    """What was seen of a loss of privacy, beside what was paid for."""

    mu: float
    """At least so much is given away."""
    claimed: float
    """At most so much is, by the prices."""
    excess: float
    """How far what was seen is beyond the prices, in Rényi divergence: above 0 they are proved wrong."""
    allowed: float
    """The epsilon that was promised."""
    delta: float
    runs: int
    confidence: float

    @property
    def epsilon(self) -> float:
        """The bound as an epsilon at this delta."""
        return epsilon_of_mu(self.mu, self.delta)

    @property
    def holds(self) -> bool:
        """Whether what was seen can be, if the prices are right."""
        return self.excess <= 0

    @classmethod
    def of(
        cls,
        one: Sequence[float],
        other: Sequence[float],
        costs: Sequence[Cost],
        allowed: tuple[float, float],
        methods: int = 1,
    ) -> "Bound":
        """The bound from how an attacker leaned in runs on either table; above 0 is towards the other."""
        failure = (1 - CONFIDENCE) / max(methods, 1)
        wrong = _at_most(np.concatenate([np.asarray(one) > 0, np.asarray(other) <= 0]), failure)
        return cls(_mu(wrong), mu_of(costs), excess(costs, wrong), *allowed, len(one) + len(other), 1 - failure)


def method_bound(
    method: PrivateMethod, pair: Pair, runs: int, ctx: Context, *, methods: int = 1, held: Held = PrivateData
) -> Bound:
    """The bound of a whole method, from fits on either table of a pair; `methods` are audited together."""
    leanings: tuple[list[float], list[float]] = ([], [])
    dearest: tuple[Cost, ...] = ()
    for run in ctx.track(range(max(runs // 2, 1) * 2), "telling two tables apart"):
        attacker = _Attacker(pair, held)
        method.learn((pair.one, pair.other)[run % 2], ctx, attacker.hold)
        leanings[run % 2].append(attacker.leaning)
        dearest = max(dearest, attacker.costs, key=mu_of)
    return Bound.of(*leanings, dearest, (method.epsilon, method.delta), methods)


def question_bound(
    query: Query, pair: Pair, runs: int, delta: float, *, training: Training | None = None, held: Held = PrivateData
) -> Bound:
    """The bound of one question, asked over and over; of gradients, within a training."""
    domain, purse = Domain(pair.one.schema, pair.contributions), _Purse()
    attacker = _Attacker(pair, held)
    leanings = []
    for data in (pair.one, pair.other):
        attacker.hold(data, domain, purse, pair.unit)
        if training is not None:
            for side in (attacker.rows, *attacker.sides):
                side.answer(replace(training, steps=runs))
        truths = attacker.truths(query)
        found = []
        for _ in range(runs // 2):
            answer = attacker.rows.answer(query)
            found.append(_leaning(query, answer, truths, purse.last, training))
        leanings.append(found)
    costs = [Cost.sampled_gaussian(training.noise_multiplier, training.rate, 1)] if training else purse.last
    return Bound.of(leanings[0], leanings[1], costs, (epsilon_of(costs, delta), delta))


class _Purse:
    """An account that pays for all, and keeps what the last question cost."""

    def __init__(self) -> None:
        self.last: list[Cost] = []

    def charge(self, cost: Cost, about: str) -> None:
        """Keep the cost."""
        self.last = [cost]


class _Attacker:
    """Whoever overhears the answers, and knows both tables."""

    def __init__(self, pair: Pair, held: Held) -> None:
        self.pair, self.held, self.leaning = pair, held, 0.0
        self._training: Training | None = None

    @property
    def costs(self) -> tuple[Cost, ...]:
        """What was paid."""
        return tuple(self._account.costs)

    def hold(self, data: Dataset, domain: Domain, account: Any, unit: str | None) -> "_Attacker":
        """Take the rows in, and both tables."""
        self._account = account
        self.rows = self.held(data, domain, account, unit, EXACT)
        self._calls = Calls()
        self.sides = [
            PrivateData(side, domain, Free(), unit, latest(lambda: self._calls, plain))  # type: ignore[arg-type]
            for side in (self.pair.one, self.pair.other)
        ]
        return self

    def answer(self, query: Query) -> Any:
        """Hand the answer on, and lean."""
        before = len(self._account.costs)
        answer = self.rows.answer(query)
        if isinstance(query, Training):
            self._training = query
        self.leaning += _leaning(query, answer, self.truths(query), self.costs[before:], self._training)
        return answer

    def truths(self, query: Query) -> tuple[Trial, Trial]:
        """The answer of either table, without noise."""
        trials = []
        for side in self.sides:
            self._calls = Calls()
            trials.append(Trial(side.answer(query), self._calls))
        return trials[0], trials[1]


def _leaning(query: Query, answer: Any, truths: tuple[Trial, Trial], costs: Any, training: Training | None) -> float:
    """The logarithm of how much likelier the answer is of the other table than of the one."""
    if isinstance(query, Gradients) and training is not None:
        one, other = (np.asarray(trial.answer) for trial in truths)
        wide = 2 * (training.noise_multiplier * query.clip) ** 2
        gain = (np.sum((answer - one) ** 2) - np.sum((answer - other) ** 2)) / wide
        absent = np.log1p(-training.rate) if training.rate < 1 else -np.inf
        return float(np.logaddexp(absent, np.log(training.rate) + gain))
    if not costs:
        return 0.0
    if isinstance(costs[0], Gaussian):
        here, there = (released(query, trial.answer) for trial in truths)
        gains = [
            (value - here.get(name, LIFT) + LIFT) ** 2 - (value - there.get(name, LIFT) + LIFT) ** 2
            for name, value in released(query, answer).items()
        ]
        return float(np.sum(np.array(gains, float))) / (2 * costs[0].sigma ** 2)
    if isinstance(costs[0], Selection):
        odds = []
        for trial in truths:
            scores, sensitivity, epsilon, _ = trial.calls.choice[0]
            exponents = np.array([float(int(score) - int(max(scores))) for score in scores])
            exponents *= epsilon / (2 * float(sensitivity))
            odds.append(exponents[answer] - np.log(np.exp(exponents).sum()))
        return float(odds[1] - odds[0])
    return 0.0


def _at_most(wrong: np.ndarray, failure: float) -> float:
    """What the attacker is wrong with at most, on average over both tables (Clopper and Pearson).

    How often on each table does not matter: by Hoeffding's theorem the binomial law of the average is the widest.
    """
    from scipy.special import betaincinv

    n, k = len(wrong), int(wrong.sum())
    return 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - failure))


def _mu(wrong: float) -> float:
    """The least mu at which a test errs so seldom, on average over both tables (Dong, Roth and Su)."""
    from scipy.special import ndtri

    return max(0.0, -2 * float(ndtri(wrong)))
