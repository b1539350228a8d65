"""Free text: words, sentences, paragraphs and titles, and texts by rules of your own."""

from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from synthesist.providers.entity import Drawn, Entity, Part
from synthesist.providers.factor import World
from synthesist.providers.grammar import Grammar
from synthesist.providers.markov import english

__all__ = ["Text"]


class Text(Entity):
    """Text that reads like English notes from shops, offices and clinics, but says nothing.

    Sentences follow a small corpus of ours, two words at a time. With a `grammar` there is the part `written`: text by
    rules, as in {start: ["{greeting} {name}!"], greeting: [Hello, Good morning], name: [Ann, Bob]}.
    """

    is_: Literal["text"] = Field(default="text", alias="is")
    sentences: tuple[int, int] = Field(default=(2, 5), description="fewest and most sentences of a paragraph")
    grammar: dict[str, tuple[str, ...]] = Field(
        default={
            "start": ("{noun} {verb}",),
            "noun": ("Order", "Parcel", "Invoice"),
            "verb": ("sent", "paid", "returned"),
        },
        description="rules by name, of which `start` is the first: texts with names of rules in braces",
    )

    parts: ClassVar[Mapping[str, Part]] = {
        "word": Part("one word of the corpus, as often as there"),
        "sentence": Part("like those of the corpus"),
        "paragraph": Part("some sentences"),
        "title": Part("the beginning of a sentence"),
        "written": Part("by the rules of `grammar`"),
    }

    @model_validator(mode="after")
    def _can_be_written(self) -> "Text":
        fewest, most = self.sentences
        if not 1 <= fewest <= most <= 100:
            raise ValueError("a paragraph has 1 to 100 sentences, first the fewest, then the most")
        if "start" not in self.grammar:
            raise ValueError("a grammar begins with the rule `start`")
        if faults := Grammar(self.grammar).faults():
            raise ValueError("; ".join(faults))
        return self

    @cached_property
    def worlds(self) -> tuple[World, ...]:
        return (World(1.0, {}, {}),)


def _sentences(drawn: Drawn, name: str, n: int) -> pl.Series:
    return english().sentences(n, drawn.asked.block.rng(name))


def _paragraph(drawn: Drawn) -> pl.Series:
    fewest, most = drawn.entity.sentences  # type: ignore[attr-defined]
    counts = drawn.asked.block.rng("sentences").integers(fewest, most + 1, size=drawn.n)
    row = np.repeat(np.arange(drawn.n), counts)
    every = pl.DataFrame({"row": row, "text": _sentences(drawn, "paragraph", len(row))})
    return every.group_by("row", maintain_order=True).agg(pl.col("text").str.join(" "))["text"]


def _title(drawn: Drawn) -> pl.Series:
    """Two to four words."""
    words = drawn.asked.block.rng("words").integers(2, 5, size=drawn.n)
    table = pl.DataFrame({"text": _sentences(drawn, "title", drawn.n), "words": words})
    beginning = pl.col("text").str.split(" ").list.head(pl.col("words")).list.join(" ")
    return table.select(beginning.str.strip_chars_end(".,;:?!")).to_series()


def _word(drawn: Drawn) -> pl.Series:
    chain = english()
    state = chain.follows[drawn.asked.block.rng("word").integers(len(chain.follows), size=drawn.n)]
    state = np.where(state == 1, 2, state)  # the end of a sentence is no word
    return chain.words.gather(state).str.strip_chars(" .,;:?!").str.to_lowercase()


def _written(drawn: Drawn) -> pl.Series:
    grammar = Grammar(drawn.entity.grammar)  # type: ignore[attr-defined]
    return grammar.texts("start", drawn.n, drawn.asked.block.rng("grammar"))


Text.made = {
    "word": _word,
    "sentence": lambda drawn: _sentences(drawn, "sentence", drawn.n),
    "paragraph": _paragraph,
    "title": _title,
    "written": _written,
}
