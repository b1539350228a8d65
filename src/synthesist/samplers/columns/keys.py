"""Keys: unique over all blocks and machines, because each is computed from the index of its row."""

from typing import Literal

import polars as pl
from pydantic import Field, model_validator

from synthesist.codecs import keys
from synthesist.core import Allowed
from synthesist.data.kinds import Id
from synthesist.samplers.columns.distribution import ANYTHING, Distribution, Rows

__all__ = ["Keys"]

UUID_PATTERN = "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx"  # version 4 of RFC 9562; 8 is one of its four variant digits


class Keys(Distribution):
    r"""Unique keys: whole numbers from `first`, or text of a `pattern`, or random UUIDs (version 4).

    In a pattern 9 is a digit, A and a are letters, x is a hexadecimal digit and everything else stands
    for itself, as does what follows a backslash: `\AB-999999` makes "AB-381442".
    """

    is_: Literal["keys"] = Field(default="keys", alias="is")
    missing: float = Field(default=0.0, ge=0, le=0, description="a key is never empty")
    first: int = Field(default=1, ge=-(2**62), le=2**62, description="the first key, where keys are whole numbers")
    pattern: str | None = Field(default=None, min_length=1, description="shape of the keys, as in AA-9999")
    uuid: bool = Field(default=False, description="random UUIDs")

    @model_validator(mode="after")
    def _one_shape(self) -> "Keys":
        if self.uuid and self.pattern:
            raise ValueError("give `pattern` or `uuid`, not both")
        return self

    @property
    def kind(self) -> Id:
        return Id(pattern=self._shape) if self._shape else Id(whole=True, first=self.first)

    @property
    def by_index(self) -> bool:
        return True

    def share(self, allowed: Allowed) -> float:
        return float(allowed.any_value)

    def draw(self, rows: Rows, allowed: Allowed = ANYTHING) -> pl.Series:
        del allowed
        return keys.Keys(pattern=self._shape, first=self.first).at(rows.units, rows.run.seed("order"))

    @property
    def _shape(self) -> str | None:
        return UUID_PATTERN if self.uuid else self.pattern
