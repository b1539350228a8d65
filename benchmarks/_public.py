"""Public codes of a declared schema, for rivals that learn from tables of categories with a known number of values.

Nothing here looks at rows to find a code: categories have those of their list, numbers are cut between their bounds.
How they are best cut differs between rivals, so there are layouts to choose from:

- equal: 32 stretches of equal width, or one for each value where there are no more;
- geometric: amounts that reach far from zero are cut into stretches that grow with the distance, and zero is alone;
- fine: the same, and up to 128 values have a code each;
- own: numbers are handed over as they are, for rivals that cut them with budget.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Boolean, Category, Integer, Kind, Number
from synthesist.data.schema import Schema

__all__ = ["Layout", "PublicCodes", "decoded", "described", "encoded", "public_codes"]

Layout = Literal["equal", "geometric", "fine", "own"]
BINS = 32
FEW = 128  # values that have a code each in the layout "fine"
WIDE = 1_000  # an amount that reaches from zero over so many steps is cut finer near zero
FINEST = 1e-4  # of its range


@dataclass(frozen=True)
class PublicCodes:
    """Codes 0..size-1 of a column: of `items`, or of the stretches between `edges`; the last one may mean empty.

    Without both, the column is a number that is not cut.
    """

    kind: Kind
    items: tuple[str, ...]
    edges: np.ndarray

    @property
    def size(self) -> int:
        """How many codes there are."""
        return self._full + self.kind.missing if self._full else 0

    @property
    def _full(self) -> int:
        return len(self.items) or max(len(self.edges) - 1, 0)

    def encode(self, column: pl.Series) -> np.ndarray:
        """codes[row] of a column as a Dataset stores it."""
        if not self._full:
            return column.cast(pl.Float64).to_numpy()
        if self.items:
            places = column.cast(pl.String).replace_strict(list(self.items), range(len(self.items)), default=None)
            return places.fill_null(self._full).to_numpy().astype(np.int64)
        codes = np.searchsorted(self.edges[1:-1], column.cast(pl.Float64).fill_null(np.nan).to_numpy(), side="right")
        return np.where(column.is_null().to_numpy(), self._full, codes)

    def decode(self, codes: np.ndarray, rng: np.random.Generator) -> pl.Series:
        """Cells of codes[row]: a number is drawn evenly from its stretch."""
        if not self._full:
            return self._number(pl.Series(codes).fill_nan(None), rounds=0.5)
        empty = codes >= self._full
        known = np.where(empty, 0, codes)
        if self.items:
            cells = pl.Series(np.array(self.items, dtype=object)[known], dtype=pl.String)
            if isinstance(self.kind, Boolean):
                cells = cells == "true"
        else:
            x = self.edges[known] + rng.random(len(codes)) * np.diff(self.edges)[known]
            cells = self._number(pl.Series(x), rounds=1e-9)
        return cells.set(pl.Series(empty), None)

    def _number(self, x: pl.Series, rounds: float) -> pl.Series:
        """Numbers on the grid of the kind, inside its bounds."""
        if grid := _grid(self.kind):
            x = (x / grid + rounds).floor() * grid
        return x.clip(self.kind.bounds.low, self.kind.bounds.high).cast(self.kind.storage)  # type: ignore[union-attr]


def public_codes(schema: Schema, layout: Layout) -> dict[str, PublicCodes]:
    """The codes of all columns; `layout` says how numbers with many values are cut."""
    return {name: _codes(kind, layout) for name, kind in schema.table.columns.items()}


def described(codes: Mapping[str, PublicCodes]) -> dict[str, Any]:
    """What a rival is told: how many codes a column has, or between which bounds a number lies."""
    return {
        "sizes": {name: code.size for name, code in codes.items() if code.size},
        "bounds": {
            name: (code.kind.bounds.low, code.kind.bounds.high) for name, code in codes.items() if not code.size
        },  # type: ignore[union-attr]
    }


def encoded(data: Dataset, codes: Mapping[str, PublicCodes]) -> pl.DataFrame:
    """The table in codes."""
    return pl.DataFrame({name: code.encode(data.table[name]) for name, code in codes.items()})


def decoded(table: pl.DataFrame, codes: Mapping[str, PublicCodes], seed: int) -> pl.DataFrame:
    """Cells again, as a Dataset stores them."""
    rng = np.random.default_rng(seed)
    return pl.DataFrame({name: code.decode(table[name].to_numpy(), rng) for name, code in codes.items()})


def _codes(kind: Kind, layout: Layout) -> PublicCodes:
    if isinstance(kind, Boolean):
        return PublicCodes(kind, ("false", "true"), np.empty(0))
    if isinstance(kind, Category) and kind.values is not None:
        return PublicCodes(kind, tuple(str(item) for item in kind.values.items), np.empty(0))
    if isinstance(kind, Integer | Number):
        return PublicCodes(kind, (), _edges(kind, layout))
    raise ValueError(f"no public codes for a column of the kind {kind.kind}")


def _edges(kind: Integer | Number, layout: Layout) -> np.ndarray:
    """Where stretches begin and the last one ends: one a value where values are few."""
    low, high, grid = float(kind.bounds.low or 0), float(kind.bounds.high or 0), _grid(kind)
    if layout == "own":
        return np.empty(0)
    if grid and (high - low) / grid < (FEW if layout == "fine" else BINS):
        return np.arange(low, high + 1.5 * grid, grid)
    if layout != "equal" and low <= 0 < high and (not grid or (high - low) / grid >= WIDE):
        return _geometric(low, high, grid)
    edges = np.linspace(low, high + grid, BINS + 1)
    return np.unique(np.rint(edges / grid) * grid) if grid else edges


def _geometric(low: float, high: float, grid: float) -> np.ndarray:
    """Zero alone; then each stretch is as much longer than the one before it, on both sides of zero."""
    finest = (high - low) * FINEST
    spans = np.log(np.maximum([high, -low], finest) / finest)
    above, below = np.rint(spans / spans.sum() * (BINS - 1)).astype(int)
    sides = [finest * np.exp(np.arange(1, n + 1) / n * span) for n, span in ((above, spans[0]), (below, spans[1])) if n]
    after = grid or np.nextafter(0.0, 1.0)
    positive = np.concatenate([[0.0, after], sides[0]])
    negative = -sides[1] if below else np.empty(0)
    if grid:
        positive, negative = np.rint(positive / grid) * grid, np.rint(negative / grid) * grid
        positive[-1] += grid
    return np.unique(np.concatenate([negative, positive]))


def _grid(kind: Kind) -> float:
    """The step between values; 0 where there is none."""
    if isinstance(kind, Integer):
        return float(kind.step)
    return 10.0**-kind.decimals if isinstance(kind, Number) and kind.decimals is not None else 0.0
