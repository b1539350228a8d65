"""Keys: unique over all blocks and machines, because each is computed from the index of its row."""

from datetime import date, datetime
from typing import Literal

import numpy as np
import polars as pl
from pydantic import Field, field_validator, model_validator

from synthesist.codecs import keys
from synthesist.core import Allowed
from synthesist.data.kinds import Id
from synthesist.samplers.columns import universal
from synthesist.samplers.columns.distribution import ANYTHING, Distribution, Rows

__all__ = ["Keys"]


class Keys(Distribution):
    r"""Unique keys: whole numbers from `first`, or text of a `pattern`, or UUIDs, or ULIDs.

    In a pattern 9 is a digit, A and a are letters, x is a hexadecimal digit and everything else stands
    for itself, as does what follows a backslash: `\AB-999999` makes "AB-381442". `uuid: 4` is random.
    `uuid: 7` and `ulid: true` begin with a time, so that they sort in the order of the rows: the first
    row is made at `start` (UTC), and `per_second` rows every second after it.
    """

    is_: Literal["keys"] = Field(default="keys", alias="is")
    missing: float = Field(default=0.0, ge=0, le=0, description="a key is never empty")
    first: int = Field(default=1, ge=-(2**62), le=2**62, description="the first key, where keys are whole numbers")
    pattern: str | None = Field(default=None, min_length=1, description="shape of the keys, as in AA-9999")
    uuid: Literal[4, 7] | None = Field(default=None, description="UUIDs of RFC 9562: 4 random, 7 in order of time")
    ulid: bool = Field(default=False, description="ULIDs: 26 characters in order of time")
    start: date | datetime | None = Field(default=None, description="time of the first UUID 7 or ULID, in UTC")
    per_second: float = Field(default=1.0, ge=1e-6, le=1e6, description="UUIDs 7 or ULIDs made in a second")

    @field_validator("start")
    @classmethod
    def _can_be_written(cls, start: date | datetime | None) -> date | datetime | None:
        if isinstance(start, datetime) and start.tzinfo is not None:
            raise ValueError("times are in UTC: leave the zone out")
        if start is not None and start.year < 1970:
            raise ValueError("times are counted from 1970 on")
        return start

    @model_validator(mode="after")
    def _one_shape(self) -> "Keys":
        given = [name for name in ("pattern", "uuid", "ulid") if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(f"give {' or '.join(f'`{name}`' for name in given)}, not both")
        if given and self.first != 1:
            raise ValueError(f"`first` is for whole numbers: leave it or `{given[0]}` out")
        if self._timed and self.start is None:
            raise ValueError("these keys begin with a time: give `start`, as in 2024-01-01")
        if not self._timed and (self.start is not None or self.per_second != 1):
            raise ValueError("`start` and `per_second` are for `uuid: 7` and `ulid: true`")
        return self

    @property
    def kind(self) -> Id:
        if self.uuid:
            return Id(pattern=universal.uuid_pattern(self.uuid))
        return Id(pattern=self.pattern) if self.pattern or self.ulid else Id(whole=True, first=self.first)

    @property
    def by_index(self) -> bool:
        return True

    @property
    def most(self) -> int | None:
        return universal.most(self._start, self.per_second) if self._timed else None

    def share(self, allowed: Allowed) -> float:
        return float(allowed.any_value)

    def draw(self, rows: Rows, allowed: Allowed = ANYTHING) -> pl.Series:
        del allowed
        seed = rows.run.seed("order")
        if self.uuid == 4:
            return universal.uuids(4, keys.permute(rows.units, universal.MOST, seed), keys.hashed(rows.units, seed))
        if self._timed:
            ticks, chance = universal.ticks(rows.units, self._start, self.per_second), keys.hashed(rows.units, seed)
            return universal.uuids(7, ticks, chance) if self.uuid else universal.ulids(ticks, chance)
        return keys.Keys(pattern=self.pattern, first=self.first).at(rows.units, seed)

    @property
    def _timed(self) -> bool:
        return self.uuid == 7 or self.ulid

    @property
    def _start(self) -> int:
        """Microseconds since 1970."""
        start = self.start or date(1970, 1, 1)
        moment = start if isinstance(start, datetime) else datetime(start.year, start.month, start.day)
        return int(np.datetime64(moment, "us").astype(np.int64))
