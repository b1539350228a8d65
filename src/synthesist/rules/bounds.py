"""What a formula can come to when each of its columns is known only to lie in a cell.

Interval arithmetic, with three truth values: for every combination of cells it says whether a predicate can be true,
can be false, and can be unknown. It may say that something can be which cannot, never the other way round.

Reference: Moore, Interval Analysis, 1966.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from typing import Any

import numpy as np

__all__ = ["Measures", "Truths", "Words", "can_be", "constants", "microseconds", "understood"]

EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True, eq=False)
class Measures:
    """Numbers between low and high, both included; times and lengths of time count in microseconds."""

    low: np.ndarray
    high: np.ndarray
    some: np.ndarray
    """Whether there can be a number at all."""
    none: np.ndarray
    """Whether the cell can be empty."""


@dataclass(frozen=True, eq=False)
class Truths:
    """Whether it can be true, can be false, can be unknown."""

    true: np.ndarray
    false: np.ndarray
    none: np.ndarray


@dataclass(frozen=True, eq=False)
class Words:
    """Known texts, but for those that are empty."""

    values: np.ndarray
    none: np.ndarray


Known = Measures | Truths | Words
ANYTHING = Measures(np.array(-np.inf), np.array(np.inf), np.array(True), np.array(True))
NO = np.array(False)
YES = np.array(True)


def can_be(tree: ast.expr, columns: Mapping[str, Known]) -> Truths:
    """What a predicate can be, for columns whose arrays broadcast against each other."""
    with np.errstate(all="ignore"):
        return _truths(_value(tree, columns))


def understood(tree: ast.expr) -> bool:
    """Whether every part of a formula is known here, so that its bounds say something."""
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    operators = {type(node.op) for node in ast.walk(tree) if isinstance(node, ast.BinOp)}
    return called <= {*FUNCTIONS, "column", "date"} and operators <= ARITHMETIC.keys()


def constants(tree: ast.expr) -> list[float]:
    """Every number, day and time that is written out in a formula; times count in microseconds."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                found += [float(value), -float(value)]
            case ast.Call(func=ast.Name(id="date"), args=[ast.Constant(value=str(day))]):
                found.append(microseconds(datetime.fromisoformat(day)))
    return found


