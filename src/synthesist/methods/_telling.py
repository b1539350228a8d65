"""Boosted trees that tell classes of rows apart, and rows drawn again by weight."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from synthesist.boosting.booster import Booster
from synthesist.boosting.critic import QUICK
from synthesist.codecs.keys import apart, keys_of
from synthesist.codecs.table import TableCodec
from synthesist.core import Context
from synthesist.data.dataset import Dataset

__all__ = ["BINS", "Teller", "drawn_again"]

BINS = 64
CLIP = 6.0  # log-odds beyond are noise


@dataclass(frozen=True)
class Teller:
    """Boosted trees that say, for rows of these features, the log-odds of a class against the rest."""

    codec: TableCodec
    boosters: tuple[Booster, ...]
    level: np.ndarray
    """Log-odds of each class before any tree."""

    @classmethod
    def fit(cls, codec: TableCodec, rows: Dataset, classes: np.ndarray, count: int, ctx: Context) -> "Teller":
        """Learn `count` classes, numbered from 0, each against the rest; of two only the second."""
        codes, sizes = _codes(codec, rows), codec.sizes
        asked = range(1, 2) if count == 2 else range(count)
        level = np.array([_logit((classes == k).mean()) for k in asked])
        order = ctx.rng("order").permutation(rows.units)  # the last rows decide when to stop
        x = np.ascontiguousarray(codes[:, order])
        boosters = () if not len(x) else tuple(
            Booster.grown(
                x, sizes, (classes[order] == k).astype(np.uint8), np.ones(len(order)), np.full(len(order), start),
                QUICK, ctx.at("class", k),
            )
            for k, start in zip(asked, level, strict=True)
        )  # fmt: skip
        return cls(codec, boosters, level)

    def log_odds(self, rows: Dataset) -> np.ndarray:
        """`[row, class]`; of two classes only the second."""
        codes = _codes(self.codec, rows)
        out = np.tile(self.level.astype(np.float32)[:, None], rows.units)
        for booster, z in zip(self.boosters, out, strict=False):  # no booster where no column tells anything
            booster.add(codes, z)
        return np.clip(out.T.astype(np.float64), -CLIP, CLIP)

    def shares(self, rows: Dataset) -> np.ndarray:
        """The probability of each class, `[row, class]`."""
        odds = 1 / (1 + np.exp(-self.log_odds(rows)))
        if odds.shape[1] == 1:
            return np.column_stack([1 - odds, odds])
        shares: np.ndarray = odds / odds.sum(axis=1, keepdims=True)
        return shares


def _codes(codec: TableCodec, rows: Dataset) -> np.ndarray:
    """codes[column, row]; a cell that has none takes the commonest."""
    codes = codec.encode(rows.table)
    for j, column in enumerate(codec.modelled.values()):
        codes[codes[:, j] < 0, j] = int(np.argmax(column.mass))
    return np.ascontiguousarray(codes.T.astype(np.uint8))


def _logit(share: float) -> float:
    share = min(max(float(share), 1e-3), 1 - 1e-3)
    return float(np.log(share / (1 - share)))


def drawn_again(data: Dataset, weights: np.ndarray, rng: np.random.Generator) -> Dataset:
    """As many rows as there are, in order: each as often as its weight says, rounded up or down; copies get new keys.

    Systematic sampling (Madow 1949, doi:10.1214/aoms/1177729988).
    """
    upto = np.cumsum(weights) / weights.sum() * len(weights)
    rows = np.minimum(np.searchsorted(upto, np.arange(len(weights)) + rng.random(), side="right"), len(weights) - 1)
    table, copies = data.table[rows], pl.Series(np.append(False, rows[1:] == rows[:-1])[: len(rows)])
    for column, keys in keys_of(data.schema).items():
        keys.require(2 * len(rows), column)
        given = table[column].set(copies, None)
        table = table.with_columns(apart(keys, given, table[column]).alias(column))
    return data.with_table(table)
