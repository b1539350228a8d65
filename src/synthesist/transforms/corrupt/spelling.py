"""Misspelt text: slips of the fingers, of the ear and of machines that read."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from synthesist.data.kinds import Kind
from synthesist.transforms.corrupt.chance import Chance
from synthesist.transforms.corrupt.fault import Way, Wayward, is_text

__all__ = ["Typo"]

ROWS: Mapping[str, tuple[str, ...]] = {
    "qwerty": ("1234567890-", "qwertyuiop", "asdfghjkl", "zxcvbnm,."),
    "qwertz": ("1234567890ß", "qwertzuiopü", "asdfghjklöä", "yxcvbnm,.-"),
    "azerty": ("1234567890)", "azertyuiop", "qsdfghjklmù", "wxcvbn,;:"),
}
"""The rows of keys; each lies about half a key to the right of the one above."""

LOOKALIKES = {
    **{"0": "O", "O": "0", "o": "0", "1": "l", "l": "1", "I": "l", "i": "j", "S": "5", "5": "S", "s": "5", "B": "8"},
    **{"8": "B", "Z": "2", "2": "Z", "z": "2", "G": "6", "6": "G", "b": "6", "g": "9", "9": "g", "q": "9", "T": "7"},
    **{"7": "T", "D": "0", "Q": "O", "c": "e", "e": "c", "u": "v", "v": "u", "h": "b", "t": "f", "f": "t", "a": "o"},
    **{"rn": "m", "m": "rn", "cl": "d", "d": "cl", "vv": "w", "w": "vv", "nn": "m", "li": "h", "ä": "a", "ö": "o"},
    **{"ü": "u", "é": "e", "è": "e", "ß": "B"},
}
"""What optical recognition takes for each other."""

SOUNDALIKES = {
    **{"ph": ["f"], "f": ["ph", "v"], "v": ["w", "f"], "w": ["v"], "ck": ["k", "c"], "c": ["k"], "k": ["c", "ck"]},
    **{"ie": ["i", "ei"], "ei": ["ai", "ie"], "ai": ["ei", "ay"], "ay": ["ai"], "ey": ["y", "ay"], "y": ["i", "ie"]},
    **{"sch": ["sh"], "sh": ["sch"], "th": ["t"], "dt": ["t"], "tz": ["z"], "z": ["s", "tz"], "ss": ["s"], "x": ["ks"]},
    **{"qu": ["kw"], "ou": ["u", "oo"], "oo": ["u"], "ee": ["ea", "i"], "ea": ["ee"], "eu": ["oi"], "ll": ["l"]},
    **{"mm": ["m"], "nn": ["n"], "tt": ["t"], "rr": ["r"], "pp": ["p"], "ff": ["f"], "j": ["y"], "d": ["t"]},
    **{"m": ["mm"], "n": ["nn"], "l": ["ll"], "t": ["tt", "d"], "s": ["ss", "z"], "b": ["p"], "p": ["b", "pp"]},
    **{"e": ["a"], "i": ["y", "e"], "g": ["k"], "r": ["rr"], "a": ["e"], "o": ["u"], "u": ["o"]},
}
"""What sounds alike in English, German and their neighbours, by spelling."""


@cache
def _neighbours(keyboard: str) -> dict[str, list[str]]:
    """The keys around each key that has a letter or digit."""
    keys = {sign: (row, place + row / 2) for row, line in enumerate(ROWS[keyboard]) for place, sign in enumerate(line)}
    return {
        sign: [other for other, (r, p) in keys.items() if other != sign and abs(r - row) <= 1 and abs(p - place) <= 1]
        for sign, (row, place) in keys.items()
        if sign.isalnum()
    }


def _found(cells: pl.Series, chance: Chance, pattern: str) -> pl.DataFrame:
    """`head`, `part` and `tail` of each cell: a part that matches, at or after a place taken by chance.

    Where nothing matches from there on, the first match of the cell is taken; null where there is none.
    """
    start = chance.below(cells.str.len_chars().to_numpy(), "place")
    groups = f"(?s)^(.*?)({pattern})(.*)$"
    frame = pl.DataFrame({"cell": cells, "start": start}).with_columns(
        skipped=pl.col("cell").str.slice(0, pl.col("start")),
        late=pl.col("cell").str.slice(pl.col("start")).str.extract_groups(groups),
        early=pl.col("cell").str.extract_groups(groups),
    )
    late, early = pl.col("late").struct, pl.col("early").struct
    hit = late[1].is_not_null()
    return frame.select(
        head=pl.when(hit).then(pl.col("skipped") + late[0]).otherwise(early[0]),
        part=pl.when(hit).then(late[1]).otherwise(early[1]),
        tail=pl.when(hit).then(late[2]).otherwise(early[2]),
    )


def _confused(table: Mapping[str, Sequence[str]], *, any_case: bool) -> Way:
    """A part of the cell that is in the table becomes one of those it is taken for."""
    tokens = sorted(table, key=len, reverse=True)
    pattern = ("(?i:" if any_case else "(?:") + "|".join(tokens).replace(".", r"\.") + ")"
    counts = np.array([len(table[token]) for token in tokens])
    flat = pl.Series([other for token in tokens for other in table[token]], dtype=pl.String)
    places = pl.Series(range(len(tokens)), dtype=pl.Int64)

    def way(cells: pl.Series, kind: Kind, chance: Chance) -> pl.Series:
        del kind
        found = _found(cells, chance, pattern)
        part = found["part"].str.to_lowercase() if any_case else found["part"]
        token = part.replace_strict(pl.Series(tokens), places, default=None).fill_null(0).to_numpy()
        pick = (np.cumsum(counts) - counts)[token] + chance.below(counts[token], "other")
        other, old = flat.gather(pick).alias("other"), pl.col("part")
        if any_case:  # as the part began, so begins what it is taken for
            first, rest = pl.col("other").str.slice(0, 1), pl.col("other").str.slice(1)
            upper = old.str.slice(0, 1).str.to_lowercase() != old.str.slice(0, 1)
            found = found.with_columns(other)
            new = pl.when(upper).then(first.str.to_uppercase() + rest).otherwise(pl.col("other"))
        else:
            found, new = found.with_columns(other), pl.col("other")
        return found.select(pl.col("head") + pl.when(old.is_not_null()).then(new) + pl.col("tail")).to_series()

    return way


def _edited(pattern: str, edit: Callable[[pl.Expr], pl.Expr]) -> Way:
    """A part of the cell that matches, edited; a cell of which nothing would be left stays."""

    def way(cells: pl.Series, kind: Kind, chance: Chance) -> pl.Series:
        del kind
        made = _found(cells, chance, pattern).select(pl.col("head") + edit(pl.col("part")) + pl.col("tail")).to_series()
        return made.set(made.str.len_chars() == 0, None)

    return way


@cache
def _by_keys(keyboard: str) -> Way:
    return _confused(_neighbours(keyboard), any_case=True)


class Typo(Wayward):
    """A slip in one place of a text: a `neighbour` key, letters `swapped`, `dropped` or `doubled`, or taken for
    what looks (`lookalike`) or sounds (`soundalike`) the same."""

    WAYS: ClassVar[Mapping[str, Way]] = {
        "neighbour": _by_keys("qwerty"),
        "swapped": _edited(r"\w\w", lambda two: two.str.slice(1) + two.str.slice(0, 1)),
        "dropped": _edited(r"\w", lambda sign: sign.str.slice(1)),
        "doubled": _edited(r"\w", lambda sign: sign + sign),
        "lookalike": _confused({part: [other] for part, other in LOOKALIKES.items()}, any_case=False),
        "soundalike": _confused(SOUNDALIKES, any_case=True),
    }

    is_: Literal["typo"] = Field(default="typo", alias="is")
    keyboard: Literal["qwerty", "qwertz", "azerty"] = Field(default="qwerty", description="where neighbours lie")
    as_text: bool = Field(default=False, description="in numbers, dates and the like too: their columns become text")

    def serves(self, kind: Kind) -> bool:
        return is_text(kind)

    def can(self, cells: pl.Series, kind: Kind) -> pl.Series:
        del kind
        return cells.str.contains(r"\w").fill_null(False)

    def way(self, name: str) -> Way:
        return _by_keys(self.keyboard) if name == "neighbour" else self.WAYS[name]

    @property
    def writes_text(self) -> bool:
        return self.as_text
