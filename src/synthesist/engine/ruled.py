"""A fitted sampler whose rows break no rule of their table.

What cannot be told in columns that hold by themselves is held by drawing again: rows are those of the model, given
that they break no rule.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from synthesist.codecs.keys import key_column
from synthesist.core import Allowed, Context, Filler, Sampler
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Id
from synthesist.data.schema import Schema
from synthesist.engine.recast import Gap, Recast, recast_of
from synthesist.errors import ConditionError, DataError
from synthesist.rules.rule import Predicate, Unique

__all__ = ["Ruled", "RuledFiller", "fit_ruled", "ruled", "unlike"]

TRIES = 200
MOST_VAIN = 20  # blocks without a single new row
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
            table = self._placed(table, again, waiting[: again.height])
            waiting = waiting[again.height :]
        raise ConditionError(self._unmet(good, drawn))

    def _broken(self, table: pl.DataFrame) -> np.ndarray:
        """Which rows break a rule of their own; those between rows are kept by whoever puts blocks together."""
        broken = np.zeros(table.height, dtype=bool)
        for rule in self.recast.rules:
            if not isinstance(rule, Unique):
                broken |= rule.broken(table).to_numpy()
        return broken

    def _placed(self, table: pl.DataFrame, rows: pl.DataFrame, places: np.ndarray) -> pl.DataFrame:
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
        holes = {name for name, limit in allowed.items() if limit.any_value and name in self._empty}
        allowed = {name: replace(limit, missing=True) if name in holes else limit for name, limit in allowed.items()}
        limits = self.recast.limits(allowed)
        made, places, drawn = [], [], 0
        for attempt in range(TRIES):
            part = given[waiting]
            asked = self.recast.told(Dataset({self.schema.unit: part}, self.schema))
            here = ctx.at("again", attempt) if attempt else ctx
            filled = self.inner.fill(asked, limits, here)  # type: ignore[attr-defined]
            full = self._kept(part, self.recast.back(filled).table)
            fits = self._fits(part, full, allowed) & ~self._broken(full)
            made.append(full.filter(pl.Series(fits)))
            places.append(waiting[fits])
            drawn += len(waiting)
            waiting = waiting[~fits]
            if not len(waiting):
                return Dataset({self.schema.unit: pl.concat(made)[np.argsort(np.concatenate(places))]}, self.schema)
        raise ConditionError(self._unmet(rows.units - len(waiting), drawn))

    @property
    def _empty(self) -> frozenset[str]:
        """Columns of which a rule says when they are empty: it decides which holes stay."""
        asked = [rule for rule in self.recast.rules if isinstance(rule, Predicate) and rule.asks_for_holes]
        return frozenset(name for rule in asked for name in rule.columns)

    def _kept(self, given: pl.DataFrame, full: pl.DataFrame) -> pl.DataFrame:
        """The rows with what was given in columns that were told by their distance from a hole."""
        gaps = [step.column for step in self.recast.steps if isinstance(step, Gap)]
        return full.with_columns(pl.coalesce(given[name], full[name]).alias(name) for name in gaps)

    def _fits(self, given: pl.DataFrame, full: pl.DataFrame, allowed: Mapping[str, Allowed]) -> np.ndarray:
        """Which rows keep what was given and are within the conditions."""
        fits = np.ones(full.height, dtype=bool)
        for name in full.columns:
            fits &= (given[name].is_null() | (given[name] == full[name]).fill_null(False)).to_numpy()
            if name in allowed:
                fits &= (given[name].is_not_null() | allowed[name].mask(full[name])).to_numpy()
        return fits


def unlike(sampler: Ruled, draw: Callable[[int], Dataset], n: int) -> Iterator[Dataset]:
    """The first n rows, of all that the blocks `draw(0)`, `draw(1)`, ... hold, that no rule forbids to come again.

    Raises:
        DataError: the model hardly draws any combination that is not there yet.
    """
    seen = [np.empty(0, dtype=np.uint64) for _ in sampler.unique]
    done = vain = number = 0
    while done < n:
        table = draw(number).table
        table = table.filter(pl.Series(~_again(table, sampler.unique, seen))).head(n - done)
        number, vain = number + 1, vain + 1 if not table.height else 0
        if vain == MOST_VAIN:
            texts = " and ".join(f"`{rule.text}`" for rule in sampler.unique)
            raise DataError(
                f"The model draws only {done:,} different combinations, too few to meet {texts} in {n:,} rows. "
                f"Ask for fewer rows."
            )
        seen = [np.concatenate([s, h]) for s, h in zip(seen, _hashes(table, sampler.unique), strict=True)]
        keys = {name: kind for name, kind in sampler.schema.table.columns.items() if isinstance(kind, Id)}
        own = [key_column(name, kind, table.height, done) for name, kind in keys.items()]
        done += table.height
        yield Dataset({sampler.schema.unit: table.with_columns(own)}, sampler.schema)


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
