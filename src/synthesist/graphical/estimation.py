"""A distribution from noisy counts: the log-linear model that explains them best and claims no more than they show.

Each measured set of columns has a table of potentials; rows are as likely as the exponential of their sum. With exact
counts this is the distribution of maximum entropy that has them (Private-PGM). With noise it is a posterior mode: a
potential has a normal prior around zero, independence, whose spread is learnt from how far the counts are from
independent beyond what noise explains. So cells that noise drowns stay near independence, and cells that stand out of
it are believed.

References: McKenna, Sheldon and Miklau, ICML 2019, arXiv:1901.09136 (estimation from noisy marginals); Liu and Nocedal,
Mathematical Programming 45, 1989, doi:10.1007/BF01589116 (the optimiser, L-BFGS).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from synthesist.graphical.beliefs import Beliefs, spread, summed
from synthesist.graphical.junction import JunctionTree

__all__ = ["Estimate", "Measurement", "estimated", "total_of"]

STEPS = 100
TOLERANCE = 1e-6  # rows of log-likelihood, per row, by which a step must better the model to go on
WIDE = 16.0  # prior variance of the potentials of single columns: hardly any
SPREADS = (0.02, 64.0)  # prior variances that are believed
EXACT = 1e-4  # standard deviation of the noise of exact counts
TINY = 1e-9
FEWEST = 0.25  # rows a cell is expected to have at least, when the weight of its prior is reckoned


@dataclass(frozen=True)
class Measurement:
    """counts[code of the first column, ...] of some columns, ascending, and the `variance` of the noise in each."""

    columns: tuple[int, ...]
    counts: np.ndarray
    variance: np.ndarray

    @classmethod
    def of(cls, columns: Sequence[int], counts: np.ndarray, sigma: "float | np.ndarray") -> "Measurement":
        """Counts with the standard deviation of their noise, one for all cells or one for each."""
        order = np.argsort(columns)
        counts = np.asarray(counts, np.float64)
        variance = np.broadcast_to(np.maximum(np.asarray(sigma, np.float64), EXACT) ** 2, counts.shape)
        return cls(tuple(sorted(columns)), counts.transpose(order), variance.transpose(order))


@dataclass(frozen=True)
class Estimate:
    """What was estimated: probabilities, how many rows there are, and what makes them, to go on from."""

    beliefs: Beliefs
    total: float
    potentials: Mapping[tuple[int, ...], np.ndarray]
    losses: tuple[float, ...] = field(default=())
    """The negative log-posterior per row, step by step."""


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
    merged = list(_merged(measurements))
    tree = JunctionTree.covering(sizes, [m.columns for m in merged])
    total = total_of(merged)
    problem = _Problem(tree, merged, total, _penalties(sizes, merged, total))
    first = [
        start.potentials[m.columns] if start and m.columns in start.potentials else np.zeros(m.counts.shape)
        for m in merged
    ]
    return problem.solved(first, steps)


def total_of(measurements: Iterable[Measurement]) -> float:
    """How many rows there are, from the sums of all counts, each as much as its noise allows; at least one."""
    sums = [(float(m.counts.sum()), 1 / float(m.variance.sum())) for m in measurements]
    precision = sum(weight for _, weight in sums)
    return max(sum(whole * weight for whole, weight in sums) / precision, 1.0) if sums else 1.0


def _merged(measurements: Iterable[Measurement]) -> Iterable[Measurement]:
    """One measurement for each set of columns: the mean of all, each as much as its noise allows."""
    groups: dict[tuple[int, ...], list[Measurement]] = {}
    for m in measurements:
        groups.setdefault(m.columns, []).append(m)
    for columns, same in groups.items():
        precision = np.sum([1 / m.variance for m in same], axis=0)
        yield Measurement(columns, np.sum([m.counts / m.variance for m in same], axis=0) / precision, 1 / precision)


def _penalties(sizes: Sequence[int], measurements: Sequence[Measurement], total: float) -> list[np.ndarray]:
    """penalty[cell] of the square of each potential: the noise variance over what is known of the cell beforehand.

    At the mode, a potential is (counts - expected) / penalty. A normal prior of variance v on it gives that where the
    penalty is sigma^2 / (v expected): expected counts change by as much as themselves for each unit of a potential.
    """
    shares = _independent(sizes, measurements)
    out = []
    for m in measurements:
        expected = total * _outer([shares[column] for column in m.columns])
        if len(m.columns) == 1:
            expected, variance = np.full(m.counts.shape, total / m.counts.size), WIDE
        else:
            beyond = float(((m.counts - expected) ** 2 - m.variance).sum())
            variance = float(np.clip(beyond / float((expected**2).sum()), *SPREADS))
        clear = m.counts - np.sqrt(2 * np.log(max(m.counts.size, 2)) * m.variance)  # noise does not reach as far
        out.append(m.variance / (variance * np.maximum(np.maximum(expected, clear), FEWEST)))
    return out


def _independent(sizes: Sequence[int], measurements: Sequence[Measurement]) -> list[np.ndarray]:
    """shares[column][code], from all that was measured with the column."""
    sums, precisions = [np.zeros(n) for n in sizes], [np.full(n, TINY) for n in sizes]
    for m in measurements:
        for column in m.columns:
            precision = 1 / summed(m.variance, m.columns, (column,))
            sums[column] += precision * summed(m.counts, m.columns, (column,))
            precisions[column] += precision
    means = [np.maximum(total / precision, TINY) for total, precision in zip(sums, precisions, strict=True)]
    return [mean / mean.sum() for mean in means]


def _outer(shares: Sequence[np.ndarray]) -> np.ndarray:
    """The table of independent columns."""
    out = np.ones(())
    for share in shares:
        out = np.multiply.outer(out, share)
    return out


@dataclass(frozen=True)
class _Problem:
    """The negative log-posterior of potentials, one table for each measurement, in one vector."""

    tree: JunctionTree
    measurements: Sequence[Measurement]
    total: float
    penalties: Sequence[np.ndarray]

    def solved(self, first: Sequence[np.ndarray], steps: int) -> Estimate:
        """The potentials at the mode, and the distribution they make."""
        from scipy.optimize import minimize

        # what one unit of a potential changes differs by cell: scaled by it, all are alike to the optimiser
        scale = np.concatenate(
            [1 / np.sqrt(t.clip(1.0) + p).ravel() for t, p in zip(self._targets(), self.penalties, strict=True)]
        )
        losses: list[float] = []

        def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
            value, slope = self._loss(x * scale)
            return value / self.total, slope * scale / self.total

        start = np.concatenate([f.ravel() for f in first])
        found = minimize(
            loss, start / scale, jac=True, method="L-BFGS-B",
            callback=lambda intermediate_result: losses.append(float(intermediate_result.fun)),
            options={"maxiter": steps, "ftol": TOLERANCE, "gtol": 0.0, "maxcor": 12},
        )  # fmt: skip
        tables = self._tables(found.x * scale)
        beliefs = Beliefs.of(self.tree, self._potentials(tables))
        return Estimate(
            beliefs,
            self.total,
            {m.columns: table for m, table in zip(self.measurements, tables, strict=True)},
            tuple(losses),
        )

    def _targets(self) -> list[np.ndarray]:
        """The counts, moved so that they sum to the total."""
        return [m.counts + (self.total - m.counts.sum()) / m.counts.size for m in self.measurements]

    def _loss(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """The negative log-posterior and its slope."""
        tables = self._tables(x)
        beliefs = Beliefs.of(self.tree, self._potentials(tables))
        value, slopes = self.total * beliefs.log_partition, []
        for m, table, target, penalty in zip(self.measurements, tables, self._targets(), self.penalties, strict=True):
            at = self._homes[m.columns]
            expected = self.total * summed(beliefs.tables[at], self.tree.cliques[at], m.columns)
            pull = penalty * table
            value += float(((pull / 2 - target) * table).sum())
            slopes.append((expected - target + pull).ravel())
        return value, np.concatenate(slopes)

    def _tables(self, x: np.ndarray) -> list[np.ndarray]:
        """The vector as one table for each measurement."""
        ends = np.cumsum([m.counts.size for m in self.measurements])
        return [part.reshape(m.counts.shape) for part, m in zip(np.split(x, ends[:-1]), self.measurements, strict=True)]

    def _potentials(self, tables: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The sum of the potentials in each clique of the tree."""
        out = [np.zeros(self.tree.shape(clique)) for clique in self.tree.cliques]
        for m, table in zip(self.measurements, tables, strict=True):
            at = self._homes[m.columns]
            out[at] += spread(table, m.columns, self.tree.cliques[at])
        return out

    @property
    def _homes(self) -> Mapping[tuple[int, ...], int]:
        """The clique that holds each measured set."""
        return {m.columns: self.tree.home(m.columns) for m in self.measurements}
