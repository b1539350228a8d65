r"""Regular expressions as schemas have them: ECMA 262's, which match anywhere in a text.

`matching` makes the automaton of all texts a pattern is found in, over printable ASCII signs and those the pattern
names; look-aheads at the start of a text are intersections. Other looks around, word boundaries and
back-references are left out, and `exact` then is False: what is drawn has to be searched by `searcher`.

Reference: ECMA-262, 15th edition, section 22.2, https://tc39.es/ecma262/#sec-patterns.
"""

import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

from synthesist.errors import SpecError
from synthesist.samplers.columns.automaton import Automaton, both, compiled
from synthesist.samplers.columns.grammar import (
    ANY,
    CLASSES,
    COUNT,
    Characters,
    Choice,
    Expression,
    Ranges,
    Repeat,
    Sequence,
    other,
    ranges,
)

__all__ = ["complement", "matching", "searcher"]

ROOM = 64  # more repeats than these beyond the fewest are not drawn
DEEPEST = 100
ANYTHING = Repeat(Characters(ANY), 0, None)
EMPTY = Sequence(())
CONTROLS = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13, "0": 0, "a": 7, "e": 27}
ESCAPE = re.compile(
    r"\\(?:u\{([0-9A-Fa-f]+)\}|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([pP])\{([\w=]+)\}|c([A-Za-z])|(.))", re.DOTALL
)
LETTERS = ranges((65, 90), (97, 122))
PUNCTUATION = ranges((33, 47), (58, 64), (91, 96), (123, 126))
PROPERTIES: dict[str, tuple[Ranges, str]] = {
    "L": (LETTERS, r"[^\W\d_]"),
    "Letter": (LETTERS, r"[^\W\d_]"),
    "Alphabetic": (LETTERS, r"[^\W\d_]"),
    "Lu": (ranges((65, 90)), "[A-ZÀ-ÖØ-Þ]"),
    "Ll": (ranges((97, 122)), "[a-zß-öø-ÿ]"),
    "N": (ranges((48, 57)), r"\d"),
    "Nd": (ranges((48, 57)), r"\d"),
    "P": (PUNCTUATION, r"[^\w\s]"),
    "S": (PUNCTUATION, r"[^\w\s]"),
    "Z": (ranges((32, 32)), r"\s"),
    "Zs": (ranges((32, 32)), r"[^\S\r\n]"),
    "M": (ranges((0x300, 0x36F)), "[\u0300-\u036f]"),
    "ASCII": (ANY, r"[\x00-\x7f]"),
}
"""Classes of Unicode: the signs that are drawn, and nearly the same for searching."""


@dataclass(frozen=True)
class Anchor:
    """The start or the end of a text."""

    start: bool


@dataclass(frozen=True)
class Look:
    """What follows at this place, or does not."""

    part: "Part"
    follows: bool


Part = Expression | Anchor | Look


@lru_cache(maxsize=10_000)
def matching(pattern: str, padded: bool = True, room: int = ROOM) -> tuple[Automaton, bool]:
    """The texts a pattern is found in, and whether these are exactly the texts of the automaton.

    Args:
        pattern: the regular expression.
        padded: whether other signs may stand around what is found, where no anchor forbids it.
        room: how many more repeats than the fewest there may be, where a repeat has an end.

    Raises:
        SpecError: it cannot be read, or needs too many states.
    """
    reader = _Reader(pattern, room)
    read = reader.pattern()
    branches = read.parts if isinstance(read, Choice) else (read,)
    automata = [_of_branch(branch, padded, reader) for branch in branches]
    if len(automata) == 1:
        return automata[0], reader.exact
    return _either(automata), reader.exact


def _of_branch(branch: Part, padded: bool, reader: "_Reader") -> Automaton:
    """The texts of one branch; the looks ahead at its start are met with what follows."""
    parts: tuple[Part, ...] = branch.parts if isinstance(branch, Sequence) else (branch,)
    looks: list[Look] = []
    rest = list(parts)
    while rest and (isinstance(rest[0], Look) or (rest[0] == Anchor(True) and len(rest) > 1 and _looks(rest[1]))):
        if isinstance(rest[0], Look):
            looks.append(rest.pop(0))  # type: ignore[arg-type]
        else:
            rest[0], rest[1] = rest[1], rest[0]
    anchored = bool(rest) and rest[0] == Anchor(True)
    if looks and not anchored and padded:
        reader.exact, looks = False, []
    body = Sequence(tuple(rest))  # type: ignore[arg-type]
    found = compiled(_plain(_padded(_padded(body, True, padded), False, padded), reader))
    for look in looks:
        ahead = compiled(_plain(_padded(look.part, False, True), reader))
        found = both(found, ahead if look.follows else complement(ahead))
    return found


