"""Errors of whole rows: copies, losses, delays, and a wrong order."""

from typing import Annotated, Literal

import numpy as np
import polars as pl
from pydantic import Field, field_validator

from synthesist.transforms.corrupt.boundary import Boundary
from synthesist.transforms.corrupt.chance import Chance
from synthesist.transforms.corrupt.dates import Date
from synthesist.transforms.corrupt.fault import Fault
from synthesist.transforms.corrupt.fields import Swapped
from synthesist.transforms.corrupt.hostile import Hostile
from synthesist.transforms.corrupt.numbers import Outlier, Unit
from synthesist.transforms.corrupt.spelling import Typo
from synthesist.transforms.corrupt.values import Missing, Replaced
from synthesist.transforms.corrupt.writing import Case, Encoding, Variant, Whitespace

__all__ = ["AnyCellFault", "AnyRowFault", "Duplicate", "Late", "OutOfOrder", "Removed"]

AnyCellFault = Annotated[
    Typo
    | Case
    | Whitespace
    | Encoding
    | Variant
    | Outlier
    | Unit
    | Date
    | Missing
    | Replaced
    | Boundary
    | Hostile
    | Swapped,
    Field(discriminator="is_"),
]


class Duplicate(Fault):
    """A row that comes again: as it is, or with errors of its own (`near`).

    `copies` is how many, or weights of how many: {1: 0.9, 2: 0.1}. A copy stands `after` its row, at the `end`, or
    `anywhere`. With `new_keys` it has keys of its own, as a customer who registered twice.
    """

    is_: Literal["duplicate"] = Field(default="duplicate", alias="is")
    copies: int | dict[int, float] = Field(default=1, description="copies of a row, or weights of their numbers")
    near: tuple[AnyCellFault, ...] = Field(default=(), description="errors of the copies, in cells that have none yet")
    place: Literal["after", "end", "anywhere"] = Field(default="after", description="where copies stand")
    new_keys: bool = Field(default=False, description="whether copies have keys of their own")

    @field_validator("copies")
    @classmethod
    def _counted(cls, copies: int | dict[int, float]) -> int | dict[int, float]:
        weights = {copies: 1.0} if isinstance(copies, int) else copies
        if not weights or min(weights) < 1 or max(weights) > MOST_COPIES:
            raise ValueError(f"a row has 1 to {MOST_COPIES} copies")
        if min(weights.values()) < 0 or not sum(weights.values()) > 0:
            raise ValueError("weights are 0 or more, and one is more than 0")
        return copies

    @property
    def named(self) -> frozenset[str]:
        return super().named.union(*(error.named for error in self.near))

    def counts(self, chance: Chance) -> np.ndarray:
        """How many copies each of these rows has."""
        if isinstance(self.copies, int):
            return np.full(len(chance.rows), self.copies)
        weights = {str(count): weight for count, weight in self.copies.items()}
        return np.array(list(self.copies))[chance.weighted(weights, "copies")]

    def places(self, keys: np.ndarray, n: int, chance: Chance) -> np.ndarray:
        """Where the copies of rows at `keys` stand, among rows at 0 to n - 1."""
        match self.place:
            case "after":
                return keys + 0.25
            case "end":
                return keys + n
        return chance.uniform("place") * n - 0.5


MOST_COPIES = 1_000


class Removed(Fault):
    """A row that is lost, and with `run` those after it: a gap in a stream."""

    is_: Literal["removed"] = Field(default="removed", alias="is")
    run: int = Field(default=1, ge=1, description="rows lost in one go")


class Late(Fault):
    """An event that arrives later than it happened: after a delay with the mean `delay_seconds`, exponentially.

    With `arrival`, a new column of this name says when each event arrived, those in time at once. Without it the
    rows are put in the order of their arrival.
    """

    is_: Literal["late"] = Field(default="late", alias="is")
    time: str = Field(description="the column that says when an event happened")
    delay_seconds: float = Field(default=3600.0, gt=0, le=1e9, description="mean delay")
    arrival: str | None = Field(default=None, min_length=1, description="name of a new column; none: rows are moved")

    @property
    def named(self) -> frozenset[str]:
        return super().named | {self.time}

    def delays(self, chance: Chance) -> pl.Series:
        """How much later than it happened each of these events arrives."""
        seconds = -np.log1p(-chance.uniform("delay")) * self.delay_seconds
        return pl.Series((seconds * 1e6).astype(np.int64) + 1).cast(pl.Duration("us"))


class OutOfOrder(Fault):
    """A row that stands up to `places` rows too late; with an `entity`, rows of that entity."""

    is_: Literal["out_of_order"] = Field(default="out_of_order", alias="is")
    places: int = Field(default=3, ge=1, description="places it may have moved at most")
    entity: str | None = Field(default=None, description="the column that says whose row it is")

    @property
    def named(self) -> frozenset[str]:
        return super().named | (frozenset() if self.entity is None else {self.entity})

    def targets(self, table: pl.DataFrame, chance: Chance) -> np.ndarray:
        """For every row the row after which it would stand; -1 where none comes later."""
        n = table.height
        whose = (
            np.zeros(n, np.int64) if self.entity is None else table[self.entity].rank("dense").fill_null(0).to_numpy()
        )
        order = np.argsort(whose, kind="stable")
        ends = np.append(np.flatnonzero(np.diff(whose[order])), n - 1)  # the last place of each entity
        last = ends[np.searchsorted(ends, np.arange(n))]
        place = np.minimum(np.arange(n) + 1 + chance.of(order).below(self.places, "places"), last)
        target = np.full(n, -1)
        target[order] = np.where(place > np.arange(n), order[place], -1)
        return target


AnyRowFault = Annotated[Duplicate | Removed | Late | OutOfOrder, Field(discriminator="is_")]
