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
LOWEST, HIGHEST = -8.0, 5.0  # its ends; it goes on up to whatever a count may need
EVENLY = 0.2  # of the weight begins spread over the whole ladder, so that any factor can be learnt
LEARNING = 15  # steps of expectation and maximisation
KERNEL = np.array([0.25, 0.5, 0.25])  # weights beside each other are alike
LEAST = 0.1  # of a factor's rows is what a cell may have that has this factor
AT_ONCE = 20_000  # cells: of more, the weights are learnt from so many
GOLDEN = (5**0.5 - 1) / 2
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
    cells = np.stack([counts.ravel(), variance.ravel(), expected.ravel()], axis=1)
    most = np.log(np.maximum(cells[:, 0] / cells[:, 2], 1.0).max(initial=1.0))
    ladder = np.arange(LOWEST, max(most, HIGHEST) + STEP, STEP)
    weights = _weights(_likelihood(cells[_some(len(cells))], ladder), ladder / scale)
    parts = [_told(cells[at : at + AT_ONCE], ladder, weights) for at in range(0, len(cells), AT_ONCE)]
    rows, left = np.concatenate(parts, axis=1)
    return rows.reshape(counts.shape), left.reshape(counts.shape)


def _some(n: int) -> np.ndarray:
    """Which of n cells weights are learnt from: all, or so many that lie evenly and in step with no row of a table."""
    return np.arange(n) if n <= AT_ONCE else (np.arange(AT_ONCE) * GOLDEN % 1.0 * n).astype(np.int64)


def _told(cells: np.ndarray, ladder: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The mean of what each cell may hold, and its variance: [2, cell]."""
    noisy, noise, thought = cells.T[:, :, None]
    middle = thought * np.exp(ladder)
    bell = (middle * STEP) ** 2
    share = _likelihood(cells, ladder) * weights
    share /= share.sum(axis=1, keepdims=True)
    means = np.maximum(middle + (noisy - middle) * bell / (noise + bell), middle * LEAST)
    rows = (share * means).sum(axis=1)
    doubt = (share * (means**2 + bell * noise / (noise + bell))).sum(axis=1) - rows**2
    return np.stack([rows, np.maximum(doubt, noise[:, 0] * EXACT)])


def _likelihood(cells: np.ndarray, ladder: np.ndarray) -> np.ndarray:
    """How likely each factor makes the count of each cell, relative to the one that makes it likeliest."""
    noisy, noise, thought = cells.T[:, :, None]
    middle = thought * np.exp(ladder)
    variance = noise + (middle * STEP) ** 2
    log = -((noisy - middle) ** 2) / (2 * variance) - np.log(variance) / 2
    return np.asarray(np.exp(log - log.max(axis=1, keepdims=True)))


def _weights(likelihood: np.ndarray, before: np.ndarray) -> np.ndarray:
    """How often each factor occurs, from how likely each makes the count of each cell; a normal law beforehand."""
    weights = np.exp(-(before**2) / 2)
    weights = (1 - EVENLY) * weights / weights.sum() + EVENLY / len(weights)
    for _ in range(LEARNING):
        weights = weights * (likelihood / (likelihood @ weights)[:, None]).mean(axis=0)
        weights = np.convolve(weights, KERNEL, "same")
        weights /= weights.sum()
    return weights