def _looks(part: Part) -> bool:
    return isinstance(part, Look)


def _padded(part: Part, start: bool, padded: bool) -> Part:
    """With any signs before (or behind) it, unless an anchor stands there."""
    match part:
        case Anchor(at_start) if at_start is start:
            return EMPTY
        case Choice(parts):
            return Choice(tuple(_padded(one, start, padded) for one in parts))  # type: ignore[misc]
        case Sequence(parts) if parts and _has_anchor(parts[0 if start else -1], start):
            if start:
                return Sequence((_padded(parts[0], start, padded), *parts[1:]))  # type: ignore[arg-type]
            return Sequence((*parts[:-1], _padded(parts[-1], start, padded)))  # type: ignore[arg-type]
    if not padded:
        return part
    return Sequence((ANYTHING, part) if start else (part, ANYTHING))  # type: ignore[arg-type]


def _has_anchor(part: Part, start: bool) -> bool:
    match part:
        case Anchor(at_start):
            return at_start is start
        case Choice(parts):
            return any(_has_anchor(one, start) for one in parts)
        case Sequence(parts) if parts:
            return _has_anchor(parts[0 if start else -1], start)
    return False


def _plain(part: Part, reader: "_Reader") -> Expression:
    """Without looks around and anchors in the middle, which are searched for later."""
    match part:
        case Anchor() | Look():
            reader.exact = False
            return EMPTY
        case Sequence(parts):
            return Sequence(tuple(_plain(one, reader) for one in parts))
        case Choice(parts):
            return Choice(tuple(_plain(one, reader) for one in parts))
        case Repeat(inner, least, most):
            return Repeat(_plain(inner, reader), least, most)
    return part


def _either(automata: list[Automaton]) -> Automaton:
    """The texts of any: what is outside of all is outside, turned around."""
    found = complement(automata[0])
    for automaton in automata[1:]:
        found = both(found, complement(automaton))
    return complement(found)


def complement(automaton: Automaton) -> Automaton:
    """The texts of printable ASCII signs, and of those it has moves for, that an automaton does not read."""
    alphabet = ranges(*ANY, *((a, b) for moves in automaton.moves for a, b, _ in moves))
    free = len(automaton.moves)
    found = []
    for moves in automaton.moves:
        taken = ranges(*((a, b) for a, b, _ in moves))
        found.append(tuple(sorted([*moves, *((a, b, free) for a, b in _outside(alphabet, taken))])))
    whole = tuple((a, b, free) for a, b in alphabet)
    return Automaton((*found, whole), (*(not accepts for accepts in automaton.accepts), True))


def _outside(alphabet: Ranges, taken: Ranges) -> Ranges:
    """The stretches of an alphabet that are not taken."""
    out = []
    for first, last in alphabet:
        for a, b in taken:
            if a <= last and b >= first:
                if first < a:
                    out.append((first, a - 1))
                first = max(first, b + 1)
        if first <= last:
            out.append((first, last))
    return tuple(out)


