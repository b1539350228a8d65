"""How alike each single column is."""

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._columns import Columns, Side, drawn
from synthesist.metrics._distribution import kolmogorov_smirnov
from synthesist.metrics._estimate import NOTHING, Estimate, estimate
from synthesist.metrics._scale import Scale

__all__ = ["ColumnShapes"]

Floats = npt.NDArray[np.float64]

SCALE = Scale(
    metric="column_shapes",
    title="Column shapes",
    family="fidelity",
    best=1.0,
    worst=0.0,
    meaning="How much the distribution of each column, taken alone, looks like the real one; 1 is the same.",
)


class ColumnShapes(Spec):
    """How alike each column is to the real one, taken alone: 1 is the same, 0 shares nothing.

    Numbers, moments and durations score 1 minus the two-sample Kolmogorov-Smirnov statistic,
    categories and truth values 1 minus the total variation distance; missing cells are left out
    (see `missingness`). A column whose synthetic cells are all missing scores 0, one without a real
    value is left out. The value is the mean over columns.

    These are the definitions of KSComplement and TVComplement in SDMetrics 0.32, less two details:
    numbers are not rounded to 14 decimals (which makes all values below 1e-14 equal), and no
    millionth of a row is added to categories that only the synthetic table has.

    The interval is that of the score expected at these numbers of rows, from the influence of every
    row on all columns together. Larger tables are judged by a random part of their rows, which `rows`
    in the details counts.

    When not to use: as the only number. Columns drawn independently of each other reach 1 here;
    `pair_trends` and `c2st` see what this one cannot.
    """

    standard = 12

    rows: int = knob(50_000, "most rows drawn from each table", tries=(50, 200), ge=1)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Compare synthetic with train; the reference compares holdout with train."""
        columns = drawn(case, self.rows, ctx)
        if columns.unusable:
            return SCALE.skip(columns.unusable)
        found, scores = _compare(columns, "synthetic")
        if not scores:
            return SCALE.skip("No column has a value in train.")
        reference, real = _compare(columns, "holdout")
        details = {
            column.name: {
                "score": scores[column.name],
                "reference": real[column.name],
                "measure": "KS" if column.numeric else "TV",
            }
            for column in columns.all
            if column.name in scores
        }
        return SCALE.score(found, reference, {"columns": details, "rows": dict(columns.rows)})


def _compare(columns: Columns, side: Side) -> tuple[Estimate, dict[str, float]]:
    """The mean score with its interval, and the score of each column."""
    ours = np.zeros(columns.rows["train"])
    theirs = np.zeros(columns.rows[side])
    scores: dict[str, float] = {}
    for column in columns.all:
        real, other = ~column.missing("train"), ~column.missing(side)
        if not real.any():
            continue
        if not other.any():
            scores[column.name] = 0.0
            continue
        cells = column["train"][real], column[side][other]
        found = kolmogorov_smirnov(*cells) if column.numeric else _total_variation(column.levels, *cells)
        scores[column.name], real_part, other_part = found
        ours[real] += (real_part - real_part.mean()) / real.mean()
        theirs[other] += (other_part - other_part.mean()) / other.mean()
    if not scores:
        return NOTHING, scores
    count = len(scores)
    return estimate(float(np.mean(list(scores.values()))), ours / count, theirs / count), scores


def _total_variation(
    levels: int, real: npt.NDArray[np.int64], other: npt.NDArray[np.int64]
) -> tuple[float, Floats, Floats]:
    """1 - half the sum over categories of |p - q|, and each row's part in it."""
    p = np.bincount(real, minlength=levels + 1) / len(real)
    q = np.bincount(other, minlength=levels + 1) / len(other)
    half_sign = np.sign(p - q) / 2
    return 1 - float(np.abs(p - q).sum()) / 2, -half_sign[real], half_sign[other]
