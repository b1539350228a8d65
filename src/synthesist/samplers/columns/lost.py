"""Cells that are lost after they were made: at random, where other cells say so, or where the cell itself does.

The three are the field's missing completely at random, at random, and not at random: Rubin, Biometrika 63(3), 1976,
doi:10.1093/biomet/63.3.581.
"""

from functools import cached_property

import numpy as np
import polars as pl
from pydantic import Field, field_validator

from synthesist.core import Context
from synthesist.rules.formula import Formula
from synthesist.samplers.columns.distribution import Declared

__all__ = ["Lost"]


class Lost(Declared):
    """Cells of one row that are lost together: in how many rows, and when."""

    columns: tuple[str, ...] = Field(min_length=1, description="names of the columns that lose their cells together")
    share: float = Field(
        default=1.0, ge=0, le=1, description="how many of the rows lose them, of those that `when` means"
    )
    when: str | None = Field(default=None, description="a formula that is true where cells may be lost; none: anywhere")

    @field_validator("when")
    @classmethod
    def _can_be_read(cls, text: str | None) -> str | None:
        if text is not None:
            Formula.read(text)
        return text

    @cached_property
    def formula(self) -> Formula | None:
        """When, read."""
        return None if self.when is None else Formula.read(self.when)

    def rows(self, table: pl.DataFrame, ctx: Context) -> np.ndarray:
        """A mask: which rows of the whole table lose their cells."""
        lost = ctx.rng("lost").random(table.height) < self.share
        if self.formula is not None:
            lost &= table.select(self.formula.expression.fill_null(False)).to_series().to_numpy()
        return lost
