"""Columns of JSON: objects and arrays, as deep as declared, of values that any other distribution draws."""

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
import polars as pl
from pydantic import Field, WithJsonSchema, model_validator

from synthesist.core import Allowed
from synthesist.data.cells import emptied
from synthesist.data.kinds import Duration, Integer, Moment, Text
from synthesist.samplers.columns.distribution import ANYTHING, Distribution, Rows
from synthesist.samplers.columns.durations import Durations
from synthesist.samplers.columns.identifier import Identifier
from synthesist.samplers.columns.mixture import Mixture, Part
from synthesist.samplers.columns.regex import Regex

__all__ = ["Array", "Json"]

LONGEST = 10_000  # values of an array


class _Nested(Distribution):
    """Text that is JSON, one document a cell."""

    @property
    def kind(self) -> Text:
        return Text(missing=self.missing > 0)

    def share(self, allowed: Allowed) -> float:
        return float(allowed.any_value)  # of text only whether it is empty can be asked

    def draw(self, rows: Rows, allowed: Allowed = ANYTHING) -> pl.Series:
        del allowed
        values = self.values(rows)
        if isinstance(values.dtype, pl.Struct):
            return values.struct.json_encode()
        return values.to_frame("v").select(pl.struct("v").struct.json_encode()).to_series().str.slice(5).str.head(-1)

    def values(self, rows: Rows) -> pl.Series:
        """One value a row, not yet written."""
        raise NotImplementedError


class Json(_Nested):
    """An object of JSON: what each of its fields holds; `missing` in a field makes it null."""

    is_: Literal["json"] = Field(default="json", alias="is")
    fields: dict[str, "Member"] = Field(min_length=1, description="name and distribution of every field")

    @model_validator(mode="after")
    def _can_be_drawn(self) -> "Json":
        _refuse_unique(self.fields)
        return self

    def values(self, rows: Rows) -> pl.Series:
        drawn = [_values(member, rows, name).alias(name) for name, member in self.fields.items()]
        return pl.DataFrame(drawn).to_struct()


class Array(_Nested):
    """An array of JSON: how many values it has, and what each holds."""

    is_: Literal["array"] = Field(default="array", alias="is")
    of: "Member" = Field(description="what each value is")
    length: Annotated[Part, Field(discriminator="is_")] = Field(description="how many, as in {is: poisson, mean: 2}")

    @model_validator(mode="after")
    def _has_a_length(self) -> "Array":
        kind = self.length.kind
        low, high = (kind.bounds.low, kind.bounds.high) if isinstance(kind, Integer) else (None, None)
        if not isinstance(low, int) or low < 0 or not isinstance(high, int) or high > LONGEST:
            raise ValueError(f"a length is a whole number from 0 to {LONGEST:,}: cut it by `low` and `high`")
        if self.length.missing or self.length.by_index:
            raise ValueError("a length is neither missing nor unique")
        _refuse_unique({"of": self.of})
        return self

    def values(self, rows: Rows) -> pl.Series:
        counts = self.length.draw(Rows(rows.units, rows.block.at("length"), rows.run)).to_numpy()
        row = np.repeat(np.arange(len(counts)), counts)
        every = _values(self.of, Rows(rows.units[row], rows.block, rows.run), "of")
        lists = pl.DataFrame({"row": row, "v": every}).group_by("row", maintain_order=True).agg("v")
        empty = pl.Series([[]], dtype=pl.List(every.dtype))
        out = empty.new_from_index(0, len(counts))
        return out.to_frame("v").with_row_index("row").update(lists.cast({"row": pl.UInt32}), on="row")["v"]


Member = Annotated[
    Annotated[Part | Mixture | Durations | Regex | Identifier | Json | Array, Field(discriminator="is_")],
    WithJsonSchema({"type": "object"}),  # as one may hold another, it could not be written out
]
Json.model_rebuild()
Array.model_rebuild()


def _refuse_unique(members: Mapping[str, Distribution]) -> None:
    for name, member in members.items():
        if member.by_index:
            raise ValueError(f"`{name}` cannot be unique inside JSON: leave `unique` out")


def _values(member: Distribution, rows: Rows, name: str) -> pl.Series:
    """The values of a part of the document, in a form that JSON has."""
    here = Rows(rows.units, rows.block.at(name), rows.run.at(name))
    cells = member.values(here) if isinstance(member, _Nested) else member.draw(here)
    kind = member.kind
    if isinstance(kind, Moment) and kind.precision != "d":
        cells = cells.dt.to_string("iso:strict")
    elif isinstance(kind, Duration):
        cells = cells.dt.to_string("iso")
    if member.missing:
        cells = emptied(cells, here.block.rng("missing").random(len(cells)) < member.missing)
    return cells
