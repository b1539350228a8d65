"""What every declared column has in common."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from synthesist.codecs.guide import Guide
from synthesist.codecs.keys import permute
from synthesist.core import Allowed, Context
from synthesist.data.kinds import Kind

__all__ = ["ANYTHING", "Declared", "Distribution", "Guide", "Rows", "distinct"]

ANYTHING = Allowed(missing=True)


@dataclass(frozen=True)
class Rows:
    """The rows of one column that are to be drawn.

    `units[i]` is the index of row i in the whole output; `block` gives random numbers for these rows
    alone, `run` the same ones wherever in the output the rows lie. `ranks[i]`, where a group of columns
    has settled it, is the share of the distribution below the value of row i.
    """

    units: np.ndarray
    block: Context
    run: Context
    ranks: np.ndarray | None = None

    def uniforms(self) -> np.ndarray:
        """The quantile to take in each row, in [0, 1)."""
        return self.block.rng("values").random(len(self.units)) if self.ranks is None else self.ranks


class Declared(BaseModel):
    """A part of a declaration."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_by_name=True, serialize_by_alias=True
    )

    def __eq__(self, other: object) -> bool:
        """Whether the same is declared; what was worked out from it does not count."""
        return type(self) is type(other) and isinstance(other, BaseModel) and self.model_dump() == other.model_dump()

    def __hash__(self) -> int:
        return hash(self.model_dump_json())


class Distribution(Declared):
    """Where the values of one column come from; `missing` is the share of empty cells."""

    is_: str = Field(alias="is")
    missing: float = Field(default=0.0, ge=0, le=1, description="share of empty cells")

    @property
    def kind(self) -> Kind:
        """The kind of column this makes."""
        raise NotImplementedError

    @property
    def by_index(self) -> bool:
        """Whether a value follows from the index of its row, so that no condition can move it."""
        return False

    @property
    def most(self) -> int | None:
        """How many rows there are different values for; None where a value may come again."""
        return None

    def listed(self, most: int) -> tuple[pl.Series, np.ndarray] | None:
        """All values, in order if they have one, and their weights; None where they are more than `most`."""
        del most
        return None

    def share(self, allowed: Allowed) -> float:
        """How much of the distribution, empty cells left out, lies in the allowed set: 0 to 1."""
        raise NotImplementedError

    def draw(self, rows: Rows, allowed: Allowed = ANYTHING) -> pl.Series:
        """One value a row from the distribution cut to the allowed set, whose share must not be zero."""
        raise NotImplementedError

    def rank(self, cells: pl.Series, u: np.ndarray) -> np.ndarray:
        """P(X < x) + u P(X = x) of each cell x; only of distributions that `ranked` says have an order."""
        raise NotImplementedError

    @property
    def ranked(self) -> bool:
        """Whether values have an order and are drawn by quantiles, so that a group can tie them to others."""
        return False


def distinct(rows: Rows, size: int) -> np.ndarray:
    """A different place in 0 .. size-1 for every row of the run, the same on whatever machine it is drawn.

    Rows are drawn in whole blocks: those beyond `size` begin anew, and are never handed out.
    """
    return permute(rows.units % size, size, rows.run.seed("order"))
