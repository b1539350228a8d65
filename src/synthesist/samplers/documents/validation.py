"""Whether a value meets a schema: a small check for what could not be built in.

Reference: JSON Schema Validation, draft 2020-12, https://json-schema.org/draft/2020-12/json-schema-validation.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from synthesist.samplers.documents.ecma import searcher
from synthesist.samplers.documents.references import Library, Located
from synthesist.samplers.documents.shapes import Goal
from synthesist.samplers.documents.values import canonical, type_of

__all__ = ["Validator"]

Evaluated = set[str | int]
"""The properties, or places of an array, that something has looked at."""


class Validator:
    """Checks values against the schemas of a library."""

    def __init__(self, library: Library) -> None:
        self.library = library

    def meets(self, value: Any, goal: Goal) -> bool:
        """Whether everything that is to hold does, and nothing that is not to hold."""
        return all(self.holds(value, place) is expected for place, expected in goal)

    def holds(self, value: Any, place: Located) -> bool:
        """Whether a value meets one schema."""
        return self._evaluated(value, place) is not None

    def _evaluated(self, value: Any, place: Located) -> Evaluated | None:
        """What of a value was looked at; None where it does not meet the schema."""
        if isinstance(place.schema, bool):
            return set() if place.schema else None
        words = place.words
        if place.listed is not None and canonical(value) not in place.listed:
            return None
        if not _has_type(value, words.get("type")):
            return None
        seen: Evaluated = set()
        for target in self._in_place(place):
            looked_at = self._evaluated(value, target)
            if looked_at is None:
                return None
            seen |= looked_at
        for look in (self._branches, self._conditional):
            looked_at = look(value, place)
            if looked_at is None:
                return None
            seen |= looked_at
        match value:
            case bool() | None:
                return seen
            case int() | float():
                return seen if _number_fits(value, words) else None
            case str():
                return seen if _text_fits(value, words) else None
            case list():
                return self._array(value, place, seen)
            case dict():
                return self._object(value, place, seen)
        return None

    def _in_place(self, place: Located) -> list[Located]:
        words, targets = place.words, []
        if isinstance(words.get("$ref"), str):
            targets.append(self.library.target(place, words["$ref"]))
        if isinstance(words.get("$dynamicRef"), str):
            targets.append(self.library.dynamic_target(place, words["$dynamicRef"]))
        return targets + [self.library.at(part, place, "allOf", i) for i, part in enumerate(words.get("allOf") or ())]

    def _branches(self, value: Any, place: Located) -> Evaluated | None:
        seen: Evaluated = set()
        for keyword in ("anyOf", "oneOf"):
            if keyword in place.words:
                every = [
                    self._evaluated(value, self.library.at(part, place, keyword, i))
                    for i, part in enumerate(place.words[keyword])
                ]
                right = [looked_at for looked_at in every if looked_at is not None]
                if not right or (keyword == "oneOf" and len(right) > 1):
                    return None
                seen = seen.union(*right)
        if "not" in place.words and self.holds(value, self.library.at(place.words["not"], place, "not")):
            return None
        return seen

    def _conditional(self, value: Any, place: Located) -> Evaluated | None:
        words = place.words
        if "if" not in words:
            return set()
        looked_at = self._evaluated(value, self.library.at(words["if"], place, "if"))
        branch = "else" if looked_at is None else "then"
        seen = looked_at or set()
        if branch not in words:
            return seen
        more = self._evaluated(value, self.library.at(words[branch], place, branch))
        return None if more is None else seen | more

    def _array(self, value: list[Any], place: Located, seen: Evaluated) -> Evaluated | None:
        words = place.words
        if not words.get("minItems", 0) <= len(value) <= words.get("maxItems", len(value)):
            return None
        if words.get("uniqueItems") and len(set(map(canonical, value))) < len(value):
            return None
        first = words.get("prefixItems") or []
        for i, part in enumerate(first[: len(value)]):
            if not self.holds(value[i], self.library.at(part, place, "prefixItems", i)):
                return None
            seen.add(i)
        if "items" in words:
            others = self.library.at(words["items"], place, "items")
            if not all(self.holds(part, others) for part in value[len(first) :]):
                return None
            seen.update(range(len(value)))
        if "contains" in words:
            wanted = self.library.at(words["contains"], place, "contains")
            found = [i for i, part in enumerate(value) if self.holds(part, wanted)]
            if not words.get("minContains", 1) <= len(found) <= words.get("maxContains", len(found)):
                return None
            if place.draft >= 2020:
                seen.update(found)
        if "unevaluatedItems" in words:
            others = self.library.at(words["unevaluatedItems"], place, "unevaluatedItems")
            if not all(self.holds(part, others) for i, part in enumerate(value) if i not in seen):
                return None
            seen.update(range(len(value)))
        return seen

    def _object(self, value: dict[str, Any], place: Located, seen: Evaluated) -> Evaluated | None:
        words = place.words
        if not words.get("minProperties", 0) <= len(value) <= words.get("maxProperties", len(value)):
            return None
        if any(name not in value for name in words.get("required") or ()):
            return None
        for name, needed in (words.get("dependentRequired") or {}).items():
            if name in value and any(other not in value for other in needed):
                return None
        for name, part in (words.get("dependentSchemas") or {}).items():
            if name in value:
                looked_at = self._evaluated(value, self.library.at(part, place, "dependentSchemas", name))
                if looked_at is None:
                    return None
                seen |= looked_at
        if "propertyNames" in words:
            names = self.library.at(words["propertyNames"], place, "propertyNames")
            if not all(self.holds(name, names) for name in value):
                return None
        here = set[str | int]()
        for name, part in (words.get("properties") or {}).items():
            if name in value:
                if not self.holds(value[name], self.library.at(part, place, "properties", name)):
                    return None
                here.add(name)
        for pattern, part in (words.get("patternProperties") or {}).items():
            for name in filter(searcher(pattern).search, value):
                if not self.holds(value[name], self.library.at(part, place, "patternProperties", pattern)):
                    return None
                here.add(name)
        if "additionalProperties" in words:
            others = self.library.at(words["additionalProperties"], place, "additionalProperties")
            if not all(self.holds(value[name], others) for name in value if name not in here):
                return None
            here.update(value)
        seen |= here
        if "unevaluatedProperties" in words:
            others = self.library.at(words["unevaluatedProperties"], place, "unevaluatedProperties")
            if not all(self.holds(value[name], others) for name in value if name not in seen):
                return None
            seen.update(value)
        return seen


def _has_type(value: Any, said: Any) -> bool:
    if said is None:
        return True
    names = {said} if isinstance(said, str) else set(said)
    kind = type_of(value)
    whole = kind == "number" and (isinstance(value, int) or float(value).is_integer())
    return bool({kind, "any"} & names) or (whole and "integer" in names)


def _number_fits(value: float, words: Mapping[str, Any]) -> bool:
    return (
        not ("minimum" in words and value < words["minimum"])
        and not ("maximum" in words and value > words["maximum"])
        and not ("exclusiveMinimum" in words and value <= words["exclusiveMinimum"])
        and not ("exclusiveMaximum" in words and value >= words["exclusiveMaximum"])
        and not ("multipleOf" in words and Fraction(repr(value)) % Fraction(repr(words["multipleOf"])))
    )


def _text_fits(value: str, words: Mapping[str, Any]) -> bool:
    return words.get("minLength", 0) <= len(value) <= words.get("maxLength", len(value)) and not (
        "pattern" in words and not searcher(words["pattern"]).search(value)
    )
