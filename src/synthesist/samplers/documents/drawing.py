"""Drawing by a plan: all values of a node at one depth together, level by level, then written from the leaves up.

Every value has a budget, the number of values it may be made of. A node that has used it up makes its smallest
document, and what is passed on shrinks from level to level, so that drawing always ends.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from synthesist.core import Context
from synthesist.errors import SpecError
from synthesist.samplers.documents.numerals import Numbers
from synthesist.samplers.documents.planning import Listing, Members, Node, Plan, Way, brought_along
from synthesist.samplers.documents.strings import Texts
from synthesist.samplers.documents.values import canonical

__all__ = ["Habits", "drawn", "once"]

TRIES = 60  # draws at most for a value that has to be looked at
MORE_ITEMS = 4  # values of an array beyond the fewest
MORE_NAMES = 3  # properties beyond those a schema names
MORE = 2.0  # values that a budget grows by with every try: the smallest document may be always wrong
PASSED_ON = 0.7  # of a budget, to the parts of a value
DEAREST = 8.0  # what an optional part is reckoned to take, at most


@dataclass(frozen=True)
class Habits:
    """How documents are made where the schema leaves it open."""

    optional: float
    edges: float
    size: int


@dataclass(frozen=True)
class Parts:
    """Children asked of the next level: those of a node from `first` on, which belong to these `rows`."""

    node: Node
    first: int
    rows: np.ndarray
    label: str = ""


@dataclass(frozen=True)
class Made:
    """What was drawn of some values of one node, by one way: leaves as text, or the parts still to come."""

    way: Way
    slots: np.ndarray
    texts: pl.Series | None
    parts: Sequence[Parts] = ()
    lengths: np.ndarray | None = None
    """How many values each array has at most, where more were asked for."""


def drawn(plan: Plan, node: Node, n: int, habits: Habits, ctx: Context, budget: np.ndarray | None = None) -> pl.Series:
    """n values of a node as JSON texts.

    Raises:
        SpecError: values that have to be looked at were wrong too often; the message names the schema.
    """
    if budget is None:
        budget = np.full(n, max(2.0 * node.least, float(habits.size)))
    cells, wrong = once(plan, node, habits, ctx, budget)
    for attempt in range(TRIES):
        if not len(wrong):
            return cells
        again, still = once(plan, node, habits, ctx.at("again", attempt), budget[wrong] + attempt * MORE)
        place = np.arange(n)
        place[wrong] = np.arange(n, n + len(wrong))
        cells = pl.concat([cells, again]).gather(place)
        wrong = wrong[still]
    named = sorted({place.path for way in node.ways for place, _ in way.checks}) or [node.path]
    raise SpecError(
        f"{node.path}: {len(wrong):,} of {n:,} values met {', '.join(named[:3])} in none of {TRIES} tries, and this "
        f"can only be tried out. Say it by types, required properties, constants or bounds."
    )


def once(plan: Plan, node: Node, habits: Habits, ctx: Context, budget: np.ndarray) -> tuple[pl.Series, np.ndarray]:
    """Values of a node, and the places of those that turned out wrong; the parts of all are right."""
    levels: list[dict[Node, tuple[np.ndarray, list[Made]]]] = []
    asked: dict[Node, list[np.ndarray]] = {node: [budget]}
    while asked:
        here = ctx.at("level", len(levels))
        level = {}
        following: dict[Node, list[np.ndarray]] = defaultdict(list)
        for one, budgets in asked.items():
            whole = np.concatenate(budgets)
            level[one] = whole, _one_level(one, whole, habits, here.at(one.number), following)
        levels.append(level)
        asked = following
    below: dict[Node, pl.Series] = {}
    for depth in range(len(levels) - 1, 0, -1):
        here = ctx.at("mended", depth)
        below = {
            one: _mended(plan, one, made, budgets, below, habits, here)
            for one, (budgets, made) in levels[depth].items()
        }
    return _written(plan, levels[0][node][1], below)


def _mended(
    plan: Plan,
    node: Node,
    made: Sequence[Made],
    budget: np.ndarray,
    below: dict[Node, pl.Series],
    habits: Habits,
    ctx: Context,
) -> pl.Series:
    """The values of a node, those that turned out wrong drawn again."""
    cells, wrong = _written(plan, made, below)
    if not len(wrong):
        return cells
    again = drawn(plan, node, len(wrong), habits, ctx.at(node.number), budget[wrong])
    place = np.arange(len(cells))
    place[wrong] = np.arange(len(cells), len(cells) + len(wrong))
    return pl.concat([cells, again]).gather(place)


def _one_level(
    node: Node, budget: np.ndarray, habits: Habits, ctx: Context, following: dict[Node, list[np.ndarray]]
) -> list[Made]:
    """Choose a way for each value of a node, draw the leaves and ask for the parts."""
    way_of = _chosen(node, budget, ctx)
    made = []
    for number, way in enumerate(node.ways):
        slots = np.flatnonzero(way_of == number)
        if not len(slots):
            continue
        rng = ctx.rng(f"way {number}")
        match way.make:
            case tuple():
                cells = pl.Series(way.make, dtype=pl.String).gather(rng.integers(len(way.make), size=len(slots)))
                made.append(Made(way, slots, cells))
            case Numbers():
                made.append(Made(way, slots, way.make.draw(len(slots), rng, habits.edges)))
            case Texts():
                try:
                    cells = way.make.draw(len(slots), rng, habits.edges)
                except SpecError as error:
                    raise SpecError(f"{node.path}: {error}") from None
                made.append(Made(way, slots, quoted(cells)))
            case Listing():
                made.append(_arrays(way, slots, budget[slots], habits, rng, following))
            case Members():
                made.append(Made(way, slots, None, _properties(way.make, budget[slots], habits, rng, following)))
    return made


def _chosen(node: Node, budget: np.ndarray, ctx: Context) -> np.ndarray:
    """A way for each value: any it can afford, or else the smallest."""
    if not node.ways:
        raise SpecError(f"{node.path}: {'; '.join(node.reasons[-3:])}")
    least = np.array([way.least for way in node.ways])
    if len(least) == 1:
        return np.zeros(len(budget), dtype=np.int64)
    affordable = least[None, :] <= np.maximum(budget, node.least)[:, None]
    chance = np.where(affordable, ctx.rng("ways").random((len(budget), len(least))), -1.0)
    return np.asarray(chance.argmax(axis=1))


# --------------------------------------------------------------------------- parts


def _arrays(
    way: Way,
    slots: np.ndarray,
    budget: np.ndarray,
    habits: Habits,
    rng: np.random.Generator,
    following: dict[Node, list[np.ndarray]],
) -> Made:
    """How long each array is, and what is asked for its places."""
    make = way.make
    assert isinstance(make, Listing)
    m, fixed = len(slots), len(make.first)
    others = make.others.least if make.others is not None else 1.0
    length, left = _lengths(make, budget, others, habits, rng)
    if (values := make.choices) is not None:
        return Made(way, slots, _combined(values, np.minimum(length, len(values)), rng))
    share = np.maximum(left, 0) * PASSED_ON / np.maximum(length, 1)
    open_ = length - len(make.forced)
    parts = []
    for i, node in enumerate(make.first):
        if len(rows := np.flatnonzero(open_ > i)):
            parts.append(_asked(node, rows, share, following))
    if make.others is not None:
        count = np.maximum(open_ - fixed, 0)
        count = 2 * count + 2 * (count > 1) if make.unique and not make.forced else count  # some will come again
        if count.any():
            parts.append(_asked(make.others, np.repeat(np.arange(m), count), share, following))
    parts += [_asked(node, np.arange(m), share, following) for node in make.forced]
    return Made(way, slots, None, parts, length if make.unique and not make.forced else None)


def _lengths(
    make: Listing, budget: np.ndarray, others: float, habits: Habits, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The length of each array, and what is left of each budget once all is paid that must be there."""
    fixed = len(make.first)
    beyond = max(0, make.fewest - fixed - len(make.forced))
    left = budget - 1 - sum(n.least for n in (*make.first[: make.fewest], *make.forced)) - beyond * others
    usual = max(make.fewest, fixed) + MORE_ITEMS if make.others is not None else fixed + len(make.forced)
    most = max(usual if make.most is None else min(usual, make.most), make.fewest)
    each = min(max([others, *(node.least for node in make.first[make.fewest :])]), DEAREST)
    room = np.clip(make.fewest + np.floor(left / each), make.fewest, most).astype(np.int64)
    length = make.fewest + np.floor(rng.random(len(budget)) * (room - make.fewest + 1)).astype(np.int64)
    if make.most is not None and make.others is not None and make.most > most:
        full = (rng.random(len(budget)) < habits.edges) & (left >= (make.most - make.fewest) * each)
        length[full] = make.most
    return length, left


