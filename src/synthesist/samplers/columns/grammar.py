r"""A regular expression, read: the part of Python's language that names a set of texts.

Signs, `.`, classes as `[A-F0-9]` or `[^aeiou]`, `\d \w \s` and their opposites, groups, `|`, the repeats
`? * + {m} {m,} {m,n}`, and `^` and `$` at the ends. `.`, `\D`, `\W`, `\S` and `[^...]` mean printable ASCII
signs. What looks around or back is refused: no machine of states can follow it.
"""

import re
from dataclasses import dataclass
from string import ascii_letters, digits
from typing import NoReturn

from synthesist.errors import SpecError

__all__ = [
    "ANY",
    "CLASSES",
    "COUNT",
    "LONGEST",
    "Characters",
    "Choice",
    "Expression",
    "Ranges",
    "Repeat",
    "Sequence",
    "other",
    "parsed",
    "ranges",
]

LONGEST = 1_000  # characters of one text
DEEPEST = 50  # groups within groups, so that reading never exhausts the stack
Ranges = tuple[tuple[int, int], ...]
"""Stretches of code points, first and last included, in order and apart."""


@dataclass(frozen=True)
class Characters:
    """One sign of a set."""

    ranges: Ranges


@dataclass(frozen=True)
class Sequence:
    """Parts one after another; none at all is the empty text."""

    parts: "tuple[Expression, ...]"


@dataclass(frozen=True)
class Choice:
    """One of the parts."""

    parts: "tuple[Expression, ...]"


@dataclass(frozen=True)
class Repeat:
    """A part from `least` to `most` times; None has no end."""

    part: "Expression"
    least: int
    most: int | None


Expression = Characters | Sequence | Choice | Repeat


def parsed(pattern: str) -> Expression:
    """Read a regular expression.

    Raises:
        SpecError: it cannot be read, or holds what is refused; the message names it and its place.
    """
    return _Reader(pattern).expression()


def ranges(*stretches: tuple[int, int]) -> Ranges:
    """The same code points as these stretches, in order and apart; surrogates, which are no signs, left out.

    >>> ranges((65, 70), (48, 57), (68, 90))
    ((48, 57), (65, 90))
    """
    out: list[tuple[int, int]] = []
    for first, last in sorted(_but_surrogates(stretches)):
        if out and first <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], last))
        else:
            out.append((first, last))
    return tuple(out)


