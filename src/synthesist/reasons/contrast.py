"""Where two samples of one coded column differ, with exact p-values, and the weights that make them alike.

Cells are compared by the binomial test of how a cell's rows fall to the two samples. Columns whose codes have an order
are searched over all runs of neighbouring cells. Weighted rows count as their effective number (Kish 1965).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "Contrast",
    "Shares",
    "View",
    "Weights",
    "Z",
    "binomial_p",
    "contrast",
    "matched",
    "said",
    "shares_of",
    "two_shares_g",
]

Array = npt.NDArray[Any]
Z = 1.959963984540054
LEAST_OVERLAP = 0.05  # samples that share less cannot be made alike by weights


@dataclass(frozen=True)
class View:
    """One way to look at a column or pair: codes of the real and of the synthetic rows, -1 where a row has none.

    `words(first, last)` says in words which rows have codes first..last. Cells of too few real rows must not be told
    apart by them.
    """

    columns: tuple[str, ...]
    kind: str
    real: Array
    synthetic: Array
    size: int
    words: Callable[[int, int], str]
    ordered: bool = True


@dataclass(frozen=True)
class Weights:
    """What every real and every synthetic row counts."""

    real: Array
    synthetic: Array


@dataclass(frozen=True)
class Shares:
    """The cells of both samples: real[cell] and synthetic[cell] sum to 1; effective numbers of rows."""

    real: Array
    synthetic: Array
    real_rows: float
    synthetic_rows: float
    part: float
    """The share of all rows that have a code."""

    @property
    def harmonic(self) -> float:
        """The number of rows that differences are measured with."""
        return self.real_rows * self.synthetic_rows / (self.real_rows + self.synthetic_rows)


@dataclass(frozen=True)
class Contrast:
    """The run of cells in which a view differs most."""

    view: View
    first: int
    last: int
    real: float
    synthetic: float
    low: float
    high: float
    p: float
    strength: float
    """Nats by which a row gives itself away, all cells taken together."""


def contrast(view: View, weights: Weights) -> Contrast | None:
    """The run of cells that differs most surely, its p corrected for all runs; None without rows to compare."""
    shares = shares_of(view, weights)
    if shares is None:
        return None
    first, last = _runs(view)
    real, synthetic = _sums(shares.real, first, last), _sums(shares.synthetic, first, last)
    gain = two_shares_g(real, synthetic, shares)
    best, found = _least_likely(view, first, last, real, synthetic, gain, shares)
    ends, p, q = (int(first[best]), int(last[best])), float(real[best]), float(synthetic[best])
    if view.ordered and p > 0.5 and 0 in (ends[0], view.size - 1 - ends[1]):  # the rest is told more easily
        ends = (ends[1] + 1, view.size - 1) if ends[0] == 0 else (0, ends[0] - 1)
        p, q = max(1 - p, 0.0), max(1 - q, 0.0)
    error = Z * float(np.sqrt(p * (1 - p) / shares.real_rows + q * (1 - q) / shares.synthetic_rows))
    whole = _g(shares.real, shares.synthetic, shares)
    used = int(((shares.real + shares.synthetic) > 0).sum())
    excess = max(whole - used + 1, float(gain[best]) - 1, 0.0)
    strength = shares.part * excess / (2 * shares.harmonic)
    return Contrast(view, *ends, p, q, q - p - error, q - p + error, found, strength)


def said(*words: str) -> Callable[[int, int], str]:
    """The words of cells that are told one by one."""
    return lambda first, last: words[last]


def shares_of(view: View, weights: Weights) -> Shares | None:
    """The weighted share of every cell on both sides; None where a side has no row."""
    sides = []
    for codes, weight in ((view.real, weights.real), (view.synthetic, weights.synthetic)):
        kept = codes >= 0
        mass = np.bincount(codes[kept], weight[kept], view.size)
        square, total = float((weight[kept] ** 2).sum()), float(mass.sum())
        if total <= 0:
            return None
        sides.append((mass / total, total**2 / square, total / float(weight.sum())))
    (real, n, part), (synthetic, m, other) = sides
    return Shares(real, synthetic, n, m, min(part, other))


def matched(view: View, weights: Weights) -> Weights:
    """Weights under which both sides fill every cell of the view alike: the larger side counts less.

    They lie between 0 and 1, so that no row comes to count for many (matching weights: Li and Greene 2013,
    doi:10.1515/ijb-2012-0030). Unchanged where the two sides hardly overlap.
    """
    shares = shares_of(view, weights)
    if shares is None or float(np.minimum(shares.real, shares.synthetic).sum()) < LEAST_OVERLAP:
        return weights
    with np.errstate(divide="ignore", invalid="ignore"):
        keep = np.nan_to_num(np.minimum(1.0, shares.synthetic / shares.real), nan=0.0)
        make = np.nan_to_num(np.minimum(1.0, shares.real / shares.synthetic), nan=0.0)
    return replace(
        weights,
        real=weights.real * np.where(view.real < 0, 1.0, keep[view.real]),
        synthetic=weights.synthetic * np.where(view.synthetic < 0, 1.0, make[view.synthetic]),
    )


def binomial_p(real: float, synthetic: float, shares: Shares) -> float:
    """The exact two-sided p of a cell with these shares: how its rows fall to the two samples.

    A cell that holds most rows is tested by the rest of the rows.
    """
    from scipy.special import betainc

    if real + synthetic > 1:
        real, synthetic = 1 - real, 1 - synthetic
    ours, theirs = max(real, 0.0) * shares.real_rows, max(synthetic, 0.0) * shares.synthetic_rows
    part = shares.synthetic_rows / (shares.real_rows + shares.synthetic_rows)
    most = betainc(theirs, ours + 1, part) if theirs > 0 else 1.0
    least = betainc(ours, theirs + 1, 1 - part) if ours > 0 else 1.0
    return float(min(1.0, 2 * min(most, least)))


def two_shares_g(real: Array, synthetic: Array, shares: Shares) -> Array:
    """The G statistic of each cell against the rest."""
    return _parts(real, synthetic, shares) + _parts(1 - real, 1 - synthetic, shares)


def _g(real: Array, synthetic: Array, shares: Shares) -> float:
    return float(_parts(real, synthetic, shares).sum())


def _parts(real: Array, synthetic: Array, shares: Shares) -> Array:
    """What each cell adds to the likelihood ratio of two distributions against one."""
    n, m = shares.real_rows, shares.synthetic_rows
    real, synthetic = np.maximum(real, 0.0), np.maximum(synthetic, 0.0)
    both = (n * real + m * synthetic) / (n + m)
    with np.errstate(divide="ignore", invalid="ignore"):
        ours = np.where(real > 0, n * real * np.log(real / both), 0.0)
        theirs = np.where(synthetic > 0, m * synthetic * np.log(synthetic / both), 0.0)
    return np.asarray(2 * (ours + theirs))


def _runs(view: View) -> tuple[Array, Array]:
    """First and last cell of every run looked at: all that are not the whole, or single cells; of two the last."""
    if view.size == 2:
        return np.array([1]), np.array([1])
    if not view.ordered:
        return np.arange(view.size), np.arange(view.size)
    first, last = np.triu_indices(view.size)
    proper = last - first < view.size - 1
    return (first[proper], last[proper]) if view.size > 1 else (first, last)


def _least_likely(
    view: View, first: Array, last: Array, real: Array, synthetic: Array, gain: Array, shares: Shares
) -> tuple[int, float]:
    """The run that is least likely by chance, and its p among all runs.

    Tails and single cells share one half of what the runs may err, all others the other half: they are few, and what
    is clipped, dropped, heaped or invented lies there.
    """
    plain = (first == 0) | (last == view.size - 1) | (first == last)
    kinds = [np.flatnonzero(kind) for kind in (plain, ~plain) if kind.any()]
    tops = [int(kind[np.argmax(gain[kind])]) for kind in kinds]
    tested = [
        min(1.0, len(kinds) * len(kind) * binomial_p(float(real[top]), float(synthetic[top]), shares))
        for kind, top in zip(kinds, tops, strict=True)
    ]
    best = min(range(len(kinds)), key=lambda k: (tested[k], -gain[tops[k]]))
    return tops[best], tested[best]


def _sums(shares: Array, first: Array, last: Array) -> Array:
    upto = np.concatenate([[0.0], np.cumsum(shares)])
    return np.asarray(upto[last + 1] - upto[first])
