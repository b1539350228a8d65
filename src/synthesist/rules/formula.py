"""A formula over columns, such as `round(price * 1.19, 2)`, read into a polars expression.

The text is parsed by Python's own grammar; then only the nodes named in this file are translated and
everything else is refused. No part of a formula is ever run as Python.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, reduce
from typing import Any, Literal, NoReturn

import polars as pl

from synthesist.data.kinds import Boolean, Category, Duration, Integer, Kind, Moment, Number, Unit
from synthesist.errors import SpecError, did_you_mean
from synthesist.rules.calendars import known_country, public_holidays
from synthesist.rules.sql import said_as_formula

__all__ = ["Formula"]

MOST_CHARACTERS = 2_000
MOST_PARTS = 250  # bounds the depth too, so that reading never exhausts the stack
LARGEST_POWER = 64
MOST_DAYS = 5_000_000
ROLLS: tuple[Literal["forward", "backward"], ...] = ("forward", "backward")
HOLIDAYS_KNOWN = (1950, 2100)
LONGEST = 1e15  # milliseconds, beyond all years that are written with four digits
LARGEST_WHOLE = 2**53  # beyond it a decimal number no longer holds every whole one
MANY = 100
YEARS = date(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999)  # those that can be written


@dataclass(frozen=True)
class Formula:
    """A formula, read: the columns it needs and how to compute it.

    What cannot be computed (a division by zero, the logarithm of a negative number) is missing, and
    missing in gives missing out; `min`, `max` and `coalesce` pass over missing cells instead.
    """

    text: str
    names: frozenset[str]
    expression: pl.Expr = field(compare=False)
    decimals: int | None = None
    """How many decimals the outermost `round` leaves, if there is one."""
    clock: tuple[Unit, ...] = ()
    """How fine the lengths of time are that hours, minutes and seconds give in it."""
    adds_clock: bool = False
    """Whether the outermost operation adds such a length to something."""
    tree: ast.expr = field(default_factory=lambda: ast.Constant(None), compare=False, repr=False)

    @classmethod
    def read(cls, text: str) -> "Formula":
        """Read a formula.

        Raises:
            SpecError: it is no formula, or holds anything but the operations this module names.
        """
        _require_short(text)
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise SpecError(f"`{text}` is not a formula: {getattr(error, 'msg', error)}") from None
        return cls.of(text, tree)

    @classmethod
    def read_sql(cls, text: str) -> "Formula":
        """Read an expression of SQL.

        Raises:
            SpecError: it is none, or holds anything but what formulas have words for.
        """
        _require_short(text)
        return cls.of(text, said_as_formula(text))

    @classmethod
    def of(cls, text: str, tree: ast.expr) -> "Formula":
        """The formula of a tree; `text` is how it was written."""
        parts = sum(isinstance(node, ast.expr) for node in ast.walk(tree))
        if parts > MOST_PARTS:
            raise SpecError(f"a formula may have {MOST_PARTS} parts, this has {parts}: split it over two columns")
        names: set[str] = set()
        expression = _translate(tree, names)
        return cls(text, frozenset(names), expression, _decimals(tree), _clock(tree), _adds_clock(tree), tree)

    def kind(self, known: Mapping[str, Kind]) -> Kind:
        """What kind of column it gives, from the kinds of the columns it reads.

        Raises:
            SpecError: the kinds do not fit the operations, as in a name times a number.
        """
        frame = pl.DataFrame(schema={name: known[name].storage for name in self.names})
        try:
            dtype = frame.select(self.expression.alias("it")).dtypes[0]
        except pl.exceptions.PolarsError as error:
            have = "".join(f" (`{name}`: {known[name].kind})" for name in sorted(self.names))
            why = str(error).splitlines()[0].split("; try")[0]
            raise SpecError(f"`{self.text}` does not fit its columns{have}: {why}") from None
        if dtype == pl.Boolean:
            return Boolean(missing=True)
        if dtype.is_integer():
            return Integer(missing=True)
        if dtype.is_numeric():
            return Number(missing=True, decimals=self.decimals)
        if isinstance(dtype, pl.Duration):
            return Duration(missing=True, precision=_finest([*self.clock, "s"]))
        if dtype == pl.Date and self.adds_clock:
            raise SpecError(
                f"`{self.text}` would lose its time of day: its moment is a whole day. Give the column a `precision`"
            )
        if dtype.is_temporal():
            steps = [kind.precision for name in self.names if isinstance(kind := known[name], Moment)]
            return Moment(
                missing=True, precision="d" if dtype == pl.Date else _finest([*self.clock, *(steps or ["us"])])
            )
        if dtype == pl.String:
            return Category(missing=True)
        raise SpecError(f"`{self.text}` gives no value a column can hold ({dtype})")

    def compute(self, frame: pl.DataFrame, kind: Kind) -> pl.Series:
        """The column, one cell for each row of `frame`."""
        expression = self.expression.cast(kind.storage)
        if isinstance(kind, Number):
            expression = _or_missing(expression)
        elif isinstance(kind, Moment):
            expression = pl.when(expression.is_between(*YEARS)).then(expression)
        cells = frame.select(expression.alias("it")).to_series()
        return cells if len(cells) == frame.height else cells.new_from_index(0, frame.height)  # it reads no column


# --------------------------------------------------------------------------- the words of a formula


def _require_short(text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise SpecError(f"a formula may have {MOST_CHARACTERS:,} characters, this has {len(text):,}")


def _or_missing(number: pl.Expr) -> pl.Expr:
    """Infinities and not-a-number become missing: a table holds neither."""
    return pl.when(number.is_finite()).then(number)


def _length(milliseconds: pl.Expr) -> pl.Expr:
    """A length of time; one that no moment could be moved by is missing."""
    return pl.duration(milliseconds=pl.when(milliseconds.abs() <= LONGEST).then(milliseconds))


def _business_days_on(moment: pl.Expr, n: pl.Expr, holidays: Sequence[date] = ()) -> pl.Expr:
    """The n-th business day after (below zero: before) a moment; zero moves a day off to the next business day."""
    n = pl.when(n.abs() <= MOST_DAYS).then(n.floor()).cast(pl.Int32)
    forward, backward = (moment.dt.add_business_days(n, holidays=holidays, roll=roll) for roll in ROLLS)
    return pl.when(n > 0).then(backward).otherwise(forward)


ARITHMETIC: Mapping[type[ast.operator], Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda a, b: _or_missing(a / b),
    ast.FloorDiv: lambda a, b: _or_missing(a // b),
    ast.Mod: lambda a, b: _or_missing(a % b),
}
SIGNS: Mapping[type[ast.unaryop], Callable[[pl.Expr], pl.Expr]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: lambda x: ~(x & True),  # & True refuses numbers, whose bits would be inverted
}
COMPARISONS: Mapping[type[ast.cmpop], Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
FUNCTIONS: Mapping[str, tuple[int, int, Callable[..., pl.Expr]]] = {
    "min": (2, MANY, pl.min_horizontal),
    "max": (2, MANY, pl.max_horizontal),
    "abs": (1, 1, lambda x: x.abs()),
    "floor": (1, 1, lambda x: x.floor()),
    "ceil": (1, 1, lambda x: x.ceil()),
    "sqrt": (1, 1, lambda x: _or_missing((x * 1.0).sqrt())),
    "exp": (1, 1, lambda x: _or_missing(x.exp())),
    "log": (1, 1, lambda x: _or_missing(x.log())),
    "concat": (1, MANY, pl.concat_str),
    "lower": (1, 1, lambda x: x.str.to_lowercase()),
    "upper": (1, 1, lambda x: x.str.to_uppercase()),
    "length": (1, 1, lambda x: x.str.len_chars().cast(pl.Int64)),
    "trim": (1, 1, lambda x: x.str.strip_chars()),
    "coalesce": (1, MANY, pl.coalesce),
    "is_missing": (1, 1, lambda x: x.is_null()),
    "year": (1, 1, lambda x: x.dt.year()),
    "month": (1, 1, lambda x: x.dt.month()),
    "day": (1, 1, lambda x: x.dt.day()),
    "weekday": (1, 1, lambda x: x.dt.weekday()),
    "hour": (1, 1, lambda x: x.dt.hour()),
    "days": (1, 1, lambda x: _length(x.floor() * 86_400_000.0)),
    "hours": (1, 1, lambda x: _length((x * 3600.0).round() * 1000.0)),
    "minutes": (1, 1, lambda x: _length((x * 60.0).round() * 1000.0)),
    "seconds": (1, 1, lambda x: _length((x * 1000.0).round())),
}
CLOCK: Mapping[str, Unit] = {"hours": "s", "minutes": "s", "seconds": "ms"}
"""Functions that give a length of time with a time of day in it, and how fine it is."""
WRITTEN_OUT = ("round", "column", "date", "add_business_days")
"""Functions that take an argument as it is written, not as it is computed."""


# --------------------------------------------------------------------------- from tree to expression


def _translate(node: ast.expr, names: set[str]) -> pl.Expr:
    """The expression of one node; `names` collects the columns that are read."""

    def each(*nodes: ast.expr) -> list[pl.Expr]:
        return [_translate(part, names) for part in nodes]

    match node:
        case ast.Name(id=name):
            names.add(name)
            return pl.col(name)
        case ast.Constant(value=value):
            return _literal(value, node)
        case ast.BinOp(left=base, op=ast.Pow(), right=power):
            return _or_missing((_translate(base, names) * 1.0) ** _power(power))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
            return ARITHMETIC[type(op)](*each(left, right))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in SIGNS:
            return SIGNS[type(op)](_translate(operand, names))
        case ast.BoolOp(op=op, values=values):
            if isinstance(op, ast.And):
                return reduce(operator.and_, each(*values), pl.lit(True))
            return reduce(operator.or_, each(*values), pl.lit(False))
        case ast.Compare(left=first, ops=ops, comparators=others) if all(type(op) in COMPARISONS for op in ops):
            sides = each(first, *others)
            steps = [COMPARISONS[type(op)](a, b) for op, a, b in zip(ops, sides, sides[1:], strict=False)]
            return reduce(operator.and_, steps)
        case ast.Compare(left=x, ops=[ast.In() | ast.NotIn() as op], comparators=[ast.Tuple() | ast.List() as values]):
            equal = [_translate(x, names) == _translate(value, names) for value in values.elts]
            among = reduce(operator.or_, equal, pl.lit(False))
            return among if isinstance(op, ast.In) else ~among
        case ast.IfExp(test=test, body=yes, orelse=no):
            condition, then, otherwise = each(test, yes, no)
            return pl.when(condition).then(then).otherwise(otherwise)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
            fewest, most, function = FUNCTIONS[name]
            if not fewest <= len(args) <= most:
                raise SpecError(f"`{name}` takes {fewest if fewest == most else f'{fewest} or more'} values")
            return function(*each(*args))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in WRITTEN_OUT:
            return _written_out(name, args, names)
        case ast.Call(func=ast.Name(id=name)):
            hint = did_you_mean(name, [*FUNCTIONS, *WRITTEN_OUT], limit=30)
            raise SpecError(f"there is no function `{name}` with these arguments. {hint}")
        case _:
            _refuse(node)


def _literal(value: Any, node: ast.expr) -> pl.Expr:
    if value is None or isinstance(value, bool | str):
        return pl.lit(value)
    if isinstance(value, int) and abs(value) <= LARGEST_WHOLE:
        return pl.lit(value, dtype=pl.Int64)
    if isinstance(value, float) and math.isfinite(value):
        return pl.lit(value, dtype=pl.Float64)
    _refuse(node)


def _power(node: ast.expr) -> float:
    """The exponent, which must be written out and small: `9**9**9` would fill the memory."""
    value = _number(node)
    if value is None or abs(value) > LARGEST_POWER:
        raise SpecError(f"`** {ast.unparse(node)}`: a power is a written number, at most {LARGEST_POWER}")
    return value


def _written_out(name: str, args: list[ast.expr], names: set[str]) -> pl.Expr:
    match name, args:
        case "round", [value]:
            return _translate(value, names).round(0)
        case "round", [value, ast.Constant(value=int(decimals))] if 0 <= decimals <= 15:
            return _translate(value, names).round(decimals)
        case "column", [ast.Constant(value=str(column))] if not column.startswith("^") and column != "*":
            names.add(column)
            return pl.col(column)
        case "date", [ast.Constant(value=str(day))]:
            try:
                return pl.lit(date.fromisoformat(day) if len(day) == len("2024-12-31") else datetime.fromisoformat(day))
            except ValueError:
                raise SpecError(f'`date("{day}")`: write a day as in date("2024-12-31")') from None
        case "add_business_days", [moment, n]:
            return _business_days_on(_translate(moment, names), _translate(n, names))
        case "add_business_days", [moment, n, ast.Constant(value=str(code))]:
            return _business_days_on(_translate(moment, names), _translate(n, names), _holidays(code))
        case _:
            example = {"round": "round(price, 2)", "column": 'column("unit price")', "date": 'date("2024-12-31")'}
            example["add_business_days"] = 'add_business_days(ordered, 3) or add_business_days(ordered, 3, "DE")'
            raise SpecError(f"`{name}` is written as in `{example[name]}`")


@cache
def _holidays(code: str) -> tuple[date, ...]:
    """Public holidays of all years that matter."""
    try:
        country, _ = known_country(code)
        first, last = HOLIDAYS_KNOWN
        return tuple(public_holidays(code, max(first, country.start_year), min(last, country.end_year)))
    except ValueError as error:
        raise SpecError(str(error)) from None


def _number(node: ast.expr) -> float | None:
    """A number that is written out, with its sign."""
    match node:
        case ast.Constant(value=int(value) | float(value)):
            return float(value) if abs(value) <= LARGEST_WHOLE else None
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value) | float(value))):
            return -float(value) if abs(value) <= LARGEST_WHOLE else None
    return None


def _decimals(node: ast.expr) -> int | None:
    match node:
        case ast.Call(func=ast.Name(id="round"), args=[_]):
            return 0
        case ast.Call(func=ast.Name(id="round"), args=[_, ast.Constant(value=int(decimals))]):
            return decimals
    return None


def _clock(tree: ast.expr) -> tuple[Unit, ...]:
    return tuple(CLOCK[name] for name in sorted(CLOCK.keys() & _called(tree)))


def _called(tree: ast.expr) -> set[str]:
    """The names of the functions in it."""
    return {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}


def _adds_clock(node: ast.expr) -> bool:
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            return any(bool(CLOCK.keys() & _called(side)) for side in (left, right))
        case ast.IfExp(body=yes, orelse=no):
            return _adds_clock(yes) or _adds_clock(no)
    return False


def _finest(steps: Sequence[Unit]) -> Unit:
    return min(steps, key=("us", "ms", "s", "m", "h", "d").index)


def _refuse(node: ast.expr) -> NoReturn:
    raise SpecError(
        f"`{ast.unparse(node)}` is not allowed in a formula: write arithmetic, comparisons, and/or/not, "
        f"`x if c else y` and the functions {', '.join((*FUNCTIONS, *WRITTEN_OUT))}"
    )
