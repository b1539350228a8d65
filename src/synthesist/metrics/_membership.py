"""What all membership attacks share: whom they attack, and how well they told members from strangers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context
from synthesist.metrics._columns import Columns, Side
from synthesist.metrics._estimate import Estimate, auc, clopper_pearson, estimate, sample
from synthesist.metrics._nearest import ONE, Gower

__all__ = ["FEWEST", "Attacked", "Floats", "Rows", "Stock", "log_distance", "told_apart", "too_few"]

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Stock = tuple[Side, Rows]

FEWEST = 20
FALSE_POSITIVE_RATES = (0.001, 0.01, 0.1)
WORST_OFF = 0.01


@dataclass(frozen=True)
class Attacked:
    """Row numbers: members and spare rows of train, strangers and the known population of the holdout."""

    members: Rows
    spare: Rows
    strangers: Rows
    known: Rows

    @classmethod
    def drawn(cls, columns: Columns, most: int, ctx: Context) -> "Attacked":
        """Equally many members and strangers, at most so many; half the holdout is the population."""
        train = sample(ctx.rng("train rows"), columns.rows["train"], columns.rows["train"])
        holdout = sample(ctx.rng("holdout rows"), columns.rows["holdout"], columns.rows["holdout"])
        strangers, known = np.array_split(holdout, 2)
        targets = min(len(train), len(strangers), most)
        return cls(train[:targets], train[targets:], strangers[:targets], known)

    @property
    def sides(self) -> tuple[Stock, Stock]:
        """Strangers, then members."""
        return ("holdout", self.strangers), ("train", self.members)

    @property
    def train(self) -> Rows:
        """All rows of train, members first."""
        return np.concatenate([self.members, self.spare])


def too_few(columns: Columns) -> str:
    """Why there are not enough rows to attack; nothing where there are."""
    enough = min(columns.rows["train"], columns.rows["holdout"] // 2) >= FEWEST
    return "" if enough else f"The attack needs {FEWEST} rows in train and {2 * FEWEST} in the holdout."


def log_distance(gower: Gower, around: Stock, among: Stock, threads: int, few: int = 1) -> Floats:
    """The log distance of each row to the `few` nearest of `among`, `[row, rank]`; half a step where it is met."""
    distance, _ = gower.nearest_few(*around, *among, min(few, len(among[1])), threads)
    return np.log(np.maximum(distance, 0.5) / ONE)


def told_apart(strangers: Floats, members: Floats) -> tuple[Estimate, dict[str, Any]]:
    """The area under the ROC curve of these suspicions, and what it hides.

    `parts` has, for each share of strangers that is accused as well, the share of members accused (Clopper and
    Pearson's interval), and the most that chance gives once in forty: what lies above is a leak. `worst_off` is
    the share of strangers less suspicious than the most suspicious hundredth of the members: 0.99 is chance.
    """
    area, *influences = auc(strangers, members)
    ranked = np.sort(strangers)[::-1]
    parts = []
    for rate in FALSE_POSITIVE_RATES:
        accused = int(rate * len(ranked))
        hits = int((members > ranked[accused]).sum())
        found = clopper_pearson(hits, len(members))._asdict()
        parts.append({"rate": rate, **found, "chance": _most_by_chance(accused, len(ranked), len(members))})
    worst = np.quantile(members, 1 - WORST_OFF, method="higher")
    beaten = (np.searchsorted(ranked[::-1], worst) + np.searchsorted(ranked[::-1], worst, "right")) / 2
    details = {"parts": parts, "worst_off": float(beaten / len(ranked))}
    return estimate(area, *influences), details


def _most_by_chance(accused: int, strangers: int, members: int) -> float:
    """The share of members above all but `accused` strangers that chance passes once in forty.

    Where members and strangers are alike, every order of them is equally likely: how many members stand above a
    stranger of given rank is then beta-binomial, whatever their suspicions are; ties only make it smaller.
    """
    from scipy.special import betaln, gammaln

    above = np.arange(members + 1)
    ways = gammaln(members + 1) - gammaln(above + 1) - gammaln(members - above + 1)
    a, b = accused + 1, strangers - accused
    chance = np.exp(ways + betaln(above + a, members - above + b) - betaln(a, b))
    return float(np.searchsorted(np.cumsum(chance), 0.975) / members)
