"""CHECK constraints, read into limits of single columns and rules between columns.

A condition is a conjunction of parts. A part about one column and written values becomes a limit, which its
distribution keeps exactly; a part about several columns becomes a rule, in the words of formulas. What is neither is
named, with its table and line, so that nothing is lost in silence.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from synthesist.errors import SpecError
from synthesist.rules.sql import said_as_formula
from synthesist.schemas.relational.limits import Limits
from synthesist.schemas.relational.tables import Check, Table

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["Checked", "checked"]

Found = tuple[str, Limits]
"""A column and a limit."""
FLIPPED = {"LT": "GT", "LTE": "GTE", "GT": "LT", "GTE": "LTE", "EQ": "EQ", "NEQ": "NEQ", "NullSafeEQ": "EQ"}
ANYTHING = "[a-z]{0,8}"  # what stands for % in LIKE
TRANSPARENT = ("Paren", "Cast", "TryCast", "Collate", "Trim", "TsOrDsToDate", "Date", "Timestamp")


@dataclass
class Checked:
    """What the conditions of a table come to."""

    limits: dict[str, Limits] = field(default_factory=dict)
    rules: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def checked(table: Table, dialect: str) -> Checked:
    """The limits of the columns of a table, and the rules between them."""
    out = Checked()
    for check in table.checks:
        for part in _parts(check, table, dialect, out):
            _apply(part, check, table, out)
    return out


def _parts(check: Check, table: Table, dialect: str, out: Checked) -> "Iterator[exp.Expression]":
    import sqlglot
    from sqlglot import exp

    try:
        tree = sqlglot.parse_one(f"SELECT {check.sql}", read=dialect).expressions[0]
    except (sqlglot.errors.SqlglotError, IndexError, RecursionError):
        out.notes.append(_note(check, table, "cannot be read"))
        return
    for column in tree.find_all(exp.Column):
        name = check.column if column.name.upper() == "VALUE" and not table.spelt("value") else column.name
        if (spelt := table.spelt(name)) is not None:
            column.set("this", exp.to_identifier(spelt, quoted=True))
            column.set("table", None)
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, exp.Paren):
            pending.append(node.this)
        elif isinstance(node, exp.And):
            pending += [node.expression, node.this]
        else:
            yield node


def _apply(node: "exp.Expression", check: Check, table: Table, out: Checked) -> None:
    found = _limit(node)
    if found is not None and table.spelt(found[0]) is not None:
        column, limit = found
        both = out.limits.get(column, Limits()).both(limit)
        if both is not None:
            out.limits[column] = both
            return
    elif not _is_true(node):
        try:
            out.rules.append(_rule(node))
            return
        except SpecError:
            pass
    else:
        return
    out.notes.append(_note(check, table, "is not kept: rows may break it"))


def _note(check: Check, table: Table, words: str) -> str:
    return f"line {check.line}: `{table.name}`: CHECK ({' '.join(check.sql.split())}) {words}."


def _rule(node: "exp.Expression") -> str:
    """A condition in the words of formulas; what compares with a missing cell holds, as in a database."""
    from sqlglot import exp

    bare = node.copy()
    for cast in list(bare.find_all(exp.Cast)):
        if not (isinstance(cast.this, exp.Literal) and str(cast.to).upper() in ("DATE", "TIMESTAMP")):
            cast.replace(cast.this)
    tree = said_as_formula(bare.sql(dialect="postgres"))
    if not any(isinstance(part, ast.Call) and getattr(part.func, "id", "") == "column" for part in ast.walk(tree)):
        raise SpecError("it reads no column")
    return ast.unparse(ast.fix_missing_locations(_Named().visit(tree)))


class _Named(ast.NodeTransformer):
    """Writes `name` for `column("name")` where that is a name."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name(id="column"), args=[ast.Constant(value=str(name))]) if name.isidentifier():
                return ast.Name(name) if name not in ("None", "True", "False") else node
        return node


