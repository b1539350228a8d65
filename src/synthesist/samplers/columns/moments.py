"""Dates and times: all equally often, or by season, on business days, without holidays.

Time is cut into pieces within which every step weighs the same. A piece is drawn by the inverse of the
cumulative weight of all pieces, then a step of it; a whole day is one piece, within which an hour is
drawn first. Conditions cut the pieces, so they hold exactly and nothing is rejected.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np
import polars as pl
from pydantic import Field, ValidationInfo, field_validator, model_validator

from synthesist.core import Allowed
from synthesist.data.kinds import Bounds, Moment, Unit
from synthesist.errors import did_you_mean
from synthesist.rules.calendars import known_country, public_holidays
from synthesist.samplers.columns.distribution import ANYTHING, Distribution, Guide, Rows, distinct

__all__ = ["Dates"]

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Weight = Annotated[float, Field(ge=0, le=1e9)]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CYCLES: Mapping[str, Sequence[str]] = {
    "weekdays": WEEKDAYS,
    "months": ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    "hours": tuple(str(hour) for hour in range(24)),
}
EPOCH = datetime(1970, 1, 1)  # a Thursday
DAY = 86_400_000_000
MICROSECONDS: dict[Unit, int] = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": DAY}
DAYS_IN_A_YEAR = 365.2425


class Dates(Distribution):
    """A day, or a time in steps of `precision`, from `start` to `end`, both included.

    Every step is drawn equally often unless weights say otherwise. Weights of weekdays, months and hours,
    the trend and the weight of days off multiply. A weight says how often against what is not named, which
    weighs 1; a stretch is named as in `sat-sun: 0.2`, `nov-dec: 3` or `22-5: 0` (from 22:00 to 05:59).
    """

    is_: Literal["dates"] = Field(default="dates", alias="is")
    start: date | datetime = Field(description="the first, as in 2024-01-01 or 2024-01-01T08:00")
    end: date | datetime = Field(description="the last")
    precision: Unit = Field(default="d", description="the step: d h m s ms us")
    format: str | None = Field(default=None, description="how it is written in text files, as in %d.%m.%Y")
    unique: bool = Field(default=False, description="no step twice")
    weekdays: dict[str, Weight] = Field(default={}, description="weights of mon tue wed thu fri sat sun")
    months: dict[str, Weight] = Field(default={}, description="weights of jan feb mar ... dec")
    hours: dict[str, Weight] = Field(default={}, description="weights of 0 to 23; needs a precision finer than d")
    trend: float = Field(default=0.0, gt=-1, description="growth per year: 0.1 is 10 % more each year")
    business_days: bool = Field(default=False, description="days off are those of the `weekend`")
    weekend: tuple[Weekday, ...] | None = Field(
        default=None, description="with business_days; sat and sun if not given"
    )
    holidays: str | None = Field(default=None, description="days off are the public holidays of DE, US, GB-SCT ...")
    closed: tuple[date, ...] = Field(default=(), description="days off, each by its date")
    days_off: Weight = Field(default=0.0, description="weight of days off; 0: never drawn")

    @field_validator("start", "end")
    @classmethod
    def _without_zone(cls, value: date | datetime) -> date | datetime:
        if isinstance(value, datetime) and value.tzinfo is not None:
            raise ValueError("time zones are not drawn: leave the zone out")
        return value

    @field_validator("weekdays", "months", "hours", mode="before")
    @classmethod
    def _named_once(cls, written: Any, field: ValidationInfo) -> Any:
        if not isinstance(written, Mapping):
            return written
        tidy = [re.sub(r"\b0(?=\d)", "", str(stretch).lower()) for stretch in written]
        names = CYCLES[field.field_name or ""]
        seen: set[int] = set()
        for stretch in tidy:
            if seen & (places := set(_places(stretch, names))):
                raise ValueError(f"`{stretch}`: {', '.join(names[i] for i in sorted(seen & places))} is named twice")
            seen |= places
        return dict(zip(tidy, written.values(), strict=True))

    @field_validator("holidays", mode="before")
    @classmethod
    def _of_a_known_country(cls, code: Any) -> Any:
        if code is False:
            raise ValueError('YAML reads a bare NO as "no": write "NO" in quotes')
        if isinstance(code, str):
            known_country(code)
        return code

    @model_validator(mode="after")
    def _can_be_drawn(self) -> "Dates":
        if faults := list(self._faults()):
            raise ValueError("; ".join(faults))
        return self

    def _faults(self) -> Iterator[str]:
        """What is wrong with the options together."""
        if self.hours and self.precision == "d":
            yield "whole days have no hours: give a finer `precision`, as in `precision: m`"
        if self.weekend and not self.business_days:
            yield "`weekend` says which days are no business days: add `business_days: true`"
        if self.days_off and not self._has_days_off:
            yield "`days_off` weighs the days off, and there are none: give `business_days`, `holidays` or `closed`"
        first, last = self._ends
        if first > last:
            yield f"no step of 1 {self.precision} lies between start ({self.start}) and end ({self.end})"
            return
        try:
            possible = self._all.weight.any()
        except ValueError as error:
            yield str(error)
            return
        if not possible:
            yield f"nothing can be drawn from {self.start} to {self.end}: all of it is days off or weighs 0"
        if self.unique and any(np.unique(w[w > 0]).size > 1 for w in (self._season.days, self._season.hours)):
            yield "`unique` takes every step once: leave `trend` out, and weigh by 0 and 1 only"

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
        return int(self._all.steps.sum()) if self.unique else None

    def share(self, allowed: Allowed) -> float:
        return float(self._pieces(allowed).weight.sum() / self._all.weight.sum())

    def draw(self, rows: Rows, allowed: Allowed = ANYTHING) -> pl.Series:
        pieces = self._all if allowed.any_value else self._pieces(allowed)
        if self.unique:
            return self._moments(self._numbered(pieces, rows))
        if rows.ranks is not None:
            return self._moments(self._at(pieces, rows.ranks))
        return self._moments(self._drawn(pieces, rows))

    @property
    def ranked(self) -> bool:
        return not self.unique

    def rank(self, cells: pl.Series, u: np.ndarray) -> np.ndarray:
        step = cells.cast(pl.Datetime("us")).to_physical().to_numpy() // self._width
        pieces, below, hours = self._all.in_order, self._all.below, self._season.below
        place = np.clip(np.searchsorted(pieces.first, step, side="right") - 1, 0, len(pieces.first) - 1)
        into = step - pieces.first[place]
        hour, rest = np.divmod(np.clip(into, 0, 24 * self._per_hour - 1), self._per_hour)
        by_hour = hours[hour] + (hours[hour + 1] - hours[hour]) * (rest + u) / self._per_hour
        by_hour[into >= 24 * self._per_hour] = 1.0
        evenly = np.clip((into + u) / pieces.steps[place], 0.0, 1.0)
        share = np.where(pieces.whole[place], by_hour, evenly)
        return np.asarray((below[place] + share * pieces.weight[place]) / below[-1])

    def listed(self, most: int) -> tuple[pl.Series, np.ndarray] | None:
        first, last = self._ends
        if last - first >= most:
            return None
        moments = self._moments(np.arange(first, last + 1))
        ends = [self.rank(moments, np.full(len(moments), end)) for end in (0.0, 1.0)]
        weight = np.diff(ends, axis=0)[0]
        return moments.filter(pl.Series(weight > 0)), weight[weight > 0]

    def _moments(self, steps: np.ndarray) -> pl.Series:
        """Steps as days or times."""
        if self.precision == "d":
            return pl.Series(steps).cast(pl.Int32).cast(pl.Date)
        return (pl.Series(steps) * self._width).cast(pl.Datetime("us"))

    def _at(self, pieces: "_Pieces", ranks: np.ndarray) -> np.ndarray:
        """The steps at these shares of all, in order."""
        ordered, below, hours = pieces.in_order, pieces.below, self._season.below
        x = ranks * below[-1]
        place = pieces.guide.places(x)
        share = np.clip((x - below[place]) / ordered.weight[place], 0.0, np.nextafter(1.0, 0.0))
        hour = np.minimum(np.searchsorted(hours[1:], share, side="right"), 23)
        within = (share - hours[hour]) / np.where(hours[hour + 1] > hours[hour], hours[hour + 1] - hours[hour], 1.0)
        by_hour = hour * self._per_hour + np.clip((within * self._per_hour).astype(np.int64), 0, self._per_hour - 1)
        evenly = np.minimum((share * ordered.steps[place]).astype(np.int64), ordered.steps[place] - 1)
        return np.asarray(ordered.first[place] + np.where(ordered.whole[place], by_hour, evenly))

    def _drawn(self, pieces: "_Pieces", rows: Rows) -> np.ndarray:
        """Steps by weight: a piece, in a whole day an hour, and a step of it."""
        rng, n = rows.block.rng("values"), len(rows.units)
        if len(pieces.first) == 1 and not pieces.whole[0]:
            return rng.integers(pieces.first[0], pieces.first[0] + pieces.steps[0], n)
        place = pieces.guide.places(rng.random(n) * pieces.below[-1])
        pieces = pieces.in_order
        even, steps = pieces.steps, pieces.first[place]
        if pieces.whole.any():
            hour = self._season.guide.places(rng.random(n)) * self._per_hour
            steps += np.where(pieces.whole[place], hour, 0)
            even = np.where(pieces.whole, self._per_hour, even)
        if (even > 1).any():
            even = even[place]
            steps += np.minimum((rng.random(n) * even).astype(np.int64), even - 1)
        return steps

    def _numbered(self, pieces: "_Pieces", rows: Rows) -> np.ndarray:
        """Steps by the index of their row, every step once."""
        ends = np.cumsum(pieces.steps)
        number = distinct(rows, int(ends[-1]))
        place = Guide.over(ends).places(number)
        number -= (ends - pieces.steps)[place]
        days = np.flatnonzero(pieces.whole[place])
        hour, step = np.divmod(number[days], self._per_hour)
        number[days] = np.flatnonzero(self._season.hours)[hour] * self._per_hour + step
        return np.asarray(pieces.first[place] + number)

    @cached_property
    def _all(self) -> "_Pieces":
        return self._pieces(ANYTHING)

    def _pieces(self, allowed: Allowed) -> "_Pieces":
        """What the declaration and the condition both let through, cut where the weight changes."""
        first, last = self._spans(allowed)
        whole = np.zeros(len(first), dtype=bool)
        if self._even:
            return _Pieces(first, last - first + 1, np.array(last - first + 1, dtype=np.float64), whole)
        first, last = _cut(first, last, self._per_day)
        whole = np.full(len(first), bool(self.hours)) & (last - first + 1 == self._per_day)
        if self.hours:
            parts = _cut(first[~whole], last[~whole], self._per_hour)
            first, last = (
                np.concatenate([days[whole], hours]) for days, hours in zip((first, last), parts, strict=True)
            )
            whole = np.arange(len(first)) < whole.sum()
        steps = np.where(whole, np.count_nonzero(self._season.hours) * self._per_hour, last - first + 1)
        by_hour = self._season.hours[first // self._per_hour % 24] if self.hours else 1.0
        weight = self._season.days[first // self._per_day - self._ends[0] // self._per_day]
        weight = weight * np.where(whole, self._season.hours.sum() * self._per_hour, (last - first + 1) * by_hour)
        open_ = weight > 0
        return _Pieces(first[open_], steps[open_], weight[open_], whole[open_])

    def _spans(self, allowed: Allowed) -> tuple[np.ndarray, np.ndarray]:
        """The first and the last steps of the stretches that the condition lets through."""
        low, high = self._ends
        if allowed.low is not None:
            low = max(low, self._until(allowed.low) + 1 if allowed.low_open else self._from(allowed.low))
        if allowed.high is not None:
            high = min(high, self._from(allowed.high) - 1 if allowed.high_open else self._until(allowed.high))
        out = self._steps(allowed.excluded)
        if allowed.values is not None:
            values = np.array(sorted(self._steps(allowed.values) - out), dtype=np.int64)
            values = values[(values >= low) & (values <= high)]
            return values, values
        cuts = np.array(sorted(step for step in out if low <= step <= high), dtype=np.int64)
        first, last = np.concatenate([[low], cuts + 1]), np.concatenate([cuts - 1, [high]])
        return first[first <= last], last[first <= last]

    def _steps(self, moments: Sequence[date]) -> set[int]:
        """Those moments that are steps."""
        return {self._until(moment) for moment in moments if self._until(moment) == self._from(moment)}

    def _from(self, moment: date) -> int:
        """The first step that is not before the moment."""
        return -(-_microseconds(moment) // self._width)

    def _until(self, moment: date) -> int:
        """The last step that is not after the moment."""
        return _microseconds(moment) // self._width

    @property
    def by_hour(self) -> np.ndarray:
        """How much every hour weighs, from the first hour of the first day to the last of the last."""
        return np.outer(self._season.days, self._season.hours).ravel()

    @cached_property
    def _season(self) -> "_Season":
        return _Season(self._by_day(), _weights(self.hours, CYCLES["hours"]))

    def _by_day(self) -> np.ndarray:
        """The weight of every day from start to end."""
        first, last = (end // self._per_day for end in self._ends)
        days = np.arange(first, last + 1)
        weekday = (days + EPOCH.weekday()) % 7
        month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
        grown = np.log1p(self.trend) * (days - (first if self.trend < 0 else last)) / DAYS_IN_A_YEAR
        weights = _weights(self.weekdays, WEEKDAYS)[weekday] * _weights(self.months, CYCLES["months"])[month]
        return np.where(self._off(days, weekday), self.days_off, 1.0) * weights * np.exp(grown)

    def _off(self, days: np.ndarray, weekday: np.ndarray) -> np.ndarray:
        """Which of these days are days off."""
        weekend = (self.weekend or ("sat", "sun")) if self.business_days else ()
        dates = list(self.closed)
        if self.holidays is not None:
            dates += public_holidays(self.holidays, self.start.year, self.end.year)
        off = np.isin(weekday, [WEEKDAYS.index(day) for day in weekend])
        return np.asarray(off | np.isin(days, np.array(dates, dtype="datetime64[D]").astype(np.int64)))

    @property
    def _has_days_off(self) -> bool:
        return self.business_days or self.holidays is not None or bool(self.closed)

    @property
    def _even(self) -> bool:
        """Whether every step weighs the same."""
        return not (self.weekdays or self.months or self.hours or self.trend or self._has_days_off)

    @property
    def _ends(self) -> tuple[int, int]:
        return self._from(self.start), self._until(self.end)

    @property
    def _width(self) -> int:
        return MICROSECONDS[self.precision]

    @property
    def _per_day(self) -> int:
        return DAY // self._width

    @property
    def _per_hour(self) -> int:
        return max(self._per_day // 24, 1)


@dataclass(frozen=True, eq=False)
class _Season:
    """The weight of every day from the first to the last, and of every hour of a day."""

    days: np.ndarray
    hours: np.ndarray

    @cached_property
    def below(self) -> np.ndarray:
        """The share of a day before each hour, and 1."""
        return np.concatenate([[0.0], np.cumsum(self.hours)]) / self.hours.sum()

    @cached_property
    def guide(self) -> Guide:
        """Where to look for an hour by the share of the day before it."""
        return Guide.over(self.below[1:])


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Stretches of steps. The steps of one weigh the same, but in a `whole` day by their hour."""

    first: np.ndarray
    steps: np.ndarray
    """How many can be drawn."""
    weight: np.ndarray
    """Of all of them together."""
    whole: np.ndarray

    @cached_property
    def in_order(self) -> "_Pieces":
        """The same, the earliest first."""
        order = np.argsort(self.first)
        return _Pieces(self.first[order], self.steps[order], self.weight[order], self.whole[order])

    @cached_property
    def guide(self) -> Guide:
        """Where to look for a piece by the weight before it."""
        return Guide.over(self.below[1:])

    @cached_property
    def below(self) -> np.ndarray:
        """The weight before each piece in order, and of all."""
        return np.concatenate([[0.0], np.cumsum(self.in_order.weight)])


