"""Whether the cells are what the schema allows."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from synthesist.core import Allowed, Context, Evidence, Score, Spec
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Category, Constant, Id, Integer, Kind, Moment, Number
from synthesist.metrics._columns import empty_table
from synthesist.metrics._estimate import Estimate, estimate
from synthesist.metrics._scale import Scale

__all__ = ["Validity"]

SCALE = Scale(
    metric="validity",
    title="Schema validity",
    family="fidelity",
    best=1.0,
    worst=0.0,
    meaning="The share of synthetic cells that are within what the schema allows; 1 is all of them.",
)


class Validity(Spec):
    """The share of synthetic cells within what the schema allows: 1 is all of them.

    A cell is valid when it is inside the bounds, on the grid (`step`, `decimals`) and among the
    categories of its kind; a missing cell where cells may be missing; a key when no other row has
    it. Bounds detected from train may be passed by new real rows, so the reference can be below 1.

    The interval takes rows as independent and reaches down to three in n rows at least (the rule
    of three: what n rows did not show).

    When not to use: as a sign of quality. Random cells inside the bounds reach 1.
    """

    standard = 34

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Check synthetic against the schema of train; the reference checks the holdout."""
        del ctx
        if reason := empty_table(case):
            return SCALE.skip(reason)
        kinds = case.train.kinds.columns
        if not kinds:
            return SCALE.skip("The table has no columns.")
        found, shares = _valid(kinds, case.synthetic)
        reference, real = _valid(kinds, case.holdout)
        columns = {name: {"score": share, "reference": real[name]} for name, share in shares.items()}
        return SCALE.score(found, reference, {"columns": columns})


def _valid(kinds: dict[str, Kind], data: Dataset) -> tuple[Estimate, dict[str, float]]:
    """The share of valid cells with its interval, and that of each column."""
    of_row = np.zeros(data.table.height)
    shares = {}
    for name, kind in kinds.items():
        cells = data.table[name]
        valid = ((cells.is_null() & kind.missing) | (cells.is_not_null() & _allowed(kind, cells))).to_numpy()
        shares[name] = float(valid.mean())
        of_row += valid
    of_row /= len(kinds)
    found = estimate(float(of_row.mean()), of_row)
    return found._replace(low=max(min(found.low, 1 - 3 / len(of_row)), 0.0)), shares


def _allowed(kind: Kind, cells: pl.Series) -> pl.Series:
    """Which cells hold a value this kind allows; what a missing cell gives does not matter."""
    if isinstance(kind, Category) and kind.values is not None:
        return Allowed(values=tuple(str(item) for item in kind.values.items)).mask(cells)
    if isinstance(kind, Constant):
        return cells == kind.value if kind.value is not None else cells.is_null()
    if isinstance(kind, Id):
        return cells.is_unique()
    if not isinstance(kind, Number | Integer | Moment):
        return cells.is_not_null()
    bounds = [_storage(end, cells.dtype) for end in (kind.bounds.low, kind.bounds.high)]
    inside = Allowed(low=bounds[0], high=bounds[1]).mask(cells)
    if isinstance(kind, Integer) and kind.step > 1:
        inside &= cells % kind.step == 0
    if isinstance(kind, Number) and kind.decimals is not None:
        inside &= (cells - cells.round(kind.decimals)).abs() <= 1e-9 * cells.abs()
    return inside


def _storage(end: Any, dtype: pl.DataType) -> Any:
    """The end of an interval in storage form: moments are written in ISO 8601 in a schema."""
    if not isinstance(end, str):
        return end
    moment = datetime.fromisoformat(end)
    if dtype == pl.Date:
        return date(moment.year, moment.month, moment.day)
    zone = getattr(dtype, "time_zone", None)
    return moment.replace(tzinfo=ZoneInfo(zone)) if zone and moment.tzinfo is None else moment
