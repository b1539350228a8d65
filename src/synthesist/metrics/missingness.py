"""Whether cells are missing as often as in the real table."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from synthesist.core import Context, Evidence, Score, Spec
from synthesist.metrics._cells import similarity
from synthesist.metrics._columns import Side, empty_table
from synthesist.metrics._estimate import Estimate, estimate, sample
from synthesist.metrics._scale import Scale

__all__ = ["Missingness"]

SCALE = Scale(
    metric="missingness",
    title="Missing cells",
    family="fidelity",
    best=0.0,
    worst=1.0,
    meaning="How far the share of missing cells is from the real share, averaged over columns; 0 is the same.",
)
SIDES: tuple[Side, Side] = ("synthetic", "holdout")
NAMED = 20
"""How many pairs of columns are named."""


class Missingness(Spec):
    """How far shares of missing cells differ from the real ones, on average: 0 is not, 1 is the opposite.

    Columns without a missing cell on either side are left out of the mean; where none has any, the
    value is 0. The interval follows from the influence of every row on all columns together, and
    reaches up to three in n rows at least (the rule of three: what n rows did not show).

    Details hold `patterns`: the total variation distance of the joint patterns, that is which cells of a
    row are missing together, with as many holdout rows beside; and in `parts` the pairs of columns whose cells are
    missing together least as in train.

    When not to use: to see with which values cells are missing; `pair_trends` and `c2st` see that.
    """

    standard = 32

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Compare synthetic with train; the reference compares holdout with train."""
        if reason := empty_table(case):
            return SCALE.skip(reason)
        found, shares = _gap(case.train.table, case.synthetic.table)
        reference, real = _gap(case.train.table, case.holdout.table)
        details = {
            name: {"train": train, "synthetic": synthetic, "holdout": real[name][1]}
            for name, (train, synthetic) in shares.items()
        }
        sides: dict[Side, pl.DataFrame] = {
            "train": case.train.table,
            "holdout": case.holdout.table,
            "synthetic": case.synthetic.table,
        }
        return SCALE.score(found, reference, {"columns": details, **_together(sides, ctx)})


def _gap(train: pl.DataFrame, other: pl.DataFrame) -> tuple[Estimate, dict[str, tuple[float, float]]]:
    """The mean difference of missing shares with its interval, and both shares of each column."""
    influences = np.zeros(train.height), np.zeros(other.height)
    shares: dict[str, tuple[float, float]] = {}
    gaps = []
    for name in train.columns:
        empty = train[name].is_null().to_numpy(), other[name].is_null().to_numpy()
        shares[name] = float(empty[0].mean()), float(empty[1].mean())
        if not any(shares[name]):
            continue
        gaps.append(abs(shares[name][1] - shares[name][0]))
        sign = np.sign(shares[name][1] - shares[name][0])
        influences[0][:] -= sign * empty[0]
        influences[1][:] += sign * empty[1]
    count = max(len(gaps), 1)
    found = estimate(sum(gaps) / count, *(influence / count for influence in influences))
    return found._replace(high=min(max(found.high, 3 / min(train.height, other.height)), 1.0)), shares


def _together(tables: Mapping[Side, pl.DataFrame], ctx: Context) -> dict[str, Any]:
    """How far the joint patterns are from those of train, and the pairs that are furthest."""
    holes = {side: table.select(pl.all().is_null()) for side, table in tables.items()}
    names = [name for name in tables["train"].columns if any(side[name].any() for side in holes.values())]
    if len(names) < 2:
        return {}
    rows = min(tables["synthetic"].height, tables["holdout"].height)
    found, real = (
        _patterns(holes["train"], holes[side][sample(ctx.rng(f"{side} rows"), holes[side].height, rows)], names)
        for side in SIDES
    )
    both = {side: _both(table.select(names)) for side, table in holes.items()}
    a, b = np.triu_indices(len(names), 1)
    gaps = np.abs(both["synthetic"] - both["train"])[a, b]
    parts = [
        {"a": names[a[k]], "b": names[b[k]], **{side: float(share[a[k], b[k]]) for side, share in both.items()}}
        for k in np.argsort(-gaps, kind="stable")[:NAMED]
        if gaps[k] > 0
    ]
    return {"patterns": {**found._asdict(), "reference": real.value, "rows": rows}, "parts": parts}


def _patterns(train: pl.DataFrame, other: pl.DataFrame, names: list[str]) -> Estimate:
    """The total variation distance of the patterns of missing cells in two tables."""
    codes = pl.concat([train, other]).select(pl.struct(names).rank("dense")).to_series().to_numpy() - 1
    ours, theirs = codes[: train.height], codes[train.height :]
    influences = np.zeros(len(ours)), np.zeros(len(theirs))
    value = 1 - similarity(ours.astype(np.int64), theirs.astype(np.int64), int(codes.max()) + 1, influences)
    return estimate(value, *influences)


def _both(holes: pl.DataFrame) -> npt.NDArray[np.float64]:
    """The share of rows in which both of two columns are missing, `[a, b]`."""
    x = holes.to_numpy().astype(np.float32)
    return (x.T @ x / len(x)).astype(float)
