"""What a subset came to: how many rows of how many, why, and the rows themselves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from synthesist.data.databases.declaring import ordered
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.transforms.subset.closure import REASONS, Closure
from synthesist.transforms.subset.joining import joined
from synthesist.transforms.subset.origin import Origin
from synthesist.transforms.subset.plan import Plan
from synthesist.transforms.subset.tie import Tie

__all__ = ["Account", "Selection"]


@dataclass(frozen=True, repr=False)
class Account:
    """How many rows of how many a subset keeps, and why: a value that prints as a table."""

    tables: pl.DataFrame
    """One line for each table: its rows, those that are kept, and how many of these for which reason."""
    orphans: pl.DataFrame
    """One line for each link by which kept rows refer to rows that the source does not have."""
    notes: tuple[str, ...]
    """What one should know of it, in words."""

    def __str__(self) -> str:
        width = max(len("table"), *self.tables["table"].str.len_chars())
        heads = ("kept", "of", "", *REASONS)
        lines = [f"{'table':<{width}}" + "".join(f"{head:>11}" for head in heads)]
        for line in self.tables.iter_rows(named=True):
            share = f"{line['kept'] / line['rows']:.1%}" if line["rows"] else ""
            reasons = [f"{line[reason]:,}" if line[reason] else "" for reason in REASONS]
            cells = (f"{line['kept']:,}", f"{line['rows']:,}", share, *reasons)
            lines.append(f"{line['table']:<{width}}" + "".join(f"{cell:>11}" for cell in cells))
        return "\n".join(line.rstrip() for line in [*lines, *self.notes])

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True, repr=False)
class Selection:
    """The rows that a subset keeps."""

    origin: Origin
    plan: Plan
    closure: Closure
    rows: Mapping[str, int]
    """How many rows each table of the source has."""

    @property
    def schema(self) -> Schema:
        """Of what is kept."""
        return self.plan.schema

    @property
    def account(self) -> Account:
        """How many rows are kept, and why."""
        lines = [
            {"table": table, "rows": self.rows[table], "kept": sum(why.values()), **why}
            for table, why in self.closure.why.items()
        ]
        whole = ("rows", "kept", *REASONS)
        lost = [{"link": str(tie), "rows": n} for tie, n in self.closure.orphans.items()]
        return Account(
            pl.DataFrame(lines, schema={"table": pl.String, **dict.fromkeys(whole, pl.Int64)}),
            pl.DataFrame(lost, schema={"link": pl.String, "rows": pl.Int64}),
            tuple(self._notes()),
        )

    @property
    def data(self) -> Dataset:
        """All kept rows, in memory."""
        parts: dict[str, list[pl.DataFrame]] = {table: [self._none(table)] for table in self.schema.tables}
        for block in self.blocks():
            for table, frame in block.tables.items():
                parts[table].append(frame)
        return Dataset(
            {table: pl.concat(frames, how="vertical_relaxed") for table, frames in parts.items()}, self.schema
        )

    def blocks(self) -> Iterator[Dataset]:
        """The kept rows, some at a time; tables after those they refer to, where links go in no circle."""
        none = {table: self._none(table) for table in self.schema.tables}
        for table in ordered(self.schema.tables):
            for frame in self.origin.take(table, self.closure.rows[table]):
                yield Dataset({**none, table: self._emptied(table, frame)}, self.schema)

    def _none(self, table: str) -> pl.DataFrame:
        return pl.DataFrame(schema={name: kind.storage for name, kind in self.schema.tables[table].columns.items()})

    def _emptied(self, table: str, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with empty cells where a link is cut, or leads nowhere, and may be emptied."""
        for tie, kept in self._ends.items():
            if tie.child == table:
                columns = {**self.plan.cut, **self.plan.loose}[tie]
                stays = np.zeros(frame.height, bool)
                stays[joined(frame.select(tie.columns), kept)["asking"].to_numpy()] = True
                frame = frame.with_columns(pl.when(pl.Series(stays)).then(pl.col(name)).alias(name) for name in columns)
        return frame

    @cached_property
    def _ends(self) -> dict[Tie, pl.DataFrame]:
        """What links that are cut or loose may refer to."""
        out = {}
        for tie, columns in {**self.plan.cut, **self.plan.loose}.items():
            if columns and (tie in self.plan.cut or tie in self.closure.orphans):
                out[tie] = self._none(tie.child).select(tie.columns)
                if tie.parent in self.closure.rows:
                    cells = self.origin.cells(tie.parent, self.closure.rows[tie.parent], tie.to).unique()
                    out[tie] = cells.rename(dict(zip(tie.to, tie.columns, strict=True)))
        return out

    def _notes(self) -> list[str]:
        out = []
        for tie, n in self.closure.orphans.items():
            now = "are emptied" if self.plan.loose.get(tie) else "stay as they are"
            out.append(f"{n:,} kept rows refer by {tie} to rows that are not in the source; these cells {now}.")
        if far := [table for table in self.plan.far if self.rows[table]]:
            names = ", ".join(f"`{table}`" for table in far)
            out.append(f"No link leads to {names}: empty. Set `others` to whole, or give a share of them.")
        for tie, columns in self.plan.cut.items():
            names = ", ".join(f"{tie.child}.{column}" for column in columns)
            out.append(f"Emptied where the row of `{tie.parent}` is not kept: {names}.")
        return out

    def __repr__(self) -> str:
        kept = ", ".join(f"{table}: {len(rows):,} of {self.rows[table]:,}" for table, rows in self.closure.rows.items())
        return f"Selection({kept})"
