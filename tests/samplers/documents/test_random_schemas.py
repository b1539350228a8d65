"""Schemas made at random over all keywords give right documents, or are refused where no value meets them."""

import json
import random
from typing import Any

import jsonschema
import pytest

import synthesist as sy
from synthesist.errors import SynthesistError

NAMES = ("a", "b", "c")
PATTERNS = ("^[a-c]{1,3}$", "b", "^(?!b)[a-d]+$", "^[A-Z]")
WORDS = ("", "a", "b", "ab", "abc", "Aa", "cccc", "d")
NUMBERS = (-3, -1, 0, 0.5, 1, 2, 3, 4, 6, 7.5, 10)
SCALARS: tuple[Any, ...] = (None, True, False, *NUMBERS, *WORDS)
VALUES: tuple[Any, ...] = (
    *SCALARS,
    *([], [1], [1, 2], ["a"], ["a", "b"], [1, "a"], [None], [[]], [1, 1], [0, 1, 2], [True, "b", 3], [{}], [2, 4, 6]),
    *({}, *({name: value} for name in (*NAMES, "z") for value in (1, "a", "b", True, None, 3, [], {}))),
    *({"a": one, "b": two} for one in (1, "a", 2.5, True, None) for two in (1, "b", 3, [], None)),
    *({"a": one, "b": 2, "c": two} for one in (1, "ab") for two in ("c", 0, True)),
    *({"a": 1, "c": value} for value in (1, "a", None)),
    *({"b": 1, "c": value} for value in (1, "a", None)),
)


@pytest.mark.parametrize("block", range(10))
def test_documents_are_right_or_there_is_none(block: int) -> None:
    outcomes = set()
    for seed in range(block * 12, block * 12 + 12):
        described = schema(random.Random(seed))
        right = jsonschema.Draft202012Validator(described)
        try:
            made = sy.sample("documents", 12, json_schema=described, size=30)["document"]
        except SynthesistError:
            assert not [value for value in VALUES if right.is_valid(value)], f"seed {seed}: {described}"
            outcomes.add("refused")
        else:
            assert all(right.is_valid(json.loads(text)) for text in made), f"seed {seed}: {described}"
            outcomes.add("right")
    assert outcomes == {"right", "refused"}


def schema(rng: random.Random, depth: int = 2) -> Any:
    """One schema; the deeper, the simpler."""
    if rng.random() < 0.06:
        return rng.random() < 0.6
    made: dict[str, Any] = {}
    for _ in range(rng.choice((1, 1, 2, 3))):
        made |= rng.choice(PARTS if depth else LEAVES)(rng, depth - 1)
    return made


def _some(rng: random.Random, depth: int, least: int = 1) -> list[Any]:
    return [schema(rng, depth) for _ in range(rng.randint(least, 3))]


def _type(rng: random.Random, _: int) -> dict[str, Any]:
    names = ["null", "boolean", "integer", "number", "string", "array", "object"]
    return {"type": rng.choice(names) if rng.random() < 0.7 else rng.sample(names, 2)}


def _bounds(rng: random.Random, _: int) -> dict[str, Any]:
    word = rng.choice(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"))
    return {
        "type": rng.choice(("integer", "number")),
        word: rng.choice((0.5, 1, 2, 3) if word[0:2] == "mu" else NUMBERS),
    }


def _text(rng: random.Random, _: int) -> dict[str, Any]:
    word = rng.choice(("minLength", "maxLength", "pattern"))
    return {"type": "string", word: rng.choice(PATTERNS) if word == "pattern" else rng.randint(0, 4)}


def _array(rng: random.Random, depth: int) -> dict[str, Any]:
    parts = {
        "items": lambda: schema(rng, depth),
        "prefixItems": lambda: _some(rng, depth),
        "contains": lambda: schema(rng, depth),
        "minContains": lambda: rng.randint(0, 2),
        "maxContains": lambda: rng.randint(1, 2),
        "uniqueItems": lambda: True,
        "minItems": lambda: rng.randint(0, 3),
        "maxItems": lambda: rng.randint(0, 4),
        "unevaluatedItems": lambda: rng.random() < 0.3,
    }
    return {"type": "array", **{word: parts[word]() for word in rng.sample(list(parts), rng.randint(1, 3))}}


def _object(rng: random.Random, depth: int) -> dict[str, Any]:
    parts = {
        "properties": lambda: {name: schema(rng, depth) for name in rng.sample(NAMES, rng.randint(1, 3))},
        "required": lambda: rng.sample(NAMES, rng.randint(1, 2)),
        "additionalProperties": lambda: rng.choice((False, False, schema(rng, depth))),
        "patternProperties": lambda: {rng.choice(PATTERNS): schema(rng, depth)},
        "propertyNames": lambda: schema(rng, 0),
        "minProperties": lambda: rng.randint(0, 3),
        "maxProperties": lambda: rng.randint(0, 3),
        "dependentRequired": lambda: {rng.choice(NAMES): [rng.choice(NAMES)]},
        "dependentSchemas": lambda: {rng.choice(NAMES): schema(rng, depth)},
        "unevaluatedProperties": lambda: rng.random() < 0.3,
    }
    return {"type": "object", **{word: parts[word]() for word in rng.sample(list(parts), rng.randint(1, 4))}}


LEAVES = [
    _type,
    _bounds,
    _text,
    lambda rng, _: {"enum": rng.sample(SCALARS, 3)},
    lambda rng, _: {"const": rng.choice(SCALARS)},
]
PARTS = [
    *LEAVES,
    _array,
    _object,
    _object,
    lambda rng, depth: {"allOf": _some(rng, depth)},
    lambda rng, depth: {"anyOf": _some(rng, depth)},
    lambda rng, depth: {"oneOf": _some(rng, depth)},
    lambda rng, depth: {"not": schema(rng, depth)},
    lambda rng, depth: {"if": schema(rng, depth), "then": schema(rng, depth), "else": schema(rng, depth)},
]
