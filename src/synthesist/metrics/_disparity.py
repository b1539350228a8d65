"""How differently groups fare: the largest gap of a rate between two of them, synthetic beside real."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Evidence, Score
from synthesist.metrics._columns import Side
from synthesist.metrics._estimate import Estimate, estimate
from synthesist.metrics._groups import TELLABLE, Groups
from synthesist.metrics._scale import Scale

__all__ = ["Gap", "Gaps", "compared", "gap_between", "gap_from_none"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Gap:
    """One gap with its interval; the rate of each group, NaN where it is not judged, and the rows judged of it.

    `told`: of which groups a rate of real rows may be told, as it is no small cell.
    """

    found: Estimate
    rates: Array
    rows: Array
    told: Array


Gaps = Mapping[str, Gap]
"""The gaps that a metric takes the largest of, by what they are about: an outcome, a kind of error."""


def compared(scale: Scale, case: Evidence, fewest: int, measure: Callable[[Groups, Side], Gaps]) -> Score:
    """The largest gap on the synthetic side, with that on the real side as reference.

    Parts tell each group's rate on both sides, where the synthetic gap is largest; `columns` the gaps of
    each protected column by itself, where there are several.
    """
    groups = Groups.of(case, fewest)
    if isinstance(groups, str):
        return scale.skip(groups)
    made, real = (measure(groups, side) for side in ("synthetic", "train"))
    if not made or not real:
        return scale.skip(f"Fewer than two groups have {fewest} rows to judge.")
    where, found = _largest(made)
    shown = made[where], real.get(where, made[where])
    parts = [
        {"group": name, "value": _known(value), "reference": _known(reference) if told else None, "rows": int(rows)}
        for name, value, reference, told, rows in zip(
            groups.names, shown[0].rates, shown[1].rates, shown[1].told, shown[1].rows, strict=True
        )
        if rows >= TELLABLE
    ]
    details: dict[str, Any] = {"measure": where, **groups.warnings, "parts": parts}
    if len(case.protected) > 1:
        details["columns"] = _alone(case, fewest, measure)
    return scale.score(found, _largest(real)[1], details)


def gap_between(values: Array, groups: Array, count: int, judged: Array, fewest: int) -> Gap | None:
    """The gap between the groups of the highest and of the lowest mean of `values` over the judged rows.

    None where fewer than two groups have so many judged rows. The interval is that of a difference of the two means.
    """
    rates, rows, inside = _rates(values, groups, count, judged, fewest)
    if np.isfinite(rates).sum() < 2:
        return None
    high, low = int(np.nanargmax(rates)), int(np.nanargmin(rates))
    of_high, of_low = (values[inside & (groups == group)] for group in (high, low))
    told = np.nan_to_num(np.minimum(rates, 1 - rates)) * rows >= TELLABLE - 0.5
    return Gap(estimate(float(rates[high] - rates[low]), of_high, of_low), rates, rows, told)


def gap_from_none(values: Array, groups: Array, count: int, judged: Array, fewest: int) -> Gap | None:
    """How far from 0 the mean of `values` is in the group where it is farthest."""
    rates, rows, inside = _rates(values, groups, count, judged, fewest)
    if not np.isfinite(rates).any():
        return None
    worst = int(np.nanargmax(np.abs(rates)))
    found = estimate(float(abs(rates[worst])), values[inside & (groups == worst)], within=(0.0, np.inf))
    return Gap(found, rates, rows, rows >= TELLABLE)


def _rates(values: Array, groups: Array, count: int, judged: Array, fewest: int) -> tuple[Array, Array, Array]:
    """The mean of each group, NaN where it has too few judged rows; how many it has; which rows are judged."""
    inside = judged & (groups >= 0)
    rows = np.bincount(groups[inside], minlength=count)
    total = np.bincount(groups[inside], values[inside], minlength=count)
    return np.where(rows >= fewest, total / np.maximum(rows, 1), np.nan), rows, inside


def _largest(gaps: Gaps) -> tuple[str, Estimate]:
    where = max(gaps, key=lambda each: gaps[each].found.value)
    return where, gaps[where].found


def _alone(case: Evidence, fewest: int, measure: Callable[[Groups, Side], Gaps]) -> dict[str, dict[str, float]]:
    """The gap of each protected column by itself, synthetic and real."""
    found = {}
    for column in case.protected:
        groups = Groups.of(case, fewest, (column,))
        if isinstance(groups, str):
            continue
        made, real = (measure(groups, side) for side in ("synthetic", "train"))
        if made and real:
            found[column] = {"score": _largest(made)[1].value, "reference": _largest(real)[1].value}
    return found


def _known(rate: float) -> float | None:
    return float(rate) if np.isfinite(rate) else None
