"""Whether the cells are what the schema allows."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from synthesist.core import Allowed, Context, Evidence, Score, Spec
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Category, Constant, Id, Integer, Kind, Moment, Number
from synthesist.errors import SpecError
from synthesist.metrics._columns import empty_table
from synthesist.metrics._estimate import Estimate, estimate
from synthesist.metrics._scale import Scale
from synthesist.rules.rule import Combinations, Rule, Unique, read_rule

__all__ = ["Validity"]

SCALE = Scale(
    metric="validity",
    title="Schema validity",
    family="fidelity",
    best=1.0,
    worst=0.0,
    meaning="The share of synthetic cells and rows that are as the schema and its rules ask; 1 is all of them.",
)


class Validity(Spec):
    """The share of synthetic cells and rows that are as the schema asks: 1 is all of them.

    A cell is valid when it is inside the bounds, on the grid (`step`, `decimals`) and among the
    categories of its kind; a missing cell where cells may be missing; a key when no other row has
    it. Each rule of the table, its key of several columns and each group of columns that must be unique are
    asked of every row, and count as one more cell: `parts` lists them with the rate of rows that break
    them. Bounds detected from train may be passed by new real rows, so the reference can be below 1.

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
        kinds, rules = case.train.kinds.columns, _rules(case.train)
        if not kinds:
            return SCALE.skip("The table has no columns.")
        found, shares, broken = _valid(kinds, rules, case.synthetic)
        reference, real, real_broken = _valid(kinds, rules, case.holdout)
        columns = {name: {"score": share, "reference": real[name]} for name, share in shares.items()}
        parts = [
            {"rule": rule.text, "column": rule.columns[0] if rule.columns else "", "rate": rate, "reference": of_real}
            for rule, rate, of_real in zip(rules, broken, real_broken, strict=True)
        ]
        return SCALE.score(found, reference, {"columns": columns, "parts": parts})


def _rules(train: Dataset) -> list[Rule]:
    """What every row is asked beside its cells: rules, conditions of a database, keys and what is unique.

    Left out is what asks for another table (`orphans` judges links) and SQL that is no rule of ours.
    """
    table, found = train.kinds, []
    conditions: list[Any] = [{"sql": text} for text in table.checks.conditions] if table.checks else []
    for written in (*table.rules, *conditions):
        with suppress(SpecError):
            rule = read_rule(written)
            if isinstance(rule, Combinations) and rule.rows is None:
                rule = replace(rule, rows=tuple(train.table.select(rule.columns).drop_nulls().unique().rows()))
            if set(rule.columns) <= set(table.columns) and rule.broken(train.table.clear()) is not None:
                found.append(rule)
    groups = ([table.key] if len(table.key) > 1 else []) + list(table.unique)
    return found + [Unique(f"unique({', '.join(columns)})", columns) for columns in groups]


def _valid(
    kinds: dict[str, Kind], rules: Sequence[Rule], data: Dataset
) -> tuple[Estimate, dict[str, float], list[float]]:
    """The share of valid cells and rows with its interval, that of each column, and the rows that break each rule."""
    of_row = np.zeros(data.table.height)
    shares, broken = {}, []
    for name, kind in kinds.items():
        cells = data.table[name]
        valid = ((cells.is_null() & kind.missing) | (cells.is_not_null() & _allowed(kind, cells))).to_numpy()
        shares[name] = float(valid.mean())
        of_row += valid
    for rule in rules:
        breaks = rule.broken(data.table).to_numpy()
        broken.append(float(breaks.mean()))
        of_row += ~breaks
    of_row /= len(kinds) + len(rules)
    found = estimate(float(of_row.mean()), of_row)
    return found._replace(low=max(min(found.low, 1 - 3 / len(of_row)), 0.0)), shares, broken


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
