"""Distributions of numbers, cut anywhere, drawn by the inverse of their distribution function.

Where values stand on a grid (`decimals`, `integers`) a grid value takes the probability of its whole
cell, half a step to either side; bounds and conditions choose among cells, so a cut is exact and the
two ends of a uniform are as likely as its middle.
"""

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cached_property
from typing import Any, Literal

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from synthesist.core import Allowed
from synthesist.data.kinds import Bounds, Integer, Number
from synthesist.samplers.columns.distribution import ANYTHING, Distribution, Rows, distinct

__all__ = ["Lognormal", "Measured", "Normal", "Uniform"]

LARGEST_WHOLE = 2**53
LARGEST = float(np.finfo(float).max)
TINY = 2.0**-54  # quantiles keep this far from 0 and 1, which lie at infinity
Span = tuple[Any, Any]
"""The smallest and the largest value of a stretch, both included."""


class Measured(Distribution):
    """A number: where it may lie, and the grid it stands on."""

    low: float | None = Field(default=None, description="smallest value")
    high: float | None = Field(default=None, description="largest value")
    decimals: int | None = Field(default=None, ge=-12, le=15, description="decimals kept; none: all")
    integers: bool = Field(default=False, description="whole numbers only")

    def _mass(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The probability between a and b, up to a common factor."""
        raise NotImplementedError

    def _density(self, x: np.ndarray) -> np.ndarray:
        """The probability density at x, up to a common factor."""
        raise NotImplementedError

    def _between(self, u: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The quantiles `u` of the distribution cut to a .. b."""
        raise NotImplementedError

    def _unfit(self) -> str | None:
        """What is wrong with the parameters, taken together."""
        return None

    @property
    def _support(self) -> tuple[float, float]:
        """Where the distribution ends by itself."""
        return -np.inf, np.inf

    def _uncut(self, n: int, rng: np.random.Generator) -> np.ndarray | None:
        """n values of the whole distribution, where there is a quicker way than by quantiles."""
        del n, rng
        return None

    @model_validator(mode="after")
    def _can_be_drawn(self) -> "Measured":
        if self.integers and self.decimals:
            raise ValueError("whole numbers have no decimals: give `integers` or `decimals`")
        for end in (self.low, self.high):
            if self.integers and end is not None and abs(end) > LARGEST_WHOLE:
                raise ValueError("whole numbers may reach 2**53 = 9,007,199,254,740,992")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low ({self.low}) lies above high ({self.high})")
        if fault := self._unfit():
            raise ValueError(fault)
        if not self._masses(self._spans(ANYTHING)).sum() > 0:
            raise ValueError("practically nothing of this distribution lies between low and high")
        return self

    @property
    def ranked(self) -> bool:
        return not self.by_index

    @property
    def kind(self) -> Number | Integer:
        spans = self._spans(ANYTHING)
        low = None if spans[0][0] == -np.inf else spans[0][0]
        high = None if spans[-1][1] == np.inf else spans[-1][1]
        if self.integers:
            whole = Bounds(low=None if low is None else int(low), high=None if high is None else int(high))
            return Integer(missing=self.missing > 0, bounds=whole)
        return Number(missing=self.missing > 0, decimals=self.decimals, bounds=Bounds(low=low, high=high))

    def share(self, allowed: Allowed) -> float:
        spans = self._spans(allowed)
        inside = self._masses(spans).sum() / self._masses(self._spans(ANYTHING)).sum()
        # single points of a continuous distribution have no mass, yet they can be asked for
        return float(inside) or (np.finfo(float).tiny if self._weights(spans).sum() > 0 else 0.0)

    def draw(self, rows: Rows, allowed: Allowed = ANYTHING) -> pl.Series:
        spans, whole = self._everything if allowed.any_value else self._cut_to(allowed)
        with np.errstate(over="ignore"):  # what is too large is cut
            x = self._uncut(len(rows.units), rows.block.rng("values")) if whole and rows.ranks is None else None
            x = self._within(rows.uniforms(), spans) if x is None else self._rounded(x)
        np.clip(x, max(spans[0][0], -LARGEST), min(spans[-1][1], LARGEST), out=x)
        if self.integers:
            ends = max(spans[0][0], -LARGEST_WHOLE), min(spans[-1][1], LARGEST_WHOLE)
            x = _clipped(x, *ends).astype(np.int64)
        return pl.Series(x)

    def rank(self, cells: pl.Series, u: np.ndarray) -> np.ndarray:
        x = cells.to_numpy().astype(np.float64)
        first, last = self._spans(ANYTHING)[0]
        low, high, half = first - self._half, last + self._half, self._half
        below = self._mass(np.full_like(x, low), np.maximum(x - half, low))
        here = self._mass(np.maximum(x - half, low), np.minimum(x + half, high)) if half else 0.0
        return np.asarray((below + u * here) / self._mass(np.array(low), np.array(high)))

    def listed(self, most: int) -> tuple[pl.Series, np.ndarray] | None:
        first, last = self.ends
        if not self._step or not np.isfinite(last - first) or (count := round((last - first) / self.step) + 1) > most:
            return None
        x = np.round(first + np.arange(count) * self.step, self.decimals or 0)
        weights = self._masses([(value, value) for value in x])
        return pl.Series(x.astype(np.int64) if self.integers else x), weights

    def likelihood(self, x: np.ndarray) -> np.ndarray:
        """How often each value comes against the others; zero where it never does."""
        first, last = self.ends
        inside = (x >= first) & (x <= last)
        if not self._step:
            return np.where(inside, self._density(x), 0.0)
        on_grid = np.abs(x / self.step - np.round(x / self.step)) < 1e-6
        return np.where(inside & on_grid, self._mass(x - self._half, x + self._half), 0.0)

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest value; infinite where there is none."""
        spans = self._spans(ANYTHING)
        return float(spans[0][0]), float(spans[-1][1])

    @property
    def step(self) -> float:
        """How far apart neighbouring values lie; 0 where they lie anywhere."""
        return float(self._step or 0)

    def _cut_to(self, allowed: Allowed) -> tuple[list[Span], bool]:
        """The spans that are allowed, and whether they cut nothing."""
        spans = self._spans(allowed)
        return spans, len(spans) == 1 and bool(self._masses(spans)[0] >= 1.0)

    @cached_property
    def _everything(self) -> tuple[list[Span], bool]:
        return self._cut_to(ANYTHING)

    def _within(self, u: np.ndarray, spans: Sequence[Span]) -> np.ndarray:
        """The quantiles u of the distribution cut to the spans."""
        first, last = np.array(spans, dtype=np.float64).T
        u = np.maximum(u, TINY)
        if len(spans) > 1:
            edges = np.concatenate([[0.0], np.cumsum(weights := self._weights(spans))])
            edges, weights = edges / edges[-1], weights / edges[-1]
            span = np.searchsorted(edges[1:-1], u, side="right")
            u = np.clip((u - edges[span]) / weights[span], TINY, 1 - 2 * TINY)  # what is left of u
            first, last = first[span], last[span]
        x = self._rounded(self._between(u, first - self._half, last + self._half))
        return np.clip(x, first, last, out=x)

    def _rounded(self, x: np.ndarray) -> np.ndarray:
        if self._half:
            np.round(x, self.decimals or 0, out=x)
            x += 0.0  # makes zero of minus zero
        return x

    @property
    def _step(self) -> Decimal | None:
        places = 0 if self.integers else self.decimals
        return None if places is None else Decimal(1).scaleb(-places)

    @property
    def _half(self) -> float:
        return float(self._step / 2) if self._step else 0.0

    def _masses(self, spans: Sequence[Span]) -> np.ndarray:
        a, b = np.array(spans, dtype=np.float64).reshape(-1, 2).T
        return self._mass(a - self._half, b + self._half)

    def _weights(self, spans: Sequence[Span]) -> np.ndarray:
        """How likely each span is against the others: single points weigh by density."""
        masses = self._masses(spans)
        points = np.array([a if a == b else np.inf for a, b in spans], dtype=np.float64)
        return masses if masses.any() or not len(points) else np.where(points < np.inf, self._density(points), 0.0)

    def _spans(self, allowed: Allowed) -> list[Span]:
        """The stretches of values, in order, that the declaration and the condition both let through."""
        low, high = (self._nearest(end) for end in self._support)
        for end, is_open in ((self.low, False), (allowed.low, allowed.low_open)):
            if end is not None:
                low = max(low, self._inward(end, is_open, up=True))
        for end, is_open in ((self.high, False), (allowed.high, allowed.high_open)):
            if end is not None:
                high = min(high, self._inward(end, is_open, up=False))
        out = {float(value) for value in allowed.excluded}
        if allowed.values is not None:
            values = sorted({float(value) for value in allowed.values} - out)
            return [(v, v) for v in values if low <= v <= high and self._on_grid(v)]
        spans: list[Span] = []
        for cut in sorted(v for v in out if low <= v <= high and self._step and self._on_grid(v)):
            spans.append((low, self._inward(cut, True, up=False)))
            low = self._inward(cut, True, up=True)
        spans.append((low, high))
        return [(a, b) for a, b in spans if a <= b]

    def _inward(self, end: float, is_open: bool, *, up: bool) -> float:
        """The outermost value that an end lets in: the next one of the grid, or the next number."""
        if not self._step:
            return float(np.nextafter(end, np.inf if up else -np.inf)) if is_open else float(end)
        cells = Decimal(str(end)) / self._step
        whole = cells.to_integral_value(ROUND_CEILING if up else ROUND_FLOOR)
        if is_open and whole == cells:
            whole += 1 if up else -1
        return float(whole * self._step)

    def _nearest(self, end: float) -> float:
        """The value of the grid that is nearest to an end of the support."""
        if not self._step or np.isinf(end):
            return end
        return float((Decimal(str(end)) / self._step).to_integral_value() * self._step)

    def _on_grid(self, value: float) -> bool:
        return self._step is None or Decimal(str(value)) % self._step == 0


class Normal(Measured):
    """The bell curve of Gauss, cut at `low` and `high` where they are given."""

    is_: Literal["normal"] = Field(default="normal", alias="is")
    mean: float = 0.0
    std: float = Field(default=1.0, gt=0)

    def _mass(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return _gauss_mass((a - self.mean) / self.std, (b - self.mean) / self.std)

    def _density(self, x: np.ndarray) -> np.ndarray:
        return np.exp(-(((x - self.mean) / self.std) ** 2) / 2)

    def _between(self, u: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return self.mean + self.std * _gauss_between(u, (a - self.mean) / self.std, (b - self.mean) / self.std)

    def _uncut(self, n: int, rng: np.random.Generator) -> np.ndarray:
        z = rng.standard_normal(n)
        z *= self.std
        z += self.mean
        return z


class Lognormal(Measured):
    """Positive with a long tail, as prices are: the logarithm is normal with mean log(median) and std `sigma`."""

    is_: Literal["lognormal"] = Field(default="lognormal", alias="is")
    low: float | None = Field(default=0.0, ge=0, description="smallest value")
    median: float = Field(default=1.0, gt=0)
    sigma: float = Field(default=1.0, gt=0, le=50)

    def _mass(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return _gauss_mass(self._z(a), self._z(b))

    def _density(self, x: np.ndarray) -> np.ndarray:
        return np.exp(-(self._z(x) ** 2) / 2) / np.maximum(x, np.finfo(float).tiny)

    def _between(self, u: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return self.median * np.exp(self.sigma * _gauss_between(u, self._z(a), self._z(b)))

    def _uncut(self, n: int, rng: np.random.Generator) -> np.ndarray:
        z = rng.standard_normal(n)
        z *= self.sigma
        np.exp(z, out=z)
        z *= self.median
        return z

    def _z(self, x: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return np.log(np.maximum(x, 0.0) / self.median) / self.sigma


class Uniform(Measured):
    """Every value from `low` to `high` equally often; with `unique`, no value of the grid twice."""

    is_: Literal["uniform"] = Field(default="uniform", alias="is")
    low: float = Field(default=0.0, description="smallest value")
    high: float = Field(default=1.0, description="largest value")
    unique: bool = Field(default=False, description="no value twice; needs `integers` or `decimals`")

    @model_validator(mode="after")
    def _unique_needs_a_grid(self) -> "Uniform":
        if self.unique and not self._step:
            raise ValueError("`unique` needs values that can be counted: give `integers: true` or `decimals`")
        return self

    @property
    def by_index(self) -> bool:
        return self.unique

    @property
    def most(self) -> int | None:
        if not (self.unique and self._step):
            return None
        first, last = (Decimal(str(end)) for end in self._spans(ANYTHING)[0])
        return int((last - first) / self._step) + 1

    def draw(self, rows: Rows, allowed: Allowed = ANYTHING) -> pl.Series:
        first, last = self._everything[0][0]
        if self.integers and not self.unique and rows.ranks is None and allowed.any_value:
            return pl.Series(rows.block.rng("values").integers(int(first), int(last) + 1, len(rows.units)))
        if self.most is None:
            return super().draw(rows, allowed)
        values = np.round(first + distinct(rows, self.most) * float(self._step or 0), self.decimals or 0)
        return pl.Series(values.astype(np.int64) if self.integers else values)

    def _mass(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        first, last = self._spans(ANYTHING)[0]
        width = (last + self._half) - (first - self._half)
        return (b - a) / width if width else np.ones_like(a)

    def _uncut(self, n: int, rng: np.random.Generator) -> np.ndarray:
        first, last = self._everything[0][0]
        return rng.uniform(first - self._half, last + self._half, n)

    def _density(self, x: np.ndarray) -> np.ndarray:
        return np.ones_like(x)

    def _between(self, u: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return a + u * (b - a)


def _clipped(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """x within its ends, where it has any."""
    return x if low == -np.inf and high == np.inf else np.clip(x, low, high, out=x)


def _gauss_mass(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The probability that a standard normal lies between a and b; exact in both tails."""
    from scipy.special import ndtr

    upper = a > 0
    return np.asarray(ndtr(np.where(upper, -a, b)) - ndtr(np.where(upper, -b, a)))


def _gauss_between(u: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The quantiles `u` of a standard normal cut to a .. b; the upper tail is mirrored, where 1 - p is exact."""
    from scipy.special import ndtr, ndtri

    upper = a > 0
    low, high = ndtr(np.where(upper, -b, a)), ndtr(np.where(upper, -a, b))
    z = ndtri(low + np.where(upper, 1 - u, u) * (high - low))
    return np.clip(np.where(upper, -z, z), a, b)
