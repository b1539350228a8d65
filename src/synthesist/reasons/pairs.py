"""Where two columns do not go together as in reality, beyond what either alone shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.data.kinds import Duration, Kind
from synthesist.metrics._columns import Column
from synthesist.reasons.calendar import coarse_calendar_views, microseconds
from synthesist.reasons.contrast import Shares, View, Weights, binomial_p, said, shares_of, two_shares_g
from synthesist.reasons.sides import Sides
from synthesist.reasons.views import category_view, number_view

__all__ = ["PairGap", "coarse_views", "differences", "gap_of", "pair_gap", "pair_views"]

Array = npt.NDArray[Any]
COARSE = 8  # bins of a number beside another column
COARSE_ATOM = 0.03
COARSE_LEVELS = 16
FEW = 10.0  # rows a cell must be expected to hold to be looked at by itself
TESTS = 4
LEAST_TREND = 0.005  # a smaller change of a rank correlation is none
CARRIED = 50  # rows that a trend must rest on for its z to be normal
FREE = 0.01  # of the product of two ranks, what the margins must leave open for a trend to mean anything


@dataclass(frozen=True)
class PairGap:
    """What two columns show together when both alone are alike on both sides.

    `real` and `synthetic` are tables [cell of a, cell of b] of equal margins.
    """

    a: View
    b: View
    joint: View
    real: Array
    synthetic: Array
    shares: Shares
    correlations: tuple[float, float]
    p: float
    strength: float
    rare: tuple[float, float]
    """The shares of rows in combinations that hardly any real row has."""
    by: str
    """Which of the tests is the clearest: trend, rare, cell, table."""
    association: float
    """How far from independence both sides together are, in nats a row."""

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from other pairs: two columns may be looked at in several ways."""
        return (*self.joint.columns, self.a.kind, self.b.kind)


def coarse_views(sides: Sides, columns: Sequence[Column]) -> list[View]:
    """A view of few cells for each column that varies, several of a moment; what is missing is a cell, the last."""
    found = []
    for column in columns:
        real, made = sides.real(column), sides.synthetic(column)
        if column.numeric:
            name = f"`{column.name}`"
            view = number_view((column.name,), name, sides.kind(column.name), real, made, COARSE, COARSE_ATOM)
        else:
            view = category_view(sides, column, real, made, COARSE_LEVELS)
        parts = [view]
        if column.kind == "moment":
            parts += coarse_calendar_views(column.name, sides.kind(column.name), real, made)
        full = (_with_missing(part) for part in parts)
        found += [part for part in full if part.size > 1 and len(np.unique(part.real)) > 1]
    return found


def pair_views(views: Sequence[View]) -> Iterator[tuple[View, View, View]]:
    """Every two views and the table of both."""
    for a, b in combinations(views, 2):
        if a.columns != b.columns:
            yield a, b, joint(a, b)


def joint(a: View, b: View) -> View:
    """The table of two views as one: code = code of a * size of b + code of b."""

    def words(first: int, last: int) -> str:
        del first
        return f"{a.words(last // b.size, last // b.size)} with {b.words(last % b.size, last % b.size)}"

    real, made = a.real * b.size + b.real, a.synthetic * b.size + b.synthetic
    return View((*a.columns, *b.columns), "together", real, made, a.size * b.size, words, ordered=False)


def pair_gap(a: View, b: View, both: View, weights: Weights) -> PairGap | None:
    """How the two go together on both sides, once the synthetic margins are those of the real rows."""
    shares = shares_of(both, weights)
    if shares is None:
        return None
    real, made = shares.real.reshape(a.size, b.size), shares.synthetic.reshape(a.size, b.size)
    made = _raked(made, real)
    expected = np.minimum(shares.real_rows, shares.synthetic_rows) * (real + made) / 2
    common = (expected >= FEW) & (real * shares.real_rows >= FEW / 2)
    rare = float(real[~common].sum()), float(made[~common].sum())
    gain = np.where(common, two_shares_g(real, made, shares), 0.0)
    top = np.unravel_index(int(np.argmax(gain)), gain.shape)
    z, trend = _trend(a, b, real, made, shares)
    tests = {
        "trend": (_normal_p(z), z**2),
        "rare": (binomial_p(*rare, shares), float(two_shares_g(np.array(rare[0]), np.array(rare[1]), shares))),
        "cell": (min(1.0, max(int(common.sum()), 1) * binomial_p(real[top], made[top], shares)), float(gain[top])),
        "table": _table_p(real, made, common, shares),
    }
    by = min(tests, key=lambda name: (tests[name][0], -tests[name][1]))
    p = min(1.0, TESTS * tests[by][0])
    strength = shares.part * max(max(gain for _, gain in tests.values()) - 1, 0.0) / (2 * shares.harmonic)
    return PairGap(a, b, both, real, made, shares, trend, p, strength, rare, by, _association(real, made, shares))


