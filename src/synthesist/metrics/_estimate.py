"""Numbers with their 95 % intervals, from the influence of every row on them.

A statistic T of n rows moves by about `influence[row] / n` when one row gets more weight, so its
variance is `var(influence) / n`: the delta method, which needs no resampling and handles columns
measured on the same rows together (Hampel 1974, doi:10.1080/01621459.1974.10482962). For the area
under the ROC curve this is DeLong's variance (1988, doi:10.2307/2531595).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["NOTHING", "Estimate", "auc", "clopper_pearson", "estimate", "mean_of", "rank_sum", "sample", "wilson"]

Array = npt.NDArray[Any]

_Z = 1.959963984540054  # the 97.5 % point of the normal distribution


class Estimate(NamedTuple):
    """A number and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


NOTHING = Estimate(float("nan"), float("nan"), float("nan"))


def estimate(value: float, *influences: Array, within: tuple[float, float] = (0.0, 1.0)) -> Estimate:
    """A number whose rows have these influences, one array for each independent sample, kept between two ends."""
    error = _Z * float(np.sqrt(sum(np.var(influence) / len(influence) for influence in influences)))
    value = min(max(value, within[0]), within[1])  # rounding may leave a sum of shares a hair outside
    return Estimate(value, max(value - error, within[0]), min(value + error, within[1]))


def mean_of(estimates: Sequence[Estimate]) -> Estimate:
    """The mean of numbers whose errors may be one and the same: its interval is the mean of theirs."""
    return Estimate(*(float(np.mean(end)) for end in zip(*estimates, strict=True)))


def auc(negatives: Array, positives: Array) -> tuple[float, Array, Array]:
    """The area under the ROC curve, ties half, and the influence of every negative and positive row."""
    below = np.sort(negatives)
    above = np.sort(positives)
    beaten = (np.searchsorted(below, positives, "left") + np.searchsorted(below, positives, "right")) / 2
    beating = (np.searchsorted(above, negatives, "left") + np.searchsorted(above, negatives, "right")) / 2
    area = float(beaten.mean() / len(below))
    return area, 1 - beating / len(above) - area, beaten / len(below) - area


def rank_sum(negatives: Array, positives: Array) -> float:
    """The standard score of the rank sum of the positives among both, for labels that could as well be exchanged.

    The variance is that of all ways to exchange them, ties included; NaN where all values are equal (Mann and
    Whitney 1947, doi:10.1214/aoms/1177730491).
    """
    n, m = len(negatives), len(positives)
    if min(n, m) == 0:
        return float("nan")
    _, tied = np.unique(np.concatenate([negatives, positives]), return_counts=True)
    tied = tied.astype(float)
    variance = (n + m + 1 - (tied**3 - tied).sum() / ((n + m) * (n + m - 1))) / (12 * n * m)
    return (auc(negatives, positives)[0] - 0.5) / float(np.sqrt(variance)) if variance > 1e-12 else float("nan")


def wilson(share: float, n: float) -> Estimate:
    """A share of `n` independent cases with Wilson's interval (1927, doi:10.1080/01621459.1927.10502953)."""
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    reach = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return Estimate(share, float(max(middle - reach, 0.0)), float(min(middle + reach, 1.0)))


def clopper_pearson(hits: int, n: int) -> Estimate:
    """The share `hits / n` with its exact interval (Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404)."""
    from scipy.special import betaincinv

    low = float(betaincinv(hits, n - hits + 1, 0.025)) if hits > 0 else 0.0
    high = float(betaincinv(hits + 1, n - hits, 0.975)) if hits < n else 1.0
    return Estimate(hits / n, low, high)


def sample(rng: np.random.Generator, rows: int, size: int) -> npt.NDArray[np.int64]:
    """`size` of `rows` row numbers, drawn without putting back, in random order."""
    return rng.permutation(rows)[:size]
