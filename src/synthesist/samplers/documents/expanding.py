"""Schemas as alternatives: each a flat record of what a value must be like, negations pushed down to the leaves.

A value is right where it meets one alternative. Where there would be too many, some are left out, which makes
less varied values and never wrong ones. What no record can say is kept as a check.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice, product
from math import prod
from typing import Any

import numpy as np

from synthesist.errors import SpecError
from synthesist.samplers.documents.ecma import searcher
from synthesist.samplers.documents.references import Library, Located
from synthesist.samplers.documents.shapes import ANY, TYPES, Contains, Goal, Group, Items, Shape
from synthesist.samplers.documents.strings import texts
from synthesist.samplers.documents.values import canonical

__all__ = ["Expander"]

MOST = 64  # alternatives of one schema
THINNED = 1_024  # pairs of alternatives that are met with each other
FEW = 6  # alternatives of a branch that is to fail; with more it is a check
Alternatives = tuple[Shape, ...]
OTHERS = ("other", "another", "a0", "Z9", "x-1")  # names of properties that a schema might not know
OF_PROPERTIES = ("properties", "patternProperties", "additionalProperties", "dependentSchemas", "dependentRequired")
COUNTING = {"prefixItems", "minContains", "maxContains"}
OBJECT, ARRAY, TEXT, NUMBER = (frozenset({name}) for name in ("object", "array", "string", "number"))


class Expander:
    """Finds the alternatives of goals, each once."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._known: dict[tuple[Located, bool], Alternatives] = {}
        self._under_way: set[tuple[Located, bool]] = set()

    def goal(self, goal: Goal) -> Alternatives:
        """The alternatives of what is to hold together."""
        in_order = sorted(goal, key=lambda literal: (not literal[1], literal[0].path))
        return _product(self.literal(place, holds) for place, holds in in_order)

    def literal(self, place: Located, holds: bool) -> Alternatives:
        """The alternatives of one schema that is to hold, or not to hold."""
        if isinstance(place.schema, bool):
            return (ANY,) if place.schema is holds else ()
        key = place, holds
        if key not in self._known:
            if key in self._under_way:
                return (ANY,)  # a schema that is itself says nothing
            self._under_way.add(key)
            try:
                self._known[key] = self._holding(place) if holds else self._failing(place)
            finally:
                self._under_way.discard(key)
        return self._known[key]

    # ----------------------------------------------------------------------- what holds

    def _holding(self, place: Located) -> Alternatives:
        words = place.words
        parts: list[Alternatives] = [_only(self._own(place))]
        if isinstance(words.get("$ref"), str):
            parts.append(self.literal(self.library.target(place, words["$ref"]), True))
        if isinstance(words.get("$dynamicRef"), str):
            parts.append(self.literal(self.library.dynamic_target(place, words["$dynamicRef"]), True))
        parts += [self.literal(part, True) for part in self._parts(place, "allOf")]
        if "anyOf" in words:
            parts.append(_joined(self.literal(part, True) for part in self._parts(place, "anyOf")))
        if "oneOf" in words:
            parts.append(self._exactly_one(self._parts(place, "oneOf")))
        if "not" in words:
            parts.append(self.literal(self._part(place, "not"), False))
        if "if" in words and {"then", "else"} & words.keys():
            parts.append(self._conditional(place))
        for name in words.get("dependentSchemas") or {}:
            there = _product([_only(_having(name)), self.literal(self._part(place, "dependentSchemas", name), True)])
            parts.append(_joined([_only(replace(ANY, absent=frozenset({name}))), there]))
        found = _product(parts)
        if "unevaluatedProperties" in words:
            others = _goal(self._part(place, "unevaluatedProperties"))
            found = _kept(_with_others(shape, others) for shape in found)
        if "unevaluatedItems" in words:
            others = _goal(self._part(place, "unevaluatedItems"))
            found = _kept(_with_other_items(shape, others, place.draft) for shape in found)
        return found

    def _conditional(self, place: Located) -> Alternatives:
        branches = []
        for holds, name in ((True, "then"), (False, "else")):
            parts = [self.literal(self._part(place, "if"), holds)]
            if name in place.words:
                parts.append(self.literal(self._part(place, name), True))
            branches.append(_product(parts))
        return _joined(branches)

    def _exactly_one(self, branches: Sequence[Located]) -> Alternatives:
        """The alternatives of each branch, cut so that the other branches fail."""
        every = [self.literal(branch, True) for branch in branches]
        found: list[Alternatives] = []
        for i, here in enumerate(every):
            for j, other in enumerate(every):
                if i != j and branches[i] is not branches[j]:
                    here = _joined(self._outside(shape, other, branches[j]) for shape in here)
            found.append(here)
        return _joined(found)

    def _outside(self, shape: Shape, other: Alternatives, branch: Located) -> Alternatives:
        """What of a shape does not meet another branch."""
        if all(shape.meet(there) is None for there in other):
            return (shape,)
        failing = self.literal(branch, False)
        if len(failing) > FEW:
            return _only(shape.meet(replace(ANY, checks=frozenset({(branch, False)}))))
        return _kept(shape.meet(there) for there in failing)

    def _own(self, place: Located) -> Shape | None:
        """What the keywords of one schema say that are not schemas to hold in its place."""
        words = place.words
        shape = _typed(words.get("type"), place)
        if place.listed is not None:
            given = map(canonical, [words["const"]] if "const" in words else words["enum"])
            shape = replace(shape, values=tuple(value for value in dict.fromkeys(given) if value in place.listed))
        for keyword, facet in FACETS.items():
            if keyword in words:
                shape = replace(shape, **facet(words[keyword], words))
        shape = replace(shape, **self._of_objects(place), **self._of_arrays(place))
        return shape.trimmed()

    def _of_objects(self, place: Located) -> dict[str, Any]:
        words, facets = place.words, dict[str, Any]()
        if {"properties", "patternProperties", "additionalProperties"} & words.keys():
            named = [(n, _goal(self._part(place, "properties", n))) for n in words.get("properties") or {}]
            matching = [
                (p, _goal(self._part(place, "patternProperties", p))) for p in words.get("patternProperties") or {}
            ]
            others = _goal(self._part(place, "additionalProperties")) if "additionalProperties" in words else None
            facets["groups"] = (Group(tuple(named), tuple(matching), others),)
        if "propertyNames" in words:
            facets["names"] = _goal(self._part(place, "propertyNames"))
        needed = words.get("dependentRequired") or {}
        if needed:
            facets["dependents"] = tuple((name, frozenset(others)) for name, others in needed.items())
        return facets

    def _of_arrays(self, place: Located) -> dict[str, Any]:
        words, facets = place.words, dict[str, Any]()
        if {"prefixItems", "items"} & words.keys():
            first = tuple(
                _goal(self._part(place, "prefixItems", i)) for i in range(len(words.get("prefixItems") or ()))
            )
            facets["items"] = (Items(first, _goal(self._part(place, "items")) if "items" in words else None),)
        if "contains" in words:
            least, most = words.get("minContains", 1), words.get("maxContains")
            facets["contains"] = (Contains(_goal(self._part(place, "contains")), int(least), most),)
        return facets

    # ----------------------------------------------------------------------- what fails

    def _failing(self, place: Located) -> Alternatives:
        """One keyword at least fails; where that cannot be built in, the schema as a whole is seen to fail."""
        found: list[Alternatives] = []
        for keyword, value in place.words.items():
            if keyword in WAYS_TO_FAIL:
                found.append(_kept(shape.trimmed() for shape in WAYS_TO_FAIL[keyword](value, place.words)))
            elif keyword in ("$ref", "allOf", "anyOf", "oneOf", "not", "if"):
                found.append(self._in_place_failing(place, keyword))
            elif keyword in OF_PROPERTIES:
                found.append(self._property_failing(place, keyword))
            elif (
                keyword in ("items", "contains")
                and not {"prefixItems", "minContains", "maxContains"} & place.words.keys()
            ):
                found.append(self._value_failing(place, keyword))
            if keyword in LOOKED_AT:
                found.append((replace(ANY, types=LOOKED_AT[keyword], checks=frozenset({(place, False)})),))
        return _joined(found)

    def _in_place_failing(self, place: Located, keyword: str) -> Alternatives:
        match keyword:
            case "$ref":
                return self.literal(self.library.target(place, place.words["$ref"]), False)
            case "allOf":
                return _joined(self.literal(part, False) for part in self._parts(place, keyword))
            case "anyOf" | "oneOf":
                branches = [self.literal(part, False) for part in self._parts(place, keyword)]
                if prod(map(len, branches)) > MOST:
                    return (replace(ANY, checks=frozenset({(place, False)})),)
                return _product(branches)
            case "not":
                return self.literal(self._part(place, keyword), True)
        branches = [
            _product([self.literal(self._part(place, "if"), holds), self.literal(self._part(place, name), False)])
            for holds, name in ((True, "then"), (False, "else"))
            if name in place.words
        ]
        return _joined(branches)

    def _property_failing(self, place: Located, keyword: str) -> Alternatives:
        value = place.words[keyword]
        match keyword:
            case "properties":
                return _joined(_only(_with_failing(name, self._part(place, keyword, name))) for name in value)
            case "dependentSchemas":
                return _joined(
                    _product([_only(_having(name)), self.literal(self._part(place, keyword, name), False)])
                    for name in value
                )
            case "dependentRequired":
                pairs = [(name, other) for name, others in value.items() for other in others]
                return _kept(replace(_having(name), absent=frozenset({other})).trimmed() for name, other in pairs)
            case "patternProperties":
                names = [(pattern, _named(pattern)) for pattern in value]
                return _joined(_only(_with_failing(n, self._part(place, keyword, p))) for p, n in names if n)
        known, patterns = place.words.get("properties") or {}, place.words.get("patternProperties") or {}
        free = [n for n in OTHERS if n not in known and not any(searcher(p).search(n) for p in patterns)]
        return _only(_with_failing(free[0], self._part(place, keyword))) if free else ()

    def _value_failing(self, place: Located, keyword: str) -> Alternatives:
        """An array with a wrong value; or, of those that `contains` asks for, none."""
        failing = frozenset({(self._part(place, keyword), False)})
        if keyword == "items":
            return (replace(ANY, types=ARRAY, contains=(Contains(failing),)),)
        return (replace(ANY, types=ARRAY, items=(Items((), failing),)),)

    # ----------------------------------------------------------------------- subschemas

    def _part(self, place: Located, *way: str | int) -> Located:
        found = place.words
        for step in way:
            if isinstance(step, str) and not isinstance(found, Mapping):
                raise SpecError(f"{place.path}/{way[0]} is {found!r}, a mapping is needed. Correct it.")
            found = found[step]  # type: ignore[index]
        return self.library.at(found, place, *way)

    def _parts(self, place: Located, keyword: str) -> list[Located]:
        parts = place.words.get(keyword) or []
        if not isinstance(parts, list):
            raise SpecError(f"{place.path}/{keyword} is {parts!r}, a list of schemas is needed. Correct it.")
        return [self._part(place, keyword, i) for i in range(len(parts))]


