"""Conditions on the rows of one table, computed here, so that they mean the same of files and of databases."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from synthesist.data.kinds import Boolean, Kind, Moment
from synthesist.data.schema import TableSchema
from synthesist.errors import ConditionError, SpecError, did_you_mean
from synthesist.rules.formula import Formula
from synthesist.rules.rule import Predicate, read_rule

__all__ = ["Condition"]

READINGS = "country = 'DE' AND joined >= '2024-01-01'"


@dataclass(frozen=True)
class Condition:
    """What rows must meet; a row of which it cannot be told does not."""

    text: str
    columns: tuple[str, ...]
    expression: pl.Expr

    @classmethod
    def read(cls, text: str, schema: TableSchema) -> "Condition":
        """Read a condition in the words of SQL, or of rules.

        Raises:
            ConditionError: it is none, names a column that is not there, or does not fit the columns.
        """
        formula = _formula(text, schema)
        unknown = [name for name in sorted(formula.names) if name not in schema.columns]
        if unknown:
            raise ConditionError(f"`{text}`: no column `{unknown[0]}`. {did_you_mean(unknown[0], schema.columns)}")
        if formula.across:
            raise ConditionError(f"`{text}` reads `{formula.across[0].text}` of another table: name columns of one.")
        try:
            dated = Formula.of(text, _Dated(schema.columns).visit(formula.tree))
            kind = dated.kind(schema.columns)
        except SpecError as error:
            raise ConditionError(f"{error}.") from None
        if not isinstance(kind, Boolean):
            raise ConditionError(f"`{text}` is neither true nor false: write a comparison, as in `{READINGS}`.")
        return cls(text, tuple(sorted(dated.names)), dated.expression.fill_null(False))

    def met(self, table: pl.DataFrame) -> pl.DataFrame:
        """The rows that meet it."""
        return table.filter(self.expression)


def _formula(text: str, schema: TableSchema) -> Formula:
    """SQL, unless the words of rules fit and those of SQL do not: `"DE"` is a column there, and a text here."""
    found: list[Formula] = []
    faults: list[str] = []
    for read in (Formula.read_sql, _as_rule):
        try:
            found.append(read(text))
        except SpecError as error:
            faults.append(str(error))
    if not found:
        raise ConditionError(f"{faults[0]}; as in `{READINGS}`.")
    return next((formula for formula in found if formula.names and formula.names <= schema.columns.keys()), found[0])


def _as_rule(text: str) -> Formula:
    rule = read_rule(text)
    if not isinstance(rule, Predicate):
        raise SpecError(f"`{text}` is about several rows, a condition about one")
    return rule.formula


class _Dated(ast.NodeTransformer):
    """Texts that are compared with moments, as moments: databases read them so."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self.kinds = kinds

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        sides = [node.left, *node.comparators]
        if any(isinstance(self.kinds.get(name), Moment) for side in sides if (name := _column(side)) is not None):
            node.left, *node.comparators = map(_dated, sides)
        return node


def _column(node: ast.expr) -> str | None:
    match node:
        case ast.Name(id=name) | ast.Call(func=ast.Name(id="column"), args=[ast.Constant(value=str(name))]):
            return name
    return None


def _dated(node: ast.expr) -> ast.expr:
    match node:
        case ast.Constant(value=str(text)):
            moment = date.fromisoformat if len(text) == len("2024-12-31") else datetime.fromisoformat
            try:
                written = moment(text).isoformat()
            except ValueError:
                raise SpecError(f"`{text}` is compared with a moment: write it as in '2024-12-31'") from None
            return ast.Call(ast.Name("date"), [ast.Constant(written)], [])
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return ast.Tuple([_dated(part) for part in parts])
    return node
