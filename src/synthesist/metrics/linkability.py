"""Whether synthetic rows let an attacker put together what two other sources know of one person."""

from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.errors import NotFoundError, did_you_mean
from synthesist.metrics._columns import Columns, Side, encoded
from synthesist.metrics._estimate import Estimate, sample
from synthesist.metrics._nearest import Gower
from synthesist.metrics._risk import Rate, beyond, rate
from synthesist.metrics._scale import Scale

__all__ = ["Linkability"]

Rows = npt.NDArray[np.int64]
Stock = tuple[Side, Rows]

SCALE = Scale(
    metric="linkability",
    title="Linkage risk",
    family="privacy",
    best=0.0,
    worst=1.0,
    meaning="The share of people whose records in two other sources the synthetic rows join together, beyond the "
    "share of strangers for whom they do; 0 or below is what chance gives.",
)
FEWEST = 20
CONTROLS = 1_000
"""The attacks of the two controls, which bound what the main number can mean and need not be as sharp."""


class Linkability(Spec):
    """How often synthetic rows join what two sources know of one person, beyond strangers: 0 is chance.

    The attacker holds two tables of the same people, each with some of the columns, and links two records when
    they have the same nearest synthetic row (or share one of the `neighbours` nearest). Nearness is Gower's
    distance over the columns of each source; of rows equally near the first counts. The rate among rows of train
    is set against that among rows of the holdout, whose links nobody learnt: the risk is (attack - control) /
    (1 - control), with Wilson's intervals. Details give both rates and `power`, the risk of a table that copies
    train: where that is low, the columns say too little for such an attack to work at all. The reference is the
    risk where half the holdout stands in for the synthetic table.

    Linkage is the second of the three tests of the Article 29 Working Party (opinion 05/2014) and the European
    Data Protection Board. Giomi et al. 2023, doi:10.56553/popets-2023-0055.

    When not to use: as proof of anonymity; two other columns, or a better attacker, may link more.
    """

    standard = 74

    attacks: int = knob(2_000, "most rows of train, and of the holdout, that are attacked", tries=(60, 120), ge=FEWEST)
    neighbours: int = knob(1, "how many nearest synthetic rows the attacker looks at", tries=(1, 6), ge=1)
    first: tuple[str, ...] = knob(
        (), "columns of the first source; every second one where nothing is said", tries=(("age",), ("age", "income"))
    )
    second: tuple[str, ...] = knob(
        (), "columns of the second source; all that the first has not", tries=(("city",), ("city", "stay", "sector"))
    )
    stock: int = knob(50_000, "most synthetic rows the attacker looks at", tries=(40, 200), ge=FEWEST)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Attack train through the synthetic rows; the holdout is the control."""
        columns = encoded(case)
        if columns.unusable:
            return SCALE.skip(columns.unusable)
        sources = self._sources(case, columns)
        if not all(sources):
            return SCALE.skip("Two sources need a column each.")
        if min(columns.rows["train"], columns.rows["holdout"] // 2, columns.rows["synthetic"]) < FEWEST:
            return SCALE.skip(f"The attack needs {FEWEST} rows in train and synthetic and {2 * FEWEST} in the holdout.")
        gowers = [Gower.of(Columns(source, columns.rows)) for source in sources]
        train, holdout, synthetic = (sample(ctx.rng(f"{side} rows"), n, n) for side, n in columns.rows.items())

        def attack(made: Stock, strangers: Rows, most: int) -> tuple[Estimate, Rate, Rate]:
            """The risk for train beyond that for these strangers, and the two rates."""
            attacked: tuple[Stock, Stock] = ("train", train[:most]), ("holdout", strangers[:most])
            own, control = (self._rate(gowers, targets, made, ctx) for targets in attacked)
            return beyond(own, control), own, control

        made = synthetic[: self.stock]
        found, own, control = attack(("synthetic", made), holdout, self.attacks)
        fewer = min(self.attacks, CONTROLS)
        copy = ctx.rng("copy").permutation(train)[: self.stock]
        first, rest = np.array_split(holdout, 2)
        reference, *_ = attack(("holdout", first[: self.stock]), rest, fewer)
        details: dict[str, Any] = {
            "attack_rate": own.value,
            "control_rate": control.value,
            "power": attack(("train", copy), holdout, fewer)[0].value,
            "attacks": min(self.attacks, len(train)),
            "rows": len(made),
        }
        return SCALE.score(found, reference, details)

    def _rate(self, gowers: list[Gower], targets: Stock, made: Stock, ctx: Context) -> Rate:
        """The share of targets of which both sources have a nearest made row in common."""
        few = min(self.neighbours, len(made[1]))
        one, other = (gower.nearest_few(*targets, *made, few, ctx.threads)[1] for gower in gowers)
        linked = (one[:, :, None] == other[:, None, :]).any(axis=(1, 2))
        return rate(float(linked.mean()), len(linked))

    def _sources(self, case: Evidence, columns: Columns) -> list[Any]:
        """The columns of the two sources."""
        known = {column.name: column for column in columns.all}
        for name in (*self.first, *self.second):
            if name not in case.train.kinds.columns:
                raise NotFoundError(f"No column `{name}` to link by. {did_you_mean(name, known)}")
        rest = [name for name in known if name not in {*self.first, *self.second}]
        first = self.first or (rest if self.second else rest[::2])
        second = self.second or [name for name in known if name not in first]
        return [tuple(known[name] for name in source if name in known) for source in (first, second)]
