"""Strategies for hypothesis from a schema: rows, related tables and documents that are valid, and shrink.

    from hypothesis import given
    from synthesist.testing.strategies import rows, tables

    @given(rows("schema.sql", table="orders"))
    def test_total(orders): ...

A strategy that drew a seed only could not shrink: another seed is another example, not a smaller one. So hypothesis
itself chooses what a small example is made of: how many rows there are, which belong to which, and the value of every
cell that can be chosen by itself. Around these choices the engine of the declared tables draws the rest: keys, links,
people, formulas. Cells that break a rule together are given up, one after the other, for those that were drawn, which
break none. So every example is valid without one being thrown away; its cells lie where most do, or at the edges of
what is allowed; and what makes a test fail is reduced to few rows of zeros, first categories and first days. Documents
are drawn as a whole, and made smaller by choices as well.

Needs the extra `testing`.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from synthesist.core import Allowed, Context, Spec
from synthesist.data.frames import stored
from synthesist.errors import DataError, MissingExtraError, NotFoundError, SpecError, did_you_mean
from synthesist.verbs.named import as_model

try:
    import numpy as np
    from hypothesis import reject
    from hypothesis import strategies as st
    from hypothesis.strategies import SearchStrategy
except ImportError:
    raise MissingExtraError("Strategies need hypothesis: install 'synthesist[testing]'.") from None

from synthesist.samplers.columns.references import bounds_of
from synthesist.samplers.tables.plan import Plan
from synthesist.testing.cells import cells_of
from synthesist.testing.chosen import Around, Chosen, free_columns, plan_of

__all__ = ["documents", "rows", "tables"]

Row = dict[str, Any]
Draw = Callable[[SearchStrategy[Any]], Any]
SEEDS = 16  # different drawings of what is not chosen: keys, links, people


def rows(
    what: Any, table: str = "", *, min_rows: int = 0, max_rows: int = 10, **options: Any
) -> SearchStrategy[list[Row]]:
    """Rows of one table, each a dict; references hold keys of rows that are there in `tables`, but not handed out.

    Args:
        what: a page or schema file, or anything else that `sample` draws declared tables from.
        table: which table; it may be left out where there is only one.
        min_rows, max_rows: how many rows.
        options: options of the page.

    Raises:
        NotFoundError: there is no such table.
    """
    _check_sizes(min_rows, max_rows)

    def one(plan: Plan) -> SearchStrategy[list[Row]]:
        name = _table(plan, table)
        return _tables(plan, {name: min_rows}, max_rows).map(lambda made: made[name])

    return st.deferred(lambda: one(_plan(what, **options)))


def tables(
    what: Any, *, min_rows: int | Mapping[str, int] = 0, max_rows: int = 10, **options: Any
) -> SearchStrategy[dict[str, list[Row]]]:
    """All related tables by name, each a list of dicts, without an orphan.

    Args:
        what: a page or schema file, or anything else that `sample` draws declared tables from.
        min_rows: the fewest rows of every table that belongs to no other, or of tables by name.
        max_rows: the most rows of a table, but where more must belong to those above them.
        options: options of the page.
    """
    fewest = dict(min_rows) if isinstance(min_rows, Mapping) else min_rows
    _check_sizes(max([0, *fewest.values()]) if isinstance(fewest, dict) else fewest, max_rows)

    def all_of(plan: Plan) -> SearchStrategy[dict[str, list[Row]]]:
        return _tables(plan, fewest if isinstance(fewest, dict) else dict.fromkeys(plan.families, fewest), max_rows)

    return st.deferred(lambda: all_of(_plan(what, **options)))


def documents(what: Any, of: str | None = None, **options: Any) -> SearchStrategy[Any]:
    """Documents of a schema as Python has them: dicts, lists, texts, numbers.

    Args:
        what: a JSON Schema, an OpenAPI description, Avro, protocol buffers, a class of pydantic models.
        of: which of the definitions, as in `Order` or `POST /pets request`.
        options: options of `documents`, as in `size=20`.
    """
    from synthesist.testing.reducing import reduced

    settings = options if of is None else {**options, "of": of}
    return st.deferred(lambda: reduced(_spec(what, **settings)))


# --------------------------------------------------------------------------- choosing


def _tables(plan: Plan, fewest: Mapping[str, int], most: int) -> SearchStrategy[dict[str, list[Row]]]:
    """All tables, by choices."""
    choosing = _Choosing(plan, _needed(plan, {_table(plan, name): least for name, least in fewest.items()}), most)
    around = Around(plan)
    with suppress(DataError):  # what is loaded and compiled at first would count as slow drawing later
        around.drawn(choosing.fewest, Context.seeded(0, threads=1))

    @st.composite
    def made(draw: Draw) -> dict[str, list[Row]]:
        chosen: dict[str, Chosen] = {}
        for name in choosing.order:
            chosen[name] = choosing.table(name, chosen, draw)
        seed = draw(st.integers(0, SEEDS - 1))
        try:
            data, given_up = around.drawn(chosen, Context.seeded(seed, threads=1))
        except DataError:  # too few rows for links of distinct ones: seldom, as numbers are chosen to fit
            reject()
        for _ in range(given_up):
            draw(st.booleans())  # fewer choices are simpler to hypothesis: it looks for cells that can be kept
        return {name: stored(table, data.schema.tables[name]).to_dicts() for name, table in data.tables.items()}

    return made()


@dataclass(frozen=True, eq=False)
class _Choosing:
    """How the rows of each table are chosen: how many, whose, and their cells."""

    plan: Plan
    needed: Mapping[str, int]
    most: int

    def table(self, name: str, above: Mapping[str, Chosen], draw: Draw) -> Chosen:
        """The rows of one table, after those `above` that own them or that they point to."""
        owner = self.plan.tables[name].owner
        least, limit = self.needed.get(name, 0), self._limit(name, above)
        if owner is None:
            found, counts = draw(st.lists(self.rows[name], min_size=least, max_size=max(least, limit))), None
        else:
            found, counts = self._owned(owner.each, above[owner.to].rows, name, least, limit, draw)
        columns = list(zip(*found, strict=True)) if found else [()] * len(self.cells[name])
        return Chosen(len(found), dict(zip(self.cells[name], columns, strict=True)), counts)

    def _owned(
        self, each: Any, owners: int, name: str, least: int, limit: int, draw: Draw
    ) -> tuple[list[Any], np.ndarray]:
        """The rows of a table that belongs to another, owner by owner, and how many each has."""
        low, high = bounds_of(each)
        found: list[Any] = []
        counts: list[int] = []
        for left in range(owners, 0, -1):
            first = max(low, -(-(least - len(found)) // left))
            room = max(self.most - len(found) - low * (left - 1), low)
            last = max(first, min(room, limit, room if high is None else high))
            mine = st.lists(self.rows[name], min_size=first, max_size=last)
            found += (rows := draw(mine.filter(lambda rows: _can_own(each, len(rows)))))
            counts.append(len(rows))
        return found, np.array(counts, dtype=np.int64)

    def _limit(self, name: str, above: Mapping[str, Chosen]) -> int:
        """The most rows of a table, or of one owner: no more than there are different values, or rows to point to."""
        table = self.plan.tables[name]
        limits = [self.most, *(table.drawn.most.values() if table.drawn else ())]
        limits += [above[link.to].rows for link in table.links.values() if link.distinct and link.to in above]
        return min(limits)

    @property
    def fewest(self) -> dict[str, Chosen]:
        """A row of each table that belongs to no other, and as few of the others as there can be; no cell chosen."""
        chosen: dict[str, Chosen] = {}
        for name in self.order:
            strategies, owner = self.rows[name], self.plan.tables[name].owner
            strategies.validate()
            if owner is None:
                chosen[name] = Chosen(1, {})
            else:
                counts = np.full(chosen[owner.to].rows, bounds_of(owner.each)[0])  # type: ignore[arg-type]
                chosen[name] = Chosen(int(counts.sum()), {}, counts)
        return chosen

    @cached_property
    def rows(self) -> dict[str, SearchStrategy[Any]]:
        """The chosen cells of a row of each table."""
        return {name: st.tuples(*cells.values()) for name, cells in self.cells.items()}

    @cached_property
    def cells(self) -> dict[str, dict[str, SearchStrategy[Any]]]:
        """What can be chosen of a row of each table."""
        return {name: dict(self._cells(name)) for name in self.plan.tables}

    def _cells(self, name: str) -> Iterator[tuple[str, SearchStrategy[Any]]]:
        table = self.plan.tables[name]
        for column in free_columns(table.drawn) if table.drawn else ():
            cells = cells_of(table.declared.columns[column])
            if cells is not None and column not in table.key:
                yield column, cells

    @cached_property
    def order(self) -> list[str]:
        """The tables: owners first, and those that must have rows enough for others before these, as far as can be."""
        links = {name: table.links.values() for name, table in self.plan.tables.items()}
        after = {name: {link.to for link in its if link.each or link.distinct} - {name} for name, its in links.items()}
        try:
            return list(TopologicalSorter(after).static_order())
        except CycleError:
            return [name for family in self.plan.families.values() for name in family.tables]


@lru_cache(1_024)
def _can_own(each: Any, count: int) -> bool:
    """Whether a row may own so many."""
    value = bool(count) if each.kind.kind == "boolean" else count
    return bool(each.share(Allowed(values=(value,))) > 0)


def _needed(plan: Plan, fewest: Mapping[str, int]) -> dict[str, int]:
    """The fewest rows of each table: as many as are asked for, and one wherever others must point to one."""
    needed = dict(fewest)
    links = [link for table in plan.tables.values() for link in table.links.values()]
    waiting = [link.to for link in links if not link.inside and not link.may_miss and link.to != link.table]
    waiting += [name for name, least in fewest.items() if least]
    while waiting:
        name = waiting.pop()
        needed[name] = max(needed.get(name, 0), 1)
        owner = plan.tables[name].owner
        if owner is not None and not needed.get(owner.to):
            waiting.append(owner.to)
    return needed


# --------------------------------------------------------------------------- reading


def _plan(what: Any, **options: Any) -> Plan:
    return plan_of(_spec(what, **options))


def _spec(what: Any, **options: Any) -> Spec:
    """What is sampled; a file is read once, until it changes."""
    if isinstance(what, Mapping):
        from synthesist.verbs.named import declared

        return declared({**what, **options}, "the page")
    if isinstance(what, str | Path):
        return _of_file(Path(what), _stamp(Path(what)), tuple(sorted(options.items(), key=str)))
    return as_model(what, options).method


@lru_cache(32)
def _of_file(path: Path, stamp: int, options: tuple[tuple[str, Any], ...]) -> Spec:
    del stamp
    return as_model(path, dict(options)).method


def _stamp(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def _table(plan: Plan, name: str) -> str:
    """The name of a table that is there."""
    if not name and len(plan.tables) == 1:
        return plan.unit
    if name not in plan.tables:
        raise NotFoundError(f"No table `{name}`. {did_you_mean(name, plan.tables)}")
    return name


def _check_sizes(fewest: int, most: int) -> None:
    if not 0 <= fewest <= most:
        raise SpecError(f"min_rows={fewest}, max_rows={most}: these are whole numbers, the first not above the second.")
