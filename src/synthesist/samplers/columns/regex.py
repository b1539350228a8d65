"""Texts that match a regular expression, each of them equally often."""

from functools import cached_property, lru_cache
from typing import Literal

from pydantic import Field, model_validator

from synthesist.samplers.columns.automaton import compiled
from synthesist.samplers.columns.grammar import LONGEST, parsed
from synthesist.samplers.columns.language import Language
from synthesist.samplers.columns.texts import Texts

__all__ = ["Regex"]


class Regex(Texts):
    r"""A text that matches a regular expression as a whole; all such texts are equally likely.

    There are signs, `.`, classes, `\d \w \s`, groups, `|` and the repeats `? * + {m,n}`. Where a repeat has
    no end, `longest` says how many characters a text may have; most texts then are about that long, as
    there are more long ones than short ones. With `unique` no text comes twice.
    """

    is_: Literal["regex"] = Field(default="regex", alias="is")
    pattern: str = Field(min_length=1, max_length=5_000, description="regular expression, as in [A-Z]{2}-\\d{4}")
    longest: int | None = Field(default=None, ge=1, le=LONGEST, description="most characters of a text")

    @model_validator(mode="after")
    def _can_be_drawn(self) -> "Regex":
        if not self.language.size:
            raise ValueError(f"no text of at most {self.longest} characters matches `{self.pattern}`")
        return self

    @cached_property
    def language(self) -> Language:
        return _language(self.pattern, self.longest)


@lru_cache(maxsize=512)  # many columns of a schema share a pattern
def _language(pattern: str, longest: int | None) -> Language:
    return Language(compiled(parsed(pattern)), longest)
