"""Whether an attacker who sees the synthetic table can tell who was in the training table."""

import numpy as np

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._columns import encoded
from synthesist.metrics._membership import FEWEST, Attacked, Floats, Stock, log_distance, told_apart, too_few
from synthesist.metrics._nearest import Gower
from synthesist.metrics._scale import Scale

__all__ = ["Membership"]

SCALE = Scale(
    metric="membership",
    title="Membership attack (AUC)",
    family="privacy",
    best=0.5,
    worst=1.0,
    meaning="How well an attacker tells people in the training table from people outside it; 0.5 is a guess.",
)


class Membership(Spec):
    """How well an attacker tells from synthetic rows who was in train: 0.5 is a guess, 1 is certainty.

    The attack is DOMIAS in its simple form: a row is called a member where the synthetic rows are
    denser than a reference sample of the population, density taken as falling with the Gower
    distance to the nearest row. Members are drawn from train, non-members and the reference sample are
    the two halves of the holdout. The value is the area under the ROC curve with DeLong's interval.
    Details give the true positive rate at false positive rates of 0.1, 1 and 10 % with exact
    intervals and the most that chance gives (`parts`), how the worst-off hundredth of the members stand
    out (`worst_off`; 0.99 is chance), and `power`: what the same attack reaches against a table that
    copies train. Where `power` is low the attack could not have seen anything. The reference is the same attack on half
    of the reference sample in the place of the synthetic table: nobody in it was trained on.

    What it shows: a value whose interval lies above 0.5 proves that membership leaks. What it cannot
    show: that nothing leaks. It is one attack of average strength over all rows; outliers may be
    exposed while the average is 0.5 (see the rates, and `outliers`), and attackers who hold the model
    do better (`shadow`, `black_box`).

    van Breugel, Sun, Qian and van der Schaar 2023, Membership Inference Attacks against Synthetic
    Data through Overfitting Detection, AISTATS, arXiv:2302.12580.

    When not to use: as proof of anonymity.
    """

    standard = 70

    rows: int = knob(3_000, "most members and most non-members that are attacked", tries=(30, 60), ge=FEWEST)
    stock: int = knob(50_000, "most synthetic and most reference rows the attack looks at", tries=(50, 100), ge=FEWEST)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Attack the synthetic table; the reference attacks a table made of unseen rows."""
        columns = encoded(case)
        if reason := columns.unusable or too_few(columns):
            return SCALE.skip(reason)
        gower = Gower.of(columns)
        attacked = Attacked.drawn(columns, self.rows, ctx)
        known = attacked.known[: self.stock]
        synthetic = ctx.rng("synthetic rows").permutation(columns.rows["synthetic"])[: self.stock]

        def attack(made: Stock, known: Stock) -> tuple[Floats, Floats]:
            """How much denser `made` is than `known` around each non-member and each member."""
            return tuple(  # type: ignore[return-value]
                (log_distance(gower, side, known, ctx.threads) - log_distance(gower, side, made, ctx.threads))[:, 0]
                for side in attacked.sides
            )

        found, details = told_apart(*attack(("synthetic", synthetic), ("holdout", known)))
        half, rest = np.array_split(known, 2)
        null, _ = told_apart(*attack(("holdout", half), ("holdout", rest)))
        copy = attacked.train[: max(len(attacked.members), len(synthetic))]
        power, _ = told_apart(*attack(("train", copy), ("holdout", known)))
        targets = len(attacked.members)
        rows = {"members": targets, "non_members": targets, "made": len(synthetic), "known": len(known)}
        return SCALE.score(found, null, details | {"power": power.value, "rows": rows})
