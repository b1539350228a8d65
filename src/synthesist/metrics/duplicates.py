"""How many synthetic rows repeat each other, and how many are new."""

import numpy as np

from synthesist.core import Context, Evidence, Score, Spec
from synthesist.metrics._columns import encoded, judged
from synthesist.metrics._estimate import Estimate, estimate, sample, wilson
from synthesist.metrics._rows import Hashes, hashed
from synthesist.metrics._scale import Scale

__all__ = ["Duplicates"]

SCALE = Scale(
    metric="duplicates",
    title="Repeated rows",
    family="fidelity",
    best=0.0,
    worst=1.0,
    meaning="The share of synthetic rows that another one repeats; as many as in the holdout is right.",
)


class Duplicates(Spec):
    """The share of synthetic rows that repeat another one: as many as among as many holdout rows is right.

    Rows are equal when all cells are, keys and free text aside; missing equals missing. Of `n` rows with `d`
    different ones the value is `1 - d / n`. The more rows, the more repeat, so synthetic and holdout are drawn
    to the same number. Details hold `new_rows`, the share of these rows that train does not have, with the same of
    the holdout. The interval is the jackknife's, which Efron and Stein (1981, doi:10.1214/aos/1176345462) show to
    err on the wide side, and reaches three in n at least.

    When not to use: to see whether training rows are copied; `exact_copies` says what is beyond chance.
    """

    standard = 38

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Count in synthetic; the reference counts in as many holdout rows."""
        columns = encoded(case)
        if columns.unusable:
            return SCALE.skip(columns.unusable)
        names = list(judged(case))
        train = np.unique(hashed(case.train.table.select(names)))
        rows = min(columns.rows["synthetic"], columns.rows["holdout"])
        drawn = [
            hashed(side.table.select(names))[sample(ctx.rng(f"{name} rows"), side.table.height, rows)]
            for name, side in (("synthetic", case.synthetic), ("holdout", case.holdout))
        ]
        found, real = (_repeated(hashes) for hashes in drawn)
        new, real_new = (wilson(1 - float(np.isin(hashes, train).mean()), rows) for hashes in drawn)
        details = {"new_rows": {**new._asdict(), "reference": real_new.value}, "rows": rows}
        return SCALE.score(found, real, details)


def _repeated(hashes: Hashes) -> Estimate:
    """1 - the share of different rows, with its jackknife interval."""
    _, count = np.unique(hashes, return_counts=True)
    n = len(hashes)
    single = np.arange(n) < (count == 1).sum()  # rows whose loss would take one of the different ones
    found = estimate(1 - len(count) / n, single)
    return found._replace(high=min(max(found.high, found.value + 3 / n), 1.0))
