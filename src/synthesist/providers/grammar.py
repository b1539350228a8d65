"""Texts by rules of our own: each name in braces stands for one of its texts, which may hold names again."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from synthesist.errors import did_you_mean
from synthesist.providers.writing import joined

__all__ = ["Grammar"]

NAME = re.compile(r"\{(\w+)\}")
DEEPEST = 12  # rules within rules; below that the shortest way out is taken


@dataclass(frozen=True)
class Grammar:
    """Rules by name: each a list of texts of which one is taken, equally often."""

    rules: Mapping[str, Sequence[str]]

    def faults(self) -> list[str]:
        """What is wrong with the rules: names that there are not, rules without texts or without an end."""
        used = [(rule, name) for rule, texts in self.rules.items() for text in texts for name in NAME.findall(text)]
        faults = [
            f"`{rule}` names {{{name}}}. {did_you_mean(name, self.rules)}"
            for rule, name in used
            if name not in self.rules
        ]
        faults += [f"`{rule}` has no text" for rule, texts in self.rules.items() if not texts]
        return faults or [f"`{rule}` never ends" for rule, depth in self._depths.items() if depth is None]

    def texts(self, start: str, n: int, rng: np.random.Generator) -> pl.Series:
        """So many texts from the rule `start`."""
        return self._expanded(start, n, rng, 0)

    def _expanded(self, rule: str, n: int, rng: np.random.Generator, depth: int) -> pl.Series:
        choices = list(self.rules[rule]) if depth < DEEPEST else [self._shortest[rule]]
        which = rng.integers(len(choices), size=n)
        if not any(NAME.search(text) for text in choices):
            return pl.Series(choices).gather(which)
        parts, order = [], np.argsort(which, kind="stable")
        for choice, count in enumerate(np.bincount(which, minlength=len(choices))):
            if count:
                parts.append(self._filled(choices[choice], int(count), rng, depth))
        return pl.concat(parts).gather(np.argsort(order))

    def _filled(self, text: str, n: int, rng: np.random.Generator, depth: int) -> pl.Series:
        """One text with its names filled in."""
        pieces: list[pl.Series | str] = []
        for place, piece in enumerate(NAME.split(text)):
            if place % 2:
                pieces.append(self._expanded(piece, n, rng, depth + 1))
            elif piece:
                pieces.append(piece)
        if all(isinstance(piece, str) for piece in pieces):
            return pl.Series([text]).new_from_index(0, n)
        return joined(*pieces)

    @cached_property
    def _depths(self) -> dict[str, int | None]:
        """How many rules deep the shortest text of each rule is; None where there is none."""
        depths: dict[str, int | None] = dict.fromkeys(self.rules)
        for depth in range(len(self.rules) + 1):
            known = {rule for rule, at in depths.items() if at is not None}
            for rule, texts in self.rules.items():
                if rule not in known and any(set(NAME.findall(text)) <= known for text in texts):
                    depths[rule] = depth
        return depths

    @cached_property
    def _shortest(self) -> dict[str, str]:
        """The text of each rule with the shortest way to an end."""

        def depth(text: str) -> int:
            return max((self._depths[name] or 0 for name in NAME.findall(text)), default=-1)

        return {rule: min(texts, key=depth) for rule, texts in self.rules.items()}
