"""Types as statements write them: of a column, and those a file names itself by TYPE and DOMAIN."""

from collections.abc import Sequence
from dataclasses import replace

from synthesist.data.databases.types import Type, type_of
from synthesist.schemas.relational.cursor import Cursor
from synthesist.schemas.relational.script import Script
from synthesist.schemas.relational.tables import Check

__all__ = ["changed_type", "domain", "named_type", "type_at"]

NESTED = ("STRUCT", "MAP", "UNION", "ROW")
NO_TYPE = (
    "CONSTRAINT", "NOT", "NULL", "DEFAULT", "PRIMARY", "UNIQUE", "CHECK", "REFERENCES", "COLLATE", "GENERATED", "AS",
    "AUTOINCREMENT", "COMMENT",
)  # fmt: skip
"""Words behind a column that has no type, as SQLite allows."""


def type_at(script: Script, at: Cursor) -> tuple[Type, tuple[Check, ...], str]:
    """The type that comes next, the checks that come with it where it is a domain, and its words."""
    words: list[str] = []
    arguments: list[str] = []
    arrays, size, qualified = 0, None, False
    while not at.ended:
        if at.sees("(") and len(words) == 1 and words[0].upper() in NESTED and script.dialect == "duckdb":
            return _listed(_nested(script, words[0].upper(), at), at), (), ""
        if at.sees("(") and words and not arguments:
            arguments = at.arguments()
        elif at.sees("["):
            while not (token := at.next()).is_("]"):
                size = int(token.text) if token.text.isdigit() else None
            arrays += 1
        elif at.takes("ARRAY"):
            arrays += not at.sees("[")
        elif words and at.takes("."):
            words, qualified = [at.next().text], True
        elif at.takes("CHARACTER", "SET"):
            at.next()
        elif at.continues_type() if words else not at.sees(*NO_TYPE):
            words.append(at.next().text)
        else:
            break
    name = " ".join(words).lower()
    known = type_of(name, arguments, script.dialect).family
    if name in script.named and (qualified or known == "unknown" or script.dialect != "postgres"):
        return *_own(script, name, arrays), name
    found = type_of(name, arguments, script.dialect, arrays)
    sized = arrays and size is not None and script.dialect == "duckdb"  # PostgreSQL does not hold to it
    return replace(found, length=size, fixed=True) if sized else found, (), name


def _own(script: Script, name: str, arrays: int) -> tuple[Type, tuple[Check, ...]]:
    """A type of the file, or arrays of it."""
    kind, checks = script.named[name]
    if arrays and any(check.sql for check in checks):
        kind = Type("unknown", written=name)  # which leaves the empty list
    for _ in range(arrays):
        kind = Type("array", of=kind, written=f"{name}[]")
    return kind, () if arrays else checks


def _nested(script: Script, word: str, at: Cursor) -> Type:
    """DuckDB's types that are made of others."""
    begin = at.peek()
    items = list(at.items())
    written = f"{word}{at.statement.between(begin, at.peek(-1))}"
    if word == "MAP":
        return Type("map", fields=tuple(type_at(script, item)[0] for item in items), written=written)
    if word == "UNION":
        return Type("unknown", written=written)
    names = tuple(item.next().text for item in items)
    return Type("struct", values=names, fields=tuple(type_at(script, item)[0] for item in items), written=written)


def _listed(kind: Type, at: Cursor) -> Type:
    while at.takes("["):
        size = at.next()
        sized = size.text.isdigit()
        kind = Type(
            "array", of=kind, written=f"{kind.written}[]", length=int(size.text) if sized else None, fixed=sized
        )
        if sized:
            at.skips("]")
    return kind


def named_type(script: Script, at: Cursor) -> None:
    """CREATE TYPE: an enumeration, a range, a record, or another name of a type."""
    at.skips("IF", "NOT", "EXISTS")
    _, name = script.qualified(at)
    kind = Type("unknown", written=name)
    if at.takes("AS", "ENUM"):
        kind = Type("enum", values=tuple(at.arguments()), written=name)
    elif at.takes("AS", "RANGE"):
        said = {item.peek().text.lower(): item for item in at.items() if item.peek(1).is_("=")}
        if (of := said.get("subtype")) is not None:
            of.next(), of.next()
            kind = Type("range", of=type_at(script, of)[0], written=name)
    elif at.takes("AS") and at.sees("("):
        fields = [(item.next(), type_at(script, item)) for item in at.items()]
        kind = Type("record", fields=tuple(_field(of, checks) for _, (of, checks, _) in fields), written=name)
    elif script.dialect == "duckdb" and not at.ended:
        kind = type_at(script, at)[0]
    script.named[name.lower()] = (kind, ())


def _field(kind: Type, checks: Sequence[Check]) -> Type:
    """The type of a part of a record; one with checks of its own is not drawn, which may be left empty or not."""
    if not any(check.sql for check in checks):
        return kind
    return Type("unknown", fixed=any(not check.sql for check in checks))


def domain(script: Script, at: Cursor) -> None:
    """CREATE DOMAIN: a type with conditions; one without a text is that it is not empty."""
    _, name = script.qualified(at)
    at.skips("AS")
    kind, checks, _ = type_at(script, at)
    found = list(checks)
    while not at.ended:
        line = at.line
        if at.takes("CHECK"):
            found.append(Check(at.inside(), line))
        elif at.takes("NOT", "NULL"):
            found.append(Check("", line))
        elif at.takes("CONSTRAINT"):
            at.next()
        elif at.takes("DEFAULT"):
            at.expression()
        else:
            at.next()
    script.named[name.lower()] = (kind, tuple(found))


def changed_type(script: Script, at: Cursor) -> None:
    """ALTER TYPE: another name, or other values of an enumeration, in all columns of the type."""
    _, name = script.qualified(at)
    old, checks = script.named.get(name.lower(), (Type("unknown"), ()))
    values = list(old.values)
    if at.takes("RENAME", "TO"):
        script.named[at.name(script.dialect).lower()] = script.named.pop(name.lower(), (old, checks))
    elif at.takes("RENAME", "VALUE"):
        value = at.next().text
        at.skips("TO")
        values = [at.peek().text if one == value else one for one in values]
    elif at.takes("ADD", "VALUE"):
        at.skips("IF", "NOT", "EXISTS")
        values += [at.next().text]
    if values == list(old.values):
        return
    new = replace(old, values=tuple(dict.fromkeys(values)))
    script.named[name.lower()] = (new, checks)
    for table in script.database.tables.values():
        for column in table.columns.values():
            if column.type == old:
                column.type = new
            elif column.type.of == old:
                column.type = replace(column.type, of=new)
