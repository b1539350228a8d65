"""Discrete distributions of whole numbers: counts of events, of successes, ranks.

Each is a table of the shares of its values, as far as they can be told from nothing, so any condition cuts it
exactly and a draw is one search in the table.
"""

from functools import cached_property
from typing import Any, Literal

import numpy as np
import polars as pl
from pydantic import Field

from synthesist.core import Allowed
from synthesist.data.kinds import Boolean
from synthesist.samplers.columns.distribution import ANYTHING, Distribution, Guide, Rows
from synthesist.samplers.columns.laws import law
from synthesist.samplers.columns.measured import Measured

__all__ = [
    "Bernoulli",
    "BetaBinomial",
    "Binomial",
    "Geometric",
    "Hypergeometric",
    "NegativeBinomial",
    "Poisson",
    "Zipf",
]

NOTHING = 1e-16  # shares of tails beyond which there is no table
LONGEST = 10_000_000  # values of a table
LARGEST = 10**9


class _Counted(Measured):
    """A whole number; `low` and `high` cut the distribution."""

    integers: bool = Field(default=True, description="counts are whole numbers")

    def _law(self) -> Any:
        """The functions of the law."""
        raise NotImplementedError

    def _unfit(self) -> str | None:
        if not self.integers:
            return "counts are whole numbers: leave `integers` out"
        first, last = self._ends
        if first > last:
            return "practically nothing of this distribution lies between low and high"
        if last - first >= LONGEST:
            return f"it takes {last - first:.0e} values; cut it by low and high to {LONGEST:,} at most"
        return None

    @cached_property
    def _ends(self) -> tuple[float, float]:
        """The first and the last value that comes at all."""
        frozen = self._law()
        first, last = frozen.support()
        if last - first >= LONGEST:
            first, last = frozen.ppf(NOTHING), frozen.isf(NOTHING)
        low, high = -np.inf if self.low is None else self.low, np.inf if self.high is None else self.high
        return float(max(first, np.ceil(low))), float(min(last, np.floor(high)))

    @cached_property
    def _table(self) -> tuple[int, np.ndarray]:
        """The first value, and below each value, and one beyond, the share of all."""
        first, last = self._ends
        shares = self._law().pmf(np.arange(int(first), int(last) + 1))
        return int(first), np.concatenate([[0.0], np.cumsum(shares)]) / shares.sum()

    @property
    def _support(self) -> tuple[float, float]:
        first, below = self._table
        return float(first), float(first + len(below) - 2)

    def _below(self, x: np.ndarray) -> np.ndarray:
        """P(X < x), x halfway between whole numbers."""
        first, below = self._table
        return np.asarray(below[np.clip(np.ceil(x) - first, 0, len(below) - 1).astype(np.int64)])

    def _mass(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return self._below(b) - self._below(a)

    def _density(self, x: np.ndarray) -> np.ndarray:
        return self._mass(x - 0.5, x + 0.5)

    def _between(self, u: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        low, high = self._below(a), self._below(b)
        return self._table[0] + self._guide.places(low + u * (high - low)).astype(np.float64)

    @cached_property
    def _guide(self) -> Guide:
        return Guide.over(self._table[1][1:])


class Poisson(_Counted):
    """How often something comes that comes at random, `mean` times on average."""

    is_: Literal["poisson"] = Field(default="poisson", alias="is")
    mean: float = Field(default=1.0, gt=0, le=LARGEST)

    def _law(self) -> Any:
        return law("poisson", self.mean)


class Binomial(_Counted):
    """How many of `trials` succeed, each with probability `p`."""

    is_: Literal["binomial"] = Field(default="binomial", alias="is")
    trials: int = Field(default=10, ge=1, le=LARGEST)
    p: float = Field(default=0.5, gt=0, lt=1)

    def _law(self) -> Any:
        return law("binom", self.trials, self.p)


class NegativeBinomial(_Counted):
    """A count that varies more than by chance alone: its variance is mean + mean² / size."""

    is_: Literal["negative_binomial"] = Field(default="negative_binomial", alias="is")
    mean: float = Field(default=2.0, gt=0, le=LARGEST)
    size: float = Field(default=1.0, gt=0, description="the smaller, the more it varies")

    def _law(self) -> Any:
        return law("nbinom", self.size, self.size / (self.size + self.mean))


class Geometric(_Counted):
    """The number of tries up to the first success, each with probability `p`."""

    is_: Literal["geometric"] = Field(default="geometric", alias="is")
    p: float = Field(default=0.5, gt=0, lt=1)

    def _law(self) -> Any:
        return law("geom", self.p)


class Hypergeometric(_Counted):
    """How many of `drawn` things are good, drawn from `good` and `bad` ones without return."""

    is_: Literal["hypergeometric"] = Field(default="hypergeometric", alias="is")
    good: int = Field(default=10, ge=0, le=LARGEST)
    bad: int = Field(default=10, ge=0, le=LARGEST)
    drawn: int = Field(default=5, ge=1, le=LARGEST)

    def _unfit(self) -> str | None:
        things = self.good + self.bad
        if self.drawn > things:
            return f"{self.drawn} are drawn, and there are {things}"
        return super()._unfit()

    def _law(self) -> Any:
        return law("hypergeom", self.good + self.bad, self.good, self.drawn)


class BetaBinomial(_Counted):
    """How many of `trials` succeed where the probability itself varies, as a beta distribution does."""

    is_: Literal["beta_binomial"] = Field(default="beta_binomial", alias="is")
    trials: int = Field(default=10, ge=1, le=1_000_000)
    alpha: float = Field(default=2.0, gt=0)
    beta: float = Field(default=2.0, gt=0)

    def _law(self) -> Any:
        return law("betabinom", self.trials, self.alpha, self.beta)


class Zipf(_Counted):
    """A rank from 1 to `high`: the k-th comes 1 / k ** exponent times as often as the first."""

    is_: Literal["zipf"] = Field(default="zipf", alias="is")
    exponent: float = Field(default=1.0, ge=0, le=20)
    high: float = Field(default=1_000, ge=1, le=LONGEST, description="the last rank")

    def _law(self) -> Any:
        return law("zipfian", self.exponent, int(self.high))


class Bernoulli(Distribution):
    """True with probability `p`."""

    is_: Literal["bernoulli"] = Field(default="bernoulli", alias="is")
    p: float = Field(default=0.5, ge=0, le=1)

    @property
    def kind(self) -> Boolean:
        return Boolean(missing=self.missing > 0)

    @property
    def ranked(self) -> bool:
        return True

    def listed(self, most: int) -> tuple[pl.Series, np.ndarray]:
        del most
        return pl.Series([False, True]), np.array([1.0 - self.p, self.p])

    def share(self, allowed: Allowed) -> float:
        return float(self._weights(allowed).sum())

    def draw(self, rows: Rows, allowed: Allowed = ANYTHING) -> pl.Series:
        no, yes = self._weights(allowed)
        return pl.Series(rows.uniforms() >= no / (no + yes))

    def rank(self, cells: pl.Series, u: np.ndarray) -> np.ndarray:
        return np.where(cells.to_numpy(), 1.0 - self.p + u * self.p, u * (1.0 - self.p))

    def _weights(self, allowed: Allowed) -> np.ndarray:
        return np.array([1.0 - self.p, self.p]) * allowed.mask(pl.Series([False, True])).to_numpy()
