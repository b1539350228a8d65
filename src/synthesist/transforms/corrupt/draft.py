"""A table while errors come over it: its cells, what is hit already, and the labels."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from synthesist.core import Context
from synthesist.data.kinds import Array, Audio, Id, Image, Kind
from synthesist.data.schema import TableSchema
from synthesist.errors import SpecError, UnsuitableError
from synthesist.transforms.corrupt.chance import Chance
from synthesist.transforms.corrupt.fault import CellFault, Fault
from synthesist.transforms.corrupt.fields import Swapped
from synthesist.transforms.corrupt.labels import loosened, text_kind, written

__all__ = ["Draft", "Odds"]

NOTE = {"line": pl.Int64, "column": pl.String, "error": pl.String, "way": pl.String}
NOTE |= {"before": pl.String, "after": pl.String}
ROUNDING = 1e-9


@dataclass
class Odds:
    """Which of n places are hit, and how likely each was to be: at most one error a place unless they pile up."""

    n: int
    exact: bool
    pile_up: bool
    taken: dict[str, np.ndarray] = field(default_factory=dict)
    spent: dict[str, np.ndarray] = field(default_factory=dict)

    def draw(self, names: Sequence[str], rate: float, can: np.ndarray, chance: Chance) -> np.ndarray:
        """The places, in order, that an error hits in all of these columns: a `rate` of those it `can`.

        A place that an earlier error may have hit is hit with the probability that makes up for it.

        Raises:
            SpecError: the rates of one place add up to more than 1.
        """
        taken, free = np.zeros(self.n, dtype=bool), np.ones(self.n)
        for name in names if not self.pile_up else ():
            if name in self.taken:
                taken |= self.taken[name]
                free *= 1 - self.spent[name]
        if self.exact:
            hit = self._fixed(names, rate, can, taken, chance)
        else:
            if (rate > free[can] + ROUNDING).any():
                raise _too_many(names)
            with np.errstate(divide="ignore", invalid="ignore"):
                hit = np.flatnonzero(can & ~taken & (chance.uniform("hit") * free < rate))
        self._note(names, rate, can, hit)
        return hit

    def _fixed(
        self, names: Sequence[str], rate: float, can: np.ndarray, taken: np.ndarray, chance: Chance
    ) -> np.ndarray:
        """As many places as the rate says, those with the smallest numbers."""
        open_, count = np.flatnonzero(can & ~taken), round(rate * int(can.sum()))
        if count > len(open_):
            raise _too_many(names)
        return np.sort(open_[np.argsort(chance.uniform("hit")[open_], kind="stable")[:count]])

    def _note(self, names: Sequence[str], rate: float, can: np.ndarray, hit: np.ndarray) -> None:
        if self.pile_up:
            return
        for name in names:
            self.taken.setdefault(name, np.zeros(self.n, dtype=bool))[hit] = True
            self.spent.setdefault(name, np.zeros(self.n))[can] += rate

    def of(self, places: np.ndarray) -> "Odds":
        """The odds of copies of some places: errors of their own, in cells that have none yet."""
        taken = {name: mask[places] for name, mask in self.taken.items()}
        return Odds(len(places), self.exact, self.pile_up, taken, {name: np.zeros(len(places)) for name in self.spent})


def _too_many(names: Sequence[str]) -> SpecError:
    where = " and ".join(f"`{name}`" for name in names if name) or "a row"
    return SpecError(
        f"The rates of the errors of {where} add up to more than 1, and a cell is hit once: "
        f"lower them, or set `pile_up` to true."
    )


@dataclass
class Draft:
    """The cells as they are by now; `clean` holds them as they were, `rows` the index of each row in the source."""

    clean: pl.DataFrame
    schema: TableSchema
    rows: np.ndarray
    ctx: Context
    odds: Odds
    cells: dict[str, pl.Series] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    notes: list[pl.DataFrame] = field(default_factory=list)
    hit: set[str] = field(default_factory=set)
    """The columns that errors may have hit."""

    @classmethod
    def of(cls, table: pl.DataFrame, schema: TableSchema, ctx: Context, *, exact: bool, pile_up: bool) -> "Draft":
        """A table before any error."""
        cells = {name: table[name] for name in schema.columns}
        odds = Odds(table.height, exact, pile_up)
        return cls(table, schema, np.arange(table.height), ctx, odds, cells, dict(schema.columns))

    def suffer(self, error: CellFault | Swapped, number: int) -> int:
        """Let one error happen; gives the number of columns it serves."""
        where = error.where(self.clean, self.schema)
        if isinstance(error, Swapped):
            self._swap(error, where, self.ctx.at(number))
            return len(error.columns)
        columns = self._columns(error)
        for name in columns:
            self._strike(name, error, where, self.ctx.at(number, name))
        return len(columns)

    def _columns(self, error: CellFault) -> list[str]:
        """The columns an error happens in.

        Raises:
            UnsuitableError: it does not fit a column that is named.
        """
        if error.columns is None:
            linked = {name for link in self.schema.links for name in link.columns} | set(self.schema.key)
            open_ = [name for name, kind in self.schema.columns.items() if name not in linked and not _is_key(kind)]
            return [name for name in open_ if _served(error, self.kinds[name])]
        for name in error.columns:
            if not _served(error, kind := self.kinds[name]):
                hint = " `as_text: true` makes text of it." if "as_text" in type(error).model_fields else ""
                raise UnsuitableError(f"`{name}` is a {kind.kind}: {error.is_} does not fit it.{hint}")
        return list(error.columns)

    def _strike(self, name: str, error: CellFault, where: np.ndarray, ctx: Context) -> None:
        kind = text_kind(self.kinds[name]) if error.writes_text else self.kinds[name]
        if self.cells[name].dtype != kind.storage:
            self.cells[name] = written(self.cells[name], self.schema[name]).alias(name)
        cells, chance = self.cells[name], Chance(self.rows, ctx)
        can = error.can(cells, kind).to_numpy() & where
        hit = self.odds.draw([name], error.rate, can, chance)
        before = cells.gather(hit)
        clean = self.clean[name] if self.clean[name].dtype == cells.dtype else cells
        after, ways = error.strike(before, kind, chance.of(hit), clean)
        looser = loosened(kind, empties=error.empties, leaves_grid=error.leaves_grid)
        self._write(name, hit, before, after, ways, error, looser)

    def _swap(self, error: Swapped, where: np.ndarray, ctx: Context) -> None:
        first, *_ = columns = [self.cells[name] for name in error.columns]
        if len({column.dtype for column in columns}) > 1:
            raise UnsuitableError(f"swapped: {', '.join(error.columns)} are not of one type, so cannot change places.")
        differ = np.zeros(len(first), dtype=bool)
        for other in columns[1:]:
            differ |= first.ne_missing(other).to_numpy()
        hit = self.odds.draw(error.columns, error.rate, differ & where, Chance(self.rows, ctx))
        ways = pl.Series(["fields"], dtype=pl.String).new_from_index(0, len(hit))
        moved = [column.gather(hit) for column in columns]
        empties = any(self.kinds[name].missing for name in error.columns)
        for name, before, after in zip(error.columns, moved, [*moved[1:], moved[0]], strict=True):
            looser = loosened(self.kinds[name], empties=empties, leaves_grid=True)
            self._write(name, hit, before, after.alias(name), ways, error, looser)

    def _write(
        self,
        name: str,
        hit: np.ndarray,
        before: pl.Series,
        after: pl.Series,
        ways: pl.Series,
        error: Fault,
        kind: Kind,
    ) -> None:
        """Put cells in place, and note those that are others than before."""
        self.hit.add(name)
        self.kinds[name] = kind
        changed = before.ne_missing(after)
        if not changed.any():
            return
        here = changed.arg_true()
        self.cells[name] = self.cells[name].clone().scatter(hit[here.to_numpy()], after.gather(here))
        note = pl.DataFrame({"line": hit[here.to_numpy()], "way": ways.gather(here)})
        old = self.schema[name] if before.dtype == self.schema[name].storage else kind
        texts = {"before": written(before.gather(here), old), "after": written(after.gather(here), kind)}
        self.notes.append(note.with_columns(column=pl.lit(name), error=pl.lit(error.is_), **texts).select(*NOTE))

    def copies(self, places: np.ndarray, rows: np.ndarray, ctx: Context) -> "Draft":
        """Copies of some rows as they are by now, with the same columns to come; `rows` are their addresses."""
        cells = {name: column.gather(places) for name, column in self.cells.items()}
        inherited = pl.DataFrame({"line": places, "copy": np.arange(len(places))}).join(self.noted, on="line")
        notes = [inherited.with_columns(line=pl.col("copy")).select(*NOTE)]
        clean, odds = self.clean[places], self.odds.of(places)
        return Draft(clean, self.schema, rows, ctx, odds, cells, self.kinds, notes, self.hit)

    @property
    def noted(self) -> pl.DataFrame:
        """All labels of cells so far, in the order they were put."""
        return pl.concat([pl.DataFrame(schema=NOTE), *self.notes])

    @property
    def table(self) -> pl.DataFrame:
        """The cells as they are by now, as text where errors made text of their columns, here or in copies."""
        same = {name: cells.dtype == self.kinds[name].storage for name, cells in self.cells.items()}
        return pl.DataFrame(
            [
                cells if same[name] else written(cells, self.schema[name]).alias(name)
                for name, cells in self.cells.items()
            ]
        )


def _served(error: CellFault, kind: Kind) -> bool:
    if isinstance(kind, Image | Audio | Array):
        return error.serves(kind)
    return error.serves(kind) or (error.writes_text and error.serves(text_kind(kind)))


def _is_key(kind: Kind) -> bool:
    return isinstance(kind, Id)
