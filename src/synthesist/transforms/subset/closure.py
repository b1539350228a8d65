"""Which rows a subset keeps: from the seeds along the links, until nothing is added.

A kept row needs the rows it refers to, and theirs. A row that belongs to the seeds also brings the rows that refer to
it, and these belong as well; a row that is only needed brings nothing, unless a link says so. Each row is followed
once in each way, so circles end; what is kept does not depend on the order in which rows are found.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from synthesist.core import Context
from synthesist.errors import ConditionError, NotFoundError
from synthesist.rules.conditions import cell_of
from synthesist.transforms.subset.drawing import addresses, lowest, lowest_of_each
from synthesist.transforms.subset.joining import joined
from synthesist.transforms.subset.origin import Origin, identity
from synthesist.transforms.subset.plan import Down, Plan, Seed
from synthesist.transforms.subset.tie import Tie

__all__ = ["REASONS", "Closure", "closed"]

REASONS = ("seeds", "whole", "belonging", "needed")
"""Why a row is kept: it is a seed, its table is whole, it refers to one that belongs, or is referred to; the first."""
SEED, WHOLE, BELONGING, NEEDED = range(1, 5)
SPARE = 1.5
"""How many more rows than drawn are looked at closely; where these are too few, all are."""


@dataclass(frozen=True)
class Closure:
    """The rows that are kept of each table."""

    rows: Mapping[str, np.ndarray]
    why: Mapping[str, Mapping[str, int]]
    """How many for which reason, by table."""
    orphans: Mapping[Tie, int]
    """How many kept rows refer to a row that the source does not have."""


def closed(origin: Origin, plan: Plan, ctx: Context) -> Closure:
    """Follow the links from the seeds.

    Raises:
        ConditionError: nothing meets the conditions.
        NotFoundError: a given key is not there.
    """
    growing = _Growing(origin, plan, ctx, {table: _Marks() for table in plan.schema.tables})
    for table in plan.whole:
        for scanned in origin.scan(table, plan.needed[table]):
            growing.add(table, origin.admit(table, scanned), WHOLE)
    for table, seed in plan.seeds.items():
        growing.add(table, _seeds(origin, plan, table, seed, ctx.at("seeds", table)), SEED)
    if not any(len(marks.kept) for table, marks in growing.marks.items() if table in plan.seeds):
        raise ConditionError("No row meets the conditions: there is nothing to start from.")
    growing.grow()
    for table, seed in plan.late.items():
        growing.add(table, _seeds(origin, plan, table, seed, ctx.at("seeds", table), growing.kept_ends(table)), SEED)
        growing.grow()
    rows = {table: marks.kept for table, marks in growing.marks.items()}
    why = {table: marks.counts for table, marks in growing.marks.items()}
    return Closure(rows, why, {tie: n for tie, n in growing.orphans.items() if n})


@dataclass
class _Marks:
    """What is known of the rows of a table, by their numbers, and which of them are still to be followed."""

    reason: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint8))
    belongs: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    up: list[np.ndarray] = field(default_factory=list)
    down: list[np.ndarray] = field(default_factory=list)

    def add(self, rows: np.ndarray, reason: int) -> None:
        """Keep rows; those that are new, or belong now, are to be followed."""
        self._reach(int(rows.max(initial=-1)) + 1)
        rows = np.unique(rows)
        if len(new := rows[self.reason[rows] == 0]):
            self.reason[new] = reason
            self.up.append(new)
        if reason in (SEED, BELONGING) and len(new := rows[~self.belongs[rows]]):
            self.belongs[new] = True
            self.reason[new] = np.minimum(self.reason[new], reason)
            self.down.append(new)

    @property
    def kept(self) -> np.ndarray:
        return np.flatnonzero(self.reason)

    @property
    def counts(self) -> dict[str, int]:
        found = np.bincount(self.reason, minlength=NEEDED + 1)
        return {name: int(found[number]) for number, name in enumerate(REASONS, 1)}

    def _reach(self, size: int) -> None:
        if (more := size - len(self.reason)) > 0:
            more = max(more, len(self.reason))  # twice as long each time, so that growing stays cheap
            self.reason = np.concatenate([self.reason, np.zeros(more, np.uint8)])
            self.belongs = np.concatenate([self.belongs, np.zeros(more, bool)])


@dataclass
class _Growing:
    origin: Origin
    plan: Plan
    ctx: Context
    marks: Mapping[str, _Marks]
    orphans: dict[Tie, int] = field(default_factory=dict)

    def add(self, table: str, rows: np.ndarray, reason: int) -> None:
        self.marks[table].add(rows, reason)

    def grow(self) -> None:
        """Follow rows until none is left."""
        ups = {table: self.plan.up(table) for table in self.marks}
        downs = {table: self.plan.down(table, of_all=False) for table in self.marks}
        always = {table: self.plan.down(table, of_all=True) for table in self.marks}
        while any(marks.up or marks.down for marks in self.marks.values()):
            for table, marks in self.marks.items():
                new, belonging = _all(marks.up), _all(marks.down)
                marks.up, marks.down = [], []
                if len(new):
                    for tie in ups[table]:
                        self._up(tie, new)
                    self._down(always[table], new)
                if len(belonging):
                    self._down(downs[table], belonging)

    def kept_ends(self, table: str) -> list[pl.DataFrame]:
        """For each link of a table what kept rows of the other have there, called as the link's own columns are."""
        out = []
        for tie in self.plan.up(table):
            if tie.parent != table and tie.parent not in [*self.plan.late][[*self.plan.late].index(table) :]:
                cells = self.origin.cells(tie.parent, self.marks[tie.parent].kept, tie.to)
                out.append(cells.unique().rename(dict(zip(tie.to, tie.columns, strict=True))))
        return out

    def _up(self, tie: Tie, rows: np.ndarray) -> None:
        met, orphans = self.origin.parents(tie, rows)
        self.orphans[tie] = self.orphans.get(tie, 0) + orphans
        self.add(tie.parent, met.rows, NEEDED)

    def _down(self, downs: Iterable[Down], rows: np.ndarray) -> None:
        for down in downs:
            table = down.tie.child
            met = self.origin.children(down.tie, rows)
            owners, found = met.places, met.rows
            if down.condition is not None:
                cells = self.origin.cells(table, found, down.condition.columns)
                meets = cells.select(down.condition.expression.alias("meets"))["meets"].to_numpy()
                owners, found = owners[meets], found[meets]
            if down.most is not None:
                chosen = self._drawn(down, owners, found)
                found = found[chosen]
            self.add(table, found, BELONGING)

    def _drawn(self, down: Down, owners: np.ndarray, found: np.ndarray) -> np.ndarray:
        """The places of as many rows of each owner as a link may bring."""
        table = down.tie.child
        numbers = addresses(self.origin.identities(table, found), self.ctx.at("links", str(down.tie)).seed("rows"))
        return lowest_of_each(owners, numbers, down.most or 0)


