"""From the types of databases to kinds of columns and back, and from the words of one database to those of another."""

import re
from dataclasses import replace

from synthesist.data.databases.types import Type, type_of
from synthesist.data.kinds import (
    Array,
    Audio,
    Boolean,
    Categories,
    Category,
    Constant,
    Dialect,
    Duration,
    Id,
    Image,
    Integer,
    Json,
    Kind,
    Moment,
    Native,
    Number,
    Text,
)

__all__ = ["declared_type", "family_of", "kind_of", "native_type"]

TEXT = re.compile(r"'(?:[^']|'')*'")
WORDS_OF = {"postgres": "postgres", "mysql": "mysql", "sqlite": "sqlite", "duckdb": "duckdb"}
MANY_DIGITS = 18
UNIT_DECIMALS = {"d": 0, "h": 0, "m": 0, "s": 0, "ms": 3, "us": 6}


def declared_type(text: str, dialect: Dialect) -> Type:
    """A type as a database writes it, understood.

    >>> declared_type("numeric(10,2)", "postgres").decimals, declared_type("timestamp(3) with time zone", "postgres").zoned
    (2, True)
    """
    words, arrays = text.strip(), 0
    while match := re.search(r"\s*\[\d*\]$", words):
        words, arrays = words[: match.start()], arrays + 1
    arguments: list[str] = []
    if (
        match := re.search(r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)", words)
        if "'" not in words
        else re.search(r"\((.*)\)", words)
    ):
        inner = match[1]
        texts = TEXT.findall(inner)
        arguments = [piece[1:-1].replace("''", "'") for piece in texts] or [piece.strip() for piece in inner.split(",")]
        words = f"{words[: match.start()]} {words[match.end() :]}"
    words = " ".join(words.split())
    zoned = "with time zone" in words.lower() or words.lower() in ("timestamptz", "timetz")
    return replace(type_of(words, arguments, dialect, arrays), zoned=zoned, written=text)


def kind_of(found: Type, native: Native, *, key: bool = False) -> Kind:
    """What a column of this type means, by the type alone; a `key` tells rows apart."""
    about = {"native": native, "missing": not native.required, "why": f"{native.type} in the database"}
    match found.family:
        case "integer" | "year":
            return Id(whole=True, **about) if key else Integer(**about)
        case "decimal" if found.decimals == 0 and (found.digits or 0) <= MANY_DIGITS:
            return Id(whole=True, **about) if key else Integer(**about)
        case "decimal":
            return Number(decimals=None if found.decimals is None else min(found.decimals, 15), **about)
        case "float":
            return Number(**about)
        case "boolean":
            return Boolean(**about)
        case "date":
            return Moment(precision="d", **about)
        case "timestamp":
            return Moment(precision="us", timezone="UTC" if found.zoned else None, **about)
        case "time" | "interval" if not found.zoned:
            return Duration(precision="us", **about)
        case "enum" if found.values:
            return Category(values=Categories(items=found.values), **about)
        case "json":
            return Json(**about)
    return Id(**about) if key else Text(**about)


def family_of(kind: Kind) -> Type:
    """The type that holds what a kind means."""
    match kind:
        case Id() if kind.whole:
            return Type("integer", low=-(2**63), high=2**63 - 1)
        case Integer():
            return Type("integer", low=-(2**63), high=2**63 - 1)
        case Number() if kind.decimals is not None and 0 <= kind.decimals <= 15 and kind.stored != "Float32":
            return Type("decimal", digits=38 if kind.decimals > 10 else 18 + kind.decimals, decimals=kind.decimals)
        case Number():
            return Type("float")
        case Boolean():
            return Type("boolean")
        case Moment() if kind.precision == "d" and kind.timezone is None:
            return Type("date")
        case Moment():
            return Type("timestamp", decimals=UNIT_DECIMALS[kind.precision], zoned=kind.timezone is not None)
        case Duration():
            return Type("interval")
        case Json():
            return Type("json")
        case Image() | Audio():
            return Type("bytes")
        case Array():
            return Type("array", of=Type("float"))
        case Constant():
            value = kind.value
            if isinstance(value, bool):
                return Type("boolean")
            if isinstance(value, int | float):
                return Type("integer") if isinstance(value, int) else Type("float")
        case Category() if kind.values and kind.values.items:
            return Type("text", length=max(len(str(item)) for item in kind.values.items))
    return Type("text")


def native_type(kind: Kind, dialect: Dialect, *, indexed: bool = False) -> str:
    """How a database of this dialect declares a column: as its own did, else the nearest type it has.

    `indexed` columns are part of a key, which not every type of every database can be.
    """
    if kind.native and kind.native.dialect == dialect:
        return kind.native.type
    found = declared_type(kind.native.type, kind.native.dialect) if kind.native else family_of(kind)
    if found.family in ("unknown", "array") and kind.native and not isinstance(kind, Array):
        found = family_of(kind)
    if kind.native and isinstance(kind, Category) and kind.values and kind.values.origin == "declared":
        found = Type("enum", values=tuple(str(item) for item in kind.values.items))
    return SPELLED[dialect](found, indexed)


