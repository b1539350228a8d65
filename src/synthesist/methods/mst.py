"""A maximum spanning tree of pairs under differential privacy: quick, and steady where little may be asked."""

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
from synthesist.methods._survey import Survey, recounted, sigma_of

__all__ = ["MST"]

CODING, COLUMNS, SELECTION = 0.15, 0.15, 0.08  # of rho; the pairs get the rest


class MST(PrivateMethod):
    """Keeps rows private: every column, and a tree of the pairs of columns that tell most; in seconds.

    The pairs are chosen one by one, each the farthest from what independent columns would give, beyond the noise it
    would be counted with. Rare codes share one in tables of pairs. Conditions and imputation are exact.

    When not to use: where three columns belong together, or more pairs matter than there are columns; `aim` asks on
    where the model is wrong.

    Reference: McKenna, Miklau and Sheldon, Journal of Privacy and Confidentiality 11(3), 2021, doi:10.29012/jpc.778.
    """

    tiny: ClassVar[Mapping[str, Any]] = {"epsilon": 500.0, "delta": 1e-2}

    bins: int = knob(64, "codes a number may have at most", tries=(4, 24), ge=2, le=250)
    groups: int = knob(16, "groups of a column's codes that pairs are counted in, about", tries=(2, 12), ge=2, le=64)

    def ask(self, domain: Domain, ctx: Context) -> Asking[Families]:
        """Measure columns, choose pairs, measure pairs, estimate."""
        rho, delta = self.budget(domain)
        coding = yield from coded(domain, rho, delta, share=CODING, bins=self.bins)
        coding = yield from recounted(coding, rho * COLUMNS)
        survey = Survey.of(coding, self.groups)
        edges = max(len(survey.sizes) - 1, 1)
        each = (coding.rho - rho * SELECTION) / edges
        measured = []
        for pair in (yield from _tree(survey, rho * SELECTION / edges, sigma_of(each))):
            measured.append((yield from survey.measured(pair, each)))
        return survey.having(*measured).families()


def _tree(survey: Survey, rho: float, sigma: float) -> Asking[list[tuple[int, int]]]:
    """Pairs that join all columns, each the farthest from independence, less the noise that counting it would bring."""
    part, chosen = list(range(len(survey.sizes))), list[tuple[int, int]]()
    guesses = survey.expected()
    for _ in range(len(part) - 1):
        candidates = [(a, b) for a, b in combinations(range(len(part)), 2) if part[a] != part[b]]
        answer = yield Farthest(
            [survey.named(pair) for pair in candidates],
            [guesses[pair] for pair in candidates],
            survey.codecs,
            rho,
            penalties=np.array([survey.noise(pair, sigma) for pair in candidates]),
            about="next pair of the tree",
        )
        a, b = candidates[answer]
        chosen.append((a, b))
        part = [part[a] if p == part[b] else p for p in part]
    return chosen
