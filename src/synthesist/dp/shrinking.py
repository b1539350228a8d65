"""Noisy counts of cells brought towards what was expected of them, as far as noise explains the difference.

A cell has what was expected times a factor. How often which factor occurs is learnt from all cells together, as a
mixture of narrow bells on a ladder of logarithms; each cell then has the mean of what it may hold, given its count.

References: Efron, Statistical Science 29(2), 2014, doi:10.1214/13-STS455 (empirical Bayes by the density of the truth);
Koenker and Mizera, JASA 109, 2014, doi:10.1080/01621459.2013.869224 (mixtures learnt by how likely they make counts).
"""

import numpy as np

__all__ = ["UNEVEN", "shrunk"]

UNEVEN = 4.0  # the scale of the codes of a column, of which an even share is expected
STEP = 0.25  # of the ladder, and how wide a bell is, in logarithms
LADDER = np.arange(-8.0, 5.0 + STEP, STEP)
FACTORS = np.exp(LADDER)
EVENLY = 0.2  # of the weight begins spread over the whole ladder, so that any factor can be learnt
LEARNING = 15  # steps of expectation and maximisation
KERNEL = np.array([0.25, 0.5, 0.25])  # weights beside each other are alike
LEAST = 0.1  # of a factor's rows is what a cell may have that has this factor
EXACT = 1e-6  # of the noise variance is doubted at least


def shrunk(
    counts: np.ndarray, variance: np.ndarray, expected: np.ndarray, scale: float
) -> tuple[np.ndarray, np.ndarray]:
    """The likely rows of each cell, all above zero, and their variance.

    Args:
        counts, variance: noisy rows of each cell, and the variance of the normal noise; of any one shape.
        expected: what was expected beforehand, above zero.
        scale: the standard deviation of the logarithm of factors before anything is learnt.
    """
    noisy, thought, noise = (x.reshape(-1, 1) for x in (counts, expected, variance))
    middle = thought * FACTORS
    bell = (middle * STEP) ** 2
    whole = noise + bell
    log = -((noisy - middle) ** 2) / (2 * whole) - np.log(whole) / 2
    likelihood = np.exp(log - log.max(axis=1, keepdims=True))
    share = likelihood * _weights(likelihood, scale)
    share /= share.sum(axis=1, keepdims=True)
    means = np.maximum(middle + (noisy - middle) * bell / whole, middle * LEAST)
    rows = (share * means).sum(axis=1)
    doubt = (share * (means**2 + bell * noise / whole)).sum(axis=1) - rows**2
    return rows.reshape(counts.shape), np.maximum(doubt, noise[:, 0] * EXACT).reshape(counts.shape)


def _weights(likelihood: np.ndarray, scale: float) -> np.ndarray:
    """How often each factor occurs, from how likely each makes the count of each cell."""
    weights = np.exp(-((LADDER / scale) ** 2) / 2)
    weights = (1 - EVENLY) * weights / weights.sum() + EVENLY / len(weights)
    for _ in range(LEARNING):
        weights = weights * (likelihood / (likelihood @ weights)[:, None]).mean(axis=0)
        weights = np.convolve(weights, KERNEL, "same")
        weights /= weights.sum()
    return weights
