"""Streams of events: who did what when."""

from datetime import date, datetime
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from pydantic import field_validator, model_validator

from synthesist.core import Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Bounds, Categories, Category, Integer, Kind, Moment, Number
from synthesist.data.schema import Link, Schema, TableSchema
from synthesist.errors import SpecError, did_you_mean
from synthesist.rules.formula import Formula
from synthesist.samplers._entities import KEYED, counted, in_order, key_of, read, reference, refuse_unique
from synthesist.samplers._lives import Lives, Period
from synthesist.samplers.columns import Columns
from synthesist.samplers.columns.declaration import AnyDistribution
from synthesist.samplers.columns.distribution import Rows
from synthesist.samplers.events.arrivals import Arrivals, Poisson
from synthesist.samplers.events.attributes import Attributes
from synthesist.samplers.events.intensity import Burst, Intensity, Profile
from synthesist.samplers.events.sessions import Sessions

__all__ = ["Events"]

SHOP: dict[str, Any] = {
    "first": {"home": 1},
    "next": {"home": {"search": 2, "end": 1}, "search": {"home": 1, "end": 2}},
    "think_seconds": {"is": "lognormal", "median": 20},
}
SOLD = {"types": {"view": 0.9, "buy": 0.1}}
SEGMENTS = {"id": {"is": "keys"}, "weight": {"is": "gamma"}}
EVENTS_IN_A_BLOCK = 200_000
ENTITIES_IN_A_BLOCK = 65_536


