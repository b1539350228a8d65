"""Metadata of SDV (V1, one table or several), as its public documentation describes the file."""

from collections.abc import Mapping
from typing import Any

from synthesist.schemas.source import Source

__all__ = ["SUFFIXES", "TITLE", "page", "recognises"]

TITLE = "metadata of SDV (.json)"
SUFFIXES = (".json",)
WHOLE = {"Int64", "Int32", "Int16", "Int8", "UInt64", "UInt32", "UInt16", "UInt8"}
BITS = {"8": "tinyint", "16": "smallint", "32": "integer", "64": "bigint"}
CLOCK = ("%H", "%I", "%M", "%S", "%f", "%T", "%X", "%c")


def recognises(source: Source) -> bool:
    """Whether it says the version of its form."""
    return source.suffix in SUFFIXES and "METADATA_SPEC_VERSION" in source.mapping


def page(source: Source) -> dict[str, Any]:
    """The page of `tables`, or of `columns` for one table.

    Raises:
        SpecError: it has no tables.
    """
    from synthesist.schemas.relational.pages import told
    from synthesist.schemas.relational.tables import Database, ForeignKey

    tree = source.mapping
    several = tree.get("tables") or {"table": tree}
    database = Database(tables={name: _table(name, said) for name, said in several.items() if said.get("columns")})
    for link in tree.get("relationships") or []:
        if (child := database.tables.get(link["child_table_name"])) is not None:
            mine, its = _listed(link["child_foreign_key"]), _listed(link["parent_primary_key"])
            child.foreign.append(ForeignKey(mine, link["parent_table_name"], its))
    return told(database, source.path)


def _table(name: str, said: Mapping[str, Any]) -> Any:
    from synthesist.schemas.relational.tables import Group, Table

    table = Table(name, key=_listed(said.get("primary_key")))
    table.unique = [Group(_listed(key)) for key in said.get("alternate_keys") or []]
    keys = {*table.key, *(column for group in table.unique for column in group.columns)}
    table.columns = {column: _column(column, about, column in keys) for column, about in said["columns"].items()}
    return table


def _column(name: str, about: Mapping[str, Any], is_key: bool) -> Any:
    """A column by its `sdtype`, whose word counts as a comment: `email`, `first_name`, `latitude` ..."""
    from synthesist.data.databases.types import Type, type_of
    from synthesist.schemas.relational.guesses import CATEGORIES
    from synthesist.schemas.relational.meanings import meaning_of
    from synthesist.schemas.relational.tables import Column

    sdtype = str(about.get("sdtype", "unknown"))
    column = Column(name, Type("text", written=sdtype), nullable=not is_key, comment=sdtype)
    match sdtype:
        case "id" if about.get("regex_format"):
            column.pattern, column.nullable = about["regex_format"], False
        case "id":
            column.type, column.nullable = Type("integer"), False
        case "boolean":
            column.type = Type("boolean")
        case "numerical":
            shown = str(about.get("computer_representation", "Float"))
            whole = (
                type_of(("u" if shown[0] == "U" else "") + BITS[shown.removeprefix("U").removeprefix("Int")])
                if (shown in WHOLE)
                else None
            )
            column.type = whole or Type("float")
        case "datetime":
            column.format = about.get("datetime_format") or ""
            with_clock = not column.format or any(sign in column.format for sign in CLOCK)
            column.type = Type("timestamp" if with_clock else "date", decimals=0)
        case "categorical":
            order = about.get("order")
            if order:
                column.values = tuple(order)
            elif meaning_of(name, "", "text") is None:
                column.values = CATEGORIES
        case "latitude" | "longitude":
            column.type = Type("decimal", digits=9, decimals=6)
    return column


def _listed(written: Any) -> tuple[str, ...]:
    """One name or several, as a tuple."""
    return () if not written else (written,) if isinstance(written, str) else tuple(written)
