"""A fitted sampler whose rows break no rule of their table.

What cannot be told in columns that hold by themselves is held by drawing again: rows are those of the model, given
that they break no rule.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from synthesist.core import Allowed, Context, Filler, Sampler
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Id
from synthesist.data.schema import Schema
from synthesist.engine.recast import Recast, recast_of
from synthesist.errors import ConditionError, DataError
from synthesist.rules.rule import Unique

__all__ = ["Ruled", "RuledFiller", "fit_ruled", "ruled", "unlike"]

TRIES = 200
STEP = 4_096  # rows; methods draw multiples of it
PROBE = 4_096
ENOUGH = 0.7  # of the rows are valid: then drawing the rest again costs less than telling the table otherwise


def fit_ruled(data: Dataset, fit: Callable[[Dataset], Sampler], ctx: Context) -> "Ruled":
    """Fit on a table with rules."""
    recast = recast_of(data, gaps=False)
    sampler = ruled(fit(recast.told(data)), recast)
    other = recast_of(data, gaps=True)
    if other != recast and sampler.acceptance(ctx.at("probe")) < ENOUGH:
        return ruled(fit(other.told(data)), other)
    return sampler


def ruled(inner: Sampler, recast: Recast) -> "Ruled":
    """The sampler under rules, which fills where the inner one does."""
    return (RuledFiller if isinstance(inner, Filler) else Ruled)(inner, recast)


@dataclass(frozen=True)
class Ruled:
    """`inner` draws the columns that were learnt; `recast` tells them back as the columns of the table."""

    inner: Sampler
    recast: Recast

    @property
    def schema(self) -> Schema:
        """That of the table."""
        return self.recast.schema_

    @property
    def block(self) -> int:
        """As many as the inner one draws at its best."""
        return self.inner.block

    @property
    def unique(self) -> tuple[Unique, ...]:
        """The rules between rows."""
        return tuple(rule for rule in self.recast.rules if isinstance(rule, Unique))

    def acceptance(self, ctx: Context) -> float:
        """How many of the rows the inner sampler draws break no rule."""
        rows = self.recast.back(self.inner.sample(PROBE, ctx)).table
        return float(1 - self._broken(rows).mean())

    def sample(self, n: int, ctx: Context) -> Dataset:
        """Rows of the model that break no rule.

        Raises:
            ConditionError: hardly any row the model draws breaks no rule.
        """
        table = self.recast.back(self.inner.sample(n, ctx)).table
        waiting = np.flatnonzero(self._broken(table))
        drawn, good = n, n - len(waiting)
        for attempt in range(TRIES):
            if not len(waiting):
                return Dataset({self.schema.unit: table}, self.schema)
            wanted = len(waiting) * drawn / max(good, 1) * 1.1
            count = int(min(-(-wanted // STEP) * STEP, -(-n // STEP) * STEP))
            again = self.recast.back(self.inner.sample(count, ctx.at("again", attempt))).table
            again = again.filter(pl.Series(~self._broken(again)))
            drawn, good = drawn + count, good + again.height
            again = again.head(len(waiting))
            table = self.placed(table, again, waiting[: again.height])
            waiting = waiting[again.height :]
        raise ConditionError(self._unmet(good, drawn))

    def _broken(self, table: pl.DataFrame) -> np.ndarray:
        """Which rows break a rule of their own; those between rows are kept by whoever puts blocks together."""
        broken = np.zeros(table.height, dtype=bool)
        for rule in self.recast.rules:
            if not isinstance(rule, Unique):
                broken |= rule.broken(table).to_numpy()
        return broken

    def placed(self, table: pl.DataFrame, rows: pl.DataFrame, places: np.ndarray) -> pl.DataFrame:
        """Rows in other rows' places, whose keys they take on."""
        keys = {name for name, kind in self.schema.table.columns.items() if isinstance(kind, Id)}
        return table.select(
            table[name] if name in keys else table[name].clone().scatter(places, rows[name]) for name in table.columns
        )

    def _unmet(self, good: int, drawn: int) -> str:
        texts = "; ".join(f"`{rule.text}`" for rule in self.recast.rules)
        return (
            f"Only {good:,} of {drawn:,} rows the model drew meet the rules and conditions ({texts}). "
            f"Try another method, or widen them."
        )