# ------------------------------------------------------------------- one column


def _limit(node: "exp.Expression") -> Found | None:
    """The column and the limit that a condition is about; None where it is about more."""
    node = _open(node)
    kind = type(node).__name__
    reader = READERS.get(kind)
    return reader(node) if reader is not None else None


def _open(node: "exp.Expression") -> "exp.Expression":
    """A condition without parentheses around it."""
    while type(node).__name__ == "Paren":
        node = node.this
    return node


def _bare(node: Any) -> Any:
    """A value without what does not change which it is: parentheses, casts, trimming."""
    while type(node).__name__ in TRANSPARENT:
        node = node.this
    return node


def _column(node: Any) -> str | None:
    node = _bare(node)
    return node.name if type(node).__name__ == "Column" else None


def _value(node: Any) -> Any:
    """A written value; None where it is none."""
    node = _bare(node)
    match type(node).__name__:
        case "Literal" if node.args["is_string"]:
            return node.this
        case "Literal":
            return float(node.this) if set(node.this) & set(".eE") else int(node.this)
        case "Boolean":
            return bool(node.this)
        case "Neg":
            inner = _value(node.this)
            return -inner if isinstance(inner, int | float) else None
        case "National":
            return str(node.this)
    return None


def _compared(node: "exp.Expression") -> Found | None:
    sign = type(node).__name__
    left, right = node.this, node.expression
    if type(right).__name__ == "Any" and sign == "EQ":
        return _any_of(left, right)
    if _value(left) is not None:
        left, right, sign = right, left, FLIPPED[sign]
    if (value := _value(right)) is None:
        return _of_case(left, right)
    inner = _bare(left)
    if type(inner).__name__ in ("Length", "CharLength", "ByteLength") and (name := _column(inner.this)):
        return _of_length(name, sign, value)
    if type(inner).__name__ == "Mod" and sign == "EQ":
        return None
    if (name := _column(left)) is None:
        return None
    match sign:
        case "EQ":
            return name, Limits(values=(value,))
        case "NEQ" if value == "":
            return name, Limits(shortest=1)
        case "NEQ":
            return name, Limits(excluded=(value,))
        case "GT" | "GTE":
            return name, Limits(low=value, low_open=sign == "GT")
    return name, Limits(high=value, high_open=sign == "LT")


def _of_length(name: str, sign: str, value: Any) -> Found | None:
    if not isinstance(value, int | float):
        return None
    whole = int(value)
    match sign:
        case "EQ":
            return name, Limits(shortest=whole, longest=whole)
        case "GT":
            return name, Limits(shortest=whole + 1)
        case "GTE":
            return name, Limits(shortest=whole)
        case "LT":
            return name, Limits(longest=whole - 1)
        case "LTE":
            return name, Limits(longest=whole)
    return (name, Limits(shortest=1)) if whole == 0 else None


def _of_case(left: Any, right: Any) -> Found | None:
    """`upper(code) = code` and its like."""
    for a, b in ((left, right), (right, left)):
        word = type(_bare(a)).__name__.lower()
        if word in ("upper", "lower") and (name := _column(_bare(a).this)) and name == _column(b):
            return name, Limits(case=word)
    return None


def _any_of(left: Any, right: Any) -> Found | None:
    inner = _bare(right.this)
    values = [_value(item) for item in inner.expressions] if type(inner).__name__ == "Array" else []
    name = _column(left)
    return (name, Limits(values=tuple(values))) if name and values and None not in values else None


def _among(node: "exp.Expression") -> Found | None:
    values = [_value(item) for item in node.expressions]
    name = _column(node.this)
    return (name, Limits(values=tuple(values))) if name and values and None not in values else None


def _between(node: "exp.Expression") -> Found | None:
    low, high, name = _value(node.args["low"]), _value(node.args["high"]), _column(node.this)
    inner = _bare(node.this)
    if type(inner).__name__ == "Length" and (name := _column(inner.this)) and isinstance(low, int):
        return name, Limits(shortest=low, longest=high)
    return (name, Limits(low=low, high=high)) if name and low is not None and high is not None else None


