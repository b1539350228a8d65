"""The texts of an automaton, numbered: how many there are, and which text a number stands for.

Texts are numbered in the order of a dictionary. From each node of the automaton (a state, and how many
signs may still follow) it is known how many texts there are, so a number chooses its way sign by sign, for
all rows together. There may be more texts than numbers: numbers are then dealt out to the signs in
proportion to the texts behind each, and a number that has the room spreads over it at random, so that
different numbers still are different texts and all texts are as good as equally likely.

Reference: Hickey and Cohen, Uniform random generation of strings in a context-free language, SIAM Journal
on Computing 12(4), 1983, doi:10.1137/0212044.
"""

from dataclasses import dataclass, field
from functools import cached_property
from string import ascii_lowercase, ascii_uppercase, digits

import numpy as np

from synthesist.codecs.keys import mixed
from synthesist.core import Allowed
from synthesist.errors import SpecError
from synthesist.samplers.columns.automaton import Automaton, along, both, without
from synthesist.samplers.columns.grammar import LONGEST

__all__ = ["MOST_NUMBERS", "Language"]

MOST_NUMBERS = 2**52  # whole numbers up to here are exact as floats too
MOST_NODES = 100_000
SHAPES = {"9": digits, "A": ascii_uppercase, "a": ascii_lowercase, "x": digits + "abcdef"}
Node = tuple[int, int]
"""A state, and how many signs may still follow."""
Branch = tuple[int, int, Node | None]
"""The first of a stretch of signs, how many they are, and the node behind; None is the end of the text."""


@dataclass(frozen=True)
class _Table:
    """All branches of all nodes in one row: those of node i lie at `first[i] : first[i + 1]`."""

    first: np.ndarray
    lowest: np.ndarray  # number that takes the branch
    each: np.ndarray  # numbers for every sign of it
    sign: np.ndarray
    target: np.ndarray  # the node behind, -1 for the end of the text
    times: np.ndarray  # numbers behind a sign for every number that goes there: whole ones,
    over: np.ndarray  # those left over,
    rate: np.ndarray  # and how many of these a number gets
    turns: int  # of a search among the branches of one node


