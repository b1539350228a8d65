"""Adaptive and iterative measurement: what the model gets most wrong is counted next, with the noise that suits it."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from synthesist.core import Context, knob
from synthesist.dp.coding import coded
from synthesist.dp.domain import Domain
from synthesist.dp.method import PrivateMethod
from synthesist.dp.queries import Asking, Farthest
from synthesist.graphical.families import Families
from synthesist.graphical.junction import cells_with
from synthesist.methods._survey import Survey, recounted, sigma_of

__all__ = ["AIM"]

RECOUNT = 0.15
COLUMNS = 0.15
SELECTION = 0.1
FINER = 4.0


class AIM(PrivateMethod):
    """x"""

    bins: int = knob(64, "codes a number may have at most", tries=(8, 32), ge=2, le=250)
    groups: int = knob(16, "groups of a column's codes that pairs are counted in, about", tries=(3, 16), ge=2, le=64)
    rounds: int = knob(3, "rounds for each column, if none is refined", tries=(1, 3), ge=1, le=20)
    target: str | None = knob(None, "t", tries=(None, "x"))
    heavier: float = 4.0
    triples: bool = False
    cells: int = 200_000

    def ask(self, domain: Domain, ctx: Context) -> Asking[Families]:
        rho, delta = self.budget(domain)
        coding = yield from coded(domain, rho, delta, share=COLUMNS, bins=self.bins)
        coding = yield from recounted(coding, RECOUNT * rho)
        survey = Survey.of(coding, self.groups)
        left = coding.rho
        each = left / (self.rounds * len(survey.sizes))
        weights = self._workload(survey)
        while left > 0 and weights:
            if left < 2 * each:
                each = left
            sigma = sigma_of(each * (1 - SELECTION))
            held, sets = survey.estimate.beliefs, survey.sets
            weights = {c: w for c, w in weights.items() if cells_with(survey.sizes, sets, c) <= self.cells}
            if not weights:
                break
            pairs = held.pairs()
            guesses = [survey.estimate.total * (pairs[c] if len(c)==2 else held.marginal(c)) for c in weights]
            candidates = list(weights)
            answer = yield Farthest(
                [survey.named(c) for c in candidates],
                guesses,
                survey.codecs,
                each * SELECTION,
                weights=np.array(list(weights.values())),
                penalties=np.array([survey.noise(c, sigma) for c in candidates]),
            )
            chosen = candidates[answer]
            m = yield from survey.measured(chosen, each * (1 - SELECTION))
            left -= each
            before = guesses[answer]
            survey = survey.having(m)
            after = survey.estimate.total * survey.estimate.beliefs.marginal(chosen)
            TRACE.append((chosen, round(sigma,1), len(survey.estimate.losses), float(np.abs(after-before).sum()), survey.noise(chosen,sigma), survey.estimate.beliefs.tree.cells))
            if np.abs(after - before).sum() <= survey.noise(chosen, sigma):
                each *= FINER
        return survey.families()

    def _workload(self, survey: Survey) -> dict[tuple[int, ...], float]:
        """How much each set of columns weighs."""
        goal = survey.names.index(self.target) if self.target else -1
        d = len(survey.sizes)
        out = {c: self.heavier if goal in c else 1.0 for c in combinations(range(d), 2)}
        if self.triples:
            for c in combinations(range(d), 3):
                if goal in c or goal < 0: out[c] = self.heavier if goal in c else 1.0
        return out

TRACE=[]
