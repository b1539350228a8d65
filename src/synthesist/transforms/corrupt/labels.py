"""What was done where: the labels of errors, and what a schema still promises after them."""

import polars as pl

from synthesist.data.frames import stored
from synthesist.data.kinds import (
    Boolean,
    Bounds,
    Category,
    Constant,
    Id,
    Integer,
    Kind,
    Moment,
    Number,
    Text,
)
from synthesist.data.schema import TableSchema
from synthesist.transforms.corrupt.fault import is_text

__all__ = ["LABELS", "loosened", "text_kind", "written"]

LABELS = TableSchema(
    columns={
        "row": Integer(missing=True, why="where it stands in the table, counted from 0; empty: it is gone"),
        "source_row": Integer(why="where it stood in the source, counted from 0"),
        "column": Category(missing=True, why="empty: the row as a whole"),
        "error": Category(why="what went wrong"),
        "way": Category(missing=True, why="in which way"),
        "before": Text(missing=True, why="the cell before, as a file would have it"),
        "after": Text(missing=True, why="the cell after"),
    }
)


def written(cells: pl.Series, kind: Kind) -> pl.Series:
    """Cells as text, in the way a file of their source would have them; an empty cell stays empty."""
    plain = kind.model_copy(update={"stored": "", "markers": ()})
    table = stored(cells.to_frame("cell"), TableSchema(columns={"cell": plain}), text=True)
    column = table.to_series()
    if column.dtype == pl.Binary or column.dtype.is_nested():
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(cells))
    return column.cast(pl.String)


def text_kind(kind: Kind) -> Kind:
    """What a column is once its cells are text."""
    return kind if is_text(kind) else Category(missing=kind.missing, markers=kind.markers, why="errors wrote text")


def loosened(kind: Kind, *, empties: bool, leaves_grid: bool) -> Kind:
    """What still holds of a column that was hit: no bounds, no list of values, no key."""
    same = {"missing": kind.missing or empties, "markers": kind.markers}
    kept = kind.stored if kind.stored == "String" else ""
    match kind:
        case Id() | Constant() if kind.storage == pl.Int64:
            return Integer(**same, stored=kept)
        case Id() | Constant() if kind.storage == pl.String:
            return Category(**same)
        case Constant() if kind.storage == pl.Boolean:
            return Boolean(**same)
        case Constant():
            return Number(**same)
        case Category():
            return kind.model_copy(update={**same, "values": None, "stored": kept})
        case Integer():
            return kind.model_copy(update={**same, "bounds": Bounds(), "step": 1, "stored": kept})
        case Number():
            grid = {"decimals": None} if leaves_grid else {}
            return kind.model_copy(update={**same, "bounds": Bounds(), "stored": kept, **grid})
        case Moment():
            fine = {"precision": "s"} if leaves_grid and kind.storage != pl.Date and kind.precision in "hm" else {}
            return kind.model_copy(update={**same, "bounds": Bounds(), "stored": kept, **fine})
    return kind.model_copy(update=same)
