"""The types of PostgreSQL, MySQL, SQLite and DuckDB, as families with limits.

A family says how a cell is written, the limits what fits: a VARCHAR(20) is text of at most 20 characters, a SMALLINT
a whole number from -32768 to 32767, a DECIMAL(8,2) a number of 6 digits before the point and 2 behind it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

__all__ = ["Type", "type_of"]

LARGEST = 2**53  # whole numbers beyond it are not drawn
ENDLESS = 65_535


@dataclass(frozen=True)
class Type:
    """What cells of a column are: the family, and what of it fits."""

    family: str
    """integer, decimal, float, boolean, text, date, time, timestamp, interval, year, uuid, json, bytes, bits, enum,
    set, inet, cidr, macaddr, range, array, money, xml, or unknown."""
    low: int | None = None
    high: int | None = None
    digits: int | None = None
    """All digits of a decimal number; of `decimals` behind the point."""
    decimals: int | None = None
    """Digits behind the point, of a number or of seconds."""
    length: int | None = None
    """The most characters of a text, bytes or bits."""
    fixed: bool = False
    """Whether every value is of that length."""
    values: tuple[str, ...] = ()
    of: "Type | None" = None
    """What an array or a range holds."""
    fields: "tuple[Type, ...]" = ()
    """What the parts of a record hold."""
    folds: bool = False
    """Whether capitals and small letters are the same to it."""
    zoned: bool = False
    """Whether a time has a zone."""
    written: str = ""
    """The type as the file says it."""


WHOLE: Mapping[str, tuple[int, int]] = {
    "tinyint": (-(2**7), 2**7 - 1),
    "smallint": (-(2**15), 2**15 - 1),
    "mediumint": (-(2**23), 2**23 - 1),
    "integer": (-(2**31), 2**31 - 1),
    "bigint": (-LARGEST, LARGEST),
    "utinyint": (0, 2**8 - 1),
    "usmallint": (0, 2**16 - 1),
    "uinteger": (0, 2**32 - 1),
    "ubigint": (0, LARGEST),
    "oid": (0, 2**31 - 1),
}
SAME = {
    "int": "integer",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "short": "smallint",
    "long": "bigint",
    "signed": "integer",
    "middleint": "mediumint",
    "unsigned big int": "ubigint",
    "hugeint": "bigint",
    "uhugeint": "ubigint",
    "int1": "tinyint",
    "serial": "integer",
    "serial4": "integer",
    "smallserial": "smallint",
    "serial2": "smallint",
    "bigserial": "bigint",
    "serial8": "bigint",
    "xid": "oid",
}
SERIALS = {"serial", "serial4", "smallserial", "serial2", "bigserial", "serial8"}
FAMILIES: Mapping[str, str] = {
    "decimal": "decimal", "numeric": "decimal", "dec": "decimal", "fixed": "decimal", "number": "decimal",
    "float": "float", "real": "float", "double": "float", "double precision": "float", "float4": "float",
    "float8": "float",
    "boolean": "boolean", "bool": "boolean", "logical": "boolean",
    "varchar": "text", "character varying": "text", "char": "text", "character": "text", "bpchar": "text",
    "text": "text", "string": "text", "nvarchar": "text", "nchar": "text", "national character varying": "text",
    "national character": "text", "national varchar": "text", "varying character": "text", "native character": "text",
    "tinytext": "text", "mediumtext": "text", "longtext": "text", "clob": "text", "name": "text", "varchar2": "text",
    "citext": "text", "long varchar": "text", "char varying": "text", "fulltext": "text",
    "date": "date", "time": "time", "timetz": "time", "timestamp": "timestamp", "timestamptz": "timestamp",
    "datetime": "timestamp", "timestamp_s": "timestamp", "timestamp_ms": "timestamp", "timestamp_ns": "timestamp",
    "interval": "interval", "year": "year", "uuid": "uuid", "uniqueidentifier": "uuid",
    "json": "json", "jsonb": "json", "bytea": "bytes", "blob": "bytes", "tinyblob": "bytes", "mediumblob": "bytes",
    "longblob": "bytes", "binary": "bytes", "varbinary": "bytes", "bit": "bits", "bit varying": "bits",
    "varbit": "bits", "enum": "enum", "set": "set", "inet": "inet", "cidr": "cidr", "macaddr": "macaddr",
    "macaddr8": "macaddr", "inet4": "inet", "inet6": "inet", "money": "money", "xml": "xml", "tsvector": "tsvector",
    "int4multirange": "multirange", "int8multirange": "multirange",
    "nummultirange": "multirange", "tsmultirange": "multirange", "tstzmultirange": "multirange",
    "datemultirange": "multirange", "int4range": "range", "int8range": "range", "numrange": "range", "tsrange": "range",
    "tstzrange": "range",
    "daterange": "range", "hstore": "hstore", "ltree": "ltree", "point": "point", "circle": "circle", "box": "box",
    "lseg": "lseg", "path": "path",
    "polygon": "polygon", "line": "line", "smalldatetime": "timestamp",
}  # fmt: skip
LENGTHS = {"tinytext": 255, "name": 63}
RANGES = {"int4range": "integer", "int8range": "bigint", "numrange": "numeric", "daterange": "date"}


def type_of(words: str, arguments: Sequence[str] = (), dialect: str = "postgres", arrays: int = 0) -> Type:
    """The type that these words mean, with the arguments in its parentheses.

    >>> type_of("character varying", ["20"]).length, type_of("int unsigned", dialect="mysql").high
    (20, 4294967295)
    """
    written = words + (f"({', '.join(arguments)})" if arguments else "") + "[]" * arrays
    found = replace(_single(words.lower(), arguments, dialect), written=written)
    for _ in range(arrays):
        found = Type("array", of=found, written=written)
    return found


def _single(words: str, arguments: Sequence[str], dialect: str) -> Type:
    unsigned = bool(re.search(r"\b(unsigned|zerofill)\b", words)) and words != "unsigned big int"
    if unsigned:
        words = re.sub(r"\s*\b(unsigned|signed|zerofill)\b", "", words).strip() or "int"
    name = re.sub(r"\s+with(out)? (local )?time zone\b|\s+signed$", "", words)
    name = SAME.get(name, name)
    numbers = [int(text) for text in arguments if re.fullmatch(r"\d+", text)]
    if name == "tinyint" and numbers[:1] == [1] and dialect == "mysql":
        return Type("boolean")
    if name in WHOLE:
        low, high = WHOLE[f"u{name}"] if unsigned and f"u{name}" in WHOLE else WHOLE[name]
        if unsigned and low < 0:
            low, high = 0, min(high * 2 + 1, LARGEST)
        return Type("integer", low=low, high=high)
    family = FAMILIES.get(name) or FAMILIES.get(name.partition(" ")[0])
    match family:
        case "decimal":
            return _decimal(numbers, unsigned, dialect)
        case "float":
            return Type("float", low=0 if unsigned else None)
        case "text":
            return _text(name, numbers, dialect)
        case "bytes":
            return Type("bytes", length=_first(numbers, 1 if name == "binary" else None), fixed=name == "binary")
        case "bits" if dialect == "duckdb":
            return Type("bits")
        case "bits":
            return Type(
                "bits",
                length=_first(numbers, None if name.endswith("varying") or name == "varbit" else 1),
                fixed=name == "bit",
            )
        case "enum" | "set":
            return Type(family, values=tuple(arguments))
        case "time" | "timestamp":
            seconds = {"timestamp_s": 0, "timestamp_ms": 3}.get(name, 0 if dialect == "mysql" else 6)
            return Type(family, decimals=(numbers or [seconds])[0])
        case "range" | "multirange":
            one = name.replace("multirange", "range")
            return Type(family, of=_single(RANGES.get(one, "timestamp"), (), dialect))
        case None if dialect == "sqlite":
            return _by_affinity(words)
        case None:
            return Type("unknown")
    return Type(family)


def _first(numbers: Sequence[int], usual: int | None) -> int | None:
    return numbers[0] if numbers else usual


def _decimal(numbers: Sequence[int], unsigned: bool, dialect: str) -> Type:
    if not numbers:
        usual = {"mysql": (10, 0), "duckdb": (18, 3)}.get(dialect)
        if usual is None:
            return Type("decimal")
        numbers = usual
    digits, decimals = (*numbers, 0)[:2]
    return Type("decimal", digits=digits, decimals=min(decimals, digits), low=0 if unsigned else None)


def _text(name: str, numbers: Sequence[int], dialect: str) -> Type:
    fixed = name in ("char", "character", "nchar", "national character", "bpchar") and dialect != "duckdb"
    usual = LENGTHS.get(name) or (1 if fixed and name != "bpchar" else None)
    length = _first(numbers, None if dialect in ("sqlite", "duckdb") else usual)
    return Type("text", length=length, fixed=fixed, folds=name == "citext" or dialect == "mysql")


def _by_affinity(words: str) -> Type:
    """What SQLite makes of a type it has no name for (Datatypes in SQLite, 3.1)."""
    for mark, family in (("int", "integer"), ("char", "text"), ("clob", "text"), ("text", "text"), ("blob", "bytes")):
        if mark in words:
            return Type(family, low=-LARGEST, high=LARGEST) if family == "integer" else Type(family)
    if any(mark in words for mark in ("real", "floa", "doub")):
        return Type("float")
    return Type("text") if not words else Type("decimal")


def most_of(kind: Type) -> Decimal | None:
    """The largest number a decimal type holds."""
    if kind.digits is None or kind.decimals is None:
        return None
    return (Decimal(10) ** kind.digits - 1).scaleb(-kind.decimals)
