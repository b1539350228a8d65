"""CREATE statements from a Schema: as its own database declared it, else by the nearest types of another."""

import re
from collections.abc import Iterator, Mapping, Sequence

from synthesist.data.databases.meanings import native_type
from synthesist.data.kinds import Dialect, Kind
from synthesist.data.schema import Link, Schema, TableSchema

__all__ = ["column_type", "link_statement", "ordered", "quoted", "statements", "table_statement", "type_statements"]

ACTION = re.compile(r"ON (?:DELETE|UPDATE) (?:CASCADE|SET NULL|RESTRICT|NO ACTION|SET DEFAULT)", re.IGNORECASE)


def statements(schema: Schema, dialect: Dialect) -> Iterator[str]:
    """Every statement that makes the tables of a schema, in an order in which they can run."""
    yield from type_statements(schema, dialect)
    order = ordered(schema.tables)
    late: list[tuple[str, Link]] = []
    for place, name in enumerate(order):
        made = {*order[: place + 1]}
        links = schema.tables[name].links
        now = [link for link in links if link.table in made or dialect == "sqlite"]
        late += [(name, link) for link in links if link not in now]
        yield table_statement(name, schema, dialect, now)
    if dialect != "duckdb":  # which has no way to add one later, and so none to close a circle
        yield from (link_statement(name, link, dialect) for name, link in late)


def ordered(tables: Mapping[str, TableSchema]) -> list[str]:
    """The tables so that each comes after those it refers to, as far as circles allow."""
    left = {name: {link.table for link in table.links} - {name} for name, table in tables.items()}
    out: list[str] = []
    while left:
        free = [name for name, needs in left.items() if not needs & left.keys()]
        free = free or [min(left, key=lambda name: len(left[name] & left.keys()))]
        out += free[:1] if left[free[0]] & left.keys() else free
        for name in out:
            left.pop(name, None)
    return out


def type_statements(schema: Schema, dialect: Dialect) -> list[str]:
    """The statements that make the types of a database's own, each once."""
    kinds = [kind for table in schema.tables.values() for kind in table.columns.values()]
    needs = [need for kind in kinds if kind.native and kind.native.dialect == dialect for need in kind.native.needs]
    counted = [
        f"CREATE SEQUENCE IF NOT EXISTS {sequence_of(name, column)}"
        for name, table in schema.tables.items()
        for column, kind in table.columns.items()
        if dialect == "duckdb" and kind.native and kind.native.dialect == dialect and kind.native.numbered
    ]
    return [*dict.fromkeys(needs), *counted]


def table_statement(
    name: str,
    schema: Schema,
    dialect: Dialect,
    links: Sequence[Link],
    *,
    called: str = "",
    others: Mapping[str, str] | None = None,
) -> str:
    """CREATE TABLE with its columns, keys, conditions and these of its links.

    Args:
        called: the name the table is made under, where not its own.
        others: the names of other tables, where not their own.
    """
    table = schema.tables[name]
    lone = table.key[0] if len(table.key) == 1 else None
    rowid = dialect == "sqlite" and lone is not None and column_type(schema, name, lone, dialect).upper() == "INTEGER"
    parts = [
        _column(schema, name, column, kind, dialect, rowid and column == lone) for column, kind in table.columns.items()
    ]
    if table.key and not rowid:
        parts.append(f"PRIMARY KEY ({_list(table.key, dialect)})")
    parts += [f"UNIQUE ({_list(columns, dialect)})" for columns in _unique(name, schema)]
    if table.checks and table.checks.dialect == dialect:
        parts += [f"CHECK {condition}" for condition in table.checks.conditions]
    parts += [_reference(link, dialect, (others or {}).get(link.table, link.table)) for link in links]
    body = ",\n  ".join(parts)
    tail = " DEFAULT CHARSET = utf8mb4" if dialect == "mysql" else ""
    return f"CREATE TABLE {quoted(called or name, dialect)} (\n  {body}\n){tail}"


def link_statement(name: str, link: Link, dialect: Dialect, other: str = "") -> str:
    """ALTER TABLE that adds a foreign key."""
    return f"ALTER TABLE {quoted(name, dialect)} ADD {_reference(link, dialect, other or link.table)}"


def sequence_of(table: str, column: str) -> str:
    """The name of what counts a column up, where a database needs one."""
    return quoted(f"{table}_{column}_seq", "duckdb")


def quoted(name: str, dialect: Dialect) -> str:
    """A name as it stands in SQL."""
    sign = "`" if dialect == "mysql" else '"'
    return sign + name.replace(sign, sign * 2) + sign


def _column(schema: Schema, table: str, name: str, kind: Kind, dialect: Dialect, rowid: bool) -> str:
    words = [quoted(name, dialect), column_type(schema, table, name, dialect)]
    native = kind.native if kind.native and kind.native.dialect == dialect else None
    if rowid:
        return " ".join([*words, "PRIMARY KEY"])
    if native and native.computed:
        stored = "" if dialect == "duckdb" else " STORED"
        return " ".join([*words, f"GENERATED ALWAYS AS ({native.computed}){stored}"])
    required = kind.native.required if kind.native else not kind.missing
    if required or (native is None and name in schema.tables[table].key):
        words.append("NOT NULL")
    if native and native.numbered and dialect == "postgres":
        words.append("GENERATED BY DEFAULT AS IDENTITY")
    elif native and native.numbered and dialect == "mysql":
        words.append("AUTO_INCREMENT")
    elif native and native.numbered and dialect == "duckdb":
        words.append(f"DEFAULT nextval('{sequence_of(table, name)}')")
    elif native and native.default is not None:
        words.append(f"DEFAULT {native.default}")
    return " ".join(words)


def column_type(schema: Schema, table: str, column: str, dialect: Dialect) -> str:
    """The type of a column; one that is not told its own takes that of the column it refers to."""
    seen = set()
    while (table, column) not in seen:
        seen.add((table, column))
        kind = schema.tables[table].columns[column]
        leads = [
            (link.table, to)
            for link in schema.tables[table].links
            for own, to in zip(link.columns, link.to, strict=True)
            if own == column
        ]
        if kind.native or not leads or leads[0][0] not in schema.tables:
            break
        table, column = leads[0]
    return native_type(schema.tables[table].columns[column], dialect, indexed=_indexed(schema, table, column))


def _indexed(schema: Schema, table: str, column: str) -> bool:
    its = schema.tables[table]
    own = {*its.key, *(c for columns in its.unique for c in columns), *(c for link in its.links for c in link.columns)}
    return column in own or any(
        column in link.to for other in schema.tables.values() for link in other.links if link.table == table
    )


def _unique(name: str, schema: Schema) -> list[tuple[str, ...]]:
    """The unique groups of a table, and those other tables refer to, which must be."""
    table = schema.tables[name]
    referred = [link.to for other in schema.tables.values() for link in other.links if link.table == name]
    groups = dict.fromkeys([*table.unique, *referred])
    return [columns for columns in groups if columns != table.key]


def _reference(link: Link, dialect: Dialect, other: str) -> str:
    words = (
        f"FOREIGN KEY ({_list(link.columns, dialect)}) REFERENCES {quoted(other, dialect)} ({_list(link.to, dialect)})"
    )
    then = (
        ""
        if dialect == "duckdb"
        else link.then
        if dialect in ("postgres", "sqlite")
        else " ".join(ACTION.findall(link.then))
    )
    return f"{words} {then}".strip()


def _list(names: Sequence[str], dialect: Dialect) -> str:
    return ", ".join(quoted(name, dialect) for name in names)
