"""Whether numbers are real ones with the same amount added to each."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.reasons.calendar import WELL

__all__ = ["moved"]

Array = npt.NDArray[Any]


def moved(real: Array, made: Array, write: Callable[[float], str]) -> str:
    """How much more or less each synthetic number is, in words; nothing where that explains little of a difference."""
    ours, theirs = (np.sort(cells[~np.isnan(cells)]) for cells in (real, made))
    if not len(ours) or not len(theirs):
        return ""
    amount = float(np.median(theirs) - np.median(ours))
    if not amount or _apart(ours, theirs - amount) > WELL * _apart(ours, theirs):
        return ""
    return f"{write(abs(amount))} {'more' if amount > 0 else 'less'}"


def _apart(one: Array, other: Array) -> float:
    """The largest distance of two distribution functions, of sorted numbers (Kolmogorov and Smirnov)."""
    at = np.concatenate([one, other])
    below = [np.searchsorted(cells, at, side="right") / len(cells) for cells in (one, other)]
    return float(np.abs(below[0] - below[1]).max())
