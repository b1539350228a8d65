"""An entity: a person, a place, a company ..., whose parts go together in every row.

A provider says which worlds there are and which factors each has; this draws from them under conditions and given
cells, and hands the things drawn to the parts that are made of others, as an e-mail address is made of a name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from synthesist.core import Allowed, Context
from synthesist.data.kinds import Categories, Category, Kind, Text
from synthesist.errors import ConditionError, NotFoundError, did_you_mean
from synthesist.providers.factor import Cut, Held, Pool, World

__all__ = ["Asked", "Drawn", "Entity", "Part"]

LISTED = 200  # more values than this nobody reads in a schema


@dataclass(frozen=True)
class Part:
    """One part of an entity: its kind of column, what it is, and the factor it hangs on.

    `of` is "world" where all of a world have the same, and empty where the part is made of others.
    """

    meaning: str
    of: str = ""
    kind: Kind = field(default_factory=Text)

    @property
    def exact(self) -> bool:
        """Whether conditions cut its weights, and given cells move the rest of the entity."""
        return bool(self.of)


@dataclass(frozen=True)
class Asked:
    """What is asked of an entity: of which rows, which cells are allowed, which are given.

    `units[i]` is the index of row i in the whole output; `block` gives random numbers for these rows alone, `run` the
    same ones in every block. `numbered` asks for names that no other row has.
    """

    units: np.ndarray
    block: Context
    run: Context
    limits: Mapping[str, Allowed] = field(default_factory=dict)
    given: pl.DataFrame | None = None
    numbered: bool = False


class Entity(BaseModel):
    """A thing of the world with its parts; a subclass is one provider, and its options are fields."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_by_name=True, serialize_by_alias=True
    )

    is_: str = Field(alias="is")

    parts: ClassVar[Mapping[str, Part]]
    """Every part, by name."""
    made: ClassVar[Mapping[str, Callable[["Drawn"], pl.Series]]] = {}
    """How the parts that hang on no factor are made."""

    def __eq__(self, other: object) -> bool:
        """Whether the same is declared; what was worked out from it does not count."""
        return type(self) is type(other) and isinstance(other, BaseModel) and self.model_dump() == other.model_dump()

    def __hash__(self) -> int:
        return hash(self.model_dump_json())

    @cached_property
    def worlds(self) -> tuple[World, ...]:
        """What is drawn from."""
        raise NotImplementedError

    @classmethod
    def part(cls, name: str) -> Part:
        """The part of this name; an error that names the nearest one where there is none."""
        if name not in cls.parts:
            own = cls.model_fields["is_"].default
            raise NotFoundError(f"`{own}` has no part `{name}`. {did_you_mean(name, cls.parts, limit=60)}")
        return cls.parts[name]

    def kind(self, name: str) -> Kind:
        """The kind of column a part makes; its values are listed where they are few."""
        part = self.part(name)
        if not isinstance(part.kind, Category) or not part.exact:
            return part.kind
        values = self.marginal(name)[0]
        if len(values) > LISTED:
            return part.kind
        return part.kind.model_copy(update={"values": Categories(items=tuple(values))})

    def share(self, name: str, allowed: Allowed) -> float:
        """How much of a part lies in the allowed set: 0 to 1."""
        if not self.part(name).exact:
            return float(allowed.values != ())
        return float(self._weights({name: allowed}).sum() / self._weights({}).sum())

    def marginal(self, name: str) -> tuple[pl.Series, np.ndarray]:
        """Every value that an exact part can take, in order, and how often it does."""
        if name not in self._marginals:
            worlds = np.array([world.weight for world in self.worlds])
            if self.parts[name].of == "world":
                values, weights = self.fixed(name), worlds
            else:
                pool = self.pool(self.parts[name].of)
                of_factor = np.bincount(pool.of_world, worlds, minlength=len(pool.factors))
                values = pool.part(name)
                weights = pool.weights * np.repeat(of_factor, np.diff(pool.ends, prepend=0))
            table = pl.DataFrame({"value": values, "weight": weights}).group_by("value").agg(pl.col("weight").sum())
            table = table.filter(pl.col("weight") > 0).sort("value")
            self._marginals[name] = table["value"], (table["weight"] / table["weight"].sum()).to_numpy()
        return self._marginals[name]

    def draw(self, asked: Asked) -> "Drawn":
        """One entity a row, whose parts are coherent.

        Cells that are given are not drawn again, but the rest of their row is drawn as what goes with them. A given
        cell that is in no list, or contradicts one that was given before it, is as if it were not given.

        Raises:
            ConditionError: nothing is left that meets all limits together.
        """
        return Drawn(self, asked)

    def pool(self, factor: str) -> Pool:
        """The factors of this name over all worlds."""
        if factor not in self._pools:
            self._pools[factor] = Pool(self.worlds, factor)
        return self._pools[factor]

    def cut(self, factor: str, limits: Mapping[str, Allowed]) -> Cut:
        """The factors of this name with what is allowed of their parts."""
        return self.pool(factor).cut({name: limit for name, limit in limits.items() if self.parts[name].of == factor})

    def fixed(self, name: str) -> pl.Series:
        """What each world has for a part."""
        return pl.Series(name, [world.fixed[name] for world in self.worlds], dtype=self.parts[name].kind.storage)

    def settle(self, asked: Asked) -> "list[Case]":
        """The world of every row, and what is held of its factors: one case for all rows with the same cells given."""
        n = len(asked.units)
        u = asked.block.rng("world").random(n)
        given = None if asked.given is None else asked.given.select(name for name in self.parts if name in asked.given)
        if given is None or not given.width:
            return [self._free(np.arange(n), u, asked.limits)]
        pattern = np.column_stack([given[name].is_not_null().to_numpy() for name in given.columns])
        cases, which = np.unique(pattern, axis=0, return_inverse=True)
        out = []
        for number, mask in enumerate(cases):
            rows = np.flatnonzero(which.ravel() == number)
            known = [name for name, is_given in zip(given.columns, mask, strict=True) if is_given]
            limits = {name: limit for name, limit in asked.limits.items() if name not in known}
            out.append(
                self._bound(given[rows].select(known), rows, u[rows], limits)
                if known
                else self._free(rows, u[rows], limits)
            )
        return out

    def _free(self, rows: np.ndarray, u: np.ndarray, limits: Mapping[str, Allowed]) -> "Case":
        edges = np.cumsum(self._possible(limits))
        x = u * np.nextafter(edges[-1], 0.0)  # below the last edge, whatever is rounded
        return Case(rows, np.searchsorted(edges, x, side="right"), limits)

    def _bound(self, given: pl.DataFrame, rows: np.ndarray, u: np.ndarray, limits: Mapping[str, Allowed]) -> "Case":
        weights = np.tile(self._possible(limits), (len(rows), 1))
        held: dict[str, tuple[Held, np.ndarray]] = {}
        apart = np.zeros(len(rows), dtype=bool)
        for name in (name for name in given.columns if self.parts[name].of == "world"):
            cells, same = given[name].cast(self.fixed(name).dtype, strict=False), np.empty(weights.shape, dtype=bool)
            for world, value in enumerate(self.fixed(name)):
                same[:, world] = (cells == value).fill_null(False).to_numpy()
            weights, fits = _where_possible(weights, same)
            apart |= ~fits
        factors = dict.fromkeys(of for name in given.columns if (of := self.parts[name].of) != "world")
        for factor in factors:
            names, open_ = (
                [name for name in given.columns if self.parts[name].of == factor],
                np.ones(len(rows), dtype=bool),
            )
            cut, left = self.cut(factor, limits), self.cut(factor, limits).left[self.pool(factor).of_world]
            while names and open_.any():
                found = cut.held(given.select(names))
                mass = found.mass[:, self.pool(factor).of_world] / np.where(left > 0, left, 1.0)
                tried, fits = _where_possible(weights, mass * open_[:, None])
                weights = np.where(open_[:, None], tried, weights)
                held[f"{factor} {len(names)}"] = found, fits & open_
                open_, names = open_ & ~fits, names[:-1]
                apart |= open_
        edges = np.cumsum(weights, axis=1)
        world = (edges <= (u * np.nextafter(edges[:, -1], 0.0))[:, None]).sum(axis=1)
        return Case(rows, world, limits, held, apart)

    def _possible(self, limits: Mapping[str, Allowed]) -> np.ndarray:
        weights = self._weights(limits)
        if not weights.sum() > 0:
            said = ", ".join(f"`{name}`" for name in limits)
            raise ConditionError(f"No {self.is_} meets the conditions on {said} together. Widen one of them.")
        return weights

    def _weights(self, limits: Mapping[str, Allowed]) -> np.ndarray:
        """What is left of each world."""
        weights = np.array([world.weight for world in self.worlds])
        for name, limit in limits.items():
            if self.parts[name].of == "world":
                weights = weights * limit.mask(self.fixed(name)).to_numpy()
        for factor in dict.fromkeys(self.parts[name].of for name in limits):
            if factor not in ("", "world"):
                weights = weights * self.cut(factor, limits).left[self.pool(factor).of_world]
        return weights

    @cached_property
    def _pools(self) -> dict[str, Pool]:
        return {}

    @cached_property
    def _marginals(self) -> dict[str, tuple[pl.Series, np.ndarray]]:
        return {}


