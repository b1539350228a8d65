"""Documents of JSON that a schema describes."""

from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from pydantic import model_validator

from synthesist.core import Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Json
from synthesist.data.schema import Schema, TableSchema
from synthesist.errors import SpecError, did_you_mean
from synthesist.samplers.documents.drawing import Habits, drawn
from synthesist.samplers.documents.planning import Plan
from synthesist.samplers.documents.probing import probed
from synthesist.samplers.documents.references import ANNOTATIONS, Library, Located, walked

__all__ = ["Documents"]

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0, "maximum": 120}},
    "required": ["name"],
}
FAMILY = {"$defs": {"person": PERSON, "family": {"type": "array", "items": PERSON}}}
COLUMN = "document"
DEFINING = ("$schema", "$id", "id", "$defs", "definitions")
WORTH = 100_000  # values that a block is made of, about
SMALLEST, LARGEST = 64, 16_384  # documents of a block


class Documents(Spec):
    """Documents of JSON, as a JSON Schema describes them.

    Written as a page:

        kind: documents
        json_schema:
          type: object
          properties:
            name: {type: string, pattern: "^[A-Z][a-z]{2,9}$"}
            tags: {type: array, items: {enum: [new, sale]}, uniqueItems: true}
          required: [name]

    All of draft 2020-12 and the older drafts from 4 on. The schema is made into a plan once; every document is built
    so that it is right, and what cannot be built in is looked at and drawn again. A unit is a document: the table
    has one column of them, and a .jsonl file holds one a line.

    When not to use: where values must go together as they do in real data, or tables refer to each other.
    """

    json_schema: dict[str, Any] | bool = knob(
        ...,
        "the JSON Schema",
        tries=(PERSON, {"type": "array", "items": {"type": "number"}, "minItems": 1}),
    )
    of: str | None = knob(
        None,
        "which definition of the schema to draw: its name, or where it stands as in #/$defs/person; else the whole",
        tries=("person", "#/$defs/family"),
        beside={"json_schema": FAMILY},
    )
    table: str = knob("documents", "name of the table", tries=("documents", "people"), min_length=1)
    optional: float = knob(0.7, "how often a property is there that need not be", tries=(0.7, 0.1), ge=0, le=1)
    edges: float = knob(
        0.05,
        "how often a value is one of the ends of what is allowed: the smallest, the longest",
        tries=(0.0, 0.9),
        ge=0,
        le=1,
    )
    size: int = knob(
        100,
        "how many values a document has about, where the schema leaves it open",
        tries=(5, 200),
        beside={"json_schema": {"type": "array", "items": {"type": "array", "items": {"type": "string"}}}},
        ge=1,
        le=100_000,
    )
    avro: Any = knob(
        None,
        "the Avro schema of the documents, which a file .avro carries",
        tries=(None, "string"),
        affects="cost",
    )
    beside: dict[str, Any] = knob(
        {},
        "further schemas that this one refers to, by their address",
        tries=({"other.json": {"type": "integer"}}, {"other.json": {"type": "string"}}),
        beside={"json_schema": {"$dynamicRef": "other.json"}},  # which the tools that read this page leave alone,
    )

    @model_validator(mode="after")
    def _can_be_drawn(self) -> "Documents":
        self._plan  # noqa: B018  (a schema that contradicts itself is refused where it is written)
        return self

    @property
    def block(self) -> int:
        """Fewer documents where each is large: a power of two, so that it does not depend on small changes."""
        worth = WORTH / max(2 * self._plan.root.least, self.size)
        return int(min(max(2 ** int(np.log2(max(worth, 1))), SMALLEST), LARGEST))

    @property
    def schema(self) -> Schema:  # type: ignore[override]  # pydantic's own is deprecated
        """One column, whose cells are JSON."""
        return Schema(tables={self.table: TableSchema(columns={COLUMN: Json(avro=self.avro)})})

    def sample(self, n: int, ctx: Context) -> Dataset:
        """Documents `ctx.start` to `ctx.start + n`.

        Raises:
            SpecError: a part of the schema that can only be tried out was met too seldom; the message names it.
        """
        habits = Habits(self.optional, self.edges, self.size)
        cells = drawn(self._plan, self._plan.root, n, habits, ctx.at(self.table))
        return Dataset({self.table: pl.DataFrame({COLUMN: cells})}, self.schema)

    @cached_property
    def library(self) -> Library:
        """The schema and those beside it, with all that they refer to."""
        return Library(self.json_schema, self.beside)

    @cached_property
    def place(self) -> Located:
        """Where in them the schema of the documents stands."""
        return _whole(self.library) if self.of is None else _definition(self.library, self.of)

    @cached_property
    def _plan(self) -> Plan:
        try:
            return probed(Plan(self.library, self.place))
        except RecursionError:
            raise SpecError(
                f"{self.place.path}: its parts hold themselves in more ways than can be worked out, as do branches of "
                "`oneOf` that nothing tells apart. Say by `of` which part to draw, or give each its own property."
            ) from None


def _whole(library: Library) -> Located:
    """The schema itself; of one that only defines, the only definition that no other one refers to."""
    defined = _definitions(library)
    if not defined or library.root.words.keys() - {*DEFINING, *ANNOTATIONS}:
        return library.root
    used = set[Located]()
    for place in defined.values():
        for part in walked(place.schema):
            if isinstance(ref := part.get("$ref"), str) and ref.startswith("#"):
                used.add(library.target(library.root, ref))
    free = [place for place in defined.values() if place not in used]
    if len(free) == 1 or len(defined) == 1:
        return (free or list(defined.values()))[0]
    raise SpecError(f"the schema defines {len(defined):,} things: say by `of` which. {did_you_mean('', defined)}")


def _definitions(library: Library) -> dict[str, Located]:
    """What the schema defines, by name."""
    words = library.root.words
    return {
        name: library.at(part, library.root, keyword, name)
        for keyword in ("$defs", "definitions")
        if isinstance(words.get(keyword), dict)
        for name, part in words[keyword].items()
        if isinstance(part, dict | bool)
    }


def _definition(library: Library, name: str) -> Located:
    """The subschema of this name, or at this place."""
    if name.startswith("#"):
        return library.target(library.root, name)
    defined = _definitions(library)
    if name not in defined:
        raise SpecError(f"the schema defines no `{name}`. {did_you_mean(name, defined)}")
    return defined[name]
