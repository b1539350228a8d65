"""Columns whose cells are parts of one entity a row: a person, a place, a company, a product ..."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import polars as pl
from pydantic import Field, PrivateAttr, field_validator

from synthesist.core import Allowed, Context
from synthesist.data.kinds import Id, Kind
from synthesist.errors import ConditionError, NotFoundError, did_you_mean
from synthesist.providers import PROVIDERS, Asked, Entity, provider
from synthesist.samplers.columns.distribution import Distribution

__all__ = ["Provided", "bound", "drawn", "together"]

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
        missing = self.missing > 0
        return Id(missing=missing) if self.unique else self.entity.kind(self.part).model_copy(update={"missing": missing})

    @property
    def by_index(self) -> bool:
        return self.unique

    def share(self, allowed: Allowed) -> float:
        return 1.0 if allowed.any_value else self.entity.share(self.part, allowed)


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
            raise NotFoundError(f"There is no entity and no provider `{column.name}`. {did_you_mean(column.name, known)}")
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


def drawn(
    columns: Mapping[str, Provided],
    units: np.ndarray,
    block: Context,
    run: Context,
    limits: Mapping[str, Allowed],
    given: pl.DataFrame | None,
) -> dict[str, pl.Series]:
    """The cells of all columns of one entity, within the limits; cells that are given move the rest of their rows.

    Raises:
        ConditionError: nothing meets all limits together.
    """
    first = next(iter(columns.values()))
    allowed: dict[str, Allowed] = {}
    for name, column in columns.items():
        if column.exact and not limits[name].any_value:
            allowed[column.part] = allowed[column.part].both(limits[name]) if column.part in allowed else limits[name]
    known: dict[str, Any] = {}
    for name, column in columns.items():
        if given is not None and column.exact and given[name].count():
            cells = given[name].cast(column.kind.storage)
            known[column.part] = known[column.part].zip_with(known[column.part].is_not_null(), cells) if column.part in known else cells
    asked = Asked(units, block, run, allowed, pl.DataFrame(known) if known else None, any(c.unique for c in columns.values()))
    try:
        cells = first.entity.draw([column.part for column in columns.values()], asked)
    except ConditionError as error:
        raise ConditionError(f"`{first.name}`: {error}") from None
    return {name: cells[column.part].alias(name) for name, column in columns.items()}
