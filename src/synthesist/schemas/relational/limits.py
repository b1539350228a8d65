"""What a column may hold beyond its type: ends, values, patterns and lengths, from all that is said of it."""

from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """Ends are numbers or texts of dates; an end that is `open` is not reached."""

    low: Any = None
    high: Any = None
    low_open: bool = False
    high_open: bool = False
    values: tuple[Any, ...] | None = None
    excluded: tuple[Any, ...] = ()
    pattern: str | None = None
    avoided: tuple[str, ...] = ()
    """Regular expressions that no text matches, wherever in it."""
    shortest: int | None = None
    longest: int | None = None
    case: str = ""
    """`upper` or `lower`, where only such letters are allowed."""
    present: bool = False
    """Never missing."""
    absent: bool = False
    """Always missing."""
    is_json: bool = False

    def both(self, other: "Limits") -> "Limits | None":
        """What both allow; None where that cannot be said by one, or there is nothing."""
        low, low_open = _inner(self.low, self.low_open, other.low, other.low_open, max)
        high, high_open = _inner(self.high, self.high_open, other.high, other.high_open, min)
        if self.pattern and other.pattern and self.pattern != other.pattern:
            return None
        values = self.values if other.values is None else other.values
        if self.values is not None and other.values is not None:
            values = tuple(value for value in self.values if value in other.values)
        if values == ():
            return None
        return Limits(
            low, high, low_open, high_open, values, self.excluded + other.excluded, self.pattern or other.pattern,
            self.avoided + other.avoided,
            _of(max, self.shortest, other.shortest), _of(min, self.longest, other.longest), self.case or other.case,
            self.present or other.present, self.absent or other.absent, self.is_json or other.is_json,
        )  # fmt: skip

    def either(self, other: "Limits") -> "Limits":
        """What is within at least one of them: their union where it is one stretch or one list, else the first."""
        if self == Limits(absent=True):
            return replace(other, present=False)
        if other == Limits(absent=True):
            return replace(self, present=False)
        if self.values is not None and other.values is not None:
            return Limits(values=tuple(dict.fromkeys((*self.values, *other.values))))
        if self.high is not None and self.high == other.low and not (self.high_open and other.low_open):
            return replace(self, high=other.high, high_open=other.high_open)
        return self


def _inner(a: Any, a_open: bool, b: Any, b_open: bool, choose: Any) -> tuple[Any, bool]:
    """The end that leaves less."""
    if a is None or b is None:
        return (b, b_open) if a is None else (a, a_open)
    if a == b:
        return a, a_open or b_open
    if isinstance(a, str) != isinstance(b, str):
        return a, a_open
    return (a, a_open) if choose(a, b) == a else (b, b_open)


def _of(choose: Any, a: int | None, b: int | None) -> int | None:
    return choose(a, b) if a is not None and b is not None else b if a is None else a
