"""A live database: its own CREATE statements, as those of a file, and room beside the rows it holds."""

import warnings
from collections.abc import Mapping
from typing import Any

from synthesist.data.databases import Address, Database, opened
from synthesist.schemas.relational.ddl import read_sql
from synthesist.schemas.relational.pages import page_of_tables
from synthesist.schemas.relational.tables import Database as Tables

__all__ = ["page_of_database"]

FEW = 100
"""Rows: a table that holds so many, and that others only look up, is filled already."""


def page_of_database(where: Address) -> dict[str, Any]:
    """The page that draws rows for the tables of a database; what is not kept is warned of.

    Small tables that hold rows and refer to no others stay as they are, and references to them are drawn from their
    keys. Of other tables that hold rows the new keys begin behind the largest.

    Raises:
        NotFoundError, DataError: the database cannot be read.
        SpecError: there is no table to draw.
    """
    with opened(where) as database:
        tables = read_sql(database.ddl(), where.dialect)
        rows = {name: database.count(name) for name in database.schema.tables}
        stay = _filled(tables, rows)
        _look_up(tables, stay, database)
        page, notes = page_of_tables(tables, str(where))
        notes += _behind(page, tables, rows, database)
    notes += [
        f"`{name}` holds {rows[name]:,} rows, which stay; others refer to them. Empty it first to draw it, too."
        for name in stay
    ]
    if notes:
        told = "\n  ".join(notes)
        warnings.warn(f"{where}: not all of it is kept, or drawn\n  {told}", UserWarning, stacklevel=2)
    return page


def _filled(tables: Tables, rows: Mapping[str, int]) -> list[str]:
    """Small tables with rows that others refer to by one column, and that refer to none but such."""
    keys = [key for table in tables.tables.values() for key in table.foreign]
    looked_up = {key.table for key in keys} - {key.table for key in keys if len(key.columns) > 1}
    found = {name for name in tables.tables if name in looked_up and 0 < rows.get(name, 0) <= FEW}
    while wrong := {name for name in found if any(key.table not in found for key in tables.tables[name].foreign)}:
        found -= wrong
    return [name for name in tables.tables if name in found]


def _look_up(tables: Tables, stay: list[str], database: Database) -> None:
    """Take tables that stay out; columns that refer to them hold the keys that are there."""
    for table in tables.tables.values():
        for key in [key for key in table.foreign if key.table in stay]:
            (other,) = key.others or tables.tables[key.table].key
            cells = database.read(key.table, [other])[other].drop_nulls().unique().sort()
            table.columns[key.columns[0]].values = tuple(cells.to_list())
            table.foreign.remove(key)
    for name in stay:
        del tables.tables[name]


def _behind(page: dict[str, Any], tables: Tables, rows: Mapping[str, int], database: Database) -> list[str]:
    """Let new keys begin behind those that are there; what else must be unlike is told."""
    notes = []
    for name, table in (page["tables"] if page["kind"] == "tables" else {page["table"]: page}).items():
        if not rows.get(name):
            continue
        unsure = []
        alike = {column for group in tables.tables[name].unique for column in group.columns}
        for column, its in table["columns"].items():
            if its["is"] == "keys" and not {"pattern", "uuid", "ulid"} & its.keys():
                its["first"] = max(int(str(database.largest(name, column) or 0)) + 1, its.get("first", 1))
            elif column in {*alike, *tables.tables[name].key} and its["is"] not in ("reference", "position"):
                unsure.append(column)
        if unsure:
            notes.append(
                f"`{name}` holds {rows[name]:,} rows: what is drawn for {', '.join(unsure)} may be there already, and "
                f"then no row is written."
            )
    return notes
