"""Conditions that neither limits nor rules hold, held by settling single columns: empty, never empty, or one value.

A condition is worked out over what is known of its columns, in the three-valued logic of SQL. Where it can be false,
columns are settled one by one, the most natural way first, until it cannot: of `a` and `b`, exactly one of which is
there, `b` stays empty. A condition whose words are not known here is held by what columns hold by default.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, count, islice, product
from typing import TYPE_CHECKING, Any

from synthesist.schemas.relational.checks import written_value
from synthesist.schemas.relational.tables import Column, Table

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["ANY", "EMPTY", "THERE", "Settled", "choices", "settled_by", "truth"]

MOST = 4_000  # ways that are tried for one condition
ENOUGH = 40  # ways that are compared
Truth = frozenset[bool | None]
OPEN: Truth = frozenset({True, False, None})
DECIDED: Truth = frozenset({True, False})


@dataclass(frozen=True)
class Known:
    """A cell of this value."""

    value: Any


EMPTY, THERE, ANY = "empty", "there", "any"
Settled = Known | str
"""What is known of a cell: its value, or that it is `empty`, `there`, or `any` of both."""
PLAIN = ("Paren", "Cast", "TryCast", "Collate", "Alias")
LOOSE = (
    "concat",
    "concat_ws",
    "row",
    "greatest",
    "least",
    "jsonb_build_array",
    "jsonb_build_object",
    "isnull",
    "typeof",
)
"""Functions that have a value where an argument has none."""


def settled_by(node: "exp.Expression", columns: Mapping[str, Sequence[Settled]]) -> dict[str, Settled] | None:
    """The fewest columns to settle so that a condition is never false; None where no way is known.

    Args:
        node: the condition.
        columns: of every column it reads what it may be settled to, the first as it is.
    """
    found = list(islice(_holding(node, {}, columns, count(MOST, -1)), ENOUGH))
    return min(found, key=lambda settled: (len(settled), _unnatural(settled, columns)), default=None)


def _unnatural(settled: Mapping[str, Settled], columns: Mapping[str, Sequence[Settled]]) -> int:
    return sum(columns[name].index(cell) for name, cell in settled.items())


def _holding(
    node: "exp.Expression", done: dict[str, Settled], columns: Mapping[str, Sequence[Settled]], left: Iterator[int]
) -> Iterator[dict[str, Settled]]:
    """Ways to hold a condition beyond what is settled: every part of AND, one of OR, else by the columns it reads."""
    cells = {name: its[0] for name, its in columns.items() if its} | done
    if False not in truth(node, cells):
        yield done
        return
    kind = type(node).__name__
    if kind == "Paren":
        yield from _holding(node.this, done, columns, left)
    elif kind == "And":
        for first in _holding(node.this, done, columns, left):
            yield from _holding(node.expression, first, columns, left)
    elif kind == "Or":
        yield from _holding(node.this, done, columns, left)
        yield from _holding(node.expression, done, columns, left)
    else:
        read = {column.name for column in node.find_all(_column_type())}
        free = {name: its for name, its in columns.items() if name in read and name not in done}
        for settled in _ways_of_all(free):
            if next(left) < 0:
                return
            if False not in truth(node, cells | settled):
                yield done | settled


def _column_type() -> "type[exp.Column]":
    from sqlglot import exp

    return exp.Column


def _ways_of_all(columns: Mapping[str, Sequence[Settled]]) -> Iterator[dict[str, Settled]]:
    """Columns to settle and what to: one column, then two, and so on; the most natural ways first."""
    for many in range(1, len(columns) + 1):
        for names in combinations(columns, many):
            for way in sorted(product(*(range(1, len(columns[name])) for name in names)), key=sum):
                yield {name: columns[name][place] for name, place in zip(names, way, strict=True)}


def choices(node: "exp.Expression", table: Table, *, fixed: frozenset[str]) -> dict[str, list[Settled]]:
    """What the columns of a condition may be settled to, the most natural first.

    Args:
        node: the condition.
        table: where it stands.
        fixed: columns that tie rows together, which can be empty or there, but hold no value of choice.
    """
    from sqlglot import exp

    out: dict[str, list[Settled]] = {}
    for found in node.find_all(exp.Column):
        column = table.columns.get(found.name)
        if column is not None and column.name not in out:
            out[column.name] = list(_ways(node, column, table, fixed))
    return out


def _ways(node: "exp.Expression", column: Column, table: Table, fixed: frozenset[str]) -> Iterator[Settled]:
    may_miss = column.nullable and column.name not in table.key
    if column.absent:
        yield EMPTY
        return
    values = column.values if len(column.values) == 1 and not may_miss else ()
    yield Known(values[0]) if values else ANY if may_miss else THERE
    if may_miss:
        yield THERE
    if column.name not in fixed:
        yield from (Known(value) for value in _written(node, column) if not column.values or value in column.values)
    if may_miss:
        yield EMPTY


def _written(node: "exp.Expression", column: Column) -> list[Any]:
    """The values a condition names, where they are of the type of the column; of truths both."""
    from sqlglot import exp

    if column.type.family == "boolean":
        return [False, True]
    fits = {"text": str, "enum": str, "integer": int}.get(column.type.family)
    found = [written_value(one) for one in node.find_all(exp.Literal)]
    return [value for value in dict.fromkeys(found) if fits is not None and type(value) is fits]


# ------------------------------------------------------------------------------ what a condition comes to


def truth(node: "exp.Expression", cells: Mapping[str, Settled]) -> Truth:
    """Which of true, false and unknown a condition can come to, for cells of which so much is known."""
    kind = type(node).__name__
    if kind in PLAIN:
        return truth(node.this, cells)
    if (work := CONDITIONS.get(kind)) is not None:
        return work(node, cells)
    return _as_truth(_value(node, cells))


def _as_truth(value: Settled) -> Truth:
    match value:
        case Known(bool(said)):
            return frozenset({said})
        case Known(int(number)):
            return frozenset({number != 0})
        case "empty":
            return frozenset({None})
        case "there":
            return DECIDED
    return OPEN


def _both(node: "exp.Expression", cells: Mapping[str, Settled]) -> Truth:
    return _combined(node, cells, lambda a, b: False if False in (a, b) else None if None in (a, b) else True)


def _either(node: "exp.Expression", cells: Mapping[str, Settled]) -> Truth:
    return _combined(node, cells, lambda a, b: True if True in (a, b) else None if None in (a, b) else False)


def _one_of_both(node: "exp.Expression", cells: Mapping[str, Settled]) -> Truth:
    return _combined(node, cells, lambda a, b: None if None in (a, b) else a is not b)


def _combined(node: "exp.Expression", cells: Mapping[str, Settled], work: Callable[[Any, Any], bool | None]) -> Truth:
    return frozenset(work(a, b) for a in truth(node.this, cells) for b in truth(node.expression, cells))


def _not(node: "exp.Expression", cells: Mapping[str, Settled]) -> Truth:
    return frozenset(None if one is None else not one for one in truth(node.this, cells))


def _is(node: "exp.Expression", cells: Mapping[str, Settled]) -> Truth:
    negated = bool(node.args.get("negate"))
    if type(node.expression).__name__ == "Null":
        found = {EMPTY: frozenset({True}), ANY: DECIDED}.get(_kind(_value(node.this, cells)), frozenset({False}))
    elif type(node.expression).__name__ == "Boolean":
        wanted = bool(node.expression.this)
        found = frozenset(one is wanted for one in truth(node.this, cells))
    else:
        return DECIDED
    return frozenset(one is not negated for one in found)


def _kind(value: Settled) -> str:
    return value if isinstance(value, str) else THERE


def _compared(node: "exp.Expression", cells: Mapping[str, Settled]) -> Truth:
    a, b, sign = _value(node.this, cells), _value(node.expression, cells), type(node).__name__
    if sign in ("NullSafeEQ", "NullSafeNEQ"):
        if isinstance(a, Known) and isinstance(b, Known):
            return frozenset({(a == b) is (sign == "NullSafeEQ")})
        if EMPTY in (a, b) and ANY not in (a, b):
            return frozenset({(a == b) is (sign == "NullSafeEQ")})
        return DECIDED
    if EMPTY in (a, b):
        return frozenset({None})
    if isinstance(a, Known) and isinstance(b, Known):
        try:
            return frozenset({bool(SIGNS[sign](a.value, b.value))})
        except TypeError:
            return DECIDED
    return OPEN if ANY in (a, b) else DECIDED


def _among(node: "exp.Expression", cells: Mapping[str, Settled]) -> Truth:
    value, listed = _value(node.this, cells), [_value(one, cells) for one in node.expressions]
    if value == EMPTY:
        return frozenset({None})
    if isinstance(value, Known) and listed and all(isinstance(one, Known) for one in listed):
        return frozenset({value in listed})
    return OPEN if ANY in (value, *listed) or EMPTY in listed else DECIDED


def _branched(node: "exp.Expression", cells: Mapping[str, Settled]) -> Truth:
    out: set[bool | None] = set()
    for value in _results(node, cells):
        out |= {None} if value is None else truth(value, cells)
    return frozenset(out)


def _results(node: "exp.Expression", cells: Mapping[str, Settled]) -> "Iterator[exp.Expression | None]":
    """What an IF or CASE may come to; None for nothing."""
    from sqlglot import exp

    branches = node.args.get("ifs") or [node]
    subject = node.this if node.args.get("ifs") else None
    for branch in branches:
        test = exp.EQ(this=subject.copy(), expression=branch.this.copy()) if subject is not None else branch.this
        held = truth(test, cells)
        if True in held:
            yield branch.args["true"]
        if held == {True}:
            return
    yield node.args.get("default") if node.args.get("ifs") else node.args.get("false")


CONDITIONS: Mapping[str, Callable[[Any, Mapping[str, Settled]], Truth]] = {
    "And": _both,
    "Or": _either,
    "Xor": _one_of_both,
    "Not": _not,
    "Is": _is,
    "In": _among,
    "If": _branched,
    "Case": _branched,
    **dict.fromkeys(("EQ", "NEQ", "LT", "LTE", "GT", "GTE", "NullSafeEQ", "NullSafeNEQ"), _compared),
}
SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "EQ": lambda a, b: a == b,
    "NEQ": lambda a, b: a != b,
    "LT": lambda a, b: a < b,
    "LTE": lambda a, b: a <= b,
    "GT": lambda a, b: a > b,
    "GTE": lambda a, b: a >= b,
}
ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "Add": lambda a, b: a + b,
    "Sub": lambda a, b: a - b,
    "Mul": lambda a, b: a * b,
}


# ------------------------------------------------------------------------------ what a value comes to


def _value(node: "exp.Expression", cells: Mapping[str, Settled]) -> Settled:
    kind = type(node).__name__
    if kind in CONDITIONS and kind not in ("If", "Case"):
        return _of_truth(truth(node, cells))
    match kind:
        case "Paren" | "Cast" | "TryCast" | "Collate" | "Alias":
            return _value(node.this, cells)
        case "Column":
            return cells.get(node.name, ANY)
        case "Null":
            return EMPTY
        case "Literal" | "Boolean" | "Neg" if (found := written_value(node)) is not None:
            return Known(found)
        case "If" | "Case":
            return _joined([EMPTY if one is None else _value(one, cells) for one in _results(node, cells)])
        case "Coalesce":
            return _first([_value(one, cells) for one in (node.this, *node.expressions)])
    return _of_function(node, cells)


def _of_truth(found: Truth) -> Settled:
    if len(found) == 1:
        (one,) = found
        return EMPTY if one is None else Known(one)
    return ANY if None in found else THERE


def _joined(values: Sequence[Settled]) -> Settled:
    if all(one == values[0] for one in values):
        return values[0]
    return ANY if ANY in values or EMPTY in values else THERE


def _first(values: Sequence[Settled]) -> Settled:
    """What COALESCE gives."""
    there = [one for one in values if one != EMPTY]
    if not there:
        return EMPTY
    if there[0] != ANY:
        return there[0]
    return THERE if any(one not in (ANY, EMPTY) for one in there) else ANY


def _of_function(node: "exp.Expression", cells: Mapping[str, Settled]) -> Settled:
    """A function or sign: nothing where an argument is nothing, as nearly all are."""
    name = (node.name if type(node).__name__ == "Anonymous" else type(node).__name__).lower()
    args = [_value(one, cells) for one in _arguments(node)]
    if name in ("num_nonnulls", "num_nulls"):
        if ANY in args:
            return THERE
        empty = sum(one == EMPTY for one in args)
        return Known(empty if name == "num_nulls" else len(args) - empty)
    if name in LOOSE:
        return ANY
    if EMPTY in args:
        return EMPTY
    numbers = [one.value for one in args if isinstance(one, Known)]
    if type(node).__name__ in ARITHMETIC and len(numbers) == 2 and all(isinstance(one, int | float) for one in numbers):
        return Known(ARITHMETIC[type(node).__name__](*numbers))
    return ANY


def _arguments(node: "exp.Expression") -> "Iterator[exp.Expression]":
    for part in node.args.values():
        for one in part if isinstance(part, list) else [part]:
            if hasattr(one, "args") and type(one).__name__ not in ("DataType", "Identifier", "Var", "Interval"):
                yield one
