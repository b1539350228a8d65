"""Whether what follows in a series depends on what was before as it does in real series."""

from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._columns import Side
from synthesist.metrics._estimate import Estimate, estimate
from synthesist.metrics._relations import not_related, of_units, side_of
from synthesist.metrics._scale import Scale
from synthesist.metrics._series import NO_SERIES, Series, as_floats, courses, numbers, series

__all__ = ["Autocorrelation"]

Array = npt.NDArray[Any]
Found = dict[tuple[str, str, int], tuple[float, Array]]
"""By table, column and lag: the correlation, and the influence of every unit on it."""

SCALE = Scale(
    metric="autocorrelation",
    title="Autocorrelation of series",
    family="fidelity",
    best=1.0,
    worst=0.0,
    meaning="How much the numbers of a series depend on those before as in real series; 1 is the same.",
)
FEWEST = 20  # pairs of rows


class Autocorrelation(Spec):
    """How alike the correlation of a series with its past is to the real one: 1 is the same.

    A series is the rows of a table with the same parent, in the order of their first moment, or of a whole number
    in their key. Of every number and every lag, Pearson's r is taken over all pairs of rows of one series that are so
    far apart; the score is `1 - |r_real - r_synthetic| / 2`, the value the mean over tables, columns and lags.
    Where r is not defined in the synthetic tables it counts as 0. The interval takes units as independent.

    When not to use: for series of categories or of irregular times, which `sequence_c2st` and `inter_event_times` see.
    """

    standard = 44
    needs = frozenset({"links"})
    tried_on = "related"

    lags: int = knob(5, "how many rows apart two rows are at most", tries=(1, 2), ge=1)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Compare synthetic with train; the reference compares holdout with train."""
        del ctx
        if reason := not_related(case):
            return SCALE.skip(reason)
        if not (found := courses(case)):
            return SCALE.skip(NO_SERIES)
        by_side: dict[Side, Found] = {"train": {}, "holdout": {}, "synthetic": {}}
        for course in found:
            for side, each in series(case, course).items():
                units = side_of(case, side).units
                for name in numbers(course):
                    x = as_floats(each.frame[name])
                    for lag in range(1, self.lags + 1):
                        if moved := _correlation(x, each, lag, units):
                            by_side[side][course.table, name, lag] = moved
        if not by_side["train"]:
            return SCALE.skip(f"No number of a series has {FEWEST} pairs of rows that follow each other in train.")
        made, scores = _alike(by_side["train"], by_side["synthetic"], case.synthetic.units)
        real, references = _alike(by_side["train"], by_side["holdout"], case.holdout.units)
        parts = [
            {"a": table, "column": name, "lag": lag, "value": score, "reference": references[table, name, lag]}
            for (table, name, lag), score in scores.items()
        ]
        return SCALE.score(made, real, {"parts": parts})


def _correlation(x: Array, each: Series, lag: int, units: int) -> tuple[float, Array] | None:
    """Pearson's r of the pairs of rows so far apart, and the influence of every unit; none where it is not defined."""
    first, second = each.pairs(lag)
    both = ~np.isnan(x[first]) & ~np.isnan(x[second])
    first, second = first[both], second[both]
    if len(first) < FEWEST:
        return None
    a, b = (x[rows] - x[rows].mean() for rows in (first, second))
    spread = a.std(), b.std()
    if min(spread) <= 1e-12 * max(float(np.abs(x[first]).max()), 1e-300):
        return None
    a, b = a / spread[0], b / spread[1]
    r = float((a * b).mean())
    return r, of_units(a * b - r * (a * a + b * b) / 2, each.unit[first], units)


def _alike(real: Found, other: Found, units: int) -> tuple[Estimate, dict[tuple[str, str, int], float]]:
    """The mean score with its interval, and each score."""
    ours, theirs = np.zeros_like(next(iter(real.values()))[1]), np.zeros(units)
    scores = {}
    for key, (r, of_real) in real.items():
        r_other, of_other = other.get(key, (0.0, np.zeros(units)))
        sign = np.sign(r - r_other) / 2
        scores[key] = 1 - abs(r - r_other) / 2
        ours -= sign * of_real
        theirs += sign * of_other
    return estimate(float(np.mean(list(scores.values()))), ours / len(scores), theirs / len(scores)), scores
