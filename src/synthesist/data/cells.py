"""Two moves on the cells of a column."""

import numpy as np
import polars as pl

__all__ = ["emptied", "spread"]


def emptied(column: pl.Series, where: np.ndarray) -> pl.Series:
    """The column with the cells of the mask `where` made empty."""
    if not where.any():
        return column
    return pl.select(pl.when(pl.lit(pl.Series(~where))).then(pl.lit(column)).alias(column.name)).to_series()


def spread(values: pl.Series, where: np.ndarray) -> pl.Series:
    """A column that holds `values`, in order, where the mask is true, and is empty elsewhere."""
    if where.all():
        return values
    position = np.cumsum(where) - 1
    return emptied(
        values.gather(np.maximum(position, 0)) if len(values) else values.extend_constant(None, len(where)), ~where
    )
