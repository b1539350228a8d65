"""Values of JSON: their types, and when two are equal."""

import json
from typing import Any

__all__ = ["canonical", "type_of"]


def canonical(value: Any) -> str:
    """A value as JSON, equal values as equal texts: 1.0 is 1, and the order of properties is none."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False)


def type_of(value: Any) -> str:
    """The type of JSON a value has."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return {name: _plain(part) for name, part in value.items()} if isinstance(value, dict) else value
