"""A maximum spanning tree of pairs under differential privacy, and the pairs it gets most wrong: in a second or two."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any, ClassVar

from synthesist.core import Context, knob
from synthesist.dp.coding import coded
from synthesist.dp.domain import Domain
from synthesist.dp.method import PrivateMethod
from synthesist.dp.queries import Asking
from synthesist.graphical.families import Families
from synthesist.methods._survey import Survey, sigma_of

__all__ = ["MST"]

CODING, SELECTION = 0.3, 0.08  # of rho; the pairs get the rest


class MST(PrivateMethod):
    """Keeps rows private: every column, a tree of the most telling pairs, and pairs that close loops.

    The pairs of the tree are chosen one by one, each the farthest from what independent columns would give, beyond the
    noise it would be counted with; then, one by one, pairs that the model gets most wrong. All have the same price.
    Rare codes share one in tables of pairs. Conditions and imputation are exact.

    When not to use: with a large epsilon or very many rows, which are worth more pairs: raise `loops`, or take `aim`.
    Where three columns belong together in ways that no two of them show.

    Reference: McKenna, Miklau and Sheldon, Journal of Privacy and Confidentiality 11(3), 2021, doi:10.29012/jpc.778;
    the loops as by McKenna et al., Proceedings of the VLDB Endowment 15, 2022, doi:10.14778/3551793.3551817.
    """

    tiny: ClassVar[Mapping[str, Any]] = {"epsilon": 500.0, "delta": 1e-2, "loops": 0.5}

    bins: int = knob(64, "codes a number may have, about", tries=(4, 24), ge=2, le=250)
    groups: int = knob(16, "groups of a column's codes that pairs are counted in, about", tries=(2, 12), ge=2, le=64)
    loops: float = knob(1.0, "pairs beyond the tree, for each pair of the tree", tries=(0.0, 1.0), ge=0, le=20)

    def ask(self, domain: Domain, ctx: Context) -> Asking[Families]:
        """Measure columns, choose and measure the pairs of a tree, then pairs where the model is wrong."""
        rho, delta = self.budget(domain)
        coding = yield from coded(domain, rho, delta, share=CODING, bins=self.bins)
        survey = Survey.of(coding, self.groups)
        edges = len(survey.sizes) - 1
        loops = round(self.loops * edges)
        choice, each = (part / max(edges + loops, 1) for part in (rho * SELECTION, coding.rho - rho * SELECTION))
        measured = []
        for pair in (yield from _tree(survey, choice, sigma_of(each))):
            measured.append((yield from survey.measured(pair, each)))
        survey = survey.having(*measured)
        candidates = survey.candidates()
        for _ in range(loops if candidates else 0):
            pair = yield from survey.most_wrong(candidates, choice, sigma_of(each))
            survey = survey.having((yield from survey.measured(pair, each)))
            candidates = survey.candidates(candidates)
        return survey.families()


def _tree(survey: Survey, rho: float, sigma: float) -> Asking[list[tuple[int, int]]]:
    """Pairs that join all columns, each the farthest from independence, less the noise that counting it would bring."""
    part, chosen = list(range(len(survey.sizes))), list[tuple[int, int]]()
    for _ in range(len(part) - 1):
        apart = [(a, b) for a, b in combinations(range(len(part)), 2) if part[a] != part[b]]
        a, b = yield from survey.most_wrong(apart, rho, sigma)
        chosen.append((a, b))
        part = [part[a] if p == part[b] else p for p in part]
    return chosen
