"""A raw table, cast to a given schema: every cell as its kind stores it, or an error that names the cell."""

from collections.abc import Iterator

import polars as pl

from synthesist.data.column import stripped
from synthesist.data.kinds import (
    Array,
    Boolean,
    Category,
    Constant,
    Duration,
    Id,
    Integer,
    Kind,
    Moment,
    Number,
    Scalar,
    Text,
)
from synthesist.data.moments import Calendar, read_duration
from synthesist.data.numerals import Numeral
from synthesist.data.patterns import shapes
from synthesist.data.schema import TableSchema
from synthesist.errors import DataError, did_you_mean

__all__ = ["conform", "limit", "read_column"]


def conform(table: pl.DataFrame, schema: TableSchema, *, strict: bool = True) -> pl.DataFrame:
    """Cast a raw table to the storage types of a schema, columns in the schema's order.

    Bounds and categories that were declared are enforced; detected ones describe the table they were
    detected from and bind no other. Empty cells are accepted in every column. Where this is not `strict`, a cell that
    does not fit is empty, and nothing is learnt from the cells.

    Raises:
        DataError: columns are missing or unknown, or a cell does not fit its kind; the message names the
            column, the first such cell, its row, how many there are, and what to do.
    """
    _same_columns(table, schema)
    return pl.DataFrame([read_column(table[name], kind, strict=strict) for name, kind in schema.columns.items()])


def _same_columns(table: pl.DataFrame, schema: TableSchema) -> None:
    missing = [name for name in schema.columns if name not in table.columns]
    unknown = [name for name in table.columns if name not in schema.columns]
    faults = [f"no column `{name}`, which the schema names. {did_you_mean(name, unknown)}" for name in missing]
    faults += [
        f"a column `{name}`, which the schema lacks. {did_you_mean(name, schema.columns)}"
        for name in unknown
        if not missing
    ]
    if faults:
        raise DataError("The table has " + "\nand ".join(faults) + "\nRename the columns, or edit the schema.")


def read_column(raw: pl.Series, kind: Kind, *, strict: bool = True) -> pl.Series:
    """One raw column as its kind stores it; a cell that does not fit is an error, or empty."""
    cells = _emptied(raw, kind)
    read = cells.to_frame().select(_reading(cells, kind, learns=strict).alias(raw.name)).to_series()
    if strict:
        _all_fit(read.is_null() & cells.is_not_null(), cells, kind, f"is no {kind.kind}")
    for bad, fault in _outside(read, kind):
        if strict:
            _all_fit(bad, cells, kind, fault)
        else:
            read = read.set(bad, None)
    return read


def _emptied(raw: pl.Series, kind: Kind) -> pl.Series:
    """Null for everything that means empty: blanks, the markers of the kind, NaN and infinities."""
    if raw.dtype == pl.String:
        text = stripped(raw)
        return text.set(text.is_in(list(kind.markers)), None) if kind.markers else text
    if isinstance(raw.dtype, pl.Categorical | pl.Enum):
        return raw.cast(pl.String)
    if raw.dtype.is_float():
        raw = raw.to_frame().select(pl.when(pl.first().is_finite()).then(pl.first())).to_series()
    if raw.dtype.is_numeric() and kind.markers:
        numbers = pl.Series(kind.markers, dtype=pl.String).cast(pl.Float64, strict=False).drop_nulls()
        raw = raw.set(raw.cast(pl.Float64).is_in(numbers.to_list()), None)
    return raw


def _reading(cells: pl.Series, kind: Kind, *, learns: bool) -> pl.Expr:
    """How this column becomes what its kind stores, null where a cell does not fit."""
    cell, text = pl.col(cells.name), cells.dtype == pl.String
    match kind:
        case Number():
            return Numeral.of(kind.format).read(cell) if text else cell.cast(pl.Float64, strict=False)
        case Integer():
            return Numeral.of(kind.format).read_whole(cell) if text else _whole(cell, cells.dtype)
        case Id() if kind.whole:
            return Numeral().read_whole(cell) if text else _whole(cell, cells.dtype)
        case Boolean():
            return _truth(cell if text else _text(cell, cells.dtype), kind.labels)
        case Moment():
            return _moment(cells, kind, learns=learns)
        case Duration():
            return _duration(cell, cells.dtype)
        case Constant():
            return cell.cast(kind.storage, strict=False) if kind.value is not None else cell.cast(pl.String)
        case Category() | Text() | Id():
            return cell if text else _text(cell, cells.dtype)
        case Array() if cells.dtype.is_nested():
            inner = cell.arr.to_list() if isinstance(cells.dtype, pl.Array) else cell
            return inner.cast(kind.storage, strict=False)
    return cell.cast(kind.storage, strict=False)


