"""The plan of a schema: a graph of nodes, each with the ways in which a value of it is made.

A goal that comes again is the same node, so recursion is a circle of the graph. `least` is how many values
the smallest document of a node has: it is what a drawing that must end goes by, and infinite where a
schema has no finite instance.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np

from synthesist.errors import SpecError
from synthesist.samplers.documents.ecma import searcher
from synthesist.samplers.documents.expanding import Expander
from synthesist.samplers.documents.numerals import Numbers, numbers
from synthesist.samplers.documents.references import Library, Located
from synthesist.samplers.documents.shapes import Goal, Shape
from synthesist.samplers.documents.strings import Texts, texts
from synthesist.samplers.documents.validation import Validator
from synthesist.samplers.documents.values import canonical

__all__ = ["Listing", "Members", "Node", "Plan", "Way", "brought_along"]

MOST_VALUES = 1_000_000  # of the smallest document
MOST_NODES = 40_000
NAMES = 24  # names of properties that a schema leaves open
NAMES_EACH = 8  # names for each pattern of properties
ENDS = (
    *(("minimum", "maximum"), ("exclusiveMinimum", "maximum"), ("minimum", "exclusiveMaximum")),
    *(("minLength", "maxLength"), ("minItems", "maxItems"), ("minProperties", "maxProperties")),
)
SCALARS = ("string", "number", "boolean", "null")


@dataclass(frozen=True)
class Listing:
    """Arrays: `first[i]` is the node of place i, `others` of all behind; `forced` come at the end and must be there."""

    first: "tuple[Node, ...]"
    others: "Node | None"
    forced: "tuple[Node, ...]"
    fewest: int
    most: int | None
    unique: bool

    @property
    def choices(self) -> tuple[str, ...] | None:
        """The values to choose different ones from, where these are listed."""
        if not self.unique or self.first or self.forced or self.others is None or len(self.others.ways) != 1:
            return None
        make = self.others.ways[0].make
        return make if isinstance(make, tuple) and not self.others.ways[0].checks and len(make) <= 2_000 else None


@dataclass(frozen=True, eq=False)
class Members:
    """Objects: the properties that have a name, then further ones from a pool of names."""

    names: tuple[str, ...]
    nodes: "tuple[Node, ...]"
    required: np.ndarray
    named: int
    """How many of the names stand in the schema; the others are from the pool."""
    open: bool
    """Whether names of the pool are drawn although none is needed."""
    fewest: int
    most: int | None
    needs: tuple[tuple[int, tuple[int, ...]], ...]
    """Properties that bring others with them, by place."""


@dataclass(eq=False)
class Way:
    """One way to make a value: from a list of JSON texts, numbers, texts, or from parts."""

    make: "tuple[str, ...] | Numbers | Texts | Listing | Members"
    checks: Goal = frozenset()
    least: float = inf

    @property
    def parts(self) -> "Iterator[Node]":
        """The nodes without which there is no value."""
        match self.make:
            case Listing() as made:
                yield from (*made.first[: made.fewest], *made.forced)
                if made.others is not None and made.fewest > len(made.first) + len(made.forced):
                    yield made.others
            case Members() as made:
                yield from (node for node, needed in zip(made.nodes, made.required, strict=True) if needed)

    @property
    def children(self) -> "Iterator[Node]":
        """All nodes it may use."""
        match self.make:
            case Listing() as made:
                yield from (*made.first, *made.forced, *([made.others] if made.others else []))
            case Members() as made:
                yield from made.nodes

    def size(self) -> float:
        """How many values its smallest document has."""
        match self.make:
            case Listing() as made:
                least = 1 + sum(part.least for part in (*made.first[: made.fewest], *made.forced))
                more = made.fewest - len(made.first) - len(made.forced)
                return least + more * made.others.least if made.others is not None and more > 0 else least
            case Members() as made:
                least = 1 + sum(node.least for node in self.parts)
                if (more := made.fewest - int(made.required.sum())) > 0:
                    optional = sorted(n.least for n, r in zip(made.nodes, made.required, strict=True) if not r)
                    least += sum(optional[:more]) if len(optional) >= more else inf
                return least
        return 1


@dataclass(eq=False)
class Node:
    """What is to hold of a value, and the ways to make one."""

    number: int
    goal: Goal
    path: str
    ways: list[Way] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    least: float = inf


class Plan:
    """The nodes of a goal and of all its parts.

    Raises:
        SpecError: nothing meets the goal, or what does has no end; the message says where and why.
    """

    def __init__(self, library: Library, root: Located) -> None:
        self.library = library
        self.validator = Validator(library)
        self._expander = Expander(library)
        self._nodes: dict[Goal, Node] = {}
        self._waiting: list[Node] = []
        self.root = self._node(frozenset({(root, True)}), root.path)
        self._unfold()
        self.settle()

    def looked_at(self) -> list[Node]:
        """The nodes some values of which have to be tried out."""
        return [node for node in self._waiting if node.least < inf and any(way.checks for way in node.ways)]

    def settle(self) -> None:
        """Measure all nodes; where nothing can be drawn, their examples are what is left.

        Raises:
            SpecError: the root has no value.
        """
        self._measure()
        if given := [node for node in self._waiting if node.least == inf and self._given(node)]:
            for node in given:
                node.ways = [Way(self._given(node))]
            self._measure()
        if self.root.least == inf:
            raise SpecError(self._why())
        if self.root.least > MOST_VALUES:
            raise SpecError(f"a document would hold {self.root.least:,.0f} values or more, and {MOST_VALUES:,} can be")

    def _unfold(self) -> None:
        """Make the ways of all nodes."""
        for node in self._waiting:
            self._make(node)
            if len(self._nodes) > MOST_NODES:
                raise SpecError(f"the schema unfolds into more than {MOST_NODES:,} parts: draw one of its definitions")

    def _node(self, goal: Goal, path: str) -> Node:
        if goal not in self._nodes:
            self._nodes[goal] = Node(len(self._nodes), goal, path)
            self._waiting.append(self._nodes[goal])
        return self._nodes[goal]

    def _make(self, node: Node) -> None:
        for shape in self._expander.goal(node.goal):
            for kind in _types(shape):
                try:
                    for way in self._ways(node, shape, kind):
                        node.ways.append(way)
                except SpecError as error:
                    node.reasons.append(str(error))
        if not node.ways and not node.reasons:
            node.reasons.append(_nothing(node.goal))

    def _ways(self, node: Node, shape: Shape, kind: str) -> Iterator[Way]:
        if kind == "values":
            right = [v for v in shape.values or () if self.validator.meets(json.loads(v), node.goal)]
            if not right:
                raise SpecError(f"none of the listed values {_few(shape.values or ())} meets all that is asked for")
            yield Way(tuple(right))
        elif kind in ("null", "boolean"):
            values = [v for v in (("null",) if kind == "null" else ("false", "true")) if v not in shape.excluded]
            if values:
                yield Way(tuple(values), shape.checks)
        elif kind == "number":
            yield Way(numbers(shape), shape.checks)
        elif kind == "string":
            excluded = frozenset(json.loads(v) for v in shape.excluded if v.startswith('"'))
            made = texts(shape.shortest, shape.longest, shape.patterns, shape.not_patterns, shape.formats, excluded)
            yield Way(made, shape.checks)
        elif kind == "array":
            yield self._listing(node, shape)
        else:
            yield self._members(node, shape)

    # ----------------------------------------------------------------------- arrays

    def _listing(self, node: Node, shape: Shape) -> Way:
        first: list[Node] = []
        for i in range(max((len(items.first) for items in shape.items), default=0)):
            goals = [items.first[i] if i < len(items.first) else items.others or frozenset() for items in shape.items]
            first.append(self._node(_all(goals), f"{node.path}/{i}"))
        goal = _all(items.others or frozenset() for items in shape.items)
        counted = [some for some in shape.contains if some.least > 0 or some.most is not None]
        spread = _all(_negated(some.goal) for some in counted if some.most is not None)
        others = self._node(goal | spread, f"{node.path}/items")
        forced = tuple(
            self._node(goal | some.goal, f"{node.path}/contains") for some in counted for _ in range(some.least)
        )
        fewest = max(shape.fewest, len(forced) + (len(first) if forced else 0))
        if shape.most is not None and fewest > shape.most:
            fewest = shape.fewest
            if len(forced) > shape.most:
                raise SpecError(f"an array of at most {shape.most:,} values cannot contain {len(forced):,}")
            first = first[: shape.most - len(forced)]
        looked_at = bool(counted) and (bool(first) or len(counted) > 1 or any(c.most is not None for c in counted))
        checks = shape.checks | (
            node.goal if looked_at or any(v.startswith("[") for v in shape.excluded) else frozenset()
        )
        return Way(Listing(tuple(first), others, forced, fewest, shape.most, shape.unique), checks)

    # ----------------------------------------------------------------------- objects

    def _members(self, node: Node, shape: Shape) -> Way:
        found: dict[str, Node] = {}
        places = {name: "" for group in shape.groups for name, _ in group.named}
        needed = shape.required.union(*(others for _, others in shape.dependents))
        for name in (*places, *sorted(needed - places.keys())):
            if name not in shape.absent and self._may_be_named(name, shape):
                found[name] = self._node(_of_property(name, shape), f"{node.path}/{name}")
        if missing := sorted(shape.required - found.keys()):
            raise SpecError(f"the property `{missing[0]}` is required and not allowed")
        named = len(found)
        for name in self._pool(node, shape):
            if name not in found and name not in shape.absent and self._may_be_named(name, shape):
                found[name] = self._node(_of_property(name, shape), f"{node.path}/*")
        place = {name: i for i, name in enumerate(found)}
        needs = tuple(
            (place[name], tuple(place.get(other, -1) for other in sorted(others)))
            for name, others in shape.dependents
            if name in place
        )
        impossible = {name for name, others in needs if -1 in others}
        required = brought_along(np.array([name in shape.required for name in found], dtype=bool), needs)
        if any(required[i] for i in impossible):
            raise SpecError("a required property needs one that is not allowed")
        made = Members(
            names=tuple(found),
            nodes=tuple(found.values()),
            required=required,
            named=named,
            open=_open(shape),
            fewest=max(shape.fewest_properties, int(required.sum())),
            most=shape.most_properties,
            needs=tuple((i, tuple(o for o in others if o >= 0)) for i, others in needs),
        )
        looked_at = bool(impossible) or (bool(needs) and shape.most_properties is not None)
        looked_at = looked_at or any(v.startswith("{") for v in shape.excluded)
        return Way(made, shape.checks | (node.goal if looked_at else frozenset()))

    def _may_be_named(self, name: str, shape: Shape) -> bool:
        return not shape.names or self.validator.meets(name, shape.names)

    def _pool(self, node: Node, shape: Shape) -> Iterator[str]:
        """Names for properties that a schema leaves open, the same ones in every run."""
        patterns = dict.fromkeys(pattern for group in shape.groups for pattern, _ in group.patterns)
        if not (patterns or _open(shape) or shape.fewest_properties > len(shape.required)):
            return
        wanted = self._names_wanted(shape)
        for pattern in patterns:
            more = {**wanted, "longest": None, "patterns": frozenset({pattern, *wanted["patterns"]})}
            yield from _some(more, NAMES_EACH, node)
        if not any(group.others is not None and _never(group.others) for group in shape.groups):
            yield from _some(wanted, max(NAMES, 2 * shape.fewest_properties), node)

    def _names_wanted(self, shape: Shape) -> dict[str, Any]:
        wanted = {"shortest": 1, "longest": 10, "patterns": frozenset(), "not_patterns": frozenset(),
                  "formats": frozenset(), "excluded": frozenset()}  # fmt: skip
        for names in self._expander.goal(shape.names) if shape.names else ():
            if "string" in names.types:
                return wanted | {
                    "shortest": max(1, names.shortest),
                    "longest": names.longest, "patterns": names.patterns,
                    "not_patterns": names.not_patterns, "formats": names.formats,
                }  # fmt: skip
        return wanted

    # ----------------------------------------------------------------------- measuring

    def _measure(self) -> None:
        """The smallest size of every node, from the leaves up; ways that have no end are taken out."""
        above: dict[Node, set[Node]] = {}
        for node in self._waiting:
            node.least = inf
        for node in self._waiting:
            for child in {child for way in node.ways for child in way.children}:
                above.setdefault(child, set()).add(node)
        changed = dict.fromkeys(self._waiting)
        while changed:
            node = next(iter(changed))
            del changed[node]
            for way in node.ways:
                way.least = way.size()
            least = min((way.least for way in node.ways), default=inf)
            if least < node.least:
                node.least = least
                changed |= dict.fromkeys(above.get(node, ()))
        for node in self._waiting:
            for way in node.ways:
                way.make = _possible(way.make)
                way.least = way.size()

    def _given(self, node: Node) -> tuple[str, ...]:
        """The examples of a node that meet it: what is left where nothing can be drawn."""
        given = [
            value
            for place, holds in node.goal
            if holds
            for value in (
                *([place.words["default"]] if "default" in place.words else []),
                *([place.words["example"]] if "example" in place.words else []),
                *(place.words["examples"] if isinstance(place.words.get("examples"), list) else ()),
            )
        ]
        return tuple(dict.fromkeys(canonical(v) for v in given if _is_plain(v) and self.validator.meets(v, node.goal)))

    def _why(self) -> str:
        """What keeps the root from having a value: the reasons at the ends of the ways there."""
        lines: list[str] = []
        seen, waiting = {self.root}, [self.root]
        for node in waiting:
            if node.reasons:
                lines += [f"{node.path}: {reason}" for reason in node.reasons]
            for child in (part for way in node.ways for part in way.parts if part.least == inf):
                if child not in seen:
                    seen.add(child)
                    waiting.append(child)
        if not lines:
            lines = [f"{self.root.path}: every instance would hold another one without end"]
        return "; ".join(dict.fromkeys(lines[:5]))


def _types(shape: Shape) -> tuple[str, ...]:
    """The types to make values of: those the schema speaks of, where it speaks of some."""
    if shape.values is not None:
        return ("values",)
    if len(shape.types) < 6:
        return tuple(sorted(shape.types))
    spoken: dict[str, bool] = {
        "object": bool(shape.required or shape.groups or shape.names or shape.fewest_properties or shape.dependents),
        "array": bool(shape.items or shape.contains or shape.fewest or shape.most is not None or shape.unique),
        "string": bool(shape.patterns or shape.formats or shape.shortest or shape.longest is not None),
        "number": bool(shape.low is not None or shape.high is not None or shape.multiples),
    }
    return tuple(name for name, spoken_of in spoken.items() if spoken_of) or SCALARS


def _of_property(name: str, shape: Shape) -> Goal:
    """All that is said of a property of this name."""
    found: list[Goal] = []
    for group in shape.groups:
        here = [goal for known, goal in group.named if known == name]
        here += [goal for pattern, goal in group.patterns if searcher(pattern).search(name)]
        found += here or ([group.others] if group.others is not None else [])
    return _all(found)


def _open(shape: Shape) -> bool:
    """Whether a schema speaks of properties it does not name."""
    named = any(group.named for group in shape.groups)
    others = [group.others for group in shape.groups if group.others is not None]
    spoken_of = any(group.patterns for group in shape.groups) or (bool(others) and not any(map(_never, others)))
    return spoken_of and not (named and all(not goal for goal in others) and not any(g.patterns for g in shape.groups))


def _never(goal: Goal) -> bool:
    return any(isinstance(place.schema, bool) and place.schema is not holds for place, holds in goal)


def _all(goals: Iterable[Goal]) -> Goal:
    return frozenset(literal for goal in goals for literal in goal)


def _negated(goal: Goal) -> Goal:
    """That one schema is not to hold; what several together are not to do has to be looked at."""
    return frozenset((place, not holds) for place, holds in goal) if len(goal) == 1 else frozenset()


def _some(wanted: dict[str, Any], n: int, node: Node) -> list[str]:
    """Some different texts, always the same ones."""
    try:
        found = texts(**wanted).draw(n, np.random.Generator(np.random.Philox(key=len(node.path))), 0.0)
    except SpecError:
        return []
    return list(dict.fromkeys(found.to_list()))


def brought_along(there: np.ndarray, needs: Iterable[tuple[int, tuple[int, ...]]]) -> np.ndarray:
    """Which properties are there once those that others need have come; there[..., property]."""
    pairs = [(name, other) for name, others in needs for other in others if other >= 0]
    for _ in pairs:
        before = there.copy()
        for name, other in pairs:
            there[..., other] |= there[..., name]
        if (before == there).all():
            break
    return there


def _possible(make: Any) -> Any:
    """The same without the optional parts that have no finite value."""
    match make:
        case Listing():
            first = tuple(make.first)
            ends = next((i for i, node in enumerate(first) if node.least == inf), None)
            most, others = make.most, make.others
            if ends is not None and ends >= make.fewest:
                first, most, others = first[:ends], min(ends, most or ends), None
            if others is not None and others.least == inf:
                most = min(len(first) + len(make.forced), len(first) + len(make.forced) if most is None else most)
                others = None
            return Listing(first, others, make.forced, make.fewest, most, make.unique)
        case Members():
            kept = [i for i, node in enumerate(make.nodes) if node.least < inf or make.required[i]]
            lost = set(range(len(make.nodes))) - set(kept)
            while more := {name for name, others in make.needs if lost & set(others)} - lost:
                lost |= more
            kept = [i for i in kept if i not in lost]
            place = {old: new for new, old in enumerate(kept)}
            return Members(
                names=tuple(make.names[i] for i in kept),
                nodes=tuple(make.nodes[i] for i in kept),
                required=make.required[kept],
                named=sum(i < make.named for i in kept),
                open=make.open,
                fewest=make.fewest,
                most=make.most,
                needs=tuple((place[i], tuple(place[o] for o in others)) for i, others in make.needs if i in place),
            )
    return make


def _is_plain(value: Any) -> bool:
    """Whether a value is JSON's, as all of a file are."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _nothing(goal: Goal) -> str:
    """What is asked for, where nothing is left of it."""
    if any(isinstance(place.schema, bool) for place, _ in goal):
        return "no value is allowed here"
    for place, holds in goal:
        if holds and (said := _contradiction(place.words)):
            return said
    asked = sorted(f"{place.path} {'holds' if holds else 'does not hold'}" for place, holds in goal)
    return f"its parts contradict each other: no value is left where {' and '.join(asked[:4])}"


def _contradiction(words: Mapping[str, Any]) -> str | None:
    """What in one schema contradicts itself."""
    said = {name: value for name, value in words.items() if isinstance(value, int | float)}
    for low, high in ENDS:
        if {low, high} <= said.keys() and said[low] > said[high]:
            return f"`{low}` {words[low]} is above `{high}` {words[high]}"
    properties = words.get("properties") or {}
    for name in words.get("required") or ():
        if properties.get(name) is False:
            return f"the property `{name}` is required and never allowed"
    if "enum" in words and "type" in words:
        return f"no value of `enum` is of the type {words['type']}"
    return None


def _few(values: Iterable[str]) -> str:
    shown = list(values)
    return ", ".join(shown[:5]) + (", ..." if len(shown) > 5 else "")
