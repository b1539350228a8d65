"""What is known of one raw column before anything is decided."""

from dataclasses import dataclass, replace
from typing import Any

import polars as pl

__all__ = ["Column", "observe", "stripped"]


@dataclass(frozen=True)
class Column:
    """What is known of one column: its distinct cells in order of appearance, and how often each comes."""

    name: str
    table: str
    values: pl.Series
    counts: pl.Series
    rows: int
    stored: str = ""
    markers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def filled(self) -> int:
        return int(self.counts.sum())

    @property
    def missing(self) -> bool:
        return self.filled < self.rows

    @property
    def unique(self) -> bool:
        """Whether no value comes twice; `1` and `1.0` are two texts but one number."""
        return self.values.n_unique() == self.filled > 1

    def without(self, empty: pl.Series) -> "Column":
        """The same column, where some of the distinct texts are markers of empty cells."""
        if not empty.any() or empty.all():
            return self
        found = (
            pl.DataFrame([self.values.alias("value"), self.counts.alias("n")]).filter(empty).sort("n", descending=True)
        )
        return replace(
            self,
            values=self.values.filter(~empty),
            counts=self.counts.filter(~empty),
            markers=tuple(found["value"]),
        )

    def all_empty(self) -> "Column":
        """The same column, where all texts are markers of empty cells."""
        return replace(self, values=self.values.clear(), counts=self.counts.clear(), markers=tuple(self.values))

    def noting(self, *notes: str, values: pl.Series | None = None) -> "Column":
        """The same column with more evidence, or with its values read."""
        return replace(
            self,
            notes=(*self.notes, *(note for note in notes if note)),
            values=self.values if values is None else values,
        )

    def about(self, *evidence: str) -> dict[str, Any]:
        """What every kind says of its column."""
        why = ", ".join(part for part in (*evidence, *self.notes) if part)
        return {"missing": self.missing, "markers": self.markers, "stored": self.stored, "why": why}

    def natively(self, own: str) -> "Column":
        """Stored in the kind's own way, where that is `own`: then `stored` need not be written down."""
        return replace(self, stored="") if self.stored == own else self


def observe(raw: pl.Series, table: str) -> Column:
    """Count the distinct cells; blanks, NaN and infinities are empty."""
    cells, notes = raw, []
    if raw.dtype == pl.String:
        cells = stripped(raw)
        if (cells.str.len_bytes() != raw.str.len_bytes()).any():
            notes.append("blanks around cells removed")
    elif isinstance(raw.dtype, pl.Categorical | pl.Enum):
        cells = raw.cast(pl.String)
    elif raw.dtype.is_float():
        cells = raw.to_frame().select(pl.when(pl.first().is_finite()).then(pl.first())).to_series()
        if raw.is_infinite().any():
            notes.append("infinite values count as missing")
    counted = cells.alias("value").drop_nulls().to_frame().group_by("value", maintain_order=True).len("n")
    stored = "Enum" if isinstance(raw.dtype, pl.Enum) else str(raw.dtype)
    return Column(raw.name, table, counted["value"], counted["n"], len(raw), stored, notes=tuple(notes))


def stripped(column: pl.Series) -> pl.Series:
    """Text without blanks around it, null where nothing is left."""
    text = column.str.strip_chars()
    return text.set(text == "", None)
