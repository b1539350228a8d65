"""When events come: independently of each other, or one calling forth others."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from synthesist.core import Context
from synthesist.samplers._lives import Lives
from synthesist.samplers.columns.distribution import Declared
from synthesist.samplers.events.intensity import Intensity

__all__ = ["Arrivals", "Hawkes", "Poisson"]

DAY = 86_400.0


class Poisson(Declared):
    """Events that come independently of each other, `per_day` for each entity on average, more often where the
    profile says so.

    Given their number, the times of a Poisson process are independent draws from its intensity: they are drawn by the
    inverse of its integral, exactly and without thinning (Çınlar, Introduction to Stochastic Processes, 1975).
    """

    is_: Literal["poisson"] = Field(default="poisson", alias="is")
    per_day: float = Field(default=1.0, gt=0, le=1e7, description="events of an entity in a day, on average")

    def draw(
        self, lives: Lives, activity: np.ndarray, intensity: Intensity, ctx: Context
    ) -> tuple[np.ndarray, np.ndarray]:
        """Whose event each is, and its time in seconds; in no order."""
        return _independent(lives, activity * (self.per_day / DAY), intensity, ctx)


class Hawkes(Declared):
    """Events of which each calls forth others, `branching` of them on average, after `delay_seconds` on average: posts
    and answers, aftershocks, orders in a market.

    The intensity is mu(t) + sum over earlier events of branching / delay * exp(-(t - t_i) / delay). It is drawn as what
    it is, a forest: first those that come by themselves, then generation by generation. `per_day` counts all of them,
    in the long run: a stream begins without a past.

    Reference: Hawkes and Oakes, A cluster process representation of a self-exciting process, Journal of Applied
    Probability 11(3), 1974, doi:10.2307/3212693.
    """

    is_: Literal["hawkes"] = Field(default="hawkes", alias="is")
    per_day: float = Field(default=1.0, gt=0, le=1e7, description="events of an entity in a day, on average")
    branching: float = Field(default=0.5, ge=0, le=0.99, description="events that one calls forth itself, on average")
    delay_seconds: float = Field(default=3600.0, gt=0, description="mean delay of an event called forth")

    def draw(
        self, lives: Lives, activity: np.ndarray, intensity: Intensity, ctx: Context
    ) -> tuple[np.ndarray, np.ndarray]:
        """Whose event each is, and its time in seconds; in no order."""
        alone = self.per_day / DAY * (1 - self.branching)
        who, when = _independent(lives, activity * alone, intensity, ctx)
        return self.called_forth(who, when, np.minimum(lives.left, intensity.edges[-1]), ctx)

    def called_forth(
        self, who: np.ndarray, when: np.ndarray, end: np.ndarray, ctx: Context
    ) -> tuple[np.ndarray, np.ndarray]:
        """Events that came by themselves, and all that they call forth, until the `end` of each entity."""
        every, generation = [(who, when)], 0
        while len(who):
            rng = ctx.at("generation", generation).rng("children")
            parent = np.repeat(np.arange(len(who)), rng.poisson(self.branching, len(who)))
            who, when = who[parent], when[parent] + rng.standard_exponential(len(parent)) * self.delay_seconds
            there = when < end[who]
            who, when = who[there], when[there]
            every.append((who, when))
            generation += 1
        return np.concatenate([part[0] for part in every]), np.concatenate([part[1] for part in every])


Arrivals = Annotated[Poisson | Hawkes, Field(discriminator="is_")]


def _independent(lives: Lives, rate: np.ndarray, intensity: Intensity, ctx: Context) -> tuple[np.ndarray, np.ndarray]:
    """A Poisson process of each entity, from when it joined until it left, at `rate` times the intensity."""
    rng = ctx.rng("arrivals")
    first, last = intensity.before(lives.joined), intensity.before(lives.left)
    who = np.repeat(np.arange(len(rate)), rng.poisson(rate * (last - first)))
    return who, intensity.when(first[who] + rng.random(len(who)) * (last - first)[who])
