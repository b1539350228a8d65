"""Two tables, source and target, and what of their columns can be compared."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from synthesist.codecs.number import ticks, unticks
from synthesist.codecs.table import TABLE_KINDS
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Bounds, Category, Constant, Duration, Id, Integer, Kind, Moment, Number, Text
from synthesist.data.schema import Schema
from synthesist.errors import DataError, SpecError, UnsuitableError

__all__ = ["ADAPTED_KINDS", "Domains", "Numbers"]

ADAPTED_KINDS = TABLE_KINDS
SQUARED = (1e-100, 1e100)
SHARED = 0.9  # of rows must share their values for a column to have a grid
OVERLAP = 0.05  # of target rows must have a name that the source has
NUMERIC = Number | Integer | Moment | Duration


@dataclass(frozen=True)
class Domains:
    """The rows that are to be adapted, those they are to be like, and the column the target need not have."""

    source: Dataset
    target: Dataset
    label: str | None

    @classmethod
    def of(cls, data: Dataset, label: str | None) -> "Domains":
        """Take a Dataset of two tables, `source` and `target`, apart.

        Raises:
            UnsuitableError: it has other tables.
            SpecError, DataError: a column is missing on one side, or a side has no rows.
        """
        if set(data.tables) != {"source", "target"}:
            raise UnsuitableError(
                f"Adapting takes two tables, `source` and `target`; these are {', '.join(data.tables)}. "
                f"Use `sy.adapt(source, target)`, which brings them together."
            )
        source, target = data["source"], data["target"]
        if label is not None:
            source.kinds[label]
        lost = [c for c in source.kinds.columns if c not in target.kinds.columns and c != label]
        if lost:
            raise SpecError(
                f"The target has no column {', '.join(f'`{c}`' for c in lost)}: it may lack the label only. "
                f"Drop it from the source, or name it as the label."
            )
        for name, side in (("source", source), ("target", target)):
            if not side.units:
                raise DataError(f"The {name} table has no rows: there is nothing to learn from.")
        domains = cls(_with_fractions(source, target, label), target, label)
        if not domains.features:
            raise UnsuitableError("Source and target have no column to compare: keys, texts and labels tell nothing.")
        return domains

    @property
    def features(self) -> dict[str, Kind]:
        """The columns that both sides have and rows can be told apart by: neither the label nor keys and texts.

        Nor those that name the place or tell the time: names and moments that the two sides do not share.
        """
        kinds = self.source.kinds.columns.items()
        told = {c: kind for c, kind in kinds if c != self.label and not isinstance(kind, Id | Text)}
        return {c: kind for c, kind in told.items() if not self._names_the_side(c, kind)}

    def _names_the_side(self, column: str, kind: Kind) -> bool:
        """Whether a column says which side a row is of, and no change of rows could make that otherwise."""
        here, there = (side.table[column].drop_nulls() for side in (self.source, self.target))
        if not len(here) or not len(there):
            return False
        if isinstance(kind, Moment):
            return bool(there.min() > here.max() or there.max() < here.min())  # type: ignore[operator]
        if not isinstance(kind, Category | Constant):
            return False
        known = there.cast(pl.String).is_in(here.cast(pl.String).unique().implode())
        return bool(known.mean() < OVERLAP)  # type: ignore[operator]

    def alike(self, side: Dataset, *, labels: bool = False) -> pl.DataFrame:
        """The features of a side, and its labels where asked for, stored as the source stores them."""
        kinds = {**self.features, **({self.label: self.source.kinds[self.label]} if labels and self.label else {})}
        try:
            return side.table.select(
                (pl.col(c).round() if kind.storage.is_integer() and side.table[c].dtype.is_float() else pl.col(c))
                .cast(kind.storage)
                .alias(c)
                for c, kind in kinds.items()
            )
        except pl.exceptions.PolarsError as error:
            raise DataError(f"The target's columns are not of the source's kinds: {error}") from None

    def table_of(self, rows: pl.DataFrame) -> Dataset:
        """Rows that are alike as one table, whose cells may be missing."""
        columns = {c: self.source.kinds[c].model_copy(update={"missing": True}) for c in rows.columns}
        kinds = self.source.kinds.model_copy(update={"columns": columns, "key": (), "links": (), "rules": ()})
        return Dataset({"rows": rows}, Schema(tables={"rows": kinds}))

    def both(self) -> Dataset:
        """The features of source and target rows in one table."""
        return self.table_of(pl.concat([self.alike(self.source), self.alike(self.target)]))


def _with_fractions(source: Dataset, target: Dataset, label: str | None) -> Dataset:
    """The source, where its whole numbers may have fractions if those of the target do."""
    theirs, kinds = target.kinds.columns, dict(source.kinds.columns)
    for column, kind in kinds.items():
        if column != label and isinstance(kind, Integer) and isinstance(theirs.get(column), Number):
            kinds[column] = theirs[column]
    widened = source.kinds.model_copy(update={"columns": kinds})
    table = source.table.with_columns(pl.col(c).cast(kinds[c].storage) for c in kinds if kinds[c] != source.kinds[c])
    return Dataset({source.name: table}, source.schema.model_copy(update={"tables": {source.name: widened}}))


@dataclass(frozen=True)
class Numbers:
    """The numeric features as `x[row, column]`: centred and scaled by source and target together, NaN where missing."""

    kinds: dict[str, Kind]
    middle: np.ndarray
    spread: np.ndarray
    low: np.ndarray
    high: np.ndarray
    """The ends of the target, which no adapted cell leaves."""
    grids: tuple[np.ndarray, ...]
    """The target's values, in order, of each column whose rows share them; none of the others."""

    @classmethod
    def of(cls, domains: Domains) -> "tuple[Numbers, np.ndarray, np.ndarray]":
        """How these domains are scaled, and their rows: of the source, and of the target.

        Columns without two values on each side are left out, and those whose squares are no numbers.
        """
        kinds: dict[str, Kind] = {c: k for c, k in domains.features.items() if isinstance(k, NUMERIC)}
        sides = [_matrix(domains.alike(side), kinds) for side in (domains.source, domains.target)]
        varied = [j for j in range(len(kinds)) if all(_varies(x[:, j]) for x in sides)]
        kinds = {c: k for j, (c, k) in enumerate(kinds.items()) if j in set(varied)}
        source, target = (x[:, varied] for x in sides)
        whole = np.concatenate([source, target])
        if not varied:
            none = np.zeros(0)
            return cls({}, none, none, none, none, ()), source, target
        made = cls(
            kinds,
            np.nanmean(whole, axis=0),
            np.nanstd(whole, axis=0),
            np.nanmin(target, axis=0),
            np.nanmax(target, axis=0),
            tuple(_grid(x) for x in target.T),
        )
        return made, made.scaled(source), made.scaled(target)

    def scaled(self, x: np.ndarray) -> np.ndarray:
        """Ticks as standard scores."""
        scores: np.ndarray = (x - self.middle) / self.spread
        return scores

    def read(self, data: Dataset) -> np.ndarray:
        """The rows of another table of these columns."""
        return self.scaled(_matrix(data.table, self.kinds))

    def written(self, data: Dataset, x: np.ndarray) -> Dataset:
        """The table with these cells in place of its own; missing cells stay missing, and bounds are the target's."""
        ticked = np.clip(x * self.spread + self.middle, self.low, self.high)
        for j, grid in enumerate(self.grids):
            if len(grid):
                ticked[:, j] = grid[np.searchsorted((grid[1:] + grid[:-1]) / 2, ticked[:, j])]
        table, kinds = data.table, dict(data.kinds.columns)
        for j, (column, kind) in enumerate(self.kinds.items()):
            there = pl.Series(np.isfinite(_matrix(table, {column: kind})[:, 0]))
            cells = unticks(np.where(there.to_numpy(), ticked[:, j], self.low[j]), kind).cast(kind.storage)
            table = table.with_columns(pl.when(there).then(cells.alias(column)).otherwise(pl.col(column)).alias(column))
            kinds[column] = _unbounded(kind)
        schema = data.kinds.model_copy(update={"columns": kinds})
        return Dataset({data.name: table}, data.schema.model_copy(update={"tables": {data.name: schema}}))