def _combined(values: tuple[str, ...], lengths: np.ndarray, rng: np.random.Generator) -> pl.Series:
    """Arrays of different values out of a list."""
    order = rng.random((len(lengths), len(values))).argsort(axis=1)
    chosen = order[np.arange(len(values)) < lengths[:, None]]
    return "[" + _in_rows(pl.Series(values, dtype=pl.String).gather(chosen), lengths) + "]"


def _properties(
    make: Members, budget: np.ndarray, habits: Habits, rng: np.random.Generator, following: dict[Node, list[np.ndarray]]
) -> list[Parts]:
    """Which properties each object has, and what is asked for them."""
    least = np.array([node.least for node in make.nodes])
    left = budget - 1 - (least * make.required).sum() if len(least) else budget - 1
    there = _present(make, left, least, habits, rng)
    left = left - (there & ~make.required) @ least if len(least) else left
    share = np.maximum(left, 0) * PASSED_ON / np.maximum(there.sum(axis=1), 1)
    parts = []
    for i, (name, node) in enumerate(zip(make.names, make.nodes, strict=True)):
        rows = np.flatnonzero(there[:, i])
        if len(rows):
            parts.append(_asked(node, rows, share, following, json.dumps(name, ensure_ascii=False) + ":"))
    return parts


def _present(
    make: Members, left: np.ndarray, least: np.ndarray, habits: Habits, rng: np.random.Generator
) -> np.ndarray:
    """there[object, property]: those required, and of the others as many as the budget has room for."""
    m, p = len(left), len(least)
    if not p:
        return np.zeros((m, 0), dtype=bool)
    named = np.arange(p) < make.named
    rate = np.where(named, habits.optional, 0.0)
    pool = p - make.named
    if make.open and pool:
        rate[~named] = min(1.0, habits.optional * MORE_NAMES / pool)
    rate[make.required] = 0.0
    cost = np.where(rate > 0, rate * np.clip(least, 1.0, None), 0.0).sum()
    scale = np.clip(left / max(cost, 1e-9), 0.0, 1.0)
    chance = rng.random((m, p))
    there = (chance < rate * scale[:, None]) | make.required
    there = _within(there, make, chance, least)
    # a rate is an average: objects that came out dearer than they may be are cut back to what they must have
    dear = (there & ~make.required) @ least > np.maximum(left, 0)
    if dear.any():
        there[dear] = make.required
        there = _within(there, make, chance, least)
    return there