@dataclass(frozen=True, eq=False)
class Case:
    """Rows that have the same cells given: their worlds, the limits on the rest, and what fits the given cells.

    `held` has for a factor, and so many of its parts, the things that fit, and in which rows they are to be drawn.
    `apart` are the rows whose given cells do not go together; none are where it is None.
    """

    rows: np.ndarray
    world: np.ndarray
    limits: Mapping[str, Allowed]
    held: Mapping[str, tuple[Held, np.ndarray]] = field(default_factory=dict)
    apart: np.ndarray | None = None


class Drawn:
    """One entity a row: its parts by name, each worked out when it is first asked for.

    `world[row]` is the world it lives in; `apart` are the rows of which not all given cells could be held.
    """

    def __init__(self, entity: Entity, asked: Asked) -> None:
        self.entity, self.asked, self.n = entity, asked, len(asked.units)
        self._cases = entity.settle(asked)
        self.world = np.empty(self.n, dtype=np.int64)
        self.apart = np.zeros(self.n, dtype=bool)
        for case in self._cases:
            self.world[case.rows] = case.world
            if case.apart is not None:
                self.apart[case.rows] = case.apart
        self._things: dict[str, np.ndarray] = {}
        self._cells: dict[str, pl.Series] = {}

    def __getitem__(self, name: str) -> pl.Series:
        if name not in self._cells:
            part = self.entity.part(name)
            cells = self.entity.made[name](self) if not part.exact else self.gathered(name, part.of)
            self._cells[name] = cells.alias(name)
        return self._cells[name]

    def gathered(self, name: str, factor: str) -> pl.Series:
        """What the thing drawn of a factor has under this name, public or not."""
        if factor == "world":
            return self.entity.fixed(name).gather(self.world)
        return self.entity.pool(factor).part(name).gather(self.things(factor))

    def things(self, factor: str) -> np.ndarray:
        """The number of the thing drawn of a factor, row by row."""
        if factor not in self._things:
            self._things[factor] = self._draw(factor)
        return self._things[factor]

    def uniform(self, name: str) -> np.ndarray:
        """A random number a row, in [0, 1), for a purpose."""
        return self.asked.block.rng(name).random(self.n)

    def _draw(self, factor: str) -> np.ndarray:
        u, of_world = self.uniform(factor), self.entity.pool(factor).of_world
        if len(self._cases) == 1 and not self._cases[0].held:
            return self.entity.cut(factor, self._cases[0].limits).draw(u, of_world[self.world])
        out = np.empty(self.n, dtype=np.int64)
        for case in self._cases:
            which, here = of_world[case.world], u[case.rows]
            things = np.empty(len(case.rows), dtype=np.int64)
            free = np.ones(len(case.rows), dtype=bool)
            for name, (held, fits) in case.held.items():
                if name.split()[0] == factor and fits.any():
                    part = Held(held.things, held.edges, held.begin[fits], held.mass[fits])
                    things[fits] = part.draw(here[fits], which[fits])
                    free &= ~fits
            if free.any():
                things[free] = self.entity.cut(factor, case.limits).draw(here[free], which[free])
            out[case.rows] = things
        return out


def _where_possible(weights: np.ndarray, likely: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The weights times how likely what is given is in each world, and for which rows that leaves anything."""
    product = weights * likely
    fits = product.sum(axis=1) > 0
    return np.where(fits[:, None], product, weights), fits
