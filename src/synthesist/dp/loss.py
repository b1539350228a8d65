"""The distribution of the privacy loss of several answers together: the tight number, where their costs are fixed.

What dp-accounting rounds, it rounds towards more loss.

References: Doroshenko et al., PoPETs 2022(4), doi:10.56553/popets-2022-0122 (connecting the dots); Dong, Durfee and
Rogers, ICML 2020, arXiv:1909.13830 (the exponential mechanism); Zhu, Dong and Wang, AISTATS 2022, arXiv:2106.08567
(which pairs of distributions dominate).
"""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from math import ceil, fsum, inf
from typing import Any

import numpy as np

from synthesist.dp.costs import Cost, Gaussian, SampledGaussian, Selection, Threshold, library

__all__ = ["epsilon_by_loss"]

STEP = 1e-4  # between the values of the loss that are told apart
SMALLEST_DELTA = 1e-12  # below it the sums of floating point numbers are not to be trusted


def epsilon_by_loss(costs: Sequence[Cost], delta: float) -> float:
    """The epsilon of answers whose costs are fixed beforehand; infinite where a cost has no known distribution."""
    if not costs:
        return 0.0
    left = delta - fsum(cost.additive for cost in costs)
    if left < SMALLEST_DELTA or not all(map(_has_distribution, costs)):
        return inf
    composed: Any = None
    for cost, times in Counter(map(_without_delta, costs)).items():
        loss = _composed(cost, times)
        composed = loss if composed is None else composed.compose(loss)
    return float(composed.get_epsilon_for_delta(left))


def _has_distribution(cost: Cost) -> bool:
    """Whether the distribution is known, and of a size to be worked with.

    Of whole numbers it is where a unit moves one of them by one: then L2 sensitivity is 1.
    """
    match cost:
        case Gaussian():
            return cost.sensitivity == 1 and 0.2 <= cost.sigma <= 20_000
        case Selection():
            return cost.epsilon <= 20
        case SampledGaussian():
            return cost.noise_multiplier >= 0.3
    return False


def _without_delta(cost: Cost) -> Cost:
    return Cost.gaussian(cost.sigma, cost.sensitivity) if isinstance(cost, Threshold) else cost


@lru_cache(maxsize=32)
def _composed(cost: Cost, times: int) -> Any:
    """The distribution of so many answers of this cost."""
    library()
    from dp_accounting.pld import privacy_loss_distribution as distributions

    match cost:
        case Gaussian():
            one = distributions.from_discrete_gaussian_mechanism(
                cost.sigma, value_discretization_interval=STEP, use_connect_dots=True
            )
        case SampledGaussian():
            times *= cost.steps
            one = distributions.from_gaussian_mechanism(
                cost.noise_multiplier,
                value_discretization_interval=STEP,
                sampling_prob=cost.rate,
                use_connect_dots=True,
            )
        case Selection():
            one = _selection(cost.epsilon)
    return one.self_compose(times)


def _selection(epsilon: float) -> Any:
    """The exponential mechanism, whatever its scores.

    Its loss lies between t - epsilon and t, for a t that the scores decide. For the t that is worst at x, the
    probability beyond e^x is (e^(epsilon/2) - e^(x/2))² / (e^epsilon - 1), which is convex in e^x: so one pair of
    distributions dominates them all.
    """
    from dp_accounting.pld import pld_pmf
    from dp_accounting.pld.privacy_loss_distribution import PrivacyLossDistribution

    last = ceil(epsilon / STEP)
    places = np.arange(-last, last + 1)
    x = np.minimum(places * STEP, epsilon)
    beyond = np.expm1((epsilon - x) / 2) ** 2 * np.exp(x) / np.expm1(epsilon)
    beyond = np.where(x < -epsilon, -np.expm1(x), beyond)
    return PrivacyLossDistribution(pld_pmf.create_pmf_pessimistic_connect_dots(STEP, places, beyond))
