"""What the columns of a database mean, by their cells where their types say little, and nothing lost by it."""

from collections.abc import Mapping

import polars as pl

from synthesist.data.column import Column
from synthesist.data.dataset import Dataset
from synthesist.data.detect import detect
from synthesist.data.frames import stored
from synthesist.data.kinds import Boolean, Category, Duration, Id, Integer, Json, Kind, Moment, Number, Text
from synthesist.data.schema import Schema, TableSchema
from synthesist.data.words import words
from synthesist.errors import DataError

__all__ = ["understood"]


def understood(tables: Mapping[str, pl.DataFrame], schema: Schema) -> Dataset:
    """Tables as read from a database, as a Dataset that gives back every cell as it was.

    The type decides what it says: truths, times, documents, listed values. Numbers and texts are looked into. A
    finding by which a single cell would come back otherwise is dropped: such a column is words.
    """
    found = {name: _table(tables[name], name, table) for name, table in schema.tables.items()}
    kinds = {name: table.model_copy(update={"columns": found[name][0]}) for name, table in schema.tables.items()}
    return Dataset({name: frame for name, (_, frame) in found.items()}, schema.model_copy(update={"tables": kinds}))


def _table(frame: pl.DataFrame, name: str, schema: TableSchema) -> tuple[dict[str, Kind], pl.DataFrame]:
    linked = {column for link in schema.links for column in link.columns}
    pairs = {c: _column(frame[c], name, kind, c in linked) for c, kind in schema.columns.items()}
    return {c: kind for c, (kind, _) in pairs.items()}, pl.DataFrame([column for _, column in pairs.values()])


def _column(raw: pl.Series, table: str, kind: Kind, linked: bool) -> tuple[Kind, pl.Series]:
    missing = raw.has_nulls()
    if raw.dtype == kind.storage and (_settled(kind) or (linked and not isinstance(kind, Text))):
        return kind.model_copy(update={"missing": missing}), raw
    kept = {"native": kind.native, "stored": kind.stored}
    if raw.dtype.is_float():
        return _number(raw, table, kind, kept)
    found, cells = _detected(raw, table)
    if linked and isinstance(found, Id):
        found = Category(missing=missing, why="the key of another table")
    if found is None or not _same(cells, found, raw):
        found, cells = _words(raw, table), raw
    return found.model_copy(update={**kept, "stored": found.stored}), cells


def _settled(kind: Kind) -> bool:
    """Whether the type of the database says all there is to say."""
    match kind:
        case Boolean() | Moment() | Duration() | Json() | Id(whole=True):
            return True
        case Category():
            return kind.values is not None
    return False


def _number(raw: pl.Series, table: str, kind: Kind, kept: dict) -> tuple[Kind, pl.Series]:
    """A measured quantity; NaN and infinity stay in the cells, and are no part of what the kind says."""
    found, _ = _detected(raw, table)
    if isinstance(kind, Number) and not isinstance(found, Number):
        found = kind
    assert found is not None
    decimals = (
        kind.decimals if isinstance(kind, Number) and kind.decimals is not None else getattr(found, "decimals", None)
    )
    return found.model_copy(update={**kept, "decimals": decimals, "missing": raw.has_nulls()}), raw


def _detected(raw: pl.Series, table: str) -> tuple[Kind | None, pl.Series]:
    try:
        schema, frame = detect(raw.to_frame(), table)
    except DataError:
        return None, raw
    return schema.columns[raw.name], frame.to_series()


def _same(cells: pl.Series, kind: Kind, raw: pl.Series) -> bool:
    """Whether every cell comes back as it was."""
    try:
        back = stored(cells.to_frame(), TableSchema(columns={raw.name: kind})).to_series()
    except DataError:
        return False
    return back.dtype == raw.dtype and back.equals(raw, null_equal=True)


def _words(raw: pl.Series, table: str) -> Kind:
    """Text as it stands: blanks, nothing at all and words for `empty` are cells like others."""
    if raw.dtype.is_integer():
        return Integer(missing=raw.has_nulls())
    counted = raw.alias("value").drop_nulls().to_frame().group_by("value", maintain_order=True).len("n")
    if not counted.height:
        return Text(missing=True, why="all cells are empty")
    return words(Column(raw.name, table, counted["value"], counted["n"], len(raw)))