def _postgres(found: Type, indexed: bool) -> str:
    match found.family:
        case "integer" | "year":
            return _whole(found, "smallint", "integer", "bigint", "numeric(20,0)")
        case "decimal":
            return f"numeric({found.digits},{found.decimals})" if found.digits else "numeric"
        case "float":
            return "real" if _single(found) else "double precision"
        case "text" | "uuid" | "json" | "inet" | "cidr" | "macaddr" | "xml" | "date" | "boolean" | "interval":
            plain = {"text": "text", "json": "jsonb" if "jsonb" in found.written else "json"}.get(
                found.family, found.family
            )
            return (
                f"{'char' if found.fixed else 'varchar'}({found.length})"
                if found.family == "text" and found.length
                else plain
            )
        case "timestamp" | "time":
            return f"{found.family}{_fraction(found)}{' with time zone' if found.zoned else ''}"
        case "bytes":
            return "bytea"
        case "array" if found.of and found.of.family != "array":
            return f"{_postgres(found.of, indexed)}[]"
    return "text"


def _mysql(found: Type, indexed: bool) -> str:
    match found.family:
        case "integer" | "year":
            return _whole(found, "smallint", "int", "bigint", "bigint unsigned")
        case "decimal":
            return (
                f"decimal({min(found.digits, 65)},{min(found.decimals or 0, 38)})" if found.digits else "decimal(65,20)"
            )
        case "float":
            return "float" if _single(found) else "double"
        case "boolean":
            return "tinyint(1)"
        case "date" | "json":
            return found.family
        case "timestamp":
            return "datetime" + (f"({found.decimals})" if found.decimals else "")
        case "time" | "interval" if not found.zoned:
            return "time(6)"
        case "uuid":
            return "uuid"
        case "bytes":
            return f"varbinary({found.length or 255})" if indexed or (found.length or 10**9) < 8_000 else "longblob"
        case "enum" if found.values:
            return f"enum({', '.join(_quoted(value) for value in found.values)})"
    if found.family == "text" and found.length and found.length <= 8_000:
        return f"{'char' if found.fixed and found.length < 256 else 'varchar'}({found.length})"
    return "varchar(255)" if indexed else "longtext"


def _sqlite(found: Type, indexed: bool) -> str:
    match found.family:
        case "integer" | "year":
            return "INTEGER"
        case "decimal":
            return f"NUMERIC({found.digits},{found.decimals})" if found.digits else "NUMERIC"
        case "float":
            return "REAL"
        case "boolean" | "date" | "json":
            return found.family.upper()
        case "timestamp":
            return "TIMESTAMP"
        case "bytes":
            return "BLOB"
        case "text" if found.length:
            return f"VARCHAR({found.length})"
    return "TEXT"


def _duckdb(found: Type, indexed: bool) -> str:
    match found.family:
        case "integer" | "year":
            return _whole(found, "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
        case "decimal":
            return (
                f"DECIMAL({min(found.digits, 38)},{min(found.decimals or 0, 38)})" if found.digits else "DECIMAL(38,10)"
            )
        case "float":
            return "FLOAT" if _single(found) else "DOUBLE"
        case "boolean" | "date" | "uuid" | "json":
            return found.family.upper()
        case "timestamp":
            return "TIMESTAMPTZ" if found.zoned else "TIMESTAMP"
        case "time" | "interval" if not found.zoned:
            return found.family.upper()
        case "bytes":
            return "BLOB"
        case "enum" if found.values:
            return f"ENUM({', '.join(_quoted(value) for value in found.values)})"
        case "array" if found.of:
            return f"{_duckdb(found.of, indexed)}[]"
    return "VARCHAR"


SPELLED = {"postgres": _postgres, "mysql": _mysql, "sqlite": _sqlite, "duckdb": _duckdb}


def _whole(found: Type, small: str, usual: str, big: str, endless: str) -> str:
    """The smallest of a database's whole numbers that holds all of another's."""
    written = found.written.lower()
    if "hugeint" in written or ("bigint" in written and "unsigned" in written) or "ubigint" in written:
        return endless
    low, high = found.low, found.high
    if low is None or high is None or low < -(2**31) or high >= 2**31:
        return big
    return small if low >= -(2**15) and high < 2**15 else usual


def _single(found: Type) -> bool:
    return bool(re.match(r"(?i)real|float4|float(?!8)\b", found.written)) and "double" not in found.written.lower()


def _fraction(found: Type) -> str:
    return f"({found.decimals})" if found.decimals is not None and found.decimals < 6 else ""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
