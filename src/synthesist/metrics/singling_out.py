"""Whether synthetic rows tell an attacker what is true of exactly one person in the training table."""

from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._columns import encoded
from synthesist.metrics._estimate import Estimate, estimate
from synthesist.metrics._predicates import Predicates, Ranked, Table, chosen, rare
from synthesist.metrics._risk import Rate, beyond, rate
from synthesist.metrics._scale import Scale

__all__ = ["SinglingOut"]

Array = npt.NDArray[Any]

SCALE = Scale(
    metric="singling_out",
    title="Singling-out risk",
    family="privacy",
    best=0.0,
    worst=1.0,
    meaning="The share of descriptions true of exactly one synthetic row that are true of exactly one training "
    "person, beyond the share true of exactly one stranger; 0 or below is what chance gives.",
)
FEWEST = 20
ATTEMPTS = 1_000
"""How many predicates are tried for each that is wanted; in a table of few coarse columns none may be found."""
CONTROLS = 500
"""The descriptions of the two controls, which bound what the main number can mean and need not be as sharp."""


class SinglingOut(Spec):
    """How often what fits one synthetic row fits exactly one training row, beyond strangers: 0 is chance.

    The attacker reads descriptions off synthetic rows, such as "age at least 85 and city is Bergen", keeps those
    that fit one synthetic row only, and claims that each fits exactly one person. The multivariate attack takes
    `columns` columns of a random synthetic row, the univariate one takes values nobody else has. How often a
    description fits one person by chance is measured on the holdout, made as large as train where it is smaller.
    The risk is (attack - control) / (1 - control), over the descriptions found; equal rows count once.

    The value is the risk of the multivariate attack; `parts` has both. Intervals are Wilson's, widened where
    several descriptions name the same person. `power` is the risk of a table that copies train; the reference is
    the risk where half the holdout stands in for the synthetic table.

    Singling out is the first of the three tests of the Article 29 Working Party (opinion 05/2014) and the European
    Data Protection Board. Giomi et al. 2023, doi:10.56553/popets-2023-0055.

    When not to use: as proof of anonymity. In tables of few coarse columns hardly any description fits one row,
    and few attacks can be made: see how many.
    """

    standard = 72

    attacks: int = knob(2_000, "most descriptions of each of the two attacks", tries=(20, 60), ge=FEWEST)
    columns: int = knob(3, "columns in a description of the multivariate attack", tries=(2, 4), ge=1)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Describe synthetic rows and look for the descriptions in train; the holdout is the control."""
        columns = encoded(case)
        if columns.unusable:
            return SCALE.skip(columns.unusable)
        if min(columns.rows["train"], columns.rows["holdout"] // 2, columns.rows["synthetic"]) < FEWEST:
            return SCALE.skip(f"The attack needs {FEWEST} rows in train and synthetic and {2 * FEWEST} in the holdout.")
        ranked = Ranked.of(columns)
        halves = np.array_split(ctx.rng("holdout rows").permutation(columns.rows["holdout"]), 2)
        train, holdout, synthetic = ranked.table("train"), ranked.table("holdout"), ranked.table("synthetic")
        told, rest = (ranked.table("holdout", half) for half in halves)

        parts = [
            {"kind": kind, **found._asdict(), "rate": own.value, "control": control.value, "attacks": len(asked)}
            for kind in ("multivariate", "univariate")
            if len(asked := self._descriptions(kind, synthetic, self.attacks, ctx))
            for found, own, control in [_risk(asked, train, holdout)]
        ]
        if not parts or parts[0]["kind"] != "multivariate":
            return SCALE.skip("No description of few columns fits exactly one synthetic row.")
        controls = [
            (self._descriptions("multivariate", made, min(self.attacks, CONTROLS), ctx.at(place)), strangers)
            for place, made, strangers in (("null", told, rest), ("copy", train, holdout))
        ]
        null, copy = (_risk(asked, train, others)[0] if len(asked) else None for asked, others in controls)
        found = Estimate(*(parts[0][end] for end in ("value", "low", "high")))
        details: dict[str, Any] = {"power": copy.value if copy else 0.0, "rows": len(synthetic), "parts": parts}
        return SCALE.score(found, null or Estimate(0.0, 0.0, 0.0), details)

    def _descriptions(self, kind: str, made: Table, most: int, ctx: Context) -> Predicates:
        """At most so many that fit one made row each."""
        rng = ctx.rng(kind)
        if kind == "univariate":
            return rare(made, most, rng)
        return chosen(made, min(self.columns, len(made.numeric)), most, ATTEMPTS * most, rng)


def _risk(asked: Predicates, train: Table, strangers: Table) -> tuple[Estimate, Rate, Rate]:
    """The risk for train beyond that for strangers, and the two rates.

    Where there are fewer strangers than training rows, a share of train drawn at random is put beside them, so that
    both are equally many: who leaks is found there as well with the chance of being drawn, and that is taken off
    again. Without a leak this is right whatever the weights of the predicates are. All draws are averaged.
    """
    count, row = train.matches(asked)
    other, _ = strangers.matches(asked)
    own = (count == 1).astype(float)
    lent = max(1 - len(strangers) / len(train), 0.0)
    kept = min(len(train) / len(strangers), 1.0)
    none, one = (1 - lent) ** count, lent * count * (1 - lent) ** np.maximum(count - 1.0, 0)
    beside = np.where(other == 0, one, _one_of(other, kept) * none)
    control = (beside - lent * own) / (1 - lent)

    worth = len(own) / _crowd(row[count == 1])
    attack, strange = rate(float(own.mean()), worth), rate(float(np.clip(control.mean(), 0, 1)), worth)
    wilson = beyond(attack, strange)
    room = 1 - strange.value
    moved = (own - own.mean()) / room - (control - control.mean()) * (1 - attack.value) / room**2
    paired = estimate(wilson.value, moved * (len(own) / worth) ** 0.5, within=(-np.inf, 1.0))
    return min(wilson, paired, key=lambda found: found.low), attack, strange


def _one_of(count: Array, part: float) -> Array:
    """The chance that exactly one of so many rows is in a random part of all."""
    chance: Array = count * part * (1 - part) ** np.maximum(count - 1.0, 0)
    return chance


def _crowd(row: Array) -> float:
    """How many predicates that name a row name the same one, averaged over them; at least 1."""
    crowd = np.bincount(row).astype(float)
    return float((crowd**2).sum() / crowd.sum()) if len(row) else 1.0
