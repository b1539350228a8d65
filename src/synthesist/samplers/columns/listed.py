"""Distributions over what can be listed: categories, a constant."""

from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl
from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

from synthesist.core import Allowed
from synthesist.data import kinds
from synthesist.data.kinds import Boolean, Bounds, Categories, Category, Integer, Kind, Number
from synthesist.samplers.columns.distribution import ANYTHING, Distribution, Guide, Rows, distinct

__all__ = ["Categorical", "Constant"]

Value = StrictBool | StrictInt | StrictFloat | StrictStr


class Categorical(Distribution):
    """One of the `values`, equally often or by `weights`; texts make a category, numbers and booleans stay such."""

    is_: Literal["categorical"] = Field(default="categorical", alias="is")
    values: tuple[Value, ...] = Field(min_length=1, description="what may be drawn")
    weights: tuple[float, ...] | None = Field(default=None, description="how often each value, in any unit")
    unique: bool = Field(default=False, description="no value twice")

    @model_validator(mode="after")
    def _fits(self) -> "Categorical":
        if len(set(self.values)) < len(self.values):
            raise ValueError("a value is listed twice")
        if self.weights is not None:
            if len(self.weights) != len(self.values):
                raise ValueError(f"there are {len(self.values)} values and {len(self.weights)} weights")
            if min(self.weights) < 0 or not sum(self.weights) > 0:
                raise ValueError("weights are 0 or more, and one is more than 0")
            if self.unique:
                raise ValueError("`unique` takes every value once: leave the weights out")
        if len({_sort(value) for value in self.values}) > 1:
            raise ValueError(
                "values are all text, all numbers or all true/false: put quotes around those meant as text"
            )
        return self

    @property
    def kind(self) -> Kind:
        missing = self.missing > 0
        if isinstance(self.values[0], bool):
            return Boolean(missing=missing)
        if isinstance(self.values[0], str):
            return Category(missing=missing, values=Categories(items=self.values))
        bounds = Bounds(low=min(self.values), high=max(self.values))
        if all(isinstance(value, int) for value in self.values):
            return Integer(missing=missing, bounds=bounds)
        return Number(missing=missing, bounds=bounds)

    @property
    def by_index(self) -> bool:
        return self.unique

    @property
    def most(self) -> int | None:
        return len(self.values) if self.unique else None

    def share(self, allowed: Allowed) -> float:
        return float(self._weights(allowed).sum() / self._weights(ANYTHING).sum())

    def listed(self, most: int) -> tuple[pl.Series, np.ndarray]:
        del most  # categories have no order by which they could be put together
        return self._cells, self._weights(ANYTHING)

    def draw(self, rows: Rows, allowed: Allowed = ANYTHING) -> pl.Series:
        if self.unique:
            return self._cells.gather(distinct(rows, len(self.values)))
        guide = self._guide if allowed.any_value else Guide.over(np.cumsum(self._weights(allowed)))
        places = guide.places(rows.uniforms() * guide.edges[-1])
        return self._cells[pl.Series(places.astype(np.uint32))]

    @property
    def ranked(self) -> bool:
        return not self.unique

    def rank(self, cells: pl.Series, u: np.ndarray) -> np.ndarray:
        weights = self._weights(ANYTHING) / self._weights(ANYTHING).sum()
        place = cells.replace_strict(self._cells, np.arange(len(weights))).to_numpy()
        return np.asarray((np.cumsum(weights) - weights)[place] + u * weights[place])

    @cached_property
    def _cells(self) -> pl.Series:
        return pl.Series(self.values, dtype=self.kind.storage, strict=False)

    @cached_property
    def _guide(self) -> Guide:
        return Guide.over(np.cumsum(self._weights(ANYTHING)))

    def _weights(self, allowed: Allowed) -> np.ndarray:
        weights = np.ones(len(self.values)) if self.weights is None else np.array(self.weights)
        return np.asarray(weights * allowed.mask(self._cells).to_numpy())


class Constant(Distribution):
    """The same value in every row."""

    is_: Literal["constant"] = Field(default="constant", alias="is")
    value: Value = Field(description="the value")

    @property
    def kind(self) -> kinds.Constant:
        return kinds.Constant(value=self.value, missing=self.missing > 0)

    def listed(self, most: int) -> tuple[pl.Series, np.ndarray]:
        del most
        return self._cell, np.ones(1)

    def share(self, allowed: Allowed) -> float:
        return float(allowed.mask(self._cell)[0])

    def draw(self, rows: Rows, allowed: Allowed = ANYTHING) -> pl.Series:
        del allowed
        return self._cell.new_from_index(0, len(rows.units))

    @property
    def _cell(self) -> pl.Series:
        return pl.Series([self.value], dtype=self.kind.storage)


def _sort(value: bool | int | float | str) -> str:
    """What a value is for a reader: 1 and 2.5 are both numbers, true is none."""
    return "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