def _whole(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype.is_float() or dtype.is_decimal():
        cell = pl.when(cell == cell.round(0)).then(cell)
    return cell.cast(pl.Int64, strict=False)


def _text(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Whole floats are codes that once met an empty cell in pandas: 3.0 is `3`."""
    if dtype.is_float():
        return _whole(cell, dtype).cast(pl.String).fill_null(cell.cast(pl.String))
    return cell.cast(pl.String, strict=False)


def _truth(text: pl.Expr, labels: tuple[str, str] | None) -> pl.Expr:
    no, yes = labels or ("false", "true")
    word = text.str.to_lowercase()
    falsities, truths = (
        [no.lower(), *(["0"] if labels is None else [])],
        [yes.lower(), *(["1"] if labels is None else [])],
    )
    return pl.when(word.is_in(truths)).then(True).when(word.is_in(falsities)).then(False)


def _moment(cells: pl.Series, kind: Moment, *, learns: bool) -> pl.Expr:
    cell = pl.col(cells.name)
    if cells.dtype.is_temporal():
        moment = cell.cast(pl.Datetime("us", getattr(cells.dtype, "time_zone", None)))
        aware = getattr(cells.dtype, "time_zone", None) is not None
    else:
        texts = cells.cast(pl.String)
        learnt = (
            None
            if kind.format or not learns
            else Calendar.learn(texts.drop_nulls().unique(maintain_order=True), named=True)
        )
        calendar = learnt or Calendar(kind.format or "%Y-%m-%d", kind.timezone)
        moment, aware = calendar.read(cell.cast(pl.String)), calendar.timezone is not None
    if kind.timezone and not aware:
        moment = moment.dt.replace_time_zone(kind.timezone, ambiguous="earliest", non_existent="null")
    elif kind.timezone:
        moment = moment.dt.convert_time_zone(kind.timezone)
    elif aware:
        moment = moment.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return moment.cast(kind.storage)


def _duration(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.String:
        return read_duration(cell)
    if dtype == pl.Time:
        return (cell.cast(pl.Int64) // 1000).cast(pl.Duration("us"))
    return cell.cast(pl.Duration("us"))


def _outside(read: pl.Series, kind: Kind) -> Iterator[tuple[pl.Series, str]]:
    """Which cells break declared bounds or categories, and how."""
    if isinstance(kind, Category) and kind.values is not None and kind.values.origin == "declared":
        items = [str(item) for item in kind.values.items]
        yield ~read.is_in(items) & read.is_not_null(), "is none of the declared values"
    if isinstance(kind, Number | Integer | Moment) and kind.bounds.origin == "declared":
        low, high = limit(kind.bounds.low, read), limit(kind.bounds.high, read)
        if low is not None:
            yield (read < low).fill_null(False), f"is below the declared {kind.bounds.low}"
        if high is not None:
            yield (read > high).fill_null(False), f"is above the declared {kind.bounds.high}"


def limit(bound: Scalar | None, column: pl.Series) -> pl.Series | None:
    """A bound as a series of one, in the type of the column; moments are written in ISO."""
    if bound is None:
        return None
    if not column.dtype.is_temporal():
        return pl.Series([bound])
    kind = Moment(precision="us", timezone=getattr(column.dtype, "time_zone", None))
    return read_column(pl.Series("bound", [str(bound)]), kind).cast(column.dtype)


def _all_fit(bad: pl.Series, cells: pl.Series, kind: Kind, fault: str) -> None:
    if not bad.any():
        return
    rows = bad.arg_true()
    cell = str(cells[rows[0]])
    shown = f"`{cell}`" if not kind.pii else f"of the shape `{shapes(pl.Series([cell]))[0]}`"
    more = f" There are {len(rows):,} such cells in {len(bad):,} rows." if len(rows) > 1 else ""
    raise DataError(
        f"Column `{cells.name}`: the cell {shown} in row {rows[0] + 1:,} {fault}.{more} Correct the data; or, in the "
        f"schema, add the cell to `markers` if it means empty, or change `kind`, `format`, `bounds` or `values`."
    )
