"""How real every synthetic row looks, which cells give it away, and what would make it look real."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from synthesist.core import Context, Evidence
from synthesist.metrics._columns import Column
from synthesist.reasons.discriminator import FOLDS, Discriminator, discriminator
from synthesist.reasons.explaining import sides_of
from synthesist.reasons.sides import K, Sides
from synthesist.reasons.views import writer

__all__ = ["realism"]

Array = npt.NDArray[Any]
CANDIDATES = 12  # values of a column that are tried in place of a cell
NAMED = 3  # columns that are told of a row


@dataclass(frozen=True)
class _Values:
    """Values that many real rows hold, and how they are written."""

    column: Column
    cells: Array
    words: Sequence[str]


def realism(case: Evidence, ctx: Context, *, rows: int = 50_000, explained: int = 100) -> pl.DataFrame:
    """A row for every synthetic one looked at, the least real first.

    Columns: `row`, its number in the table; `realism`, the probability that it is real by classifiers that did not
    learn from it; `given_away_by`, the columns that speak most against it; `would_be_real_with`, the smallest change of
    one or two cells after which the classifier takes it for real, or for as real as two cells can make it.

    Args:
        explained: of how many rows, the least real, the last two are told.
    """
    sides = sides_of(case, rows, ctx)
    critic = discriminator(sides, ctx.at("discriminator"))
    odds, fold = _judged(sides, critic)
    order = np.argsort(-odds, kind="stable")
    table = pl.DataFrame({"row": sides.rows["synthetic"][order], "realism": 1 / (1 + np.exp(odds[order]))})
    told = order[:explained]
    x = sides.columns.matrix("synthetic", sides.rows["synthetic"][told])
    away = [""] * len(order)
    real = [""] * len(order)
    values = [_values(sides, column) for column in sides.columns.all]
    for k in range(FOLDS):
        mine = np.flatnonzero(fold[told] == k)
        if not len(mine):
            continue
        given = critic.trees[k].predict(x[mine], pred_contrib=True, num_threads=1)[:, :-1]
        changes = _changes(critic.trees[k], x[mine], values)
        for place, parts, change in zip(mine, given, changes, strict=True):
            worst = [j for j in np.argsort(-parts, kind="stable")[:NAMED] if parts[j] > 0]
            away[place] = ", ".join(sides.columns.all[j].name for j in worst)
            real[place] = change
    return table.with_columns(
        pl.Series("given_away_by", away, dtype=pl.String), pl.Series("would_be_real_with", real, dtype=pl.String)
    )


def _judged(sides: Sides, critic: Discriminator) -> tuple[Array, Array]:
    """The log-odds of every synthetic row, and whose they are; rows nobody learnt from are the first classifier's."""
    rows = sides.rows["synthetic"]
    odds, fold = np.full(len(rows), np.nan), np.zeros(len(rows), np.int64)
    where = critic.synthetic
    odds[where], fold[where] = critic.synthetic_odds, np.arange(len(where)) % FOLDS
    rest = np.flatnonzero(np.isnan(odds))
    if len(rest):
        x = sides.columns.matrix("synthetic", rows[rest])
        odds[rest] = critic.trees[0].predict(x, raw_score=True, num_threads=1)
    return odds, fold


def _values(sides: Sides, column: Column) -> _Values:
    """Up to a dozen values of a column, spread over its real rows; each is held by at least ten of them."""
    real = sides.real(column)
    filled = real[~np.isnan(real)] if column.numeric else real[real > 0]
    values, counts = np.unique(filled, return_counts=True)
    common, counts = values[counts >= K], counts[counts >= K]
    if not len(common):  # numbers that never come twice: round places among them
        if not column.numeric or len(filled) < 2 * K:
            return _Values(column, np.array([]), [])
        common = np.array([float(f"{x:.3g}") for x in np.quantile(filled, np.linspace(0.05, 0.95, CANDIDATES))])
    elif len(common) > CANDIDATES:
        common = np.sort(common[np.argsort(-counts, kind="stable")[:CANDIDATES]])
    if column.numeric:
        write = writer(sides.kind(column.name))
        return _Values(column, common.astype(float), [write(float(x)) for x in common])
    levels = sides.levels(column.name)
    return _Values(column, common.astype(float), [levels[int(code) - 1] for code in common])


def _changes(trees: Any, x: Array, values: Sequence[_Values]) -> list[str]:
    """For each row the change of at most two cells, one where that is enough, that does most."""
    tried = [(j, float(cell), word) for j, v in enumerate(values) for cell, word in zip(v.cells, v.words, strict=True)]
    if not tried:
        return [""] * len(x)
    first = _after(trees, x, tried)
    best = first.argmin(axis=1)
    once = x.copy()
    for i, k in enumerate(best):
        once[i, tried[k][0]] = tried[k][1]
    enough = first[np.arange(len(x)), best] < 0
    second = _after(trees, once, tried)
    words = []
    for i in range(len(x)):
        j, _, word = tried[best[i]]
        said = f"{values[j].column.name} = {word}"
        if not enough[i]:
            k = int(np.argmin(np.where([other == j for other, _, _ in tried], np.inf, second[i])))
            if second[i, k] < first[i, best[i]]:
                said += f", {values[tried[k][0]].column.name} = {tried[k][2]}"
        words.append(said)
    return words


def _after(trees: Any, x: Array, tried: Sequence[tuple[int, float, str]]) -> Array:
    """odds[row, change] of every row after every change."""
    many = np.repeat(x, len(tried), axis=0)
    for k, (j, cell, _) in enumerate(tried):
        many[k :: len(tried), j] = cell
    return np.asarray(trees.predict(many, raw_score=True, num_threads=1)).reshape(len(x), len(tried))
