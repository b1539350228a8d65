"""A distribution from noisy counts: of all that have the cleaned counts, the one that claims no more than they show.

That is the one of maximum entropy: each measured set of columns has a table of potentials, and rows are as likely as
the exponential of their sum. On a tree of pairs it is there at once; where sets form loops, potentials are improved
until the counts agree.

References: McKenna, Sheldon and Miklau, ICML 2019, arXiv:1901.09136 (estimation from noisy marginals); Liu and Nocedal,
Mathematical Programming 45, 1989, doi:10.1007/BF01589116 (the optimiser, L-BFGS).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from synthesist.graphical.beliefs import Beliefs, spread, summed
from synthesist.graphical.cleaning import Measurement, cleaned, shares_of, total_of
from synthesist.graphical.junction import JunctionTree

__all__ = ["Estimate", "estimated"]

STEPS = 60
TOLERANCE = 1e-8  # of the loss per row: a step that betters it by less is the last
GRADIENT = 1e-6
SPRING = 0.01  # of the counts of a cell: the rows by which it is held for each unit its potential moves
MOVES = 3
GIVING = 0.1  # of the doubt of a cell: the rows by which it gives way for each unit of its potential


@dataclass(frozen=True)
class Estimate:
    """What was estimated: probabilities, how many rows there are, and the potentials, to go on from."""

    beliefs: Beliefs
    total: float
    potentials: dict[tuple[int, ...], np.ndarray]
    losses: tuple[float, ...]
    """The negative log-likelihood per row, step by step."""


def estimated(
    sizes: Sequence[int], measurements: Iterable[Measurement], start: Estimate | None = None, steps: int = STEPS
) -> Estimate:
    """The distribution over codes that fits noisy counts best.

    Args:
        sizes: how many codes each column has.
        measurements: any sets of columns, several of the same set too; a column that none names is uniform.
        start: an earlier estimate; what it learnt of sets measured then is where this begins.
        steps: of the optimiser, at most.
    """
    raw = list(measurements)
    total, shares = total_of(raw), shares_of(sizes, raw)
    targets = cleaned(raw, shares, total)
    single = [Measurement.of((column,), total * share, 0.0) for column, share in enumerate(shares)]
    targets = [*single, *(m for m in targets if len(m.columns) > 1)]
    tree = JunctionTree.covering(sizes, [m.columns for m in targets])
    if not targets:
        return Estimate(Beliefs.of(tree, [np.zeros(())]), total, {}, ())
    return _Problem(tree, tuple(targets), total).solved(_first(targets, total, start), steps)


def _first(targets: Sequence[Measurement], total: float, start: Estimate | None) -> list[np.ndarray]:
    """Where the potentials begin: of what is new, at the logarithm of how it differs from what was thought of it."""
    known = start.potentials if start else {}
    out = []
    for m in targets:
        if m.columns in known:
            out.append(known[m.columns])
        elif len(m.columns) == 1:
            out.append(np.log(m.counts / total))
        else:
            thought = start.beliefs.marginal(m.columns) if start else _independent(m)
            out.append(np.log(m.counts / total) - np.log(np.maximum(thought, 1e-12)))
    return out


def _independent(m: Measurement) -> np.ndarray:
    """The product of the shares of single columns in a table."""
    out, whole = np.ones(()), m.counts.sum()
    for column in m.columns:
        out = np.multiply.outer(out, summed(m.counts, m.columns, (column,)) / whole)
    return out


@dataclass(frozen=True)
class _Problem:
    """The negative log-likelihood of potentials, one table for each measurement, in one vector."""

    tree: JunctionTree
    targets: tuple[Measurement, ...]
    total: float

    def solved(self, first: Sequence[np.ndarray], steps: int) -> Estimate:
        """The potentials that agree with all counts, and the distribution they make.

        Each potential is held near where it was by a soft spring, and the springs are moved after it (a proximal
        method). Counts of sets that overlap may contradict each other within their doubt, and no potentials suit both:
        they would grow without end. So each gives way, by a share of its doubt for each unit of its potential.
        """
        from scipy.optimize import minimize

        counts = np.concatenate([m.counts.ravel() for m in self.targets])
        scale = (counts * (1 + SPRING) + 1.0) ** -0.5  # what one unit of a potential changes differs by cell
        spring = SPRING * (counts + 1.0)
        giving = np.concatenate([GIVING * (len(m.columns) > 1) * m.variance.ravel() ** 0.5 for m in self.targets])
        x, losses = np.concatenate([f.ravel() for f in first]), []

        def loss(moved: np.ndarray) -> tuple[float, np.ndarray]:
            change = moved * scale
            value, slope = self._loss(x + change)
            pull, give = spring * change, giving * (x + change)
            value += float(pull @ change + give @ (x + change)) / 2
            return value / self.total, (slope + pull + give) * scale / self.total

        for _ in range(MOVES):
            found = minimize(
                loss, np.zeros(len(x)), jac=True, method="L-BFGS-B",
                callback=lambda intermediate_result: losses.append(float(intermediate_result.fun)),
                options={"maxiter": steps, "ftol": TOLERANCE, "gtol": GRADIENT, "maxcor": 12},
            )  # fmt: skip
            x = x + found.x * scale
            if found.nit < 2:
                break
        tables = self._tables(x)
        beliefs = Beliefs.of(self.tree, self._potentials(tables))
        potentials = {m.columns: table for m, table in zip(self.targets, tables, strict=True)}
        return Estimate(beliefs, self.total, potentials, tuple(losses))

    def _loss(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """The negative log-likelihood and its slope."""
        tables = self._tables(x)
        beliefs = Beliefs.of(self.tree, self._potentials(tables))
        value, slopes = self.total * beliefs.log_partition, []
        for m, at, table in zip(self.targets, self._homes, tables, strict=True):
            expected = self.total * summed(beliefs.tables[at], self.tree.cliques[at], m.columns)
            value -= float((m.counts * table).sum())
            slopes.append((expected - m.counts).ravel())
        return value, np.concatenate(slopes)

    def _tables(self, x: np.ndarray) -> list[np.ndarray]:
        """The vector as one table for each measurement."""
        parts = np.split(x, self._ends)
        return [part.reshape(m.counts.shape) for part, m in zip(parts, self.targets, strict=True)]

    def _potentials(self, tables: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The sum of the potentials in each clique of the tree."""
        out = [np.zeros(self.tree.shape(clique)) for clique in self.tree.cliques]
        for m, at, table in zip(self.targets, self._homes, tables, strict=True):
            out[at] += spread(table, m.columns, self.tree.cliques[at])
        return out

    @cached_property
    def _homes(self) -> list[int]:
        """The clique that holds each measured set."""
        return [self.tree.home(m.columns) for m in self.targets]

    @cached_property
    def _ends(self) -> list[int]:
        """Where the table of each measurement but the last ends in the vector."""
        return [int(end) for end in np.cumsum([m.counts.size for m in self.targets])[:-1]]