def _within(there: np.ndarray, make: Members, chance: np.ndarray, least: np.ndarray) -> np.ndarray:
    """The same with as many properties as there must be at least, and may be at most."""
    there = brought_along(there, make.needs)
    if (there.sum(axis=1) < make.fewest).any():
        # the cheapest first, and those the schema names before those of the pool
        rank = np.where(there, -1.0, chance + least * 2 + 1e6 * (np.arange(len(least)) >= make.named))
        place = rank.argsort(axis=1).argsort(axis=1)
        there = brought_along(there | (place < make.fewest), make.needs)
    if make.most is not None and (there.sum(axis=1) > make.most).any():
        rank = np.where(make.required, -1.0, np.where(there, chance, 2.0))
        place = rank.argsort(axis=1).argsort(axis=1)
        there = there & (place < make.most)
        lacking = [(name, others) for name, others in make.needs if others]
        for name, others in lacking * len(lacking):
            there[:, name] &= there[:, list(others)].all(axis=1) | make.required[name]
    return there


def _asked(
    node: Node,
    rows: np.ndarray,
    share: np.ndarray,
    following: dict[Node, list[np.ndarray]],
    label: str = "",
) -> Parts:
    """Ask the next level for one value a row, and remember where it will lie."""
    first = sum(map(len, following[node]))
    following[node].append(node.least + share[rows])
    return Parts(node, first, rows, label)


