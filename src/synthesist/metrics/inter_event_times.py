"""Whether the times between the rows of a series are as in real series."""

from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec
from synthesist.metrics._columns import Side
from synthesist.metrics._distribution import kolmogorov_smirnov
from synthesist.metrics._estimate import Estimate, estimate
from synthesist.metrics._relations import not_related, of_units, side_of
from synthesist.metrics._scale import Scale
from synthesist.metrics._series import NO_SERIES, as_floats, courses, series

__all__ = ["InterEventTimes"]

Array = npt.NDArray[Any]
Gaps = tuple[Array, Array]
"""The time to the next row of the same series, and the unit it belongs to."""

SCALE = Scale(
    metric="inter_event_times",
    title="Times between events",
    family="fidelity",
    best=1.0,
    worst=0.0,
    meaning="How much the time from one row of a series to the next is distributed as in real series; 1 is the same.",
)


class InterEventTimes(Spec):
    """How alike the times from one event to the next are to the real ones: 1 is the same.

    Series are those of `autocorrelation`, and the time is that by which they are ordered. The score of a table is
    1 minus the two-sample Kolmogorov-Smirnov statistic of all times between a row and the next of its series, the
    value the mean over tables. How long series are, `cardinality` says. The interval takes units as independent.

    When not to use: for series measured at fixed times, where it is 1 by construction.
    """

    standard = 45
    needs = frozenset({"links"})

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Compare synthetic with train; the reference compares holdout with train."""
        del ctx
        if reason := not_related(case):
            return SCALE.skip(reason)
        found = courses(case)
        gaps: dict[Side, dict[str, Gaps]] = {"train": {}, "holdout": {}, "synthetic": {}}
        for course in found:
            for side, each in series(case, course).items():
                first, second = each.pairs(1)
                moments = as_floats(each.frame[course.order])
                gaps[side][course.table] = moments[second] - moments[first], each.unit[first]
        tables = [course.table for course in found if len(gaps["train"][course.table][0])]
        if not tables:
            return SCALE.skip("No series of train has two rows." if found else NO_SERIES)

        def compare(side: Side) -> tuple[Estimate, dict[str, float]]:
            """The mean over tables with its interval, and the score of each."""
            ours, theirs = np.zeros(case.train.units), np.zeros(side_of(case, side).units)
            scores = {}
            for table in tables:
                (real, real_unit), (other, other_unit) = gaps["train"][table], gaps[side][table]
                if len(other) == 0:
                    scores[table] = 0.0
                    continue
                scores[table], of_real, of_other = kolmogorov_smirnov(real, other)
                ours += of_units(of_real - of_real.mean(), real_unit, len(ours))
                theirs += of_units(of_other - of_other.mean(), other_unit, len(theirs))
            return estimate(float(np.mean(list(scores.values()))), ours / len(tables), theirs / len(tables)), scores

        (made, scores), (real, references) = compare("synthetic"), compare("holdout")
        parts = [{"a": table, "value": scores[table], "reference": references[table]} for table in tables]
        return SCALE.score(made, real, {"parts": parts})
