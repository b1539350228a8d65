"""The first step of drawing related tables: only how many rows there are, and where those of each block begin.

Rows that belong to each other are drawn in one block. The numbers of a block are drawn again wherever they are needed,
under the same address, so all that is kept is one number for each block and table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from synthesist.core import Context
from synthesist.errors import SpecError, did_you_mean
from synthesist.samplers.columns.distribution import Distribution, Rows
from synthesist.samplers.columns.references import bounds_of
from synthesist.samplers.tables.plan import Family, Plan
from synthesist.samplers.tables.totals import Counted, Exact, exact

__all__ = ["Skeleton", "Span", "expected", "roots_in_a_block", "skeleton"]

ROWS = 131_072  # of all tables of a family, in a block
TRIED = 4_096  # numbers of rows drawn to learn their mean


@dataclass(frozen=True)
class Span:
    """The rows of a table in a block: the first, how many there are, and how many are drawn.

    A last block is drawn whole and cut, so that its rows do not depend on how many follow.
    """

    first: int
    rows: int
    drawn: int


@dataclass(frozen=True, eq=False)
class Skeleton:
    """How many rows each table has, and which of them lie in which block."""

    plan: Plan
    ctx: Context
    size: Mapping[str, int]
    """Rows of the root in a block of its family."""
    first: dict[str, np.ndarray] = field(default_factory=dict)
    """first[table][block] is the index of its first row; one more entry is the number of all rows."""
    drawn: dict[str, int] = field(default_factory=dict)
    """Rows drawn in the last block, those beyond the end included."""
    most: dict[str, int] = field(default_factory=dict)
    """The most rows an owner has."""
    exact: dict[str, Exact] = field(default_factory=dict)
    """The tables that have an exact number of rows, although they belong to another."""

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        return int(self.first[table][-1])

    def blocks(self, table: str) -> int:
        """How many blocks its rows lie in."""
        return len(self.first[table]) - 1

    def span(self, table: str, block: int) -> Span:
        """The rows of a table in a block."""
        first, end = (int(number) for number in self.first[table][block : block + 2])
        return Span(first, end - first, self.drawn[table] if block == self.blocks(table) - 1 else end - first)

    def place(self, table: str, block: int) -> Context:
        """Where the random numbers of a block come from."""
        return self.ctx.at(self.plan.family_of[table], "block", block)

    def counts(self, table: str, block: int) -> np.ndarray:
        """How many rows belong to each row of its owner in a block."""
        link = self.plan.tables[table].owner
        assert link is not None and link.each is not None
        owners, place = self.span(link.to, block), self.place(table, block).at(table, "each")
        units = np.arange(owners.first, owners.first + owners.drawn)
        declared = _drawn(link.each, Rows(units, place, Context(path=self.ctx.path[:1]).at(table, "each")))
        if table not in self.exact:
            return declared
        changed = self.exact[table].counts(declared[: owners.rows], block, place)
        return np.concatenate([changed, np.zeros(owners.drawn - owners.rows, dtype=np.int64)])


def skeleton(plan: Plan, n: int | Mapping[str, int], ctx: Context) -> Skeleton:
    """Draw the numbers of rows of all tables.

    Raises:
        SpecError: a table that `n` names is not there.
        DataError: an exact number of rows is asked for that cannot be.
    """
    rows = _asked(plan, n)
    size = {root: roots_in_a_block(plan, family, rows) for root, family in plan.families.items()}
    out = Skeleton(plan, ctx, size)
    for root, family in plan.families.items():
        blocks = -(-rows[root] // size[root])
        out.first[root] = np.minimum(np.arange(blocks + 1) * size[root], rows[root])
        out.drawn[root] = size[root]
        for table in family.tables[1:]:
            _count(out, table, blocks, rows.get(table))
    return out


def _asked(plan: Plan, n: int | Mapping[str, int]) -> dict[str, int]:
    """The number of rows of every table whose number is settled beforehand."""
    given = dict(n) if isinstance(n, Mapping) else {plan.unit: n}
    if unknown := [name for name in given if name not in plan.tables]:
        raise SpecError(f"There is no table `{unknown[0]}` to have rows. {did_you_mean(unknown[0], plan.tables)}")
    for name, asked in given.items():
        if not isinstance(asked, int) or isinstance(asked, bool) or asked < 1:
            raise SpecError(f"Cannot sample {asked!r} rows of `{name}`: that is a whole number of at least 1.")
    out = {name: table.declared.rows for name, table in plan.tables.items() if table.declared.rows} | given
    if plan.unit not in out:
        out = _needed(plan, given) | out
    for name, table in plan.tables.items():
        share = table.declared.rows_per_unit
        if name not in out and (share is not None or table.owner is None):
            out[name] = max(round((share or 1.0) * out[plan.unit]), 1)
    return out


def _needed(plan: Plan, given: Mapping[str, int]) -> dict[str, int]:
    """As many units, and rows of the tables between, as are needed for the rows asked of tables below them."""
    means = expected(plan, plan.families[plan.unit], {})
    below = {name: asked for name, asked in given.items() if means.get(name)}
    if not below:
        named = ", ".join(given)
        raise SpecError(f"How many `{plan.unit}`? They are the units: say `{plan.unit}=1000` beside {named}.")
    table = max(below, key=lambda name: below[name] / means[name])
    units, out = below[table] / means[table], dict[str, int]()
    while (link := plan.tables[table].owner) is not None:
        table = link.to
        out[table] = max(round(units * means[table]), 1)
    return out


def _count(out: Skeleton, table: str, blocks: int, total: int | None) -> None:
    """Draw the numbers of rows of a table that belongs to another, block by block."""
    link = out.plan.tables[table].owner
    assert link is not None and link.each is not None
    owners = [out.span(link.to, block) for block in range(blocks)]
    if total is not None:
        found = [out.counts(table, block)[: span.rows] for block, span in enumerate(owners)]
        sums = [(len(counts), int(counts.sum()), int(counts @ counts)) for counts in found]
        counted = Counted(*(np.array(column) for column in zip(*sums, strict=True)))
        place = out.ctx.at(table, "each")
        out.exact[table] = exact(counted, total, bounds_of(link.each), table, link.to, place)
    rows, drawn, most = [], 0, 0
    for block, span in enumerate(owners):
        counts = out.counts(table, block)
        real = counts[: span.rows]
        rows.append(int(real.sum()))
        drawn, most = int(counts.sum()), max(most, int(real.max(initial=0)))
    out.first[table] = np.concatenate([[0], np.cumsum(rows)])
    out.drawn[table], out.most[table] = drawn, most


def roots_in_a_block(plan: Plan, family: Family, rows: Mapping[str, int]) -> int:
    """How many rows of the root make a block of about as many rows of all its tables as others have.

    It depends on the declaration alone, unless the rows of a table below are counted exactly.
    """
    declared = plan.tables[family.root].declared.rows
    whole = 2 ** max(int(np.log2(ROWS / max(sum(expected(plan, family, rows).values()), 1.0))), 0)
    return min(whole, declared or whole)


def expected(plan: Plan, family: Family, rows: Mapping[str, int]) -> dict[str, float]:
    """How many rows of each table of a family belong to a row of its root, on average."""
    out = {family.root: 1.0}
    for table in family.tables[1:]:
        link = plan.tables[table].owner
        assert link is not None and link.each is not None
        address = Context.seeded(0)
        mean = float(_drawn(link.each, Rows(np.arange(TRIED), address, address)).mean())
        out[table] = rows[table] / rows[family.root] if table in rows and family.root in rows else mean * out[link.to]
    return out


def _drawn(each: Distribution, rows: Rows) -> np.ndarray:
    """Numbers of rows as declared."""
    if not len(rows.units):
        return np.zeros(0, dtype=np.int64)
    return each.draw(rows).to_numpy().astype(np.int64)
