"""Columns that tie tables together: references to rows of a table, and places within what a row belongs to.

Only `tables` draws them, which knows the other tables; what is declared of one is read here, beside all other columns.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from synthesist.data.kinds import Boolean, Bounds, Constant, Integer
from synthesist.samplers.columns.counted import Geometric, NegativeBinomial, Poisson
from synthesist.samplers.columns.distribution import Declared, Distribution
from synthesist.samplers.columns.lawful import Burr, Exponential, Gamma, LogUniform, Pareto, Weibull
from synthesist.samplers.columns.measured import Lognormal, Uniform
from synthesist.samplers.columns.mixture import Mixture, Part

__all__ = ["ByRank", "Count", "Position", "Reference", "Weights", "bounds_of"]

UNBOUNDED = (Poisson, NegativeBinomial, Geometric)


class ByRank(Declared):
    """Zipf's law over rows: the k-th most popular is referred to 1 / k ** exponent times as often as the first."""

    is_: Literal["zipf"] = Field(default="zipf", alias="is")
    exponent: float = Field(default=1.0, ge=0, le=20)


Count = Annotated[Part | Mixture, Field(discriminator="is_")]
Weights = Annotated[
    ByRank | Lognormal | Pareto | Gamma | Weibull | Exponential | Burr | LogUniform | Uniform,
    Field(discriminator="is_"),
]


class Reference(Distribution):
    """The key of a row of another table, or of this one.

    With `each` the rows of this table belong to those of the other, which owns so many of them each; a table has one
    owner at most. Without it a row is looked up: equally often, or by `weights`, among all, among those `before` this
    one, or among those of its `own` family. Columns of the same `link` hold one key together; what is said of the link
    is said at one of them.
    """

    is_: Literal["reference"] = Field(default="reference", alias="is")
    missing: float = Field(default=0.0, ge=0, le=1, description="share of rows that refer to none")
    to: str = Field(min_length=1, description="the table")
    column: str | None = Field(default=None, description="its column; the key, where that is one column")
    link: str | None = Field(
        default=None, description="name of the link; this column's own, and the table's for a key of several columns"
    )
    each: Count | None = Field(
        default=None, description="how many rows of this table each row of the other has; a whole number means always"
    )
    weights: Weights | None = Field(
        default=None, description="how popular the rows of the other are: by rank (zipf), or a weight drawn for each"
    )
    before: bool = Field(default=False, description="of the same table, an earlier row: there are no circles")
    own: bool = Field(default=False, description="a row that belongs to the same row as this one, or to this one")
    distinct: bool = Field(
        default=False, description="no row twice among the rows of one owner; without an owner, none twice at all"
    )
    apart: str | None = Field(
        default=None, description="another link of this table to the same one, that never leads to the same row"
    )

    @field_validator("each", mode="before")
    @classmethod
    def _always_so_many(cls, written: Any) -> Any:
        plain = isinstance(written, int) and not isinstance(written, bool)
        return {"is": "constant", "value": written} if plain else written

    @model_validator(mode="after")
    def _can_be_both(self) -> "Reference":
        if self.each is not None:
            if fault := _no_count(self.each):
                raise ValueError(f"each: {fault}")
            if said := [name for name in ("weights", "before", "own", "distinct", "apart") if getattr(self, name)]:
                raise ValueError(f"`each` settles who refers to whom: leave `{said[0]}` out")
        if self.weights is not None and (said := [name for name in ("before", "own") if getattr(self, name)]):
            raise ValueError(f"`{said[0]}` draws equally often: leave `weights` out")
        if self.apart and (said := [name for name in ("before", "own") if getattr(self, name)]):
            raise ValueError(f"`apart` looks up among all rows: leave `{said[0]}` out")
        if self.before and self.distinct:
            raise ValueError("give `before` or `distinct`, not both")
        if isinstance(self.weights, Distribution):
            low = self.weights.kind.bounds.low
            if low is None or float(low) < 0 or self.weights.missing:
                raise ValueError("weights: they are 0 or more, and none is missing")
        return self

    @property
    def says(self) -> dict[str, Any]:
        """What is said of the link, and not of this column alone."""
        named = ("missing", "each", "weights", "before", "own", "distinct", "apart")
        return {name: value for name in named if (value := getattr(self, name))}


class Position(Distribution):
    """The place of a row among those of its owner: 1, 2, 3 ..."""

    is_: Literal["position"] = Field(default="position", alias="is")
    missing: float = Field(default=0.0, ge=0, le=0, description="a place is never empty")
    first: int = Field(default=1, ge=-(2**31), le=2**31, description="the first place")

    @property
    def kind(self) -> Integer:
        return Integer(bounds=Bounds(low=self.first))


def bounds_of(each: Distribution) -> tuple[int, int | None]:
    """The fewest and the most rows a row may have; None where there is no end."""
    kind = each.kind
    if isinstance(kind, Boolean):
        return 0, 1
    if isinstance(kind, Constant):
        return int(kind.value or 0), int(kind.value or 0)
    assert isinstance(kind, Integer)
    most = getattr(each, "high", None) if isinstance(each, UNBOUNDED) else kind.bounds.high
    return int(kind.bounds.low or 0), None if most is None else int(most)


def _no_count(each: Distribution) -> str | None:
    """Why these values cannot be numbers of rows."""
    kind = each.kind
    if each.missing:
        return "a number of rows is never missing"
    if isinstance(kind, Boolean):
        return None
    if isinstance(kind, Constant):
        whole = isinstance(kind.value, int) and not isinstance(kind.value, bool)
        return None if whole and int(kind.value or 0) >= 0 else "a number of rows is a whole number of 0 or more"
    if not isinstance(kind, Integer):
        return "a number of rows is a whole number: add `integers: true`, or take `poisson`, `geometric` ..."
    if kind.bounds.low is None or int(kind.bounds.low) < 0:
        return "a number of rows is 0 or more: add `low: 0`"
    return None
