"""A load on a system under test: how many events a second, and when each of them comes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from math import inf
from typing import Any, Literal

import numpy as np
from pydantic import Field, ValidationError, field_validator, model_validator

from synthesist.core import Context
from synthesist.data.schema import faults
from synthesist.errors import SpecError
from synthesist.samplers._lives import Period
from synthesist.samplers.columns.distribution import Declared
from synthesist.samplers.events.arrivals import Hawkes
from synthesist.samplers.events.intensity import HOUR, Profile

__all__ = ["Load", "Stage"]

AT_ONCE = 4_096  # events drawn at once
CURVE = timedelta(days=366)  # how long a curve is followed, where the stages have no end
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0}
FORM = re.compile(
    r"\s*(?P<rate>[\d.]+?)(?:\s*(?:\.\.|->)\s*(?P<to>[\d.]+))?\s*(?:/\s*(?P<per>s|min|m|h|d))?"
    r"(?:\s*(?:for|over)\s*(?P<seconds>[\d.]+)\s*(?P<unit>ms|s|min|m|h|d))?\s*"
)


class Stage(Declared):
    """A stretch of time in which the rate stays, or goes evenly from one to another."""

    rate: float = Field(ge=0, le=1e7, description="events a second, at the beginning")
    to: float | None = Field(default=None, ge=0, le=1e7, description="events a second at the end; none: as before")
    seconds: float | None = Field(default=None, gt=0, le=1e9, description="how long; only the last may go on for ever")


class Load(Declared):
    """When events reach a system under test: a rate that stays, climbs, jumps or follows the day, and chance around it.

    As a text, `Load.read("50/s")`, `Load.read("0..200/s over 2m, 200/s for 10m, 1000/s for 10s, 200/s")`; or as a page:

        stages: [{rate: 0, to: 200, seconds: 120}, {rate: 200}]
        arrivals: poisson              # or even, or bursts: hawkes
        start: 2024-11-29T08:00        # the time of the first moment, which a curve needs
        curve: {hours: {22-6: 0.1, 18-21: 3}, weekdays: {sat-sun: 0.5}}

    The rate of a stage is that of the mean hour of its curve. Poisson arrivals are those of a process with this rate;
    `hawkes` events call forth others, `branching` of them on average, so that they come in bursts of the same rate.
    """

    stages: tuple[Stage, ...] = Field(min_length=1, description="one after the other")
    arrivals: Literal["even", "poisson", "hawkes"] = Field(default="poisson", description="how much is left to chance")
    branching: float = Field(default=0.5, ge=0, le=0.99, description="of hawkes: events that one calls forth itself")
    delay_seconds: float = Field(default=1.0, gt=0, description="of hawkes: mean delay of an event called forth")
    start: datetime = Field(default=datetime(2024, 1, 1), description="the time of the first moment")
    curve: Profile | None = Field(default=None, description="weights of hours, weekdays, months, days off")

    @classmethod
    def read(cls, text: str, **more: Any) -> "Load":
        """A load from its text, as in `50/s`, `3000/h for 2h`, `0..200/s over 2m, 200/s`; `more` are its options.

        Raises:
            SpecError: it cannot be read.
        """
        stages = []
        for part in text.split(","):
            if not (found := FORM.fullmatch(part)):
                raise SpecError(
                    f"Cannot read the rate {part.strip()!r}: write as in `50/s`, `0..200/s over 2m`, `200/s for 10m`."
                )
            per = SECONDS[found["per"] or "s"]
            seconds = float(found["seconds"]) * SECONDS[found["unit"]] if found["seconds"] else None
            to = float(found["to"]) / per if found["to"] else None
            stages.append({"rate": float(found["rate"]) / per, "to": to, "seconds": seconds})
        try:
            return cls.model_validate({"stages": stages, **more})
        except ValidationError as error:
            raise SpecError(f"The rate {text!r} has {faults(error)}") from None

    @field_validator("start")
    @classmethod
    def _without_zone(cls, start: datetime) -> datetime:
        if start.tzinfo is not None:
            raise ValueError("times are drawn without a zone: leave it out")
        return start

    @model_validator(mode="after")
    def _has_an_end(self) -> "Load":
        for stage in self.stages[:-1]:
            if stage.seconds is None:
                raise ValueError("only the last stage may go on for ever: say how long the others take")
        if self.stages[-1].to is not None and self.stages[-1].seconds is None:
            raise ValueError("a rate that changes needs a time to do so: say how long the last stage takes")
        if self.stages[-1].seconds is None and not self.stages[-1].rate:
            raise ValueError("the last stage is a rate of 0 for ever: leave it out")
        if not self._rate.total > 0:
            raise ValueError("nothing ever comes: all rates are 0")
        return self

    @property
    def seconds(self) -> float:
        """How long it lasts; infinite where the last stage goes on."""
        return sum(inf if stage.seconds is None else stage.seconds for stage in self.stages)

    @property
    def expected(self) -> float:
        """How many events are to be expected in all."""
        return inf if self.seconds == inf else self._rate.total

    def rate(self, seconds: np.ndarray) -> np.ndarray:
        """Events a second at each time."""
        return self._rate.at(np.asarray(seconds, dtype=np.float64))

    def times(self, ctx: Context) -> Iterator[np.ndarray]:
        """The times of all events in seconds since the start, in order, some thousands at once.

        Event 17 is the same however many are taken. They end where the load does.
        """
        if self.arrivals != "hawkes":
            yield from self._alone(ctx.at("load"), 1.0)
            return
        law = Hawkes(branching=self.branching, delay_seconds=self.delay_seconds)
        waiting = np.zeros(0)
        for number, first in enumerate(self._alone(ctx.at("load"), 1.0 - self.branching)):
            who = np.arange(len(first))
            end = np.full(len(first), self.seconds)
            _, when = law.called_forth(who, first, end, ctx.at("load", "block", number))
            waiting = np.sort(np.concatenate([waiting, when]))
            ready = np.searchsorted(waiting, first[-1])  # what comes by itself later comes after this
            yield waiting[:ready]
            waiting = waiting[ready:]
        yield waiting

    def _alone(self, ctx: Context, share: float) -> Iterator[np.ndarray]:
        """A share of the rate as events that know nothing of each other."""
        mass, number = 0.0, 0
        while mass < self.expected:
            if self.arrivals == "even":
                upto = number * AT_ONCE + np.arange(AT_ONCE) + 0.5
            else:
                gaps = ctx.at("block", number).rng("gaps").standard_exponential(AT_ONCE)
                upto = mass + np.cumsum(gaps) / share
            upto = upto[upto < self.expected]
            if not len(upto):
                return
            yield self._rate.when(upto)
            mass, number = float(upto[-1]), number + 1
            if len(upto) < AT_ONCE:
                return

    @cached_property
    def _rate(self) -> "_Rate":
        return _Rate.of(self)

    # ----------------------------------------------------------------------- for load tools

    def k6(self, step_seconds: float = 60.0) -> dict[str, Any]:
        """A scenario of k6 that follows this load: its executor `ramping-arrival-rate`, in stages.

        Args:
            step_seconds: how finely a curve is followed.

        Raises:
            SpecError: the load has no end.
        """
        edges = self._edges(step_seconds)
        rates = self._sides(edges)
        scale = 60 if max(max(pair) for pair in rates) < 10 else 1  # targets are whole numbers
        stages: list[dict[str, Any]] = []
        for (first, last), begin, end in zip(rates, edges[:-1], edges[1:], strict=True):
            if (target := round(first * scale)) != (stages[-1]["target"] if stages else target):
                stages.append({"duration": "0s", "target": target})
            stages.append({"duration": f"{(end - begin):g}s", "target": round(last * scale)})
        return {
            "executor": "ramping-arrival-rate",
            "startRate": round(rates[0][0] * scale),
            "timeUnit": "1m" if scale == 60 else "1s",
            "preAllocatedVUs": max(round(max(max(pair) for pair in rates)), 1),
            "stages": stages,
        }

    def locust(self, seconds_each: float = 1.0, step_seconds: float = 60.0) -> list[dict[str, float]]:
        """The stages of a `LoadTestShape` of Locust: by `duration` seconds after the start so many `users` are there.

        Args:
            seconds_each: how long a user takes for one event, waiting included: rate times this is users (Little).
            step_seconds: how finely a rate that changes is followed.

        Raises:
            SpecError: the load has no end.
        """
        edges = self._edges(step_seconds, ramps=True)
        out: list[dict[str, float]] = []
        for begin, end in pairwise(edges):
            users = round(float(self.rate(np.array([(begin + end) / 2]))[0]) * seconds_each)
            before = out[-1]["users"] if out else 0
            out.append({"duration": float(end), "users": users, "spawn_rate": max(abs(users - before), 1)})
        return out

    def _edges(self, step_seconds: float, ramps: bool = False) -> list[float]:
        if self.seconds == inf:
            raise SpecError("This load has no end: say how long its last stage takes, as in `200/s for 10m`.")
        ends = np.cumsum([0.0, *(stage.seconds for stage in self.stages if stage.seconds is not None)])
        fine = np.arange(0.0, self.seconds, step_seconds) if ramps or self.curve else np.zeros(0)
        return [float(edge) for edge in np.unique(np.concatenate([ends, fine]))]

    def _sides(self, edges: list[float]) -> list[tuple[float, float]]:
        """The rate just behind the beginning of each step, and just before its end."""
        near = 1e-9  # of a step: where two stages meet, the rate may jump
        inside = [(a + (b - a) * near, b - (b - a) * near) for a, b in pairwise(edges)]
        return [(float(first), float(last)) for first, last in (self.rate(np.array(pair)) for pair in inside)]


@dataclass(frozen=True, eq=False)
class _Rate:
    """A rate that is linear between edges, and stays what it is behind the last one.

    `edges[k]` in seconds, `first[k]` and `last[k]` the rates at the ends of piece k, `mass[k]` the events before it.
    """

    edges: np.ndarray
    first: np.ndarray
    last: np.ndarray
    mass: np.ndarray

    @classmethod
    def of(cls, load: "Load") -> "_Rate":
        ends = [0.0]
        for stage in load.stages:
            ends.append(ends[-1] + (CURVE.total_seconds() if stage.seconds is None else stage.seconds))
        edges, weights = np.array(ends), np.ones(1)
        if load.curve is not None:
            period = Period(load.start, load.start + timedelta(seconds=min(ends[-1], CURVE.total_seconds())))
            weights = load.curve.by_hour(period)
            weights = weights / weights.mean()
            begin = (datetime(load.start.year, load.start.month, load.start.day) - load.start).total_seconds()
            hours = begin + HOUR * np.arange(len(weights) + 1)
            edges = np.unique(np.concatenate([edges, hours[(hours > 0) & (hours < ends[-1])]]))
            place = ((edges[1:] + edges[:-1]) / 2 - begin) // HOUR
            weights = weights[np.clip(place.astype(np.int64), 0, len(weights) - 1)]
        which = np.searchsorted(ends, (edges[1:] + edges[:-1]) / 2, side="right") - 1
        begins = np.array([stage.rate for stage in load.stages])
        rises = np.array([(stage.rate if stage.to is None else stage.to) - stage.rate for stage in load.stages])
        lengths = np.diff(ends)

        def at(seconds: np.ndarray) -> np.ndarray:
            return (begins[which] + rises[which] * (seconds - np.array(ends)[which]) / lengths[which]) * weights

        first, last = at(edges[:-1]), at(edges[1:])
        return cls(edges, first, last, np.concatenate([[0.0], np.cumsum((first + last) / 2 * np.diff(edges))]))

    @property
    def total(self) -> float:
        """How many events there are to the last edge."""
        return float(self.mass[-1])

    def at(self, seconds: np.ndarray) -> np.ndarray:
        """The rate at each time."""
        k = np.clip(np.searchsorted(self.edges, seconds, side="right") - 1, 0, len(self.first) - 1)
        share = (seconds - self.edges[k]) / (self.edges[k + 1] - self.edges[k])
        return np.asarray(self.first[k] + (self.last[k] - self.first[k]) * np.minimum(share, 1.0))

    def when(self, mass: np.ndarray) -> np.ndarray:
        """The time by which so many events are to be expected."""
        k = np.clip(np.searchsorted(self.mass, mass, side="right") - 1, 0, len(self.first) - 1)
        more, first = mass - self.mass[k], self.first[k]
        slope = (self.last[k] - first) / (self.edges[k + 1] - self.edges[k])
        slope = np.where(mass > self.mass[-1], 0.0, slope)
        first = np.where(mass > self.mass[-1], self.last[k], first)
        more = np.where(mass > self.mass[-1], mass - self.mass[-1], more)
        begin = np.where(mass > self.mass[-1], self.edges[-1], self.edges[k])
        root = np.sqrt(np.maximum(first**2 + 2 * slope * more, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            after = np.where(more > 0, 2 * more / (first + root), 0.0)
        return np.asarray(begin + after)