def _negated(node: "exp.Expression") -> Found | None:
    inner = _open(node.this)
    found = _limit(inner)
    if found is None:
        return None
    name, limit = found
    if limit == Limits(absent=True):
        return name, Limits(present=True)
    if limit == Limits(values=(True,)):
        return name, Limits(values=(False,))
    if limit.values is not None and limit == Limits(values=limit.values):
        return name, Limits(excluded=limit.values)
    return None


def _missing(node: "exp.Expression") -> Found | None:
    name, said = _column(node.this), type(node.expression).__name__
    if name is None:
        return None
    negated = bool(node.args.get("negate"))
    if said == "Boolean":
        return name, Limits(values=(bool(node.expression.this) is not negated,))
    if said != "Null":
        return None
    return name, Limits(present=True) if negated else Limits(absent=True)


def _either(node: "exp.Expression") -> Found | None:
    sides = [_conjoined(node.this), _conjoined(node.expression)]
    if None in sides or sides[0][0] != sides[1][0]:  # type: ignore[index]  # None is looked for first
        return None
    (name, first), (_, second) = sides  # type: ignore[misc]
    return name, first.either(second)


def _conjoined(node: "exp.Expression") -> Found | None:
    """The limit of a condition that may have several parts, all about one column."""
    node = _open(node)
    if type(node).__name__ != "And":
        return _limit(node)
    a, b = _conjoined(node.this), _conjoined(node.expression)
    if a is None or b is None or a[0] != b[0] or (both := a[1].both(b[1])) is None:
        return None
    return a[0], both


def _like(node: "exp.Expression") -> Found | None:
    name, text = _column(node.this), _value(node.expression)
    if name is None or not isinstance(text, str):
        return None
    parts = [{"%": ANYTHING, "_": "[a-z]"}.get(sign, re.escape(sign)) for sign in text]
    return name, Limits(pattern="".join(parts))


def _glob(node: "exp.Expression") -> Found | None:
    name, text = _column(node.this), _value(node.expression)
    if name is None or not isinstance(text, str):
        return None
    pieces = re.findall(r"\[[^\]]+\]|.", text)
    signs = {"*": ANYTHING, "?": "[a-z]"}
    return name, Limits(
        pattern="".join(p.replace("[!", "[^") if len(p) > 1 else signs.get(p, re.escape(p)) for p in pieces)
    )


def _matches(node: "exp.Expression") -> Found | None:
    name, text = _column(node.this), _value(node.expression)
    if name is None or not isinstance(text, str):
        return None
    return name, Limits(
        pattern=text.removeprefix("^").removesuffix("$") if text.count("|") == 0 or "(" in text else text
    )


def _similar(node: "exp.Expression") -> Found | None:
    name, text = _column(node.this), _value(node.expression)
    if name is None or not isinstance(text, str):
        return None
    return name, Limits(pattern=re.sub(r"%", ANYTHING, re.sub(r"_", "[a-z]", text)))


def _truth(node: "exp.Expression") -> Found | None:
    return node.name, Limits(values=(True,))


def _function(node: "exp.Expression") -> Found | None:
    if node.name.lower() in ("json_valid", "isjson") and node.expressions and (name := _column(node.expressions[0])):
        return name, Limits(is_json=True)
    return None


def _is_true(node: "exp.Expression") -> bool:
    return type(_open(node)).__name__ == "Boolean" and bool(_open(node).this)


READERS: Mapping[str, Callable[[Any], Found | None]] = {
    **dict.fromkeys(FLIPPED, _compared),
    "Between": _between,
    "In": _among,
    "Not": _negated,
    "Is": _missing,
    "Or": _either,
    "Like": _like,
    "Glob": _glob,
    "RegexpLike": _matches,
    "SimilarTo": _similar,
    "Column": _truth,
    "Anonymous": _function,
}
