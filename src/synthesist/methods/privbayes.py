"""A Bayesian network under differential privacy: each column with the few that tell most of it."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any, ClassVar

import numpy as np

from synthesist.core import Context, knob
from synthesist.dp.coding import coded
from synthesist.dp.domain import Domain
from synthesist.dp.method import PrivateMethod
from synthesist.dp.queries import Asking, Farthest
from synthesist.graphical.families import Families
from synthesist.methods._survey import Survey, sigma_of

__all__ = ["PrivBayes"]

COLUMNS = 0.2  # of rho: columns one by one
SELECTION = 0.1  # of rho: which parents each column gets
USEFUL = 2.0  # rows a cell should have on average, in standard deviations of its noise

Family = tuple[int, ...]
"""The parents of a column, and last the column."""


class PrivBayes(PrivateMethod):
    """Keeps rows private: each column with the few that tell most of it, all from noisy counts.

    Columns join one by one, each with the parents whose joint counts are farthest from what the columns would be
    without a tie; the counts of a column with its parents are then taken with noise. Parents stand together in one
    earlier family, so families form a junction tree, and conditions are answered exactly. A family whose cells would
    hold less than noise is not considered.

    When not to use: `mst` is steadier where the budget is small or rows are few, `aim` closer where it is large: it
    counts what the model gets wrong, not only what hangs together.

    Reference: Zhang, Cormode, Procopiuc, Srivastava and Xiao, ACM TODS 42(4), 2017, doi:10.1145/3134428; estimated
    as by McKenna, Sheldon and Miklau, ICML 2019, arXiv:1901.09136.
    """

    tiny: ClassVar[Mapping[str, Any]] = {"epsilon": 500.0, "delta": 1e-2}

    bins: int = knob(64, "codes a number may have, about", tries=(8, 32), ge=2, le=250)
    groups: int = knob(12, "groups of a column's codes that families are counted in, about", tries=(3, 16), ge=2, le=64)
    parents: int = knob(2, "parents a column may have at most", tries=(1, 2), ge=1, le=3)

    def ask(self, domain: Domain, ctx: Context) -> Asking[Families]:
        """Measure columns, then choose and measure one family after the other."""
        rho, delta = self.budget(domain)
        coding = yield from coded(domain, rho, delta, share=COLUMNS, bins=self.bins)
        survey = Survey.of(coding, self.groups)
        waiting = sorted(range(len(survey.sizes)), key=lambda column: survey.sizes[column])
        steps = max(len(waiting) - 1, 1)
        choosing, counting = rho * SELECTION / steps, (coding.rho - rho * SELECTION) / steps
        families: list[Family] = [(waiting.pop(),)] if waiting else []
        while waiting:
            candidates = self._candidates(survey, families, waiting, sigma_of(counting))
            chosen = yield Farthest(
                [survey.named(family) for family in candidates],
                [_untied(survey, family) for family in candidates],
                survey.codecs,
                choosing,
                penalties=np.array([survey.noise(family, sigma_of(counting)) for family in candidates]),
                about="choice of parents",
            )
            families.append(candidates[chosen])
            waiting.remove(families[-1][-1])
            survey = survey.having((yield from survey.measured(families[-1], counting)))
        return survey.families()

    def _candidates(self, survey: Survey, families: list[Family], waiting: list[int], sigma: float) -> list[Family]:
        """Every column that waits with parents of one family, few enough that noise leaves something to see."""
        most = survey.estimate.total / (USEFUL * sigma)
        parents = {
            each
            for family in families
            for size in range(1, min(self.parents, len(family)) + 1)
            for each in combinations(sorted(family), size)
        }
        cells = {each: int(np.prod([survey.sizes[column] for column in each])) for each in parents}
        return [
            (*each, column)
            for column in waiting
            for each in sorted(parents)
            if len(each) == 1 or cells[each] * survey.sizes[column] <= most
        ]


def _untied(survey: Survey, family: Family) -> np.ndarray:
    """The counts of a family if its column had no tie to the parents."""
    held = survey.estimate.beliefs
    return survey.estimate.total * np.multiply.outer(held.marginal(family[:-1]), held.marginal(family[-1:]))
