"""Drawing without taking anything twice, for many groups at once.

The first k different values of an endless series of draws are what k draws without return give, whatever the weights.
So all groups draw, keep what is new, and those that lack some draw again. The few that then still lack some would
draw for long, as they want nearly all there is: they get the smallest of exponential times, one for each value left.

Reference: Efraimidis and Spirakis, Weighted random sampling with a reservoir, Information Processing Letters 97(5),
2006, doi:10.1016/j.ipl.2005.11.003.
"""

from collections.abc import Callable

import numpy as np

__all__ = ["Draw", "distinct_within"]

ROUNDS = 12
CELLS = 2**21  # exponential times held at once

Draw = Callable[[np.ndarray], np.ndarray]
"""One value, 0 .. size of its group - 1, for each of these rows."""


def distinct_within(
    group: np.ndarray,
    sizes: np.ndarray,
    draw: Draw,
    weights: np.ndarray | None,
    rng: np.random.Generator,
    barred: np.ndarray | None = None,
) -> np.ndarray:
    """A value for each row, no value twice in a group; all rows of a group stand together.

    Args:
        group: the number of the group of each row, rising.
        sizes: how many values there are for each row, not fewer than its group has rows.
        draw: one value for each of some rows, by the weights.
        weights: of the values; None where they are equal.
        barred: a value that each row may not have; -1 for none. What is barred for a row is so for its group.
    """
    n, width = len(group), int(sizes.max(initial=1))
    values, found = np.full(n, -1), np.zeros(n, dtype=np.int64)
    taken = np.zeros(0, dtype=np.int64)  # group * width + value, sorted
    if barred is not None:
        taken = np.unique((group * width + barred)[barred >= 0])
    open_ = np.arange(n)
    for turn in range(ROUNDS):
        drawn = draw(open_)
        codes = group[open_] * width + drawn
        first = np.unique(codes, return_index=True)[1]
        new = first[~_among(codes[first], taken)]
        values[open_[new]], found[open_[new]] = drawn[new], turn
        open_ = np.flatnonzero(values < 0)
        if not len(open_):
            break
        taken = np.unique(np.concatenate([taken, codes[new]]))
    else:
        values[open_], found[open_] = _last(group, open_, sizes, taken, weights, width, rng), ROUNDS
    return values[np.lexsort((np.arange(n), found, group))] if found.any() else values


def _among(codes: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """Which codes are taken."""
    if not len(taken):
        return np.zeros(len(codes), dtype=bool)
    place = np.minimum(np.searchsorted(taken, codes), len(taken) - 1)
    return np.asarray(taken[place] == codes)


def _last(
    group: np.ndarray,
    rows: np.ndarray,
    sizes: np.ndarray,
    taken: np.ndarray,
    weights: np.ndarray | None,
    width: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Values for the rows that lack one, by the smallest exponential times of those that are left."""
    out = np.empty(len(rows), dtype=np.int64)
    groups, begins, lacking = np.unique(group[rows], return_index=True, return_counts=True)
    step = max(CELLS // width, 1)
    for start in range(0, len(groups), step):
        part = slice(start, start + step)
        times = rng.standard_exponential((len(groups[part]), width))
        if weights is not None:
            times /= weights
        times[np.arange(width) >= sizes[rows[begins[part]], None]] = np.inf
        inside = taken[np.isin(taken // width, groups[part])]
        times[np.searchsorted(groups[part], inside // width), inside % width] = np.inf
        order = np.argsort(times, axis=1)
        of = np.repeat(np.arange(len(groups[part])), lacking[part])
        place = np.arange(len(of)) - (begins[part] - begins[start])[of]
        out[begins[start] : begins[start] + len(of)] = order[of, place]
    return out
