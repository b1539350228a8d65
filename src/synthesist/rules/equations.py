"""Equations among rules, solved: one column of each is computed from the others, which rules then speak of instead."""

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from synthesist.data.kinds import Kind, Number
from synthesist.errors import SpecError
from synthesist.rules.formula import Formula
from synthesist.rules.rule import Predicate, Rule, written_out

__all__ = ["Equation", "solved"]

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


def solved(
    rules: Sequence[Rule], kinds: Mapping[str, Kind], fixed: frozenset[str], *, strict: bool = True
) -> tuple[tuple[Rule, ...], tuple[Equation, ...]]:
    """The rules that are left over the columns that are drawn, and the equations that give the others.

    Raises:
        SpecError: an equation can be solved for none of its columns, and `strict` says that it must be.
    """
    held = fixed | {name for rule in rules if not isinstance(rule, Predicate) for name in rule.columns}
    left, equations = list(rules), list[Equation]()
    while (found := _next(left, kinds, held, strict)) is not None:
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


def _next(
    rules: Iterable[Rule], kinds: Mapping[str, Kind], held: frozenset[str], strict: bool
) -> tuple[Predicate, str, Formula] | None:
    """An equation, the column it is solved for, and what gives that."""
    for rule in rules:
        if not isinstance(rule, Predicate) or rule.sides is None or not rule.columns:
            continue
        found = [(name, formula) for name, formula in _solutions(rule, kinds) if name not in held]
        if found:
            # the finest column takes whatever the others give
            column, formula = max(found, key=lambda pair: _fineness(kinds[pair[0]]))
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