def _all(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


# --------------------------------------------------------------------------- where it starts


def _seeds(
    origin: Origin, plan: Plan, table: str, seed: Seed, ctx: Context, within: Sequence[pl.DataFrame] = ()
) -> np.ndarray:
    """The rows of a table that a subset starts from; those that refer to rows `within` only, where that is given."""
    given = _of_keys(origin, plan, table, seed) if seed.keys else np.zeros(0, np.int64)
    if seed.only_keys:
        return given
    columns = [*plan.needed[table], *(name for one in seed.conditions for name in one.columns)]
    for close in (min((seed.share or 1.0) * SPARE, 1.0), 1.0):
        drawn = _drawn(origin, plan, table, seed, close, list(dict.fromkeys(columns)), ctx.seed("rows"), within)
        if drawn is not None:
            return np.concatenate([given, drawn])
    raise AssertionError("all rows are enough")


def _drawn(
    origin: Origin,
    plan: Plan,
    table: str,
    seed: Seed,
    close: float,
    columns: list[str],
    address: int,
    within: Sequence[pl.DataFrame],
) -> np.ndarray | None:
    """The rows that meet the conditions, or the share of them with the lowest addresses.

    Only rows whose address is among the lowest `close` of all possible ones are kept in mind; None where these are too
    few.
    """
    found: list[np.ndarray] = []
    numbers: list[np.ndarray] = []
    meeting = 0
    for scanned in origin.scan(table, columns, seed.sql):
        for condition in seed.conditions:
            scanned = condition.met(scanned)
        meeting += scanned.height
        if seed.share is not None:
            scanned = _referring(scanned, within)
            here = addresses(identity(plan.schema.tables[table], scanned), address)
            inside = here <= np.uint64(min(int(close * 2**64), 2**64 - 1))
            numbers.append(here[inside])
            scanned = scanned.filter(pl.Series(inside))
        found.append(origin.admit(table, scanned))
    rows = _all(found)
    if seed.share is None or not meeting:
        return rows
    wanted = max(round(seed.share * meeting), 1)
    return rows[lowest(np.concatenate(numbers), wanted)] if len(rows) >= wanted or close == 1 else None


def _referring(table: pl.DataFrame, within: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The rows whose references lead to these cells, or nowhere."""
    for cells in within:
        met = np.zeros(table.height, bool)
        met[joined(table.select(cells.columns), cells)["asking"].to_numpy()] = True
        nowhere = table.select(pl.any_horizontal(pl.col(cells.columns).is_null())).to_series()
        table = table.filter(pl.Series(met) | nowhere)
    return table


def _of_keys(origin: Origin, plan: Plan, table: str, seed: Seed) -> np.ndarray:
    """The rows of given keys."""
    schema = plan.schema.tables[table]
    rows = [one if isinstance(one, tuple) else (one,) for one in seed.keys]
    cells = pl.DataFrame(
        [[cell_of(name, schema[name], cell) for name, cell in zip(schema.key, row, strict=True)] for row in rows],
        schema={name: schema[name].storage for name in schema.key},
        orient="row",
    )
    met = origin.find(table, cells)
    if absent := [one for place, one in enumerate(seed.keys) if place not in set(met.places.tolist())]:
        more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        raise NotFoundError(f"`{table}` has no row with the key {absent[0]!r}{more}. Check `keys`.")
    return met.rows
