"""What a column can be, one small value per kind.

A kind says what a cell means, not how it is stored: a postcode is a category although it is made of
digits, a date is a moment although a CSV file holds text. `stored` remembers the storage, so that
what comes out looks like what came in. Every bound and every list of categories carries its
`origin`: a differentially private method refuses what was detected from the data.
"""

from typing import Annotated, Any, ClassVar, Literal

import polars as pl
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

__all__ = [
    "Array",
    "Audio",
    "Boolean",
    "Bounds",
    "Categories",
    "Category",
    "Constant",
    "Duration",
    "Id",
    "Image",
    "Integer",
    "Json",
    "Kind",
    "Moment",
    "Number",
    "Text",
]

Origin = Literal["declared", "detected", "dp"]
Unit = Literal["d", "h", "m", "s", "ms", "us"]
Scalar = bool | int | float | str
NumberFormat = Annotated[str | None, Field(description="how the source writes it in text, as in `$#,##0.00`")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bounds(_Part):
    """The smallest and largest value a column may hold, both included; None means open.

    Written as a plain list `[low, high]` it counts as declared.
    """

    low: Scalar | None = None
    high: Scalar | None = None
    origin: Origin = "declared"


class Categories(_Part):
    """Every value a column may hold. Written as a plain list it counts as declared."""

    items: tuple[Scalar, ...]
    origin: Origin = "declared"


def _bounds(value: Any) -> Any:
    if isinstance(value, list | tuple) and len(value) == 2:
        return {"low": value[0], "high": value[1]}
    return value


def _categories(value: Any) -> Any:
    return {"items": tuple(value)} if isinstance(value, list | tuple) else value


BoundsField = Annotated[Bounds, BeforeValidator(_bounds)]
CategoriesField = Annotated[Categories, BeforeValidator(_categories)]


class _Kind(_Part):
    """What all kinds share."""

    dtype: ClassVar[pl.DataType | type[pl.DataType]] = pl.String

    missing: Annotated[bool, Field(description="whether cells may be empty")] = False
    markers: Annotated[tuple[str, ...], Field(description="texts that mean empty, the first is written back")] = ()
    stored: Annotated[str, Field(description="how the source stores it, when not in the kind's own way")] = ""
    why: Annotated[str, Field(description="the evidence this kind was chosen on")] = ""
    pii: Annotated[str, Field(description="personal data this looks like: email, phone, name ...")] = ""

    @property
    def storage(self) -> pl.DataType:
        """The polars type of this column inside a Dataset."""
        dtype = self.dtype
        return dtype() if isinstance(dtype, type) else dtype


class Number(_Kind):
    """A measured quantity on a decimal grid: `decimals=2` means multiples of 0.01, None means no grid."""

    dtype = pl.Float64
    kind: Literal["number"] = "number"
    decimals: Annotated[int | None, Field(ge=-12, le=15)] = None
    format: NumberFormat = None
    bounds: BoundsField = Bounds()


class Integer(_Kind):
    """A count or whole number; all values are multiples of `step`, counted from zero."""

    dtype = pl.Int64
    kind: Literal["integer"] = "integer"
    step: Annotated[int, Field(ge=1)] = 1
    format: NumberFormat = None
    bounds: BoundsField = Bounds()


class Boolean(_Kind):
    """True or false; `labels` are the source's words for (false, true)."""

    dtype = pl.Boolean
    kind: Literal["boolean"] = "boolean"
    labels: tuple[str, str] | None = None


class Category(_Kind):
    """One of a set of values. Without `values` the set is too large to list (a high-cardinality column)."""

    kind: Literal["category"] = "category"
    values: CategoriesField | None = None
    ordered: bool = False

    @property
    def high_cardinality(self) -> bool:
        """Whether the values are too many to be listed in a schema."""
        return self.values is None


class Moment(_Kind):
    """A date or a time stamp: `format` as in strftime when the source holds text, `precision` its finest step."""

    kind: Literal["moment"] = "moment"
    precision: Unit = "s"
    format: str | None = None
    timezone: str | None = None
    bounds: BoundsField = Bounds()

    @property
    def storage(self) -> pl.DataType:
        """Dates for whole days without a zone, else microseconds."""
        if self.precision == "d" and self.timezone is None:
            return pl.Date()
        return pl.Datetime("us", self.timezone)


class Duration(_Kind):
    """A length of time, stored in microseconds; `format` when the source holds text, `precision` its finest step."""

    dtype = pl.Duration("us")
    kind: Literal["duration"] = "duration"
    precision: Unit = "s"
    format: str | None = None


class Text(_Kind):
    """Free text: sentences, names, addresses. Never copied from real rows."""

    kind: Literal["text"] = "text"


class Json(_Kind):
    """A document of JSON, as text; a file of documents holds it as it is."""

    kind: Literal["json"] = "json"
    avro: Annotated[Any, Field(description="the Avro schema of the documents, where they follow one")] = None


class Id(_Kind):
    """A key: unique in its table. `pattern` is its shape (9 a digit, A and a letters, x hex, else literal)."""

    kind: Literal["id"] = "id"
    whole: Annotated[bool, Field(description="whether ids are whole numbers")] = False
    pattern: str | None = None
    first: Annotated[int, Field(description="the first id, where ids are whole numbers")] = 1
    last: Annotated[int | None, Field(description="the last id, where ids are whole numbers with gaps")] = None

    @property
    def storage(self) -> pl.DataType:
        """Whole-number ids are stored as such, all others as text."""
        return pl.Int64() if self.whole else pl.String()


class Constant(_Kind):
    """The same value in every row, or no value at all."""

    kind: Literal["constant"] = "constant"
    value: Scalar | None = None

    @property
    def storage(self) -> pl.DataType:
        """The type of the one value."""
        if isinstance(self.value, bool):
            return pl.Boolean()
        if isinstance(self.value, int):
            return pl.Int64()
        return pl.Float64() if isinstance(self.value, float) else pl.String()


class Image(_Kind):
    """A picture in a cell, `shape` as (height, width, channels)."""

    dtype = pl.Binary
    kind: Literal["image"] = "image"
    shape: tuple[int, int, int] | None = None


class Audio(_Kind):
    """A sound in a cell, sampled `rate_hz` times a second."""

    dtype = pl.Binary
    kind: Literal["audio"] = "audio"
    rate_hz: int | None = None


class Array(_Kind):
    """Numbers in a cell, `shape` as in numpy."""

    dtype = pl.List(pl.Float64)
    kind: Literal["array"] = "array"
    shape: tuple[int, ...] | None = None


Kind = Annotated[
    Number | Integer | Boolean | Category | Moment | Duration | Text | Json | Id | Constant | Image | Audio | Array,
    Field(discriminator="kind"),
]
