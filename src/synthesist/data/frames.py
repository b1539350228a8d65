"""The border: any data frame in, the same kind of frame out.

Frames are recognised by narwhals, so pandas is accepted (2 and 3) without ever being imported.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import polars as pl
import polars.selectors as cs

from synthesist.data.kinds import Boolean, Category, Duration, Integer, Kind, Moment, Number
from synthesist.data.moments import write_duration
from synthesist.data.numerals import Numeral
from synthesist.data.schema import TableSchema
from synthesist.errors import DataError, MissingExtraError, NotFoundError, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["check_names", "give", "stored", "take", "to_arrow"]

NATIVES = ("polars", "pandas", "pyarrow")
MICROSECONDS_A_DAY = 86_400_000_000
ACCEPTED = "a polars, pandas or pyarrow table, a mapping of column names to lists, or the path of a file"


# --------------------------------------------------------------------------- in


def take(frame: Any) -> tuple[pl.DataFrame, str]:
    """Any data frame as a polars one, with the name of what it was: "polars", "pandas" or "pyarrow".

    Missing is null afterwards, whatever the frame called it (NaN, NaT, NA, None). The index of a pandas
    frame is dropped. Object columns of mixed types become text.

    Raises:
        DataError: this is no data frame, it has no columns, or two columns share a name.
    """
    import narwhals as nw

    if isinstance(frame, dict):
        return _clean(_from_mapping(frame)), "polars"
    try:
        known = nw.from_native(frame)
    except nw.exceptions.DuplicateError as error:
        raise DataError(f"The table has two columns of the same name: {_one_line(error)}. Rename one.") from None
    except TypeError:
        raise DataError(f"A {type(frame).__name__} is no table. Give {ACCEPTED}.") from None
    eager = known.collect("polars") if isinstance(known, nw.LazyFrame) else known
    native = str(eager.implementation)
    check_names(eager.columns, "The table")
    columns = [_to_polars(eager[name]).alias(name) for name in eager.columns]
    return _clean(pl.DataFrame(columns)), native if native in NATIVES else "polars"


def check_names(names: Iterable[str], where: str) -> None:
    """Refuse tables that have no columns, a column without a name, or two columns of one name."""
    names = list(names)
    if not names:
        raise DataError(f"{where} has no columns: there is nothing to learn from.")
    if blank := [place for place, name in enumerate(names, 1) if not name.strip()]:
        raise DataError(
            f"{where} has no name for column {', '.join(map(str, blank))} of {len(names)}. Name it in the "
            "header, or leave it out (a row index written by pandas: write with `index=False`)."
        )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"{where} has more than one column called {', '.join(f'`{n}`' for n in twice)}. Rename them.")


def _from_mapping(columns: dict[Any, Any]) -> pl.DataFrame:
    import pyarrow as pa

    try:
        table = pa.table({str(name): pa.array(values, from_pandas=True) for name, values in columns.items()})
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise DataError(f"This mapping is no table: {_one_line(error)}. Give {ACCEPTED}.") from None
    return pl.DataFrame(table)


def _to_polars(column: Any) -> pl.Series:
    """One narwhals column as polars; what Arrow has no type for becomes text."""
    try:
        converted: pl.Series = column.to_polars()
        if converted.dtype == pl.Object:  # cells as Python has them, as of an array of numbers and None
            converted = pl.Series(converted.name, converted.to_list())
        # Periods and intervals arrive as an extension over bare integers, which nobody could read.
        if converted.dtype != pl.Object and type(converted.dtype).__name__ != "Extension":
            return converted
    except Exception:  # noqa: BLE001  (each frame library raises its own kind; text always works)
        pass
    cells = zip(column.to_list(), column.is_null().to_list(), strict=True)
    return pl.Series(column.name, [None if empty else str(cell) for cell, empty in cells], dtype=pl.String)


def _clean(table: pl.DataFrame) -> pl.DataFrame:
    """Missing is null, never NaN; an index that pandas saved beside the data is no data."""
    index = [name for name in table.columns if re.fullmatch(r"__index_level_\d+__", name)]
    table = table.drop(index) if len(index) < table.width else table
    check_names(table.columns, "The table")
    return table.with_columns(cs.float().fill_nan(None))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".")


# --------------------------------------------------------------------------- out


def give(dataset: Any, native: str) -> Any:
    """The one table of a Dataset as a "polars", "pandas" or "pyarrow" frame, stored as its source was.

    Whole numbers and truth values that may be missing come back as the nullable types of pandas, so
    that no digit is lost.
    """
    if native not in NATIVES:
        raise NotFoundError(f"No frames called `{native}`. {did_you_mean(native, NATIVES)}")
    table = stored(dataset.table, dataset.kinds)
    if native == "polars":
        return table
    return to_arrow(table) if native == "pyarrow" else _to_pandas(table)


def to_arrow(table: pl.DataFrame) -> "pa.Table":
    """A polars table in the Arrow types that every other library reads."""
    return table.to_arrow(compat_level=pl.CompatLevel.oldest())


def _to_pandas(table: pl.DataFrame) -> Any:
    try:
        frame = to_arrow(table).to_pandas(integer_object_nulls=True, date_as_object=False)
    except ImportError:
        raise MissingExtraError("A pandas frame needs pandas: `pip install pandas`.") from None
    for name, dtype in table.schema.items():
        if table[name].has_nulls() and (dtype.is_integer() or dtype == pl.Boolean):
            frame[name] = frame[name].astype("boolean" if dtype == pl.Boolean else str(dtype))
    return frame


# --------------------------------------------------------------------------- the source's own storage


def stored(table: pl.DataFrame, schema: TableSchema, *, text: bool = False) -> pl.DataFrame:
    """A table of storage types, cast back to how the source stored each column.

    With `text` moments and durations become text in any case, for files that hold nothing else.

    Raises:
        DataError: a value does not fit into the type of the source.
    """
    columns = (_stored(table[name], kind, text).alias(name) for name, kind in schema.columns.items())
    return pl.DataFrame(list(columns))


def _stored(column: pl.Series, kind: Kind, text: bool) -> pl.Series:
    target = _dtype(kind) or column.dtype
    if text and (target.is_temporal() or _has_words(kind) or any(kind.markers[:1])):
        target = pl.String()
    try:
        if target == pl.String or isinstance(target, pl.Categorical | pl.Enum):
            return _marked(_text(column, kind), kind).cast(target)
        return _marked(_cast(_text(column, kind) if kind.stored and _has_words(kind) else column, target), kind)
    except pl.exceptions.PolarsError as error:
        raise DataError(
            f"Column `{column.name}` does not fit into {kind.stored or target}, as its source stored it: "
            f"{_one_line(error)}. Change `stored` or `format` in the schema."
        ) from None


def _has_words(kind: Kind) -> bool:
    """Whether the source had its own way of writing these cells."""
    if isinstance(kind, Boolean):
        return kind.labels is not None
    return isinstance(kind, Number | Integer | Moment | Duration) and kind.format is not None


def _marked(column: pl.Series, kind: Kind) -> pl.Series:
    """Null written the source's way, where the source had a marker that this type can hold."""
    if not kind.markers or not (column.dtype.is_numeric() or column.dtype == pl.String):
        return column
    marker = pl.Series([kind.markers[0]]).cast(column.dtype, strict=False).item()
    return column if marker is None or marker != marker else column.fill_null(marker)