@dataclass(frozen=True)
class Language:
    """The texts that an automaton reads, of at most `longest` characters where that is given.

    Raises:
        SpecError: they have no end, there is none, or they take too many nodes to count.
    """

    automaton: Automaton
    longest: int | None = None
    width: int = field(init=False)
    """How many characters the longest text has room for."""

    def __post_init__(self) -> None:
        height = self.automaton.heights[0]
        if height is None and self.longest is None:
            raise SpecError("a repeat has no end: give `longest`, the most characters of a text")
        width = min(end for end in (height, self.longest) if end is not None)
        if width > LONGEST:
            raise SpecError(f"its longest text has {width:,} characters, {LONGEST:,} can be drawn: give `longest`")
        object.__setattr__(self, "width", width)

    @cached_property
    def count(self) -> int:
        """How many texts there are."""
        return self._texts.get(self._root, 0)

    @cached_property
    def size(self) -> int:
        """How many numbers there are: as many as texts, or a little below 2**52 where texts are more."""
        return self._numbers[0]

    def reads(self, text: str) -> bool:
        """Whether this is one of the texts."""
        return len(text) <= self.width and self.automaton.reads(text)

    def within(self, allowed: Allowed) -> "Language":
        """Those of the texts that lie between the ends of a condition and are not excluded."""
        cut = self.automaton
        if allowed.low is not None:
            cut = both(cut, along(allowed.low, before=False, equal=not allowed.low_open, after=True))
        if allowed.high is not None:
            cut = both(cut, along(allowed.high, before=True, equal=not allowed.high_open, after=False))
        if allowed.excluded:
            cut = both(cut, without(allowed.excluded))
        return Language(cut, self.width)

    def signs(self, numbers: np.ndarray, chance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The texts of these numbers as code points [row, place], zero behind the end, and their lengths.

        `chance` holds random whole numbers, one a row: they choose where there are more texts than numbers.
        """
        table, n = self._table, len(numbers)
        ascii_only = all(last < 128 for moves in self.automaton.moves for _, last, _ in moves)
        out = np.zeros((self.width, n), dtype=np.uint8 if ascii_only else np.uint32)
        lengths = np.full(n, self.width)
        rows, node, number = np.arange(n), np.zeros(n, dtype=np.int64), numbers.astype(np.int64)
        spreads = bool(table.over.any() or (table.times > 1).any())
        for place in range(self.width + 1):
            branch = self._chosen(node[:1] if (node == node[:1]).all() else node, number)
            node = np.broadcast_to(table.target[branch], len(rows))
            if (ends := node < 0).any():
                lengths[rows[ends]] = place
                branch = np.broadcast_to(branch, len(rows))
                rows, node, number, branch, chance = (x[~ends] for x in (rows, node, number, branch, chance))
            if not len(rows):
                break
            each = table.each[branch]
            number = number - table.lowest[branch]
            which = number // each
            number -= which * each
            out[place, slice(None) if len(rows) == n else rows] = table.sign[branch] + which
            if spreads:
                chance = mixed(chance)
                number = _spread(number, table, branch, chance)
        return np.ascontiguousarray(out.T), lengths

    @cached_property
    def pattern(self) -> str | None:
        """The shape that all texts have as keys, as in `AA-9999`; None where they have none in common."""
        states, shape = {0}, ""
        while True:
            moves = [move for state in states for move in self.automaton.moves[state] if self._useful(move[2])]
            if any(self.automaton.accepts[state] for state in states):
                return shape if not moves and shape else None
            signs = {chr(sign) for a, b, _ in moves for sign in range(a, min(b, a + 200) + 1)}
            class_ = next((name for name, members in SHAPES.items() if signs <= set(members)), "")
            if len(signs) == 1:
                (sign,) = signs
                class_ = f"\\{sign}" if sign in {*SHAPES, "\\"} else sign
            if not class_:
                return None
            shape += class_
            states = {target for *_, target in moves}

    def _useful(self, state: int) -> bool:
        return self.automaton.heights[state] != -1

    def _chosen(self, node: np.ndarray, number: np.ndarray) -> np.ndarray:
        """The branch that each number takes from its node: the last one that does not begin above it."""
        table = self._table
        low = table.first[node]
        if not table.turns:
            return low
        high = table.first[node + 1] - 1
        for _ in range(table.turns):
            middle = (low + high + 1) >> 1
            above = table.lowest[middle] > number
            high = np.where(above, middle - 1, high)
            low = np.where(above, low, middle)
        return low

    # ----------------------------------------------------------------------- counting

    @property
    def _root(self) -> Node:
        return self._node(0, self.width)

    def _node(self, state: int, left: int) -> Node:
        """How many signs may follow matters only up to how many do."""
        height = self.automaton.heights[state]
        return state, left if height is None else min(left, height)

    @cached_property
    def _branches(self) -> dict[Node, list[Branch]]:
        """The nodes from the root on, each with its branches in order: the end of the text, then signs."""
        found: dict[Node, list[Branch]] = {}
        waiting = [self._root]
        seen = set(waiting)
        for state, left in waiting:
            branches: list[Branch] = [(0, 1, None)] if self.automaton.accepts[state] else []
            for first, last, target in self.automaton.moves[state] if left > 0 else ():
                if self._useful(target):
                    node = self._node(target, left - 1)
                    branches.append((first, last - first + 1, node))
                    if node not in seen:
                        seen.add(node)
                        waiting.append(node)
            found[state, left] = branches
            if len(found) > MOST_NODES:
                raise SpecError(
                    f"its texts take more than {MOST_NODES:,} nodes to count: repeat less, or lower `longest`"
                )
        return found

    @cached_property
    def _texts(self) -> dict[Node, int]:
        """How many texts there are from each node on."""
        counts: dict[Node, int] = {}
        for node, branches in sorted(self._branches.items(), key=lambda item: item[0][1]):
            counts[node] = sum(width * (1 if behind is None else counts[behind]) for _, width, behind in branches)
        return counts

    @cached_property
    def _table(self) -> _Table:
        return self._numbers[1]

    @cached_property
    def _numbers(self) -> tuple[int, _Table]:
        """Numbers dealt out to all branches, and how many numbers the root has."""
        sizes: dict[Node, int] = {}
        dealt: dict[Node, list[tuple[int, int, int, Node | None]]] = {}
        for node, branches in sorted(self._branches.items(), key=lambda item: item[0][1]):
            texts, lowest = self._texts[node], 0
            dealt[node] = []
            for sign, width, behind in branches:
                room, behind_it = (1, 1) if behind is None else (sizes[behind], self._texts[behind])
                each = min(room, behind_it if texts <= MOST_NUMBERS else MOST_NUMBERS * behind_it // texts)
                if each:
                    dealt[node].append((lowest, each, sign, behind))
                    lowest += width * each
            sizes[node] = lowest
        order = [self._root, *(node for node in dealt if node != self._root)]
        place = {node: i for i, node in enumerate(order)}
        flat = [branch for node in order for branch in dealt[node]]
        rooms = [1 if behind is None else sizes[behind] for *_, behind in flat]
        shares = np.array([each for _, each, _, _ in flat], dtype=np.int64)
        times, over = np.divmod(np.array(rooms, dtype=np.int64), shares)
        most = max(len(branches) for branches in dealt.values())
        return sizes[self._root], _Table(
            first=np.cumsum([0, *(len(dealt[node]) for node in order)]),
            lowest=np.array([lowest for lowest, *_ in flat], dtype=np.int64),
            each=shares,
            sign=np.array([sign for _, _, sign, _ in flat], dtype=np.int64),
            target=np.array([-1 if behind is None else place[behind] for *_, behind in flat], dtype=np.int64),
            times=times,
            over=over,
            rate=over / shares,
            turns=max(most - 1, 0).bit_length(),
        )


def _spread(number: np.ndarray, table: _Table, branch: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Numbers of a branch, each put at random into its own part of the larger range behind the branch."""
    times, over, rate = table.times[branch], table.over[branch], table.rate[branch]
    low, high = (n * times + np.minimum(np.floor(n * rate), over).astype(np.int64) for n in (number, number + 1))
    return low + (chance % (high - low).astype(np.uint64)).astype(np.int64)
