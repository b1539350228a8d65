"""Equations among rules, solved: one column of each is computed from the others, which rules then speak of instead."""

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from typing import Any

import polars as pl

from synthesist.core import Allowed
from synthesist.data.kinds import Kind, Number
from synthesist.errors import SpecError
from synthesist.rules.formula import Formula
from synthesist.rules.rule import Predicate, Rule, written_out

__all__ = ["Equation", "limited", "solved"]

BESIDE = 1e-6  # of a step: what rounding errors reach
Term = tuple[int, ast.expr]
"""A sign, +1 or -1, and what is added or taken away."""


@dataclass(frozen=True)
class Equation:
    """The column that is computed, and the formula over columns that are drawn."""

    column: str
    formula: Formula

    @property
    def scope(self) -> tuple[str, ...]:
        """The columns it is computed from."""
        return tuple(sorted(self.formula.names))

    def compute(self, frame: pl.DataFrame, kind: Kind) -> pl.Series:
        """What it comes to in each row; what lies a rounding error beside the grid of the column lies on it."""
        cells = self.formula.compute(frame, kind)
        if not isinstance(kind, Number) or kind.decimals is None:
            return cells
        step = 10.0**-kind.decimals
        near = ((cells / step).round() * step).round(max(kind.decimals, 0))
        return cells.zip_with(((cells - near).abs() > step * BESIDE).fill_null(True), near)


def solved(
    rules: Sequence[Rule],
    kinds: Mapping[str, Kind],
    fixed: frozenset[str],
    wanted: frozenset[str] = frozenset(),
    *,
    strict: bool = True,
) -> tuple[tuple[Rule, ...], tuple[Equation, ...]]:
    """The rules that are left over the columns that are drawn, and the equations that give the others.

    Those that are `fixed` are given; those that are `wanted` to be drawn are, if others can be computed.

    Raises:
        SpecError: an equation can be solved for none of its columns, and `strict` says that it must be.
    """
    held = fixed | {name for rule in rules if not isinstance(rule, Predicate) for name in rule.columns}
    left, equations = list(rules), list[Equation]()
    while (found := _next(left, kinds, held, wanted, strict)) is not None:
        rule, column, formula = found
        written = {column: formula}
        left = [
            other.bound(kinds, written) if isinstance(other, Predicate) and column in other.columns else other
            for other in left
            if other is not rule
        ]
        equations = [Equation(e.column, _written(e.formula, written)) for e in equations]
        equations.append(Equation(column, formula))
    return tuple(left), tuple(equations)


def limited(equation: Equation, allowed: Allowed) -> Predicate:
    """What a condition on the computed column asks of those it is computed from."""
    tree, asked = equation.formula.tree, list[ast.expr]()
    if allowed.low is not None:
        asked.append(ast.Compare(tree, [ast.Gt() if allowed.low_open else ast.GtE()], [_written_value(allowed.low)]))
    if allowed.high is not None:
        asked.append(ast.Compare(tree, [ast.Lt() if allowed.high_open else ast.LtE()], [_written_value(allowed.high)]))
    for values, op in ((allowed.values, ast.In), (allowed.excluded or None, ast.NotIn)):
        if values is not None:
            listed = ast.Tuple([_written_value(value) for value in values], ast.Load())
            asked.append(ast.Compare(tree, [op()], [listed]))
    if not allowed.missing:
        missing = ast.Call(ast.Name("is_missing", ast.Load()), [tree], [])
        asked.append(ast.UnaryOp(ast.Not(), missing))
    formula = Formula.of(f"the condition on {equation.column}", ast.BoolOp(ast.And(), asked or [ast.Constant(True)]))
    return Predicate(formula.text, equation.scope, formula, is_bound=True)


def _written_value(value: Any) -> ast.expr:
    """A value as a formula writes it."""
    match value:
        case date():
            return ast.Call(ast.Name("date", ast.Load()), [ast.Constant(value.isoformat())], [])
        case timedelta():
            return ast.Call(ast.Name("seconds", ast.Load()), [ast.Constant(value.total_seconds())], [])
    return ast.Constant(value)


def _next(
    rules: Iterable[Rule], kinds: Mapping[str, Kind], held: frozenset[str], wanted: frozenset[str], strict: bool
) -> tuple[Predicate, str, Formula] | None:
    """An equation, the column it is solved for, and what gives that."""
    for rule in rules:
        if not isinstance(rule, Predicate) or rule.sides is None or not rule.columns:
            continue
        found = [(name, formula) for name, formula in _solutions(rule, kinds) if name not in held]
        if found:
            # the finest column takes whatever the others give
            column, formula = max(found, key=lambda pair: (pair[0] not in wanted, _fineness(kinds[pair[0]])))
            return rule, column, formula
        if strict and not held >= set(rule.columns):
            raise SpecError(
                f"`{rule.text}` cannot be solved for any of its columns that is free and of a fitting kind: "
                f"write it as `column = ...`"
            )
    return None


def _solutions(rule: Predicate, kinds: Mapping[str, Kind]) -> Iterable[tuple[str, Formula]]:
    assert rule.sides is not None
    left, right = rule.sides
    terms = [*_terms(left, 1), *_terms(right, -1)]
    for place, (sign, node) in enumerate(terms):
        name = _name(node)
        others = [(-sign * other, part) for k, (other, part) in enumerate(terms) if k != place]
        if name is None or any(name in Formula.of("", part).names for _, part in others):
            continue
        formula = Formula.of(rule.text, _sum(others))
        try:
            kind = formula.kind(kinds)
        except SpecError:
            continue
        if kind.kind == kinds[name].kind or (isinstance(kinds[name], Number) and kind.kind == "integer"):
            yield name, formula


def _terms(node: ast.expr, sign: int) -> list[Term]:
    match node:
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [*_terms(left, sign), *_terms(right, sign)]
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return [*_terms(left, sign), *_terms(right, -sign)]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _terms(operand, -sign)
    return [(sign, node)]


def _sum(terms: Sequence[Term]) -> ast.expr:
    """Terms added up, one that is added first: days can be added to a date, but a date not to days."""
    (sign, first), *rest = sorted(terms, key=lambda term: -term[0])
    start = first if sign > 0 else ast.UnaryOp(ast.USub(), first)
    return reduce(lambda a, term: ast.BinOp(a, ast.Add() if term[0] > 0 else ast.Sub(), term[1]), rest, start)


def _name(node: ast.expr) -> str | None:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Call(func=ast.Name(id="column"), args=[ast.Constant(value=str(name))]):
            return name
    return None


def _fineness(kind: Kind) -> float:
    if isinstance(kind, Number):
        return 100.0 if kind.decimals is None else kind.decimals
    return -1.0


def _written(formula: Formula, formulas: Mapping[str, Formula]) -> Formula:
    return Formula.of(formula.text, written_out(formula.tree, formulas))
