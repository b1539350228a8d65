"""What a value must be like, as one flat record: the meet of two records is what meets both.

A record says for every type of JSON what values of this type must be like. A schema without `anyOf` and
its like is one record; others are several, of which a value meets at least one.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from synthesist.samplers.documents.references import Located
from synthesist.samplers.documents.values import type_of

__all__ = ["ANY", "TYPES", "Contains", "Goal", "Group", "Items", "Shape"]

TYPES = frozenset({"null", "boolean", "number", "string", "array", "object"})
Literal = tuple[Located, bool]
"""A subschema that is to hold, or not to hold."""
Goal = frozenset[Literal]
"""Subschemas that are to hold together."""


@dataclass(frozen=True)
class Group:
    """What one schema says of properties: by name, by pattern, and of all others."""

    named: tuple[tuple[str, Goal], ...] = ()
    patterns: tuple[tuple[str, Goal], ...] = ()
    others: Goal | None = None


@dataclass(frozen=True)
class Items:
    """What one schema says of the values of an array: of the first ones, and of those behind them."""

    first: tuple[Goal, ...] = ()
    others: Goal | None = None


@dataclass(frozen=True)
class Contains:
    """How many values of an array meet a goal."""

    goal: Goal
    least: int = 1
    most: int | None = None


@dataclass(frozen=True)
class Shape:
    """What values must be like, type by type; without arguments every value is right."""

    types: frozenset[str] = TYPES
    values: tuple[str, ...] | None = None
    """The only values there are, as canonical JSON."""
    excluded: frozenset[str] = frozenset()
    checks: Goal = frozenset()
    """What no part of this record says, so that a value has to be looked at."""

    whole: bool = False
    broken: bool = False  # numbers that are not whole
    low: Fraction | None = None
    high: Fraction | None = None
    low_open: bool = False
    high_open: bool = False
    multiples: frozenset[Fraction] = frozenset()

    shortest: int = 0
    longest: int | None = None
    patterns: frozenset[str] = frozenset()
    not_patterns: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()

    fewest: int = 0
    most: int | None = None
    unique: bool = False
    items: tuple[Items, ...] = ()
    contains: tuple[Contains, ...] = ()

    required: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    groups: tuple[Group, ...] = ()
    names: Goal = frozenset()
    fewest_properties: int = 0
    most_properties: int | None = None
    dependents: tuple[tuple[str, frozenset[str]], ...] = ()

    def meet(self, other: "Shape") -> "Shape | None":
        """What meets both; None where plainly nothing does."""
        if self is ANY or other is ANY:
            return self if other is ANY else other
        if not self.types & other.types:
            return None
        values = _common(self.values, other.values)
        low, low_open = _tighter((self.low, self.low_open), (other.low, other.low_open), 1)
        high, high_open = _tighter((self.high, self.high_open), (other.high, other.high_open), -1)
        return Shape(
            types=self.types & other.types,
            values=values,
            excluded=self.excluded | other.excluded,
            checks=self.checks | other.checks,
            whole=self.whole or other.whole,
            broken=self.broken or other.broken,
            low=low,
            high=high,
            low_open=low_open,
            high_open=high_open,
            multiples=self.multiples | other.multiples,
            shortest=max(self.shortest, other.shortest),
            longest=_least(self.longest, other.longest),
            patterns=self.patterns | other.patterns,
            not_patterns=self.not_patterns | other.not_patterns,
            formats=self.formats | other.formats,
            fewest=max(self.fewest, other.fewest),
            most=_least(self.most, other.most),
            unique=self.unique or other.unique,
            items=_joined(self.items, other.items),
            contains=_joined(self.contains, other.contains),
            required=self.required | other.required,
            absent=self.absent | other.absent,
            groups=_joined(self.groups, other.groups),
            names=self.names | other.names,
            fewest_properties=max(self.fewest_properties, other.fewest_properties),
            most_properties=_least(self.most_properties, other.most_properties),
            dependents=_joined(self.dependents, other.dependents),
        ).trimmed()

    def trimmed(self) -> "Shape | None":
        """The same without the types of which plainly no value is left; None where none is."""
        types = self.types - set(self._impossible())
        values = self.values
        if values is not None:
            values = tuple(v for v in values if v not in self.excluded and type_of(json.loads(v)) in types)
            types = types & {type_of(json.loads(v)) for v in values}
        if not types:
            return None
        return self if types == self.types and values == self.values else replace(self, types=types, values=values)

    def _impossible(self) -> Iterable[str]:
        if self.whole and self.broken:
            yield "number"
        low, high, open_ = self.low, self.high, self.low_open or self.high_open
        if low is not None and high is not None and (low > high or (low == high and open_)):
            yield "number"
        if self.longest is not None and self.shortest > self.longest:
            yield "string"
        if self.patterns & self.not_patterns:
            yield "string"
        if self.most is not None and self.fewest > self.most:
            yield "array"
        if self.required & self.absent or (self.required and self._clashing()):
            yield "object"
        most = self.most_properties
        if most is not None and (self.fewest_properties > most or len(self.required) > most):
            yield "object"

    def _clashing(self) -> bool:
        """Whether a property that must be there is to have two different values."""
        wanted: dict[str, frozenset[str]] = {}
        unwanted: dict[str, set[str]] = {}
        for group in self.groups:
            for name, goal in group.named:
                if name in self.required:
                    for place, holds in goal:
                        if place.schema is not holds and isinstance(place.schema, bool):
                            return True
                        listed = place.listed
                        if listed is not None and holds:
                            wanted[name] = wanted.get(name, listed) & listed
                        elif listed is not None and place.only_listed:
                            unwanted.setdefault(name, set()).update(listed)
        return any(not values - unwanted.get(name, set()) for name, values in wanted.items())


ANY = Shape()


def _common(one: tuple[str, ...] | None, two: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if one is None or two is None:
        return two if one is None else one
    kept = set(two)
    return tuple(value for value in one if value in kept)


def _least(one: int | None, two: int | None) -> int | None:
    return min((end for end in (one, two) if end is not None), default=None)


def _tighter(one: tuple[Fraction | None, bool], two: tuple[Fraction | None, bool], way: int) -> Any:
    ends = [end for end in (one, two) if end[0] is not None]
    return max(ends, key=lambda end: (way * end[0], end[1]), default=(None, False))  # type: ignore[operator]


def _joined(one: tuple[Any, ...], two: tuple[Any, ...]) -> tuple[Any, ...]:
    return one if not two or one == two else (*one, *(part for part in two if part not in one))