# --------------------------------------------------------------------------- writing


def _written(plan: Plan, made: Sequence[Made], below: dict[Node, pl.Series]) -> tuple[pl.Series, np.ndarray]:
    """The values of a node in their order, and the places of the wrong ones."""
    every, wrong = [], []
    for one in made:
        cells, short = _texts(one, below)
        if one.way.checks:
            right = [plan.validator.meets(json.loads(text), one.way.checks) for text in cells.to_list()]
            short |= ~np.array(right, dtype=bool)
        every.append(cells)
        wrong.append(one.slots[short])
    if len(every) == 1:
        return every[0], wrong[0]
    order = np.argsort(np.concatenate([one.slots for one in made]), kind="stable")
    return pl.concat(every).gather(order), np.concatenate(wrong)


def _texts(made: Made, below: dict[Node, pl.Series]) -> tuple[pl.Series, np.ndarray]:
    """The values of one way, and which of them have too few parts."""
    n = len(made.slots)
    if made.texts is not None:
        return made.texts, np.zeros(n, dtype=bool)
    cells = []
    for part in made.parts:
        values = below[part.node].slice(part.first, len(part.rows))
        cells.append(part.label + values if part.label else values)
    rows = np.concatenate([part.rows for part in made.parts]) if made.parts else np.zeros(0, dtype=np.int64)
    order = np.argsort(rows, kind="stable")
    flat, rows = (pl.concat(cells) if cells else pl.Series([], dtype=pl.String)).gather(order), rows[order]
    make = made.way.make
    if not isinstance(make, Listing):
        return "{" + _in_rows(flat, np.bincount(rows, minlength=n)) + "}", np.zeros(n, dtype=bool)
    if make.unique:
        flat, rows = _different(flat, rows, made.lengths)
    counts = np.bincount(rows, minlength=n)
    return "[" + _in_rows(flat, counts) + "]", counts < make.fewest


def _in_rows(flat: pl.Series, counts: np.ndarray) -> pl.Series:
    """The texts of each row, with commas between them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ends = np.concatenate([[0], np.cumsum(counts)])
    lists = pa.LargeListArray.from_arrays(pa.array(ends, pa.int64()), flat.to_arrow().cast(pa.large_string()))
    return pl.Series(pl.from_arrow(pc.binary_join(lists, pa.scalar(",", pa.large_string()))), dtype=pl.String)


def _different(flat: pl.Series, rows: np.ndarray, lengths: np.ndarray | None) -> tuple[pl.Series, np.ndarray]:
    """The same without values that come again in their row, and no more than each row is to have."""
    equal = flat
    if len(flat) and flat.str.contains(r"^[\[{]").any():
        equal = pl.Series([canonical(json.loads(text)) for text in flat.to_list()], dtype=pl.String)
    pairs = pl.DataFrame({"row": rows, "value": equal}).select(pl.struct("row", "value").is_first_distinct())
    kept = np.flatnonzero(pairs.to_series().to_numpy())
    flat, rows = flat.gather(kept), rows[kept]
    if lengths is None:
        return flat, rows
    starts = np.searchsorted(rows, np.arange(len(lengths)))
    within = np.flatnonzero(np.arange(len(rows)) - starts[rows] < lengths[rows])
    return flat.gather(within), rows[within]


def quoted(cells: pl.Series) -> pl.Series:
    """Texts as JSON writes them."""
    if not len(cells) or not cells.str.contains(r'[\x00-\x1f"\\]').any():
        return '"' + cells + '"'
    return cells.to_frame("v").select(pl.struct("v").struct.json_encode()).to_series().str.slice(5).str.head(-1)