class _Reader:
    """Goes through a pattern once, from left to right."""

    def __init__(self, text: str, room: int) -> None:
        self.text, self.room = text, room
        self.place = self.depth = 0
        self.exact = True
        self.any_case = False
        self.groups: list[Part | None] = []
        self.names: dict[str, int] = {}

    def pattern(self) -> Part:
        """The whole of it."""
        read = self._choice()
        if self.place < len(self.text):
            self._refuse("a closing bracket without an opening one")
        return read

    def _choice(self) -> Part:
        parts = [self._sequence()]
        while self._takes("|"):
            parts.append(self._sequence())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))  # type: ignore[arg-type]

    def _sequence(self) -> Part:
        parts: list[Part] = []
        while self.place < len(self.text) and self.text[self.place] not in "|)":
            parts.append(self._repeated(self._atom()))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))  # type: ignore[arg-type]

    def _atom(self) -> Part:
        sign = self.text[self.place]
        match sign:
            case "(":
                return self._group()
            case "[":
                return Characters(self._class())
            case "\\":
                return self._escape()
            case "?" | "*" | "+":
                self._refuse("a repeat of nothing")
        self.place += 1
        if sign in "^$":
            return Anchor(sign == "^")
        return Characters(ANY if sign == "." else self._cased(((ord(sign), ord(sign)),)))

    def _repeated(self, part: Part) -> Part:
        counts = self._counts()
        if counts is None:
            return part
        least, most = counts
        if not self._takes("?"):
            self._takes("+")  # how eager a repeat is makes no difference to what it matches as a whole
        if isinstance(part, Anchor | Look):
            return part if least else EMPTY
        return Repeat(part, least, most if most is None else min(most, least + self.room))

    def _counts(self) -> tuple[int, int | None] | None:
        for sign, counts in (("?", (0, 1)), ("*", (0, None)), ("+", (1, None))):
            if self._takes(sign):
                return counts
        found = COUNT.match(self.text, self.place)
        if found is None or not found[1]:
            return None
        self.place = found.end()
        least = int(found[1])
        most = least if not found[2] else int(found[3]) if found[3] else None
        if most is not None and most < least:
            self._refuse("a repeat from more to fewer")
        return least, most

    def _group(self) -> Part:
        opening = re.compile(r"\(\?([a-z]+)\)|\(\?(?:[a-z]*:|<?[=!]|>|P?<(\w+)>)|\((?!\?)").match(self.text, self.place)
        if opening is None:
            self._refuse("a group of an unknown kind")
        self.place = opening.end()
        if opening[1]:
            self.any_case = self.any_case or "i" in opening[1]
            return EMPTY
        number = None
        if opening[0] == "(" or opening[2]:
            number = len(self.groups)
            self.groups.append(None)
            self.names |= {opening[2]: number} if opening[2] else {}
        self.depth += 1
        if self.depth > DEEPEST:
            self._refuse("too many groups within groups")
        inside = self._choice()
        self.depth -= 1
        if not self._takes(")"):
            self._refuse("a group that is not closed")
        if opening[0] in ("(?=", "(?!"):
            return Look(inside, opening[0] == "(?=")
        if opening[0] in ("(?<=", "(?<!"):
            self.exact = False
            return EMPTY
        if number is not None:
            self.groups[number] = inside
        return inside

    def _escape(self) -> Part:
        sign = self.text[self.place + 1 : self.place + 2]
        if sign in ("b", "B"):
            self.place += 2
            self.exact = False
            return EMPTY
        if sign in ("A", "z", "Z"):
            self.place += 2
            return Anchor(sign == "A")
        if back := re.compile(r"\\(?:([1-9]\d?)|k<(\w+)>)").match(self.text, self.place):
            number = int(back[1]) - 1 if back[1] else self.names.get(back[2], -1)
            inside = self.groups[number] if 0 <= number < len(self.groups) else None
            if inside is None:
                self._refuse("a reference to no group")
            self.place, self.exact = back.end(), False
            return inside
        return Characters(self._cased(self._escaped()))

    def _class(self) -> Ranges:
        self.place += 1
        negated = self._takes("^")
        members: list[tuple[int, int]] = []
        while not self._takes("]"):
            if self.place >= len(self.text):
                self._refuse("a class that is not closed")
            members += self._member()
        meant = self._cased(ranges(*members))
        return other(meant) if negated else meant

    def _member(self) -> Ranges:
        """One sign of a class, or a stretch as in `a-f`."""
        first = self._single()
        if len(first) != 1 or first[0][0] != first[0][1] or not re.match(r"-[^\]]", self.text[self.place :][:2]):
            return first
        here = self.place
        self.place += 1
        last = self._single()
        if len(last) != 1 or last[0][0] != last[0][1]:
            self.place = here
            return first
        if last[0][0] < first[0][0]:
            self._refuse("a stretch that does not lead from a sign to a later one")
        return ((first[0][0], last[0][0]),)

    def _single(self) -> Ranges:
        sign = self.text[self.place]
        if sign == "\\":
            return self._escaped()
        self.place += 1
        return ((ord(sign), ord(sign)),)

    def _escaped(self) -> Ranges:
        found = ESCAPE.match(self.text, self.place)
        if found is None:
            self._refuse("a backslash with nothing after it")
        self.place = found.end()
        if code := found[1] or found[2] or found[3]:
            return ((int(code, 16), int(code, 16)),)
        if found[4]:
            name = found[5].split("=")[-1]
            if name not in PROPERTIES:
                self._refuse(f"the Unicode class `{found[0]}`")
            return PROPERTIES[name][0] if found[4] == "p" else other(PROPERTIES[name][0])
        if found[6]:
            return ((ord(found[6]) % 32, ord(found[6]) % 32),)
        sign = found[7]
        if sign in CLASSES:
            return CLASSES[sign]
        code_point = CONTROLS.get(sign, 8 if sign == "b" else ord(sign))
        return ((code_point, code_point),)

    def _cased(self, some: Ranges) -> Ranges:
        """Letters in both cases, where the pattern says so."""
        if not self.any_case:
            return some
        upper = [(max(a, 97) - 32, min(b, 122) - 32) for a, b in some if a <= 122 and b >= 97]
        lower = [(max(a, 65) + 32, min(b, 90) + 32) for a, b in some if a <= 90 and b >= 65]
        return ranges(*some, *upper, *lower)

    def _takes(self, sign: str) -> bool:
        taken = self.text.startswith(sign, self.place)
        self.place += taken
        return taken

    def _refuse(self, what: str) -> NoReturn:
        raise SpecError(f"{what}, at character {self.place + 1} of the pattern `{self.text}`, cannot be drawn")


