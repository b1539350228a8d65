"""Whether cells are missing as often as in the real table."""

import numpy as np
import polars as pl

from synthesist.core import Context, Evidence, Score, Spec
from synthesist.metrics._columns import empty_table
from synthesist.metrics._estimate import Estimate, estimate
from synthesist.metrics._scale import Scale

__all__ = ["Missingness"]

SCALE = Scale(
    metric="missingness",
    title="Missing cells",
    family="fidelity",
    best=0.0,
    worst=1.0,
    meaning="How far the share of missing cells is from the real share, averaged over columns; 0 is the same.",
)


class Missingness(Spec):
    """How far shares of missing cells differ from the real ones, on average: 0 is not, 1 is the opposite.

    Columns without a missing cell on either side are left out of the mean; where none has any, the
    value is 0. The interval follows from the influence of every row on all columns together, and
    reaches up to three in n rows at least (the rule of three: what n rows did not show).

    When not to use: to see which cells are missing together, or with which values; `pair_trends`
    and `c2st` see that.
    """

    standard = 32

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Compare synthetic with train; the reference compares holdout with train."""
        del ctx
        if reason := empty_table(case):
            return SCALE.skip(reason)
        found, shares = _gap(case.train.table, case.synthetic.table)
        reference, real = _gap(case.train.table, case.holdout.table)
        details = {
            name: {"train": train, "synthetic": synthetic, "holdout": real[name][1]}
            for name, (train, synthetic) in shares.items()
        }
        return SCALE.score(found, reference, {"columns": details})


def _gap(train: pl.DataFrame, other: pl.DataFrame) -> tuple[Estimate, dict[str, tuple[float, float]]]:
    """The mean difference of missing shares with its interval, and both shares of each column."""
    influences = np.zeros(train.height), np.zeros(other.height)
    shares: dict[str, tuple[float, float]] = {}
    gaps = []
    for name in train.columns:
        empty = train[name].is_null().to_numpy(), other[name].is_null().to_numpy()
        shares[name] = float(empty[0].mean()), float(empty[1].mean())
        if not any(shares[name]):
            continue
        gaps.append(abs(shares[name][1] - shares[name][0]))
        sign = np.sign(shares[name][1] - shares[name][0])
        influences[0][:] -= sign * empty[0]
        influences[1][:] += sign * empty[1]
    count = max(len(gaps), 1)
    found = estimate(sum(gaps) / count, *(influence / count for influence in influences))
    return found._replace(high=min(max(found.high, 3 / min(train.height, other.height)), 1.0)), shares
