"""Whether the rarest people of the training table are reproduced."""

from typing import Any

import numpy as np

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._columns import encoded
from synthesist.metrics._estimate import Estimate
from synthesist.metrics._membership import FEWEST, Attacked, Floats, Rows, Stock, log_distance, told_apart, too_few
from synthesist.metrics._nearest import Gower
from synthesist.metrics._risk import beyond, rate
from synthesist.metrics._scale import Scale

__all__ = ["Outliers"]

SCALE = Scale(
    metric="outliers",
    title="Rare records reproduced",
    family="privacy",
    best=0.0,
    worst=1.0,
    meaning="The share of the rarest training records that a synthetic row comes close to, beyond the share of "
    "equally rare records nobody learnt from; 0 or below is what chance gives.",
)


class Outliers(Spec):
    """The share of the rarest training rows that a synthetic row repeats, beyond strangers: 0 is chance.

    The rarest records are those farthest (Gower) from every row of a reference sample, half the holdout: in train
    as in the other half, the strangers, all that are farther than the rarest `share` of the strangers. One counts
    as reproduced when the nearest synthetic row is nearer, as a share of that distance, than for all but
    `false_alarms` of the rare strangers. The value is (rate in train - rate among strangers) / (1 - rate among
    strangers), with Wilson's intervals: an average over everybody can hide that those are found whom everybody
    could name.

    `parts`, `worst_off` and `power` are those of `membership`, for the rarest records alone and with more of them
    attacked. The reference is the value where half of the reference sample stands in for the synthetic table.

    Stadler, Oprisanu and Troncoso 2022, Synthetic Data - Anonymisation Groundhog Day, USENIX Security,
    arXiv:2011.07018.

    When not to use: with a few hundred rows, where the rarest twentieth is a handful.
    """

    standard = 78

    share: float = knob(0.05, "the share of strangers that counts as rare", tries=(0.1, 0.5), gt=0, le=1)
    false_alarms: float = knob(
        0.01, "the share of rare strangers that may count as reproduced", tries=(0.01, 0.3), ge=0, lt=1
    )
    rows: int = knob(20_000, "most rows of train, and of the holdout, of which the rarest are attacked", tries=(60, 90))
    stock: int = knob(
        50_000, "most synthetic and most reference rows they are compared with", tries=(50, 90), ge=FEWEST
    )

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Look for the rarest records among the synthetic rows; strangers are the control."""
        columns = encoded(case)
        if reason := columns.unusable or too_few(columns):
            return SCALE.skip(reason)
        gower = Gower.of(columns)
        attacked = Attacked.drawn(columns, self.rows, ctx)
        train = attacked.train[: self.rows]
        known = attacked.known[: self.stock]
        synthetic = ctx.rng("synthetic rows").permutation(columns.rows["synthetic"])[: self.stock]
        return self._score(gower, (attacked.strangers, train), known, synthetic, ctx)

    def _score(self, gower: Gower, targets: tuple[Rows, Rows], known: Rows, synthetic: Rows, ctx: Context) -> Score:
        reference, rest = np.array_split(known, 2)
        rare, apart = self._rarest(gower, targets, ("holdout", known), ctx)
        lone, alone = self._rarest(gower, targets, ("holdout", rest), ctx)
        if not len(apart[1]):
            return SCALE.skip("No row of train is as rare as the rarest of the holdout.")
        found, strangers, members = self._reproduced(gower, rare, apart, ("synthetic", synthetic), ctx)
        null, *_ = self._reproduced(gower, lone, alone, ("holdout", reference), ctx)
        copy = ctx.rng("copy").permutation(targets[1])
        power, *_ = self._reproduced(gower, rare, apart, ("train", copy), ctx)
        _, details = told_apart(strangers, members)
        details |= {"power": power.value, "rare": len(members), "rare_strangers": len(strangers)}
        return SCALE.score(found, null, details)

    def _rarest(
        self, gower: Gower, targets: tuple[Rows, Rows], known: Stock, ctx: Context
    ) -> tuple[tuple[Stock, Stock], tuple[Floats, Floats]]:
        """The rarest strangers and rows of train, and the log of how far they are from every known row."""
        sides: tuple[Stock, Stock] = ("holdout", targets[0]), ("train", targets[1])
        apart = [log_distance(gower, side, known, ctx.threads)[:, 0] for side in sides]
        edge = np.sort(apart[0])[-max(int(self.share * len(apart[0])), 1)]
        kept = [far >= edge for far in apart]
        rows: Any = tuple((side, rows[keep]) for (side, rows), keep in zip(sides, kept, strict=True))
        far: Any = tuple(far[keep] for far, keep in zip(apart, kept, strict=True))
        return rows, far

    def _reproduced(
        self, gower: Gower, rare: tuple[Stock, Stock], apart: tuple[Floats, Floats], made: Stock, ctx: Context
    ) -> tuple[Estimate, Floats, Floats]:
        """The share reproduced beyond strangers, and how much nearer than the known rows the made ones come to each."""
        strangers, members = (
            far - log_distance(gower, side, made, ctx.threads)[:, 0] for side, far in zip(rare, apart, strict=True)
        )
        accused = int(self.false_alarms * len(strangers))
        hits = members > np.sort(strangers)[::-1][accused]
        control = rate(accused / len(strangers), len(strangers))
        found = beyond(rate(float(hits.mean()), len(hits)), control) if len(hits) else Estimate(0.0, -1.0, 1.0)
        return found, strangers, members
