"""Avro schemas (.avsc): documents in Avro's own JSON encoding, which `fromjson` of every Avro library reads.

Reference: Apache Avro 1.12 specification, "Schema Declaration" and "JSON Encoding",
https://avro.apache.org/docs/1.12.0/specification/.
"""

from collections.abc import Mapping
from math import floor, log
from pathlib import Path
from typing import Any

from synthesist.errors import SpecError
from synthesist.schemas.source import Source

__all__ = ["SUFFIXES", "TITLE", "page", "recognises"]

TITLE = "Avro (.avsc)"
SUFFIXES = (".avsc", ".json")
PRIMITIVES: Mapping[str, dict[str, Any]] = {
    "null": {"type": "null"},
    "boolean": {"type": "boolean"},
    "int": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "long": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "float": {"type": "number"},
    "double": {"type": "number"},
    "bytes": {"type": "string", "maxLength": 64},
    "string": {"type": "string"},
}
DAY = 86_400
YEARS = (946_684_800, 1_893_456_000)  # seconds since 1970 of the years 2000 to 2029
TICKS = {"millis": 10**3, "micros": 10**6, "nanos": 10**9}


def recognises(source: Source) -> bool:
    """Whether the file is called .avsc, or holds a record of Avro."""
    if source.suffix == ".avsc":
        return True
    tree = source.mapping if source.suffix == ".json" else {}
    return tree.get("type") == "record" and isinstance(tree.get("fields"), list)


def page(source: Source) -> dict[str, Any]:
    """The page of the sampler `documents`."""
    reader = _Reader(str(source.path))
    root = reader.schema(source.tree, "")
    beside = _read_beside(reader, source.path.parent)
    reader.settle()
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **root, "$defs": reader.named}
    return {
        "kind": "documents",
        "json_schema": schema,
        "avro": _whole(source.tree, "", beside) if beside else source.tree,
    }


def _read_beside(reader: "_Reader", folder: Path) -> dict[str, Any]:
    """Types that are used and lie in a file of their own, called as they are; by their name."""
    beside: dict[str, Any] = {}
    while missing := sorted(reader.used - reader.named.keys() - beside.keys()):
        for name in missing:
            files = (folder / f"{called}.avsc" for called in (name, name.rpartition(".")[2]))
            file = next((file for file in files if file.is_file()), None)
            beside[name] = None if file is None else Source.read(file).tree
            if beside[name] is not None:
                reader.schema(beside[name], name.rpartition(".")[0])
    return {name: tree for name, tree in beside.items() if tree is not None}


def _whole(tree: Any, space: str, beside: dict[str, Any]) -> Any:
    """The schema with each type of another file where it is used first, as Avro has it."""
    if isinstance(tree, str):
        full = tree if "." in tree or not space else f"{space}.{tree}"
        name = full if full in beside else tree
        return _whole(beside.pop(name), name.rpartition(".")[0], beside) if name in beside else tree
    if isinstance(tree, list):
        return [_whole(part, space, beside) for part in tree]
    if not isinstance(tree, dict):
        return tree
    space = str(tree.get("namespace") or str(tree.get("name", "")).rpartition(".")[0] or space)
    inner = {key: _whole(tree[key], space, beside) for key in ("type", "items", "values") if key in tree}
    fields = [
        {**one, "type": _whole(one.get("type"), space, beside)} if isinstance(one, dict) else one
        for one in tree.get("fields") or ()
    ]
    return {**tree, **inner, **({"fields": fields} if "fields" in tree else {})}


