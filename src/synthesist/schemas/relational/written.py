"""Types whose values are texts of a form of their own, as regular expressions in the words of each database."""

from collections.abc import Mapping
from itertools import pairwise
from re import escape

from synthesist.data.databases.types import Type

__all__ = ["pattern_of"]

DAY = "202[0-4]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
OCTET = "([1-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9])"
POINT = r"\([1-8][0-9]\.[0-9]{3},[1-8][0-9]\.[0-9]{3}\)"
GEOMETRIC = ("point", "circle", "box", "lseg", "path", "polygon", "line")
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
PATTERNS: Mapping[str, str] = {
    "time": CLOCK,
    "interval": "[1-9][0-9]? (days|hours|minutes)",
    "uuid": UUID,
    "inet": rf"10\.{OCTET}\.{OCTET}\.{OCTET}",
    "cidr": rf"10\.{OCTET}\.{OCTET}\.0/24",
    "macaddr": "02(:[0-9a-f]{2}){5}",
    "xml": "<value>[a-z]{3,8}</value>",
    "tsvector": "[a-z]{3,8}( [a-z]{3,8}){1,4}",
    "hstore": "[a-z]{3,8}=>[a-z]{3,8}",
    "ltree": r"[a-z]{3,8}(\.[a-z]{3,8}){1,3}",
    "point": POINT,
    "circle": rf"<{POINT},[1-9]>",
    "box": rf"{POINT},{POINT}",
    "lseg": rf"\[{POINT},{POINT}\]",
    "path": rf"\[{POINT}(,{POINT}){{1,4}}\]",
    "polygon": rf"\({POINT}(,{POINT}){{2,5}}\)",
    "line": r"\{[1-9],[1-9],[1-9]\}",
}
RANGES: Mapping[str, str] = {
    "integer": r"\[[1-9][0-9]?,[1-9][0-9]{2}\)",
    "decimal": r"\[[1-9][0-9]?\.[0-9],[1-9][0-9]{2}\.[0-9]\)",
    "date": r"\[202[0-2]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]),202[3-5]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9])\)",
    "timestamp": rf"\[202[0-2]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]) {CLOCK},202[3-5]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]) "
    rf"{CLOCK}\)",
}
ELEMENTS: Mapping[str, str] = {
    "integer": "[1-9][0-9]{0,2}",
    "decimal": r"[1-9][0-9]{0,2}",
    "float": r"[1-9][0-9]{0,2}\.[0-9]",
    "boolean": "(true|false)",
    "date": DAY,
    "uuid": UUID,
}
BYTES = 16


def pattern_of(kind: Type, dialect: str) -> str | None:
    """The texts that are values of the type; None where it has none that are known here."""
    match kind.family:
        case "bytes":
            return _bytes(kind, dialect)
        case "bits":
            return f"[01]{{{kind.length or 1}}}" if kind.fixed else f"[01]{{1,{min(kind.length or 8, 64)}}}"
        case "set":
            return _some_of(kind.values)
        case "range" if kind.of is not None:
            return RANGES.get("decimal" if kind.of.family == "float" else kind.of.family)
        case "multirange" if kind.of is not None and (one := RANGES.get(kind.of.family)) is not None:
            return rf"\{{{one}\}}"
        case "struct" | "map":
            return _element(kind)
        case "record" if any(field.fixed and field.family == "unknown" for field in kind.fields):
            return None
        case "record":
            return rf"\({','.join('' if field.family == 'array' else _element(field) or '' for field in kind.fields)}\)"
        case "array" if kind.of is not None and dialect in ("postgres", "duckdb"):
            return _array(kind, kind.of, dialect)
        case "inet" if kind.written.lower() == "inet6":
            return "fd00(:[1-9a-f][0-9a-f]{3}){7}"
    if kind.family == "macaddr" and "8" in kind.written:
        return "02(:[0-9a-f]{2}){7}"
    if kind.family in GEOMETRIC and dialect != "postgres":
        return None
    return PATTERNS.get(kind.family)


def _bytes(kind: Type, dialect: str) -> str:
    if dialect == "postgres":
        return rf"\\x[0-9a-f]{{{2 * (kind.length or BYTES if kind.fixed else BYTES)}}}"
    most = min(kind.length or BYTES, 1_000 if kind.fixed else 64)
    return f"[0-9a-f]{{{most}}}" if kind.fixed else f"[0-9a-f]{{{min(most, 8)},{most}}}"


def _some_of(values: tuple[str, ...]) -> str:
    """Subsets of MySQL's SET, in its order: each alone, or with the next."""
    pairs = [f"{first},{second}" for first, second in pairwise(values)]
    return "|".join(escape(text) for text in (*values, *pairs))


def _element(of: Type) -> str | None:
    """A value within a list or a record."""
    match of.family:
        case "text":
            return f"[a-z]{{{min(of.length or 3, 3)},{min(of.length or 8, 8)}}}"
        case "enum":
            plain = "".join(of.values).isidentifier()
            return "(" + "|".join(escape(value) for value in of.values) + ")" if plain else None
        case "timestamp":
            return rf"\"{DAY} {CLOCK}\""
        case "struct":
            parts = [f"'{name}': {_element(field) or 'NULL'}" for name, field in zip(of.values, of.fields, strict=True)]
            return rf"\{{{', '.join(parts)}\}}"
        case "map":
            key, value = (_element(field) for field in of.fields)
            return None if key is None else rf"\{{{key}={value or 'NULL'}\}}"
        case "array" if of.of is not None:
            return _array(of, of.of, "duckdb")
    return ELEMENTS.get(of.family)


def _array(kind: Type, of: Type, dialect: str) -> str | None:
    """A list of one to four values; of what is not known here, the empty list, which every array may be."""
    if of.family == "array" and of.of is not None:
        if dialect == "postgres":
            return _array(kind, of.of, dialect)  # which does not hold to dimensions
        element = _array(of, of.of, dialect)
    else:
        element = _element(of)
    if dialect == "duckdb":
        more = f"{(kind.length or 1) - 1}" if kind.fixed else "0,3"
        return r"\[\]" if element is None else rf"\[{element}(, {element}){{{more}}}\]"
    more = f"{(kind.length or 1) - 1}" if kind.fixed else "0,3"
    if element is None:
        return None if kind.fixed else r"\{\}"
    return rf"\{{{element}(,{element}){{{more}}}\}}"
