"""How alike three columns at a time are."""

from collections.abc import Sequence
from itertools import combinations
from math import comb
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._cells import Cut, cut, similarity
from synthesist.metrics._columns import Side, drawn
from synthesist.metrics._estimate import Estimate, estimate, sample
from synthesist.metrics._scale import Scale

__all__ = ["Triples"]

Array = npt.NDArray[Any]
Group = tuple[Cut, ...]

SCALE = Scale(
    metric="triples",
    title="Triples of columns",
    family="fidelity",
    best=1.0,
    worst=0.0,
    meaning="How much every three columns, taken together, look like the real ones; 1 is the same. "
    "Read it beside the holdout: no sample of this size reaches 1.",
)
SIDES: tuple[Side, Side] = ("synthetic", "holdout")
NAMED = 20
"""How many of the least alike triples are named."""


class _Alike(NamedTuple):
    """How alike one, two or three columns at a time are, with the score of each group."""

    mean: Estimate
    groups: dict[tuple[str, ...], float]


class Triples(Spec):
    """How alike every three columns together are to the real ones: 1 is the same, 0 shares nothing.

    Numbers are cut in at most 10 bins of equal shares of train, categories keep their 10 most frequent
    values and a rest, missing is a value of its own. A triple scores 1 minus the total variation
    distance of its table of cells; the value is the mean over all triples, or over as many drawn at
    random as `triples` says. Details give the same for single columns and for pairs: the univariate,
    bivariate and trivariate accuracy of Platzer and Reutterer.

    A table of a thousand cells is never filled alike by two samples. So synthetic and holdout are
    drawn to the same number of rows before they are compared with train, and the holdout's number is
    the one to reach. The interval is that of the score expected at these numbers of rows.

    Platzer and Reutterer 2021, Holdout-Based Empirical Assessment of Mixed-Type Synthetic Data,
    Frontiers in Big Data 4, doi:10.3389/fdata.2021.679939.

    When not to use: to find what is wrong with a row as a whole; `c2st` sees all columns together.
    """

    standard = 16

    rows: int = knob(50_000, "most rows drawn from each table", tries=(50, 200), ge=2)
    triples: int = knob(200, "most triples, and most pairs, that are compared", tries=(3, 20), ge=1)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Compare synthetic with train; the reference compares as many holdout rows with train."""
        columns = drawn(case, self.rows, ctx)
        if columns.unusable:
            return SCALE.skip(columns.unusable)
        cuts = cut(columns)
        if len(cuts) < 3:
            return SCALE.skip("There are no three columns that vary in train.")
        ways: dict[str, Sequence[Group]] = {
            "one_way": [(each,) for each in cuts],
            "two_way": _some(cuts, 2, self.triples, ctx.rng("pairs")),
            "three_way": _some(cuts, 3, self.triples, ctx.rng("triples")),
        }
        rows = min(columns.rows["synthetic"], columns.rows["holdout"])
        found, real = (
            {way: _compare(groups, columns.rows["train"], side, picked, ctx) for way, groups in ways.items()}
            for side in SIDES
            for picked in [sample(ctx.rng(f"{side} rows"), columns.rows[side], rows)]
        )
        details = {
            "accuracy": {way: _beside(found[way].mean, real[way].mean) for way in ways},
            "parts": _worst(found["three_way"].groups, real["three_way"].groups),
            "triples": len(ways["three_way"]),
            "rows": {"train": columns.rows["train"], "each": rows},
        }
        return SCALE.score(found["three_way"].mean, real["three_way"].mean, details)


def _some(cuts: Sequence[Cut], size: int, most: int, rng: np.random.Generator) -> list[Group]:
    """All groups of so many columns, or as many as asked for, drawn at random; in column order."""
    count = comb(len(cuts), size)
    if count <= 20 * most:
        groups = list(combinations(cuts, size))
        return [groups[k] for k in np.sort(rng.permutation(count)[:most])]
    picked: dict[tuple[int, ...], None] = {}
    while len(picked) < most:  # one in twenty or fewer are taken: hardly any is met twice
        picked[tuple(sorted(rng.choice(len(cuts), size, replace=False).tolist()))] = None
    return [tuple(cuts[k] for k in places) for places in sorted(picked)]


def _compare(groups: Sequence[Group], train: int, side: Side, rows: Array, ctx: Context) -> _Alike:
    """Every group's cells in train and in these rows of another table."""
    influences = np.zeros(train), np.zeros(len(rows))
    scores = {}
    for group in ctx.track(groups, "triples"):
        ours, theirs, cells = np.zeros(train, np.int64), np.zeros(len(rows), np.int64), 1
        for each in group:
            ours = ours * each.size + each.sides["train"]
            theirs = theirs * each.size + each.sides[side][rows]
            cells *= each.size
        scores[tuple(each.name for each in group)] = similarity(ours, theirs, cells, influences)
    mean = float(np.mean(list(scores.values())))
    return _Alike(estimate(mean, *(influence / len(groups) for influence in influences)), scores)


def _beside(found: Estimate, real: Estimate) -> dict[str, float]:
    return {"value": found.value, "low": found.low, "high": found.high, "reference": real.value}


def _worst(found: dict[tuple[str, ...], float], real: dict[tuple[str, ...], float]) -> list[dict[str, Any]]:
    """The triples that fall furthest behind the holdout."""
    ranked = sorted(found, key=lambda names: found[names] - real[names])[:NAMED]
    return [
        {**dict(zip("abc", names, strict=True)), "value": found[names], "reference": real[names]} for names in ranked
    ]
