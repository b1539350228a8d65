"""Declared columns under rules: what each column takes by itself, cut into cells that rules are weighed over."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np
import polars as pl

from synthesist.core import Allowed, Context
from synthesist.data.kinds import Kind
from synthesist.errors import SpecError, did_you_mean
from synthesist.rules.bounds import Known, Measures, Truths, Words, understood
from synthesist.rules.domain import DAY, Domain
from synthesist.rules.equations import Equation
from synthesist.rules.formula import Formula
from synthesist.rules.network import Factor
from synthesist.rules.rule import Combinations, Predicate, Rule, read_rule, written_out
from synthesist.rules.system import Group, System
from synthesist.rules.weights import GOLDEN, Column
from synthesist.samplers.columns.correlated import Correlated
from synthesist.samplers.columns.declaration import Expression, kinds
from synthesist.samplers.columns.distribution import Distribution, Rows
from synthesist.samplers.columns.lost import Lost
from synthesist.samplers.columns.measured import Measured

__all__ = ["Declared", "faults_of_rules", "system_of"]

STRETCHES = 512
TAILED = 12  # so many stretches for each halving of the first and the last one: conditions may lie far out
FARTHEST_HALVING = 40
COPULA_POINTS = 16
MOST_LISTED = 2**20
OFF_GRID = 1e-6  # of a step
TINY = 2.0**-53


def system_of(
    columns: Mapping[str, Distribution],
    known: Mapping[str, Kind],
    formulas: Mapping[str, Formula],
    correlated: Sequence[Correlated],
    rules: Sequence[Rule],
) -> System:
    """The rules over declared columns, computed ones written out.

    Args:
        formulas: of the computed columns, each after those it reads.

    Raises:
        SpecError: a rule names no column, does not fit its columns, or reads one whose formula is too long for it.
    """
    drawn = {name: kind for name, kind in known.items() if name not in formulas}
    written = _of_drawn(formulas)
    for rule in rules:
        for name in rule.columns:
            if name in formulas and name not in written:
                raise SpecError(f"`{rule.text}` reads `{name}`, whose formula is too long once all it reads is in it")
    bound = tuple(_bound(rule, drawn, written) for rule in rules)
    marginals = {name: Declared(name, columns[name]) for name in drawn}
    groups = tuple(_group(group) for group in correlated if not group.tight)
    tight = {name for group in correlated if group.tight for name in group.columns}
    computed = tuple(
        Equation(name, formula)
        for name, formula in written.items()
        if formula.names and not formula.names & tight and understood(formula.tree)
        if all(columns[other].ranked for other in formula.names)
    )
    return System(marginals, bound, groups, computed)


def _bound(rule: Rule, kinds: Mapping[str, Kind], formulas: Mapping[str, Formula]) -> Rule:
    match rule:
        case Predicate():
            return rule.bound(kinds, formulas)
        case Combinations():
            return rule.bound(kinds)
    return rule


def _of_drawn(formulas: Mapping[str, Formula]) -> dict[str, Formula]:
    """The formulas over columns that are drawn, computed ones written out; without those that get too long."""
    written: dict[str, Formula] = {}
    for name, formula in formulas.items():
        if formula.names & formulas.keys() <= written.keys():
            with suppress(SpecError):
                written[name] = Formula.of(formula.text, written_out(formula.tree, written))
    return written


@dataclass(frozen=True, eq=False)
class Declared:
    """The distribution of a declared column."""

    name: str
    column: Distribution

    @property
    def kind(self) -> Kind:
        return self.column.kind

    @property
    def missing(self) -> float:
        return self.column.missing

    def domain(self, most: int, cuts: Sequence[float], allowed: Allowed) -> Domain:
        if self.column.by_index:
            raise SpecError(
                f"`{self.name}` holds unique values, settled by the number of their row: rules cannot move them"
            )
        listed = self.column.listed(most)
        if listed is not None:
            values, weight = listed[0].cast(self.kind.storage), listed[1] / listed[1].sum()
            below = np.cumsum(weight) - weight
            ranks = np.column_stack([below, below + weight])
            inside = allowed.mask(values).to_numpy()
            kept = np.flatnonzero(inside) if inside.any() else np.array([0])  # one that weighs nothing, if none may be
            values = values.gather(kept)
            return self._with_empty((weight * inside)[kept], _known(values), values, ranks[kept], allowed)
        if not self.column.ranked:
            everything = Measures(*(np.array([it]) for it in (-np.inf, np.inf, True, False)))
            return self._with_empty(np.ones(1), everything, None, None, allowed)
        low, high = self._stretches(min(most, STRETCHES), (*cuts, *_ends(allowed)))
        ranks = np.column_stack([self._rank(low, 0.0, 0.0), self._rank(high, 1.0, 1.0)])
        inside = self._inside(allowed, np.where(np.isfinite(low), low, high))
        weight = np.maximum(ranks[:, 1] - ranks[:, 0], 0.0) * inside
        some = np.ones(len(low), dtype=bool)
        return self._with_empty(weight, Measures(low, high, some, ~some), None, ranks, allowed)

    def draw(self, u: np.ndarray, units: np.ndarray, ctx: Context) -> pl.Series:
        ranks = u if self.column.ranked else None
        return self.column.draw(Rows(units, ctx, ctx, ranks)).cast(self.kind.storage)

    def likelihood(self, values: pl.Series) -> np.ndarray:
        out = np.full(len(values), np.nan)
        there = values.is_not_null().arg_true().to_numpy()
        out[there] = self._likelihood(values.gather(there))
        return out

    def place(self, values: pl.Series, domain: Domain) -> np.ndarray:
        empty = np.flatnonzero(domain.empty)
        nowhere = int(empty[0]) if len(empty) else -1
        if domain.values is not None:
            known = domain.values.drop_nulls()
            cells = values.cast(known.dtype).replace_strict(known, np.arange(len(known)), default=-1)
            return np.where(values.is_null().to_numpy(), nowhere, cells.fill_null(-1).to_numpy())
        if domain.ranks is None or not isinstance(domain.known, Measures):
            return np.where(values.is_null().to_numpy(), nowhere, 0)
        low, high = (end[~domain.empty] for end in (domain.known.low, domain.known.high))
        x = _axis(values)
        cell = np.searchsorted(low, x, side="right") - 1
        inside = (cell >= 0) & (x <= high[np.maximum(cell, 0)])
        return np.where(np.isnan(x), nowhere, np.where(inside, cell, -1))

    def _likelihood(self, values: pl.Series) -> np.ndarray:
        if isinstance(self.column, Measured):
            return self._of_numbers(values.to_numpy().astype(np.float64))
        if self._listed is not None:
            known, weight = self._listed
            return values.cast(known.dtype).replace_strict(known, weight / weight.sum(), default=0.0).to_numpy()
        if self.column.ranked:
            ends = [self.column.rank(values, np.full(len(values), end)) for end in (0.0, 1.0)]
            return np.maximum(np.diff(ends, axis=0)[0], 0.0)
        raise SpecError(f"`{self.name}` is {self.column.is_}: it cannot be computed by a rule. Make it an `expression`")

    def _of_numbers(self, x: np.ndarray) -> np.ndarray:
        """How often numbers come: looked up where there is a table of them."""
        assert isinstance(self.column, Measured)
        if self._listed is None:
            return self.column.likelihood(x)
        weight = self._listed[1]
        steps = (x - self.column.ends[0]) / self.column.step
        place = np.round(steps)
        inside = (np.abs(steps - place) < OFF_GRID) & (place >= 0) & (place < len(weight))
        return np.where(inside, weight[np.where(inside, place, 0).astype(np.int64)], 0.0)

    @cached_property
    def _listed(self) -> tuple[pl.Series, np.ndarray] | None:
        return self.column.listed(MOST_LISTED)

    def _with_empty(
        self, weight: np.ndarray, known: Known, values: pl.Series | None, ranks: np.ndarray | None, allowed: Allowed
    ) -> Domain:
        """The cells, and after them the empty one, if the column has such."""
        if not self.missing:
            return Domain(weight, known, values, ranks)
        weight = np.append(weight * (1 - self.missing), self.missing if allowed.missing else 0.0)
        match known:
            case Measures(low=low, high=high, some=some, none=none):
                known = Measures(*map(np.append, (low, high, some, none), (0.0, 0.0, False, True)))
            case Truths(true=true, false=false, none=none):
                known = Truths(*map(np.append, (true, false, none), (False, False, True)))
            case Words(values=words, none=none):
                known = Words(np.append(words, ""), np.append(none, True))
        values = None if values is None else values.extend_constant(None, 1)
        ranks = None if ranks is None else np.vstack([ranks, [0.0, 0.0]])
        return Domain(weight, known, values, ranks)

    def _stretches(self, count: int, cuts: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        """The ends of the stretches, both included: equally likely ones, tails, and cuts where rules name a value."""
        tail = 0.5 ** np.arange(1, min(count // TAILED, FARTHEST_HALVING)) / count
        u = np.concatenate([tail[::-1], np.arange(1, count) / count, 1 - tail])
        inner = _axis(self.draw(u, np.arange(len(u)), Context()))
        first, last = self._support
        step = self._step
        named = np.array([cut for cut in cuts if first <= cut <= last])
        if step:
            named = np.unique(np.concatenate([np.floor(named / step), np.ceil(named / step)]) * step)
            starts = np.round(np.concatenate([inner, named, named + step]) / step) * step
        else:
            starts = np.concatenate([inner, named, np.nextafter(named, np.inf)])
        starts = self._exactly(np.unique(starts[(starts > first) & (starts <= last)]))
        low = np.concatenate([[first], starts])
        before = self._exactly(starts - step) if step else np.nextafter(starts, -np.inf)
        return low, np.concatenate([before, [last]])

    @cached_property
    def _support(self) -> tuple[float, float]:
        """The first and the last value, as numbers; infinite where there is none."""
        if isinstance(self.column, Measured):
            return self.column.ends
        ends = self.draw(np.array([0.0, 1.0 - TINY]), np.arange(2), Context())
        first, last = _axis(ends)
        return float(first), float(last)

    @property
    def _step(self) -> float:
        """How far apart neighbouring values lie, as numbers; 0 where they lie anywhere."""
        if isinstance(self.column, Measured):
            return self.column.step
        return DAY if self.kind.storage == pl.Date else 1.0

    def _exactly(self, x: np.ndarray) -> np.ndarray:
        """The numbers on their grid, as they are written."""
        return np.round(x, self.column.decimals or 0) if isinstance(self.column, Measured) and self._step else x

    def _cells(self, x: np.ndarray) -> pl.Series:
        """Numbers as values of the column."""
        series, storage = pl.Series(x), self.kind.storage
        if storage == pl.Date:
            return (series / DAY).cast(pl.Int32).cast(pl.Date)
        return series.cast(pl.Int64).cast(storage) if not storage.is_float() else series

    def _inside(self, allowed: Allowed, x: np.ndarray) -> np.ndarray:
        """Which of these numbers are allowed; a stretch without ends is all there is."""
        endless = ~np.isfinite(x)
        return allowed.mask(self._cells(np.where(endless, 0.0, x))).to_numpy() | endless

    def _rank(self, x: np.ndarray, u: float, infinite: float) -> np.ndarray:
        """The share of the column below x, and u of that at x itself."""
        finite = np.isfinite(x)
        ranks = np.full(len(x), infinite)
        if finite.any():
            ranks[finite] = self.column.rank(self._cells(x[finite]), np.full(int(finite.sum()), u))
        return np.clip(ranks, 0.0, 1.0)


def _known(values: pl.Series) -> Known:
    """What single values are to the rules."""
    if values.dtype == pl.Boolean:
        true = values.to_numpy().astype(bool)
        return Truths(true, ~true, np.zeros(len(values), dtype=bool))
    some = np.ones(len(values), dtype=bool)
    if values.dtype == pl.String:
        return Words(values.to_numpy().astype(object), ~some)
    x = _axis(values)
    return Measures(x, x, some, ~some)


def _axis(values: pl.Series) -> np.ndarray:
    """Numbers as they are, times and lengths of time in microseconds; an empty cell is no number."""
    if values.dtype == pl.Date:
        values = values.cast(pl.Datetime("us"))
    return values.to_physical().cast(pl.Float64).fill_null(np.nan).to_numpy()


def _ends(allowed: Allowed) -> list[float]:
    """Where a condition cuts."""
    ends = [allowed.low, allowed.high, *(allowed.values or ()), *allowed.excluded]
    return [float(_axis(pl.Series([end]))[0]) for end in ends if end is not None and not isinstance(end, str)]


def _group(group: Correlated) -> Group:
    """A group of columns that go together, as a factor of their cells: the density of its copula over each box."""

    def factor(columns: Mapping[str, Column]) -> Factor:
        domains = [columns[name][1] for name in group.columns]
        weight = np.ones(tuple(domain.size for domain in domains))
        for pattern in np.ndindex(*(2 if domain.empty.any() else 1 for domain in domains)):
            there = [k for k, empty in enumerate(pattern) if not empty]
            if len(there) > 1:
                box = np.ix_(*(np.flatnonzero(d.empty == bool(e)) for d, e in zip(domains, pattern, strict=True)))
                density = _density(group, there, [_spans(domains[k]) for k in there])
                weight[box] = np.expand_dims(density, tuple(k for k, empty in enumerate(pattern) if empty))
        return Factor(group.columns, weight)

    return group.columns, factor


def _spans(domain: Domain) -> np.ndarray:
    """The ranks where each cell that is not empty begins and ends."""
    assert domain.ranks is not None  # columns of a group are drawn by ranks
    return domain.ranks[~domain.empty]


def _density(group: Correlated, there: Sequence[int], spans: Sequence[np.ndarray]) -> np.ndarray:
    """The mean density of the copula over each box of ranks, at points that fill it evenly."""
    from scipy.special import ndtri

    R = group.scores[np.ix_(there, there)]
    Q = np.linalg.pinv(R, hermitian=True) - np.eye(len(there))
    total = np.zeros(tuple(len(span) for span in spans))
    for point in range(COPULA_POINTS):
        u = [(0.5 + (point + 1) * GOLDEN[k % len(GOLDEN)]) % 1.0 for k in range(len(spans))]
        ranks = [
            np.clip(span[:, 0] + at * (span[:, 1] - span[:, 0]), TINY, 1 - TINY)
            for span, at in zip(spans, u, strict=True)
        ]
        z = [ndtri(rank).reshape([-1 if k == j else 1 for j in range(len(spans))]) for k, rank in enumerate(ranks)]
        form = reduce(np.add, (Q[i, j] * z[i] * z[j] for i in range(len(z)) for j in range(len(z))))
        total += np.exp(-form / 2)
    return total


def faults_of_rules(
    written: Sequence[str | Mapping[str, Any]],
    columns: Mapping[str, Distribution],
    losses: Sequence[Lost],
    correlated: Sequence[Correlated],
) -> list[str]:
    """What is wrong with rules."""
    faults, every = [], kinds(columns)
    emptied = {name for loss in losses for name in loss.columns}
    emptied |= {name for name, column in columns.items() if column.missing and isinstance(column, Expression)}
    for text in written:
        try:
            rule = read_rule(text)
            unknown = [name for name in rule.columns if name not in columns]
            faults += [f"rules: `{rule.text}`: there is no column `{n}`. {did_you_mean(n, columns)}" for n in unknown]
            if unknown:
                continue
            if isinstance(rule, Predicate):
                rule.bound(every, {})
                if rule.asks_for_holes and emptied & set(rule.columns):
                    faults.append(f"rules: `{rule.text}` asks for cells that are lost once rows are made")
            elif isinstance(rule, Combinations) and rule.rows is None:
                faults.append(f"rules: `{rule.text}`: say which, as in {{combinations: [a, b], rows: [[1, 2]]}}")
            elif computed_ := [name for name in rule.columns if isinstance(columns[name], Expression)]:
                faults.append(f"rules: `{rule.text}`: `{computed_[0]}` is computed and cannot be moved")
        except SpecError as error:
            faults.append(f"rules: {error}")
    ruled = {name for rule in map(read_rule, written) for name in rule.columns} if not faults else set()
    return faults + [
        f"rules: columns that go together as closely as `{'`, `'.join(group.columns)}` cannot be under a rule"
        for group in correlated
        if group.tight and ruled & set(group.columns)
    ]
