"""How many synthetic rows are training rows, beyond what chance explains."""

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec
from synthesist.metrics._columns import encoded, judged
from synthesist.metrics._estimate import Estimate, sample
from synthesist.metrics._rows import Hashes, hashed
from synthesist.metrics._scale import Scale

__all__ = ["ExactCopies"]

SCALE = Scale(
    metric="exact_copies",
    title="Exact copies beyond chance",
    family="privacy",
    best=0.0,
    worst=1.0,
    meaning="The share of synthetic rows that equal a training row, less the share that equal one of as many "
    "unseen rows; 0 or below is what chance gives.",
)
_Z95, _Z99_ONE_SIDED = 1.959963984540054, 2.3263478740408408


class ExactCopies(Spec):
    """The share of synthetic rows equal to a training row, less that equal to an unseen row: 0 is chance.

    Two rows are equal when all cells are, in storage form, keys and free text aside; missing equals
    missing. Train is drawn down to the size of the holdout (or the other way round), so that both
    are hit as often by chance. The interval is that of Agresti and Min for matched shares (2005,
    doi:10.1002/sim.1781), widened for synthetic rows that equal each other. Details give
    the lower end of the one-sided 99 % interval, both shares, and the share that equal any row of
    the whole training table. The reference is half the holdout against the other half.

    When not to use: for tables of few coarse columns, where most rows are equal by chance and the
    difference says little; nor to call data anonymous, since a copy with one cell changed is none here.
    """

    standard = 80

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Compare synthetic with train and holdout; the reference compares half the holdout with the rest."""
        columns = encoded(case)
        if columns.unusable:
            return SCALE.skip(columns.unusable)
        if columns.rows["holdout"] < 2:
            return SCALE.skip("The holdout needs at least 2 rows.")
        names = list(judged(case))
        train, holdout, synthetic = (
            hashed(side.table.select(names)) for side in (case.train, case.holdout, case.synthetic)
        )
        holdout = holdout[sample(ctx.rng("holdout rows"), len(holdout), len(holdout))]
        train = train[sample(ctx.rng("train rows"), len(train), len(train))]
        found, details = _excess(synthetic, train, holdout)
        middle = len(holdout) // 2
        reference, _ = _excess(holdout[:middle], train, holdout[middle:])
        return SCALE.score(found, reference, details)


def _excess(made: Hashes, train: Hashes, unseen: Hashes) -> tuple[Estimate, dict[str, float | int]]:
    """The share of `made` found in train less the share found in as many unseen rows."""
    size = min(len(train), len(unseen))
    distinct, count = np.unique(made, return_counts=True)
    count = count.astype(float)

    def found_in(stock: Hashes) -> npt.NDArray[np.bool_]:
        return np.isin(distinct, stock)

    in_train, in_unseen = found_in(train[:size]), found_in(unseen[:size])
    n, gain, loss = len(made), count[in_train].sum(), count[in_unseen].sum()
    spread = float((count[in_train ^ in_unseen] ** 2).sum())  # equal rows go the same way together
    middle = (gain - loss) / (n + 2)
    error = np.sqrt(max(spread + 1 - (gain - loss) ** 2 / (n + 2), 0)) / (n + 2)
    found = Estimate((gain - loss) / n, max(middle - _Z95 * error, -1.0), min(middle + _Z95 * error, 1.0))
    return found, {
        "low_99_one_sided": max(float(middle - _Z99_ONE_SIDED * error), -1.0),
        "share_in_train": float(gain / n),
        "share_in_holdout": float(loss / n),
        "share_in_all_of_train": float(count[found_in(train)].sum() / n),
        "rows": n,
        "stock": size,
    }
