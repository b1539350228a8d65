"""Make a source like a target by the simplest change that does it, or by none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import polars as pl

from synthesist import catalog
from synthesist.codecs.domains import ADAPTED_KINDS, Domains
from synthesist.core import Context, Evidence, Score, Spec, Transform, knob
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema

__all__ = ["Adapt"]

SIMPLEST_FIRST = (
    "label_shift",
    "importance_weighting",
    "quantile_mapping",
    "linear_optimal_transport",
    "coral",
)
"""From what changes only how many rows there are of each class, to what turns all numbers together."""
DRAWS_AGAIN = frozenset({"label_shift", "importance_weighting"})
FEWEST = 100
HEAVIEST = 0.98  # rows of more weight than this share of all count as this one


@dataclass(frozen=True)
class Adapted:
    """The change that was chosen, which may be none, and what each of those tried leaves to be told apart."""

    chosen: str
    """The name of a method, or `nothing`."""
    why: str
    change: Transform | None
    told_apart: Mapping[str, float] = field(default_factory=dict)
    """The AUC of trees that tell changed source rows from target rows, by method; under `nothing` that of none."""

    def apply(self, data: Dataset, ctx: Context) -> Dataset:
        """The changed rows; the same ones where nothing was chosen."""
        return self.change.apply(data, ctx) if self.change else data


class Adapt(Spec):
    """Makes a source like a target by the simplest change that does it; doing nothing is one.

    No label of the target is used. Each method learns from one half of source and target rows, and changes the other
    half of the source; trees then try to tell those rows from the other half of the target (`c2st`). What share of the
    told-apart a method takes away is what it explains. Of those that explain nearly as much as the best, the simplest
    is taken: `label_shift`, `importance_weighting`, `quantile_mapping`, `linear_optimal_transport`, `coral`.

    Nothing is done where trees cannot tell source from target; where no method explains `least` of the difference; and,
    where rows would be drawn again, where trees that learn the label from rows so drawn predict other rows so
    drawn no better (importance-weighted validation, by the Brier score).

    Reference: Sugiyama, Krauledat and Müller, Covariate Shift Adaptation by Importance Weighted Cross Validation,
    JMLR 8, 2007; Lopez-Paz and Oquab, Revisiting Classifier Two-Sample Tests, ICLR 2017, arXiv:1610.06545.

    When not to use: with labelled target rows. Even a hundred of them choose better than any guess without them: try
    each method, and test on those rows.
    """

    accepts: ClassVar[frozenset[str]] = ADAPTED_KINDS
    tried_on: ClassVar[str] = "shifted"
    tiny: ClassVar[Mapping[str, Any]] = {"rows": 100}

    label: str | None = knob(None, "column that the target need not have", tries=(None, "sector"))
    least: float = knob(
        0.3, "least share of the difference that a change must explain", tries=(0.01, 0.999), gt=0.0, le=1.0
    )
    slack: float = knob(
        0.1,
        "how much less than the best a simpler change may explain, if chance is not more",
        tries=(0.0, 0.9),
        ge=0.0,
        le=1.0,
    )
    rows: int = knob(4_000, "most rows of each side to decide by", tries=(100, 120), ge=FEWEST)

    def fit(self, data: Dataset, ctx: Context) -> Adapted:
        """Choose a change, and learn it from all rows.

        Raises:
            UnsuitableError, SpecError, DataError: these are no two tables of the same columns with rows.
        """
        domains = Domains.of(data, self.label)
        if min(domains.source.units, domains.target.units) < 2 * FEWEST:
            return Adapted("nothing", f"there are fewer than {2 * FEWEST} rows on one side to decide by", None)
        trial = _Trial.of(domains, self.rows, ctx.at("halves"))
        untouched = trial.told_apart(trial.source[1], ctx)
        told = {"nothing": untouched.value}
        if untouched.low <= max(untouched.reference, 0.5):
            return Adapted("nothing", "trees cannot tell source from target rows", None, told)
        changes = {name: spec for name in SIMPLEST_FIRST if (spec := self._method(name))}
        for name, spec in ctx.track(list(changes.items()), "trying changes"):
            score = trial.told_apart(trial.changed(spec, ctx.at(name)), ctx)
            told[name] = 1.0 if score.skipped else score.value  # too few rows are left to tell
        explained = {name: 1 - (max(told[name], 0.5) - 0.5) / (untouched.value - 0.5) for name in changes}
        best = max(explained.values())
        if best < self.least:
            return Adapted("nothing", f"no change explains {self.least:.0%} of the difference", None, told)
        chance = (untouched.high - untouched.value) / (untouched.value - 0.5)
        name = next(name for name, share in explained.items() if share >= best - max(self.slack, chance))
        gain = trial.gain(changes[name], ctx) if name in DRAWS_AGAIN and self.label else None
        if gain is not None and gain <= 0:
            why = f"{name} explains {explained[name]:.0%} of the difference, but models do not gain by it"
            return Adapted("nothing", why, None, told)
        why = f"it is the simplest change that explains {explained[name]:.0%} of what tells source from target"
        return Adapted(name, why, changes[name].fit(data, ctx.at(name)), told)

    def _method(self, name: str) -> Any:
        """The method of this name, where it can be used: that of classes needs a label."""
        spec = catalog.load("methods", name)
        if name == "label_shift" and self.label is None:
            return None
        return spec.build({"label": self.label})


@dataclass(frozen=True)
class _Trial:
    """Two halves of each side, to learn a change from and to judge it by."""

    source: tuple[Dataset, Dataset]
    target: tuple[Dataset, Dataset]
    label: str | None

    @classmethod
    def of(cls, domains: Domains, most: int, ctx: Context) -> "_Trial":
        def halves(side: Dataset, name: str) -> tuple[Dataset, Dataset]:
            order = ctx.rng(name).permutation(side.units)
            half = min(side.units // 2, most)
            parts = [side.with_table(side.table[np.sort(part)]) for part in (order[:half], order[half : 2 * half])]
            return parts[0], parts[1]

        return cls(halves(domains.source, "source"), halves(domains.target, "target"), domains.label)

    @property
    def learnt_from(self) -> Dataset:
        """The first halves, as a method takes them."""
        tables = {"source": self.source[0], "target": self.target[0]}
        schema = Schema(tables={name: side.kinds for name, side in tables.items()}, unit="source")
        return Dataset({name: side.table for name, side in tables.items()}, schema)

    def changed(self, spec: Any, ctx: Context) -> Dataset:
        """The second half of the source, changed by what was learnt from the first halves.

        Where rows are weighed, each is there once or not, in proportion: trees would know a copy again.
        """
        change, rows = spec.fit(self.learnt_from, ctx), self.source[1]
        if spec.name() not in DRAWS_AGAIN:
            changed: Dataset = change.apply(rows, ctx)
            return changed
        share = change.weights(rows)
        share = np.minimum(share / np.quantile(share, HEAVIEST), 1.0)
        return rows.with_table(rows.table.filter(pl.Series(ctx.rng("kept").random(rows.units) < share)))

    def told_apart(self, changed: Dataset, ctx: Context) -> Score:
        """How well trees tell changed rows from target rows; the reference is how well they tell target rows apart."""
        features = Domains(changed, self.target[0], self.label)
        kinds = features.both().kinds
        schema = Schema(tables={"rows": kinds})
        train, holdout, synthetic = (
            Dataset({"rows": features.alike(side)}, schema) for side in (*self.target, changed)
        )
        case = Evidence(train, holdout, synthetic)
        score: Score = catalog.load("metrics", "c2st")().score(case, ctx.at("told apart"))  # type: ignore[attr-defined]
        return score

    def gain(self, spec: Any, ctx: Context) -> float:
        """How much the Brier score falls on rows drawn again, where what predicts them learnt from such rows too."""
        change = spec.fit(self.learnt_from, ctx.at("gain"))
        again = [change.apply(half, ctx.at("gain", k)) for k, half in enumerate(self.source)]
        case = Evidence(self.source[0], again[1], again[0], target=self.label)
        score = catalog.load("metrics", "calibration")().score(case, ctx.at("gain"))  # type: ignore[attr-defined]
        return 0.0 if score.skipped else score.details["brier_reference"] - score.details["brier"]
