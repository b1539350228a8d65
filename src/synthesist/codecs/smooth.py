"""How smooth a distribution is, asked of the data: quantile functions with as many knots as rows can bear.

An empirical distribution function repeats the accidents of its sample; a sample drawn from it
carries them, and whoever has other rows of the same kind sees it. A monotone curve through fewer
knots carries fewer accidents but may cut corners. The number of knots is the one that gives rows
left out the highest likelihood.

Reference: Fritsch and Carlson, SIAM Journal on Numerical Analysis 17(2), 1980, doi:10.1137/0717021.
"""

from collections.abc import Callable

import numpy as np

from synthesist.core import Context

__all__ = ["FEWEST_ROWS", "FEWEST_VALUES", "smooth_quantiles"]

FEWEST_ROWS, FEWEST_VALUES = 400, 60  # below there is nothing to choose by
SPACINGS = (20, 40, 80, 150, 300, 600, 1200, 2400)  # rows per knot
FOLDS = 4

Quantiles = Callable[[np.ndarray], np.ndarray]


def smooth_quantiles(values: np.ndarray, counts: np.ndarray, grid: float) -> Quantiles:
    """The quantile function of `counts` rows at increasing `values`, each spread over its cell of the grid."""
    rng = Context(path=("smooth",)).rng("folds")  # the same folds for everybody: fitting stays a function of the data
    x = np.repeat(values, counts)
    x = np.sort(x + grid * (rng.random(len(x)) - 0.5))
    fold = rng.integers(0, FOLDS, len(x))
    best, chosen = -np.inf, SPACINGS[0]
    for spacing in SPACINGS:
        if len(x) < 4 * spacing:
            break
        likelihood = sum(
            _log_likelihood(_curve(x[fold != k], spacing * (FOLDS - 1) / FOLDS), x[fold == k]) for k in range(FOLDS)
        )
        if likelihood > best:
            best, chosen = likelihood, spacing
    return _curve(x, chosen)


def _curve(x: np.ndarray, spacing: float) -> Quantiles:
    """A monotone cubic through a knot every `spacing` rows, with a few closer ones in the tails."""
    from scipy.interpolate import PchipInterpolator

    n = len(x)
    tail = np.array([0.02, 0.1, 0.35]) * spacing / n
    shares = np.unique(np.concatenate([[0.0], tail, np.linspace(0, 1, max(int(n / spacing), 3) + 1), 1 - tail, [1.0]]))
    at = np.interp(shares * n, np.arange(n) + 0.5, x)
    curve = PchipInterpolator(shares, at)
    return lambda p: np.asarray(curve(p))


def _log_likelihood(curve: Quantiles, x: np.ndarray) -> float:
    """Of rows the curve has not seen; rows beyond its ends count as very unlikely."""
    shares = np.linspace(0, 1, 4097)
    edges = np.maximum.accumulate(curve(shares))
    width = np.maximum(np.diff(edges), 1e-12 * max(edges[-1] - edges[0], 1e-300))
    cell = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(width) - 1)
    inside = (x >= edges[0]) & (x <= edges[-1])
    return float(np.where(inside, -np.log(width[cell]), -np.log(width.max()) - 8.0).sum())
