"""Whether parents have as many children as real parents have."""

import numpy as np

from synthesist.core import Context, Evidence, Score, Spec
from synthesist.metrics._columns import Side
from synthesist.metrics._distribution import kolmogorov_smirnov
from synthesist.metrics._estimate import Estimate, estimate
from synthesist.metrics._relations import children, not_related, of_units, owners, relations, side_of
from synthesist.metrics._scale import Scale

__all__ = ["Cardinality"]

SCALE = Scale(
    metric="cardinality",
    title="Children per parent",
    family="fidelity",
    best=1.0,
    worst=0.0,
    meaning="How much the number of rows that belong to a parent is distributed as in the real tables; 1 is the same.",
)


class Cardinality(Spec):
    """How alike the numbers of children per parent are to the real ones: 1 is the same, 0 shares nothing.

    Of each link the number of rows that refer to a parent is counted for every parent, those without any
    included; the score is 1 minus the two-sample Kolmogorov-Smirnov statistic (the definition of SDMetrics'
    CardinalityShapeSimilarity), and the value the mean over links. Links to tables that do not follow the unit, as
    a list of countries, are left out: how many orders a country has depends on how many were drawn.

    The interval takes units as independent, with all that belongs to them.

    When not to use: to see whether the right parents have many children; `parent_c2st` does.
    """

    standard = 40
    needs = frozenset({"links"})

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Compare synthetic with train; the reference compares holdout with train."""
        del ctx
        if reason := not_related(case):
            return SCALE.skip(reason)
        mine = owners(case)
        links = [each for each in relations(case.train.schema) if each.within]
        links = [
            each for each in links if all(side.tables[each.link.table].height for side in (case.train, case.holdout))
        ]
        if not links:
            return SCALE.skip("No table refers to one whose rows follow the unit.")
        moved = {side: np.zeros(side_of(case, side).units) for side in mine}
        counts = {side: [children(side_of(case, side), each) for each in links] for side in mine}

        def compare(side: Side) -> tuple[Estimate, list[float]]:
            """The mean over links with its interval, and the score of each."""
            ours, theirs, scores = moved["train"].copy(), moved[side].copy(), []
            for each, real, other in zip(links, counts["train"], counts[side], strict=True):
                if len(other) == 0:
                    scores.append(0.0)
                    continue
                score, of_real, of_other = kolmogorov_smirnov(real.astype(float), other.astype(float))
                scores.append(score)
                ours += of_units(of_real - of_real.mean(), mine["train"][each.link.table], len(ours))
                theirs += of_units(of_other - of_other.mean(), mine[side][each.link.table], len(theirs))
            return estimate(float(np.mean(scores)), ours / len(links), theirs / len(links)), scores

        (found, scores), (real, references) = compare("synthetic"), compare("holdout")
        parts = [
            {
                **each.about,
                "value": scores[k],
                "reference": references[k],
                **{f"mean_{side}": float(counts[side][k].mean()) if len(counts[side][k]) else 0.0 for side in counts},
                **{
                    f"none_{side}": float((counts[side][k] == 0).mean()) if len(counts[side][k]) else 0.0
                    for side in counts
                },
            }
            for k, each in enumerate(links)
        ]
        return SCALE.score(found, real, {"parts": parts})
