"""Cells that hold another value altogether: none, one that stands for none, that of another row."""

from typing import Any, Literal

import numpy as np
import polars as pl
from pydantic import Field, StrictFloat, StrictInt, StrictStr

from synthesist.data.kinds import Array, Audio, Image, Integer, Kind, Number
from synthesist.transforms.corrupt.chance import Chance
from synthesist.transforms.corrupt.fault import CellFault, Hit, is_text

__all__ = ["Missing", "Replaced"]

TURNS = 20  # rows tried for one whose value is another


class Missing(CellFault):
    """A cell that is lost, or `disguised` as a value that only looks like one: 999, "unknown".

    With `when` cells are lost for a reason: it may name other columns (missing at random) or the column itself
    (missing not at random). Of the values given, a cell takes one that its column can hold.

    Reference: Rubin, Biometrika 63(3), 1976, doi:10.1093/biomet/63.3.581.
    """

    is_: Literal["missing"] = Field(default="missing", alias="is")
    disguised: tuple[StrictInt | StrictFloat | StrictStr, ...] = Field(
        default=(), description="values that stand for a missing one; none: the cell is empty"
    )

    def serves(self, kind: Kind) -> bool:
        return not self.disguised or bool(self._masks(kind))

    def strike(self, cells: pl.Series, kind: Kind, chance: Chance, column: pl.Series) -> Hit:
        del column
        if not self.disguised:
            return Hit(cells.clear(len(cells)), _all("empty", cells))
        masks = pl.Series(self._masks(kind), dtype=cells.dtype, strict=False)
        return Hit(masks.gather(chance.below(len(masks), "mask")).alias(cells.name), _all("disguised", cells))

    @property
    def empties(self) -> bool:
        return not self.disguised

    def _masks(self, kind: Kind) -> list[Any]:
        """Those values that a column of this kind can hold."""
        match kind:
            case Integer():
                return [value for value in self.disguised if isinstance(value, int)]
            case Number():
                return [float(value) for value in self.disguised if not isinstance(value, str)]
            case _ if is_text(kind):
                return [value for value in self.disguised if isinstance(value, str)]
        return []


class Replaced(CellFault):
    """A cell that holds the value of another row, as a wrong label does."""

    is_: Literal["replaced"] = Field(default="replaced", alias="is")

    def serves(self, kind: Kind) -> bool:
        return not isinstance(kind, Image | Audio | Array)

    def can(self, cells: pl.Series, kind: Kind) -> pl.Series:
        return super().can(cells, kind) & (cells.drop_nulls().n_unique() > 1)

    def strike(self, cells: pl.Series, kind: Kind, chance: Chance, column: pl.Series) -> Hit:
        del kind
        others, made, waiting = column.drop_nulls(), cells.clone(), np.arange(len(cells))
        for turn in range(TURNS):
            here = chance.of(waiting)
            made = made.scatter(waiting, others.gather(here.below(len(others), f"row {turn}")))
            waiting = (made == cells).fill_null(True).arg_true().to_numpy()
            if not len(waiting):
                break
        return Hit(made, _all("another row", cells))


def _all(way: str, cells: pl.Series) -> pl.Series:
    return pl.Series([way], dtype=pl.String).new_from_index(0, len(cells))
