"""What can be done with one column: each action gives the masked column and the kind it now has."""

import math
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Annotated, Any, Literal

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from synthesist.data.kinds import (
    Array,
    Audio,
    Bounds,
    Categories,
    Category,
    Constant,
    Id,
    Image,
    Integer,
    Kind,
    Moment,
    Number,
)
from synthesist.errors import SpecError, UnsuitableError

__all__ = ["Action", "Drop", "Null", "Pseudonym", "Redact", "Round"]

LIKELIEST_COLLISION = 1e-6  # two patients under one name is an error nobody notices


class _Action(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def apply(self, column: pl.Series, kind: Kind, key: bytes) -> tuple[pl.Series, Kind]:
        """The masked column and its kind."""
        raise NotImplementedError


class Pseudonym(_Action):
    """A code that stands for the value and tells nothing about it without the key."""

    do: Literal["pseudonym"] = "pseudonym"
    length: int = Field(default=16, ge=1, le=32, description="characters after the prefix")
    alphabet: str = Field(
        default="0123456789abcdefghjkmnpqrstvwxyz",  # without i l o u, which are misread
        min_length=2,
        max_length=1024,
        description="characters to use",
    )
    prefix: str = Field(default="", description="text before every pseudonym, as in P-")

    @field_validator("alphabet")
    @classmethod
    def _distinct(cls, alphabet: str) -> str:
        if len(set(alphabet)) < len(alphabet):
            raise ValueError("a character is listed twice")
        return alphabet

    def apply(self, column: pl.Series, kind: Kind, key: bytes) -> tuple[pl.Series, Kind]:
        texts = _texts(column, kind)
        values = texts.drop_nulls().unique()
        self._check_collisions(column.name, len(values))
        digests = b"".join(blake2b(value.encode(), key=key).digest() for value in values)
        # 16 bits a character: over 1,024 characters no one is likelier than another by more than 2 %
        places = np.frombuffer(digests, dtype=">u2").reshape(len(values), 32)[:, : self.length].astype(np.uint32)
        signs = np.array(list(self.alphabet))[places * len(self.alphabet) >> 16]
        codes = pl.Series(np.ascontiguousarray(signs).view(f"U{self.length}").ravel().tolist(), dtype=pl.String)
        masked = texts.replace_strict(values, self.prefix + codes, default=None, return_dtype=pl.String)
        same = {"missing": kind.missing, "markers": kind.markers, "why": "pseudonyms"}
        return masked, Id(**same) if isinstance(kind, Id) else Category(**same)

    def _check_collisions(self, name: str, values: int) -> None:
        needed = values * (values - 1) / 2 / LIKELIEST_COLLISION
        if needed > float(len(self.alphabet)) ** self.length:
            risk = -math.expm1(-values * (values - 1) / 2 / float(len(self.alphabet)) ** self.length)
            length = math.ceil(math.log(needed, len(self.alphabet)))
            raise SpecError(
                f"`{name}` has {values:,} different values: at length {self.length} two of them get the same "
                f"pseudonym with probability {risk:.2g}. Take a length of {length} or more"
                f"{'' if length <= 32 else ', which needs a larger alphabet'}."
            )


class Redact(_Action):
    """A fixed text, or four signs in place of all but the first or last characters."""

    do: Literal["redact"] = "redact"
    text: str = Field(default="****", min_length=1, description="what stands there instead")
    keep_first: int = Field(default=0, ge=0, description="characters kept at the beginning")
    keep_last: int = Field(default=0, ge=0, description="characters kept at the end")

    def apply(self, column: pl.Series, kind: Kind, key: bytes) -> tuple[pl.Series, Kind]:
        del key
        texts, kept = _texts(column, kind), self.keep_first + self.keep_last
        cell, hidden = pl.lit(texts), pl.lit(self.text)
        shown = pl.concat_str(cell.str.head(self.keep_first), hidden, cell.str.tail(self.keep_last))
        # a short cell would be shown as good as whole: at least as much is hidden as is kept
        safe = pl.when(cell.str.len_chars() >= 2 * kept).then(shown).otherwise(hidden)
        masked = pl.select(pl.when(cell.is_not_null()).then(safe).alias(column.name)).to_series()
        values = None if kept else Categories(items=(self.text,))
        return masked, Category(missing=kind.missing, markers=kind.markers, values=values, why="redacted")


class Round(_Action):
    """Numbers to the nearest multiple of `step` (halves up), moments down to the start of their `unit`."""

    do: Literal["round"] = "round"
    step: float | None = Field(default=None, gt=0, description="for numbers: what to be a multiple of")
    unit: Literal["day", "month", "year"] | None = Field(default=None, description="for dates and times")

    @model_validator(mode="after")
    def _one_of_both(self) -> "Round":
        if (self.step is None) == (self.unit is None):
            raise ValueError("give `step` for numbers or `unit` for dates and times")
        return self

    def apply(self, column: pl.Series, kind: Kind, key: bytes) -> tuple[pl.Series, Kind]:
        del key
        match kind:
            case Integer() if self.step is not None:
                if self.step != int(self.step):
                    raise UnsuitableError(f"`{column.name}` holds whole numbers: give a whole step, not {self.step}.")
                return self._whole(column), kind.model_copy(
                    update={"step": int(self.step), "bounds": self._bounds(kind.bounds, self._whole)}
                )
            case Number() if self.step is not None:
                bounds = self._bounds(kind.bounds, self._decimal)
                return self._decimal(column), kind.model_copy(update={"decimals": self._decimals, "bounds": bounds})
            case Moment() if self.unit is not None:
                coarse = kind.model_copy(
                    update={"precision": "d", "bounds": self._bounds(kind.bounds, self._moment, datetime.fromisoformat)}
                )
                return self._moment(column).cast(coarse.storage), coarse
        fits = "`unit` is for dates and times" if self.unit else "`step` is for numbers"
        raise UnsuitableError(f"`{column.name}` is a {kind.kind} and cannot be rounded so: {fits}.")

    def _whole(self, column: pl.Series) -> pl.Series:
        step = int(self.step or 1)
        return (column + step // 2) // step * step

    def _decimal(self, column: pl.Series) -> pl.Series:
        step = self.step or 1.0
        nearest = (column / step + 0.5).floor() * step
        return nearest.round(self._decimals) if self._decimals > 0 else nearest

    def _moment(self, column: pl.Series) -> pl.Series:
        return column.dt.truncate({"day": "1d", "month": "1mo", "year": "1y"}[self.unit or "day"])

    @property
    def _decimals(self) -> int:
        """The decimals that every multiple of the step fits in."""
        exponent = Decimal(str(self.step)).normalize().as_tuple().exponent
        return min(max(-int(exponent), -12), 15)

    def _bounds(self, bounds: Bounds, rounded: Any, read: Any = lambda end: end) -> Bounds:
        """The bounds after rounding: they would tell the extreme values otherwise."""
        ends = [None if end is None else rounded(pl.Series([read(end)]))[0] for end in (bounds.low, bounds.high)]
        low, high = (end.isoformat() if isinstance(end, datetime) else end for end in ends)
        return Bounds(low=low, high=high, origin=bounds.origin)


class Null(_Action):
    """Empty every cell and forget what was there."""

    do: Literal["null"] = "null"

    def apply(self, column: pl.Series, kind: Kind, key: bytes) -> tuple[pl.Series, Kind]:
        del kind, key
        return pl.Series(column.name, [None], dtype=pl.String).new_from_index(0, len(column)), Constant(missing=True)


class Drop(_Action):
    """Remove the column."""

    do: Literal["drop"] = "drop"


Action = Annotated[Pseudonym | Redact | Round | Drop | Null, Field(discriminator="do")]


def _texts(column: pl.Series, kind: Kind) -> pl.Series:
    """Every cell as text; a whole number reads the same however it is stored, so that tables stay linked."""
    if isinstance(kind, Image | Audio | Array):
        raise UnsuitableError(f"`{column.name}` is a {kind.kind}: it can be dropped or emptied, not written as text.")
    texts = column.cast(pl.String)
    if column.dtype.is_float():
        whole = (column == column.floor()) & (column.abs() < 2**53)
        texts = column.cast(pl.Int64, strict=False).cast(pl.String).zip_with(whole.fill_null(False), texts)
    return texts
