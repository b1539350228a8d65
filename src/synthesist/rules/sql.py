"""Expressions of SQL, said again as formulas: `CASE WHEN price > 9 THEN 'dear' END` is a formula with `if` and `else`.

So the two mean the same, fit the same columns, and refuse the same. The dialect is PostgreSQL's, but for `/`, which
never cuts off decimals. Nothing here reads a table or runs a statement.
"""

import ast
from collections.abc import Callable, Mapping
from functools import reduce
from typing import TYPE_CHECKING, NoReturn

from synthesist.errors import SpecError

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["said_as_formula"]

OPERATORS: Mapping[str, type[ast.operator]] = {
    "Add": ast.Add, "Sub": ast.Sub, "Mul": ast.Mult, "Div": ast.Div, "Mod": ast.Mod, "Pow": ast.Pow,
}  # fmt: skip
COMPARISONS: Mapping[str, type[ast.cmpop]] = {
    "EQ": ast.Eq, "NEQ": ast.NotEq, "LT": ast.Lt, "LTE": ast.LtE, "GT": ast.Gt, "GTE": ast.GtE,
}  # fmt: skip
FUNCTIONS: Mapping[str, str] = {
    "Abs": "abs", "Ceil": "ceil", "Coalesce": "coalesce", "Concat": "concat", "DPipe": "concat", "Exp": "exp",
    "Floor": "floor", "Greatest": "max", "Least": "min", "Length": "length", "Ln": "log", "Lower": "lower",
    "Sqrt": "sqrt", "Trim": "trim", "Upper": "upper",
}  # fmt: skip
FIELDS: Mapping[str, str] = {"YEAR": "year", "MONTH": "month", "DAY": "day", "HOUR": "hour", "ISODOW": "weekday"}
LENGTHS: Mapping[str, str] = {
    unit + end: function
    for unit, function in {"DAY": "days", "HOUR": "hours", "MINUTE": "minutes", "SECOND": "seconds"}.items()
    for end in ("", "S")
}


def said_as_formula(text: str) -> ast.expr:
    """The tree of the formula that an expression of SQL says.

    Raises:
        SpecError: it is no expression, or holds what a formula has no words for.
    """
    import sqlglot
    from sqlglot import exp

    try:
        statements = sqlglot.parse(f"SELECT {text}", read="postgres")
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        why = str(error).splitlines()[0]
        raise SpecError(f"`{text}` is not an expression of SQL: {why}") from None
    select = statements[0] if len(statements) == 1 else None
    clauses = {name for name, value in select.args.items() if value} if isinstance(select, exp.Select) else set()
    if not isinstance(select, exp.Select) or clauses != {"expressions"} or len(select.expressions) != 1:
        raise SpecError(f"`{text}` is not one expression of SQL: write what could stand in a SELECT, without FROM")
    return _said(select.expressions[0])


def _said(node: "exp.Expression") -> ast.expr:
    kind = type(node).__name__
    if kind in OPERATORS:
        return ast.BinOp(_said(node.this), OPERATORS[kind](), _said(node.expression))
    if kind in COMPARISONS:
        return _compared(_said(node.this), COMPARISONS[kind], _said(node.expression))
    if kind in FUNCTIONS:
        parts = [node.args.get("this"), *(node.args.get("expressions") or []), node.args.get("expression")]
        return _call(FUNCTIONS[kind], *(_said(part) for part in parts if part is not None))
    if kind in WORDS:
        return WORDS[kind](node)
    return _refuse(node)


def _column(node: "exp.Expression") -> ast.expr:
    if node.args.get("table"):
        _refuse(node)
    return _call("column", ast.Constant(node.name))


def _literal(node: "exp.Expression") -> ast.expr:
    if node.args["is_string"]:
        return ast.Constant(node.this)
    return ast.Constant(float(node.this) if set(node.this) & set(".eE") else int(node.this))


def _case(node: "exp.Expression") -> ast.expr:
    subject, otherwise = node.args.get("this"), node.args.get("default")
    out: ast.expr = ast.Constant(None) if otherwise is None else _said(otherwise)
    for branch in reversed(node.args["ifs"]):
        test = _said(branch.this)
        test = test if subject is None else _compared(_said(subject), ast.Eq, test)
        out = ast.IfExp(test, _said(branch.args["true"]), out)
    return out


