"""Rules compiled into sampling: rows that break none are drawn from the columns' own distributions, cut to the rules.

Columns that rules tie together form a part. The values of each are cut into cells, every rule becomes a factor over
cells, and cells are drawn from the product exactly (network.py). Where all cells are single values, as with
categories and counts, that is all. Where a rule cuts through stretches of values, a row that breaks it is drawn again:
cells that are cut through are few, so this meets a row in a hundred or so, and the shares stay exact.
An equation is a definition: one of its columns is computed from the others, which are drawn as often as the computed
value comes by itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import prod
from typing import TypeVar

import numpy as np
import polars as pl

from synthesist.core import Allowed, Context
from synthesist.data.cells import emptied
from synthesist.errors import ConditionError, SpecError
from synthesist.rules.bounds import constants
from synthesist.rules.domain import Marginal, drawn
from synthesist.rules.equations import Equation, limited, solved
from synthesist.rules.network import Elimination, Factor, eliminated, largest_table
from synthesist.rules.rule import Combinations, Depends, OneHot, Predicate, Rule, Unique
from synthesist.rules.weights import Column, Computed, of_combinations, of_equation, of_one_hot, of_predicate

__all__ = ["Group", "System"]

CELLS = (4096, 1024, 512, 256, 128, 64, 32, 16, 8)
"""How many cells a column has at most: as many as the tables allow."""
LARGEST_TABLE = 2**21
LARGEST_EQUATION = 2**18
ROUNDS = 300
MOST_SUBSETS = 5_000
MOST_REMEMBERED = 64
FREE = Allowed(missing=True)
T = TypeVar("T")
Group = tuple[tuple[str, ...], Callable[[Mapping[str, Column]], Factor]]


@dataclass(frozen=True, eq=False)
class System:
    """Columns by themselves, the rules between them, and `groups` of columns that go together: their names, and a
    function that gives the factor of their cells."""

    marginals: Mapping[str, Marginal]
    rules: tuple[Rule, ...]
    groups: tuple[Group, ...] = ()
    computed: tuple[Equation, ...] = ()
    """Columns computed from these, of which a condition may speak."""
    _parts: dict[object, "tuple[Part, ...]"] = field(default_factory=dict, repr=False)

    def columns(self, allowed: Mapping[str, Allowed]) -> frozenset[str]:
        """Those that rules settle, groups of which two are limited, and what limited ones are computed from."""
        return frozenset(name for names, _ in self._components(allowed) for name in names)

    @property
    def most(self) -> Mapping[str, int]:
        """How many rows there are different combinations for, where rules ask for that."""
        found = {}
        for part in self._parts_of(frozenset(), {}):
            if part.unique is not None:
                found[", ".join(part.unique.columns)] = int((part.elimination.mass > 0).sum())
        return found

    def draw(
        self,
        units: np.ndarray,
        block: Context,
        run: Context,
        given: pl.DataFrame | None,
        allowed: Mapping[str, Allowed],
    ) -> tuple[dict[str, pl.Series], np.ndarray]:
        """The cells of every column that rules settle, and which rows nothing fits.

        Cells that are `given` stay; every other is one that its column allows and that breaks no rule with the rest.
        """
        made: dict[str, pl.Series] = {}
        bad = np.zeros(len(units), dtype=bool)
        if not (mine := self.columns(allowed)):
            return made, bad
        held = [] if given is None else [name for name in given.columns if name in mine and given[name].count()]
        patterns = _patterns(given, held, len(units))
        for pattern, rows in patterns:
            fixed = frozenset(pattern)
            here = {name: given[name].gather(rows) for name in pattern} if given is not None else {}
            for number, part in enumerate(self._parts_of(fixed, allowed)):
                values, unfit = part.draw(units[rows], block.at("rules", number), run.at("rules", number), here)
                bad[rows] |= unfit
                for name, cells in values.items():
                    made[name] = cells if len(patterns) == 1 else _placed(made.get(name), cells, rows, len(units))
        return made, bad

    def conflict(self) -> tuple[Rule, ...]:
        """The smallest set of rules that no row can meet; none where all can be met."""
        anything = pl.DataFrame({"": [None]})
        for rule in self.rules:
            if not rule.columns and rule.broken(anything).any():  # as 1 = 2
                return (rule,)
        for names, rules in self._components({}):
            if not self._possible(names, rules):
                return self._smallest(names, rules)
        return ()

    def _parts_of(self, fixed: frozenset[str], allowed: Mapping[str, Allowed]) -> "tuple[Part, ...]":
        """The rules compiled, for rows of which the fixed columns are given and the others limited."""
        key = (fixed, repr(sorted(allowed.items())))
        parts = self._parts.get(key)  # blocks are drawn in threads: another may clear them
        if parts is None:
            tied = self._components(allowed)
            parts = tuple(self._compiled(names, rules, fixed, allowed) for names, rules in tied)
            _remember(self._parts, key, parts)
        return parts

    def _components(self, allowed: Mapping[str, Allowed]) -> tuple[tuple[tuple[str, ...], tuple[Rule, ...]], ...]:
        """Columns that are tied together, and their rules."""
        wanted = {name for name, limit in allowed.items() if not limit.any_value}
        asked = [limited(each, allowed[each.column]) for each in self.computed if each.column in wanted]
        rules = (*self.rules, *asked)
        ties = [set(rule.columns) for rule in rules]
        for names, _ in self.groups:
            if any(set(names) & tie for tie in ties) or len(set(names) & wanted) > 1:
                ties.append(set(names))
        joint: list[set[str]] = []
        for tie in ties:
            apart = [part for part in joint if not part & tie]
            joint = [*apart, set().union(tie, *(part for part in joint if part & tie))]
        order = {name: place for place, name in enumerate(self.marginals)}
        parts = [tuple(sorted(part, key=order.__getitem__)) for part in joint if part]
        return tuple((part, tuple(rule for rule in rules if set(rule.columns) <= set(part))) for part in parts)

    def _compiled(
        self, names: Sequence[str], rules: Sequence[Rule], fixed: frozenset[str], allowed: Mapping[str, Allowed]
    ) -> "Part":
        mine = fixed & set(names)
        plain = self._at(names, rules, (), mine, allowed, CELLS[1])
        if plain is not None and all(domain.single for _, domain in plain.columns.values()):
            return plain
        kinds = {name: self.marginals[name].kind for name in names}
        left, equations = solved(rules, kinds, mine, frozenset(allowed))
        left += tuple(limited(each, allowed[each.column]) for each in equations if each.column in allowed)
        free = [name for name in names if name not in {equation.column for equation in equations}]
        for most in CELLS:
            if (part := self._at(free, left, equations, mine, allowed, most)) is not None:
                return part
        texts = "; ".join(f"`{rule.text}`" for rule in rules)
        raise SpecError(f"these rules tie too many values together to be drawn by: {texts}. Write fewer of them")

    def _at(
        self,
        names: Sequence[str],
        rules: Sequence[Rule],
        equations: Sequence[Equation],
        fixed: frozenset[str],
        allowed: Mapping[str, Allowed],
        most: int,
    ) -> "Part | None":
        """The part with so many cells a column; None where its tables would be too large."""
        cuts = {name: _cuts(name, rules) for name in names}
        unique = [rule for rule in rules if isinstance(rule, Unique)]
        if len(unique) > 1:
            texts = " and ".join(f"`{rule.text}`" for rule in unique)
            raise SpecError(f"{texts} are tied to each other, which cannot be: say `unique: true` of a column instead")
        listed = {name: rule.text for rule in rules if not isinstance(rule, Predicate) for name in rule.columns}
        columns: dict[str, Column] = {}
        for name in names:
            limit = FREE if name in fixed else allowed.get(name, FREE)
            for values in self._only(name, rules):
                limit = limit.both(values)
            count = LARGEST_TABLE if name in listed else most
            columns[name] = self.marginals[name], self.marginals[name].domain(count, cuts[name], limit)
            if name in listed and not columns[name][1].single:
                raise SpecError(
                    f"`{listed[name]}` needs values that can be listed, {LARGEST_TABLE:,} at most, and those of "
                    f"`{name}` cannot: make it categories, or whole numbers or decimals between ends"
                )
        sizes = {name: domain.size for name, (_, domain) in columns.items()}
        kept = unique[0].columns if unique else tuple(sorted(fixed & set(names)))
        hidden, scopes = _hidden(rules, columns)
        sizes |= hidden
        groups = [(group, factor) for group, factor in self.groups if set(group) <= set(names)]
        scopes += [group for group, _ in groups] + [equation.scope for equation in equations]
        computed_from = [prod(sizes[name] for name in equation.scope) for equation in equations]
        if largest_table(sizes, scopes, kept) > LARGEST_TABLE or max(computed_from, default=0) > LARGEST_EQUATION:
            return None
        factors = [Factor((name,), domain.weight) for name, (_, domain) in columns.items()]
        weighed = [of_predicate(rule, columns) for rule in rules if isinstance(rule, Predicate)]
        factors += [each.factor for each in weighed]
        for number, rule in enumerate(rules):
            if isinstance(rule, OneHot):
                factors += of_one_hot(rule, columns, _hidden_name(number))
            if isinstance(rule, Combinations):
                factors += of_combinations(rule, columns, _hidden_name(number))
        factors += [factor(columns) for _, factor in groups]
        computed = [of_equation(equation, self.marginals[equation.column], columns) for equation in equations]
        factors += [each.factor for each in computed]
        return Part(
            columns=columns,
            sizes=sizes,
            factors=tuple(factors),
            elimination=eliminated(sizes, factors, kept),
            cut=tuple(each.predicate for each in weighed if each.cuts),
            computed=tuple(computed),
            full=frozenset(name for name, limit in allowed.items() if not limit.missing),
            fixed=frozenset(fixed),
            unique=unique[0] if unique else None,
            depends=tuple(rule for rule in rules if isinstance(rule, Depends)),
        )

    def _only(self, name: str, rules: Sequence[Rule]) -> list[Allowed]:
        """The values that listed combinations leave to a column; any, where an empty cell beside it breaks nothing."""
        found = []
        for rule in rules:
            if isinstance(rule, Combinations) and rule.rows is not None and name in rule.columns:
                place = rule.columns.index(name)
                if not any(self.marginals[other].missing for other in rule.columns if other != name):
                    found.append(Allowed(values=tuple({row[place]: None for row in rule.rows}), missing=True))
        return found

    def _possible(self, names: Sequence[str], rules: Sequence[Rule]) -> bool:
        return bool((self._compiled(names, rules, frozenset(), {}).elimination.mass > 0).any())

    def _smallest(self, names: Sequence[str], rules: Sequence[Rule]) -> tuple[Rule, ...]:
        """Rules are left out as long as the rest still conflicts; then smaller sets are tried."""
        left = list(rules)
        for rule in rules:
            without = [other for other in left if other is not rule]
            if not self._possible(names, without):
                left = without
        tried = 0
        for size in range(1, len(left)):
            for few in combinations(rules, size):
                if (tried := tried + 1) > MOST_SUBSETS:
                    return tuple(left)
                if not self._possible(names, few):
                    return few
        return tuple(left)


@dataclass(frozen=True, eq=False)
class Part:
    """Columns that rules tie together, ready to be drawn."""

    columns: Mapping[str, Column]
    sizes: Mapping[str, int]
    factors: tuple[Factor, ...]
    elimination: Elimination
    cut: tuple[Predicate, ...]
    """The rules that cut through cells."""
    computed: tuple[Computed, ...]
    fixed: frozenset[str]
    full: frozenset[str]
    """Columns whose cells may not be empty."""
    unique: Unique | None
    depends: tuple[Depends, ...]
    _settled: dict[object, Elimination] = field(default_factory=dict, repr=False)
    _orders: dict[object, np.ndarray] = field(default_factory=dict, repr=False)

    def draw(
        self, units: np.ndarray, block: Context, run: Context, given: Mapping[str, pl.Series]
    ) -> tuple[dict[str, pl.Series], np.ndarray]:
        """The values of all columns that are not given, and which rows nothing fits."""
        held = {name: given[name] for name in self.fixed}
        made, bad, waiting = self._tried(units, block, run, held)
        for attempt in range(ROUNDS if len(waiting) else 0):
            rest = {name: cells.gather(waiting) for name, cells in held.items()}
            again, unfit, left = self._tried(units[waiting], block.at("again", attempt), run, rest)
            made = {name: cells.scatter(waiting, again[name]) for name, cells in made.items()}
            bad[waiting[unfit]] = True
            waiting = waiting[left]
            if not len(waiting):
                break
        bad[waiting] = True
        self._compute(made, held, units, block)
        return made, bad

    def _tried(
        self, units: np.ndarray, block: Context, run: Context, held: Mapping[str, pl.Series]
    ) -> tuple[dict[str, pl.Series], np.ndarray, np.ndarray]:
        """Values of all columns that are not given, which rows nothing fits, and which must be drawn again."""
        cells, bad = self._cells(units, block, run, held)
        made = {}
        for name, (marginal, domain) in self.columns.items():
            if name not in held:
                u = np.empty(0) if domain.single else block.at(name).rng("within").random(len(units))
                made[name] = drawn(marginal, domain, cells[name], u, units, block.at(name))
        broken = ~bad & self._broken({**held, **made}, cells, block)
        return made, bad, np.flatnonzero(broken)

    def _cells(
        self, units: np.ndarray, block: Context, run: Context, held: Mapping[str, pl.Series]
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """The cell of every variable in each row, and which rows nothing fits."""
        n = len(units)
        settled = {name: self.columns[name][0].place(cells, self.columns[name][1]) for name, cells in held.items()}
        bad = np.zeros(n, dtype=bool)
        for cells in settled.values():
            bad |= cells < 0
        elimination = self._elimination(run)
        if self.unique is not None:
            if held:
                raise ConditionError(
                    f"`{self.unique.text}`: its rows are settled by their number, cells cannot be given"
                )
            settled |= self._combination(units, run, elimination)
        known = {name: np.maximum(cells, 0) for name, cells in settled.items()}
        if elimination.kept:
            bad |= elimination.mass[tuple(known[name] for name in elimination.kept)] <= 0
        rng = block.rng("cells")
        found = elimination.draw(known, n, rng)
        for cells in found.values():
            bad |= cells < 0
        return {name: np.maximum(cells, 0) for name, cells in found.items()}, bad

    def _broken(self, values: Mapping[str, pl.Series], cells: Mapping[str, np.ndarray], block: Context) -> np.ndarray:
        """Which rows break a rule that cuts through cells, or compute a value that comes too seldom."""
        frame = pl.DataFrame(values)
        broken = np.zeros(frame.height, dtype=bool)
        for rule in self.cut:
            broken |= rule.broken(frame).to_numpy()
        for computed in self.computed:
            if computed.bound is not None:
                likely = computed.marginal.likelihood(computed.equation.compute(frame, computed.marginal.kind))
                bound = computed.bound[tuple(cells[name] for name in computed.equation.scope)]
                u = block.at(computed.equation.column).rng("accepted").random(len(likely))
                broken |= u * bound >= likely
        return broken

    def _compute(
        self, made: dict[str, pl.Series], held: Mapping[str, pl.Series], units: np.ndarray, block: Context
    ) -> None:
        """Add what equations give. Where they give nothing, the column is drawn by itself."""
        frame = pl.DataFrame({**held, **made})
        for computed in self.computed:
            marginal, name = computed.marginal, computed.equation.column
            place = block.at(name)
            cells = computed.equation.compute(frame, marginal.kind)
            if cells.null_count():
                own = marginal.draw(place.rng("values").random(len(cells)), units, place)
                cells = cells.zip_with(cells.is_not_null(), own)
            if marginal.missing and name not in self.full:
                cells = emptied(cells, place.rng("missing").random(len(cells)) < marginal.missing)
            made[name] = cells.alias(name)

    def _elimination(self, run: Context) -> Elimination:
        """The order of drawing; what depends on another column is settled once for the whole run."""
        if not self.depends:
            return self.elimination
        found = self._settled.get(run.path)
        if found is None:
            factors = list(self.factors)
            for rule in self.depends:
                for name in rule.dependent:
                    factors.append(self._mapping(rule, name, factors, run))
            found = eliminated(self.sizes, factors, self.elimination.kept)
            _remember(self._settled, run.path, found)
        return found

    def _mapping(self, rule: Depends, name: str, factors: Sequence[Factor], run: Context) -> Factor:
        """One cell of a dependent column for each combination of those it depends on."""
        scope = (*rule.on, name)
        weight = eliminated(self.sizes, factors, scope).mass
        rows = weight.reshape(-1, weight.shape[-1])
        edges = np.cumsum(rows, axis=1)
        u = run.at(rule.text, name).rng("mapping").random(len(rows)) * edges[:, -1]
        chosen = (edges <= u[:, None]).sum(axis=1)
        only = np.zeros_like(rows)
        some = np.flatnonzero(edges[:, -1] > 0)
        chosen = np.minimum(chosen[some], rows.shape[1] - 1)
        only[some, chosen] = edges[some, -1] / rows[some, chosen]  # so that the rest keeps its shares
        free = np.zeros(weight.shape[:-1], dtype=bool)
        for axis, column in enumerate(rule.on):
            empty = self.columns[column][1].empty
            free |= empty.reshape([-1 if k == axis else 1 for k in range(len(rule.on))])
        only[free.ravel()] = 1.0
        return Factor(scope, only.reshape(weight.shape))

    def _combination(self, units: np.ndarray, run: Context, elimination: Elimination) -> dict[str, np.ndarray]:
        """Row i takes the i-th combination, in an order in which the frequent ones tend to come first.

        The order is that of draws without replacement: Efraimidis and Spirakis, Weighted random sampling with a
        reservoir, Information Processing Letters 97(5), 2006, doi:10.1016/j.ipl.2005.11.003.
        """
        order = self._orders.get(run.path)
        if order is None:
            mass = elimination.mass.ravel()
            possible = np.flatnonzero(mass > 0)
            waits = run.rng("combinations").exponential(size=len(mass))[possible] / mass[possible]
            order = possible[np.argsort(waits)]
            _remember(self._orders, run.path, order)
        if not len(order):
            return {name: np.full(len(units), -1) for name in elimination.kept}
        which = np.unravel_index(order[units % len(order)], elimination.mass.shape)
        return dict(zip(elimination.kept, which, strict=True))


def _remember(known: dict[object, T], key: object, value: T) -> None:
    """Keep what was worked out, but not for ever."""
    if len(known) >= MOST_REMEMBERED:
        known.clear()
    known[key] = value


def _patterns(given: pl.DataFrame | None, held: Sequence[str], n: int) -> list[tuple[tuple[str, ...], np.ndarray]]:
    """Which columns are given, and in which rows just these are."""
    if given is None or not held:
        return [((), np.arange(n))]
    filled = np.column_stack([given[name].is_not_null().to_numpy() for name in held])
    masks, which = np.unique(filled, axis=0, return_inverse=True)
    return [
        (tuple(name for name, there in zip(held, mask, strict=True) if there), np.flatnonzero(which.ravel() == number))
        for number, mask in enumerate(masks)
    ]


def _placed(made: pl.Series | None, cells: pl.Series, rows: np.ndarray, n: int) -> pl.Series:
    """The cells of some rows beside those of others that are made already."""
    whole = pl.Series(cells.name, [None], dtype=cells.dtype).new_from_index(0, n) if made is None else made
    return whole.scatter(rows, cells)


def _cuts(name: str, rules: Sequence[Rule]) -> tuple[float, ...]:
    """The numbers, days and times that rules on the column write out: cells end there."""
    formulas = [rule.formula for rule in rules if isinstance(rule, Predicate) and name in rule.columns]
    return tuple(sorted({value for formula in formulas for value in constants(formula.tree)}))


def _hidden(rules: Sequence[Rule], columns: Mapping[str, Column]) -> tuple[dict[str, int], list[tuple[str, ...]]]:
    """The sizes of hidden variables, and the scopes of all factors."""
    sizes: dict[str, int] = {}
    scopes: list[tuple[str, ...]] = [(name,) for name in columns]
    for number, rule in enumerate(rules):
        hidden = _hidden_name(number)
        match rule:
            case OneHot():
                sizes[hidden] = len(rule.columns)
                scopes += [(hidden, name) for name in rule.columns]
            case Combinations():
                holes = sum(bool(columns[name][1].empty.any()) for name in rule.columns)
                sizes[hidden] = len(rule.rows or ()) + 2**holes - 1
                scopes += [(hidden, name) for name in rule.columns]
            case Predicate() | Depends():
                scopes.append(rule.columns)
    return sizes, scopes


def _hidden_name(number: int) -> str:
    return f"\x00rule {number}"
