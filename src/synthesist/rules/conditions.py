"""Conditions as users write them, turned into allowed sets and checked before anything is drawn.

{"sex": "Female", "age": (">=", 65)}                  a mapping
"sex = Female", "age >= 65"                           the same as texts
{"state": ["CA", "NY"], "closed": None}               one of a set; missing
"state in CA, NY", "age between 18 and 30", "closed is missing", "closed is not missing", "x != 3"
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from synthesist.core import Allowed
from synthesist.data.kinds import Boolean, Category, Constant, Duration, Id, Integer, Kind, Moment, Number, Text
from synthesist.data.schema import TableSchema
from synthesist.errors import ConditionError, NotFoundError, did_you_mean

__all__ = ["Where", "cell_of", "conditions", "satisfied"]

Where = Mapping[str, Any] | str | Iterable[str] | None

_SIGNS = {
    "=": "==",
    "==": "==",
    "is": "==",
    "is not": "!=",
    "!=": "!=",
    "<>": "!=",
    ">=": ">=",
    "<=": "<=",
    ">": ">",
    "<": "<",
}
_FORMS = "`=`, `!=`, `<`, `<=`, `>`, `>=`, `in a, b`, `between a and b`, `is missing`, `is not missing`"


def conditions(where: Where, schema: TableSchema) -> dict[str, Allowed]:
    """The allowed set of every conditioned column.

    Raises:
        NotFoundError: a condition names no column.
        ConditionError: a condition cannot be read, does not fit its column, or contradicts another.
    """
    out: dict[str, Allowed] = {}
    for column, operator, values in _parsed(where, schema):
        if column not in schema.columns:
            raise NotFoundError(f"The condition names a column `{column}`. {did_you_mean(column, schema.columns)}")
        want = _allowed(column, schema.columns[column], operator, values)
        out[column] = out[column].both(want) if column in out else want
    for column, want in out.items():
        _possible(column, schema.columns[column], want)
    return out


def satisfied(table: pl.DataFrame, allowed: Mapping[str, Allowed]) -> pl.Series:
    """Which rows of the table meet all conditions."""
    inside = pl.Series("satisfied", [True], dtype=pl.Boolean).new_from_index(0, table.height)
    for column, want in allowed.items():
        inside &= want.mask(table[column])
    return inside


def _parsed(where: Where, schema: TableSchema) -> Iterable[tuple[str, str, tuple[Any, ...]]]:
    """Every condition as (column, operator, values)."""
    if where is None:
        return
    if isinstance(where, Mapping):
        for column, value in where.items():
            yield (str(column), *_from_value(str(column), value))
        return
    for text in [where] if isinstance(where, str) else where:
        yield _from_text(text, schema)


def _from_value(column: str, value: Any) -> tuple[str, tuple[Any, ...]]:
    if value is None:
        return "missing", ()
    if isinstance(value, tuple) and value and isinstance(value[0], str) and value[0] in {*_SIGNS, "in", "between"}:
        operator, *values = value
        if operator == "in" and len(values) == 1 and isinstance(values[0], list | tuple | set | frozenset):
            values = list(values[0])
        if (len(values) != 2) if operator == "between" else (len(values) != 1 and operator != "in"):
            raise ConditionError(f"The condition on `{column}` has {len(values)} values after {operator!r}: {value!r}.")
        if operator in _SIGNS and values[0] is None:
            return ("missing" if _SIGNS[operator] == "==" else "present"), ()
        return str(_SIGNS.get(operator, operator)), tuple(values)
    if isinstance(value, list | set | frozenset | tuple):
        return "in", tuple(sorted(value, key=str)) if isinstance(value, set | frozenset) else tuple(value)
    return "==", (value,)


def _from_text(text: str, schema: TableSchema) -> tuple[str, str, tuple[Any, ...]]:
    """Read one written condition; the longest column name that fits is meant."""
    names = "|".join(re.escape(name) for name in sorted(schema.columns, key=len, reverse=True))
    sign = r"is\s+not\s+missing|is\s+missing|between\b|not\s+in\b|in\b|is\s+not\b|is\b|>=|<=|!=|<>|==|=|>|<"
    match = re.fullmatch(rf"\s*[`\"]?({names})[`\"]?\s*({sign})\s*(.*?)\s*", text, re.IGNORECASE | re.DOTALL)
    if not match:
        column = re.split(r"\s*(?:[^\w\s.-]|\bin\b|\bis\b|\bbetween\b)", text.strip(), maxsplit=1)[0].strip('`" ')
        if column and column not in schema.columns:
            raise NotFoundError(
                f"The condition {text!r} names a column `{column}`. {did_you_mean(column, schema.columns)}"
            )
        raise ConditionError(f"Cannot read the condition {text!r}. Write a column and one of {_FORMS}.")
    column, operator, rest = match[1], " ".join(match[2].lower().split()), match[3]
    column = next(
        name for name in (column, *schema.columns) if name in schema.columns and name.lower() == column.lower()
    )
    if operator in ("is missing", "is not missing"):
        return column, "missing" if operator == "is missing" else "present", ()
    if operator == "between":
        low, separator, high = (
            re.split(r"(\s+and\s+)", rest, maxsplit=1, flags=re.IGNORECASE)
            if " and " in rest.lower()
            else (rest, "", "")
        )
        if not separator:
            raise ConditionError(f"Cannot read the condition {text!r}: write `between LOW and HIGH`.")
        return column, "between", (_bare(low), _bare(high))
    if operator in ("in", "not in"):
        return column, operator, tuple(_bare(part) for part in rest.strip("()[]{}").split(","))
    if not rest:
        raise ConditionError(f"The condition {text!r} has no value. Write one, or `{column} is missing`.")
    return column, _SIGNS[operator], (_bare(rest),)


def _bare(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`" else text


def _allowed(column: str, kind: Kind, operator: str, values: tuple[Any, ...]) -> Allowed:
    """The allowed set of one condition, its values in storage form."""
    if operator == "missing":
        return Allowed(values=(), missing=True)
    if operator == "present":
        return Allowed()
    cells = tuple(cell_of(column, kind, value) for value in values)
    if operator in ("==", "in"):
        return Allowed(values=tuple(dict.fromkeys(cells)))
    if operator in ("!=", "not in"):
        return Allowed(excluded=cells)
    if isinstance(kind, Category | Boolean | Text) and not (isinstance(kind, Category) and kind.ordered):
        raise ConditionError(
            f"`{column}` is a {kind.kind}: {operator!r} needs an order. "
            f"Name the values instead, as in {column!r}: [...]."
        )
    if operator == "between":
        return Allowed(low=cells[0], high=cells[1])
    if operator in (">", ">="):
        return Allowed(low=cells[0], low_open=operator == ">")
    return Allowed(high=cells[0], high_open=operator == "<")


def cell_of(column: str, kind: Kind, value: Any) -> Any:
    """A value as the user wrote it, in the storage form of its column."""
    try:
        return _stored(kind, value)
    except (ValueError, TypeError, pl.exceptions.PolarsError):
        raise ConditionError(f"{value!r} is no {kind.kind}, as `{column}` needs. Correct the condition.") from None


def _stored(kind: Kind, value: Any) -> Any:
    match kind:
        case Number():
            return float(value)
        case Integer():
            return int(value) if not isinstance(value, str) or re.fullmatch(r"[+-]?\d+", value) else float(value)
        case Boolean():
            return _truth(kind, value)
        case Moment():
            return _moment(kind, value)
        case Duration():
            return value if isinstance(value, timedelta) else timedelta(seconds=float(value))
        case Id() if kind.whole:
            return int(value)
        case Constant() if not isinstance(kind.value, str) and kind.value is not None:
            return type(kind.value)(value)
        case _:
            return value if isinstance(value, str) else _text(value)


def _truth(kind: Boolean, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    words = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
    if kind.labels:
        words |= {kind.labels[0].lower(): False, kind.labels[1].lower(): True}
    if str(value).lower() not in words:
        raise ValueError(value)
    return words[str(value).lower()]


def _moment(kind: Moment, value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = datetime.strptime(value, kind.format or "%Y-%m-%d")
    if isinstance(value, datetime):
        if kind.timezone and value.tzinfo is None:
            value = pl.Series([value]).dt.replace_time_zone(kind.timezone)[0]
        return value.date() if kind.storage == pl.Date else value
    if isinstance(value, date):
        return value if kind.storage == pl.Date else _moment(kind, datetime(value.year, value.month, value.day))
    raise TypeError(value)


def _text(value: Any) -> str:
    """A number written for a column of codes: 3.0 means "3"."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _possible(column: str, kind: Kind, want: Allowed) -> None:
    """Refuse what can never hold."""
    if want.values == () and not want.missing:
        raise ConditionError(f"The conditions on `{column}` contradict each other: no value satisfies all of them.")
    if want.values:
        left = [
            v
            for v, inside in zip(want.values, want.mask(pl.Series(want.values, dtype=kind.storage)), strict=True)
            if inside
        ]
        if not left and not want.missing:
            raise ConditionError(f"The conditions on `{column}` contradict each other: no value satisfies all of them.")
    ends = want.low is not None and want.high is not None
    if ends and (want.low > want.high or (want.low == want.high and (want.low_open or want.high_open))):
        raise ConditionError(
            f"The conditions on `{column}` contradict each other: nothing lies between {want.low} and {want.high}."
        )
    if want.only_missing and not kind.missing:
        raise ConditionError(f"`{column}` is never missing in the data, so the condition cannot hold. Drop it.")
    if want.values and isinstance(kind, Category) and kind.values is not None:
        known = [str(item) for item in kind.values.items]
        for value in want.values:
            if value not in known:
                raise ConditionError(f"`{column}` has no value {value!r}. {did_you_mean(str(value), known)}")
    if isinstance(kind, Number | Integer | Moment) and kind.bounds.origin == "declared":
        low, high = (None if end is None else _stored(kind, end) for end in (kind.bounds.low, kind.bounds.high))
        values = want.values or tuple(end for end in (want.low, want.high) if end is not None)
        beyond = [v for v in values if (low is not None and v < low) or (high is not None and v > high)]
        if want.values and len(beyond) == len(want.values):
            raise ConditionError(f"`{column}` lies between {low} and {high}: {beyond[0]} is outside.")
    if isinstance(kind, Id | Text) and not want.any_value and (want.values or not want.missing):
        raise ConditionError(
            f"`{column}` is {kind.kind}: its values are made up, so only whether it is empty can be asked for."
        )
