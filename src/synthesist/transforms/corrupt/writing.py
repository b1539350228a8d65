"""Text that is written otherwise: case, white space, encoding, and the spelling of categories."""

import unicodedata
from collections.abc import Callable, Mapping
from typing import ClassVar, Literal

import polars as pl
from pydantic import Field, model_validator

from synthesist.data.kinds import Category, Kind
from synthesist.transforms.corrupt.chance import Chance
from synthesist.transforms.corrupt.fault import Way, Wayward, each, is_text

__all__ = ["Case", "Encoding", "Variant", "Whitespace"]


def _as(change: Callable[[pl.Expr], pl.Expr]) -> Way:
    """A way that one expression over the cell says."""

    def way(cells: pl.Series, kind: Kind, chance: Chance) -> pl.Series:
        del kind, chance
        return cells.to_frame("cell").select(change(pl.col("cell"))).to_series()

    return way


class Case(Wayward):
    """Letters of the wrong case: all `upper`, all `lower`, `title` case, or the keyboard's capitals lock (`locked`)."""

    WAYS: ClassVar[Mapping[str, Way]] = {
        "upper": _as(lambda cell: cell.str.to_uppercase()),
        "lower": _as(lambda cell: cell.str.to_lowercase()),
        "title": _as(lambda cell: cell.str.to_titlecase()),
        "locked": each(str.swapcase),
    }

    is_: Literal["case"] = Field(default="case", alias="is")

    def serves(self, kind: Kind) -> bool:
        return is_text(kind)

    def can(self, cells: pl.Series, kind: Kind) -> pl.Series:
        del kind
        return ((cells.str.to_uppercase() != cells) | (cells.str.to_lowercase() != cells)).fill_null(False)


class Whitespace(Wayward):
    """White space that does not belong: `leading`, `trailing`, `doubled`, a `tab`, a space that does not break
    (`nbsp`), a line's end (`newline`), or a space that is lost (`joined`)."""

    WAYS: ClassVar[Mapping[str, Way]] = {
        "leading": _as(lambda cell: " " + cell),
        "trailing": _as(lambda cell: cell + " "),
        "doubled": _as(lambda cell: cell.str.replace(" ", "  ", literal=True)),
        "tab": _as(lambda cell: cell.str.replace(" ", "\t", literal=True)),
        "nbsp": _as(lambda cell: cell.str.replace(" ", "\u00a0", literal=True)),
        "newline": _as(lambda cell: cell + "\n"),
        "joined": _as(lambda cell: cell.str.replace(" ", "", literal=True)),
    }

    is_: Literal["whitespace"] = Field(default="whitespace", alias="is")

    def serves(self, kind: Kind) -> bool:
        return is_text(kind)

    def can(self, cells: pl.Series, kind: Kind) -> pl.Series:
        del kind
        if self._happening & {"leading", "trailing", "newline"}:
            return cells.is_not_null()
        return cells.str.contains(" ", literal=True).fill_null(False)


def _misread(text: str, encoding: str) -> str:
    """UTF-8 read as a code page of one byte; bytes it has no sign for are read as control signs, as browsers do."""
    return "".join(bytes([byte]).decode(encoding, "replace").replace("\ufffd", chr(byte)) for byte in text.encode())


def _without_accents(text: str) -> str:
    kept = (sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))
    return unicodedata.normalize("NFC", "".join(kept))


class Encoding(Wayward):
    """Signs beyond ASCII that were read or written wrongly.

    UTF-8 taken for `cp1252` or `latin1` (once, or `twice`), accents lost (`bare`), signs replaced by question marks
    (`question_mark`), U+FFFD (`replacement`) or HTML's numbers (`html`), the other normal form of Unicode
    (`decomposed`), and a byte order mark in front (`bom`), which alone can happen to every text.
    """

    WAYS: ClassVar[Mapping[str, Way]] = {
        "cp1252": each(lambda text: _misread(text, "cp1252")),
        "latin1": each(lambda text: _misread(text, "latin-1")),
        "twice": each(lambda text: _misread(_misread(text, "cp1252"), "cp1252")),
        "bare": each(_without_accents),
        "question_mark": _as(lambda cell: cell.str.replace_all(r"[^\x00-\x7f]", "?")),
        "replacement": _as(lambda cell: cell.str.replace_all(r"[^\x00-\x7f]", "\ufffd")),
        "html": each(lambda text: text.encode("ascii", "xmlcharrefreplace").decode()),
        "decomposed": each(
            lambda text: unicodedata.normalize("NFC" if unicodedata.is_normalized("NFD", text) else "NFD", text)
        ),
        "bom": _as(lambda cell: "\ufeff" + cell),
    }
    USUAL: ClassVar = tuple(way for way in WAYS if way != "bom")

    is_: Literal["encoding"] = Field(default="encoding", alias="is")

    def serves(self, kind: Kind) -> bool:
        return is_text(kind)

    def can(self, cells: pl.Series, kind: Kind) -> pl.Series:
        del kind
        return cells.is_not_null() if self.ways.get("bom") else cells.str.contains(r"[^\x00-\x7f]").fill_null(False)


class Variant(Wayward):
    """A category written in another way: another `case`, another `separator` of its words, an `abbreviation`, a
    full stop or without (`punctuation`), or one of the `synonyms` given."""

    WAYS: ClassVar[Mapping[str, Way]] = {
        "case": _as(
            lambda cell: (
                pl.when(cell.str.to_uppercase() != cell)
                .then(cell.str.to_uppercase())
                .otherwise(cell.str.to_lowercase())
            )
        ),
        "separator": _as(
            lambda cell: (
                pl.when(cell.str.contains("[-_/]"))
                .then(cell.str.replace_all("[-_/]", " "))
                .otherwise(cell.str.replace_all(" ", "_", literal=True))
            )
        ),
        "abbreviation": _as(lambda cell: pl.when(cell.str.len_chars() > 4).then(cell.str.slice(0, 3) + ".")),
        "punctuation": _as(lambda cell: pl.when(cell.str.ends_with(".")).then(cell.str.head(-1)).otherwise(cell + ".")),
        "synonym": each(lambda text: None),
    }
    USUAL: ClassVar = ("case", "separator", "abbreviation", "punctuation")

    is_: Literal["variant"] = Field(default="variant", alias="is")
    synonyms: dict[str, tuple[str, ...]] = Field(default={}, description="other words for a value: {Germany: [DE]}")

    @model_validator(mode="after")
    def _synonyms_are_given(self) -> "Variant":
        if bool(self.ways.get("synonym")) != bool(self.synonyms):
            raise ValueError("the way `synonym` and the `synonyms` go together: give both, as in `ways: [synonym]`")
        return self

    def serves(self, kind: Kind) -> bool:
        return isinstance(kind, Category)

    def can(self, cells: pl.Series, kind: Kind) -> pl.Series:
        del kind
        if self._happening == {"synonym"}:
            return cells.is_in(list(self.synonyms)).fill_null(False)
        return (cells.str.len_chars() > 0).fill_null(False)

    def way(self, name: str) -> Way:
        return self._synonym if name == "synonym" else self.WAYS[name]

    def _synonym(self, cells: pl.Series, kind: Kind, chance: Chance) -> pl.Series:
        del kind
        draws = chance.uniform("synonym")
        words = [self.synonyms.get(cell, ()) for cell in cells]
        picked = [some[int(u * len(some))] if some else None for some, u in zip(words, draws, strict=True)]
        return pl.Series(cells.name, picked, dtype=pl.String)
