"""How the distribution of a column changed between two tables, and whether that is more than chance.

Numbers, moments and lengths of time are compared by the test of Kolmogorov and Smirnov, all other cells as categories
by Pearson's test of homogeneity, empty cells by the same. What is significant is found over all columns together, by
the procedure of Holm (Scandinavian Journal of Statistics 6(2), 1979, https://www.jstor.org/stable/4615733).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

__all__ = ["LEVEL", "Shift", "shifts"]

LEVEL = 0.01  # the chance of calling anything significant where nothing changed
FEWEST = 5.0  # cells expected of a category at least; rarer ones are counted together


@dataclass(frozen=True)
class Shift:
    """The change of one column: `distance` is 0 where nothing changed and 1 where nothing is in common."""

    distance: float
    p_value: float
    measure: str
    """KS: the largest gap between the distribution functions. TV: the share of cells in other categories."""
    missing: tuple[float, float]
    """The share of empty cells, before and after."""
    before: str
    after: str
    """What the column looks like: the median, or the commonest value."""
    significant: bool = False


def shifts(before: pl.DataFrame, after: pl.DataFrame) -> dict[str, Shift]:
    """The change of every column that both tables have; none where one of them has no rows."""
    if not before.height or not after.height:
        return {}
    found = {name: _shift(before[name], after[name]) for name in before.columns if name in after.columns}
    return _marked(found)


def _marked(found: Mapping[str, Shift]) -> dict[str, Shift]:
    """Which are significant, all taken together (Holm 1979)."""
    order = sorted(found, key=lambda name: found[name].p_value)
    out = dict(found)
    for place, name in enumerate(order):
        if found[name].p_value * (len(order) - place) > LEVEL:
            break
        out[name] = replace(found[name], significant=True)
    return {name: out[name] for name in found}


def _shift(was: pl.Series, now: pl.Series) -> Shift:
    empty = was.null_count() / len(was), now.null_count() / len(now)
    lost = _homogeneous(np.array([[s.null_count(), len(s) - s.null_count()] for s in (was, now)], dtype=np.float64))
    old, new = was.drop_nulls(), now.drop_nulls()
    if not len(old) or not len(new):
        return Shift(abs(empty[1] - empty[0]), lost, "TV", empty, _middle(old), _middle(new))
    if _ordered(old) and _ordered(new):
        distance, p = _kolmogorov_smirnov(_numbers(old), _numbers(new))
        measure = "KS"
    else:
        distance, p = _categories(old.cast(pl.String), new.cast(pl.String))
        measure = "TV"
    return Shift(distance, min(1.0, 2 * min(p, lost)), measure, empty, _middle(old), _middle(new))


def _ordered(column: pl.Series) -> bool:
    return column.dtype.is_numeric() or column.dtype.is_temporal()


def _numbers(column: pl.Series) -> np.ndarray:
    numbers = column.to_physical() if column.dtype.is_temporal() else column
    return np.sort(numbers.cast(pl.Float64).to_numpy())


def _kolmogorov_smirnov(old: np.ndarray, new: np.ndarray) -> tuple[float, float]:
    """The largest gap between two distribution functions, and the chance of one as large."""
    from scipy.stats import kstwobign

    points = np.concatenate([old, new])
    gaps = np.searchsorted(old, points, "right") / len(old) - np.searchsorted(new, points, "right") / len(new)
    distance = float(np.abs(gaps).max())
    effective = np.sqrt(len(old) * len(new) / (len(old) + len(new)))
    return distance, float(kstwobign.sf(distance * effective))


def _categories(old: pl.Series, new: pl.Series) -> tuple[float, float]:
    """The share of cells that are in other categories, and the chance of as much."""
    counts = [series.rename("value").value_counts(name=name) for series, name in ((old, "old"), (new, "new"))]
    table = counts[0].join(counts[1], on="value", how="full", coalesce=True).select(pl.col("old", "new").fill_null(0))
    n = table.to_numpy().astype(np.float64).T
    shares = n / n.sum(axis=1, keepdims=True)
    return float(np.abs(shares[0] - shares[1]).sum() / 2), _homogeneous(n)


def _homogeneous(counts: np.ndarray) -> float:
    """The chance of counts[table, category] as different as these if both tables are drawn alike (Pearson)."""
    from scipy.stats import chi2

    totals, rows = counts.sum(axis=0), counts.sum(axis=1)
    rare = totals * rows.min() / rows.sum() < FEWEST
    if rare.any():
        counts = np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)])
        totals = counts.sum(axis=0)
    counts, totals = counts[:, totals > 0], totals[totals > 0]
    if counts.shape[1] < 2:
        return 1.0
    expected = np.outer(rows, totals) / rows.sum()
    return float(chi2.sf(((counts - expected) ** 2 / expected).sum(), counts.shape[1] - 1))


def _middle(column: pl.Series) -> str:
    """One cell that stands for a column."""
    if not len(column):
        return "empty"
    if column.dtype.is_temporal() or column.dtype.is_numeric():
        middle = column.sort()[len(column) // 2]
        return f"{middle:.6g}" if isinstance(middle, float) else str(middle)
    value = (
        column.cast(pl.String).value_counts(name="count").sort(["count", column.name], descending=[True, False])[0, 0]
    )
    return repr(value) if len(value) < 30 else f"{value[:27]!r}..."
