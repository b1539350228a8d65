"""A formula over columns, such as `round(price * 1.19, 2)`, read into a polars expression.

The text is parsed by Python's own grammar; then only the nodes named in this file are translated and
everything else is refused. No part of a formula is ever run as Python.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import reduce
from typing import Any, NoReturn

import polars as pl

from synthesist.data.kinds import Boolean, Category, Duration, Integer, Kind, Moment, Number
from synthesist.errors import SpecError, did_you_mean

__all__ = ["Formula"]

MOST_CHARACTERS = 2_000
MOST_PARTS = 250  # bounds the depth too, so that reading never exhausts the stack
LARGEST_POWER = 64
LARGEST_WHOLE = 2**53  # beyond it a decimal number no longer holds every whole one
MANY = 100


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

    @classmethod
    def read(cls, text: str) -> "Formula":
        """Read a formula.

        Raises:
            SpecError: it is no formula, or holds anything but the operations this module names.
        """
        if len(text) > MOST_CHARACTERS:
            raise SpecError(f"a formula may have {MOST_CHARACTERS:,} characters, this has {len(text):,}")
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise SpecError(f"`{text}` is not a formula: {getattr(error, 'msg', error)}") from None
        parts = sum(isinstance(node, ast.expr) for node in ast.walk(tree))
        if parts > MOST_PARTS:
            raise SpecError(f"a formula may have {MOST_PARTS} parts, this has {parts}: split it over two columns")
        names: set[str] = set()
        expression = _translate(tree, names)
        return cls(text, frozenset(names), expression, _decimals(tree))

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
            return Duration(missing=True)
        if dtype.is_temporal():
            return Moment(missing=True, precision="d" if dtype == pl.Date else _finest(known[n] for n in self.names))
        if dtype == pl.String:
            return Category(missing=True)
        raise SpecError(f"`{self.text}` gives no value a column can hold ({dtype})")

    def compute(self, frame: pl.DataFrame, kind: Kind) -> pl.Series:
        """The column, one cell for each row of `frame`."""
        expression = _or_missing(self.expression) if isinstance(kind, Number) else self.expression
        return frame.with_columns(expression.cast(kind.storage).alias("it"))["it"]


# --------------------------------------------------------------------------- the words of a formula


def _or_missing(number: pl.Expr) -> pl.Expr:
    """Infinities and not-a-number become missing: a table holds neither."""
    return pl.when(number.is_finite()).then(number)


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
    "coalesce": (1, MANY, pl.coalesce),
    "year": (1, 1, lambda x: x.dt.year()),
    "month": (1, 1, lambda x: x.dt.month()),
    "day": (1, 1, lambda x: x.dt.day()),
    "days": (1, 1, lambda x: pl.duration(days=x.floor())),
}
WRITTEN_OUT = ("round", "column", "date")
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
        case _:
            example = {"round": "round(price, 2)", "column": 'column("unit price")', "date": 'date("2024-12-31")'}
            raise SpecError(f"`{name}` is written as in `{example[name]}`")


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


def _finest(kinds: Any) -> Any:
    precisions = [kind.precision for kind in kinds if isinstance(kind, Moment)]
    return min(precisions, key=("us", "ms", "s", "m", "h", "d").index, default="us")


def _refuse(node: ast.expr) -> NoReturn:
    raise SpecError(
        f"`{ast.unparse(node)}` is not allowed in a formula: write arithmetic, comparisons, and/or/not, "
        f"`x if c else y` and the functions {', '.join((*FUNCTIONS, *WRITTEN_OUT))}"
    )
