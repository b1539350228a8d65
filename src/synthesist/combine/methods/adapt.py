"""Make a source like a target by the change that pays most, or by none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from synthesist import catalog
from synthesist.codecs.domains import ADAPTED_KINDS, Domains
from synthesist.combine.adapting import NOTHING, Change, Gain, Trial, Tried, changed, learnt
from synthesist.core import Context, Spec, knob
from synthesist.data.dataset import Dataset

__all__ = ["Adapt"]

MAPS = ("quantile_mapping", "linear_optimal_transport", "coral")
WEIGHTS = ("label_shift", "importance_weighting")
SIMPLEST_FIRST = (
    *((name,) for name in (*WEIGHTS, *MAPS)),
    *((first, then) for then in WEIGHTS for first in MAPS[:2]),
)
"""From what changes only how many rows there are of each class, to what turns all numbers and draws rows again."""
FEWEST = 100


@dataclass(frozen=True)
class Adapted:
    """The change that was chosen, which may be none, and what is known of each of those tried."""

    chosen: str
    """The names of methods, joined by ` + ` where one follows another; or `nothing`."""
    why: str
    steps: Change
    told_apart: Mapping[str, float] = field(default_factory=dict)
    """The AUC of trees that tell changed source rows from target rows, by change; under `nothing` that of none."""
    gains: Mapping[str, float] = field(default_factory=dict)
    """How much of the label's spread models are expected to explain more in the target, by change."""

    def apply(self, data: Dataset, ctx: Context) -> Dataset:
        """The changed rows; the same ones where nothing was chosen."""
        return changed(self.steps, data, ctx)


class Adapt(Spec):
    """Makes a source like a target by the change that models gain most by; doing nothing is one.

    No label of the target is used unless `labelled`. Each change is learnt from one half of source and target rows and
    makes the other half of the source over; trees then try to tell those rows from the other half of the target. What
    share of the told-apart a change takes away is what it explains, and how likely it is to be the truth. Changes are
    `label_shift`, `importance_weighting`, `quantile_mapping`, `linear_optimal_transport`, `coral`, and maps followed by
    weights.

    What a change is worth is then tried in every target that another change would make of labelled source rows:
    trees and a linear model learn from rows changed one way, and predict rows changed the other way. The change is
    taken whose models gain most over those of unchanged rows, in the mean over these targets, each counted as far as
    it explains the difference; a simpler one, where it gains as much within its error. Without a label, the simplest
    is taken that explains nearly as much as the best.

    Nothing is done where trees cannot tell source from target; where no change explains `least` of the difference; and
    where no change gains more than its error.

    Reference: Sugiyama, Krauledat and Müller, Covariate Shift Adaptation by Importance Weighted Cross Validation,
    JMLR 8, 2007; Lopez-Paz and Oquab, Revisiting Classifier Two-Sample Tests, ICLR 2017, arXiv:1610.06545.

    When not to use: where you know how the target differs: name the method. Where the label means something else in
    the target: no unlabelled row can show that.
    """

    accepts: ClassVar[frozenset[str]] = ADAPTED_KINDS
    tried_on: ClassVar[str] = "shifted"
    tiny: ClassVar[Mapping[str, Any]] = {"rows": 100}

    label: str | None = knob(None, "column that the target need not have", tries=(None, "sector"))
    least: float = knob(
        0.3, "share of the difference that a change must explain more than", tries=(0.01, 1.0), gt=0.0, le=1.0
    )
    slack: float = knob(
        0.1,
        "how much less than the best a change may explain and still be e times less likely",
        tries=(0.01, 0.9),
        beside={"label": "sector"},
        gt=0.0,
        le=1.0,
    )
    labelled: bool = knob(
        False, "choose by the labels that target rows have", tries=(False, True), beside={"label": "sector"}
    )
    rows: int = knob(4_000, "most rows of each side to decide by", tries=(100, 120), ge=FEWEST)

    def fit(self, data: Dataset, ctx: Context) -> Adapted:
        """Choose a change, and learn it from all rows.

        Raises:
            UnsuitableError, SpecError, DataError: these are no two tables of the same columns with rows; or `labelled`
                was asked for, and the target has too few labels.
        """
        domains = Domains.of(data, self.label)
        if min(domains.source.units, domains.target.units) < 2 * FEWEST:
            return Adapted(NOTHING, f"there are fewer than {2 * FEWEST} rows on one side to decide by", ())
        trial = Trial.of(domains, self.rows, ctx.at("halves"))
        truth, untouched = trial.truth if self.labelled else None, trial.untouched(ctx)
        if untouched.auc - untouched.error <= max(trial.same(ctx).auc, 0.5):
            return Adapted(NOTHING, "trees cannot tell source from target rows", (), {NOTHING: untouched.auc})
        tried = trial.tried({" + ".join(names): self._methods(names) for names in self._asked()}, untouched, ctx)
        told = {name: told.auc for name, told in tried.told.items()}
        if truth is None and max(tried.explained.values()) <= self.least:
            return Adapted(NOTHING, f"no change explains more than {self.least:.0%} of the difference", (), told)
        worlds, likely = ([truth], [1.0]) if truth else (list(tried.worlds.values()), self._likely(tried))
        gains = trial.gains(tried.changes, worlds, np.array(likely), ctx) if self.label else {}
        name, why = self._most_gainful(gains) if gains else self._simplest(tried)
        steps = () if name == NOTHING else learnt(self._methods(name.split(" + ")), domains, ctx.at(name))
        return Adapted(name, why, steps, told, {name: gain.value for name, gain in gains.items()})

    def _asked(self) -> Sequence[tuple[str, ...]]:
        """The changes that can be tried: classes need a label."""
        return [names for names in SIMPLEST_FIRST if self.label or "label_shift" not in names]

    def _methods(self, names: Sequence[str]) -> list[Spec]:
        """The methods a change is made of."""
        return [catalog.load("methods", name).build({"label": self.label}) for name in names]

    def _likely(self, tried: Tried) -> list[float]:
        """How likely each world is to be the target, beside the one that explains most."""
        best = max(tried.explained.values())
        return [float(np.exp((share - best) / self.slack)) for share in tried.explained.values()]

    def _most_gainful(self, gains: Mapping[str, Gain]) -> tuple[str, str]:
        """The simplest change that gains as much as the best, within its error; nothing where none gains."""
        sure = {name: gain.value - gain.error for name, gain in gains.items()}
        best = max(sure, key=lambda name: sure[name])
        if sure[best] <= 0:
            return NOTHING, "models are not expected to gain by any change"
        name = next(name for name, gain in gains.items() if sure[name] > 0 and gain.as_good)
        return name, f"models are expected to explain {gains[name].value:.3f} more of the spread of `{self.label}`"

    def _simplest(self, tried: Tried) -> tuple[str, str]:
        """The simplest change that explains nearly as much as the best; without a label no more is known."""
        best = max(tried.explained.values())
        name = next(name for name in tried.changes if tried.explained[name] >= best - self.slack)
        return name, f"it is the simplest change that explains {tried.explained[name]:.0%} of what tells them apart"
