"""Continuous distributions whose law the field has a name for.

Each is given by the functions of its law, as scipy knows them: they are exact in both tails, so that a
distribution can be cut anywhere. Where nothing cuts it, numpy draws from it, which is quicker.
"""

from functools import cached_property
from typing import Any, Literal

import numpy as np
from pydantic import Field

from synthesist.samplers.columns.laws import law
from synthesist.samplers.columns.measured import Measured

__all__ = [
    "Arcsine",
    "Beta",
    "Burr",
    "Cauchy",
    "ChiSquare",
    "Exponential",
    "F",
    "Gamma",
    "GeneralizedExtremeValue",
    "GeneralizedPareto",
    "Gumbel",
    "HalfNormal",
    "InverseGaussian",
    "Laplace",
    "LogLogistic",
    "LogUniform",
    "Logistic",
    "Maxwell",
    "Pareto",
    "Pert",
    "Power",
    "Rayleigh",
    "SkewNormal",
    "StudentT",
    "Triangular",
    "VonMises",
    "Weibull",
]


TABLED = 4_097  # angles between which quantiles are looked for
NEWTON_STEPS = 4
FARTHEST = 12.0  # standard deviations, beyond which practically nothing lies
RARE = 1e-6  # the share of values in each tail that may be cut to the largest number there is


