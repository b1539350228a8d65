"""Whole rows that go wrong: which rows are in the table at the end, in what order, and what is said of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from synthesist.codecs.keys import Keys, apart
from synthesist.core import Context
from synthesist.data.kinds import Id, Kind, Moment
from synthesist.errors import DataError, SpecError, UnsuitableError
from synthesist.transforms.corrupt.chance import Chance
from synthesist.transforms.corrupt.draft import NOTE, Draft, Odds
from synthesist.transforms.corrupt.labels import LABELS, loosened, written
from synthesist.transforms.corrupt.rows import AnyRowFault, Duplicate, Late, OutOfOrder, Removed

__all__ = ["Shuffle"]

COPY = 2**40  # the addresses of the first copies lie so far behind those of the rows, the second ones as far again
ROW = {"source_row": pl.Int64, **NOTE}


@dataclass
class Lines:
    """Some lines of the table to come: a draft, where each comes from, and a number each that sorts them."""

    draft: Draft
    source: np.ndarray
    place: np.ndarray


@dataclass
class Shuffle:
    """The rows of a draft, then the copies; `kept` says which rows of the source are still there."""

    lines: list[Lines]
    odds: Odds
    kept: np.ndarray
    arrivals: dict[str, pl.Series] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    notes: list[pl.DataFrame] = field(default_factory=list)
    gone: list[pl.DataFrame] = field(default_factory=list)
    twice: bool = False

    @classmethod
    def of(cls, draft: Draft) -> "Shuffle":
        """The rows of a draft as they stand."""
        n = draft.clean.height
        lines = Lines(draft, np.arange(n), np.arange(n, dtype=np.float64))
        return cls([lines], Odds(n, draft.odds.exact, draft.odds.pile_up), np.ones(n, dtype=bool))

    def suffer(self, error: AnyRowFault, number: int) -> None:
        """Let one error happen."""
        draft = self.lines[0].draft
        ctx, chance = draft.ctx.at(number), Chance(draft.rows, draft.ctx.at(number))
        where = error.where(draft.clean, draft.schema)
        match error:
            case Removed():
                self._remove(error, where, chance)
            case Late():
                self._delay(error, where, chance)
            case OutOfOrder():
                target = error.targets(draft.clean, chance)
                hit = self._hit(error, where & (target >= 0), chance)
                self.lines[0].place[hit] = target[hit] + 0.5
                self._note(hit, error, way="moved")
            case Duplicate():
                self._copy(error, where, chance, ctx)

    def _hit(self, error: AnyRowFault, can: np.ndarray, chance: Chance) -> np.ndarray:
        return self.odds.draw([""], error.rate, can & self.kept, chance)

    def _remove(self, error: Removed, where: np.ndarray, chance: Chance) -> None:
        hit = self._hit(error, where, chance)
        gone = np.unique((hit[:, None] + np.arange(error.run)).ravel())
        gone = gone[(gone < len(self.kept))]
        gone = gone[self.kept[gone]]
        self.kept[gone] = False
        draft = self.lines[0].draft
        for name, kind in draft.schema.columns.items():
            cells = {"source_row": gone, "column": name, "error": error.is_, "way": "row"}
            before = {"before": written(draft.clean[name].gather(gone), kind), "after": None}
            self.gone.append(pl.DataFrame({**cells, **before}, schema={k: v for k, v in ROW.items() if k != "line"}))

    def _delay(self, error: Late, where: np.ndarray, chance: Chance) -> None:
        draft = self.lines[0].draft
        times, kind = draft.clean[error.time], draft.schema[error.time]
        if not isinstance(kind, Moment):
            raise UnsuitableError(f"`{error.time}` is a {kind.kind}: events are late against a date or time.")
        happened = times.cast(pl.Datetime("us", kind.timezone))
        arrived = happened + error.delays(chance)
        hit = self._hit(error, where & times.is_not_null().to_numpy(), chance)
        fine = kind.model_copy(update={"precision": "us", "format": None, "stored": ""})
        texts = [written(moments.gather(hit), fine) for moments in (happened, arrived)]
        if error.arrival is not None:
            if error.arrival in (*draft.schema.columns, *self.arrivals):
                raise SpecError(f"There is a column `{error.arrival}` already: give `arrival` another name.")
            self.kinds[error.arrival] = Moment(missing=kind.missing, precision="us", timezone=kind.timezone)
            self.arrivals[error.arrival] = happened.clone().scatter(hit, arrived.gather(hit))
            return self._note(hit, error, column=error.arrival, way="delayed", texts=texts)
        if not happened.drop_nulls().is_sorted():
            raise DataError(
                f"The rows are not in the order of `{error.time}`, so none can be moved to where it arrives: sort "
                f"them first, or give `arrival` the name of a column to make."
            )
        clock = happened.fill_null(strategy="forward").fill_null(strategy="backward")
        passed = clock.search_sorted(arrived.gather(hit), side="right").to_numpy()
        among = arrived.gather(hit).rank("ordinal").to_numpy() / (2 * len(hit) + 2)  # of those that pass the same rows
        self.lines[0].place[hit] = passed - 0.75 + among
        self._note(hit, error, way="moved", texts=texts)

    def _copy(self, error: Duplicate, where: np.ndarray, chance: Chance, ctx: Context) -> None:
        first, *_ = self.lines
        hit = self._hit(error, where, chance)
        counts = error.counts(chance.of(hit))
        source = np.repeat(hit, counts)
        number = np.arange(len(source)) - np.repeat(np.cumsum(counts) - counts, counts)
        address = Chance(source + (number + 1) * COPY, ctx)
        place = error.places(first.place[source], len(self.kept), address)
        copies = first.draft.copies(source, address.rows, ctx.at("near"))
        for place_in_list, near in enumerate(error.near):
            copies.suffer(near, place_in_list)
        self.lines.append(Lines(copies, source, place))
        start = sum(len(lines.source) for lines in self.lines[:-1])
        self._note(start + np.arange(len(source)), error, source=source, way="near" if error.near else "exact")
        if error.new_keys:
            self._new_keys(copies)
        ids = {name for name, kind in copies.kinds.items() if isinstance(kind, Id)}
        self.twice |= not error.new_keys or not ids >= set(first.draft.schema.key)

    def _new_keys(self, copies: Draft) -> None:
        """Keys that no line before has."""
        for name, kind in copies.kinds.items():
            if isinstance(kind, Id):
                before = pl.concat([lines.draft.cells[name] for lines in self.lines[:-1]])
                whole = pl.concat([before, copies.cells[name]])
                given = before.extend_constant(None, len(copies.rows))
                copies.cells[name] = apart(Keys.of(kind), given, whole).tail(len(copies.rows))

    def _note(
        self,
        lines: np.ndarray,
        error: AnyRowFault,
        *,
        source: np.ndarray | None = None,
        column: str | None = None,
        way: str | None = None,
        texts: Sequence[pl.Series | None] = (None, None),
    ) -> None:
        said: dict[str, Any] = {"source_row": lines if source is None else source, "line": lines, "column": column}
        said |= {"error": error.is_, "way": way, "before": texts[0], "after": texts[1]}
        self.notes.append(pl.DataFrame(said, schema=ROW))

    def finished(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The table as it is at the end, and its labels."""
        kept = np.concatenate([self.kept, np.ones(sum(len(lines.source) for lines in self.lines[1:]), dtype=bool)])
        source = np.concatenate([lines.source for lines in self.lines])
        place = np.concatenate([lines.place for lines in self.lines])
        order = np.argsort(place, kind="stable")
        order = order[kept[order]]
        row = np.full(len(kept), -1)
        row[order] = np.arange(len(order))
        table = pl.concat([lines.draft.table for lines in self.lines])
        table = table.with_columns(column.gather(source).alias(name) for name, column in self.arrivals.items())
        return table[order], self._labels(row, source)

    def _labels(self, row: np.ndarray, source: np.ndarray) -> pl.DataFrame:
        starts = np.cumsum([0, *(len(lines.source) for lines in self.lines[:-1])])
        cells = [
            lines.draft.noted.with_columns(pl.col("line") + int(start))
            for lines, start in zip(self.lines, starts, strict=True)
        ]
        noted = pl.concat([pl.DataFrame(schema=NOTE), *cells])
        noted = noted.with_columns(source_row=pl.Series(source).gather(noted["line"])).select(*ROW)
        every = pl.concat([noted, *self.notes])
        places = pl.Series(row).gather(every["line"])
        standing = every.with_columns(row=places).filter(places >= 0).sort("row", maintain_order=True)
        gone = [lost.with_columns(row=pl.lit(None, dtype=pl.Int64)) for lost in self.gone]
        return pl.concat([part.select(*LABELS.columns) for part in (standing, *gone)])

    @property
    def breaks_links(self) -> bool:
        """Whether rows that others refer to may be gone."""
        return not self.kept.all()

    def loosen(self) -> None:
        """Keys are none any more where rows come twice."""
        draft = self.lines[0].draft
        for name, kind in draft.kinds.items() if self.twice else ():
            if isinstance(kind, Id):
                draft.kinds[name] = loosened(kind, empties=False, leaves_grid=False)
                draft.hit.add(name)