def _among(node: "exp.Expression") -> ast.expr:
    if node.args.get("query") or not node.expressions:
        _refuse(node)
    return reduce(_or, (_compared(_said(node.this), ast.Eq, _said(value)) for value in node.expressions))


def _between(node: "exp.Expression") -> ast.expr:
    low, high = _said(node.args["low"]), _said(node.args["high"])
    return ast.Compare(low, [ast.LtE(), ast.LtE()], [_said(node.this), high])


def _is(node: "exp.Expression") -> ast.expr:
    match type(node.expression).__name__:
        case "Null":
            said: ast.expr = _call("is_missing", _said(node.this))
        case "Boolean":
            value = ast.Constant(node.expression.this)
            said = _call("coalesce", _compared(_said(node.this), ast.Eq, value), ast.Constant(False))
        case _:
            _refuse(node)
    return ast.UnaryOp(ast.Not(), said) if node.args.get("negate") else said


def _nothing_if(node: "exp.Expression") -> ast.expr:
    this = _said(node.this)
    return ast.IfExp(_compared(this, ast.Eq, _said(node.expression)), ast.Constant(None), this)


def _rounded(node: "exp.Expression") -> ast.expr:
    decimals = node.args.get("decimals")
    return _call("round", _said(node.this), *([] if decimals is None else [_said(decimals)]))


def _length_of_time(node: "exp.Expression") -> ast.expr:
    count, unit = node.this, str(node.args.get("unit") or "").upper()
    try:
        return _call(LENGTHS[unit], ast.Constant(float(count.this)))
    except (KeyError, AttributeError, TypeError, ValueError):
        return _refuse(node)


def _part_of_moment(node: "exp.Expression") -> ast.expr:
    field = str(node.this).upper()
    return _call(FIELDS[field], _said(node.expression)) if field in FIELDS else _refuse(node)


def _moment(node: "exp.Expression") -> ast.expr:
    written = node.this.this if type(node.this).__name__ == "Literal" else None
    if str(node.args["to"]).upper() not in ("DATE", "TIMESTAMP") or not isinstance(written, str):
        _refuse(node)
    return _call("date", ast.Constant(written.replace(" ", "T")))


def _both(node: "exp.Expression") -> ast.expr:
    return ast.BoolOp(ast.And(), [_said(node.this), _said(node.expression)])


WORDS: Mapping[str, Callable[["exp.Expression"], ast.expr]] = {
    "And": _both,
    "Between": _between,
    "Boolean": lambda node: ast.Constant(node.this),
    "Case": _case,
    "Cast": _moment,
    "Column": _column,
    "Extract": _part_of_moment,
    "In": _among,
    "Interval": _length_of_time,
    "Is": _is,
    "Literal": _literal,
    "Neg": lambda node: ast.UnaryOp(ast.USub(), _said(node.this)),
    "Not": lambda node: ast.UnaryOp(ast.Not(), _said(node.this)),
    "Null": lambda node: ast.Constant(None),
    "Nullif": _nothing_if,
    "Or": lambda node: _or(_said(node.this), _said(node.expression)),
    "Paren": lambda node: _said(node.this),
    "Round": _rounded,
}


def _or(left: ast.expr, right: ast.expr) -> ast.expr:
    return ast.BoolOp(ast.Or(), [left, right])


def _compared(left: ast.expr, sign: type[ast.cmpop], right: ast.expr) -> ast.expr:
    return ast.Compare(left, [sign()], [right])


def _call(name: str, *args: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name), list(args), [])


def _refuse(node: "exp.Expression") -> NoReturn:
    raise SpecError(
        f"`{node.sql(dialect='postgres')}` is not allowed here: write arithmetic, comparisons, AND OR NOT, IN, "
        f"BETWEEN, IS NULL, CASE, COALESCE, NULLIF, ||, EXTRACT, INTERVAL and the usual functions of one row"
    )
