"""Every document is right by jsonschema, a validator that shares no code with the sampler."""

import json
from typing import Any

import jsonschema
import pytest

import synthesist as sy
from synthesist.errors import SpecError

N = 25
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name"],
}
TREE = {"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#"}}, "v": {"type": "integer"}}}
KINDS = {
    "oneOf": [
        {"properties": {"kind": {"const": "a"}, "n": {"type": "integer"}}, "required": ["kind", "n"]},
        {"properties": {"kind": {"const": "b"}, "s": {"type": "string"}}, "required": ["kind"]},
    ]
}
FORMATS = (
    *("date", "date-time", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uri-reference", "uuid"),
    *("json-pointer", "relative-json-pointer", "regex", "idn-email", "idn-hostname", "iri", "iri-reference"),
    "uri-template",
)


@pytest.mark.parametrize(
    "described",
    [
        TREE,
        KINDS,
        {"type": "array", "items": {"enum": ["x", "y", "z"]}, "uniqueItems": True, "minItems": 3},
        {
            "type": "array",
            "contains": {"type": "integer", "minimum": 5},
            "minContains": 2,
            "maxContains": 2,
            "maxItems": 6,
        },
        {"type": "array", "prefixItems": [{"type": "string"}], "items": False, "minItems": 1},
        {"type": "number", "multipleOf": 0.01, "exclusiveMinimum": 0, "maximum": 0.3},
        {"type": "integer", "allOf": [{"multipleOf": 4}, {"multipleOf": 6}], "minimum": 1, "maximum": 30},
        {"allOf": [{"pattern": "^a"}, {"pattern": "z$"}], "type": "string", "minLength": 4, "not": {"pattern": "b"}},
        {"type": "string", "pattern": r"^(?!.*--)[a-z-]{4,9}$"},
        {"type": "string", "minLength": 300, "maxLength": 400},
        {
            "type": "object",
            "additionalProperties": {"type": "integer"},
            "minProperties": 3,
            "propertyNames": {"maxLength": 4},
        },
        {
            "type": "object",
            "patternProperties": {"^x-": {"type": "null"}},
            "additionalProperties": False,
            "minProperties": 2,
        },
        {"allOf": [PERSON, {"properties": {"age": {"minimum": 18}}}], "unevaluatedProperties": False},
        {"type": "object", "properties": {"a": {}, "b": {}}, "dependentRequired": {"a": ["b"]}, "maxProperties": 1},
        {"if": {"properties": {"age": {"minimum": 18}}, "required": ["age"]}, "then": {"required": ["id"]}, **PERSON},
        {"oneOf": [{"type": "integer", "multipleOf": 2}, {"type": "integer", "multipleOf": 3}]},
        {
            "$schema": "http://json-schema.org/draft-04/schema#",
            "type": "number",
            "minimum": 1,
            "exclusiveMinimum": True,
        },
        {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "null"}], "additionalItems": False},
        {"$defs": {"n": {"$anchor": "here", "type": "integer"}}, "type": "array", "items": {"$ref": "#here"}},
        *({"type": "string", "format": name} for name in FORMATS),
    ],
    ids=lambda described: json.dumps(described)[:60],
)
def test_documents_are_right(described: dict[str, Any]) -> None:
    assert not faults(described, documents(described, n=60))


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ({"type": "integer", "minimum": 5, "maximum": 4}, "`minimum` 5 is above `maximum` 4"),
        ({"type": "object", "properties": {"a": False}, "required": ["a"]}, "`a` is required and never allowed"),
        ({"type": "object", "properties": {"self": {"$ref": "#"}}, "required": ["self"]}, "without end"),
        ({"$ref": "https://example.com/other.json#/x"}, "put other.json beside"),
        ({"$ref": "#/$defs/none"}, "there is no `$defs`"),
        ({"type": "strin"}, "`strin` is no type"),
        ({"type": "string", "pattern": "["}, "not closed"),
        ({"type": 5}, "#/type is 5, and a type or a list of types is needed"),
        ({"properties": {"a": {"minLength": -1}}}, "#/properties/a/minLength is -1, and a whole number"),
        ({"properties": [1]}, "a mapping is needed"),
        ({"type": "string", "minLength": 10**12}, "1,000,000 can be"),
        ({"type": "array", "minItems": 10**12}, "1,000,000 can be"),
        ({"type": "string", "pattern": "^b", "maxLength": 0}, "no text"),
        ({"enum": [1, 2], "type": "string"}, "no value of `enum` is of the type string"),
        ({"$defs": {"a": PERSON, "b": PERSON}}, "say by `of` which"),
    ],
)
def test_what_has_no_instance_is_refused_by_name(described: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as refused:
        documents(described)
    assert said in str(refused.value)


def test_every_branch_and_value_comes() -> None:
    kinds = {json.loads(text).get("kind") for text in documents(KINDS, n=200)}
    letters = set(documents({"enum": ["a", 1, None]}, n=200))
    assert (kinds, letters) == ({"a", "b"}, {'"a"', "1", "null"})


def test_optional_properties_come_as_often_as_asked() -> None:
    made = [json.loads(text) for text in documents(PERSON, n=2_000, optional=0.3)]
    assert 0.25 < sum("age" in one for one in made) / len(made) < 0.35


def test_edges_are_the_ends_of_what_is_allowed() -> None:
    ends = {"type": "integer", "minimum": -7, "maximum": 10**6}
    often, never = (documents(ends, n=1_000, edges=edges) for edges in (0.5, 0.0))
    assert {"-7", "1000000"} <= set(often)
    assert not {"-7", "1000000"} & set(never)


def test_documents_stay_small_where_a_schema_could_grow_without_end() -> None:
    sizes = [len(text) for text in documents(TREE, n=500, size=40)]
    assert max(sizes) < 4_000
    assert sum(sizes) / len(sizes) > 20


def test_machine_bounds_are_no_usual_values() -> None:
    made = [int(text) for text in documents({"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}, n=500)]
    assert {-(2**31), 2**31 - 1} & set(made)
    assert sum(abs(one) <= 1_000 for one in made) > 400


def test_examples_stand_in_for_what_cannot_be_drawn() -> None:
    described = {"type": "string", "pattern": r"^(?<=x)?\p{Script=Greek}+$", "examples": ["αβ", "no"]}
    with pytest.raises(SpecError, match="Greek"):
        documents(described)
    impossible = {"allOf": [{"type": "array", "items": {"type": "string", "pattern": "^(a)\\2$"}}], "default": []}
    assert set(documents(impossible)) == {"[]"}


def documents(described: Any, *, n: int = N, **options: Any) -> list[str]:
    made: list[str] = sy.sample("documents", n, json_schema=described, **options)["document"].to_list()
    return made


def faults(described: Any, made: list[str]) -> list[str]:
    kind = jsonschema.validators.validator_for(described, default=jsonschema.Draft202012Validator)
    right = kind(described, format_checker=kind.FORMAT_CHECKER)
    return [text for text in made if not right.is_valid(json.loads(text))]