class _Reader:
    """Goes through a schema; every named type becomes a definition."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.named: dict[str, Any] = {}
        self.used: set[str] = set()

    def schema(self, tree: Any, space: str) -> dict[str, Any]:
        """The JSON Schema of an Avro schema; `space` is the namespace it stands in."""
        match tree:
            case str():
                return dict(PRIMITIVES[tree]) if tree in PRIMITIVES else self._reference(tree, space)
            case list():
                return {"anyOf": [self._branch(part, space) for part in tree]}
            case {"type": "record" | "error" | "enum" | "fixed" as kind}:
                return self._define(tree, kind, space)
            case {"type": "array"}:
                return {"type": "array", "items": self.schema(tree.get("items", "null"), space)}
            case {"type": "map"}:
                return {"type": "object", "additionalProperties": self.schema(tree.get("values", "null"), space)}
            case {"type": inner}:
                return _logical(tree, self.schema(inner, space))
        raise SpecError(f"{self.where}: {str(tree)[:80]!r} is no Avro schema. Correct it.")

    def settle(self) -> None:
        """Refuse names that nothing defines."""
        if unknown := sorted(self.used - self.named.keys()):
            raise SpecError(f"{self.where}: no type `{unknown[0]}` is defined. Put its definition into the file.")

    def _reference(self, name: str, space: str) -> dict[str, Any]:
        full = name if "." in name or not space else f"{space}.{name}"
        if full not in self.named and name in self.named:
            full = name
        self.used.add(full)
        return {"$ref": f"#/$defs/{full}"}

    def _branch(self, tree: Any, space: str) -> dict[str, Any]:
        """A branch of a union: null as it is, all else under the name of its type."""
        if tree == "null" or (isinstance(tree, dict) and tree.get("type") == "null"):
            return {"type": "null"}
        inner = self.schema(tree, space)
        ref = inner.get("$ref", "")
        called = ref.removeprefix("#/$defs/") if ref else tree if isinstance(tree, str) else tree["type"]
        while isinstance(called, dict):
            called = called["type"]
        return _object({called: inner})

    def _define(self, tree: Mapping[str, Any], kind: str, space: str) -> dict[str, Any]:
        name = tree.get("name")
        if not isinstance(name, str):
            raise SpecError(f"{self.where}: a {kind} has no `name`. Give it one.")
        space = name.rpartition(".")[0] if "." in name else str(tree.get("namespace", space) or "")
        full = name if "." in name or not space else f"{space}.{name}"
        self.named[full] = True  # so that it may hold itself
        if kind == "enum":
            self.named[full] = {"enum": list(tree.get("symbols") or ())}
        elif kind == "fixed":
            self.named[full] = _fixed(tree)
        else:
            fields = {one["name"]: self.schema(one.get("type", "null"), space) for one in tree.get("fields") or ()}
            self.named[full] = _object(fields)
        return {"$ref": f"#/$defs/{full}"}


def _object(fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def _fixed(tree: Mapping[str, Any]) -> dict[str, Any]:
    size = int(tree.get("size", 0))
    if tree.get("logicalType") == "decimal":
        digits = min(size, _bytes(tree))
        return {"type": "string", "pattern": f"^\\u0000{{{size - digits}}}[ -~]{{{digits}}}$"}
    return {"type": "string", "minLength": size, "maxLength": size}


def _bytes(tree: Mapping[str, Any]) -> int:
    """How many bytes a decimal of this precision has room for whatever is in them."""
    return max(0, floor(int(tree.get("precision", 1)) * log(10) / log(256)))


def _logical(tree: Mapping[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """A type with what its logical type says of its values."""
    kind, unit = str(tree.get("logicalType", "")), str(tree.get("logicalType", "")).rpartition("-")[2]
    whole = schema.get("type") == "integer"
    if kind == "uuid" and schema.get("type") == "string":
        return {**schema, "format": "uuid"}
    if kind == "date" and whole:
        return {**schema, "minimum": YEARS[0] // DAY, "maximum": YEARS[1] // DAY}
    if kind.startswith("time-") and whole:
        return {**schema, "minimum": 0, "maximum": DAY * TICKS[unit] - 1}
    if "timestamp-" in kind and whole and unit in TICKS:
        return {**schema, "minimum": YEARS[0] * TICKS[unit], "maximum": YEARS[1] * TICKS[unit]}
    if kind == "decimal" and schema.get("type") == "string":
        return {**schema, "minLength": min(1, _bytes(tree)), "maxLength": _bytes(tree)}
    return schema
