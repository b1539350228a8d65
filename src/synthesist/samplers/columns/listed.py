"""Distributions over what can be listed: categories, days, a constant."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl
from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr, field_validator, model_validator

from synthesist.core import Allowed
from synthesist.data import kinds
from synthesist.data.kinds import Boolean, Bounds, Categories, Category, Integer, Kind, Moment, Number, Unit
from synthesist.samplers.columns.distribution import ANYTHING, Distribution, Rows, distinct
from synthesist.samplers.columns.measured import Uniform

__all__ = ["Categorical", "Constant", "Dates"]

Value = StrictBool | StrictInt | StrictFloat | StrictStr
EPOCH = datetime(1970, 1, 1)
MICROSECONDS = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}


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

    def draw(self, rows: Rows, allowed: Allowed = ANYTHING) -> pl.Series:
        if self.unique:
            return self._cells.gather(distinct(rows, len(self.values)))
        edges = np.cumsum(self._weights(allowed))
        return self._cells.gather(np.searchsorted(edges[:-1] / edges[-1], rows.uniforms(), side="right"))

    @property
    def ranked(self) -> bool:
        return not self.unique

    def rank(self, cells: pl.Series, u: np.ndarray) -> np.ndarray:
        weights = self._weights(ANYTHING) / self._weights(ANYTHING).sum()
        place = cells.replace_strict(self._cells, np.arange(len(weights))).to_numpy()
        return np.asarray((np.cumsum(weights) - weights)[place] + u * weights[place])

    @property
    def _cells(self) -> pl.Series:
        return pl.Series(self.values, dtype=self.kind.storage, strict=False)

    def _weights(self, allowed: Allowed) -> np.ndarray:
        weights = np.ones(len(self.values)) if self.weights is None else np.array(self.weights)
        return np.asarray(weights * allowed.mask(self._cells).to_numpy())


class Dates(Distribution):
    """A day, or a time in steps of `precision`, from `start` to `end`, each equally often and both included."""

    is_: Literal["dates"] = Field(default="dates", alias="is")
    start: date | datetime = Field(description="the first, as in 2024-01-01 or 2024-01-01T08:00")
    end: date | datetime = Field(description="the last")
    precision: Unit = Field(default="d", description="the step: d h m s ms us")
    format: str | None = Field(default=None, description="how it is written in text files, as in %d.%m.%Y")
    unique: bool = Field(default=False, description="no step twice")

    @field_validator("start", "end")
    @classmethod
    def _without_zone(cls, value: date | datetime) -> date | datetime:
        if isinstance(value, datetime) and value.tzinfo is not None:
            raise ValueError("time zones are not drawn: leave the zone out")
        return value

    @model_validator(mode="after")
    def _in_order(self) -> "Dates":
        first, last = self._ends
        if first > last:
            raise ValueError(f"no step of 1 {self.precision} lies between start ({self.start}) and end ({self.end})")
        return self

    @property
    def kind(self) -> Moment:
        low, high = (EPOCH + timedelta(microseconds=tick * self._width) for tick in self._ends)
        whole = [low.date(), high.date()] if self.precision == "d" else [low, high]
        bounds = Bounds(low=whole[0].isoformat(), high=whole[1].isoformat())
        return Moment(missing=self.missing > 0, precision=self.precision, format=self.format, bounds=bounds)

    @property
    def by_index(self) -> bool:
        return self.unique

    @property
    def most(self) -> int | None:
        return self._steps.most

    def share(self, allowed: Allowed) -> float:
        return self._steps.share(self._counted(allowed))

    def draw(self, rows: Rows, allowed: Allowed = ANYTHING) -> pl.Series:
        steps = self._steps.draw(rows, self._counted(allowed))
        if self.precision == "d":
            return steps.cast(pl.Int32).cast(pl.Date)
        return (steps * self._width).cast(pl.Datetime("us"))

    @cached_property
    def _steps(self) -> Uniform:
        """The same, counted in steps since 1970."""
        first, last = self._ends
        return Uniform(low=first, high=last, integers=True, unique=self.unique)

    @property
    def _ends(self) -> tuple[int, int]:
        return -(-_microseconds(self.start) // self._width), _microseconds(self.end) // self._width

    @property
    def _width(self) -> int:
        return MICROSECONDS[self.precision]

    def _counted(self, allowed: Allowed) -> Allowed:
        """A condition on moments as a condition on steps."""

        def step(moment: date | None) -> float | None:
            return None if moment is None else _microseconds(moment) / self._width

        return replace(
            allowed,
            values=None if allowed.values is None else tuple(map(step, allowed.values)),
            low=step(allowed.low),
            high=step(allowed.high),
            excluded=tuple(map(step, allowed.excluded)),
        )


class Constant(Distribution):
    """The same value in every row."""

    is_: Literal["constant"] = Field(default="constant", alias="is")
    value: Value = Field(description="the value")

    @property
    def kind(self) -> kinds.Constant:
        return kinds.Constant(value=self.value, missing=self.missing > 0)

    def share(self, allowed: Allowed) -> float:
        return float(allowed.mask(self._cell)[0])

    def draw(self, rows: Rows, allowed: Allowed = ANYTHING) -> pl.Series:
        del allowed
        return self._cell.new_from_index(0, len(rows.units))

    @property
    def _cell(self) -> pl.Series:
        return pl.Series([self.value], dtype=self.kind.storage)


def _microseconds(moment: date) -> int:
    """Microseconds since 1970; a day begins at midnight."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return (moment - EPOCH) // timedelta(microseconds=1)


def _sort(value: bool | int | float | str) -> str:
    """What a value is for a reader: 1 and 2.5 are both numbers, true is none."""
    return "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
