"""A maximum spanning tree of pairs under differential privacy: the quick and steady one."""

from itertools import combinations

from synthesist.core import Context, knob
from synthesist.dp.coding import coded
from synthesist.dp.domain import Domain
from synthesist.dp.method import PrivateMethod
from synthesist.dp.queries import Asking, Farthest
from synthesist.graphical.families import Families
from synthesist.methods._survey import Survey, recounted, sigma_of

__all__ = ["MST"]

RECOUNT = 0.15
COLUMNS = 0.15  # of rho: columns one by one
SELECTION = 0.08  # of rho: which pairs are measured


class MST(PrivateMethod):
    """Private synthetic data in seconds: all columns and a tree of the pairs that tell most, counted with noise.
    """

    bins: int = knob(64, "codes a number may have at most", tries=(8, 32), ge=2, le=250)
    groups: int = knob(16, "groups of a column's codes that pairs are counted in, about", tries=(3, 16), ge=2, le=64)

    def ask(self, domain: Domain, ctx: Context) -> Asking[Families]:
        """Measure columns, choose pairs, measure pairs, estimate."""
        rho, delta = self.budget(domain)
        coding = yield from coded(domain, rho, delta, share=COLUMNS, bins=self.bins)
        coding = yield from recounted(coding, RECOUNT * rho)
        survey = Survey.of(coding, self.groups)
        edges = max(len(survey.sizes) - 1, 1)
        each = (coding.rho - SELECTION * rho) / edges
        pairs = yield from _tree(survey, SELECTION * rho / edges, sigma_of(each))
        measured = []
        for pair in pairs:
            measured.append((yield from survey.measured(pair, each)))
        return survey.having(*measured).families()


def _tree(survey: Survey, rho: float, sigma: float) -> Asking[list[tuple[int, int]]]:
    """Pairs that join all columns, one by one that farthest from independence beyond the noise it would be counted with."""
    part, chosen = list(range(len(survey.sizes))), []
    guesses = survey.estimate.beliefs.pairs()
    for _ in range(len(part) - 1):
        candidates = [pair for pair in combinations(range(len(part)), 2) if part[pair[0]] != part[pair[1]]]
        answer = yield Farthest(
            [survey.named(pair) for pair in candidates],
            [survey.estimate.total * guesses[pair] for pair in candidates],
            survey.codecs,
            rho,
            penalties=[survey.noise(pair, sigma) for pair in candidates],
        )
        a, b = candidates[answer]
        chosen.append((a, b))
        part = [part[a] if p == part[b] else p for p in part]
    return chosen
