"""Columns whose cells are parts of one entity a row: a person, a place, a company, a product ..."""

from collections.abc import Iterable, Mapping
from typing import Literal

import numpy as np
import polars as pl
from pydantic import Field, PrivateAttr, field_validator

from synthesist.codecs.guide import Guide
from synthesist.core import Allowed, Context
from synthesist.data.kinds import Category, Id, Kind
from synthesist.errors import ConditionError, NotFoundError, did_you_mean
from synthesist.providers import PROVIDERS, Asked, Entity, provider
from synthesist.samplers.columns.distribution import ANYTHING, Distribution, Rows

__all__ = ["Provided", "bound", "drawn_as_one", "faults_of_parts", "together"]

UNIQUE = ("email", "user_name")


class Provided(Distribution):
    """A part of an entity: all columns `by` the same entity are one coherent thing in every row."""

    is_: Literal["provided"] = Field(default="provided", alias="is")
    by: str = Field(description="entity and part, as in buyer.first_name; or a provider and part: person.first_name")
    unique: bool = Field(default=False, description="no text twice, for `email` and `user_name`")
    _entity: Entity | None = PrivateAttr(default=None)

    @field_validator("by")
    @classmethod
    def _has_two_words(cls, written: str) -> str:
        if len([word for word in written.split(".") if word]) != 2 or written.count(".") != 1:
            raise ValueError("write an entity and one of its parts, as in person.first_name")
        return written

    @property
    def name(self) -> str:
        """The name of the entity."""
        return self.by.split(".")[0]

    @property
    def part(self) -> str:
        """The name of the part."""
        return self.by.split(".")[1]

    @property
    def entity(self) -> Entity:
        """The entity; with its defaults where none was declared."""
        return self._entity or provider(self.name)

    @property
    def exact(self) -> bool:
        """Whether a condition cuts the weights of the entity."""
        return self.entity.part(self.part).exact

    @property
    def kind(self) -> Kind:
        kind = self.entity.kind(self.part)
        missing = self.missing > 0 or kind.missing
        return Id(missing=missing) if self.unique else kind.model_copy(update={"missing": missing})

    @property
    def by_index(self) -> bool:
        return self.unique

    def share(self, allowed: Allowed) -> float:
        return 1.0 if allowed.any_value else self.entity.share(self.part, allowed)

    @property
    def ranked(self) -> bool:
        return self.exact and not self.unique and not isinstance(self.entity.part(self.part).kind, Category)

    def listed(self, most: int) -> tuple[pl.Series, np.ndarray] | None:
        if not self.exact:
            return None
        values, weights = self.entity.marginal(self.part)
        return (values, weights) if len(values) <= most else None

    def draw(self, rows: Rows, allowed: Allowed = ANYTHING) -> pl.Series:
        """The part by itself, where a rule or a group settles it: the rest of the entity is drawn to go with it."""
        values, weights = self.entity.marginal(self.part)
        edges = np.cumsum(weights * allowed.mask(values).to_numpy())
        return values.gather(Guide.over(edges).places(rows.uniforms() * np.nextafter(edges[-1], 0.0)))

    def rank(self, cells: pl.Series, u: np.ndarray) -> np.ndarray:
        values, weights = self.entity.marginal(self.part)
        ends = np.concatenate([[0.0], np.cumsum(weights)])
        below, upto = (values.search_sorted(cells, side=side).to_numpy() for side in ("left", "right"))
        return np.asarray(ends[below] + u * (ends[upto] - ends[below]))


def bound(column: Distribution, entities: Mapping[str, Entity]) -> Distribution:
    """The column with its entity, where it is a part of one.

    Raises:
        ValueError: there is no such entity or part, or a part cannot be unique.
    """
    if not isinstance(column, Provided):
        return column
    try:
        if column.name not in {*entities, *PROVIDERS}:
            known = [*entities, *PROVIDERS]
            raise NotFoundError(
                f"There is no entity and no provider `{column.name}`. {did_you_mean(column.name, known)}"
            )
        entity = entities.get(column.name) or provider(column.name)
        entity.part(column.part)
    except NotFoundError as error:
        raise ValueError(str(error)) from None
    if column.unique and column.part not in UNIQUE:
        raise ValueError(f"`unique` is for {' and '.join(f'`{part}`' for part in UNIQUE)}: other things come again")
    out = column.model_copy()
    out._entity = entity
    return out


def together(columns: Mapping[str, Distribution]) -> list[dict[str, Provided]]:
    """The columns that are parts of an entity, by entity."""
    out: dict[str, dict[str, Provided]] = {}
    for name, column in columns.items():
        if isinstance(column, Provided):
            out.setdefault(column.name, {})[name] = column
    return [*out.values()]


def faults_of_parts(columns: Mapping[str, Distribution], settled: Iterable[str]) -> list[str]:
    """What is wrong where rules and groups settle columns: of an entity one part at most, as they know no other."""
    names = [name for name in dict.fromkeys(settled) if isinstance(columns.get(name), Provided)]
    faults = []
    for parts in together({name: columns[name] for name in names}):
        first, *more = parts
        faults += [
            f"`{first}` and `{name}` are parts of one entity: rules and groups can settle only one of them"
            for name in more
        ]
        faults += [f"`{name}` is made of other parts: rules cannot move it" for name, c in parts.items() if not c.exact]
    return faults


def drawn_as_one(
    columns: Mapping[str, Provided],
    units: np.ndarray,
    block: Context,
    run: Context,
    limits: Mapping[str, Allowed],
    given: Mapping[str, pl.Series],
) -> tuple[dict[str, pl.Series], np.ndarray]:
    """The cells of all columns of one entity, within the limits, and in which rows the given cells contradict it.

    Cells that are given move the rest of their rows.

    Raises:
        ConditionError: nothing meets all limits together.
    """
    first = next(iter(columns.values()))
    allowed: dict[str, Allowed] = {}
    known: dict[str, pl.Series] = {}
    for name, column in columns.items():
        if not column.exact:
            continue
        part, limit = column.part, limits[name]
        if not limit.any_value:
            allowed[part] = allowed[part].both(limit) if part in allowed else limit
        if name in given and given[name].count():
            cells = given[name].cast(column.kind.storage)
            known[part] = known[part].zip_with(known[part].is_not_null(), cells) if part in known else cells
    numbered = any(column.unique for column in columns.values())
    try:
        entity = first.entity.draw(Asked(units, block, run, allowed, pl.DataFrame(known) if known else None, numbered))
    except ConditionError as error:
        raise ConditionError(f"`{first.name}`: {error}") from None
    return {name: entity[column.part].alias(name) for name, column in columns.items()}, entity.apart
