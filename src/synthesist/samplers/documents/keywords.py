"""How the keywords of a schema are written: what is written otherwise is refused with its place."""

from collections.abc import Callable, Mapping
from typing import Any

from synthesist.errors import SpecError

__all__ = ["well_written"]

Test = Callable[[Any], bool]


def well_written(words: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """The keywords, where their values are of the right types.

    Raises:
        SpecError: one is not.
    """
    for keyword, value in words.items():
        right, wanted = WRITTEN.get(keyword, (None, ""))
        if right is not None and not right(value):
            raise SpecError(f"{path}/{keyword} is {_short(value)}, and {wanted} is needed. Correct it.")
    return words


def _short(value: Any) -> str:
    said = repr(value)
    return said if len(said) <= 60 else f"{said[:59]}…"


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(value: Any) -> bool:
    return _number(value) and value >= 0 and value == int(value)


def _names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


WRITTEN: Mapping[str, tuple[Test, str]] = {
    "type": (lambda value: value is None or isinstance(value, str) or _names(value), "a type or a list of types"),
    "multipleOf": (lambda value: _number(value) and value > 0, "a number above 0"),
    "pattern": (lambda value: isinstance(value, str), "a regular expression"),
    "$ref": (lambda value: isinstance(value, str), "an address"),
    "required": (_names, "a list of names"),
    "enum": (lambda value: isinstance(value, list), "a list of values"),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), (_number, "a number")),
    **dict.fromkeys(
        (
            "minLength",
            "maxLength",
            "minItems",
            "maxItems",
            "minProperties",
            "maxProperties",
            "minContains",
            "maxContains",
        ),
        (_count, "a whole number of at least 0"),
    ),
    **dict.fromkeys(
        ("properties", "patternProperties", "dependentSchemas", "dependentRequired", "dependencies"),
        (lambda value: value is None or isinstance(value, dict), "a mapping"),
    ),
}
"""Of each keyword what its value must be. Those that hold schemas are looked at where they are read."""
