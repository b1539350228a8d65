"""JSON Schema of any draft from 4 to 2020-12, with the files beside it that it refers to."""

from typing import Any

from synthesist.schemas.source import Source

__all__ = ["SUFFIXES", "TITLE", "page", "recognises"]

TITLE = "JSON Schema (.json, .yaml)"
SUFFIXES = (".json", ".yaml", ".yml")
MARKS = {"$schema", "$ref", "$defs", "definitions", "properties", "items", "allOf", "anyOf", "oneOf", "enum", "const"}


def recognises(source: Source) -> bool:
    """Whether the file says so by `$schema`, or is made of the words of JSON Schema."""
    if source.suffix not in SUFFIXES:
        return False
    tree = source.mapping
    return "json-schema.org" in str(tree.get("$schema", "")) or (bool(MARKS & tree.keys()) and "kind" not in tree)


def page(source: Source) -> dict[str, Any]:
    """The page of the sampler `documents`."""
    return {"kind": "documents", "schema": source.mapping}