def microseconds(moment: date) -> float:
    """A day or a time as a number; a day begins at midnight."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)
    return (moment.replace(tzinfo=None) - EPOCH).total_seconds() * 1e6


def _value(node: ast.expr, columns: Mapping[str, Known]) -> Known:
    def each(*nodes: ast.expr) -> list[Known]:
        return [_value(part, columns) for part in nodes]

    match node:
        case ast.Name(id=name):
            return columns[name]
        case ast.Call(func=ast.Name(id="column"), args=[ast.Constant(value=str(name))]):
            return columns[name]
        case ast.Constant(value=value):
            return _constant(value)
        case ast.Call(func=ast.Name(id="date"), args=[ast.Constant(value=str(day))]):
            return _constant(microseconds(datetime.fromisoformat(day)))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
            a, b = each(left, right)
            if not (isinstance(a, Measures) and isinstance(b, Measures)):
                return ANYTHING
            low, high, undefined = ARITHMETIC[type(op)](a, b)
            return Measures(low, high, a.some & b.some, a.none | b.none | undefined)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            a = _value(operand, columns)
            return Measures(-a.high, -a.low, a.some, a.none) if isinstance(a, Measures) else ANYTHING
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            t = _truths(_value(operand, columns))
            return Truths(t.false, t.true, t.none)
        case ast.BoolOp(op=op, values=values):
            return reduce(_and if isinstance(op, ast.And) else _or, map(_truths, each(*values)))
        case ast.Compare(left=x, ops=[ast.In() | ast.NotIn() as op], comparators=[ast.Tuple() | ast.List() as values]):
            among = reduce(_or, (_compared(_value(x, columns), ast.Eq, v) for v in each(*values.elts)), _never())
            return among if isinstance(op, ast.In) else Truths(among.false, among.true, among.none)
        case ast.Compare(left=first, ops=ops, comparators=others):
            sides = each(first, *others)
            steps = [_compared(a, type(op), b) for op, a, b in zip(ops, sides, sides[1:], strict=False)]
            return reduce(_and, steps)
        case ast.Call(func=ast.Name(id=name), args=args) if name in FUNCTIONS:
            return FUNCTIONS[name](each(*(args[:1] if name == "round" else args)), args)
    return ANYTHING


def _constant(value: Any) -> Known:
    if isinstance(value, bool):
        return Truths(np.array(value), np.array(not value), NO)
    if isinstance(value, str):
        return Words(np.array(value, dtype=object), NO)
    if value is None:
        return Measures(np.array(0.0), np.array(0.0), NO, YES)
    return Measures(np.array(float(value)), np.array(float(value)), YES, NO)


def _plus(a: Measures, b: Measures) -> tuple[np.ndarray, ...]:
    return a.low + b.low, a.high + b.high, NO


def _minus(a: Measures, b: Measures) -> tuple[np.ndarray, ...]:
    return a.low - b.high, a.high - b.low, NO


def _times(a: Measures, b: Measures) -> tuple[np.ndarray, ...]:
    # zero times infinity is zero here: the ends are reached, infinity never is
    products = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
    ends = [np.where(np.isnan(product), 0.0, product) for product in products]
    return reduce(np.minimum, ends), reduce(np.maximum, ends), NO


def _over(a: Measures, b: Measures) -> tuple[np.ndarray, ...]:
    zero = (b.low <= 0) & (b.high >= 0)
    ends = [np.where(zero | np.isnan(x / y), 0.0, x / y) for x in (a.low, a.high) for y in (b.low, b.high)]
    low, high = reduce(np.minimum, ends), reduce(np.maximum, ends)
    wide = zero | np.isinf(b.low) | np.isinf(b.high)
    return np.where(wide, -np.inf, low), np.where(wide, np.inf, high), zero


ARITHMETIC: Mapping[type[ast.operator], Callable[..., Any]] = {
    ast.Add: _plus,
    ast.Sub: _minus,
    ast.Mult: _times,
    ast.Div: _over,
}


def _compared(a: Known, op: type[ast.cmpop], b: Known) -> Truths:
    if isinstance(a, Words) and isinstance(b, Words):
        none = a.none | b.none
        if op in (ast.Eq, ast.NotEq):
            same = np.equal(a.values, b.values).astype(bool)
            true = same if op is ast.Eq else ~same
            return Truths(true & ~none, ~true & ~none, none)
        return Truths(~none, ~none, none)
    if isinstance(a, Truths) and isinstance(b, Truths) and op in (ast.Eq, ast.NotEq):
        same, other = (a.true & b.true) | (a.false & b.false), (a.true & b.false) | (a.false & b.true)
        return Truths(same, other, a.none | b.none) if op is ast.Eq else Truths(other, same, a.none | b.none)
    if not (isinstance(a, Measures) and isinstance(b, Measures)):
        return Truths(YES, YES, YES)
    some, none = a.some & b.some, a.none | b.none
    below, above = a.low < b.high, a.high > b.low
    equal = (a.low <= b.high) & (b.low <= a.high)
    one = (a.low == a.high) & (b.low == b.high) & (a.low == b.low)
    true, false = {
        ast.Lt: (below, above | equal),
        ast.LtE: (below | equal, above),
        ast.Gt: (above, below | equal),
        ast.GtE: (above | equal, below),
        ast.Eq: (equal, ~one),
        ast.NotEq: (~one, equal),
    }[op]
    return Truths(true & some, false & some, none)


def _truths(a: Known) -> Truths:
    return a if isinstance(a, Truths) else Truths(YES, YES, YES)


def _never() -> Truths:
    return Truths(NO, YES, NO)


def _and(a: Truths, b: Truths) -> Truths:
    none = (a.none & (b.true | b.none)) | (b.none & (a.true | a.none))
    return Truths(a.true & b.true, a.false | b.false, none)


def _or(a: Truths, b: Truths) -> Truths:
    none = (a.none & (b.false | b.none)) | (b.none & (a.false | a.none))
    return Truths(a.true | b.true, a.false & b.false, none)


def _is_missing(parts: Sequence[Known], _: Any) -> Known:
    match parts[0]:
        case Measures(some=some, none=none):
            return Truths(none, some, NO)
        case Truths(true=true, false=false, none=none):
            return Truths(none, true | false, NO)
        case Words(none=none):
            return Truths(none, ~none, NO)


def _monotone(function: Callable[[np.ndarray], np.ndarray]) -> Callable[[Sequence[Known], Any], Known]:
    """A function that rises: its ends are those of its argument."""

    def of(parts: Sequence[Known], _: Any) -> Known:
        (x,) = parts
        if not isinstance(x, Measures):
            return ANYTHING
        low, high = function(x.low), function(x.high)
        bad = np.isnan(low) | np.isnan(high)
        return Measures(np.where(bad, -np.inf, low), np.where(bad, np.inf, high), x.some, x.none | bad)

    return of


def _round(parts: Sequence[Known], args: Sequence[Any]) -> Known:
    places = args[1].value if len(args) > 1 else 0
    return _monotone(lambda x: np.round(x, places))(parts, args)


def _absolute(parts: Sequence[Known], _: Any) -> Known:
    (x,) = parts
    if not isinstance(x, Measures):
        return ANYTHING
    a, b = np.abs(x.low), np.abs(x.high)
    low = np.where((x.low <= 0) & (x.high >= 0), 0.0, np.minimum(a, b))
    return Measures(low, np.maximum(a, b), x.some, x.none)


def _extreme(choose: Callable[..., np.ndarray]) -> Callable[[Sequence[Known], Any], Known]:
    """The smallest or largest; empty ones are passed over, so they widen the ends."""

    def of(parts: Sequence[Known], _: Any) -> Known:
        found = [part for part in parts if isinstance(part, Measures)]
        if len(found) < len(parts):
            return ANYTHING
        low, high = (reduce(choose, ends) for ends in ([x.low for x in found], [x.high for x in found]))
        doubt = reduce(np.logical_or, (x.none for x in found))
        low = np.where(doubt, reduce(np.minimum, [x.low for x in found]), low)
        high = np.where(doubt, reduce(np.maximum, [x.high for x in found]), high)
        some, none = (reduce(join, ends) for join, ends in (
            (np.logical_or, [x.some for x in found]), (np.logical_and, [x.none for x in found]),
        ))  # fmt: skip
        return Measures(low, high, some, none)

    return of


def _lasting(unit: float) -> Callable[[Sequence[Known], Any], Known]:
    return _monotone(lambda x: x * unit)


FUNCTIONS: Mapping[str, Callable[[Sequence[Known], Any], Known]] = {
    "is_missing": _is_missing,
    "round": _round,
    "abs": _absolute,
    "floor": _monotone(np.floor),
    "ceil": _monotone(np.ceil),
    "sqrt": _monotone(np.sqrt),
    "exp": _monotone(np.exp),
    "log": _monotone(np.log),
    "min": _extreme(np.minimum),
    "max": _extreme(np.maximum),
    "days": _lasting(86_400e6),
    "hours": _lasting(3_600e6),
    "minutes": _lasting(60e6),
    "seconds": _lasting(1e6),
}