def differences(sides: Sides, columns: Sequence[Column]) -> Iterator[View]:
    """For numbers of one kind that lie in one range: which is the larger, and by how much."""
    for a, b in combinations([column for column in columns if column.numeric], 2):
        if ("moment" in (a.kind, b.kind) or "duration" in (a.kind, b.kind)) and a.kind != b.kind:
            continue
        real_a, real_b = sides.real(a), sides.real(b)
        if a.kind == "moment" and real_a.dtype == real_b.dtype and not _one_range(real_a, real_b):
            continue
        if a.kind != "moment" and not _one_range(real_a, real_b):
            continue
        gaps = real_b - real_a, sides.synthetic(b) - sides.synthetic(a)
        words = (f"`{b.name}` below `{a.name}`", f"`{b.name}` equal to `{a.name}`", f"`{b.name}` above `{a.name}`")
        order = [np.where(np.isnan(gap), -1, 1 + np.sign(np.nan_to_num(gap))).astype(np.int64) for gap in gaps]
        names = (a.name, b.name)
        if len(np.unique(np.concatenate(order))) > 1:
            yield View(names, "order", order[0], order[1], 3, said(*words), ordered=False)
        real, made, kind = gap_of(sides, a, b)
        view = number_view(names, f"`{b.name}` - `{a.name}`", kind, real, made)
        yield replace(view, kind="difference")


def gap_of(sides: Sides, a: Column, b: Column) -> tuple[Array, Array, Kind]:
    """b - a of the real and of the synthetic rows, and what kind of number it is."""
    real, made, kind = sides.real(b) - sides.real(a), sides.synthetic(b) - sides.synthetic(a), sides.kind(b.name)
    if kind.kind == "moment":
        return microseconds(kind, real), microseconds(kind, made), Duration()
    return real, made, kind


def _one_range(a: Array, b: Array) -> bool:
    """Whether the middle halves of two columns overlap."""
    if np.isnan(a).all() or np.isnan(b).all():
        return False
    (low, high), (other_low, other_high) = (np.nanquantile(cells, (0.25, 0.75)) for cells in (a, b))
    return bool(low <= other_high and other_low <= high)


def _with_missing(view: View) -> View:
    """The same with one more cell, of the rows that have no code, where there are any."""
    if (view.real >= 0).all() and (view.synthetic >= 0).all():
        return view
    last = view.size
    name = view.columns[0]

    def words(first: int, end: int) -> str:
        if end < last:
            return view.words(first, end)
        return f"`{name}` missing" if first == last else f"{view.words(first, last - 1)} or missing"

    real, made = (np.where(codes < 0, last, codes) for codes in (view.real, view.synthetic))
    return replace(view, real=real, synthetic=made, size=view.size + 1, words=words)


def _raked(table: Array, to: Array, rounds: int = 12) -> Array:
    """A table with the margins of another, by iterative proportional fitting (Deming and Stephan 1940)."""
    table = table.copy()
    for _ in range(rounds):
        for axis in (1, 0):
            have, want = table.sum(axis=axis, keepdims=True), to.sum(axis=axis, keepdims=True)
            table *= np.divide(want, have, out=np.ones_like(want), where=have > 0)
    return table / max(float(table.sum()), 1e-300)


def _trend(a: View, b: View, real: Array, made: Array, shares: Shares) -> tuple[float, tuple[float, float]]:
    """z of the difference of the rank correlations, and both of them; 0 where a column has no order."""
    if not (a.ordered and b.ordered):
        return 0.0, (0.0, 0.0)
    pooled = (real * shares.real_rows + made * shares.synthetic_rows) / (shares.real_rows + shares.synthetic_rows)
    u, v = _scores(pooled.sum(axis=1)), _scores(pooled.sum(axis=0))
    product = np.outer(u, v)
    row, column = pooled.sum(axis=1, keepdims=True), pooled.sum(axis=0, keepdims=True)
    free = product.copy()
    for _ in range(3):  # what the margins do not fix already
        free -= (free * pooled).sum(axis=1, keepdims=True) / np.maximum(row, 1e-12)
        free -= (free * pooled).sum(axis=0, keepdims=True) / np.maximum(column, 1e-12)
    left = float((free**2 * pooled).sum())
    ours, theirs = float((product * real).sum()), float((product * made).sum())
    carried = shares.harmonic * left**2 / max(float((free**4 * pooled).sum()), 1e-300)
    if left < FREE or abs(theirs - ours) < LEAST_TREND or carried < CARRIED:
        return 0.0, (ours, theirs)
    return (theirs - ours) / (left / shares.harmonic) ** 0.5, (ours, theirs)


def _scores(mass: Array) -> Array:
    """Middle ranks of ordered cells, of mean 0 and spread 1."""
    middle = np.cumsum(mass) - mass / 2
    centred = middle - (middle * mass).sum()
    return np.asarray(centred / max(float((centred**2 * mass).sum()), 1e-12) ** 0.5)


def _association(real: Array, made: Array, shares: Shares) -> float:
    """The mutual information of both sides taken together."""
    both = (real * shares.real_rows + made * shares.synthetic_rows) / (shares.real_rows + shares.synthetic_rows)
    apart = np.outer(both.sum(axis=1), both.sum(axis=0))
    here = both > 0
    return float((both[here] * np.log(both[here] / apart[here])).sum())


def _table_p(real: Array, made: Array, common: Array, shares: Shares) -> tuple[float, float]:
    """Pearson's test over the common cells: its p, and how far it is above what chance gives."""
    from scipy.special import chdtrc

    degrees = (int((real.sum(axis=1) > 0).sum()) - 1) * (int((real.sum(axis=0) > 0).sum()) - 1)
    degrees = min(degrees, int(common.sum()) - 1)
    if degrees < 1:
        return 1.0, 0.0
    pooled = (real * shares.real_rows + made * shares.synthetic_rows) / (shares.real_rows + shares.synthetic_rows)
    square = float(((real - made)[common] ** 2 / pooled[common]).sum() * shares.harmonic)
    return float(chdtrc(degrees, square)), square - degrees + 1


def _normal_p(z: float) -> float:
    from scipy.special import erfc

    return float(erfc(abs(z) / 2**0.5))
