"""Sessions: what follows what, and after how long, until the entity goes."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field, field_validator, model_validator

from synthesist.core import Context
from synthesist.errors import did_you_mean
from synthesist.samplers.columns.distribution import Declared, Distribution
from synthesist.samplers.columns.measured import Measured
from synthesist.samplers.columns.mixture import Part

__all__ = ["Sessions", "Steps"]

LONGEST = 1_000
END = "end"


class Steps(NamedTuple):
    """The events of sessions: in which session, of which type, how many seconds after its start; in no order."""

    session: np.ndarray
    type_: np.ndarray
    after: np.ndarray


class Sessions(Declared):
    """A Markov chain over types of event: each arrival begins a session at one of `first`, `next` says with what
    weights a type is followed by another or by `end`, and `think_seconds` how long that takes.

    Types without a `next` end the session. At most 1,000 events make a session.
    """

    first: dict[str, float] = Field(min_length=1, description="weights of the types that begin a session")
    next: dict[str, dict[str, float]] = Field(description="for each type the weights of what follows; `end` is the end")
    think_seconds: Annotated[Part, Field(discriminator="is_")] = Field(
        description="how long the next event takes, as in {is: lognormal, median: 20}"
    )

    @field_validator("think_seconds")
    @classmethod
    def _is_a_length(cls, think: Distribution) -> Distribution:
        bounds = getattr(think.kind, "bounds", None)
        if not isinstance(think, Measured) or bounds is None or (bounds.low is None or bounds.low < 0) or think.missing:
            raise ValueError("a time to think is a number of 0 or more, never missing: give `low: 0`")
        return think

    @model_validator(mode="after")
    def _leads_somewhere(self) -> "Sessions":
        for weights in (self.first, *self.next.values()):
            if not weights or min(weights.values()) < 0 or not 0 < sum(weights.values()) < np.inf:
                raise ValueError("weights are 0 or more, and one is more than 0")
        if END in self.first or END in self.next:
            raise ValueError("`end` is the end: nothing begins with it or follows it")
        for name in self.next:
            if name not in self.types:
                raise ValueError(f"nothing leads to `{name}`. {did_you_mean(name, self.types)}")
        return self

    @cached_property
    def types(self) -> tuple[str, ...]:
        """All types of event, in the order they are written."""
        follow = [name for weights in self.next.values() for name in weights if name != END]
        return tuple(dict.fromkeys([*self.first, *follow]))

    @cached_property
    def mean_events(self) -> float:
        """How many events a session has on average, as far as 1,000 steps say."""
        reached = self._row(self.first)[:-1]
        total = 0.0
        for _ in range(LONGEST):
            total += reached.sum()
            reached = reached @ self._chain[:, :-1]
            if reached.sum() < 1e-12:
                break
        return float(total)

    def walk(self, n: int, ctx: Context, draw: Any) -> Steps:
        """The events of n sessions; `draw(m, ctx)` gives m times to think."""
        ends = np.cumsum(self._chain, axis=1)
        state = _place(np.cumsum(self._row(self.first)), ctx.rng("first").random(n))
        session, after = np.arange(n), np.zeros(n)
        every = [Steps(session, state, after)]
        for step in range(LONGEST - 1):
            here = ctx.at("step", step)
            state = (here.rng("next").random(len(state))[:, None] >= ends[state][:, :-1]).sum(axis=1)
            on = state < len(self.types)
            state, session = state[on], session[on]
            if not len(state):
                break
            after = after[on] + draw(len(state), here.at("think"))
            every.append(Steps(session, state, after))
        return Steps(*(np.concatenate(parts) for parts in zip(*every, strict=True)))

    @cached_property
    def _chain(self) -> np.ndarray:
        """P[type, next type or end]."""
        return np.array([self._row(self.next.get(name, {END: 1.0})) for name in self.types])

    def _row(self, weights: Mapping[str, float]) -> np.ndarray:
        row = np.array([weights.get(name, 0.0) for name in (*self.types, END)])
        return row / row.sum()


def _place(edges: np.ndarray, u: np.ndarray) -> np.ndarray:
    return np.searchsorted(edges[:-1], u * edges[-1], side="right")
