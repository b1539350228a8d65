"""JSON Schema of any draft from 4 to 2020-12, with the files beside it that it refers to."""

from collections.abc import Mapping
from pathlib import Path
from posixpath import dirname, relpath
from typing import Any
from urllib.parse import urlsplit

from synthesist.samplers.documents.references import Library
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
    return "json-schema.org" in str(tree.get("$schema", "")) or bool(MARKS & tree.keys())


def page(source: Source) -> dict[str, Any]:
    """The page of the sampler `documents`."""
    beside = _beside(source.mapping, source.path.parent)
    return {"kind": "documents", "json_schema": source.mapping, **({"beside": beside} if beside else {})}


def _beside(schema: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The schemas that are referred to and lie in the same folder, by address, and those that they refer to."""
    beside: dict[str, Any] = {}
    files: dict[str, Path | None] = {}
    own = str(schema.get("$id", schema.get("id", "")))
    while missing := {pair for pair in Library(schema, beside).missing() if pair[0] not in files}:
        for address, referrer in sorted(missing):
            file = _file(address, own, folder)
            files[address] = file if file != files.get(referrer) else None  # none is what it refers to itself
            if files[address] is not None:
                beside[address] = Source.read(file or "").tree
    return beside


def _file(address: str, own: str, folder: Path) -> Path | None:
    """The file of an address: where it lies from that of the schema itself, or one that is called as it ends."""
    parts, here = urlsplit(address), urlsplit(own)
    last = parts.path.rstrip("/").rsplit("/", 1)[-1]
    names = [last, f"{last}.json", f"{last}.schema.json"]
    if not parts.scheme:
        names.insert(0, parts.path)
    elif (parts.scheme, parts.netloc) == (here.scheme, here.netloc) and here.path:
        names.insert(0, relpath(parts.path, dirname(here.path)))
    return next((folder / name for name in names if last and (folder / name).is_file()), None)
