"""What of a schema is not kept, told in few lines: what is said alike of many tables is said once."""

import re
from collections.abc import Sequence
from pathlib import Path

__all__ = ["NotKeptWarning"]

SHOWN = 20  # lines of a warning
NAMED = 3  # tables or columns of one line


class NotKeptWarning(UserWarning):
    """Not all of a schema is kept; `notes` are all there is to tell, of which the message shows the first."""

    def __init__(self, where: Path, notes: Sequence[str]) -> None:
        self.where, self.notes = where, _grouped(notes)
        more = len(self.notes) - SHOWN
        rest = [f"and {more:,} more, which `synthesist inspect {where.name}` tells."] if more > 0 else []
        super().__init__("\n  ".join([self.title, *self.notes[:SHOWN], *rest]))

    @property
    def title(self) -> str:
        """What the notes are about."""
        return f"{self.where}: not all of it is kept as it is written"


def _grouped(notes: Sequence[str]) -> list[str]:
    """The notes by their lines; those that differ in nothing but line and name are one."""
    alike: dict[str, list[tuple[int, str]]] = {}
    for note in notes:
        found = re.fullmatch(r"line (\d+): `([^`]+)`(.*)", note, re.DOTALL)
        line, name, words = (int(found[1]), found[2], found[3]) if found else (0, "", note)
        alike.setdefault(words, []).append((line, name))
    grouped = sorted((sorted(set(places)), words) for words, places in alike.items())
    return [_said(places, words) for places, words in grouped]


def _said(places: Sequence[tuple[int, str]], words: str) -> str:
    if not places[0][0]:
        return words
    lines = list(dict.fromkeys(str(line) for line, _ in places))
    names = [f"`{name}`" for name in dict.fromkeys(name for _, name in places)]
    return f"line{'s' * (len(lines) > 1)} {_few(lines)}: {_few(names)}{words}"


def _few(parts: Sequence[str]) -> str:
    more = len(parts) - NAMED
    return ", ".join(parts[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