def _but_surrogates(stretches: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    cut = [part for a, b in stretches for part in ((a, min(b, 0xD7FF)), (max(a, 0xE000), b))]
    return [(a, b) for a, b in cut if a <= b]


def _signs(text: str) -> Ranges:
    return ranges(*((ord(sign), ord(sign)) for sign in text))


def other(some: Ranges) -> Ranges:
    """The printable ASCII signs that are not among these."""
    return _signs("".join(sign for sign in map(chr, range(32, 127)) if not any(a <= ord(sign) <= b for a, b in some)))


CLASSES = {"d": _signs(digits), "w": _signs(ascii_letters + digits + "_"), "s": _signs(" ")}
CLASSES |= {name.upper(): other(meant) for name, meant in CLASSES.items()}
ANY = other(())
COUNT = re.compile(r"\{(\d{1,9})?(,)?(\d{1,9})?\}")
GROUPS = {
    "(?=": "a look-ahead",
    "(?!": "a look-ahead",
    "(?<=": "a look-behind",
    "(?<!": "a look-behind",
    "(?P=": "a back-reference",
    "(?(": "a condition on a group",
    "(?>": "an atomic group",
    "(?#": "a comment",
    "(?": "a flag",
}
ESCAPES = (
    dict.fromkeys("bB", "a word boundary") | dict.fromkeys("AZ", "an anchor") | dict.fromkeys(digits, "a reference")
)


class _Reader:
    """Goes through a pattern once, from left to right."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.place = 0
        self.depth = 0

    def expression(self) -> Expression:
        read = self._choice()
        if self.place < len(self.pattern):
            self._refuse("a closing bracket without an opening one", ")")
        return read

    def _choice(self) -> Expression:
        parts = [self._sequence()]
        while self._takes("|"):
            parts.append(self._sequence())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def _sequence(self) -> Expression:
        parts: list[Expression] = []
        if not self.depth:
            self._takes("^")
        while self.place < len(self.pattern) and self.pattern[self.place] not in "|)":
            if not self.depth and re.match(r"\$(?:\||$)", self.pattern[self.place :]):
                self.place += 1
                continue
            parts.append(self._repeated(self._atom()))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _atom(self) -> Expression:
        sign = self.pattern[self.place]
        if sign == "(":
            return self._group()
        if sign == "[":
            return Characters(self._class())
        if sign == "\\":
            return Characters(self._escaped())
        if sign in "^$":
            self._refuse("an anchor that is not at an end", sign)
        if sign in "?*+{":
            self._refuse("a repeat of nothing", sign)
        self.place += 1
        return Characters(ANY if sign == "." else _signs(sign))

    def _repeated(self, part: Expression) -> Expression:
        counts = self._counts()
        if counts is None:
            return part
        least, most = counts
        self._takes("?")  # how eager a repeat is makes no difference to what it matches as a whole
        if self.place < len(self.pattern) and self.pattern[self.place] in "?*+{":
            self._refuse("a repeat of a repeat", self.pattern[self.place])
        return Repeat(part, least, most)

    def _counts(self) -> tuple[int, int | None] | None:
        """What the repeat at this place allows, if there is one."""
        for sign, counts in (("?", (0, 1)), ("*", (0, None)), ("+", (1, None))):
            if self._takes(sign):
                return counts
        found = COUNT.match(self.pattern, self.place)
        if found is None or not (found[1] or found[3]):
            return None
        least = int(found[1] or 0)
        most = least if not found[2] else int(found[3]) if found[3] else None
        if max(least, most or 0) > LONGEST:
            self._refuse(f"a repeat of more than {LONGEST:,}", found[0])
        if most is not None and most < least:
            self._refuse("a repeat from more to fewer", found[0])
        self.place = found.end()
        return least, most

    def _group(self) -> Expression:
        start = self.place
        opening = re.compile(r"\(\?:|\(\?P<\w+>|\((?!\?)").match(self.pattern, start)
        if opening is None:
            begun = next(begun for begun in GROUPS if self.pattern.startswith(begun, start))
            self._refuse(GROUPS[begun], begun)
        self.place = opening.end()
        self.depth += 1
        if self.depth > DEEPEST:
            self._refuse(f"more than {DEEPEST} groups within groups", "(")
        inside = self._choice()
        self.depth -= 1
        if not self._takes(")"):
            self.place = start
            self._refuse("a group that is not closed", opening[0])
        return inside

    def _class(self) -> Ranges:
        start = self.place
        self.place += 1
        negated = self._takes("^")
        members: list[tuple[int, int]] = []
        while not members or not self._takes("]"):
            if self.place >= len(self.pattern):
                self.place = start
                self._refuse("a class that is not closed", "[")
            members += self._member()
        meant = other(ranges(*members)) if negated else ranges(*members)
        if not meant:
            self.place = start
            self._refuse("a class without a printable sign", "[")
        return meant

    def _member(self) -> Ranges:
        """One sign of a class, or a stretch as in `a-f`."""
        start = self.place
        first = self._single()
        if not re.match(r"-[^\]]", self.pattern[self.place : self.place + 2]):
            return first
        self.place += 1
        last = self._single() if self.place < len(self.pattern) else ()
        stretch = self.pattern[start : self.place]
        if not (len(first) == len(last) == 1 and first[0][0] == first[0][1] <= last[0][0] == last[0][1]):
            self.place = start
            self._refuse("a stretch that does not lead from a sign to a later one", stretch)
        return ((first[0][0], last[0][0]),)

    def _single(self) -> Ranges:
        sign = self.pattern[self.place]
        if sign == "\\":
            return self._escaped()
        self.place += 1
        return ((ord(sign), ord(sign)),)

    def _escaped(self) -> Ranges:
        sign = self.pattern[self.place + 1 : self.place + 2]
        if not sign:
            self._refuse("a backslash with nothing after it", "\\")
        if sign in CLASSES:
            meant = CLASSES[sign]
        elif sign.isascii() and sign.isalnum():
            self._refuse(ESCAPES.get(sign, "an unknown escape"), f"\\{sign}")
        else:
            meant = _signs(sign)
        self.place += 2
        return meant

    def _takes(self, sign: str) -> bool:
        """Whether this sign comes next; then it is passed over."""
        taken = self.pattern.startswith(sign, self.place)
        self.place += taken
        return taken

    def _refuse(self, what: str, written: str) -> NoReturn:
        raise SpecError(
            f"{what}, `{written}` at character {self.place + 1} of `{self.pattern}`, cannot be drawn: "
            r"use signs, classes, \d \w \s, groups, | and the repeats ? * + {m,n}; a backslash makes a sign literal"
        )
