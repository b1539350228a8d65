"""Which row each row of a link points to."""

from typing import TYPE_CHECKING

import numpy as np

from synthesist.codecs.keys import permute
from synthesist.errors import DataError
from synthesist.samplers.columns.distribution import Guide, Rows
from synthesist.samplers.columns.references import ByRank
from synthesist.samplers.tables.distinct import Draw, distinct_within
from synthesist.samplers.tables.plan import Link

if TYPE_CHECKING:
    from synthesist.samplers.tables.block import Block
    from synthesist.samplers.tables.world import World

__all__ = ["NONE", "Popularity", "parents_of", "popularity"]

NONE = -1


def parents_of(block: "Block", link: Link) -> np.ndarray:
    """The index of the row that each row of the block points to; -1 where it points to none."""
    span, rng = block.span(link.table), block.rng(link, "values")
    if link.each is not None:
        found = block.span(link.to).first + block.owner(link.table)
    elif link.own:
        found = _own(block, link, rng)
    elif link.before:
        index = np.arange(span.first, span.first + span.drawn)
        found = (rng.random(span.drawn) * index).astype(np.int64)
        if link.missing and not span.first:
            found[:1] = NONE
    else:
        found = _looked_up(block, link, rng)
    if link.missing:
        found = np.where(block.rng(link, "missing").random(span.drawn) < link.missing, NONE, found)
    return found


def _own(block: "Block", link: Link, rng: np.random.Generator) -> np.ndarray:
    """Rows of the same family, or -1 where there is none."""
    above = block.above(link.table, link.under)
    first, count = block.below(link.under, link.to)
    first, count = first[above], count[above]
    if link.before:
        place = np.arange(len(above)) - first
        count = np.maximum(place, 0 if link.missing else 1)
    if link.distinct:
        found = _distinct(block, link, count, lambda rows: _uniform(count[rows], rng), None, rng)
    else:
        found = _uniform(count, rng)
    return np.where(count > 0, block.span(link.to).first + first + found, NONE)


def _looked_up(block: "Block", link: Link, rng: np.random.Generator) -> np.ndarray:
    """Rows of the whole table."""
    world, span = block.world, block.span(link.table)
    size, count = world.skeleton.rows(link.to), span.drawn
    if not size:
        return np.full(count, NONE)
    order = world.run.at(link.table, link.name).seed("order")
    if link.distinct and world.plan.tables[link.table].owner is None:
        return permute((np.arange(span.first, span.first + count)) % size, size, order)
    popular = world.popularity(link)
    barred = block.parents(link.table, link.apart) if link.apart else None

    def draw(rows: np.ndarray) -> np.ndarray:
        found = popular.draw(len(rows), rng)
        return found if barred is None or link.distinct else np.where(found == barred[rows], (found + 1) % size, found)

    if barred is not None and size == 1:
        raise DataError(
            f"`{link.table}.{link.name}` is never the row of `{link.apart}`, and there is one row of `{link.to}` only. "
            f"Ask for more `{link.to}`."
        )
    if not link.distinct:
        return draw(np.arange(count))
    return _distinct(block, link, np.full(count, size), draw, popular.weights, rng, barred)


def _distinct(
    block: "Block",
    link: Link,
    sizes: np.ndarray,
    draw: Draw,
    weights: np.ndarray | None,
    rng: np.random.Generator,
    barred: np.ndarray | None = None,
) -> np.ndarray:
    """Places among so many rows for each row, none twice among the rows of one owner, and none the one it is barred.

    Raises:
        DataError: an owner has more rows than there are different rows to point to.
    """
    owner, span = block.owner(link.table), block.span(link.table)
    rows = np.bincount(owner)[owner] if len(owner) else owner
    enough = rows <= sizes - (barred is not None)
    if not enough[: span.rows].all():
        short = int(np.argmin(enough))
        others = int(sizes[short]) - (barred is not None)
        raise DataError(
            f"`{link.table}.{link.name}` takes no row of `{link.to}` twice: one owner has {int(rows[short]):,} rows, "
            f"and there are {others:,} for them. Give `each` a `high`, or ask for more `{link.to}`."
        )
    among = np.flatnonzero(enough)  # rows beyond the end of the table may lack some, and are never handed out
    found = np.zeros(len(owner), dtype=np.int64)
    taken = None if barred is None else barred[among]
    found[among] = distinct_within(owner[among], sizes[among], lambda rows: draw(among[rows]), weights, rng, taken)
    return found


def _uniform(size: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (rng.random(len(size)) * size).astype(np.int64)


class Popularity:
    """How often each row of a table is pointed to. By weights it takes some 16 bytes for each row of that table."""

    def __init__(self, size: int, weights: np.ndarray | None = None) -> None:
        self.size, self.weights = size, weights
        self._guide = None if weights is None else Guide.over(np.cumsum(weights))

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """The indices of n rows."""
        x = rng.random(n)
        if self._guide is None:
            return (x * self.size).astype(np.int64)
        return self._guide.places(x * self._guide.edges[-1])


def popularity(world: "World", link: Link) -> Popularity:
    """The popularity of the rows a link leads to; popular rows lie anywhere in their table.

    Raises:
        DataError: no row weighs anything.
    """
    size, place = world.skeleton.rows(link.to), world.run.at(link.table, link.name)
    if link.weights is None:
        return Popularity(size)
    index = np.arange(size)
    if isinstance(link.weights, ByRank):
        rank = permute(index, size, place.seed("rank"))
        return Popularity(size, (1.0 + rank) ** -link.weights.exponent)
    weights = link.weights.draw(Rows(index, place, place)).to_numpy().astype(np.float64)
    if not weights.any():
        raise DataError(f"`{link.table}.{link.name}`: all weights are 0, so no row of `{link.to}` can be chosen.")
    return Popularity(size, weights)
