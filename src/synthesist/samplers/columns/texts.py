"""What columns of numbered texts have in common: one of a language, each equally often."""

from dataclasses import replace
from functools import cached_property

import numpy as np
import polars as pl
from pydantic import Field

from synthesist.codecs.keys import hashed
from synthesist.codecs.written import written
from synthesist.core import Allowed
from synthesist.data.kinds import Categories, Category, Id, Kind, Text
from synthesist.samplers.columns.distribution import ANYTHING, Distribution, Rows, distinct
from synthesist.samplers.columns.language import Language

__all__ = ["Texts"]

LISTED = 1_000  # more texts than this nobody reads in a schema


class Texts(Distribution):
    """Texts that are numbered; a subclass says which, and may write more than the language itself holds."""

    unique: bool = Field(default=False, description="no text twice")

    @property
    def language(self) -> Language:
        """The texts, or the parts of them that are drawn."""
        raise NotImplementedError

    @property
    def kind(self) -> Kind:
        missing = self.missing > 0
        if self.unique:
            return Id(pattern=self._pattern, missing=missing)
        if self.language.count > LISTED:
            return Text(missing=missing)
        return Category(values=Categories(items=tuple(self._every())), missing=missing)

    @property
    def by_index(self) -> bool:
        return self.unique

    @property
    def most(self) -> int | None:
        return self.language.size if self.unique else None

    def share(self, allowed: Allowed) -> float:
        if allowed.values is not None:
            return len(self._among(allowed)) / self.language.count
        return self._within(allowed).count / self.language.count

    def draw(self, rows: Rows, allowed: Allowed = ANYTHING) -> pl.Series:
        if self.unique:
            return self._texts(self.language, distinct(rows, self.language.size), hashed(rows.units, _seed(rows)))
        rng, n = rows.block.rng("values"), len(rows.units)
        if allowed.values is not None:
            among = self._among(allowed)
            return among.gather(rng.integers(len(among), size=n))
        language = self._within(allowed)
        return self._texts(language, rng.integers(language.size, size=n), rng.integers(2**64, size=n, dtype=np.uint64))

    @property
    def _pattern(self) -> str | None:
        return self.language.pattern

    def _texts(self, language: Language, numbers: np.ndarray, chance: np.ndarray) -> pl.Series:
        return written(*language.signs(numbers, chance))

    def _reads(self, text: str) -> bool:
        return self.language.reads(text)

    def _within(self, allowed: Allowed) -> Language:
        if allowed.any_value:
            return self.language
        if allowed not in self._cuts:
            self._cuts[allowed] = self._cut(allowed)
        return self._cuts[allowed]

    def _cut(self, allowed: Allowed) -> Language:
        return self.language.within(allowed)

    @cached_property
    def _cuts(self) -> dict[Allowed, Language]:
        """The languages of the conditions seen so far: every block asks for the same ones again."""
        return {}

    def _every(self) -> pl.Series:
        size = self.language.size
        return self._texts(self.language, np.arange(size), np.zeros(size, dtype=np.uint64))

    def _among(self, allowed: Allowed) -> pl.Series:
        """The values of a condition that can come."""
        values = dict.fromkeys(v for v in allowed.values or () if isinstance(v, str) and self._reads(v))
        cells = pl.Series(list(values), dtype=pl.String)
        return cells.filter(replace(allowed, missing=False).mask(cells))


def _seed(rows: Rows) -> int:
    return rows.run.seed("chance")
