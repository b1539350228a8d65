"""How alike each pair of columns moves together."""

from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._cells import similarity
from synthesist.metrics._columns import Column, Columns, Side, drawn
from synthesist.metrics._estimate import NOTHING, Estimate, estimate
from synthesist.metrics._scale import Scale

__all__ = ["PairTrends"]

Array = npt.NDArray[Any]

SCALE = Scale(
    metric="pair_trends",
    title="Pair trends",
    family="fidelity",
    best=1.0,
    worst=0.0,
    meaning="How much every two columns go together as they do in the real data; 1 is the same.",
)
BINS = 10


class PairTrends(Spec):
    """How alike each pair of columns goes together: 1 is the same, 0 shares nothing.

    Two numeric columns score `1 - |r_real - r_synthetic| / 2` with Pearson's r over the rows where
    both have a value. Two categories, and a category with a number cut in 10 equal-width bins of
    the train range, score 1 minus the total variation distance of their contingency tables, in
    which missing is a value of its own. The value is the mean over all pairs. Constant columns
    trend with nothing and are left out.

    These are the definitions of CorrelationSimilarity and ContingencySimilarity in SDMetrics 0.32. Its
    QualityReport differs in three ways: it averages only pairs with |r| > 0.5 or Cramer's V > 0.3, it
    cuts each table in bins of its own range, and it draws its 50,000 rows without a seed. Where r is
    undefined in the synthetic table only, SDMetrics drops the pair; here r counts as 0.

    When not to use: as the only number. It is blind to what three columns do together, and to
    trends between numbers that are not linear; `c2st` sees both.
    """

    standard = 14

    rows: int = knob(50_000, "most rows drawn from each table", tries=(50, 200), ge=2)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Compare synthetic with train; the reference compares holdout with train."""
        columns = drawn(case, self.rows, ctx)
        if columns.unusable:
            return SCALE.skip(columns.unusable)
        found, scores = _compare(columns, "synthetic", ctx)
        if not scores:
            return SCALE.skip("There are no two columns whose values vary in train.")
        reference, real = _compare(columns, "holdout", ctx)
        pairs = [{"a": a, "b": b, "score": score, "reference": real[a, b]} for (a, b), score in scores.items()]
        return SCALE.score(found, reference, {"pairs": pairs, "rows": dict(columns.rows)})


def _compare(columns: Columns, side: Side, ctx: Context) -> tuple[Estimate, dict[tuple[str, str], float]]:
    """The mean score with its interval, and the score of each pair in column order."""
    varying = [column for column in columns.all if column.kind != "constant"]
    influences = np.zeros(columns.rows["train"]), np.zeros(columns.rows[side])
    scores = _correlations([column for column in varying if column.numeric], side, influences)
    cut = {column.name: _binned(column, side) for column in varying}
    pairs = list(combinations(varying, 2))
    for a, b in ctx.track(pairs, "pair trends"):
        if not (a.numeric and b.numeric):
            scores[a.name, b.name] = _contingency(cut[a.name], cut[b.name], influences)
    if not scores:
        return NOTHING, scores
    ordered = {(a.name, b.name): scores[a.name, b.name] for a, b in pairs if (a.name, b.name) in scores}
    value = float(np.mean(list(ordered.values())))
    return estimate(value, *(influence / len(ordered) for influence in influences)), ordered


def _correlations(numeric: list[Column], side: Side, influences: tuple[Array, Array]) -> dict[tuple[str, str], float]:
    """1 - |r_real - r_other| / 2 for every numeric pair whose real r exists."""
    if len(numeric) < 2:
        return {}
    ours, theirs = _Moments(numeric, "train"), _Moments(numeric, side)
    scores = {}
    for i, j in combinations(range(len(numeric)), 2):
        real, other = ours.r[i, j], theirs.r[i, j]
        if np.isnan(real):
            continue
        gap = real - (0.0 if np.isnan(other) else other)
        scores[numeric[i].name, numeric[j].name] = 1 - abs(float(gap)) / 2
        influences[0][:] -= np.sign(gap) / 2 * ours.influence(i, j)
        if not np.isnan(other):
            influences[1][:] += np.sign(gap) / 2 * theirs.influence(i, j)
    return scores


class _Moments:
    """Pearson's r of all pairs over the rows where both are present, by four matrix products."""

    def __init__(self, numeric: list[Column], side: Side) -> None:
        self.z = [_standard(column[side]) for column in numeric]
        self.present = [~column.missing(side) for column in numeric]
        z, present = np.array(self.z), np.array(self.present, dtype=float)
        self.n = present @ present.T
        n = np.maximum(self.n, 1)
        self.mean = z @ present.T / n  # mean[i, j]: of column i over the rows where j is present too
        self.variance = np.maximum(z**2 @ present.T / n - self.mean**2, 0)
        covariance = z @ z.T / n - self.mean * self.mean.T
        spread = np.sqrt(self.variance * self.variance.T)
        defined = (self.n > 1) & (np.minimum(self.variance, self.variance.T) > 1e-14)
        self.r = np.where(defined, np.clip(covariance / np.where(defined, spread, 1), -1, 1), np.nan)

    def influence(self, i: int, j: int) -> Array:
        """How each row moves r[i, j]: (a b - r (a^2 + b^2) / 2) of standard scores, 0 where one is missing."""
        a = (self.z[i] - self.mean[i, j]) / np.sqrt(self.variance[i, j])
        b = (self.z[j] - self.mean[j, i]) / np.sqrt(self.variance[j, i])
        both = self.present[i] & self.present[j]
        moved: Array = (a * b - self.r[i, j] * (a * a + b * b) / 2) * both * (len(both) / self.n[i, j])
        return moved


def _standard(cells: Array) -> Array:
    """Mean 0 and spread 1, so that sums of squares lose no digits; missing cells become 0."""
    if np.isnan(cells).all():
        return np.zeros_like(cells)
    centred = cells - np.nanmean(cells)
    spread = float(np.nanstd(centred))
    return np.nan_to_num(centred / spread if spread > 0 else centred * 0)


def _binned(column: Column, side: Side) -> tuple[int, Array, Array]:
    """How many codes there are, and those of train and of the other table; 0 is missing."""
    if not column.numeric:
        return column.levels + 1, column["train"], column[side]
    real = column["train"]
    filled = real[~np.isnan(real)]
    low, high = (filled.min(), filled.max()) if len(filled) else (0.0, 1.0)
    inner = np.linspace(low, high, BINS + 1)[1:-1]

    def cut(cells: Array) -> Array:
        return np.where(np.isnan(cells), 0, 1 + np.searchsorted(inner, cells, side="right"))

    return BINS + 1, cut(real), cut(column[side])


def _contingency(a: tuple[int, Array, Array], b: tuple[int, Array, Array], influences: tuple[Array, Array]) -> float:
    """1 - half the sum over cells of |p - q|; adds each row's part to the influences."""
    return similarity(a[1] * b[0] + b[1], a[2] * b[0] + b[2], a[0] * b[0], influences)
