"""What an entity is drawn from: lists of things of which one is taken, each thing with all that is known of it.

Within one world (a locale and a sex, say) the factors of an entity are independent of each other. So a condition on
several parts cuts the weights of each factor by itself, and those of the worlds by what is left of their factors:
exactly, and nothing is drawn in vain.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, cast

import numpy as np
import polars as pl

from synthesist.codecs.guide import Guide
from synthesist.core import Allowed

__all__ = ["Cut", "Factor", "Held", "Pool", "World"]

T = TypeVar("T")
Limits = tuple[tuple[str, Allowed], ...]


@dataclass(frozen=True, eq=False)
class Factor:
    """Things, how often each is drawn, and the parts of an entity that each settles: one cell a thing."""

    weights: np.ndarray
    parts: Mapping[str, pl.Series]

    @classmethod
    def of(cls, table: pl.DataFrame, weight: str = "weight") -> "Factor":
        """A row a thing; without a column of weights each is as likely as any other."""
        if weight not in table.columns:
            return cls(np.full(table.height, 1.0 / table.height), table.to_dict())
        weights = table[weight].cast(pl.Float64).to_numpy()
        return cls(weights / weights.sum(), table.drop(weight).to_dict())


@dataclass(frozen=True, eq=False)
class World:
    """What goes together without exception, how often it is drawn, and what is drawn within it."""

    weight: float
    fixed: Mapping[str, Any]
    factors: Mapping[str, Factor]


class Pool:
    """The factors of one name over all worlds, laid end to end: one number says which thing of which factor."""

    def __init__(self, worlds: Sequence[World], name: str) -> None:
        distinct = {id(world.factors[name]): world.factors[name] for world in worlds}
        place = {key: number for number, key in enumerate(distinct)}
        self.factors = tuple(distinct.values())
        self.of_world = np.array([place[id(world.factors[name])] for world in worlds])
        self.ends = np.cumsum([len(factor.weights) for factor in self.factors])
        self.weights = np.concatenate([factor.weights for factor in self.factors])
        self._parts: dict[str, pl.Series] = {}
        self._cuts: dict[Limits, Cut] = {}
        self._worked: dict[str, Any] = {}

    def once(self, name: str, work: "Callable[[Pool], T]") -> T:
        """What is worked out from the pool, the first time it is asked for."""
        if name not in self._worked:
            self._worked[name] = work(self)
        return cast(T, self._worked[name])

    def part(self, name: str) -> pl.Series:
        """One cell for each thing of the pool."""
        if name not in self._parts:
            self._parts[name] = pl.concat([factor.parts[name] for factor in self.factors], rechunk=True).alias(name)
        return self._parts[name]

    def cut(self, limits: Mapping[str, Allowed]) -> "Cut":
        """The pool with the things only whose parts are allowed."""
        key = tuple(sorted(limits.items(), key=lambda item: item[0]))
        if key not in self._cuts:
            weights = self.weights
            for name, limit in key:
                weights = weights * limit.mask(self.part(name)).to_numpy()
            self._cuts[key] = Cut(self, weights)
        return self._cuts[key]


@dataclass(frozen=True, eq=False)
class Cut:
    """The weights that are left of a pool."""

    pool: Pool
    weights: np.ndarray

    @cached_property
    def edges(self) -> np.ndarray:
        """Cumulated weights over the whole pool."""
        return np.cumsum(self.weights)

    @cached_property
    def begins(self) -> np.ndarray:
        """The cumulated weight at which each factor begins."""
        return np.concatenate([[0.0], self.edges[self.pool.ends[:-1] - 1]])

    @cached_property
    def left(self) -> np.ndarray:
        """How much is left of each factor: 1 where nothing is cut."""
        return np.asarray(self.edges[self.pool.ends - 1] - self.begins)

    @cached_property
    def _guide(self) -> Guide:
        return Guide.over(self.edges, most=2**18)

    def draw(self, u: np.ndarray, factor: np.ndarray) -> np.ndarray:
        """A thing of factor[row] at the quantile u[row]; what is left of that factor is not nothing."""
        if len(self.left) == 1:
            return self._guide.places(u * self.edges[-1])
        ends = np.nextafter(self.begins + self.left, -np.inf)  # so that no rounding leads into the next factor
        return self._guide.places(np.minimum(self.begins[factor] + u * self.left[factor], ends[factor]))

    def held(self, given: pl.DataFrame) -> "Held":
        """Which things of each factor have the cells that are given, row by row."""
        names, n, factors = given.columns, given.height, len(self.pool.factors)
        number = np.repeat(np.arange(factors), np.diff(self.pool.ends, prepend=0))
        things = pl.DataFrame({name: self.pool.part(name) for name in names}).with_columns(
            pl.Series("*factor", number), pl.Series("*weight", self.weights)
        )
        things = things.with_row_index("*thing").filter(pl.col("*weight") > 0).sort(*names, "*factor", "*thing")
        things = things.with_columns(pl.col("*weight").cum_sum().alias("*edge"))
        groups = things.group_by(*names, "*factor", maintain_order=True).agg(
            pl.col("*weight").sum().alias("*mass"), pl.col("*edge").last()
        )
        cast = given.select(pl.col(name).cast(self.pool.part(name).dtype, strict=False) for name in names)
        found = cast.with_row_index("*row").join(groups, on=names)
        mass, begin = np.zeros((n, factors)), np.zeros((n, factors))
        at = found["*row"].to_numpy(), found["*factor"].to_numpy()
        mass[at] = found["*mass"].to_numpy()
        begin[at] = (found["*edge"] - found["*mass"]).to_numpy()
        return Held(things["*thing"].to_numpy(), things["*edge"].to_numpy(), begin, mass)


@dataclass(frozen=True, eq=False)
class Held:
    """The things that fit what is given: begin[row, factor] and mass[row, factor] in the cumulated weights."""

    things: np.ndarray
    edges: np.ndarray
    begin: np.ndarray
    mass: np.ndarray

    def draw(self, u: np.ndarray, factor: np.ndarray) -> np.ndarray:
        """A thing of factor[row] that fits, at the quantile u[row]."""
        rows = np.arange(len(u))
        begin, mass = self.begin[rows, factor], self.mass[rows, factor]
        middle = 1e-6 + (1.0 - 2e-6) * u  # clear of the rounding of sums on either side
        return self.things[
            np.minimum(np.searchsorted(self.edges, begin + middle * mass, side="right"), len(self.things) - 1)
        ]
