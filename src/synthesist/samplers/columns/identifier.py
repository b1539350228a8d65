"""Numbers with check digits, as standards define them: cards, bank accounts, articles, books, telephones."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from synthesist.codecs.checkdigits import gtin, isbn10, luhn
from synthesist.codecs.iban import COUNTRIES, bban, checked
from synthesist.codecs.written import written
from synthesist.core import Allowed
from synthesist.errors import ConditionError, did_you_mean
from synthesist.samplers.columns.automaton import compiled
from synthesist.samplers.columns.grammar import LONGEST, parsed
from synthesist.samplers.columns.language import Language
from synthesist.samplers.columns.texts import Texts

__all__ = ["Identifier"]

ZERO = ord("0")


@dataclass(frozen=True)
class _Scheme:
    """How long a number is with its check digit, which digits it begins with, and how the last one is found."""

    length: int
    check: Callable[[np.ndarray], np.ndarray]
    prefix: str = ""


SCHEMES = {
    "luhn": _Scheme(16, luhn),
    "imei": _Scheme(15, luhn),
    "ean13": _Scheme(13, gtin),
    "ean8": _Scheme(8, gtin),
    "upca": _Scheme(12, gtin),
    "gtin14": _Scheme(14, gtin),
    "isbn13": _Scheme(13, gtin, r"978\d|979[18]"),  # 979-0 is sheet music, the rest is not given out
    "isbn10": _Scheme(10, isbn10),
}


class Identifier(Texts):
    """A number with a check digit that is right, of a scheme: all such numbers are equally likely.

    `luhn` makes payment cards (`prefix: 4[0-9]{5}, length: 16`) and whatever else bears Luhn's digit;
    `imei`, `ean8`, `ean13`, `upca`, `gtin14`, `isbn10` and `isbn13` are as long as their standards say; `iban`
    needs a `country`. A `prefix` is digits or a regular expression of digits, all of one length. Check
    digits that a country puts inside the account number of an IBAN are drawn like other digits.
    """

    is_: Literal["identifier"] = Field(default="identifier", alias="is")
    scheme: Literal["luhn", "imei", "ean8", "ean13", "upca", "gtin14", "isbn10", "isbn13", "iban"] = Field(
        description="standard: luhn imei ean8 ean13 upca gtin14 isbn10 isbn13 iban"
    )
    prefix: str | None = Field(default=None, max_length=1_000, description="what it begins with, as in 4 or 5[1-5]")
    length: int | None = Field(default=None, ge=2, le=40, description="digits with the check digit, for `luhn`: 16")
    country: str | None = Field(default=None, description="two letters, for `iban`")

    @model_validator(mode="after")
    def _fits(self) -> "Identifier":
        if self.length is not None and self.scheme != "luhn":
            raise ValueError(f"`{self.scheme}` is as long as its standard says: leave `length` out")
        if self.scheme == "iban":
            if self.prefix is not None:
                raise ValueError("an IBAN begins with its country and check digits: leave `prefix` out")
            if self.country not in COUNTRIES:
                given = "" if self.country is None else f" `{self.country}`"
                raise ValueError(f"no country{given} of IBANs. {did_you_mean(self.country or '', COUNTRIES)}")
        elif self.country is not None:
            raise ValueError("`country` is for `iban` only")
        elif self.prefix is not None:
            self._check_prefix(self.prefix)
        if not self.language.size:
            raise ValueError(f"no number begins with `{self.prefix}`")
        return self

    @cached_property
    def language(self) -> Language:
        """What stands before the check digit; of an IBAN, what stands behind it."""
        if self.scheme == "iban":
            return _language(bban(self.country or ""))
        scheme = SCHEMES[self.scheme]
        prefix = scheme.prefix if self.prefix is None else self.prefix
        left = (self.length or scheme.length) - 1 - _language(prefix).width
        return _language(rf"(?:{prefix})\d{{{left}}}")

    @property
    def _pattern(self) -> str | None:
        inner = self.language.pattern
        if inner is None or self.scheme == "isbn10":
            return None
        return "".join(f"\\{sign}" for sign in self.country or "") + f"99{inner}" if self.country else f"{inner}9"

    def _texts(self, language: Language, numbers: np.ndarray, chance: np.ndarray) -> pl.Series:
        signs, _ = language.signs(numbers, chance)  # all of one length
        return written(self._closed(signs))

    def _closed(self, signs: np.ndarray) -> np.ndarray:
        """The ASCII codes with those of the check digits."""
        if self.country:
            return checked(self.country, signs)
        digit = SCHEMES[self.scheme].check(signs.astype(np.int64) - ZERO)
        return np.column_stack([signs, np.where(digit == 10, ord("X"), ZERO + digit).astype(np.uint8)])

    def _reads(self, text: str) -> bool:
        inner = self._inner(text)
        if not self.language.reads(inner):
            return False
        signs = np.array([[*inner.encode()]], dtype=np.uint8)
        return bool(written(self._closed(signs))[0] == text)

    def _inner(self, text: str) -> str:
        return text[4:] if self.country else text[:-1]

    def _cut(self, allowed: Allowed) -> Language:
        if allowed.low is not None or allowed.high is not None:
            raise ConditionError(f"`{self.scheme}` is drawn from all numbers or from named ones, not from a range")
        excluded = tuple(self._inner(text) for text in allowed.excluded if self._reads(text))
        return self.language.within(Allowed(excluded=excluded)) if excluded else self.language

    def _check_prefix(self, prefix: str) -> None:
        automaton = compiled(parsed(prefix))
        if any(not ZERO <= sign <= ZERO + 9 for moves in automaton.moves for move in moves for sign in move[:2]):
            raise ValueError(f"the prefix `{prefix}` holds more than digits")
        begun = Language(automaton, longest=LONGEST)
        if begun.width and begun.pattern is None:
            raise ValueError(f"the prefixes `{prefix}` are of different lengths")
        if begun.width >= (length := self.length or SCHEMES[self.scheme].length):
            raise ValueError(f"the prefix `{prefix}` leaves no room for a check digit in {length} digits")


def _language(pattern: str) -> Language:
    return Language(compiled(parsed(pattern)))