def _grid(cells: np.ndarray) -> np.ndarray:
    """The values that two rows or more have, where nearly all rows have such a value."""
    filled = cells[~np.isnan(cells)]
    values, counts = np.unique(filled, return_counts=True)
    shared = counts > 1
    return values[shared] if counts[shared].sum() >= SHARED * len(filled) else np.zeros(0)


def _unbounded(kind: Kind) -> Kind:
    """The kind of a column whose cells were moved: on no grid of the source, and within no bounds of it."""
    if isinstance(kind, Duration):
        return kind
    return kind.model_copy(update={"bounds": Bounds(), **({"step": 1} if isinstance(kind, Integer) else {})})


def _varies(cells: np.ndarray) -> bool:
    """Whether a column has two values, neither too large nor too near to be squared."""
    filled = cells[~np.isnan(cells)]
    return len(filled) > 1 and float(np.ptp(filled)) > SQUARED[0] and float(np.abs(filled).max()) < SQUARED[1]


def _matrix(table: pl.DataFrame, kinds: dict[str, Kind]) -> np.ndarray:
    x = np.full((table.height, len(kinds)), np.nan)
    for j, (column, kind) in enumerate(kinds.items()):
        cells = table[column]
        there = cells.is_not_null().to_numpy()
        x[there, j] = ticks(cells.drop_nulls(), kind)
    return np.where(np.isfinite(x), x, np.nan)
