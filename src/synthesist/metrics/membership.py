"""Whether an attacker who sees the synthetic table can tell who was in the training table."""

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._columns import Side, encoded
from synthesist.metrics._estimate import auc, clopper_pearson, estimate, sample
from synthesist.metrics._nearest import ONE, Gower
from synthesist.metrics._scale import Scale

__all__ = ["Membership"]

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Stock = tuple[Side, Rows]

SCALE = Scale(
    metric="membership",
    title="Membership attack (AUC)",
    family="privacy",
    best=0.5,
    worst=1.0,
    meaning="How well an attacker tells people in the training table from people outside it; 0.5 is a guess.",
)
FALSE_POSITIVE_RATES = (0.001, 0.01, 0.1)
FEWEST = 20


class Membership(Spec):
    """How well an attacker tells from synthetic rows who was in train: 0.5 is a guess, 1 is certainty.

    The attack is DOMIAS in its simple form: a row is called a member where the synthetic rows are
    denser than a reference sample of the population, density taken as falling with the Gower
    distance to the nearest row. Members are drawn from train, non-members and the reference sample are
    the two halves of the holdout. The value is the area under the ROC curve with DeLong's interval.
    Details give the true positive rate at false positive rates of 0.1, 1 and 10 % with exact
    intervals, and `power`: what the same attack reaches against a table that copies train. Where
    `power` is low the attack could not have seen anything. The reference is the same attack on half
    of the reference sample in the place of the synthetic table: nobody in it was trained on.

    What it shows: a value whose interval lies above 0.5 proves that membership leaks. What it cannot
    show: that nothing leaks. It is one attack of average strength over all rows; outliers may be
    exposed while the average is 0.5, and attackers who hold the model do better.

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
        if columns.unusable:
            return SCALE.skip(columns.unusable)
        if min(columns.rows["train"], columns.rows["holdout"] // 2) < FEWEST:
            return SCALE.skip(f"The attack needs {FEWEST} rows in train and {2 * FEWEST} in the holdout.")
        gower = Gower.of(columns)
        train = sample(ctx.rng("train rows"), columns.rows["train"], columns.rows["train"])
        holdout = sample(ctx.rng("holdout rows"), columns.rows["holdout"], columns.rows["holdout"])
        outside, population = np.array_split(holdout, 2)
        targets = min(len(train), len(outside), self.rows)
        members, outside, population = train[:targets], outside[:targets], population[: self.stock]
        synthetic = sample(ctx.rng("synthetic rows"), columns.rows["synthetic"], self.stock)

        def attack(made: Stock, known: Stock) -> tuple[Floats, Floats]:
            """How much denser `made` is than `known` around each non-member and each member."""
            return tuple(  # type: ignore[return-value]
                _log_distance(gower, around, known, ctx.threads) - _log_distance(gower, around, made, ctx.threads)
                for around in (("holdout", outside), ("train", members))
            )

        suspicion = attack(("synthetic", synthetic), ("holdout", population))
        copy = train[: max(targets, min(len(synthetic), len(train)))]
        half, rest = np.array_split(population, 2)
        area, *influences = auc(*suspicion)
        null, *null_influences = auc(*attack(("holdout", half), ("holdout", rest)))
        details = {
            "true_positive_rates": _true_positive_rates(*suspicion),
            "power": auc(*attack(("train", copy), ("holdout", population)))[0],
            "rows": {"members": targets, "non_members": targets, "made": len(synthetic), "known": len(population)},
        }
        return SCALE.score(estimate(area, *influences), estimate(null, *null_influences), details)


def _log_distance(gower: Gower, around: Stock, among: Stock, threads: int) -> Floats:
    """The log distance of each row to the nearest of `among`; half a step where it is met exactly."""
    distance, _ = gower.nearest(*around, *among, threads)
    return np.log(np.maximum(distance, 0.5) / ONE)


def _true_positive_rates(outside: Floats, members: Floats) -> dict[str, dict[str, float]]:
    """The share of members above the threshold that this share of non-members exceeds at most."""
    ranked = np.sort(outside)[::-1]
    rates = {}
    for rate in FALSE_POSITIVE_RATES:
        threshold = ranked[int(rate * len(ranked))]
        rates[f"{rate:.1%}"] = clopper_pearson(int((members > threshold).sum()), len(members))._asdict()
    return rates
