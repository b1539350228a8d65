"""The functions of laws that the field has a name for: shares below and above, quantiles, densities.

The usual ones are written out over `scipy.special`; the rest are those of `scipy.stats`, which takes a second to load.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

__all__ = ["law"]

Function = Callable[..., Any]
WIDEST = 2.0**62


def law(name: str, *shapes: float, **place: float) -> Any:
    """A law by its name in scipy: its shapes, and where it lies (`loc`, `scale`).

    It has `support()`, and of arrays `cdf`, `sf`, `ppf`, `isf` and `pdf`; of whole numbers `pmf` instead of `pdf`.
    """
    if name in CONTINUOUS and len(shapes) == SHAPES[name] and set(place) <= {"scale"}:
        return replace(_Continuous(*CONTINUOUS[name](*shapes)), scale=place.get("scale", 1.0))
    if name in DISCRETE and not place:
        return _Discrete(*DISCRETE[name](*shapes))
    from scipy import stats

    return getattr(stats, name)(*shapes, **place)


@dataclass(frozen=True)
class _Continuous:
    """A law of positive numbers, or of those between 0 and 1."""

    ends: tuple[float, float]
    below: Function
    above: Function
    from_below: Function
    from_above: Function
    density: Function
    scale: float = 1.0

    def support(self) -> tuple[float, float]:
        return self.ends[0] * self.scale, self.ends[1] * self.scale

    def cdf(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(self.below(self._within(x)))

    def sf(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(self.above(self._within(x)))

    def ppf(self, p: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", over="ignore"):
            return np.asarray(self.from_below(p) * self.scale)

    def isf(self, p: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", over="ignore"):
            return np.asarray(self.from_above(p) * self.scale)

    def pdf(self, x: np.ndarray) -> np.ndarray:
        z = np.asarray(x, dtype=np.float64) / self.scale
        inside = (z >= self.ends[0]) & (z <= self.ends[1])
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            return np.where(inside, self.density(np.where(inside, z, 1.0)) / self.scale, 0.0)

    def _within(self, x: np.ndarray) -> np.ndarray:
        return np.clip(np.asarray(x, dtype=np.float64) / self.scale, *self.ends)


@dataclass(frozen=True)
class _Discrete:
    """A law of whole numbers."""

    ends: tuple[float, float]
    logarithm: Function
    """Of the share of each number."""
    above: Function
    """The share of larger ones."""
    below: Function
    """The share of those that are not larger."""

    def support(self) -> tuple[float, float]:
        return self.ends

    def pmf(self, k: np.ndarray) -> np.ndarray:
        return np.asarray(np.exp(self.logarithm(np.asarray(k, dtype=np.float64))))

    def ppf(self, p: float) -> float:
        """The smallest number with a share of p up to it."""
        return self._first(lambda k: self.below(k) >= p)

    def isf(self, p: float) -> float:
        """The smallest number with a share of p at most above it."""
        return self._first(lambda k: self.above(k) <= p)

    def _first(self, true: Callable[[float], bool]) -> float:
        """The smallest number for which it is true, as it is for all larger ones."""
        low, high = self.ends[0] - 1, min(self.ends[1], WIDEST)
        while high - low > 1:
            middle = np.floor((low + high) / 2)
            low, high = (low, middle) if true(middle) else (middle, high)
        return float(high)


POSITIVE, SHARE = (0.0, np.inf), (0.0, 1.0)


def _expon() -> tuple[Any, ...]:
    return (
        POSITIVE,
        lambda z: -np.expm1(-z),
        lambda z: np.exp(-z),
        lambda p: -np.log1p(-p),
        lambda p: -np.log(p),
        lambda z: np.exp(-z),
    )


def _weibull(c: float) -> tuple[Any, ...]:
    return (
        POSITIVE,
        lambda z: -np.expm1(-(z**c)),
        lambda z: np.exp(-(z**c)),
        lambda p: (-np.log1p(-p)) ** (1 / c),
        lambda p: (-np.log(p)) ** (1 / c),
        lambda z: c * z ** (c - 1) * np.exp(-(z**c)),
    )


def _pareto(b: float) -> tuple[Any, ...]:
    return (
        (1.0, np.inf),
        lambda z: -np.expm1(-b * np.log(z)),
        lambda z: np.exp(-b * np.log(z)),
        lambda p: np.exp(-np.log1p(-p) / b),
        lambda p: np.exp(-np.log(p) / b),
        lambda z: b * z ** (-b - 1),
    )


def _gamma(a: float) -> tuple[Any, ...]:
    from scipy.special import gammainc, gammaincc, gammainccinv, gammaincinv, gammaln, xlogy

    functions = (partial(function, a) for function in (gammainc, gammaincc, gammaincinv, gammainccinv))
    return POSITIVE, *functions, lambda z: np.exp(xlogy(a - 1, z) - z - gammaln(a))


def _beta(a: float, b: float) -> tuple[Any, ...]:
    from scipy.special import betainc, betaincc, betainccinv, betaincinv, betaln, xlog1py, xlogy

    functions = (partial(function, a, b) for function in (betainc, betaincc, betaincinv, betainccinv))
    return SHARE, *functions, lambda z: np.exp(xlogy(a - 1, z) + xlog1py(b - 1, -z) - betaln(a, b))


def _geom(p: float) -> tuple[Any, ...]:
    left = np.log1p(-p)
    return (
        (1.0, np.inf),
        lambda k: np.log(p) + (k - 1) * left,
        lambda k: np.exp(k * left),
        lambda k: -np.expm1(k * left),
    )


def _poisson(mean: float) -> tuple[Any, ...]:
    from scipy.special import gammainc, gammaincc, gammaln, xlogy

    return (
        POSITIVE,
        lambda k: xlogy(k, mean) - gammaln(k + 1) - mean,
        lambda k: gammainc(k + 1, mean),
        lambda k: gammaincc(k + 1, mean),
    )


def _binom(n: float, p: float) -> tuple[Any, ...]:
    from scipy.special import betainc, betaincc, gammaln, xlog1py, xlogy

    return (
        (0.0, float(n)),
        lambda k: gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + xlogy(k, p) + xlog1py(n - k, -p),
        lambda k: betainc(k + 1, n - k, p) if k < n else 0.0,
        lambda k: betaincc(k + 1, n - k, p) if k < n else 1.0,
    )


def _nbinom(size: float, p: float) -> tuple[Any, ...]:
    from scipy.special import betainc, betaincc, gammaln, xlog1py

    return (
        POSITIVE,
        lambda k: gammaln(size + k) - gammaln(k + 1) - gammaln(size) + size * np.log(p) + xlog1py(k, -p),
        lambda k: betaincc(size, k + 1, p),
        lambda k: betainc(size, k + 1, p),
    )


CONTINUOUS: Mapping[str, Callable[..., tuple[Any, ...]]] = {
    "expon": _expon, "weibull_min": _weibull, "pareto": _pareto, "gamma": _gamma, "beta": _beta,
}  # fmt: skip
SHAPES: Mapping[str, int] = {"expon": 0, "weibull_min": 1, "pareto": 1, "gamma": 1, "beta": 2}
DISCRETE: Mapping[str, Callable[..., tuple[Any, ...]]] = {
    "geom": _geom, "poisson": _poisson, "binom": _binom, "nbinom": _nbinom,
}  # fmt: skip
