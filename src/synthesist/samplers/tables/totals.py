"""Numbers of rows that come to an exact sum, and stay as much as they can what was declared.

The rows above each owner's fewest are balls in urns. Too many are taken away at random, one as likely as another:
what is left of Poisson, binomial or negative binomial counts is such again. Rows that are missing are added one
after the other, to an owner as often as it has rows above the fewest, and a constant more: Pólya's urn. The constant
follows from the mean and the variance of the counts, so that geometric and negative binomial counts (and Poisson
ones, where it is infinite) are just those that have this sum. Counts that vary less than Poisson's and have an upper
end fill their free places at random, as binomial ones do. All of this is drawn for blocks first, then within each.

References: Eggenberger and Pólya, ZAMM 3(4), 1923, doi:10.1002/zamm.19230030407; Johnson and Kotz, Urn Models and
Their Application, 1977.
"""

from dataclasses import dataclass

import numpy as np

from synthesist.core import Context
from synthesist.errors import DataError

__all__ = ["Counted", "Exact", "exact"]

MOST_DRAWN = 10**9  # balls of an urn from which numpy draws exactly


@dataclass(frozen=True)
class Counted:
    """The numbers of rows as declared, summed up in every block."""

    owners: np.ndarray
    rows: np.ndarray
    squares: np.ndarray


@dataclass(frozen=True, eq=False)
class Exact:
    """How the numbers of rows of each block change, so that all come to an exact sum."""

    fewest: int
    most: int | None
    constant: float
    """Of the urn; infinite where all owners are alike. Below zero: free places are filled."""
    change: np.ndarray
    """Rows to add, or below zero to take away, in each block."""

    def counts(self, declared: np.ndarray, block: int, ctx: Context) -> np.ndarray:
        """The number of rows of each owner of a block."""
        change, rng = int(self.change[block]), ctx.rng("total")
        above = declared - self.fewest
        if change < 0:
            return np.asarray(self.fewest + above - _taken(above, -change, rng))
        free = None if self.most is None else self.most - declared
        return np.asarray(declared + _added(above, free, np.ones(len(above)), change, self.constant, rng))


def exact(counted: Counted, total: int, bounds: tuple[int, int | None], table: str, owner: str, ctx: Context) -> Exact:
    """The change of each block that brings the sum of all counts to `total`.

    Raises:
        DataError: no counts between the bounds have this sum.
    """
    (fewest, most), owners = bounds, int(counted.owners.sum())
    if total < fewest * owners or (most is not None and total > most * owners):
        each = (
            f"{fewest:,}"
            if fewest == most
            else f"{fewest:,} to {most:,}"
            if most is not None
            else f"{fewest:,} or more"
        )
        raise DataError(
            f"`{table}` cannot have {total:,} rows: there are {owners:,} `{owner}`, and each has {each}. "
            f"Ask for another number, or for other `{owner}`."
        )
    rng, above = ctx.rng("total"), counted.rows - fewest * counted.owners
    change, constant = total - int(counted.rows.sum()), _constant(counted, fewest, most)
    if change < 0:
        return Exact(fewest, most, constant, -_taken(above, -change, rng))
    free = None if most is None else most * counted.owners - counted.rows
    return Exact(fewest, most, constant, _added(above, free, counted.owners, change, constant, rng))


def _constant(counted: Counted, fewest: int, most: int | None) -> float:
    """What is added to the rows of an owner to weigh it: mean² / (variance - mean), as of a negative binomial."""
    owners = max(int(counted.owners.sum()), 1)
    mean = float(counted.rows.sum()) / owners
    beyond = float(counted.squares.sum()) / owners - mean**2 - (mean - fewest)
    if mean <= fewest or (beyond <= 0 and most is None):
        return np.inf
    return (mean - fewest) ** 2 / beyond if beyond else np.inf


def _taken(balls: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """How many of n balls come from each urn, where any ball is as likely as another."""
    if balls.sum() < MOST_DRAWN:
        return np.asarray(rng.multivariate_hypergeometric(balls, n, method="marginals"))
    ends = np.round(np.cumsum(balls) * (n / balls.sum())).astype(np.int64)  # chance would change one in 10,000
    return np.minimum(np.diff(ends, prepend=0), balls)


def _added(
    above: np.ndarray, free: np.ndarray | None, owners: np.ndarray, n: int, constant: float, rng: np.random.Generator
) -> np.ndarray:
    """How many of n more rows go to each place, which has so many owners, rows above the fewest, and free places."""
    if constant < 0 and free is not None:
        return _taken(free, n, rng)
    weights = owners.astype(np.float64) if np.isinf(constant) else rng.gamma(above + owners * constant)
    weights += np.where(owners > 0, np.finfo(float).tiny, 0.0)
    added = np.zeros(len(above), dtype=np.int64)
    while n:
        open_ = weights if free is None else np.where(added < free, weights, 0.0)
        if not open_.any():  # what is left goes wherever there is room
            assert free is not None
            return added + _taken(free - added, n, rng)
        added += rng.multinomial(n, open_ / open_.sum())
        over = 0 if free is None else np.maximum(added - free, 0)
        added -= over
        n = int(np.sum(over))
    return added