class _Lawful(Measured):
    """A number that follows a law; `low` and `high` cut it."""

    def _law(self) -> Any:
        """The functions of the law."""
        raise NotImplementedError

    def _unfit(self) -> str | None:
        with np.errstate(all="ignore"):
            if np.isfinite([self._frozen.ppf(RARE), self._frozen.isf(RARE)]).all():
                return None
        return "with these parameters its values are larger than a number can be"

    @cached_property
    def _frozen(self) -> Any:
        return self._law()

    @property
    def _support(self) -> tuple[float, float]:
        low, high = self._frozen.support()
        return float(low), float(high)

    def _mass(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        above = self._frozen.sf(a) - self._frozen.sf(b)
        below = self._frozen.cdf(b) - self._frozen.cdf(a)
        return np.asarray(np.where(self._upper(a), above, below))

    def _density(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(self._frozen.pdf(x))

    def _between(self, u: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        upper = np.broadcast_to(self._upper(a), u.shape)
        x = np.empty(len(u))
        for high in (False, True):
            rows = upper == high
            if rows.any():
                ends = (np.broadcast_to(end, u.shape)[rows] if len(end) > 1 else end for end in (a, b))
                x[rows] = self._side(u[rows], *ends, high=high)
        return np.clip(x, a, b)

    def _side(self, u: np.ndarray, a: np.ndarray, b: np.ndarray, *, high: bool) -> np.ndarray:
        """By shares from below, or from above, where 1 - p is exact."""
        if high:
            first, last = self._frozen.sf(b), self._frozen.sf(a)
            return np.asarray(self._frozen.isf(first + (1 - u) * (last - first)))
        first, last = self._frozen.cdf(a), self._frozen.cdf(b)
        return np.asarray(self._frozen.ppf(first + u * (last - first)))

    def _upper(self, a: np.ndarray) -> np.ndarray:
        return np.asarray(self._frozen.cdf(a) > 0.5)


class Exponential(_Lawful):
    """The wait for something that comes at random, as for the next call."""

    is_: Literal["exponential"] = Field(default="exponential", alias="is")
    mean: float = Field(default=1.0, gt=0)

    def _law(self) -> Any:
        return law("expon", scale=self.mean)

    def _uncut(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return rng.standard_exponential(n) * self.mean


class Gamma(_Lawful):
    """Positive and skewed, as amounts of rain or claims: the mean is shape * scale."""

    is_: Literal["gamma"] = Field(default="gamma", alias="is")
    shape: float = Field(default=2.0, gt=0)
    scale: float = Field(default=1.0, gt=0)

    def _law(self) -> Any:
        return law("gamma", self.shape, scale=self.scale)

    def _uncut(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return rng.standard_gamma(self.shape, n) * self.scale


class Beta(_Lawful):
    """A share between 0 and 1; the mean is alpha / (alpha + beta)."""

    is_: Literal["beta"] = Field(default="beta", alias="is")
    alpha: float = Field(default=2.0, gt=0)
    beta: float = Field(default=2.0, gt=0)

    def _law(self) -> Any:
        return law("beta", self.alpha, self.beta)

    def _uncut(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return rng.beta(self.alpha, self.beta, n)


class Weibull(_Lawful):
    """A time to failure: with a shape below 1 the young fail, above 1 the old."""

    is_: Literal["weibull"] = Field(default="weibull", alias="is")
    shape: float = Field(default=1.5, gt=0)
    scale: float = Field(default=1.0, gt=0)

    def _law(self) -> Any:
        return law("weibull_min", self.shape, scale=self.scale)

    def _uncut(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return rng.weibull(self.shape, n) * self.scale


class Pareto(_Lawful):
    """From `minimum` up, with a tail like x to the power of -shape: wealth, sizes of cities and files."""

    is_: Literal["pareto"] = Field(default="pareto", alias="is")
    shape: float = Field(default=2.0, gt=0)
    minimum: float = Field(default=1.0, gt=0)

    def _law(self) -> Any:
        return law("pareto", self.shape, scale=self.minimum)

    def _uncut(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return (1.0 + rng.pareto(self.shape, n)) * self.minimum


class GeneralizedPareto(_Lawful):
    """What lies beyond a threshold, `location`; the larger the shape, the heavier the tail."""

    is_: Literal["generalized_pareto"] = Field(default="generalized_pareto", alias="is")
    shape: float = Field(default=0.2, ge=-5, le=5)
    scale: float = Field(default=1.0, gt=0)
    location: float = 0.0

    def _law(self) -> Any:
        return law("genpareto", self.shape, self.location, self.scale)


class GeneralizedExtremeValue(_Lawful):
    """The largest of many, as a year's highest flood; shape > 0 is Fréchet's heavy tail, < 0 Weibull's end."""

    is_: Literal["generalized_extreme_value"] = Field(default="generalized_extreme_value", alias="is")
    shape: float = Field(default=0.1, ge=-5, le=5)
    location: float = 0.0
    scale: float = Field(default=1.0, gt=0)

    def _law(self) -> Any:
        return law("genextreme", -self.shape, self.location, self.scale)  # scipy's shape has the other sign


class Gumbel(_Lawful):
    """The largest of many of a light tail."""

    is_: Literal["gumbel"] = Field(default="gumbel", alias="is")
    location: float = 0.0
    scale: float = Field(default=1.0, gt=0)

    def _law(self) -> Any:
        return law("gumbel_r", self.location, self.scale)


class StudentT(_Lawful):
    """A bell with heavy tails, as daily returns have; `freedom` is its degrees of freedom."""

    is_: Literal["student_t"] = Field(default="student_t", alias="is")
    freedom: float = Field(default=4.0, gt=0)
    location: float = 0.0
    scale: float = Field(default=1.0, gt=0)

    def _law(self) -> Any:
        return law("t", self.freedom, self.location, self.scale)

    def _uncut(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.location + self.scale * rng.standard_t(self.freedom, n)


class Cauchy(_Lawful):
    """A bell with tails so heavy that it has no mean."""

    is_: Literal["cauchy"] = Field(default="cauchy", alias="is")
    location: float = 0.0
    scale: float = Field(default=1.0, gt=0)

    def _law(self) -> Any:
        return law("cauchy", self.location, self.scale)


class Laplace(_Lawful):
    """A peak with exponential tails to both sides."""

    is_: Literal["laplace"] = Field(default="laplace", alias="is")
    location: float = 0.0
    scale: float = Field(default=1.0, gt=0)

    def _law(self) -> Any:
        return law("laplace", self.location, self.scale)

    def _uncut(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return rng.laplace(self.location, self.scale, n)


class Logistic(_Lawful):
    """A bell with somewhat heavier tails than the normal one."""

    is_: Literal["logistic"] = Field(default="logistic", alias="is")
    location: float = 0.0
    scale: float = Field(default=1.0, gt=0)

    def _law(self) -> Any:
        return law("logistic", self.location, self.scale)


class LogLogistic(_Lawful):
    """Positive with a long tail, around `median`: incomes, times to recover."""

    is_: Literal["log_logistic"] = Field(default="log_logistic", alias="is")
    shape: float = Field(default=2.0, gt=0)
    median: float = Field(default=1.0, gt=0)

    def _law(self) -> Any:
        return law("fisk", self.shape, scale=self.median)


class Burr(_Lawful):
    """Type XII: positive, with a tail like x to the power of -c * d; losses and household incomes."""

    is_: Literal["burr"] = Field(default="burr", alias="is")
    c: float = Field(default=2.0, gt=0)
    d: float = Field(default=1.0, gt=0)
    scale: float = Field(default=1.0, gt=0)

    def _law(self) -> Any:
        return law("burr12", self.c, self.d, scale=self.scale)


class ChiSquare(_Lawful):
    """A sum of `freedom` squares of standard normal numbers."""

    is_: Literal["chi_square"] = Field(default="chi_square", alias="is")
    freedom: float = Field(default=3.0, gt=0)

    def _law(self) -> Any:
        return law("chi2", self.freedom)

    def _uncut(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return rng.chisquare(self.freedom, n)


class F(_Lawful):
    """The ratio of two mean squares, of `above` and `below` degrees of freedom."""

    is_: Literal["f"] = Field(default="f", alias="is")
    above: float = Field(default=5.0, ge=0.1)
    below: float = Field(default=10.0, ge=0.1)

    def _law(self) -> Any:
        return law("f", self.above, self.below)

    def _uncut(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return rng.f(self.above, self.below, n)


class Rayleigh(_Lawful):
    """The length of a vector with two normal sides, as a wind speed."""

    is_: Literal["rayleigh"] = Field(default="rayleigh", alias="is")
    scale: float = Field(default=1.0, gt=0)

    def _law(self) -> Any:
        return law("rayleigh", scale=self.scale)

    def _uncut(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return rng.rayleigh(self.scale, n)


class Maxwell(_Lawful):
    """The length of a vector with three normal sides, as the speed of a molecule."""

    is_: Literal["maxwell"] = Field(default="maxwell", alias="is")
    scale: float = Field(default=1.0, gt=0)

    def _law(self) -> Any:
        return law("maxwell", scale=self.scale)


class HalfNormal(_Lawful):
    """The size of a normal error, its sign left out."""

    is_: Literal["half_normal"] = Field(default="half_normal", alias="is")
    std: float = Field(default=1.0, gt=0, description="of the normal error")

    def _law(self) -> Any:
        return law("halfnorm", scale=self.std)

    def _uncut(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return np.abs(rng.standard_normal(n)) * self.std


class InverseGaussian(_Lawful):
    """The time a drifting particle takes to a distance (Wald); the larger `shape`, the nearer to the mean."""

    is_: Literal["inverse_gaussian"] = Field(default="inverse_gaussian", alias="is")
    mean: float = Field(default=1.0, gt=0)
    shape: float = Field(default=1.0, gt=0)

    def _law(self) -> Any:
        return law("invgauss", self.mean / self.shape, scale=self.shape)

    def _uncut(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return rng.wald(self.mean, self.shape, n)


class SkewNormal(_Lawful):
    """A bell that leans: to the right with a shape above 0, to the left below."""

    is_: Literal["skew_normal"] = Field(default="skew_normal", alias="is")
    shape: float = Field(default=3.0, ge=-100, le=100)
    location: float = 0.0
    scale: float = Field(default=1.0, gt=0)

    def _law(self) -> Any:
        return law("skewnorm", self.shape, self.location, self.scale)

    def _uncut(self, n: int, rng: np.random.Generator) -> np.ndarray:
        lean = self.shape / np.hypot(1.0, self.shape)  # Azzalini 1985, doi:10.2307/4615982
        both = np.abs(rng.standard_normal(n)) * lean + rng.standard_normal(n) * np.sqrt(1.0 - lean**2)
        return self.location + self.scale * both


class LogUniform(_Lawful):
    """Every order of magnitude from `low` to `high` equally often."""

    is_: Literal["log_uniform"] = Field(default="log_uniform", alias="is")
    low: float = Field(default=1.0, gt=0, description="smallest value")
    high: float = Field(default=1_000.0, gt=0, description="largest value")

    def _unfit(self) -> str | None:
        return "low and high are the same: write {is: constant, value: ...}" if self.low == self.high else None

    def _law(self) -> Any:
        return law("loguniform", self.low - self._half if self.low > self._half else self.low, self.high + self._half)


class Power(_Lawful):
    """A share between 0 and 1 with density like x to the power of exponent - 1."""

    is_: Literal["power"] = Field(default="power", alias="is")
    exponent: float = Field(default=2.0, gt=0)

    def _law(self) -> Any:
        return law("powerlaw", self.exponent)

    def _uncut(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return rng.power(self.exponent, n)


class Arcsine(_Lawful):
    """A share between 0 and 1 that is mostly near one of them."""

    is_: Literal["arcsine"] = Field(default="arcsine", alias="is")

    def _law(self) -> Any:
        return law("arcsine")


class VonMises(_Lawful):
    """An angle in radians, at most half a turn to either side of `mean`."""

    is_: Literal["von_mises"] = Field(default="von_mises", alias="is")
    mean: float = Field(default=0.0, ge=-np.pi, le=np.pi)
    concentration: float = Field(default=1.0, gt=0, le=1_000)

    def _law(self) -> Any:
        return law("vonmises_line", self.concentration, self.mean)

    def _uncut(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.mean + rng.vonmises(0.0, self.concentration, n)

    def _side(self, u: np.ndarray, a: np.ndarray, b: np.ndarray, *, high: bool) -> np.ndarray:
        if high:  # as much lies above an angle as below its mirror image
            first, last = self._frozen.sf(b), self._frozen.sf(a)
            return 2 * self.mean - self._quantile(first + (1 - u) * (last - first))
        first, last = self._frozen.cdf(a), self._frozen.cdf(b)
        return self._quantile(first + u * (last - first))

    def _quantile(self, p: np.ndarray) -> np.ndarray:
        """From a table, made exact by Newton's method: the law has no quantiles in closed form."""
        angles, below = self._table
        x = np.interp(p, below, angles)
        for _ in range(NEWTON_STEPS):
            x = np.clip(x - (self._frozen.cdf(x) - p) / self._frozen.pdf(x), angles[0], angles[-1])
        return x

    @cached_property
    def _table(self) -> tuple[np.ndarray, np.ndarray]:
        """Angles where anything lies, and the share below each."""
        reach = min(np.pi, FARTHEST / np.sqrt(self.concentration))
        angles = self.mean + np.linspace(-reach, reach, TABLED)
        return angles, self._frozen.cdf(angles)


class Triangular(_Lawful):
    """From `low` to `high`, most often near `mode`."""

    is_: Literal["triangular"] = Field(default="triangular", alias="is")
    low: float = Field(default=0.0, description="smallest value")
    mode: float = Field(default=0.5, description="the value most often met")
    high: float = Field(default=1.0, description="largest value")

    def _unfit(self) -> str | None:
        return _out_of_order(self.low, self.mode, self.high)

    def _law(self) -> Any:
        width = self.high - self.low
        return law("triang", (self.mode - self.low) / width, self.low, width)


class Pert(_Lawful):
    """An estimate by its `low`, likeliest and `high` value: smoother than a triangle, as planners use it."""

    is_: Literal["pert"] = Field(default="pert", alias="is")
    low: float = Field(default=0.0, description="smallest value")
    mode: float = Field(default=0.5, description="the value most often met")
    high: float = Field(default=1.0, description="largest value")

    def _unfit(self) -> str | None:
        return _out_of_order(self.low, self.mode, self.high)

    def _law(self) -> Any:
        width = self.high - self.low
        lean = 4.0 * (self.mode - self.low) / width
        return law("beta", 1.0 + lean, 5.0 - lean, self.low, width)


def _out_of_order(low: float, mode: float, high: float) -> str | None:
    return None if low <= mode <= high and low < high else f"low <= mode <= high and low < high: {low}, {mode}, {high}"
