"""Sampling in blocks, each under its own address: unit 17 is the same whether 20 or 20 million are drawn."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import polars as pl

from synthesist.codecs.keys import keys_of
from synthesist.core import Allowed, Context, Filler, Limited, Sampler
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Id
from synthesist.data.schema import Schema
from synthesist.engine.ruled import Ruled, unlike
from synthesist.errors import ConditionError, DataError, SpecError
from synthesist.rules.conditions import satisfied

__all__ = ["blank", "blocks", "joined"]

TRIES = 200  # blocks drawn at most for one block of a condition that only a check can hold


def blocks(sampler: Sampler, n: int, ctx: Context, allowed: Mapping[str, Allowed] | None = None) -> Iterator[Dataset]:
    """Exactly n units in blocks, in order; every unit meets all conditions.

    Raises:
        SpecError: n is no positive whole number.
        DataError: there are fewer than n keys, or values of a column where none may come twice.
        ConditionError: a condition cannot be met; the message names it and the acceptance seen.
    """
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise SpecError(f"Cannot sample n = {n!r} rows: n is a whole number of at least 1.")
    for column, most in sampler.most.items() if isinstance(sampler, Limited) else ():
        if n > most:
            raise DataError(f"Column `{column}` has only {most:,} different values, and {n:,} rows are asked for.")
    for column, keys in keys_of(sampler.schema).items():
        keys.require(n, column)
    allowed = dict(allowed or {})
    size = sampler.block
    count = -(-n // size)

    def make(i: int) -> Dataset:
        here = replace(ctx.at("block", i), start=i * size)
        whole = _conditioned(sampler, size, here, allowed) if allowed else sampler.sample(size, here)
        return whole if (i + 1) * size <= n else whole.map(lambda table: table.head(n - i * size))

    def more(i: int, attempt: int) -> Dataset:
        here = replace(ctx.at("block", i, "other", attempt), start=i * size)
        return _conditioned(sampler, size, here, allowed) if allowed else sampler.sample(size, here)

    made = ctx.track(_ahead(make, count, ctx.threads), "sampling", count)
    yield from unlike(made, sampler, more) if isinstance(sampler, Ruled) and sampler.unique else made


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