def _cut(first: np.ndarray, last: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The same stretches, cut wherever a multiple of `size` begins."""
    cells = last // size - first // size + 1
    of = np.repeat(np.arange(len(cells)), cells)
    cell = np.arange(len(of)) - (np.cumsum(cells) - cells)[of] + (first // size)[of]
    return np.maximum(first[of], cell * size), np.minimum(last[of], (cell + 1) * size - 1)


def _weights(written: Mapping[str, float], names: Sequence[str]) -> np.ndarray:
    """The weight of every name; 1 where it is not written."""
    weights = np.ones(len(names))
    for stretch, weight in written.items():
        weights[_places(stretch, names)] = weight
    return weights


def _places(stretch: str, names: Sequence[str]) -> list[int]:
    """The places a stretch such as `mon`, `mon-wed` or `sat-mon` names in its cycle."""
    first, _, last = stretch.partition("-")
    for name in (first, last or first):
        if name not in names:
            raise ValueError(f"there is no `{name}`. {did_you_mean(name, names, limit=24)}")
    begin, end = names.index(first), names.index(last or first)
    return [(begin + i) % len(names) for i in range((end - begin) % len(names) + 1)]


def _microseconds(moment: date) -> int:
    """Microseconds since 1970; a day begins at midnight."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return (moment - EPOCH) // timedelta(microseconds=1)