def _cast(column: pl.Series, target: pl.DataType) -> pl.Series:
    if column.null_count() == len(column):
        return pl.Series(column.name, [None] * len(column), dtype=target)
    if target.is_integer() and column.dtype.is_float():
        return column.round(0).cast(target)
    if target == pl.Boolean and column.dtype == pl.String:
        return column.str.to_lowercase() == "true"
    if target == pl.Time and column.dtype == pl.Duration:
        return (column.cast(pl.Int64) % MICROSECONDS_A_DAY * 1000).cast(pl.Time)
    return column.cast(target)


def _dtype(kind: Kind) -> pl.DataType | None:
    """The type that `kind.stored` names, as in "Int32" or "Datetime(time_unit='ns')"; None for the kind's own."""
    if not kind.stored:
        return None
    name, *_ = re.findall(r"\w+", kind.stored) or [""]
    unit, zone = re.search(r"\b(ns|us|ms)\b", kind.stored), re.search(r"time_zone='([^']+)'", kind.stored)
    match name:
        case "Enum" if isinstance(kind, Category) and kind.values:
            return pl.Enum([str(item) for item in kind.values.items])
        case "Enum":
            return pl.Categorical()
        case "Datetime":
            return pl.Datetime(unit[0] if unit else "us", zone[1] if zone else None)  # type: ignore[arg-type]
        case "Duration":
            return pl.Duration(unit[0] if unit else "us")  # type: ignore[arg-type]
        case "Decimal":
            return pl.Decimal(*(int(size) for size in re.findall(r"\d+", kind.stored)))
        case "List" | "Array" | "Struct":
            return None
    found = getattr(pl, name, None)
    if not (isinstance(found, type) and issubclass(found, pl.DataType)):
        raise DataError(f"`stored: {kind.stored}` names no polars type. Write one such as Int32, Float32 or String.")
    return found()


# --------------------------------------------------------------------------- text


def _text(column: pl.Series, kind: Kind) -> pl.Series:
    """The cells as the source would write them."""
    cell = pl.col(column.name)
    match kind:
        case Boolean() if column.dtype == pl.Boolean:
            no, yes = kind.labels or ("false", "true")
            text: pl.Expr = pl.when(cell).then(pl.lit(yes)).when(~cell).then(pl.lit(no))
        case Moment() if column.dtype.is_temporal():
            # a date has no clock of its own, but its source may have written one
            text = cell.cast(pl.Datetime("us", kind.timezone)).dt.to_string(kind.format or _iso(column.dtype, kind))
        case Duration() if column.dtype == pl.Duration:
            text = write_duration(
                cell, kind.format or ("%H:%M:%S%.f" if kind.precision in ("ms", "us") else "%H:%M:%S")
            )
        case Number():
            on_grid = cell if kind.decimals is None else cell.round(max(kind.decimals, 0))
            unsigned_zero = pl.when(on_grid == 0).then(pl.lit(0.0)).otherwise(on_grid)
            text = Numeral.of(kind.format).write(unsigned_zero)
        case Integer():
            text = Numeral.of(kind.format).write(cell)
        case _:
            text = cell.cast(pl.String)
    return column.to_frame().select(text.alias(column.name)).to_series()


def _iso(dtype: pl.DataType, kind: Moment) -> str:
    if dtype == pl.Date:
        return "%Y-%m-%d"
    fraction = {"ms": "%.3f", "us": "%.6f"}.get(kind.precision, "")
    return f"%Y-%m-%d %H:%M:%S{fraction}{'%:z' if kind.timezone else ''}"
