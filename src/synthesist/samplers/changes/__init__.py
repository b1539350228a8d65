"""Records that change: their versions, and the stream of changes that leads through them."""

from datetime import date, datetime
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import field_validator, model_validator

from synthesist.core import Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Boolean, Bounds, Categories, Category, Integer, Moment, Text
from synthesist.data.schema import Link, Schema, TableSchema
from synthesist.errors import did_you_mean
from synthesist.samplers._entities import counted, key_of, read, reference
from synthesist.samplers._lives import Lives, Period
from synthesist.samplers.changes.versions import Changing, Versions, states
from synthesist.samplers.columns import Columns
from synthesist.samplers.columns.declaration import AnyDistribution, Expression

__all__ = ["Changes"]

SOME: dict[str, Any] = {"id": {"is": "keys"}, "x": {"is": "normal"}, "y": {"is": "gamma"}}
OTHER = {**SOME, "x": {"is": "normal", "std": 2}}
TICKS: dict[str, float] = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}
HISTORY = ("version", "valid_from", "valid_to", "is_current")


class Changes(Spec):
    """Records that change over time: all their versions, and the stream of changes through them.

    That is a slowly changing dimension of type 2, and the same history as change data capture tells it. A unit is a
    record with its whole history, in three tables. `customers`: key, when it was created and deleted, how
    many versions it has. `customers_versions`: the cells of each version, `valid_from` (included) to `valid_to`
    (excluded; empty in the current version), without gaps and overlaps; `is_current` is true in the last version of a
    record that was not deleted. `customers_changes`: `op` c(reate), u(pdate) or d(elete) at `ts`, the `sequence`
    of a record, and its cells `before` and `after` as JSON. Replayed in the order of `ts` and `sequence`, the
    changes give the current versions. Written as a page:

        kind: changes
        table: customers
        start: 2022-01-01
        end: 2024-12-31
        columns:
          id: {is: keys}
          name: {is: regex, pattern: "[A-Z][a-z]{3,8}"}
          city: {is: categorical, values: [Oslo, Bergen, Tromsø]}
          plan: {is: categorical, values: [free, pro, team], weights: [6, 3, 1]}
        changing:
          - {columns: [city], per_year: 0.2}
          - {columns: [plan], per_year: 1}
        present: 0.4
        deleted_per_year: 0.1

    Changes come as a Poisson process; columns that change together take new values of their distributions, which differ
    from those before. Columns that do not change keep theirs, and formulas follow.

    When not to use: for events that are not changes of a state (`events`).

    Reference: Kimball and Ross, The Data Warehouse Toolkit, 3rd ed. 2013 (type 2 dimensions).
    """

    block: ClassVar[int] = 16_384

    table: str = knob("records", "name of the table of records", tries=("records", "customers"), min_length=1)
    columns: dict[str, AnyDistribution] = knob(..., "columns of a record, one of them keys", tries=(SOME, OTHER))
    changing: tuple[Changing, ...] = knob(
        (), "which columns change together, and how often", tries=((), ({"columns": ["x"], "per_year": 5},))
    )
    start: date | datetime = knob(date(2022, 1, 1), "when the history begins", tries=("2022-01-01", "2023-01-01"))
    end: date | datetime = knob(
        date(2024, 12, 31), "the last day, or the moment when it ends", tries=("2024-12-31", "2025-12-31")
    )
    present: float = knob(0.5, "share of the records that are there from the start", tries=(0.5, 0.1), ge=0, le=1)
    deleted_per_year: float = knob(0.0, "rate at which records are deleted", tries=(0.0, 1.0), ge=0, le=1e6)
    precision: Literal["d", "h", "m", "s"] = knob("s", "the step of time: d h m s", tries=("s", "d"))
    open_end: date | None = knob(
        None, "what stands in `valid_to` of current versions; none: nothing", tries=(None, "9999-12-31")
    )

    @field_validator("columns", mode="before")
    @classmethod
    def _every_fault_at_once(cls, written: Any) -> Any:
        return read(written)

    @model_validator(mode="after")
    def _can_be_drawn(self) -> "Changes":
        key, seen = key_of(self.columns), set[str]()
        if self._period.seconds < TICKS[self.precision]:
            raise ValueError(f"from {self.start} to {self.end} there is not one step of 1 {self.precision}")
        if taken := sorted({*HISTORY} & self.columns.keys()):
            raise ValueError(f"columns: `{taken[0]}` is a column of every history, give yours another name")
        for name in (name for each in self.changing for name in each.columns):
            if name not in self.columns:
                raise ValueError(f"changing: there is no column `{name}`. {did_you_mean(name, self.columns)}")
            if name == key or self.columns[name].by_index:
                raise ValueError(f"changing: `{name}` holds unique values, which never change")
            if isinstance(self.columns[name], Expression):
                raise ValueError(f"changing: `{name}` follows from other columns: name those")
            if name in seen:
                raise ValueError(f"changing: `{name}` is named twice")
            seen.add(name)
        return self

    @property
    def schema(self) -> Schema:  # type: ignore[override]  # pydantic's own is deprecated
        """Records, their versions and their changes."""
        key, time = key_of(self.columns), Moment(precision=self.precision)
        maybe = time.model_copy(update={"missing": True})
        cells = self._own.schema.table.columns
        holder = reference(cells[key])
        link = (Link(columns=(key,), table=self.table, to=(key,)),)
        one, some = Integer(bounds=Bounds(low=1)), Text(missing=True)
        records = {key: cells[key], "created_at": time, "deleted_at": maybe, "versions": one}
        valid = {"version": one, "valid_from": time, "valid_to": maybe, "is_current": Boolean()}
        versions = {**cells, key: holder, **valid}
        ops = Category(values=Categories(items=("c", "u", "d")))
        changes = {key: holder, "sequence": one, "op": ops, "ts": time, "before": some, "after": some}
        tables = {
            self.table: TableSchema(columns=records, key=(key,)),
            f"{self.table}_versions": TableSchema(columns=versions, key=(key, "version"), links=link),
            f"{self.table}_changes": TableSchema(columns=changes, key=(key, "sequence"), links=link),
        }
        return Schema(tables=tables, unit=self.table)

    def sample(self, n: int, ctx: Context) -> Dataset:
        """Records `ctx.start` to `ctx.start + n` with their whole history."""
        records, here, period, tick = self._own.sample(n, ctx).table, ctx.at(self.table), self._period, self._tick
        lives = Lives.draw(n, period, self.present, self.deleted_per_year, here)
        made = states(records, self._own, self.changing, lives, period.seconds, tick, here)
        gone = lives.left < period.seconds
        last = made.tick[made.last]
        deleted = np.where(gone, np.maximum(np.floor(np.where(gone, lives.left, 0) / tick), last + 1), np.nan)
        key = key_of(self.columns)
        unit = {"created_at": self._moments(made.tick[made.first]), "deleted_at": self._moments(deleted)}
        unit["versions"] = pl.Series(np.bincount(made.who, minlength=n))
        tables = (records.select(key).with_columns(**unit), self._versions(made, deleted), self._changes(made, deleted))
        return Dataset(dict(zip(self.schema.tables, tables, strict=True)), self.schema)

    def _versions(self, made: Versions, deleted: np.ndarray) -> pl.DataFrame:
        """The dimension of type 2."""
        until = np.append(made.tick[1:].astype(np.float64), np.nan)
        until[made.last] = deleted[made.who[made.last]]
        ends = self._moments(until)
        if self.open_end is not None:
            ends = ends.fill_null(pl.Series([self.open_end]).cast(ends.dtype)[0])
        return made.cells.with_columns(
            version=pl.Series(counted(made.who)),
            valid_from=self._moments(made.tick),
            valid_to=ends,
            is_current=pl.Series(np.isnan(until)),
        )

    def _changes(self, made: Versions, deleted: np.ndarray) -> pl.DataFrame:
        """The stream of changes: one for every version, and one for every deletion."""
        cells = made.cells.select(pl.struct(pl.all()).struct.json_encode()).to_series()
        before = cells.shift(1).set(pl.Series(made.first), None)
        gone = np.flatnonzero(made.last)[~np.isnan(deleted)]
        who = np.concatenate([made.who, made.who[gone]])
        order = np.argsort(who, kind="stable")  # a deletion comes after all versions of its record
        ops = np.concatenate([np.where(made.first, "c", "u"), np.full(len(gone), "d")])
        key = made.cells[key_of(self.columns)]
        every = {
            key.name: pl.concat([key, key.gather(gone)]),
            "op": pl.Series(ops),
            "ts": self._moments(np.concatenate([made.tick, deleted[made.who[gone]]])),
            "before": pl.concat([before, cells.gather(gone)]),
            "after": cells.extend_constant(None, len(gone)),
        }
        stream = pl.DataFrame(every)[order]
        return stream.with_columns(sequence=pl.Series(counted(who[order]))).select(
            key.name, "sequence", "op", "ts", "before", "after"
        )

    def _moments(self, ticks: np.ndarray) -> pl.Series:
        moments = self._period.moments(np.asarray(ticks, dtype=np.float64) * self._tick)
        return moments.cast(Moment(precision=self.precision).storage)

    @property
    def _tick(self) -> float:
        return TICKS[self.precision]

    @cached_property
    def _period(self) -> Period:
        return Period.of(self.start, self.end)

    @cached_property
    def _own(self) -> Columns:
        return Columns(table=self.table, columns=self.columns)
