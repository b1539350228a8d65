"""Whether synthetic rows repeat train, or each other, more than real rows do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.reasons.contrast import View
from synthesist.reasons.sides import K, Sides

__all__ = ["Part", "Repeats", "copied", "gathered", "more_of_train", "repeated"]

Array = npt.NDArray[Any]
TO_TWO_THIRDS = 2 / 3
"""A part of the table is named if so many of the repeats lie in it."""
SURE = 1e-4


@dataclass(frozen=True)
class Repeats:
    """Rows that come again: where, how many on each side, and the p of so many."""

    where: str
    columns: tuple[str, ...]
    real: float
    synthetic: float
    p: float


@dataclass(frozen=True)
class Part:
    """A cell of a view."""

    view: View
    cell: int

    @property
    def where(self) -> str:
        """The cell in words."""
        return self.view.words(self.cell, self.cell)

    @property
    def columns(self) -> tuple[str, ...]:
        """The column of the view."""
        return self.view.columns

    @property
    def real(self) -> Array:
        """Which real rows lie in it."""
        return np.asarray(self.view.real == self.cell)

    @property
    def synthetic(self) -> Array:
        """Which synthetic rows lie in it."""
        return np.asarray(self.view.synthetic == self.cell)


def copied(sides: Sides, parts: Sequence[View]) -> Repeats | None:
    """Synthetic rows that are rows of train.

    Had the synthetic rows nothing to do with train in particular, a real row that occurs once would be met as often
    if it lies in train as if it lies in the holdout: the binomial test of that is exact.
    """
    ours, made = _keys(sides)
    _, inverse, counts = np.unique(ours, return_inverse=True, return_counts=True)
    single = counts[inverse] == 1
    met = single & np.isin(ours, made)
    train = ~sides.unseen
    part = float(train[single].mean()) if single.any() else 1.0
    if not 0 < part < 1:
        return None
    again = np.isin(ours, ours[train]), np.isin(made, ours[train])
    whole = int((met & train).sum())
    tests = 1 + sum(view.size for view in parts)
    everywhere = again[0][~train].mean(), again[1].mean()
    found = [_judged("", (), whole, int((met & ~train).sum()), part, tests, *everywhere)]
    for view in parts:
        for cell in range(view.size):
            here, there = view.real == cell, view.synthetic == cell
            hits, misses = int((met & train & here).sum()), int((met & ~train & here).sum())
            dense = hits >= TO_TWO_THIRDS * whole and hits > 2 * whole * here.mean()
            if hits >= K and dense and (here & ~train).any():
                shares = again[0][here & ~train].mean(), again[1][there].mean()
                found.append(_judged(view.words(cell, cell), view.columns, hits, misses, part, tests, *shares))
    return max((f for f in found[1:] if f.p <= SURE), key=lambda f: f.synthetic, default=found[0])


def _judged(
    where: str, columns: tuple[str, ...], hits: int, misses: int, part: float, tests: int, real: float, made: float
) -> Repeats:
    """The copies in a part of the table, where `hits` rows of train and `misses` of the holdout are met."""
    return Repeats(where, columns, float(real), float(made), min(1.0, tests * more_of_train(hits, misses, part)))


def repeated(sides: Sides, parts: Sequence[View]) -> tuple[Repeats, Array] | None:
    """Synthetic rows that come twice, and which they are beyond the first of each."""
    ours, made = _keys(sides)
    p = _more_pairs(ours, made)
    extra = ~_firsts(made)
    if not extra.any():
        return None
    real, share = float((~_firsts(ours)).mean()), float(extra.mean())
    if (part := gathered(extra, parts)) is None:
        return Repeats("", (), real, share, p), extra
    real, share = float((~_firsts(ours[part.real])).mean()), float(extra[part.synthetic].mean())
    return Repeats(part.where, part.columns, real, share, p), extra


def gathered(which: Array, parts: Sequence[View]) -> Part | None:
    """The part of the table that these synthetic rows lie in, the densest; None where they lie everywhere."""
    densest, found = float(which.mean()), None
    for view in parts:
        for cell in range(view.size):
            there = view.synthetic == cell
            held = float(which[there].sum()) / max(int(which.sum()), 1)
            small = there.mean() < 0.5 * held and (view.real == cell).sum() >= K
            if small and held >= TO_TWO_THIRDS and float(which[there].mean()) > densest:
                densest, found = float(which[there].mean()), Part(view, cell)
    return found


def _keys(sides: Sides) -> tuple[Array, Array]:
    """A 64-bit number for every row, equal where all judged cells are."""
    out = []
    for side in (0, 1):
        key = np.zeros(len(sides.unseen) if side == 0 else len(sides.rows["synthetic"]), dtype=np.uint64)
        for column in sides.columns.all:
            cells = (sides.real, sides.synthetic)[side](column).astype(np.float64)
            bits = np.where(np.isnan(cells), np.inf, cells + 0.0).view(np.uint64)
            key = _mixed(key ^ _mixed(bits))
        out.append(key)
    return out[0], out[1]


def _mixed(x: Array) -> Array:
    """The finaliser of splitmix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195)."""
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(x ^ (x >> np.uint64(31)))


def _firsts(keys: Array) -> Array:
    first = np.zeros(len(keys), bool)
    first[np.unique(keys, return_index=True)[1]] = True
    return first


def more_of_train(hits: int, misses: int, part: float) -> float:
    """P(at least so many hits) where each of hits + misses is one with probability `part`."""
    from scipy.special import betainc

    return float(betainc(hits, misses + 1, part)) if hits else 1.0


def _more_pairs(ours: Array, made: Array) -> float:
    """The p of so many equal pairs among synthetic rows, given how many there are among real ones.

    Pairs of one row are not independent: they count as fewer, by how much their number varies.
    """
    rates, pairs, variances, chances = [], [], [], []
    for keys in (ours, made):
        n = len(keys)
        _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
        mates = counts[inverse] - 1.0
        most = n * (n - 1) / 2
        rates.append(mates.sum() / 2 / max(most, 1))
        pairs.append(mates.sum() / 2)
        chances.append(most)
        variances.append(n * float(np.var(mates)) + mates.sum() / 2)
    if rates[1] <= rates[0]:
        return 1.0
    spread = max(variances[0] / max(pairs[0], 1.0), variances[1] / max(pairs[1], 1.0), 1.0)
    part = chances[1] / (chances[0] + chances[1])
    from scipy.special import betainc

    return float(betainc(pairs[1] / spread, pairs[0] / spread + 1, part))
