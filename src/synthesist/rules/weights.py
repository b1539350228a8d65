"""Rules as factors: how much of each combination of cells they let through."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations

import numpy as np
import polars as pl

from synthesist.core import Context
from synthesist.rules.bounds import Known, Measures, Truths, Words, can_be
from synthesist.rules.domain import Domain, Marginal, drawn
from synthesist.rules.equations import Equation
from synthesist.rules.network import Factor
from synthesist.rules.rule import Combinations, OneHot, Predicate

__all__ = ["GOLDEN", "Column", "Computed", "Weighed", "of_combinations", "of_equation", "of_one_hot", "of_predicate"]

POINTS = 16  # within a combination of stretches
MARGIN = 1.25  # by which a likelihood may exceed that at the points
GOLDEN = (0.7548776662466927, 0.5698402909980532, 0.8191725133961645, 0.6710436067037893, 0.5497004779019703)
"""Steps of sequences that fill a box evenly: Roberts, The unreasonable effectiveness of quasirandom sequences, 2018."""
SOMEWHERE = Context(path=("points",))
Column = tuple[Marginal, Domain]


@dataclass(frozen=True, eq=False)
class Weighed:
    """A predicate over cells: which combinations it lets through, and whether it cuts through some."""

    predicate: Predicate
    factor: Factor
    cuts: bool


@dataclass(frozen=True, eq=False)
class Computed:
    """A column that an equation gives, and how often its value comes by itself, for cells it is computed from.

    With a `bound`, that is no less than the likelihood of a value computed from these cells.
    """

    equation: Equation
    marginal: Marginal
    factor: Factor
    bound: np.ndarray | None


def of_predicate(rule: Predicate, columns: Mapping[str, Column]) -> Weighed:
    """Zero for combinations of cells that surely break the rule."""
    scope = rule.columns
    domains = [columns[name][1] for name in scope]
    shape = tuple(domain.size for domain in domains)
    if all(domain.single for domain in domains):
        broken = rule.broken(_all_values(scope, domains)).to_numpy()
        return Weighed(rule, Factor(scope, (~broken).astype(np.float64).reshape(shape)), cuts=False)
    axes = enumerate(zip(scope, domains, strict=True))
    truths = can_be(rule.formula.tree, {name: _along(domain.known, k, len(scope)) for k, (name, domain) in axes})
    passes, fails = (np.broadcast_to(mask, shape) for mask in (truths.true | truths.none, truths.false))
    return Weighed(rule, Factor(scope, passes.astype(np.float64)), cuts=bool((passes & fails).any()))


def of_equation(equation: Equation, marginal: Marginal, columns: Mapping[str, Column]) -> Computed:
    """How often the computed value comes by itself; combinations it cannot be computed from keep their share."""
    scope = equation.scope
    domains = [columns[name][1] for name in scope]
    shape = tuple(domain.size for domain in domains)
    tuples = np.argwhere(np.ones(shape, dtype=bool))
    single = all(domain.single for domain in domains)
    mean, most, known = np.zeros(len(tuples)), np.zeros(len(tuples)), np.ones(len(tuples), dtype=bool)
    points = 1 if single else POINTS
    for frame in _points(scope, columns, tuples, points):
        likely = marginal.likelihood(equation.formula.compute(frame, marginal.kind))
        known &= ~np.isnan(likely)
        mean += np.nan_to_num(likely) / points
        most = np.fmax(most, likely)
    weight = reduce(np.multiply.outer, [domain.weight for domain in domains]).ravel()
    usual = (mean * weight)[known].sum() / (weight[known].sum() or 1.0) or 1.0
    if single:
        return Computed(equation, marginal, Factor(scope, np.where(known, mean, usual).reshape(shape)), None)
    bound = np.where(known, most * MARGIN, usual).reshape(shape)
    return Computed(equation, marginal, Factor(scope, bound), bound)


def of_one_hot(rule: OneHot, columns: Mapping[str, Column], hidden: str) -> list[Factor]:
    """A hidden variable says which column is the one; each column follows from it."""
    factors = []
    for place, name in enumerate(rule.columns):
        one, zero = _hot(columns[name][1])
        mine = np.arange(len(rule.columns))[:, None] == place
        factors.append(Factor((hidden, name), np.where(mine, one, zero).astype(np.float64)))
    return factors


def of_combinations(rule: Combinations, columns: Mapping[str, Column], hidden: str) -> list[Factor]:
    """A hidden variable says which of the listed rows it is, or which of the cells are empty."""
    listed = rule.rows or ()
    empty = {name: columns[name][1].empty for name in rule.columns}
    holes = [name for name in rule.columns if empty[name].any()]
    patterns = [part for size in range(1, len(holes) + 1) for part in combinations(holes, size)]
    factors = []
    for place, name in enumerate(rule.columns):
        marginal, domain = columns[name]
        values = pl.Series([row[place] for row in listed], dtype=marginal.kind.storage, strict=False)
        cells = marginal.place(values, domain)
        fits = np.zeros((len(listed) + len(patterns), domain.size))
        here = np.flatnonzero(cells >= 0)
        fits[here, cells[here]] = 1.0
        for number, pattern in enumerate(patterns, len(listed)):
            fits[number] = empty[name] == (name in pattern)
        factors.append(Factor((hidden, name), fits))
    return factors


def _all_values(scope: Sequence[str], domains: Sequence[Domain]) -> pl.DataFrame:
    """Every combination of single values, the last column fastest."""
    grid = np.indices(tuple(domain.size for domain in domains)).reshape(len(domains), -1)
    columns = zip(scope, domains, grid, strict=True)
    return pl.DataFrame({name: d.values.gather(cells) for name, d, cells in columns if d.values is not None})


def _points(
    scope: Sequence[str], columns: Mapping[str, Column], tuples: np.ndarray, count: int
) -> Iterator[pl.DataFrame]:
    """Values at points that fill each combination of cells evenly, a frame for each point."""
    for point in range(count):
        made = {}
        for k, name in enumerate(scope):
            marginal, domain = columns[name]
            cells = np.arange(domain.size)
            u = np.full(domain.size, (0.5 + (point + 1) * GOLDEN[k % len(GOLDEN)] + k * 0.1) % 1.0)
            made[name] = drawn(marginal, domain, cells, u, cells, SOMEWHERE.at(name, point)).gather(tuples[:, k])
        yield pl.DataFrame(made)


def _along(known: Known, axis: int, axes: int) -> Known:
    """What the cells hold, along one axis of a table."""
    shape = [-1 if k == axis else 1 for k in range(axes)]
    return type(known)(*(np.atleast_1d(part).reshape(shape) for part in vars(known).values()))


def _hot(domain: Domain) -> tuple[np.ndarray, np.ndarray]:
    """Which cells are true, or 1, and which are false, 0 or empty."""
    match domain.known:
        case Truths(true=true, false=false):
            return true & ~false, ~true
        case Measures(low=low, high=high, some=some):
            single = (low == high) & some
            return single & (low == 1), (single & (low == 0)) | ~some
        case Words(none=none):
            return np.zeros(len(none), dtype=bool), none
