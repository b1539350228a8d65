"""Deterministic automata over code points: every text has one way through, so texts can be counted.

Reference: Rabin and Scott, Finite automata and their decision problems, IBM Journal of Research and
Development 3(2), 1959, doi:10.1147/rd.32.0114: the subset construction and the product.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TypeVar

from synthesist.errors import SpecError
from synthesist.samplers.columns.grammar import Characters, Choice, Expression, Ranges, Repeat, Sequence

__all__ = ["Automaton", "along", "both", "compiled", "without"]

S = TypeVar("S", bound=Hashable)
MOST_STATES = 10_000
LAST = 0x10FFFF  # of all code points
Move = tuple[int, int, int]
"""The first and last sign of a stretch, and the state they lead to."""


@dataclass(frozen=True)
class Automaton:
    """States by number, beginning with 0; `moves[state]` are in order of their signs and do not overlap."""

    moves: tuple[tuple[Move, ...], ...]
    accepts: tuple[bool, ...]

    def reads(self, text: str) -> bool:
        """Whether this is one of the texts."""
        state = 0
        for sign in map(ord, text):
            following = [target for first, last, target in self.moves[state] if first <= sign <= last]
            if not following:
                return False
            state = following[0]
        return self.accepts[state]

    @cached_property
    def heights(self) -> tuple[int | None, ...]:
        """How many signs may follow at most in each state; None where there is no end, -1 where no text ends."""
        before: list[set[int]] = [set() for _ in self.moves]
        for state, moves in enumerate(self.moves):
            for _, _, target in moves:
                before[target].add(state)
        useful = {state for state, accepts in enumerate(self.accepts) if accepts}
        for state in (waiting := list(useful)):
            new = before[state] - useful
            useful |= new
            waiting += new
        after = [{target for *_, target in moves} & useful for moves in self.moves]
        heights: list[int | None] = [None if state in useful else -1 for state in range(len(self.moves))]
        open_ends = [len(targets) for targets in after]
        ready = [state for state in useful if not open_ends[state]]
        for state in ready:
            heights[state] = max((1 + (heights[target] or 0) for target in after[state]), default=0)
            for earlier in before[state]:
                open_ends[earlier] -= 1
                if not open_ends[earlier]:
                    ready.append(earlier)
        return tuple(heights)


def compiled(expression: Expression) -> Automaton:
    """The automaton of a regular expression.

    Raises:
        SpecError: it needs more than 10,000 states.
    """
    net = _Net()
    end = net.extended(expression, net.state())

    def moves(states: frozenset[int]) -> Iterator[tuple[int, int, frozenset[int]]]:
        arcs = [(a, b, target) for state in states for some, target in net.arcs[state] for a, b in some]
        for first, beyond in pairwise(sorted({a for a, _, _ in arcs} | {b + 1 for _, b, _ in arcs})):
            if targets := {target for a, b, target in arcs if a <= first <= b}:
                yield first, beyond - 1, net.reached(targets)

    return _explored(net.reached({0}), moves, lambda states: end in states)


def both(one: Automaton, two: Automaton) -> Automaton:
    """The texts that both read."""

    def moves(pair: tuple[int, int]) -> Iterator[tuple[int, int, tuple[int, int]]]:
        for a, b, here in one.moves[pair[0]]:
            for c, d, there in two.moves[pair[1]]:
                if max(a, c) <= min(b, d):
                    yield max(a, c), min(b, d), (here, there)

    return _explored((0, 0), moves, lambda pair: one.accepts[pair[0]] and two.accepts[pair[1]])


def along(text: str, *, before: bool, equal: bool, after: bool) -> Automaton:
    """The texts that stand before this one in a dictionary, are equal to it, or stand after it."""
    free = len(text) + 1
    moves: list[tuple[Move, ...]] = []
    for place, sign in enumerate(map(ord, text)):
        kept = ((0, sign - 1, free), before), ((sign, sign, place + 1), True), ((sign + 1, LAST, free), after)
        moves.append(tuple(move for move, taken in kept if taken and move[0] <= move[1]))
    moves.append(((0, LAST, free),) if after else ())
    moves.append(((0, LAST, free),))
    return Automaton(tuple(moves), (*[before] * len(text), equal, True))


def without(texts: Iterable[str]) -> Automaton:
    """All texts but these."""
    excluded = set(texts)
    number = {
        start: i for i, start in enumerate(sorted({t[:end] for t in excluded for end in range(len(t) + 1)} | {""}))
    }
    free = len(number)
    after: list[list[tuple[int, int]]] = [[] for _ in number]
    for start, state in number.items():
        if start:
            after[number[start[:-1]]].append((ord(start[-1]), state))
    moves: list[tuple[Move, ...]] = []
    for signs in after:
        ends = [-1, *(sign for sign, _ in signs), LAST + 1]
        gaps = [(a + 1, b - 1, free) for a, b in pairwise(ends) if a + 1 < b]
        moves.append(tuple(sorted([*gaps, *((sign, sign, state) for sign, state in signs)])))
    return Automaton((*moves, ((0, LAST, free),)), (*(start not in excluded for start in number), True))


def _explored(start: S, moves: Callable[[S], Iterable[tuple[int, int, S]]], accepts: Callable[[S], bool]) -> Automaton:
    """Every state that can be reached, numbered as it is met."""
    number = {start: 0}
    waiting = [start]
    found: list[tuple[Move, ...]] = []
    for state in waiting:
        joined: list[Move] = []
        for first, last, target in moves(state):
            if target not in number:
                number[target] = len(number)
                waiting.append(target)
            if joined and joined[-1][1:] == (first - 1, number[target]):
                joined[-1] = (joined[-1][0], last, number[target])
            else:
                joined.append((first, last, number[target]))
        found.append(tuple(joined))
        _bounded(len(number))
    return Automaton(tuple(found), tuple(map(accepts, waiting)))


class _Net:
    """A net of places with free passages, as Thompson builds it from an expression."""

    def __init__(self) -> None:
        self.arcs: list[list[tuple[Ranges, int]]] = []
        self.free: list[list[int]] = []
        self.work = 0

    def state(self) -> int:
        self.arcs.append([])
        self.free.append([])
        return len(self.arcs) - 1

    def extended(self, part: Expression, source: int) -> int:
        """Build the part from a place on; returns where it ends."""
        self.work += 1
        _bounded(self.work)
        match part:
            case Characters(ranges):
                target = self.state()
                self.arcs[source].append((ranges, target))
                return target
            case Sequence(parts):
                for step in parts:
                    source = self.extended(step, source)
                return source
            case Choice(parts):
                target = self.state()
                for step in parts:
                    self.free[self.extended(step, source)].append(target)
                return target
            case Repeat(inner, least, most):
                for _ in range(least):
                    source = self.extended(inner, source)
                return self._looped(inner, source) if most is None else self._optional(inner, source, most - least)

    def _looped(self, part: Expression, source: int) -> int:
        head = self.state()
        self.free[source].append(head)
        self.free[self.extended(part, head)].append(head)
        return head

    def _optional(self, part: Expression, source: int, times: int) -> int:
        target = self.state()
        for _ in range(times):
            self.free[source].append(target)
            source = self.extended(part, source)
        self.free[source].append(target)
        return target

    def reached(self, states: Iterable[int]) -> frozenset[int]:
        """These places and all that free passages lead to."""
        known = set(states)
        waiting = list(known)
        while waiting:
            for state in self.free[waiting.pop()]:
                if state not in known:
                    known.add(state)
                    waiting.append(state)
        return frozenset(known)


def _bounded(states: int) -> None:
    if states > MOST_STATES:
        raise SpecError(f"it needs more than {MOST_STATES:,} states: repeat less, or leave parts out")