@dataclass(frozen=True)
class RuledFiller(Ruled):
    """One whose inner sampler fills."""

    def fill(self, rows: Dataset, allowed: Mapping[str, Allowed], ctx: Context) -> Dataset:
        """Full rows that keep the cells given, meet the conditions and break no rule.

        Raises:
            ConditionError: for some rows no draw of the model does.
        """
        given, waiting = rows.table, np.arange(rows.units)
        limits = self.recast.limits(allowed)
        made, places, drawn = [], [], 0
        for attempt in range(TRIES):
            part = given[waiting]
            asked = self.recast.told(Dataset({self.schema.unit: part}, self.schema))
            here = ctx.at("again", attempt) if attempt else ctx
            filled = self.inner.fill(asked, limits, here)  # type: ignore[attr-defined]
            full = self.recast.back(filled).table
            fits = self._fits(part, full, allowed) & ~self._broken(full)
            made.append(full.filter(pl.Series(fits)))
            places.append(waiting[fits])
            drawn += len(waiting)
            waiting = waiting[~fits]
            if not len(waiting):
                return Dataset({self.schema.unit: pl.concat(made)[np.argsort(np.concatenate(places))]}, self.schema)
        raise ConditionError(self._unmet(rows.units - len(waiting), drawn))

    def _fits(self, given: pl.DataFrame, full: pl.DataFrame, allowed: Mapping[str, Allowed]) -> np.ndarray:
        """Which rows keep what was given and are within the conditions."""
        fits = np.ones(full.height, dtype=bool)
        for name in full.columns:
            fits &= (given[name].is_null() | (given[name] == full[name]).fill_null(False)).to_numpy()
            if name in allowed:
                fits &= (given[name].is_not_null() | allowed[name].mask(full[name])).to_numpy()
        return fits


def unlike(blocks: Iterable[Dataset], sampler: Ruled, more: Callable[[int, int], Dataset]) -> Iterator[Dataset]:
    """The blocks, in order, with other rows for those that a rule forbids to come twice.

    `more(i, attempt)` draws rows to choose from. Which rows are replaced depends on those before them only.

    Raises:
        DataError: the model hardly draws any combination that is not there yet.
    """
    seen = [np.empty(0, dtype=np.uint64) for _ in sampler.unique]
    for number, block in enumerate(blocks):
        table = block.table
        waiting = np.flatnonzero(_again(table, sampler.unique, seen))
        for attempt in range(TRIES):
            if not len(waiting):
                break
            others = more(number, attempt).table
            kept = np.setdiff1d(np.arange(table.height), waiting)
            taken = [np.concatenate([s, h[kept]]) for s, h in zip(seen, _hashes(table, sampler.unique), strict=True)]
            others = others.filter(pl.Series(~_again(others, sampler.unique, taken))).head(len(waiting))
            table = sampler.placed(table, others, waiting[: others.height])
            waiting = waiting[others.height :]
        if len(waiting):
            texts = " and ".join(f"`{rule.text}`" for rule in sampler.unique)
            raise DataError(f"The model draws too few different combinations to meet {texts}. Ask for fewer rows.")
        seen = [np.concatenate([s, h]) for s, h in zip(seen, _hashes(table, sampler.unique), strict=True)]
        yield block.with_table(table)


def _again(table: pl.DataFrame, rules: tuple[Unique, ...], seen: list[np.ndarray]) -> np.ndarray:
    """Which rows have a combination that was seen, or stands further up."""
    again = np.zeros(table.height, dtype=bool)
    for rule, known, hashes in zip(rules, seen, _hashes(table, rules), strict=True):
        full = ~np.any([table[name].is_null().to_numpy() for name in rule.columns], axis=0)
        again |= rule.broken(table).to_numpy() | (np.isin(hashes, known) & full)
    return again


def _hashes(table: pl.DataFrame, rules: tuple[Unique, ...]) -> list[np.ndarray]:
    """A number for the combination of each row."""
    return [table.select(rule.columns).hash_rows(seed=0).to_numpy() for rule in rules]
