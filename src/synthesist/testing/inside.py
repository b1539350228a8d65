"""Whether rows are what their schema says: types, bounds, categories, grids, keys."""

from collections.abc import Iterator

import polars as pl

from synthesist.data.conform import read_column
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Bounds, Category, Constant, Id, Integer, Kind, Moment, Number
from synthesist.data.schema import Schema

__all__ = ["fits", "same"]


def fits(data: Dataset, schema: Schema, n: int | None = None) -> None:
    """Raise AssertionError unless `data` has this schema, n units, and only cells its schema allows."""
    assert data.schema == schema, f"Another schema came out:\n{data.schema}\nwent in:\n{schema}"
    assert n is None or data.units == n, f"{data.units} units came out, {n} were asked for."
    faults = [
        f"`{column}` {fault}"
        for name, table in schema.tables.items()
        for column, kind in table.columns.items()
        for fault in _faults(data.tables[name][column], kind)
    ]
    faults += [f"`{name}` {fault}" for name in schema.tables for fault in _broken(data, name)]
    assert not faults, "\n".join(faults)


def same(one: Dataset, other: Dataset, what: str) -> None:
    """Raise AssertionError unless both hold the same cells; the message shows the first column that differs."""
    assert list(one.tables) == list(other.tables), f"{what}: other tables came out."
    for name, table in one.tables.items():
        if table.equals(other.tables[name]):
            continue
        assert table.shape == other.tables[name].shape, f"{what}: {table.shape} and {other.tables[name].shape}."
        for column in table.columns:
            a, b = table[column], other.tables[name][column]
            row = next((i for i in range(len(a)) if a[i] != b[i]), None)
            assert row is None, f"{what}: `{column}` differs, first in row {row}: {a[row]!r} and {b[row]!r}."


def _faults(column: pl.Series, kind: Kind) -> Iterator[str]:
    if column.dtype != kind.storage:
        yield f"is stored as {column.dtype}, its kind {kind.kind} as {kind.storage}."
        return
    if column.dtype.is_float() and not (column.is_finite() | column.is_null()).all():
        yield "holds NaN or an infinity: a missing cell is null."
    if column.null_count() and not kind.missing and not _always_empty(kind):
        yield "holds empty cells, its schema says there are none."
    filled = column.drop_nulls()
    if isinstance(kind, Number | Integer | Moment):
        yield from _outside(filled, kind, kind.bounds)
    if isinstance(kind, Number) and kind.decimals is not None:
        steps = filled * 10.0**kind.decimals
        if ((steps - steps.round()).abs() > 1e-6 * steps.abs().clip(1)).any():
            yield f"holds numbers with more than {kind.decimals} decimals."
    if isinstance(kind, Integer) and (filled % kind.step != 0).any():
        yield f"holds numbers that are no multiples of {kind.step}."
    if isinstance(kind, Category) and kind.values is not None:
        known = {str(item) for item in kind.values.items}
        if strange := set(filled) - known:
            yield f"holds {sorted(strange)[0]!r}, which is no category of it."
    if isinstance(kind, Id) and filled.n_unique() != len(filled):
        yield "is a key and holds the same value twice."
    if isinstance(kind, Constant) and not set(filled) <= {kind.value}:
        yield f"holds {filled[0]!r}, it is always {kind.value!r}."


def _broken(data: Dataset, name: str) -> Iterator[str]:
    """Keys that come twice, and links that lead nowhere."""
    table, schema = data.tables[name], data.schema.tables[name]
    if schema.key and table.select(schema.key).is_duplicated().any():
        yield f"holds the key {', '.join(schema.key)} twice."
    for link in schema.links:
        there = data.tables[link.table].select(link.to) if link.table in data.tables else None
        if there is not None:
            held = table.select(link.columns).drop_nulls()
            if held.join(there, left_on=link.columns, right_on=link.to, how="anti").height:
                yield f"refers to rows of `{link.table}` that are not there ({', '.join(link.columns)})."


def _always_empty(kind: Kind) -> bool:
    return isinstance(kind, Constant) and kind.value is None


def _outside(filled: pl.Series, kind: Kind, bounds: Bounds) -> Iterator[str]:
    for end, beyond in ((bounds.low, pl.Series.lt), (bounds.high, pl.Series.gt)):
        if end is not None and beyond(filled, read_column(pl.Series([end]), kind)[0]).any():
            yield f"leaves its bounds {bounds.low} to {bounds.high}: it runs from {filled.min()!r} to {filled.max()!r}."
