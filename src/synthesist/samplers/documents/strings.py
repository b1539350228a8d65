"""Texts of patterns, formats and lengths: one automaton of all that is asked for, drawn from evenly."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
import polars as pl

from synthesist.codecs.written import written
from synthesist.errors import SpecError
from synthesist.samplers.columns import universal
from synthesist.samplers.columns.automaton import LAST, Automaton, both, without
from synthesist.samplers.columns.language import Language
from synthesist.samplers.documents.ecma import ROOM, complement, matching, searcher
from synthesist.samplers.documents.formats import FORMATS, WORD, WORDS

__all__ = ["Texts", "texts"]

SLACK = 12  # characters of a text beyond the shortest one
VARIED = 100  # texts that are enough for no other way to be looked for
TRIES = 200
REPEATS = re.compile(r"\{(\d+),(\d+)\}")
LONG = 1_000  # most characters of a text that is as long as it may be
LONGEST = 1_000_000  # characters of a text that is drawn at all
LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz", dtype=np.uint8)


@dataclass(frozen=True)
class Wanted:
    """What texts are asked for."""

    shortest: int = 0
    longest: int | None = None
    patterns: frozenset[str] = frozenset()
    not_patterns: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()

    @property
    def only_length(self) -> bool:
        """Whether any text of the right length will do."""
        return not (self.patterns or self.not_patterns or self.formats or self.excluded)


@dataclass(frozen=True)
class Texts:
    """Where texts come from; without a language they are letters of a length alone."""

    wanted: Wanted
    language: Language | None
    searched: bool
    """Whether each text has to be searched, as the language cannot say all."""

    @property
    def count(self) -> int | None:
        """How many there are, at most; None where they are too many to matter."""
        return self.language.size if self.language is not None and self.language.size < 10_000 else None

    def draw(self, n: int, rng: np.random.Generator, edges: float) -> pl.Series:
        """n texts.

        Raises:
            SpecError: too few of those drawn are found by a pattern that had to be searched for.
        """
        if not self.searched:
            return self._drawn(n, rng, edges)
        made: list[pl.Series] = []
        have = 0
        for _ in range(TRIES):
            cells = self._drawn(max(n - have, 16), rng, edges)
            good = cells.filter(pl.Series([self._fits(text) for text in cells.to_list()], dtype=pl.Boolean))
            made.append(good)
            have += len(good)
            if have >= n:
                return pl.concat(made).head(n)
        patterns = ", ".join(f"`{p}`" for p in sorted(self.wanted.patterns | self.wanted.not_patterns))
        raise SpecError(
            f"only {have:,} of {TRIES * max(n, 16):,} texts met {patterns}, of which a part (a look around, a word "
            f"boundary or a back-reference) can only be tried out: write it without"
        )

    def _drawn(self, n: int, rng: np.random.Generator, edges: float) -> pl.Series:
        if self.language is None:
            return self._letters(n, rng, edges)
        if self.wanted == UUID:
            return universal.uuids(
                4, rng.integers(universal.MOST, size=n), rng.integers(2**64, size=n, dtype=np.uint64)
            )
        size = self.language.size
        cells = written(*self.language.signs(rng.integers(size, size=n), rng.integers(2**64, size=n, dtype=np.uint64)))
        wanted = self.wanted
        if edges and wanted.only_length:
            at_end = rng.random(n) < edges
            if at_end.any():
                ends = self._letters(n, rng, 1.0)
                return cells.zip_with(pl.Series(~at_end), ends)
        return cells

    def _letters(self, n: int, rng: np.random.Generator, edges: float) -> pl.Series:
        """Letters, as many as there may be; the shortest and the longest as often as `edges` says."""
        low = self.wanted.shortest
        longest = self.wanted.longest
        high = low + SLACK if longest is None else min(longest, max(low, LONG))
        lengths = rng.integers(low, min(high, low + SLACK) + 1, size=n)
        at_end = rng.random(n) < edges
        lengths[at_end] = np.where(rng.random(int(at_end.sum())) < 0.5, low, high if longest is not None else low)
        signs = LETTERS[rng.integers(len(LETTERS), size=(n, int(lengths.max(initial=0))))]
        return written(signs, lengths)

    def _fits(self, text: str) -> bool:
        return all(searcher(p).search(text) for p in self.wanted.patterns) and not any(
            searcher(p).search(text) for p in self.wanted.not_patterns
        )


UUID = Wanted(formats=frozenset({"uuid"}))


@lru_cache(maxsize=10_000)
def texts(
    shortest: int,
    longest: int | None,
    patterns: frozenset[str],
    not_patterns: frozenset[str],
    formats: frozenset[str],
    excluded: frozenset[str],
) -> Texts:
    """Where texts like these come from.

    Raises:
        SpecError: there are none, or what is asked for cannot be drawn; the message says why.
    """
    if shortest > LONGEST:
        raise SpecError(f"a text would have {shortest:,} characters or more, and {LONGEST:,} can be")
    known = frozenset(name for name in formats if name in FORMATS)
    wanted = Wanted(shortest, longest, patterns, not_patterns, known, excluded)
    rest, searched = _all_but(wanted)
    if not (patterns or known):
        for usual in (WORDS, WORD, "[A-Za-z0-9]*"):
            language = _language([matching(f"^({usual})$", room=max(ROOM, shortest))[0], *rest], wanted)
            if language is not None:
                return Texts(wanted, language, searched)
        if wanted.only_length and shortest <= LONG * 100:
            return Texts(wanted, None, False)
    found = None
    for automata, exact in _ways(wanted):
        language = _language([*automata, *rest], wanted)
        if language is not None and (found is None or language.size > found[0].size):
            found = language, exact
        if found is not None and found[0].size >= VARIED:
            break
    if found is not None:
        return Texts(wanted, found[0], searched or not found[1])
    raise SpecError(f"no text {_said(wanted)}")


def _ways(wanted: Wanted) -> Iterator[tuple[list[Automaton], bool]]:
    """The patterns and formats as automata: first just what they say, then anything around it; the usual first."""
    room = max(ROOM, wanted.shortest)
    formats = [FORMATS[name] for name in sorted(wanted.formats)]
    for padded in (False, True) if wanted.patterns else (True,):
        found = [matching(pattern, padded, room) for pattern in sorted(wanted.patterns)]
        for chosen in product(*formats):
            usual = [matching(f"^({text})$", room=room)[0] for text in chosen]
            yield [*usual, *(automaton for automaton, _ in found)], all(exact for _, exact in found)


def _all_but(wanted: Wanted) -> tuple[list[Automaton], bool]:
    """What is excluded, as automata, and whether a part of it has to be searched for."""
    found, searched = [], False
    for pattern in sorted(wanted.not_patterns):
        automaton, exact = matching(pattern)
        if exact and not _cut(pattern):
            found.append(complement(automaton))
        else:
            searched = True
    if wanted.excluded:
        found.append(without(wanted.excluded))
    return found, searched


def _cut(pattern: str) -> bool:
    """Whether repeats with an end may have been cut, so that what is not read need not be excluded."""
    return any(int(most or least) - int(least) > ROOM for least, most in REPEATS.findall(pattern))


def _language(automata: list[Automaton], wanted: Wanted) -> Language | None:
    """The texts all automata read, of the right lengths; None where there are none."""
    if wanted.shortest:
        automata = [*automata, _at_least(wanted.shortest)]
    whole = automata[0]
    for automaton in automata[1:]:
        whole = both(whole, automaton)
    shortest = _shortest(whole)
    if shortest is None or (wanted.longest is not None and shortest > wanted.longest):
        return None
    longest = shortest + SLACK if wanted.longest is None else min(shortest + SLACK, wanted.longest)
    height = whole.heights[0]
    language = Language(
        whole, longest if height is None or height > longest + SLACK else min(height, wanted.longest or height)
    )
    return language if language.size else None


def _at_least(length: int) -> Automaton:
    moves = tuple(((0, LAST, min(state + 1, length)),) for state in range(length + 1))
    return Automaton(moves, (*([False] * length), True))


def _shortest(automaton: Automaton) -> int | None:
    """How many signs the shortest text has."""
    states, seen, length = {0}, {0}, 0
    while states:
        if any(automaton.accepts[state] for state in states):
            return length
        states = {target for state in states for *_, target in automaton.moves[state]} - seen
        seen |= states
        length += 1
    return None


def _said(wanted: Wanted) -> str:
    parts = [f"is found by `{pattern}`" for pattern in sorted(wanted.patterns)]
    parts += [f"is not found by `{pattern}`" for pattern in sorted(wanted.not_patterns)]
    parts += [f"is of the format {name}" for name in sorted(wanted.formats)]
    if wanted.shortest or wanted.longest is not None:
        most = "any number of" if wanted.longest is None else f"{wanted.longest:,}"
        parts.append(f"has {wanted.shortest:,} to {most} signs")
    return " and ".join(parts) or "is left"
