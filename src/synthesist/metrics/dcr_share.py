"""Whether synthetic rows lie nearer to the rows learnt from than to rows never seen."""

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._columns import Columns, Side, encoded
from synthesist.metrics._estimate import Estimate, sample, wilson
from synthesist.metrics._nearest import Gower
from synthesist.metrics._scale import Scale

__all__ = ["DCRShare"]

Rows = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int32]

SCALE = Scale(
    metric="dcr_share",
    title="DCR share (memorisation smoke test)",
    family="privacy",
    best=0.5,
    worst=1.0,
    meaning="The share of synthetic rows nearer to the training rows than to as many unseen rows; 0.5 is no pull. "
    "A smoke test of memorisation, never a verdict on privacy.",
)


class DCRShare(Spec):
    """The share of synthetic rows nearer to training rows than to as many rows never seen: 0.5 is no pull.

    A smoke test of memorisation, never a verdict on privacy: a value above 0.5 says that the model
    pulls towards its training rows, a value of 0.5 does not say that nobody can be found (Yao et al.
    2025, The DCR Delusion, arXiv:2505.01524). The distance to the closest record is Gower's; a row
    equally near to both counts half. Train and holdout are drawn to the same size. The reference is
    one half of the holdout, judged against train and the other half.

    Details hold the nearest-neighbour distance ratio beside it (`nndr_to_train`, `nndr_to_holdout`: medians, to be
    compared with each other), which is a smoke test too: low to train alone means rows drawn to single records.

    The interval allows for many synthetic rows having the same nearest row.

    When not to use: to call data anonymous. Use `membership` and `exact_copies`, and where
    a promise is needed a method with differential privacy.
    """

    standard = 90

    rows: int = knob(10_000, "most synthetic rows that are tested", tries=(50, 100), ge=1)
    stock: int = knob(20_000, "most rows of train and of holdout they are compared with", tries=(50, 100), ge=1)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Compare synthetic with train and holdout; the reference compares half the holdout with the rest."""
        columns = encoded(case)
        if columns.unusable:
            return SCALE.skip(columns.unusable)
        if columns.rows["holdout"] < 2:
            return SCALE.skip("The holdout needs at least 2 rows.")
        gower = Gower.of(columns)
        holdout = sample(ctx.rng("holdout rows"), columns.rows["holdout"], columns.rows["holdout"])
        synthetic = sample(ctx.rng("synthetic rows"), columns.rows["synthetic"], self.rows)
        found, details = self._pull(gower, columns, "synthetic", synthetic, holdout, ctx)
        first, second = np.array_split(holdout, 2)
        reference, _ = self._pull(gower, columns, "holdout", second[: self.rows], first, ctx)
        return SCALE.score(found, reference, details)

    def _pull(
        self, gower: Gower, columns: Columns, side: Side, rows: Rows, unseen: Rows, ctx: Context
    ) -> tuple[Estimate, dict[str, float | int]]:
        """The share of these rows that lie nearer to train than to `unseen`."""
        size = min(columns.rows["train"], len(unseen), self.stock)
        seen = sample(ctx.rng("train rows"), columns.rows["train"], size)
        two = min(2, size)
        seen_two, seen_places = gower.nearest_few(side, rows, "train", seen, two, ctx.threads)
        unseen_two, unseen_places = gower.nearest_few(side, rows, "holdout", unseen[:size], two, ctx.threads)
        to_seen, near_seen, to_unseen, near_unseen = (
            each[:, 0] for each in (seen_two, seen_places, unseen_two, unseen_places)
        )
        nearer, tied = to_seen < to_unseen, to_seen == to_unseen
        share = float(np.mean(nearer + 0.5 * tied))
        # Rows with the same nearest row go the same way together: count them as fewer.
        crowd = np.bincount(np.where(nearer | tied, near_seen, size + near_unseen))
        found = wilson(share, len(rows) ** 2 / float((crowd.astype(float) ** 2).sum()))
        return found, {
            "rows": len(rows),
            "stock": size,
            "ties": float(tied.mean()),
            "nndr_to_train": _ratio(seen_two),
            "nndr_to_holdout": _ratio(unseen_two),
        }


def _ratio(distance: Ints) -> float:
    """The median ratio of the nearest to the second nearest distance; 1 where both are met exactly."""
    nearest, second = distance[:, 0], distance[:, -1]
    return float(np.median(np.where(second > 0, nearest / np.maximum(second, 1), 1.0)))
