"""Whether synthetic rows are rows of train that were changed a little."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context
from synthesist.metrics._columns import Columns
from synthesist.metrics._estimate import sample
from synthesist.metrics._nearest import Gower
from synthesist.reasons.contrast import View
from synthesist.reasons.copying import Repeats, gathered, more_of_train
from synthesist.reasons.sides import Sides

__all__ = ["near_copies"]

Array = npt.NDArray[Any]
FIRST_LOOK, SECOND_LOOK = 60_000_000, 1_000_000_000
"""How many distances are taken to see whether there are near copies, and to find them all."""
REACH = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Shares of the synthetic rows, those nearest to a real one first, among which copies are sought."""
PURE = 0.8
"""What is called copies holds at most one row in five that could as well be none."""
FEWEST = 20


@dataclass(frozen=True)
class _Neighbours:
    """Synthetic rows in the order of their distance to the nearest real row, equal rows left out."""

    order: Array
    distance: Array
    place: Array
    """Which real row is the nearest."""
    of_train: Array
    odds: float
    """Real rows of train for one of the holdout."""

    @property
    def copies(self) -> Array:
        """How many of the first rows are copies: those next to train beyond what those next to the holdout expect."""
        return np.cumsum(np.where(self.of_train, 1.0, -self.odds))


def near_copies(sides: Sides, parts: Sequence[View], alpha: float, ctx: Context) -> tuple[Repeats, Array] | None:
    """Synthetic rows that lie beside a row of train, as they would not by chance, and how likely each row is none.

    Had the synthetic rows nothing to do with train in particular, a real row that is the nearest of some
    synthetic row would be one of train as often as any real row is: the binomial test of that counts every real row
    once. Distances are Gower's.
    """
    made, real = len(sides.rows["synthetic"]), len(sides.unseen)
    rows = sample(ctx.rng("near copies"), made, min(made, max(FIRST_LOOK // real, FEWEST)))
    near = _neighbours(sides, rows, ctx)
    p = _chance(near)
    if p > alpha or _called(near) is None:
        return None
    if len(rows) < made:
        rows = rows if made * real > SECOND_LOOK else np.arange(made)
        near = _neighbours(sides, rows, ctx)
    count = _called(near)
    if count is None:
        return None
    copies = float(near.copies[count - 1])
    called = near.order[:count][near.of_train[:count]]
    doubt = np.ones(made)
    doubt[rows[called]] = 1 - copies / len(called)
    if (part := gathered(doubt < 1, parts)) is None:
        return Repeats("", (), 0.0, copies / len(rows), p), doubt
    return Repeats(part.where, part.columns, 0.0, float((1 - doubt[part.synthetic]).mean()), p), doubt


def _neighbours(sides: Sides, rows: Array, ctx: Context) -> _Neighbours:
    """The real row nearest to each of these synthetic ones; which of several is left to chance."""
    order = ctx.rng("order of real rows").permutation(len(sides.unseen))
    columns = Columns(
        tuple(
            replace(
                c, sides={"train": sides.real(c)[order], "holdout": c["holdout"][:0], "synthetic": sides.synthetic(c)}
            )
            for c in sides.columns.all
        ),
        {"train": len(order), "holdout": 0, "synthetic": len(sides.rows["synthetic"])},
    )
    threads = max(ctx.threads, 1)
    distance, place = Gower.of(columns).nearest("synthetic", rows, "train", np.arange(len(order)), threads)
    nearest_first = np.argsort(distance, kind="stable")
    nearest_first = nearest_first[distance[nearest_first] > 0]
    real = order[place[nearest_first]]
    held = int(sides.unseen.sum())
    return _Neighbours(
        nearest_first, distance[nearest_first], real, ~sides.unseen[real], (len(order) - held) / max(held, 1)
    )


def _chance(near: _Neighbours) -> float:
    """The p of so many rows of train among the real rows that are nearest, corrected for all reaches."""
    p = 1.0
    for reach in REACH:
        count = int(reach * len(near.order))
        count = int(np.searchsorted(near.distance, near.distance[count - 1], side="right")) if count else 0
        met, first = np.unique(near.place[:count], return_index=True)
        hits = int(near.of_train[first].sum())
        p = min(p, more_of_train(hits, len(met) - hits, near.odds / (1 + near.odds)))
    return min(1.0, len(REACH) * p)


def _called(near: _Neighbours) -> int | None:
    """How many of the nearest rows are called copies: up to where fewer than half of the next ones are any."""
    if len(near.order) < FEWEST:
        return None
    copies = near.copies
    count = int(np.argmax(copies - np.arange(1, len(copies) + 1) / 2)) + 1
    return count if count >= FEWEST and copies[count - 1] >= PURE * count else None
