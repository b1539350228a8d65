"""The values a column can take, as cells that rules can be weighed over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl

from synthesist.core import Allowed, Context
from synthesist.data.kinds import Kind
from synthesist.rules.bounds import Known, Measures, Truths, Words

__all__ = ["Domain", "Marginal", "drawn"]

DAY = 86_400e6  # microseconds
LARGEST = 2.0**62


@dataclass(frozen=True, eq=False)
class Domain:
    """The cells of one column: single values, or stretches of values in order; last the empty cell, if any.

    `weight[cell]` is its share within what is allowed, `known` what it holds, `values[cell]` the single values.
    Of a column that is drawn by ranks `ranks[cell, 0 or 1]` is the share of it, empty cells left out, below the cell
    and up to its end.
    """

    weight: np.ndarray
    known: Known
    values: pl.Series | None = None
    ranks: np.ndarray | None = None

    @property
    def size(self) -> int:
        """How many cells there are."""
        return len(self.weight)

    @property
    def single(self) -> bool:
        """Whether every cell holds one value."""
        return self.values is not None

    @property
    def empty(self) -> np.ndarray:
        """Which cell is the empty one."""
        match self.known:
            case Measures(some=some):
                return ~np.broadcast_to(some, self.size)
            case Truths(true=true, false=false):
                return ~(true | false)
            case Words(none=none):
                return none


class Marginal(Protocol):
    """The distribution of one column by itself."""

    @property
    def kind(self) -> Kind: ...
    @property
    def missing(self) -> float: ...

    def domain(self, most: int, cuts: Sequence[float], allowed: Allowed) -> Domain:
        """Its cells: single values where there are at most `most`, else about as many stretches, cut at `cuts` too."""
        ...

    def draw(self, u: np.ndarray, units: np.ndarray, ctx: Context) -> pl.Series:
        """The value at rank u[row] of a column that is drawn by ranks, else any value."""
        ...

    def likelihood(self, values: pl.Series) -> np.ndarray:
        """How often each value comes against the others; zero where it never does, nan where it is empty."""
        ...

    def place(self, values: pl.Series, domain: Domain) -> np.ndarray:
        """The cell of each value, -1 where no cell holds it."""
        ...


def drawn(
    marginal: Marginal, domain: Domain, cells: np.ndarray, u: np.ndarray, units: np.ndarray, ctx: Context
) -> pl.Series:
    """A value of each row's cell; u[row] says where in the cell."""
    if domain.values is not None:
        return domain.values.gather(cells)
    if domain.ranks is not None:
        low, high = domain.ranks[cells].T
        u = low + u * (high - low)
    values = marginal.draw(np.clip(u, 0.0, np.nextafter(1.0, 0.0)), units, ctx)
    empty = domain.empty
    if domain.ranks is not None and isinstance(domain.known, Measures):
        values = _within(values, domain.known.low[cells], domain.known.high[cells])
    return pl.select(pl.when(pl.Series(~empty[cells])).then(values)).to_series() if empty.any() else values


def _within(values: pl.Series, low: np.ndarray, high: np.ndarray) -> pl.Series:
    """Values moved into their cell, where rounding led out of it."""
    if values.dtype.is_float():
        return pl.Series(np.clip(values.to_numpy(), low, high))
    tick = DAY if values.dtype == pl.Date else 1.0
    low, high = (np.clip(end / tick, -LARGEST, LARGEST) for end in (low, high))
    steps = values.to_physical().cast(pl.Int64).to_numpy()
    inside = pl.Series(np.clip(steps, np.ceil(low).astype(np.int64), np.floor(high).astype(np.int64)))
    return inside.cast(values.to_physical().dtype).cast(values.dtype)
