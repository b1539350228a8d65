"""CHECK constraints, read into limits of single columns and rules between columns.

A condition is a conjunction of parts. A part about one column and written values becomes a limit, which its
distribution keeps exactly; a part about several columns becomes a rule, in the words of formulas. What is neither is
named, with its table and line, so that nothing is lost in silence.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from synthesist.errors import SpecError
from synthesist.rules.sql import said_as_formula
from synthesist.schemas.relational.limits import Limits
from synthesist.schemas.relational.tables import Check, Table

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["Checked", "Part", "checked", "said", "written_value"]

Found = tuple[str, Limits]
"""A column and a limit."""
FLIPPED = {"LT": "GT", "LTE": "GTE", "GT": "LT", "GTE": "LTE", "EQ": "EQ", "NEQ": "NEQ", "NullSafeEQ": "EQ"}
LONG = 120  # signs of a condition that are told
ANYTHING = "[a-z]{0,8}"  # what stands for % in LIKE
AVOIDED = ("Like", "ILike", "RegexpLike", "RegexpILike")
LISTS = ('["a", "b"]', '["c"]')
"""Arrays of JSON."""
NOW = ("CurrentDate", "CurrentTimestamp", "CurrentDatetime", "CurrentTime", "Localtimestamp")
PAST, FUTURE = datetime(2024, 12, 31), datetime(2101, 1, 1)
"""Before and after any present in which rows are loaded."""
DAYS = {"day": 1.0, "week": 7.0, "month": 31.0, "year": 366.0, "hour": 1 / 24, "minute": 1 / 1440, "second": 1 / 86400}
TRANSPARENT = ("Paren", "Cast", "TryCast", "Collate", "Trim", "TsOrDsToDate", "Date", "Timestamp")


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a condition that is more than a limit; `rule` says it in the words of formulas, where they have it."""

    check: Check
    node: "exp.Expression"
    rule: str = ""


@dataclass
class Checked:
    """What the conditions of a table come to."""

    limits: dict[str, Limits] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    apart: list[Part] = field(default_factory=list)
    """Those that keep two links of a row from leading to the same row."""
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
        out.notes.append(said(check, table, "cannot be read: rows may break it"))
        return
    for column in tree.find_all(exp.Column):
        name = check.column if column.name.upper() == "VALUE" and check.of_domain else column.name
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
    elif _is_true(node) or _is_of_type(node, table):
        return
    try:
        out.parts.append(Part(check, node, _rule(node)))
    except SpecError:
        out.parts.append(Part(check, node))


def said(check: Check, table: Table, words: str) -> str:
    """A note about a condition."""
    sql = " ".join(check.sql.split())
    return f"line {check.line}: `{table.name}`: CHECK ({sql if len(sql) <= LONG else sql[:LONG] + ' ...'}) {words}."


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
    if node.args.get("negate") and kind != "Is":
        plain = node.copy()
        plain.set("negate", None)
        return _avoided(plain)
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


def written_value(node: Any) -> Any:
    """The value that SQL writes here, without parentheses and casts; None where it is none."""
    node = _bare(node)
    match type(node).__name__:
        case "Literal" if node.args["is_string"]:
            return node.this
        case "Literal":
            return float(node.this) if set(node.this) & set(".eE") else int(node.this)
        case "Boolean":
            return bool(node.this)
        case "Neg":
            inner = written_value(node.this)
            return -inner if isinstance(inner, int | float) else None
        case "National":
            return str(node.this)
    return None


def _compared(node: "exp.Expression") -> Found | None:
    sign = type(node).__name__
    left, right = node.this, node.expression
    if (found := _of_now(left, sign, right) or _of_now(right, FLIPPED[sign], left)) is not None:
        return found
    if sign == "EQ" and (name := _typed_as_json(left)) and (kind := written_value(right)) in ("object", "array"):
        return name, Limits(is_json=True) if kind == "object" else Limits(values=LISTS)
    if type(right).__name__ == "Any" and sign == "EQ":
        return _any_of(left, right)
    if written_value(left) is not None:
        left, right, sign = right, left, FLIPPED[sign]
    if (value := written_value(right)) is None:
        return _of_case(left, right)
    inner = _bare(left)
    if (name := _measured(inner)) is not None:
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


def _of_now(left: Any, sign: str, right: Any) -> Found | None:
    """A column that is before or after the present, which goes on."""
    name = _column(left)
    days = _days_from_now(right) if name is not None else None
    if name is None or days is None or sign not in ("LT", "LTE", "GT", "GTE"):
        return None
    past = sign in ("LT", "LTE")
    end = (PAST if past else FUTURE) + timedelta(days=days)
    return name, Limits(high=end.isoformat()) if past else Limits(low=end.isoformat())


def _days_from_now(node: Any) -> float | None:
    node = _bare(node)
    kind = type(node).__name__
    if kind in NOW or (kind == "Anonymous" and node.name.lower() in ("now", "getdate", "localtimestamp")):
        return 0.0
    if kind not in ("Add", "Sub", "DateAdd", "DateSub") or (start := _days_from_now(node.this)) is None:
        return None
    length = node.expression
    count, unit = (
        (getattr(length, "this", None), str(length.args.get("unit") or "day")) if length is not None else (None, "")
    )
    number = re.fullmatch(r"\s*(\d+)\s*(\w*)\s*", str(getattr(count, "this", count) or ""))
    days = DAYS.get((number[2] or unit).lower().rstrip("s")) if number else None
    if number is None or days is None:
        return None
    return start + (1 if kind.endswith("Add") else -1) * int(number[1]) * days