# --------------------------------------------------------------------------- alternatives


def _joined(branches: Iterable[Alternatives]) -> Alternatives:
    """All alternatives of some branches; where there are too many, some of each."""
    every = list(branches)
    if sum(map(len, every)) <= MOST:
        return tuple(shape for branch in every for shape in branch)
    each = max(1, MOST // max(len(every), 1))
    return tuple(shape for branch in every for shape in _spread(branch, each))


def _product(parts: Iterable[Alternatives]) -> Alternatives:
    """What meets one alternative of every part."""
    found: Alternatives = (ANY,)
    for part in sorted(parts, key=len):
        pairs = len(found) * len(part)
        found = _kept(a.meet(b) for a, b in islice(product(found, part), 0, None, 1 + pairs // THINNED))
        found = _spread(found, MOST)
    return found


def _spread(shapes: Alternatives, most: int) -> Alternatives:
    """Some alternatives from all over: those that need no check first."""
    if len(shapes) <= most:
        return shapes
    in_order = sorted(shapes, key=lambda shape: bool(shape.checks))
    exact = [shape for shape in in_order if not shape.checks]
    chosen = exact if len(exact) >= most else in_order
    return tuple(chosen[i * len(chosen) // most] for i in range(most))


def _kept(shapes: Iterable[Shape | None]) -> Alternatives:
    return tuple(shape for shape in shapes if shape is not None)


def _only(shape: Shape | None) -> Alternatives:
    return () if shape is None else (shape,)


def _goal(place: Located) -> Goal:
    return frozenset() if place.schema is True or place.schema == {} else frozenset({(place, True)})


def _with_failing(name: str, part: Located) -> Shape | None:
    """Objects that have a property which does not meet a schema."""
    if part.schema is True or part.schema == {}:
        return None
    return replace(_having(name), groups=(Group(named=((name, frozenset({(part, False)})),)),)).trimmed()


def _named(pattern: str) -> str | None:
    """A name that a pattern of properties finds, always the same one."""
    nothing = frozenset[str]()
    try:
        found = texts(1, None, frozenset({pattern}), nothing, nothing, nothing)
        return str(found.draw(1, np.random.Generator(np.random.Philox(key=0)), 0.0)[0])
    except SpecError:
        return None


def _having(name: str) -> Shape:
    """Objects that have a property; other values are as they were."""
    return replace(ANY, types=OBJECT, required=frozenset({name}))


def _with_others(shape: Shape, others: Goal) -> Shape | None:
    """Properties that nothing has looked at are to meet a goal."""
    if any(group.others is not None for group in shape.groups):
        return shape
    nothing: Goal = frozenset()
    named = tuple((name, nothing) for name in dict.fromkeys(n for group in shape.groups for n, _ in group.named))
    patterns = tuple((p, nothing) for p in dict.fromkeys(p for group in shape.groups for p, _ in group.patterns))
    return replace(shape, groups=(*shape.groups, Group(named, patterns, others))).trimmed()


def _with_other_items(shape: Shape, others: Goal, draft: int) -> Shape | None:
    """Values that nothing has looked at are to meet a goal; from 2020-12 on, `contains` looks at those it finds."""
    if any(items.others is not None for items in shape.items):
        return shape
    if draft >= 2020 and shape.contains and any(place.schema is False for place, _ in others):
        others = shape.contains[0].goal
    first = max((len(items.first) for items in shape.items), default=0)
    return replace(shape, items=(*shape.items, Items((frozenset(),) * first, others))).trimmed()


# --------------------------------------------------------------------------- keywords


def _typed(said: Any, place: Located) -> Shape:
    """The types a schema allows."""
    names = [said] if isinstance(said, str) else [name for name in said or () if isinstance(name, str)]
    if said is None or "any" in names:
        return ANY
    if unknown := [name for name in names if name not in TYPES and name != "integer"]:
        raise SpecError(f"{place.path}: `{unknown[0]}` is no type of JSON Schema. Correct it.")
    types = frozenset("number" if name == "integer" else name for name in names)
    return replace(ANY, types=types, whole="integer" in names and "number" not in names)


def _number(value: Any) -> Fraction:
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


FACETS: Mapping[str, Callable[[Any, Mapping[str, Any]], dict[str, Any]]] = {
    "minimum": lambda v, w: (
        {"low": _number(v)}
        if "exclusiveMinimum" not in w or _number(w["exclusiveMinimum"]) < _number(v)
        else {"low": _number(w["exclusiveMinimum"]), "low_open": True}
    ),
    "exclusiveMinimum": lambda v, w: (
        {"low": _number(v), "low_open": True} if "minimum" not in w or _number(w["minimum"]) <= _number(v) else {}
    ),
    "maximum": lambda v, w: (
        {"high": _number(v)}
        if "exclusiveMaximum" not in w or _number(w["exclusiveMaximum"]) > _number(v)
        else {"high": _number(w["exclusiveMaximum"]), "high_open": True}
    ),
    "exclusiveMaximum": lambda v, w: (
        {"high": _number(v), "high_open": True} if "maximum" not in w or _number(w["maximum"]) >= _number(v) else {}
    ),
    "multipleOf": lambda v, w: {"multiples": frozenset({_number(v)})},
    "minLength": lambda v, w: {"shortest": int(v)},
    "maxLength": lambda v, w: {"longest": int(v)},
    "pattern": lambda v, w: {"patterns": frozenset({str(v)})},
    "format": lambda v, w: {"formats": frozenset({str(v)})},
    "contentMediaType": lambda v, w: {"formats": frozenset({"json-string"})} if v == "application/json" else {},
    "contentEncoding": lambda v, w: {"formats": frozenset({"byte"})} if str(v).startswith("base64") else {},
    "minItems": lambda v, w: {"fewest": int(v)},
    "maxItems": lambda v, w: {"most": int(v)},
    "uniqueItems": lambda v, w: {"unique": bool(v)},
    "required": lambda v, w: {"required": frozenset(v)},
    "minProperties": lambda v, w: {"fewest_properties": int(v)},
    "maxProperties": lambda v, w: {"most_properties": int(v)},
}


def _other_types(said: Any, words: Mapping[str, Any]) -> list[Shape]:
    names = {said} if isinstance(said, str) else set(said)
    types = TYPES - names - ({"number"} if "integer" in names else set())
    broken = "integer" in names and "number" not in names
    return [replace(ANY, types=types)] * bool(types) + [replace(ANY, types=NUMBER, broken=True)] * broken


def _all_but(values: Iterable[Any]) -> list[Shape]:
    return [replace(ANY, excluded=frozenset(map(canonical, values)))]


WAYS_TO_FAIL: Mapping[str, Callable[[Any, Mapping[str, Any]], list[Shape]]] = {
    "type": _other_types,
    "const": lambda v, w: _all_but([v]),
    "enum": lambda v, w: _all_but(v),
    "minimum": lambda v, w: [replace(ANY, types=NUMBER, high=_number(v), high_open=True)],
    "maximum": lambda v, w: [replace(ANY, types=NUMBER, low=_number(v), low_open=True)],
    "exclusiveMinimum": lambda v, w: [replace(ANY, types=NUMBER, high=_number(v))],
    "exclusiveMaximum": lambda v, w: [replace(ANY, types=NUMBER, low=_number(v))],
    "minLength": lambda v, w: [replace(ANY, types=TEXT, longest=int(v) - 1)] if v else [],
    "maxLength": lambda v, w: [replace(ANY, types=TEXT, shortest=int(v) + 1)],
    "pattern": lambda v, w: [replace(ANY, types=TEXT, not_patterns=frozenset({str(v)}))],
    "minItems": lambda v, w: [replace(ANY, types=ARRAY, most=int(v) - 1)] if v else [],
    "maxItems": lambda v, w: [replace(ANY, types=ARRAY, fewest=int(v) + 1)],
    "minProperties": lambda v, w: [replace(ANY, types=OBJECT, most_properties=int(v) - 1)] if v else [],
    "maxProperties": lambda v, w: [replace(ANY, types=OBJECT, fewest_properties=int(v) + 1)],
    "required": lambda v, w: [replace(ANY, types=OBJECT, absent=frozenset({name})) for name in v],
}
LOOKED_AT: Mapping[str, frozenset[str]] = {
    "multipleOf": NUMBER,
    **dict.fromkeys(("prefixItems", "items", "contains", "uniqueItems", "unevaluatedItems"), ARRAY),
    **dict.fromkeys(("patternProperties", "additionalProperties", "propertyNames", "unevaluatedProperties"), OBJECT),
    **dict.fromkeys(("oneOf", "$dynamicRef"), TYPES),
}
"""Keywords whose failing has to be looked at, and the types of values they speak of."""
