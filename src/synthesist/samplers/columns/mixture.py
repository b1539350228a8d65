"""Mixtures: each row comes from one of several distributions."""

from functools import cached_property
from typing import Annotated, Literal

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from synthesist.core import Allowed
from synthesist.data import kinds
from synthesist.data.kinds import Boolean, Bounds, Categories, Category, Integer, Kind, Moment, Number
from synthesist.samplers.columns.counted import (
    Bernoulli,
    BetaBinomial,
    Binomial,
    Geometric,
    Hypergeometric,
    NegativeBinomial,
    Poisson,
    Zipf,
)
from synthesist.samplers.columns.distribution import ANYTHING, Distribution, Rows
from synthesist.samplers.columns.lawful import (
    Arcsine,
    Beta,
    Burr,
    Cauchy,
    ChiSquare,
    Exponential,
    F,
    Gamma,
    GeneralizedExtremeValue,
    GeneralizedPareto,
    Gumbel,
    HalfNormal,
    InverseGaussian,
    Laplace,
    Logistic,
    LogLogistic,
    LogUniform,
    Maxwell,
    Pareto,
    Pert,
    Power,
    Rayleigh,
    SkewNormal,
    StudentT,
    Triangular,
    VonMises,
    Weibull,
)
from synthesist.samplers.columns.listed import Categorical, Constant
from synthesist.samplers.columns.measured import Lognormal, Normal, Uniform
from synthesist.samplers.columns.moments import Dates
from synthesist.samplers.columns.pieces import Histogram, Quantiles

__all__ = ["Mixture", "Part"]

Part = (
    Normal | Lognormal | Uniform | Exponential | Gamma | Beta | Weibull | Pareto | GeneralizedPareto
    | GeneralizedExtremeValue | Gumbel | StudentT | Cauchy | Laplace | Logistic | LogLogistic | Burr | ChiSquare | F
    | Rayleigh | Maxwell | HalfNormal | InverseGaussian | SkewNormal | LogUniform | Power | Arcsine | VonMises
    | Triangular | Pert | Poisson | Binomial | NegativeBinomial | Geometric | Hypergeometric | BetaBinomial | Zipf
    | Bernoulli | Histogram | Quantiles | Categorical | Dates | Constant
)  # fmt: skip
"""What a mixture can mix."""


class Mixture(Distribution):
    """One of several distributions in each row, by weight, as many zeros among amounts."""

    is_: Literal["mixture"] = Field(default="mixture", alias="is")
    parts: tuple[Annotated[Part, Field(discriminator="is_")], ...] = Field(description="what is mixed")
    weights: tuple[float, ...] | None = Field(default=None, description="how often each part, in any unit")

    @model_validator(mode="after")
    def _fits(self) -> "Mixture":
        if not self.parts:
            raise ValueError("there is nothing to mix")
        if self.weights is not None:
            if len(self.weights) != len(self.parts):
                raise ValueError(f"there are {len(self.parts)} parts and {len(self.weights)} weights")
            if min(self.weights) < 0 or not sum(self.weights) > 0:
                raise ValueError("weights are 0 or more, and one is more than 0")
        if any(part.missing for part in self.parts):
            raise ValueError("say `missing` of the mixture, not of a part")
        if any(part.by_index for part in self.parts):
            raise ValueError("a part of a mixture cannot be unique")
        if self._common is None:
            kinds_of_parts = ", ".join(part.kind.kind for part in self.parts)
            raise ValueError(
                f"parts are all numbers, all texts, all true/false or all dates: here are {kinds_of_parts}"
            )
        return self

    @property
    def kind(self) -> Kind:
        assert self._common is not None
        return self._common

    def listed(self, most: int) -> tuple[pl.Series, np.ndarray] | None:
        found = [part.listed(most) for part in self.parts]
        if any(each is None for each in found):
            return None
        shares = self._shares(ANYTHING)
        tables = [
            pl.DataFrame({"value": values.cast(self.kind.storage), "weight": weights / weights.sum() * share})
            for (values, weights), share in zip((each for each in found if each), shares, strict=True)
        ]
        table = pl.concat(tables).group_by("value").agg(pl.col("weight").sum()).sort("value")
        return (table["value"], table["weight"].to_numpy()) if table.height <= most else None

    def share(self, allowed: Allowed) -> float:
        return float(self._shares(allowed).sum())

    def draw(self, rows: Rows, allowed: Allowed = ANYTHING) -> pl.Series:
        edges = np.cumsum(self._shares(allowed))
        u = rows.block.rng("part").random(len(rows.units))
        which = np.searchsorted(edges[:-1] / edges[-1], u, side="right")
        order, drawn = np.argsort(which, kind="stable"), []
        for k, part in enumerate(self.parts):
            mine = rows.units[which == k]
            if len(mine):
                drawn.append(part.draw(Rows(mine, rows.block.at("part", k), rows.run), allowed).cast(self.kind.storage))
        return pl.concat(drawn).gather(np.argsort(order))

    def _shares(self, allowed: Allowed) -> np.ndarray:
        weights = np.ones(len(self.parts)) if self.weights is None else np.array(self.weights)
        return np.array([part.share(allowed) for part in self.parts]) * weights / weights.sum()

    @cached_property
    def _common(self) -> Kind | None:
        """The kind that holds the values of all parts; None where there is none."""
        found = [_plain(part.kind) for part in self.parts]
        missing = self.missing > 0
        if all(isinstance(kind, Integer) for kind in found):
            return Integer(missing=missing, bounds=_around(found))
        if all(isinstance(kind, Integer | Number) for kind in found):
            decimals = [kind.decimals if isinstance(kind, Number) else 0 for kind in found]
            most = None if None in decimals else max(places for places in decimals if places is not None)
            return Number(missing=missing, decimals=most, bounds=_around(found))
        if all(isinstance(kind, Category) for kind in found):
            items = [item for kind in found if isinstance(kind, Category) and kind.values for item in kind.values.items]
            return Category(missing=missing, values=Categories(items=tuple(dict.fromkeys(items))))
        if all(isinstance(kind, Boolean) for kind in found):
            return Boolean(missing=missing)
        first = found[0]
        if isinstance(first, Moment) and all(
            isinstance(kind, Moment) and kind.precision == first.precision for kind in found
        ):
            return first.model_copy(update={"missing": missing, "bounds": _around(found)})
        return None


def _plain(kind: Kind) -> Kind:
    """What a constant is one of."""
    if not isinstance(kind, kinds.Constant):
        return kind
    match kind.value:
        case bool():
            return Boolean()
        case int():
            return Integer(bounds=Bounds(low=kind.value, high=kind.value))
        case float():
            return Number(bounds=Bounds(low=kind.value, high=kind.value))
    return Category(values=Categories(items=(str(kind.value),)))


def _around(found: list[Kind]) -> Bounds:
    """The bounds of all together; open where one is."""
    ends = [(kind.bounds.low, kind.bounds.high) for kind in found if isinstance(kind, Integer | Number | Moment)]
    lows, highs = ([end for end in side if end is not None] for side in zip(*ends, strict=True))
    return Bounds(
        low=min(lows) if len(lows) == len(ends) else None,
        high=max(highs) if len(highs) == len(ends) else None,
    )