def _typed_as_json(node: Any) -> str | None:
    """The column of `jsonb_typeof(column)` and its like."""
    node = _bare(node)
    called = node.name.lower() if type(node).__name__ == "Anonymous" else type(node).__name__.lower()
    args = node.expressions if type(node).__name__ == "Anonymous" else [node.this]
    named = called in ("jsonb_typeof", "json_typeof", "json_type", "jsontype", "jsonbtypeof")
    return _column(args[0]) if named and len(args) == 1 else None


def _measured(node: Any) -> str | None:
    """The column whose length it is: of a text, of bytes, of an array."""
    kind = type(node).__name__
    if kind in ("Length", "CharLength", "ByteLength", "ArraySize", "ArrayLength"):
        return _column(node.this)
    called = kind == "Anonymous" and node.name.lower() in ("octet_length", "cardinality", "array_length", "len")
    return _column(node.expressions[0]) if called and node.expressions else None


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
    values = [written_value(item) for item in inner.expressions] if type(inner).__name__ == "Array" else []
    name = _column(left)
    return (name, Limits(values=tuple(values))) if name and values and None not in values else None


def _among(node: "exp.Expression") -> Found | None:
    values = [written_value(item) for item in node.expressions]
    name = _column(node.this)
    return (name, Limits(values=tuple(values))) if name and values and None not in values else None


def _between(node: "exp.Expression") -> Found | None:
    low, high, name = written_value(node.args["low"]), written_value(node.args["high"]), _column(node.this)
    inner = _bare(node.this)
    if (measured := _measured(inner)) and isinstance(low, int):
        return measured, Limits(shortest=low, longest=high)
    return (name, Limits(low=low, high=high)) if name and low is not None and high is not None else None


def _negated(node: "exp.Expression") -> Found | None:
    inner = _open(node.this)
    if (avoided := _avoided(inner)) is not None:
        return avoided
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


def _avoided(node: "exp.Expression") -> Found | None:
    """What NOT LIKE, NOT REGEXP and their like forbid."""
    kind = type(node).__name__
    name, text = (_column(node.this), written_value(node.expression)) if kind in AVOIDED else (None, None)
    if name is None or not isinstance(text, str):
        return None
    if kind in ("Like", "ILike"):
        signs = ({"%": "(?s:.*)", "_": "(?s:.)"}.get(sign, re.escape(sign)) for sign in text)
        text = rf"\A{''.join(signs)}\Z"
    text = f"(?i:{text})" if kind in ("ILike", "RegexpILike") else text
    try:
        re.compile(text)
    except re.error:
        return None
    return name, Limits(avoided=(text,))


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
    name, text = _column(node.this), written_value(node.expression)
    if name is None or not isinstance(text, str):
        return None
    parts = [{"%": ANYTHING, "_": "[a-z]"}.get(sign, re.escape(sign)) for sign in text]
    return name, Limits(pattern="".join(parts))


def _glob(node: "exp.Expression") -> Found | None:
    name, text = _column(node.this), written_value(node.expression)
    if name is None or not isinstance(text, str):
        return None
    pieces = re.findall(r"\[[^\]]+\]|.", text)
    signs = {"*": ANYTHING, "?": "[a-z]"}
    return name, Limits(
        pattern="".join(p.replace("[!", "[^") if len(p) > 1 else signs.get(p, re.escape(p)) for p in pieces)
    )


def _matches(node: "exp.Expression") -> Found | None:
    name, text = _column(node.this), written_value(node.expression)
    if name is None or not isinstance(text, str):
        return None
    return name, Limits(
        pattern=text.removeprefix("^").removesuffix("$") if text.count("|") == 0 or "(" in text else text
    )


def _similar(node: "exp.Expression") -> Found | None:
    name, text = _column(node.this), written_value(node.expression)
    if name is None or not isinstance(text, str):
        return None
    return name, Limits(pattern=re.sub(r"%", ANYTHING, re.sub(r"_", "[a-z]", text)))


def _truth(node: "exp.Expression") -> Found | None:
    return node.name, Limits(values=(True,))


def _function(node: "exp.Expression") -> Found | None:
    if node.name.lower() in ("json_valid", "isjson") and node.expressions and (name := _column(node.expressions[0])):
        return name, Limits(is_json=True)
    return None


def _is_of_type(node: "exp.Expression", table: Table) -> bool:
    """Whether a condition says only that a cell is of the type of its column, to which SQLite does not hold."""
    node = _open(node)
    kind = type(node).__name__
    if kind not in ("EQ", "In", "Is", "NullSafeEQ"):
        return False
    asked = _bare(node.this)
    called = asked.name.lower() if type(asked).__name__ == "Anonymous" else type(asked).__name__.lower()
    args = asked.expressions if type(asked).__name__ == "Anonymous" else [asked.args.get("this")]
    name = table.spelt(_column(args[0]) or "") if called == "typeof" and args else None
    if name is not None:
        words = [written_value(one) for one in node.expressions] if kind == "In" else [written_value(node.expression)]
        fits = {"integer": ("integer",), "text": ("text", "date", "timestamp", "json", "uuid"), "real": ("float",)}
        return any(table.columns[name].type.family in fits.get(str(word), ()) for word in words) and (
            not table.columns[name].nullable or "null" in words or _never_empty(node, table, name)
        )
    other = getattr(node, "expression", None)
    dated = [one for one in (node.this, other) if type(one).__name__ in ("Date", "TsOrDsToDate", "Datetime")]
    names = {_column(node.this), _column(other)} - {None}
    spelt = table.spelt(names.pop() or "") if len(dated) == 1 and len(names) == 1 else None
    return spelt is not None and table.columns[spelt].type.family in ("date", "timestamp")


def _never_empty(node: "exp.Expression", table: Table, name: str) -> bool:
    """Make a column that may be empty one that is not, as its type is asked for."""
    table.columns[name].nullable = False
    return True


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
