"""Whether numbers fit the rows around them in time."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.data.kinds import Number
from synthesist.metrics._columns import Column
from synthesist.reasons.contrast import View
from synthesist.reasons.sides import Sides
from synthesist.reasons.views import number_view

__all__ = ["neighbour_views"]

Array = npt.NDArray[Any]
DISTINCT = 0.5  # of the rows of train have a moment of their own, where rows follow each other
FEWEST = 100


def neighbour_views(sides: Sides, columns: Sequence[Column]) -> Iterator[View]:
    """How far each number is from what rows of train just before and after let expect, if rows have moments.

    Rows of the holdout tell how far it should be; rows of train are left out.
    """
    clock = _clock(columns)
    if clock is None:
        return
    for column in columns:
        if column.kind in ("number", "integer"):
            known = ~np.isnan(clock["train"]) & ~np.isnan(column["train"])
            if known.sum() < FEWEST:
                continue
            order = np.argsort(clock["train"][known], kind="stable")
            line = clock["train"][known][order], column["train"][known][order]
            ours, theirs = (
                side(column) - np.interp(side(clock), *line, left=np.nan, right=np.nan)
                for side in (sides.real, sides.synthetic)
            )
            ours = np.where(sides.unseen, ours, np.nan)
            name = f"`{column.name}` less what rows before and after by `{clock.name}` let expect,"
            view = number_view((column.name, clock.name), name, Number(decimals=None), ours, theirs)
            if view.size > 1:
                yield replace(view, kind="around")


def _clock(columns: Sequence[Column]) -> Column | None:
    """The moment with the most distinct values, where most rows have one of their own."""
    found, most = None, DISTINCT
    for column in columns:
        if column.kind == "moment" and len(column["train"]):
            distinct = len(np.unique(column["train"])) / len(column["train"])
            if distinct > most:
                found, most = column, distinct
    return found
