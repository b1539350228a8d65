"""The manifest of dbt: columns of models, seeds and sources, with their types, constraints and tests."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from synthesist.schemas.source import Source

__all__ = ["SUFFIXES", "TITLE", "page", "recognises"]

TITLE = "a manifest of dbt (manifest.json)"
SUFFIXES = (".json",)
KINDS = ("model", "seed", "snapshot", "source")
DIALECTS = {"mysql": "mysql", "sqlite": "sqlite", "duckdb": "duckdb"}


def recognises(source: Source) -> bool:
    """Whether its metadata say so."""
    about = source.mapping.get("metadata") if source.suffix in SUFFIXES else None
    return isinstance(about, Mapping) and "dbt_schema_version" in about


def page(source: Source) -> dict[str, Any]:
    """The page of the sampler `tables`: nodes of which columns are named, with what their tests promise.

    Raises:
        SpecError: no node names columns.
    """
    from synthesist.schemas.relational.pages import told
    from synthesist.schemas.relational.tables import Database, Table

    tree = source.mapping
    adapter = str(tree["metadata"].get("adapter_type", ""))
    database = Database(dialect=DIALECTS.get(adapter, "postgres"))
    nodes = {**(tree.get("sources") or {}), **(tree.get("nodes") or {})}
    named: dict[str, Table] = {}
    for identity, node in nodes.items():
        if node.get("resource_type") in KINDS and node.get("columns"):
            named[identity] = table = _table(node, database.dialect)
            if table.name in database.tables:
                table.name = f"{table.schema}.{table.name}"
            database.tables[table.name] = table
    for node in nodes.values():
        if node.get("resource_type") == "test":
            _tested(node, named)
    return told(database, source.path)


def _table(node: Mapping[str, Any], dialect: str) -> Any:
    """A node as a table, with the constraints of its contract."""
    from synthesist.schemas.relational.guesses import guessed
    from synthesist.schemas.relational.tables import Column, Table

    table = Table(node.get("alias") or node["name"], schema=node.get("schema") or "")
    for name, said in node["columns"].items():
        comment = said.get("description") or ""
        table.columns[name] = Column(name, guessed(name, comment, said.get("data_type"), dialect), comment=comment)
        for constraint in said.get("constraints") or []:
            _constrained(table, constraint, [name])
    for constraint in node.get("constraints") or []:
        _constrained(table, constraint, constraint.get("columns") or [])
    return table


def _constrained(table: Any, constraint: Mapping[str, Any], columns: list[str]) -> None:
    from synthesist.schemas.relational.tables import Check, ForeignKey, Group

    match constraint.get("type"):
        case "not_null":
            for name in columns:
                table.columns[name].nullable = False
        case "unique":
            table.unique.append(Group(tuple(columns)))
        case "primary_key":
            table.key = tuple(columns)
        case "check" if constraint.get("expression"):
            table.checks.append(Check(constraint["expression"], column=(*columns, "")[0]))
        case "foreign_key":
            others = tuple(constraint.get("to_columns") or ())
            said = re.fullmatch(r"\s*([\w.\"]+)\s*\(([^)]*)\)\s*", constraint.get("expression") or "")
            to = constraint.get("to") or (said[1] if said else "")
            if said and not others:
                others = tuple(name.strip(' "') for name in said[2].split(","))
            if to:
                table.foreign.append(ForeignKey(tuple(columns), to.replace('"', "").rpartition(".")[2], others))


def _tested(test: Mapping[str, Any], named: Mapping[str, Any]) -> None:
    """What a generic test of dbt promises of a column."""
    from synthesist.schemas.relational.tables import ForeignKey, Group

    about = test.get("test_metadata") or {}
    arguments = about.get("kwargs") or {}
    table = named.get(test.get("attached_node") or _first(_nodes_of(test), named))
    column = arguments.get("column_name") or test.get("column_name")
    if table is None or (name := table.spelt(str(column).strip('"'))) is None:
        return
    match about.get("name"):
        case "not_null":
            table.columns[name].nullable = False
        case "unique":
            table.unique.append(Group((name,)))
        case "accepted_values" if arguments.get("values"):
            table.columns[name].values = tuple(arguments["values"])
        case "relationships":
            words = re.findall(r"['\"]([^'\"]+)['\"]", str(arguments.get("to", "")))
            other = next((t for identity, t in named.items() if words and identity.split(".")[-1] == words[-1]), None)
            if other is not None and arguments.get("field"):
                table.foreign.append(ForeignKey((name,), other.name, (str(arguments["field"]),)))


def _nodes_of(test: Mapping[str, Any]) -> Iterator[str]:
    yield from (test.get("depends_on") or {}).get("nodes") or []


def _first(identities: Iterator[str], named: Mapping[str, Any]) -> str:
    """The node a test is about: of those it depends on the last, as dbt lists what it compares with first."""
    return ([identity for identity in identities if identity in named] or [""])[-1]
