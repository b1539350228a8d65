"""What every error has in common: how often, where and when it happens, and in which ways."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, field_validator

from synthesist.data.kinds import Boolean, Constant, Kind
from synthesist.data.schema import TableSchema
from synthesist.errors import SpecError, did_you_mean
from synthesist.rules.formula import Formula
from synthesist.transforms.corrupt.chance import Chance

__all__ = ["CellFault", "Fault", "Hit", "Way", "Wayward", "each", "is_text"]

Way = Callable[[pl.Series, Kind, Chance], pl.Series]
"""From cells, their kind and chance to cells that went wrong in this way; null where it cannot happen."""


class Fault(BaseModel):
    """Something that goes wrong with a share of the rows or cells."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_by_name=True, serialize_by_alias=True
    )

    is_: str = Field(alias="is")
    rate: float = Field(default=0.01, ge=0, le=1, description="share of what it can happen to that it happens to")
    when: str | None = Field(default=None, description="a formula that is true where it may happen; none: anywhere")
    table: str | None = Field(default=None, description="of several tables, the one meant; none: all that it fits")

    @field_validator("when")
    @classmethod
    def _can_be_read(cls, text: str | None) -> str | None:
        if text is not None:
            Formula.read(text)
        return text

    @cached_property
    def formula(self) -> Formula | None:
        """When, read."""
        return None if self.when is None else Formula.read(self.when)

    @property
    def named(self) -> frozenset[str]:
        """The columns it names, which its table must have."""
        return self.formula.names if self.formula else frozenset()

    def where(self, table: pl.DataFrame, schema: TableSchema) -> np.ndarray:
        """A mask: the rows that `when` means.

        Raises:
            SpecError: the formula does not fit its columns, or is neither true nor false.
        """
        if self.formula is None:
            return np.ones(table.height, dtype=bool)
        if not isinstance(self.formula.kind(schema.columns), Boolean):
            raise SpecError(f"{self.is_}: `{self.when}` is neither true nor false: write a comparison.")
        return self.formula.compute(table, Boolean()).fill_null(False).to_numpy()


class Hit(NamedTuple):
    """Cells after an error, and in which way each went wrong."""

    cells: pl.Series
    ways: pl.Series


class CellFault(Fault):
    """An error of single cells, in the columns named, or in all that it fits."""

    columns: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="names of columns; none: all it fits but keys and links"
    )

    def serves(self, kind: Kind) -> bool:
        """Whether it can happen in a column of this kind."""
        raise NotImplementedError

    def can(self, cells: pl.Series, kind: Kind) -> pl.Series:
        """A mask: the cells it can happen to."""
        del kind
        return cells.is_not_null()

    def strike(self, cells: pl.Series, kind: Kind, chance: Chance, column: pl.Series) -> Hit:
        """The cells gone wrong, each of which `can`; `column` holds those of all rows, before any error."""
        raise NotImplementedError

    @property
    def writes_text(self) -> bool:
        """Whether it makes text of columns that hold none."""
        return False

    @property
    def empties(self) -> bool:
        """Whether it makes cells empty."""
        return False

    @property
    def leaves_grid(self) -> bool:
        """Whether it writes numbers and times finer than those of its column."""
        return False

    @property
    def named(self) -> frozenset[str]:
        return super().named | frozenset(self.columns or ())


class Wayward(CellFault):
    """An error that happens in several ways, each as often as its weight says."""

    WAYS: ClassVar[Mapping[str, Way]] = {}
    USUAL: ClassVar[Sequence[str]] = ()
    """The ways that weigh 1 where nothing is said; empty: all."""

    ways: dict[str, float] = Field(
        default={}, validate_default=True, description="weights of the ways; those not named do not happen"
    )

    @field_validator("ways", mode="before")
    @classmethod
    def _weighed(cls, written: object) -> object:
        """One way may be written as its name, several as a list."""
        if isinstance(written, str):
            return {written: 1.0}
        return dict.fromkeys(written, 1.0) if isinstance(written, list | tuple) else written

    @field_validator("ways")
    @classmethod
    def _known(cls, ways: dict[str, float]) -> dict[str, float]:
        if unknown := [way for way in ways if way not in cls.WAYS]:
            raise ValueError(f"there is no way `{unknown[0]}`. {did_you_mean(unknown[0], cls.WAYS, limit=30)}")
        if ways and not (min(ways.values()) >= 0 and sum(ways.values()) > 0):
            raise ValueError("weights are 0 or more, and one is more than 0")
        return ways or dict.fromkeys(cls.USUAL or cls.WAYS, 1.0)

    @property
    def _happening(self) -> set[str]:
        """The ways that weigh something."""
        return {way for way, weight in self.ways.items() if weight}

    def way(self, name: str) -> Way:
        """How it happens in one way."""
        return self.WAYS[name]

    def strike(self, cells: pl.Series, kind: Kind, chance: Chance, column: pl.Series) -> Hit:
        """Each cell in the way that chance says; where that cannot be, in the next one that can."""
        del column
        weights = {name: weight for name, weight in self.ways.items() if weight}
        first, names = chance.weighted(weights, "way"), list(weights)
        struck, ways = cells.clear(len(cells)), pl.Series([None], dtype=pl.String).new_from_index(0, len(cells))
        waiting = np.arange(len(cells))
        for turn in range(len(names)):
            which = (first[waiting] + turn) % len(names)
            for place, name in enumerate(names):
                here = waiting[which == place]
                if not len(here):
                    continue
                before = cells.gather(here)
                after = self.way(name)(before, kind, chance.of(here)).cast(cells.dtype)
                done = here[(after.ne_missing(before) & after.is_not_null()).to_numpy()]
                struck = struck.scatter(here, after)
                ways = ways.scatter(done, name)
            waiting = ways.is_null().arg_true().to_numpy()
            if not len(waiting):
                break
        return Hit(struck.zip_with(ways.is_not_null(), cells), ways)


def is_text(kind: Kind) -> bool:
    """Whether cells are written as they are stored."""
    return kind.storage == pl.String and not (isinstance(kind, Constant) and kind.value is None)


def each(change: Callable[[str], str | None]) -> Way:
    """A way that is told cell by cell, for what no expression says: hits are few."""

    def way(cells: pl.Series, kind: Kind, chance: Chance) -> pl.Series:
        del kind, chance
        return pl.Series(cells.name, [change(cell) for cell in cells], dtype=pl.String)

    return way
