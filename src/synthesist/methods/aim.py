"""Adaptive and iterative measurement: what the model gets most wrong is counted next, with the noise that suits it."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from synthesist.core import Context, knob
from synthesist.dp.coding import coded
from synthesist.dp.domain import Domain
from synthesist.dp.method import PrivateMethod
from synthesist.dp.queries import Asking
from synthesist.graphical.cleaning import Measurement
from synthesist.graphical.families import Families
from synthesist.methods._survey import Survey, sigma_of

__all__ = ["AIM"]

CODING = 0.3  # of rho
SELECTION = 0.1  # of the rho of a round
FINER = 4.0  # times the rho of a round, where one taught the model less than its noise
HEAVIER = 4.0  # what a pair with the target weighs


class AIM(PrivateMethod):
    """Keeps rows private: every column, and pair after pair of columns what the model gets most wrong.

    Rounds are cheap at first. One that changed the model by less than its noise makes the next four times as exact.
    Pairs are measured as long as the model stays small; all that was measured makes the distribution of maximum
    entropy. Conditions and imputation are exact.

    When not to use: where epsilon is about one, `mst` is as close and no slower. With hundreds of columns,
    of which each round looks at all pairs.

    Reference: McKenna, Mullins, Sheldon and Miklau, Proceedings of the VLDB Endowment 15, 2022,
    doi:10.14778/3551793.3551817.
    """

    tiny: ClassVar[Mapping[str, Any]] = {"epsilon": 500.0, "delta": 1e-2, "rounds": 1}

    bins: int = knob(64, "codes a number may have, about", tries=(4, 24), ge=2, le=250)
    groups: int = knob(16, "groups of a column's codes that pairs are counted in, about", tries=(2, 12), ge=2, le=64)
    rounds: int = knob(3, "rounds for each column, where none has to be more exact", tries=(1, 2), ge=1, le=20)
    target: str | None = knob(None, "a column to be predicted: pairs with it matter more", tries=(None, "income"))

    def ask(self, domain: Domain, ctx: Context) -> Asking[Families]:
        """Measure columns; then, until all is spent, choose a pair, measure it, estimate."""
        rho, delta = self.budget(domain)
        coding = yield from coded(domain, rho, delta, share=CODING, bins=self.bins)
        survey, left = Survey.of(coding, self.groups), coding.rho
        each = left / (self.rounds * max(len(survey.sizes), 1))
        candidates = survey.candidates()
        while candidates:
            each = left if left < 2 * each else each
            measured = yield from self._round(survey, candidates, each)
            left -= each
            before, survey = survey, survey.having(measured)
            candidates = survey.candidates(candidates)
            learnt = survey.expected_of(measured.columns) - before.expected_of(measured.columns)
            if left <= 0:
                break
            if np.abs(learnt).sum() <= survey.noise(measured.columns, sigma_of(each)):
                each *= FINER
        return survey.families()

    def _round(self, survey: Survey, candidates: list[tuple[int, int]], rho: float) -> Asking[Measurement]:
        """Choose what the model gets most wrong, beyond the noise that counting it would bring, and count it."""
        goal = survey.names.index(self.target) if self.target in survey.names else -1
        weights = np.array([HEAVIER if goal in pair else 1.0 for pair in candidates])
        sigma = sigma_of(rho * (1 - SELECTION))
        pair = yield from survey.most_wrong(candidates, rho * SELECTION, sigma, weights)
        return (yield from survey.measured(pair, rho * (1 - SELECTION)))
