"""Pairs of small tables between which one unit lies, with everything in their cells that has broken private code."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from synthesist.core import Context
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Boolean, Category, Constant, Id, Integer, Kind, Moment, Number
from synthesist.data.schema import Schema, TableSchema

__all__ = ["UNIT", "Pair", "neighbours", "worst"]

UNIT = "person"
KINDS: dict[str, Kind] = {
    "group": Category(values=["a", "b", "c"], missing=True),
    "age": Integer(bounds=[0, 99]),
    "town": Category(),
    "pay": Number(decimals=2, bounds=[0, 5_000], missing=True),
    "smoker": Boolean(),
    "seen": Moment(precision="d", bounds=["2000-01-01", "2029-12-31"], missing=True),
    "weight": Number(),
    "country": Constant(value="NO"),
}
CHOSEN = (  # columns of one table: few are quick, all are seldom
    ("group", "smoker"),
    ("age", "group"),
    ("town", "smoker"),
    ("pay", "group", "seen"),
    ("weight", "group"),
    ("smoker",),
    tuple(KINDS),
)
ALL = tuple(column for column in KINDS if column != "weight")  # but for a range that has to be bought
ORDER = "another order"
Row = dict[str, Any]
Rows = list[Row]


@dataclass(frozen=True)
class Pair:
    """Two tables, and what lies between them: one unit, or only the order of the rows."""

    name: str
    one: Dataset
    other: Dataset
    unit: str | None = None
    contributions: int = 1
    units: int = 1

    @property
    def reversed(self) -> "Pair":
        """The same two tables, the other way round."""
        return replace(self, one=self.other, other=self.one)


def neighbours(n: int, ctx: Context) -> Iterator[Pair]:
    """n pairs: every oddity in turn, over tables of every shape, with a row or a person between them."""
    for number in range(n):
        here = ctx.at("pair", number)
        oddity = list(ODDITIES)[number % len(ODDITIES)]
        rng = here.rng("shape")
        shape = list(SHAPES)[int(rng.integers(len(SHAPES)))]
        columns = CHOSEN[number // 2 % len(CHOSEN)]
        if oddity == ORDER:
            shape, columns = "many rows", ALL
        owned = (number + number // len(ODDITIES)) % 3 == 1  # in three rounds, every oddity
        pair = _pair(oddity, shape, columns, owned, int(rng.choice([1, 2, 5])), here)
        yield pair.reversed if rng.random() < 0.5 else pair


def worst() -> Pair:
    """No rows, and one row: whatever is counted differs by all that one unit can change."""
    kinds: dict[str, Kind] = {"a": Category(values=["x", "y"]), "b": Category(values=["u", "v"]), "c": Boolean()}
    schema = Schema(tables={"rows": TableSchema(columns=kinds)})
    frame = pl.DataFrame({"a": ["x"], "b": ["u"], "c": [True]})
    return Pair("no rows, and one", Dataset({"rows": frame.clear()}, schema), Dataset({"rows": frame}, schema))


def _pair(oddity: str, shape: str, columns: tuple[str, ...], owned: bool, most: int, ctx: Context) -> Pair:
    """One pair: rows of a shape, and the same rows with those of one unit more."""
    rng = ctx.rng("rows")
    rows = SHAPES[shape](rng)
    added = ODDITIES[oddity]([_row(rng)], rows)
    if owned:  # one person with more rows than count, and some of others
        whose = None if oddity == "nobody's rows" else "X"
        added = [{**row, UNIT: whose} for row in (added * (most + 3))[: int(rng.integers(1, most + 4))]]
        rows = [row for row in rows if row[UNIT] is not None] if whose is None else rows  # or it is no unit more
    kinds = {UNIT: Id(), **{column: KINDS[column] for column in columns}}
    schema = Schema(tables={"rows": TableSchema(columns=kinds)})
    at = int(rng.integers(len(rows) + 1))  # a method that looks at the row before meets the new ones anywhere
    one, other = (_table(each, schema) for each in (rows, rows[:at] + added + rows[at:]))
    name = f"{oddity}, {len(added)} of {shape}"
    unit, contributions = (UNIT, most) if owned else (None, 1)
    if oddity == ORDER:
        shuffled = other.with_table(other.table[rng.permutation(other.units)])
        return Pair(name, other, shuffled, unit, contributions, units=0)
    return Pair(name, one, other, unit, contributions)


def _table(rows: Rows, schema: Schema) -> Dataset:
    storage = {column: kind.storage for column, kind in schema.table.columns.items()}
    cells = {column: [row[column] for row in rows] for column in storage}
    return Dataset({"rows": pl.DataFrame(cells, schema=storage)}, schema)


def _row(rng: np.random.Generator) -> Row:
    """An ordinary row; few persons give many of them."""
    return {
        UNIT: f"P{rng.integers(5)}",
        "group": str(rng.choice(["a", "b", "c"])),
        "age": int(rng.integers(18, 90)),
        "town": str(rng.choice(["Oslo", "Bergen", "Tromsø"])),
        "pay": round(float(rng.gamma(2.0, 700.0)), 2),
        "smoker": bool(rng.random() < 0.3),
        "seen": date(2020, 1, int(rng.integers(1, 29))),
        "weight": float(rng.normal(70, 12)),
        "country": "NO",
    }


def _many(n: int) -> Callable[[np.random.Generator], Rows]:
    return lambda rng: [_row(rng) for _ in range(n)]


def _equal(rng: np.random.Generator) -> Rows:
    return [_row(rng)] * 12


def _wrapping(rng: np.random.Generator) -> Rows:
    return [_row(rng)] * int(rng.choice([127, 255]))


def _constant(rng: np.random.Generator) -> Rows:
    return [{**_row(rng), "group": "a", "age": 40, "pay": 0.0, "smoker": False} for _ in range(15)]


def _empty_cells(rng: np.random.Generator) -> Rows:
    return [{**dict.fromkeys(KINDS), UNIT: None} for _ in range(int(rng.integers(1, 9)))]


SHAPES: dict[str, Callable[[np.random.Generator], Rows]] = {
    "no rows": _many(0),
    "one row": _many(1),
    "some rows": _many(9),
    "many rows": _many(40),
    "equal rows": _equal,
    "as many equal rows as a byte holds": _wrapping,
    "constant columns": _constant,
    "empty cells": _empty_cells,
}
Oddity = Callable[[Rows, Rows], Rows]


def _with(**cells: Any) -> Oddity:
    return lambda new, rows: [{**row, **cells} for row in new]


ODDITIES: dict[str, Oddity] = {
    "a row": lambda new, rows: new,
    "outliers": _with(age=99, pay=5_000.0, weight=1e300, seen=date(2029, 12, 31)),
    "out of bounds": _with(age=10_000, pay=-1e12, weight=-1e18, seen=date(1999, 12, 31)),
    "not a number": _with(pay=float("nan"), weight=float("nan")),
    "infinity": _with(pay=float("inf"), weight=float("inf")),
    "minus infinity": _with(pay=float("-inf"), weight=float("-inf")),
    "empty": _with(**dict.fromkeys(KINDS)),
    "a new value": _with(group="zz", town="Nowhere", country="SE"),
    "a very long text": _with(group="y" * 5_000, town="x" * 20_000),
    "a duplicate": lambda new, rows: rows[:1] or new,
    "a far date": _with(seen=date(9999, 12, 31)),
    "an early date": _with(seen=date(1, 1, 1)),
    "a huge number": _with(age=2**63 - 1, pay=1.7e308, weight=5e-324),
    "a negative number": _with(age=-(2**63), pay=-1.7e308, weight=-0.0),
    "odd text": _with(group="\x00\n", town="'); -- \U0001f600 ‮"),
    "an empty text": _with(group="", town=""),
    "nobody's rows": _with(person=None),
    ORDER: lambda new, rows: new,
}
