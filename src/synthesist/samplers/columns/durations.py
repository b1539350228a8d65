"""Lengths of time, from any distribution of numbers."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Annotated, Literal

import numpy as np
import polars as pl
from pydantic import Field, field_validator

from synthesist.core import Allowed
from synthesist.data.kinds import Duration, Integer, Number, Unit
from synthesist.samplers.columns.distribution import ANYTHING, Distribution, Rows
from synthesist.samplers.columns.mixture import Mixture, Part
from synthesist.samplers.columns.moments import MICROSECONDS

__all__ = ["Durations"]

MICROSECOND = timedelta(microseconds=1)
LONGEST = 2**62  # microseconds: what 64 bits hold


class Durations(Distribution):
    """A length of time: numbers of any distribution, counted in `unit`."""

    is_: Literal["durations"] = Field(default="durations", alias="is")
    unit: Unit = Field(description="what the numbers count: d h m s ms us")
    of: Annotated[Part | Mixture, Field(discriminator="is_")] = Field(
        description="how many, as in {is: lognormal, median: 2}"
    )

    @field_validator("of")
    @classmethod
    def _counts(cls, of: Distribution) -> Distribution:
        if not isinstance(of.kind, Number | Integer):
            raise ValueError(f"a length of time is counted in numbers, and this is {of.kind.kind}")
        if of.missing:
            raise ValueError("`missing` stands beside `unit`, not in here")
        return of

    @property
    def kind(self) -> Duration:
        return Duration(missing=self.missing > 0, precision=self._precision)

    @property
    def by_index(self) -> bool:
        return self.of.by_index

    @property
    def most(self) -> int | None:
        return self.of.most

    @property
    def ranked(self) -> bool:
        return self.of.ranked

    def rank(self, cells: pl.Series, u: np.ndarray) -> np.ndarray:
        return self.of.rank(cells.cast(pl.Int64) / self._width, u)

    def listed(self, most: int) -> tuple[pl.Series, np.ndarray] | None:
        found = self.of.listed(most)
        return None if found is None else (self._lengths(found[0]), found[1])

    def share(self, allowed: Allowed) -> float:
        return self.of.share(self._counted(allowed))

    def draw(self, rows: Rows, allowed: Allowed = ANYTHING) -> pl.Series:
        return self._lengths(self.of.draw(rows, self._counted(allowed)))

    def _lengths(self, numbers: pl.Series) -> pl.Series:
        lengths = np.clip(np.round(numbers.cast(pl.Float64).to_numpy() * self._width), -LONGEST, LONGEST)
        return pl.Series(lengths.astype(np.int64)).cast(pl.Duration("us"))

    @property
    def _precision(self) -> Unit:
        """The longest unit of which every length is a multiple."""
        places = 0 if isinstance(self.of.kind, Integer) else self.of.kind.decimals  # type: ignore[union-attr]
        if places is None:
            return "us"
        step = self._width * Fraction(10) ** -places
        return next((unit for unit in reversed(MICROSECONDS) if not step % MICROSECONDS[unit]), "us")

    @property
    def _width(self) -> int:
        return MICROSECONDS[self.unit]

    def _counted(self, allowed: Allowed) -> Allowed:
        """A condition on lengths as one on numbers; lengths are whole microseconds, so that no end need be open."""

        def count(length: timedelta) -> float:
            return (length // MICROSECOND) / self._width

        low, high = allowed.low, allowed.high
        return replace(
            allowed,
            values=None if allowed.values is None else tuple(map(count, allowed.values)),
            low=None if low is None else count(low + MICROSECOND * allowed.low_open),
            high=None if high is None else count(high - MICROSECOND * allowed.high_open),
            low_open=False,
            high_open=False,
            excluded=tuple(map(count, allowed.excluded)),
        )
