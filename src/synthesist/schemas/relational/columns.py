"""A column with its type, limits and meaning, as a distribution of the sampler `columns`.

The meaning proposes, type and limits cut: what does not fit them at all gives way to what the type alone would draw.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from pydantic import ValidationError

from synthesist.core import Context
from synthesist.data.databases.types import ENDLESS, Type, most_of
from synthesist.samplers.columns.declaration import READER
from synthesist.samplers.columns.distribution import Distribution, Rows
from synthesist.schemas.relational.limits import Limits
from synthesist.schemas.relational.meanings import Meaning, meaning_of
from synthesist.schemas.relational.tables import Column
from synthesist.schemas.relational.written import pattern_of

__all__ = ["ABSENT", "drawn", "limits_of", "most_values"]

ABSENT: Mapping[str, Any] = {"is": "constant", "value": "", "missing": 1.0}
MISSING = 0.05  # of what may be missing
ENOUGH = 1_000_000  # different values, for a column in which none comes twice
DIGITS = 15  # of a decimal number, all of which are exact
WINDOW = ("2020-01-01", "2024-12-31")
NUMBERED = 12  # signs of a number that makes a text unique
TRIED = 1_000  # texts that are looked at, where some are forbidden
OTHERS = "qxz"  # a first letter that keeps texts from those that are forbidden
SPREAD = 1_000  # whole numbers, where nothing is known but where they begin


def drawn(column: Column, limits: Limits, unique: bool, dialect: str, *, ruled: bool = False) -> dict[str, Any] | None:
    """The distribution of a column, as on a page; None where its type is not known here.

    One that is `ruled` by a check between columns is drawn by itself, others may be a part of a person or place.
    """
    if limits.absent:
        return dict(ABSENT)
    limits = limits_of(column, limits)
    meaning = meaning_of(column.name, column.comment, _family(column.type))
    pages = _pages(column, limits, meaning, unique, dialect)
    if meaning is not None and not ruled and (part := _provided(column.type, limits, meaning, unique)) is not None:
        pages.insert(0, part)
    page = next((page for page in pages if _fits(page, limits, unique) and not _met(page, limits)), None)
    if page is not None and column.nullable and not limits.present and page["is"] != "keys":
        page["missing"] = meaning.missing if meaning and meaning.missing is not None else MISSING
    return page


def most_values(page: Mapping[str, Any]) -> int | None:
    """How many rows there are different values for; None where a value may come again."""
    read = _read(page)
    return None if read is None else read.most


def limits_of(column: Column, limits: Limits) -> Limits:
    """The limits of the checks, of the type, and of what else is known, together."""
    kind = column.type
    said = Limits(longest=kind.length if kind.family == "text" else None, pattern=column.pattern or None)
    if column.values:
        said = replace(said, values=column.values)
    elif kind.values and kind.family == "enum":
        said = replace(said, values=kind.values)
    if kind.low is not None or kind.high is not None:
        said = replace(said, low=kind.low, high=kind.high)
    elif kind.family == "decimal" and (top := most_of(kind)) is not None:
        said = replace(said, low=-float(top), high=float(top))
    return said.both(limits) or limits


def _family(kind: Type) -> str:
    """The family as meanings know it."""
    if kind.family in ("decimal", "float", "money"):
        return "number"
    return "moment" if kind.family in ("date", "timestamp") else kind.family


def _pages(column: Column, limits: Limits, meaning: Meaning | None, unique: bool, dialect: str) -> list[dict[str, Any]]:
    """What could be drawn, the best first."""
    kind = column.type
    if limits.values is not None:
        return [_listed(kind, limits, unique)]
    if limits.is_json:
        return [_json()]
    match kind.family:
        case "integer" | "year":
            return _whole(column, limits, meaning, unique)
        case "decimal" | "float" | "money":
            return _numbers(kind, limits, meaning, unique)
        case "boolean":
            usual = dict(meaning.page) if meaning and not unique else {"is": "bernoulli", "p": 0.5}
            return [{"is": "categorical", "values": [True, False], "unique": True} if unique else usual]
        case "text":
            return _texts(kind, limits, meaning, unique)
        case "date" | "timestamp":
            page = _moments(kind, limits, meaning, unique)
            return [{**page, "format": column.format} if column.format else page]
        case "json":
            return [_json()]
        case "uuid" if unique:
            return [{"is": "keys", "uuid": 4}]
        case "bits" if dialect == "mysql":
            ends = {"low": 0, "high": min(2 ** (kind.length or 1) - 1, 2**53)}
            return [{"is": "uniform", **ends, "integers": True, **_once(unique)}]
    pattern = pattern_of(_sized(kind, limits), dialect)
    return [] if pattern is None else [{"is": "regex", "pattern": pattern, **_once(unique)}]


def _provided(kind: Type, limits: Limits, meaning: Meaning, unique: bool) -> dict[str, Any] | None:
    """A part of the person or place a row is about, where its longest value fits."""
    free = limits.values is None and limits.pattern is None and not limits.case and not limits.excluded
    room = meaning.room + (NUMBERED if unique else 0)
    if kind.family != "text" or kind.fixed or not meaning.provided or not free or (limits.shortest or 0) > 1:
        return None
    if (limits.longest is not None and limits.longest < room) or (unique and not meaning.numbered):
        return None
    return {"is": "provided", "by": meaning.provided, **_once(unique)}


def _sized(kind: Type, limits: Limits) -> Type:
    """Bytes, or an array, of as many as their checks ask for."""
    if kind.family == "array" and not kind.fixed and (limits.shortest or limits.longest):
        least = max(limits.shortest or 0, 1)
        return replace(kind, length=min(max(least, 2), limits.longest or 2**15), fixed=True)
    if kind.family != "bytes":
        return kind
    least, most = limits.shortest or 0, min(limits.longest or ENDLESS, kind.length or ENDLESS)
    return (
        kind
        if limits.shortest is limits.longest is None
        else replace(kind, length=min(max(least, 16), most), fixed=True)
    )


def _once(unique: bool) -> dict[str, Any]:
    return {"unique": True} if unique else {}


def _read(page: Mapping[str, Any]) -> Distribution | None:
    try:
        return READER.validate_python(page)
    except ValidationError:
        return None


def _fits(page: Mapping[str, Any], limits: Limits, unique: bool) -> bool:
    """Whether it can be drawn at all, within the limits it cannot be cut to, and often enough."""
    read = _read(page)
    if read is None:
        return False
    if unique and page["is"] in ("regex", "identifier") and limits.pattern is None:
        room = limits.longest is None or limits.longest >= 6
        return not room or (read.most or 0) >= ENOUGH
    return True


def _met(page: Mapping[str, Any], limits: Limits) -> bool:
    """Whether texts are drawn that are forbidden."""
    out = [value for value in limits.excluded if isinstance(value, str)]
    if page["is"] == "regex" and (read := _read(page)) is not None:
        at = Context.seeded(0)
        texts = read.draw(Rows(np.arange(TRIED), at, at)).to_list() if limits.avoided else []
        named = limits.pattern is None and any(read.language.reads(value) for value in out)  # type: ignore[attr-defined]
        return named or any(re.search(pattern, text) for pattern in limits.avoided for text in texts)
    if page["is"] == "categorical":
        return any(re.search(pattern, str(text)) for pattern in limits.avoided for text in page["values"])
    return page["is"] in ("identifier", "provided") and bool(limits.avoided)  # not looked into


def _json() -> dict[str, Any]:
    fields = {
        "id": {"is": "uniform", "low": 1, "high": SPREAD, "integers": True},
        "name": {"is": "regex", "pattern": "[a-z]{4,8}"},
        "active": {"is": "bernoulli", "p": 0.8},
    }
    return {"is": "json", "fields": fields}


# ------------------------------------------------------------------------------ lists


def _listed(kind: Type, limits: Limits, unique: bool) -> dict[str, Any]:
    values = [value for value in limits.values or () if value not in limits.excluded]
    if kind.family == "text":
        values = [str(value) for value in values if limits.longest is None or len(str(value)) <= limits.longest]
    elif kind.family in ("integer", "decimal", "float", "year"):
        values = [number for value in values if (number := _number(value)) is not None]
    elif kind.family == "boolean":
        values = [value in (True, 1, "1", "t", "true", "True") for value in values]
    elif kind.family in ("date", "timestamp", "enum"):
        values = [str(value) for value in values]
    return {"is": "categorical", "values": list(dict.fromkeys(values)), **_once(unique)}


def _number(value: Any) -> Any:
    if isinstance(value, bool | int | float):
        return int(value) if isinstance(value, bool) else value
    try:
        return float(value) if set(value) & set(".eE") else int(value)
    except ValueError:
        return None


# ------------------------------------------------------------------------------ numbers


def _whole(column: Column, limits: Limits, meaning: Meaning | None, unique: bool) -> list[dict[str, Any]]:
    year = column.type.family == "year"
    low, high = _ends(replace(limits, low=limits.low if not year else 1901, high=limits.high if not year else 2155), 1)
    low = low + 1 if low == 0 and 0 in limits.excluded else low
    if unique and (high is None or high >= 2**31 - 1) and (low is None or low <= 1):
        return [{"is": "keys"}]
    if unique:
        first = max(low or 0, 1) if (high or 1) >= 1 else low
        return [{"is": "uniform", "low": first, "high": high, "integers": True, "unique": True}]
    pages = []
    if meaning is not None:
        page = dict(meaning.page)
        if page["is"] == "beta":
            page = {"is": "uniform", "low": 0, "high": 100}
        page.pop("decimals", None)
        pages.append(_cut({**page, "integers": True}, low, high))
    begin = 1990 if year else max(low, 0 if 0 not in limits.excluded else 1) if low is not None else 0
    if high is not None and begin > high:
        begin = max(low if low is not None else -SPREAD, high - SPREAD)
    end = 2024 if year else begin + SPREAD
    plain = {"is": "uniform", "low": begin, "high": end if high is None else min(high, end), "integers": True}
    return [*pages, plain]


def _numbers(kind: Type, limits: Limits, meaning: Meaning | None, unique: bool) -> list[dict[str, Any]]:
    decimals = 2 if kind.family == "money" else kind.decimals
    if decimals is None:
        decimals = 2 if meaning and meaning.name == "money" else 3
    if kind.digits is not None:
        decimals = min(decimals, max(DIGITS - (kind.digits - (kind.decimals or 0)), 2), kind.decimals or 0)
    step = 10.0**-decimals
    low, high = _ends(limits, step)
    if unique:
        top = min(high if high is not None else 2**53 * step, (2**31 - 1) * max(step, 1e-6))
        return [
            _grid(
                {"is": "uniform", "low": max(low if low is not None else 0, 0), "high": top, "unique": True}, decimals
            )
        ]
    if low is not None and low < 0 <= (high if high is not None else 0) and not _declared(kind, limits):
        low = None
    pages = []
    if meaning is not None:
        page = {key: value for key, value in meaning.page.items() if key not in ("decimals", "integers")}
        if page["is"] == "beta" and high is not None and 1 < high <= 100 and low == 0:
            page = {"is": "uniform", "low": low, "high": high}  # a share in percent
        if "median" in page and high is not None and high < 8 * page["median"]:
            page["median"] = max(high / 8, step)
        pages.append(_cut(_grid(page, decimals), low, high))
    begin = max(low if low is not None else 0, 0)
    if high is not None and begin > high:
        begin = low if low is not None else high - SPREAD
    end = begin + SPREAD if high is None else min(high, begin + SPREAD)
    return [*pages, _grid({"is": "uniform", "low": begin, "high": end}, decimals)]


def _declared(kind: Type, limits: Limits) -> bool:
    """Whether the lower end is one of a check, and not that of the type."""
    top = most_of(kind)
    return top is None or limits.low != -float(top)


def _grid(page: dict[str, Any], decimals: int) -> dict[str, Any]:
    return {**page, "integers": True} if decimals == 0 else {**page, "decimals": decimals}


def _ends(limits: Limits, step: float) -> tuple[Any, Any]:
    """The smallest and the largest value, both included."""
    low, high = (_number(end) if end is not None else None for end in (limits.low, limits.high))
    return (
        low + step if low is not None and limits.low_open else low,
        high - step if high is not None and limits.high_open else high,
    )


def _cut(page: dict[str, Any], low: Any, high: Any) -> dict[str, Any]:
    """The distribution with its ends moved inward; those of the type alone are left out where they cut nothing."""
    if low is not None and (page.get("low") is None or page["low"] < low):
        page["low"] = low
    if high is not None and (page.get("high") is None or page["high"] > high):
        page["high"] = high
    if page["is"] in ("geometric", "beta", "gamma", "lognormal") and page.get("low") is not None and page["low"] <= 0:
        del page["low"]
    if page.get("low") is not None and page.get("high") is not None and page["low"] > page["high"]:
        page["low"] = low
    return page


# ------------------------------------------------------------------------------ texts


def _texts(kind: Type, limits: Limits, meaning: Meaning | None, unique: bool) -> list[dict[str, Any]]:
    longest, shortest = limits.longest, limits.shortest or 0
    if limits.pattern is not None:
        pattern = _as_long(limits.pattern, shortest, longest)
        return [_regex(pattern, longest, unique, always=True), _regex(pattern, longest, unique)]
    pages = []
    if meaning is not None and not limits.case:
        page = dict(meaning.page)
        if page["is"] == "categorical" and not unique:
            fit = [v for v in page["values"] if shortest <= len(v) <= (longest or len(v)) and v not in limits.excluded]
            pages.append({**page, "values": fit})
        elif page["is"] == "identifier":
            read = _read({**page, **_once(unique)})
            if read is not None and read.language.width + (4 if page.get("country") else 1) <= (longest or 99):  # type: ignore[attr-defined]
                pages.append({**page, **_once(unique)})
        elif page["is"] == "regex" and shortest <= 1:
            pages.append(_regex(page["pattern"], longest, unique))
    capitals = limits.case == "upper" or (kind.fixed and (longest or 99) <= 10 and not limits.case)
    letter = "[A-Z]" if capitals else "[a-z]"
    if kind.fixed and longest is not None and longest <= 64:
        sign = letter if longest <= 3 or limits.case else "[A-Z0-9]" if capitals else "[0-9a-f]"
        return [*pages, _regex(f"{sign}{{{longest}}}", None, unique)]
    most = max(min(longest or 12, 12), shortest)
    least = max(shortest, min(most, 6 if unique else 3))
    others = [
        f"{sign}{letter}{{{max(least - 1, 0)},{max(most - 1, 0)}}}"
        for sign in (OTHERS if letter == "[a-z]" else OTHERS.upper())
    ]
    patterns = [f"{letter}{{{least},{most}}}", *(others if limits.excluded or limits.avoided else [])]
    return [*pages, *(_regex(pattern, None, unique) for pattern in patterns)]


def _as_long(pattern: str, shortest: int, longest: int | None) -> str:
    """A pattern of one class of signs, whose texts are not too short either."""
    alone = re.fullmatch(r"(\[[^\]]+\]|\\[dw])(?:[+*]|\{\d+,\})", pattern)
    return pattern if alone is None or not shortest else f"{alone[1]}{{{shortest},{longest or shortest + NUMBERED}}}"


def _regex(pattern: str, longest: int | None, unique: bool, always: bool = False) -> dict[str, Any]:
    """Texts of a pattern, none longer than fits."""
    page: dict[str, Any] = {"is": "regex", "pattern": pattern, **_once(unique)}
    read = None if always else _read(page)
    if longest is not None and (read is None or read.language.width > longest):  # type: ignore[attr-defined]
        page["longest"] = min(longest, 1_000)
    elif read is None:
        page["longest"] = 40
    return page


# ------------------------------------------------------------------------------ dates


def _moments(kind: Type, limits: Limits, meaning: Meaning | None, unique: bool) -> dict[str, Any]:
    start, end = (meaning.page["start"], meaning.page["end"]) if meaning else WINDOW
    whole = kind.family == "date"
    step = timedelta(days=1) if whole else timedelta(seconds=1)
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    low, high = _moment(limits.low), _moment(limits.high)
    length = last - first
    if low is not None:
        low = low + step * limits.low_open
        first, last = max(first, low), max(last, low + (length if low > last else timedelta(0)))
    if high is not None:
        high = high - step * limits.high_open
        last = min(last, high)
        first = first if first <= last else max(low or last - length, last - length)
    if unique and whole and low is None:
        first = min(first, datetime(1950, 1, 1))
    if whole:
        return {"is": "dates", "start": first.date().isoformat(), "end": last.date().isoformat(), **_once(unique)}
    page = {"is": "dates", "start": first.isoformat(), "end": last.isoformat(), "precision": "s"}
    return {**page, **(_once(unique) or {"hours": {"0-6": 0.2, "9-17": 2}})}


def _moment(written: Any) -> datetime | None:
    if isinstance(written, datetime | date):
        return datetime(*written.timetuple()[:6])
    try:
        return datetime.fromisoformat(str(written)).replace(tzinfo=None)
    except ValueError:
        return None
