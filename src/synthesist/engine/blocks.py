"""Sampling in blocks, each under its own address: unit 17 is the same whether 20 or 20 million are drawn."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import polars as pl

from synthesist.codecs.keys import keys_of
from synthesist.core import Allowed, Connected, Context, Filler, Limited, Sampler, World
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Id
from synthesist.data.schema import Schema
from synthesist.engine.ruled import Ruled, unlike
from synthesist.errors import ConditionError, DataError, SpecError
from synthesist.rules.conditions import satisfied

__all__ = ["blank", "blocks", "drawing", "in_order", "isolated", "joined"]

TRIES = 200  # blocks drawn at most for one block of a condition that only a check can hold


def blocks(
    sampler: Sampler, n: int | Mapping[str, int], ctx: Context, allowed: Mapping[str, Allowed] | None = None
) -> Iterator[Dataset]:
    """Exactly n units in blocks, in order; every unit meets all conditions.

    Units that are tied to others come in chunks of their world. `n` may name the table, or several of them.

    Raises:
        SpecError: n is no positive whole number.
        DataError: there are fewer than n keys, or values of a column where none may come twice.
        ConditionError: a condition cannot be met; the message names it and the acceptance seen.
    """
    world = drawing(sampler, n, ctx, allowed or {})
    yield from ctx.track(in_order(world, ctx.threads), "sampling", world.chunks)


def in_order(world: World, threads: int = 1) -> Iterator[Dataset]:
    """All chunks, the next few under way on other threads."""
    return _ahead(world.chunk, world.chunks, threads) if isolated(world) else world.all(threads)  # type: ignore[attr-defined]


def isolated(world: World) -> bool:
    """Whether every chunk can be drawn by itself; else they come one after another."""
    return not isinstance(world, Unlike)


def drawing(sampler: Sampler, n: int | Mapping[str, int], ctx: Context, allowed: Mapping[str, Allowed]) -> World:
    """What is to be drawn, as chunks that are independent of each other; the errors are those of `blocks`."""
    if isinstance(sampler, Connected):
        return sampler.world(n, allowed, ctx)
    n = _of_one_table(n, sampler.schema)
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise SpecError(f"Cannot sample n = {n!r} rows: n is a whole number of at least 1.")
    for column, most in sampler.most.items() if isinstance(sampler, Limited) else ():
        if n > most:
            raise DataError(f"Column `{column}` has only {most:,} different values, and {n:,} rows are asked for.")
    for column, keys in keys_of(sampler.schema).items():
        keys.require(n, column)
    if allowed and len(sampler.schema.tables) > 1:
        raise ConditionError(f"Conditions on {', '.join(allowed)}: what makes several tables at once cannot meet any.")
    if isinstance(sampler, Ruled) and sampler.unique:
        return Unlike(sampler, n, ctx, allowed)
    return Blocks(sampler, n, ctx, allowed)


@dataclass(frozen=True)
class Blocks:
    """Units in blocks of the sampler's own size, each under its own address."""

    sampler: Sampler
    n: int
    ctx: Context
    allowed: Mapping[str, Allowed]

    @property
    def rows(self) -> Mapping[str, int]:
        """How many units there are."""
        return {self.sampler.schema.unit: self.n}

    @property
    def chunks(self) -> int:
        """How many blocks there are."""
        return -(-self.n // self.sampler.block)

    def chunk(self, number: int) -> Dataset:
        """One block; of the last one as much as is asked for."""
        whole, left = self.whole(number), self.n - number * self.sampler.block
        return whole if left >= self.sampler.block else _first(whole, left)

    def whole(self, number: int) -> Dataset:
        """One block, all of it."""
        size = self.sampler.block
        here = replace(self.ctx.at("block", number), start=number * size)
        return _conditioned(self.sampler, size, here, self.allowed) if self.allowed else self.sampler.sample(size, here)


@dataclass(frozen=True)
class Unlike(Blocks):
    """Blocks without the rows that a rule forbids to come again: which those are, the blocks before say."""

    sampler: Ruled

    def all(self, threads: int) -> Iterator[Dataset]:
        """The blocks, one after another."""
        del threads  # a block needs those before it
        return unlike(self.sampler, self.whole, self.n)


def _first(data: Dataset, n: int) -> Dataset:
    """The first n units with the rows of other tables that are linked to them."""
    tables, unit = dict(data.tables), data.schema.unit
    tables[unit] = tables[unit].head(n)
    kept, waiting = {unit}, set(tables) - {unit}
    while owned := [name for name in waiting if kept & {link.table for link in data.schema.tables[name].links}]:
        for name in owned:
            for link in data.schema.tables[name].links:
                if link.table in kept:
                    there = tables[link.table].select(link.to)
                    tables[name] = tables[name].join(
                        there, left_on=link.columns, right_on=link.to, how="semi", maintain_order="left"
                    )
        kept |= set(owned)
        waiting -= kept
    return replace(data, tables=tables)


def _of_one_table(n: int | Mapping[str, int], schema: Schema) -> int:
    """How many rows of the one table are asked for."""
    if not isinstance(n, Mapping):
        return n
    if set(n) != {schema.unit}:
        named = ", ".join(f"`{name}`" for name in n)
        raise SpecError(f"Rows are asked for of {named}, and the one table is `{schema.unit}`.")
    return n[schema.unit]


def joined(parts: Iterator[Dataset]) -> Dataset:
    """One Dataset out of blocks."""
    made = list(parts)
    tables = {name: pl.concat([part.tables[name] for part in made]) for name in made[0].tables}
    return Dataset(tables, made[0].schema)


def blank(schema: Schema, n: int) -> Dataset:
    """n rows that are all holes."""
    empty = {c: pl.Series(c, [None], dtype=k.storage).new_from_index(0, n) for c, k in schema.table.columns.items()}
    return Dataset({schema.unit: pl.DataFrame(empty)}, schema)


def _ahead(make: Callable[[int], Dataset], count: int, threads: int) -> Iterator[Dataset]:
    """Blocks in order, the next few already under way on other threads."""
    if threads <= 1 or count == 1:
        yield from map(make, range(count))
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: list[Future[Dataset]] = [pool.submit(make, i) for i in range(min(threads + 1, count))]
        for i in range(count):
            block = waiting.pop(0).result()
            if (following := i + threads + 1) < count:
                waiting.append(pool.submit(make, following))
            yield block


def _conditioned(sampler: Sampler, size: int, ctx: Context, allowed: Mapping[str, Allowed]) -> Dataset:
    """One block that meets the conditions: by the sampler's own `fill`, checked, with bounded rejection
    for what it could not hold itself."""
    kept: list[pl.DataFrame] = []
    keys = pl.DataFrame()
    have = drawn = 0
    for attempt in range(TRIES):
        here = replace(ctx.at("try", attempt), start=ctx.start) if attempt else ctx
        if isinstance(sampler, Filler):
            rows = sampler.fill(blank(sampler.schema, size), allowed, here)
        else:
            rows = sampler.sample(size, here)
        tried = rows.table.select(c for c, kind in rows.kinds.columns.items() if isinstance(kind, Id))
        # keys count places, not tries: those of the first try serve whichever rows are kept
        keys = tried if not attempt else keys.select(pl.coalesce(c, tried[c]).alias(c) for c in keys.columns)
        good = rows.table.filter(satisfied(rows.table, allowed))
        kept.append(good)
        have, drawn = have + good.height, drawn + size
        if have >= size:
            whole = pl.concat(kept).head(size)
            return rows.with_table(
                whole.with_columns(pl.when(pl.col(c).is_not_null()).then(keys[c]).alias(c) for c in keys.columns)
            )
    named = ", ".join(f"`{column}`" for column in allowed)
    raise ConditionError(
        f"The condition on {named} was met by {have:,} of {drawn:,} drawn rows, too few to go on. "
        f"Widen it, or ask for its parts one by one."
    )
