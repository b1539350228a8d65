"""What prices promise of an attack: how well two neighbouring tables may be told apart at most.

A mechanism is mu-GDP if no test tells neighbours better than one tells a normal number from the same moved by mu.

References: Dong, Roth and Su, JRSS B 84(1), 2022, doi:10.1111/rssb.12454 (Gaussian differential privacy); Dong, Durfee
and Rogers, ICML 2020, arXiv:1909.13830 (the exponential mechanism).
"""

from collections.abc import Sequence
from functools import lru_cache
from math import hypot, inf

import numpy as np

from synthesist.dp.costs import Cost, Gaussian, SampledGaussian, Selection, Threshold, library

__all__ = ["epsilon_of_mu", "excess", "least_epsilon", "mu_of", "reach_of", "variance_of"]

CONTINUOUS = 5.0  # discrete noise wider than this is like any other
SELDOM = 1e-12  # what no audit sees
WIDEST = 12.0  # standard deviations: beyond them a normal number lies with probability 1e-33


def mu_of(costs: Sequence[Cost]) -> float:
    """The mu that all answers of these costs together keep to."""
    total = 0.0
    for cost in costs:
        if isinstance(cost, Gaussian):
            total = hypot(total, _mu_of_noise(cost.sigma, cost.sensitivity))
        elif isinstance(cost, Selection):
            total = hypot(total, _mu_of_selection(cost.epsilon))
        elif isinstance(cost, SampledGaussian):
            total = hypot(total, _mu_of_training(cost))
    return total


def least_epsilon(costs: Sequence[Cost], delta: float) -> float:
    """The epsilon that noisy counts give away by themselves, told from their noise alone; other answers add to it."""
    wide = [cost for cost in costs if isinstance(cost, Gaussian) and cost.sigma > CONTINUOUS]
    return epsilon_of_mu(hypot(*(cost.sensitivity / cost.sigma for cost in wide)), delta)


def excess(costs: Sequence[Cost], wrong: float) -> float:
    """How far a test that errs so often, on average over both tables, is beyond the prices, in Rényi divergence.

    Whether a test says "the other" is a coin on either table, and the divergence of two coins is no more than that of
    all the answers; nor is it for the averages of both directions, as the divergence is quasi-convex (van Erven and
    Harremoës, 2014, doi:10.1109/TIT.2014.2320500). Above 0, more was given away than was paid for, whatever the method.
    """
    right = 1 - wrong - sum(cost.additive for cost in costs)
    if not 0 < wrong < right:
        return -inf
    orders = np.array([1.05, 1.25, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64])
    promised = np.array([order * sum(cost.rho(order) for cost in costs) for order in orders.tolist()])
    return float(np.max(_divergence(right, wrong, orders) - promised))


def _divergence(p: float, q: float, orders: np.ndarray) -> np.ndarray:
    """The Rényi divergence of a coin of p from one of q."""
    one = orders * np.log(p) + (1 - orders) * np.log(q)
    other = orders * np.log1p(-p) + (1 - orders) * np.log1p(-q)
    return np.logaddexp(one, other) / (orders - 1)


def epsilon_of_mu(mu: float, delta: float) -> float:
    """The epsilon at this delta of mu-GDP (Corollary 1 of Dong, Roth and Su)."""
    from scipy.optimize import brentq
    from scipy.special import log_ndtr, ndtr

    def beyond(epsilon: float) -> float:
        return float(ndtr(mu / 2 - epsilon / mu) - np.exp(epsilon + log_ndtr(-mu / 2 - epsilon / mu)) - delta)

    if mu <= 0 or beyond(0.0) <= 0:
        return 0.0
    return float(brentq(beyond, 0.0, mu * (mu / 2 + 40)))


def reach_of(cost: Cost) -> int:
    """The noise that a value of one unit alone may have at most, and still must not be told.

    It is passed with a probability of delta over all values that the unit may have alone.
    """
    if not isinstance(cost, Threshold):
        raise TypeError("only what finds values has a threshold")
    beyond = _tail(cost.sigma)
    return int(np.argmax(beyond <= cost.delta / cost.sensitivity)) - 1


def _tail(sigma: float) -> np.ndarray:
    """tail[m]: the probability that discrete Gaussian noise is m or more, m from 0."""
    most = int(40 * sigma) + 2
    weight = np.exp(-0.5 * (np.arange(most) / sigma) ** 2)
    return np.cumsum(weight[::-1])[::-1] / (2 * weight.sum() - 1)


def variance_of(sigma: float) -> float:
    """The variance of discrete Gaussian noise: below sigma² where sigma is small."""
    if sigma > 3:
        return sigma**2  # but for 1e-70
    x = np.arange(-60, 61)
    weight = np.exp(-0.5 * (x / sigma) ** 2)
    return float((x**2 * weight).sum() / weight.sum())


@lru_cache(maxsize=4_096)
def _mu_of_noise(sigma: float, sensitivity: float) -> float:
    """Narrow discrete noise tells a little more than continuous noise would: the worst of all thresholds."""
    from scipy.special import ndtri

    if sigma > CONTINUOUS or sensitivity != round(sensitivity):
        return sensitivity / sigma
    half = _tail(sigma)[: int(8 * sigma) + 2]  # where a threshold lies: above it is P(x >= m)
    above = np.concatenate([1 - half[:0:-1], half])
    place = -ndtri(above[(above > SELDOM) & (above < 1 - SELDOM)])
    step = int(sensitivity)
    gaps = place[step:] - place[:-step] if step < len(place) else np.array([2 * -ndtri(SELDOM)])
    return max(float(gaps.max()), sensitivity / sigma)


def _mu_of_selection(epsilon: float) -> float:
    """The loss of a choice lies between t - epsilon and t: the worst two tables, over all t."""
    from scipy.special import ndtri

    t = np.linspace(0, epsilon, 401)[1:-1]
    wrong = -np.expm1(t - epsilon) / (np.exp(t) - np.exp(t - epsilon))
    missed = 1 - np.exp(t) * wrong
    return float(np.max(-ndtri(wrong) - ndtri(np.maximum(missed, 1e-300))))


@lru_cache(maxsize=64)
def _mu_of_training(cost: SampledGaussian) -> float:
    """The largest mu that any point of the trade-off of random batches has."""
    library()
    from dp_accounting.pld import privacy_loss_distribution as distributions
    from scipy.special import ndtri

    loss = distributions.from_gaussian_mechanism(
        cost.noise_multiplier, value_discretization_interval=1e-3, sampling_prob=cost.rate, use_connect_dots=True
    ).self_compose(cost.steps)
    epsilons = np.linspace(0, WIDEST, 241)
    deltas = np.asarray(loss.get_delta_for_epsilon(epsilons))
    wrong = np.geomspace(1e-4, 0.5, 60)[:, None]
    missed = np.max(
        [1 - deltas - np.exp(epsilons) * wrong, np.exp(-epsilons) * (1 - deltas - wrong)], axis=(0, 2), initial=1e-300
    )
    return float(np.max(-ndtri(wrong[:, 0]) - ndtri(missed)))