class Events(Spec):
    """Streams of events of many entities: who did what when, as in a shop, a machine park, a market.

    A unit is an entity with all its events: a row of the first table, and those of the second that hold its key.
    Events come independently (`poisson`) or call forth others (`hawkes`), more often at the hours, days and months
    that the `profile` names, in `bursts`, and for entities whose `activity` is higher. Each is an event of a type, or
    begins a session that walks from type to type. Written as a page:

        kind: events
        start: 2024-01-01
        end: 2024-12-31
        entity: customers
        entities: {id: {is: keys}, segment: {is: categorical, values: [plain, vip], weights: [9, 1]}}
        activity: "5 if segment == 'vip' else 1"
        arrivals: {is: poisson, per_day: 0.1}
        profile: {hours: {22-6: 0.1, 18-21: 3}, weekdays: {sat-sun: 1.5}, trend: 0.2}
        bursts: [{start: 2024-11-29, hours: 24, factor: 6}]
        present: 0.5
        leaving_per_year: 0.3
        sessions:
          first: {home: 3, search: 1}
          next:
            home: {search: 5, product: 2, end: 3}
            search: {product: 6, end: 4}
            product: {search: 2, buy: 1, end: 7}
          think_seconds: {is: lognormal, median: 25}
        by_type:
          buy: {amount: {is: lognormal, median: 30, decimals: 2}}

    Events stand in the order of their entity, then of time; `number` counts them. The mean number of arrivals is
    `per_day` times the activity times the days an entity is there, whatever the profile; bursts and branching aside.

    When not to use: where streams of entities influence each other; for the log of a web server (`server_logs`).

    Reference: Daley and Vere-Jones, An Introduction to the Theory of Point Processes I, 2003, doi:10.1007/b97277.
    """

    start: date | datetime = knob(
        date(2024, 1, 1), "when it begins, as in 2024-01-01", tries=("2024-01-01", "2024-02-01T12:00")
    )
    end: date | datetime = knob(
        date(2024, 12, 31), "the last day, or the moment when it ends", tries=("2024-12-31", "2025-01-31")
    )
    entity: str = knob("entities", "name of the table of entities", tries=("entities", "users"), min_length=1)
    entities: dict[str, AnyDistribution] = knob(
        KEYED, "columns of the entities, one of them keys", tries=(KEYED, SEGMENTS), validate_default=True
    )
    table: str = knob("events", "name of the table of events", tries=("events", "clicks"), min_length=1)
    by: str = knob("entity", "name of the column that says whose event it is", tries=("entity", "user"), min_length=1)
    arrivals: Arrivals = knob(
        Poisson(per_day=1.0),
        "how events come, or begin sessions",
        tries=({"is": "poisson"}, {"is": "hawkes", "branching": 0.8}),
    )
    profile: Profile = knob(Profile(), "when they come more often", tries=({}, {"hours": {"22-6": 0}}))
    bursts: tuple[Burst, ...] = knob((), "windows with more of them", tries=((), ({"start": "2024-05-01"},)))
    activity: str | None = knob(
        None,
        "how many times as many events an entity has: a formula over its columns",
        tries=(None, "weight"),
        beside={"entities": SEGMENTS},
    )
    present: float = knob(1.0, "share of the entities that are there from the start", tries=(1.0, 0.2), ge=0, le=1)
    leaving_per_year: float = knob(0.0, "rate at which entities leave for good", tries=(0.0, 2.0), ge=0, le=1e6)
    types: dict[str, float] = knob({}, "types of event and how often each is", tries=({}, {"view": 9, "buy": 1}))
    sessions: Sessions | None = knob(None, "walks from type to type, in place of `types`", tries=(None, SHOP))
    columns: dict[str, AnyDistribution] = knob({}, "columns of every event", tries=({}, {"x": {"is": "normal"}}))
    by_type: dict[str, dict[str, AnyDistribution]] = knob(
        {},
        "columns that events of one type have, empty in others",
        tries=({}, {"buy": {"amount": {"is": "gamma"}}}),
        beside=SOLD,
    )

    @field_validator("entities", "columns", mode="before")
    @classmethod
    def _every_fault_at_once(cls, written: Any) -> Any:
        return read(written)

    @model_validator(mode="after")
    def _can_be_drawn(self) -> "Events":
        key_of(self.entities)
        for columns in (self.columns, *self.by_type.values()):
            refuse_unique(columns)
        try:
            self._intensity, self._own, self._rate, self._kinds  # noqa: B018  (each reads its part of the page)
        except SpecError as error:
            raise ValueError(str(error)) from None
        return self

    @property
    def block(self) -> int:
        """How many entities are drawn at once."""
        each = self.arrivals.per_day * self._period.seconds / 86_400.0
        each *= self.sessions.mean_events if self.sessions else 1.0
        return int(np.clip(EVENTS_IN_A_BLOCK / max(each, 1e-9), 1, ENTITIES_IN_A_BLOCK))

    @property
    def schema(self) -> Schema:  # type: ignore[override]  # pydantic's own is deprecated
        """The entities, with when they joined and left, and their events."""
        key, missing = key_of(self.entities), {"missing": True}
        lives = {"joined_at": Moment(precision="s"), "left_at": Moment(precision="s", **missing)}
        entities = TableSchema(columns={**self._own.schema.table.columns, **lives}, key=(key,))
        link = Link(columns=(self.by,), table=self.entity, to=(key,))
        events = TableSchema(columns=self._kinds, key=(self.by, "number"), links=(link,))
        return Schema(tables={self.entity: entities, self.table: events}, unit=self.entity)

    def sample(self, n: int, ctx: Context) -> Dataset:
        """Entities `ctx.start` to `ctx.start + n` with all their events."""
        entities = self._own.sample(n, ctx).table
        here = ctx.at(self.table)
        lives = Lives.draw(n, self._period, self.present, self.leaving_per_year, here)
        who, when = self.arrivals.draw(lives, self._activity(entities), self._intensity, here)
        who, when, session, kind = self._walked(who, when, lives, here)
        order = in_order(who, when)
        who, when, session = who[order], when[order], session[order]
        events = {self.by: entities[key_of(self.entities)].gather(who), "number": pl.Series(counted(who))}
        events["at"] = self._period.moments(when)
        if self.sessions:
            events["session"] = pl.Series(_renumbered(who, session))
        kind = kind[order]
        if self._types:
            events["type"] = pl.Series(self._types, dtype=pl.String).gather(kind)
        events |= self._attributes.draw(len(who), kind, here)
        left = np.where(lives.left < self._period.seconds, lives.left, np.nan)
        lived = {"joined_at": self._seconds(lives.joined), "left_at": self._seconds(left)}
        tables = {self.entity: entities.with_columns(**lived), self.table: pl.DataFrame(events)}
        return Dataset(tables, self.schema)

    def _walked(
        self, who: np.ndarray, when: np.ndarray, lives: Lives, ctx: Context
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Whose each event is, when, in which session and of which type, by numbers; arrivals have begun sessions."""
        session = np.arange(len(who))
        if self.sessions is None:
            kind = ctx.rng("type").choice(len(self._types), len(who), p=self._weights) if self._types else session
            return who, when, session, kind
        think = self.sessions.think_seconds
        steps = self.sessions.walk(len(who), ctx, lambda m, at: think.draw(Rows(np.arange(m), at, at)).to_numpy())
        who, when = who[steps.session], when[steps.session] + steps.after
        there = when < np.minimum(lives.left, self._period.seconds)[who]
        return who[there], when[there], steps.session[there], steps.type_[there]

    def _activity(self, entities: pl.DataFrame) -> np.ndarray:
        """How many times as many events each entity has; where the formula gives none, or less than 0, none."""
        if self._rate is None:
            return np.ones(entities.height)
        rate = self._rate.compute(entities, Number(missing=True)).fill_null(0.0).to_numpy()
        return np.maximum(rate, 0.0)

    def _seconds(self, seconds: np.ndarray) -> pl.Series:
        return self._period.moments(seconds, 1_000_000)

    @cached_property
    def _period(self) -> Period:
        return Period.of(self.start, self.end)

    @cached_property
    def _intensity(self) -> Intensity:
        return Intensity.of(self._period, self.profile, self.bursts)

    @cached_property
    def _own(self) -> Columns:
        """The entities."""
        return Columns(table=self.entity, columns=self.entities)

    @cached_property
    def _rate(self) -> Formula | None:
        if self.activity is None:
            return None
        formula, kinds = Formula.read(self.activity), self._own.schema.table.columns
        if unknown := sorted(formula.names - set(kinds)):
            raise ValueError(f"activity: no column `{unknown[0]}`. {did_you_mean(unknown[0], kinds)}")
        if not isinstance(formula.kind(kinds), Number | Integer):
            raise ValueError(f"activity: `{self.activity}` gives no number")
        return formula

    @cached_property
    def _attributes(self) -> Attributes:
        return Attributes.of(self.columns, self.by_type, self._types)

    @property
    def _types(self) -> tuple[str, ...]:
        return self.sessions.types if self.sessions else tuple(self.types)

    @property
    def _weights(self) -> np.ndarray:
        weights = np.array(list(self.types.values()))
        return weights / weights.sum()

    @cached_property
    def _kinds(self) -> dict[str, Kind]:
        """The kinds of the columns of events."""
        kinds: dict[str, Kind] = {self.by: reference(self._own.schema.table[key_of(self.entities)])}
        kinds |= {"number": Integer(bounds=Bounds(low=1)), "at": Moment(precision="us")}
        if self.sessions:
            kinds["session"] = Integer(bounds=Bounds(low=1))
        if self._types:
            kinds["type"] = Category(values=Categories(items=self._types))
        if self.sessions and self.types:
            raise ValueError("give `types` or `sessions`, which have types of their own")
        if self.types and not (min(self.types.values()) >= 0 and 0 < sum(self.types.values()) < np.inf):
            raise ValueError("types: weights are 0 or more, and one is more than 0")
        return kinds | self._attributes.kinds(kinds)


def _renumbered(who: np.ndarray, session: np.ndarray) -> np.ndarray:
    """Sessions counted 1, 2, 3 ... for each entity, in the order in which they begin."""
    _, first, which = np.unique(session, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    number = np.empty(len(first), dtype=np.int64)
    number[order] = counted(who[first[order]])
    return number[which]