# --------------------------------------------------------------------------- searching


@lru_cache(maxsize=10_000)
def searcher(pattern: str) -> "re.Pattern[str]":
    """The pattern as Python searches for it.

    Raises:
        SpecError: Python has nothing like it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sets within sets, which ECMA's classes have not
            return re.compile(_in_python(pattern))
    except (re.error, OverflowError, RecursionError) as error:
        raise SpecError(f"the pattern `{pattern}` cannot be searched for: {error}") from None


TOKEN = re.compile(
    r"\\u\{(?P<code>[0-9A-Fa-f]+)\}|\\(?P<not>[pP])\{(?P<class>[\w=]+)\}|\\k<(?P<back>\w+)>|\\c(?P<control>[A-Za-z])"
    r"|\\(?P<escaped>.)|\(\?<(?P<group>\w+)>|(?P<open>\[\^?\]?)|(?P<close>\])|(?P<sign>.)",
    re.DOTALL,
)


def _in_python(pattern: str) -> str:
    out, inside = [], False
    for token in TOKEN.finditer(pattern):
        found = token[0]
        if token["code"]:
            found = re.escape(chr(int(token["code"], 16)))
        elif token["class"]:
            found = _property(token["class"].split("=")[-1], token["not"] == "P", inside, pattern)
        elif token["back"]:
            found = f"(?P={token['back']})"
        elif token["control"]:
            found = f"\\x{ord(token['control']) % 32:02x}"
        elif token["escaped"]:
            found = {"Z": r"\Z", "z": r"\Z", "A": r"\A", "e": r"\x1b", "/": "/"}.get(token["escaped"], found)
            if token["escaped"] not in "dDwWsSbBAZznrtfvx0123456789ueaN" and token["escaped"].isalpha():
                found = token["escaped"]
        elif token["group"]:
            found = f"(?P<{token['group']}>"
        elif token["open"]:
            if inside:
                found, inside = "".join(map(re.escape, token["open"].rstrip("]"))), not token["open"].endswith("]")
                found += "" if inside else "]"
            elif token["open"].endswith("]"):
                found = r"[\s\S]" if "^" in token["open"] else r"(?!)"
            else:
                inside = True
        elif token["close"]:
            inside = False
        elif token["sign"] == "$" and not inside:
            found = r"\Z"
        elif token["sign"] in "&~|" and inside:
            found = "\\" + token["sign"]
        out.append(found)
    text = "".join(out)
    flags = re.search(r"\(\?([a-z]+)\)", text)
    return f"(?{flags[1]})" + text.replace(flags[0], "", 1) if flags and flags.start() else text


def _property(name: str, negated: bool, inside: bool, pattern: str) -> str:
    if name not in PROPERTIES:
        raise SpecError(f"the Unicode class `{name}` of the pattern `{pattern}` is not known here")
    written = PROPERTIES[name][1]
    if not inside:
        return f"(?:(?!{written})[\\s\\S])" if negated else written
    drawn = PROPERTIES[name][0]
    return "".join(f"{re.escape(chr(a))}-{re.escape(chr(b))}" for a, b in (other(drawn) if negated else drawn))
