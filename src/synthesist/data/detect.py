"""What every column of a table is, learnt from its cells and its name, with the evidence in a few words.

In real doubt the choice is the one that does less harm: text that could be a category stays one, whole
numbers stay numbers, 0 and 1 are numbers unless the source says boolean, `yes` and `no` are categories
and only words for true and false are booleans. A `why` beside every kind says what spoke for it; what
is wrong is corrected in the schema, which `conform` then obeys.
"""

import re
from decimal import Decimal

import polars as pl

from synthesist.data import markers
from synthesist.data.column import Column, observe
from synthesist.data.conform import conform, read_column
from synthesist.data.kinds import Array, Boolean, Constant, Duration, Id, Integer, Kind, Moment, Number, Text
from synthesist.data.measures import measured, moment, whole_numbers
from synthesist.data.moments import Calendar, duration_format, precision
from synthesist.data.numerals import Numeral
from synthesist.data.patterns import code_pattern
from synthesist.data.pii import personal_hint
from synthesist.data.schema import TableSchema
from synthesist.data.words import category, words
from synthesist.errors import DataError, did_you_mean

__all__ = ["conform", "detect"]

_PLAIN = (pl.String, pl.Boolean, pl.Categorical, pl.Enum, pl.Null)
_TRUTHS = (("false", "true"), ("f", "t"))


def detect(
    table: pl.DataFrame, name: str = "table", declared: TableSchema | None = None
) -> tuple[TableSchema, pl.DataFrame]:
    """Learn the schema of a raw table, and cast the table to it.

    Args:
        table: text columns as from a CSV file, or typed ones.
        name: the name of the table; `name` in a table of customers is a person's.
        declared: kinds that are already known, for some or all columns; its key, links and rules stay.

    Raises:
        DataError: a column is of a type no kind stands for, or does not fit its declared kind.
    """
    known = declared.columns if declared else {}
    if lost := [column for column in known if column not in table.columns]:
        raise DataError(f"The schema names a column `{lost[0]}`. {did_you_mean(lost[0], table.columns)}")
    kinds = {column: known.get(column) or _kind(table[column], name) for column in table.columns}
    keys = [column for column, kind in kinds.items() if isinstance(kind, Id) and not kind.missing]
    schema = TableSchema(columns=kinds, key=tuple(keys) if len(keys) == 1 else ())
    if declared:
        schema = declared.model_copy(update={"columns": kinds, "key": declared.key or schema.key})
    return schema, conform(table, schema)


def _kind(raw: pl.Series, table: str) -> Kind:
    dtype = raw.dtype
    if dtype.is_nested():
        return _array(raw)
    if not (dtype.is_numeric() or dtype.is_temporal() or isinstance(dtype, _PLAIN)):
        raise DataError(
            f"Column `{raw.name}` holds {dtype} cells, which no kind stands for. "
            "Drop it, or turn it into text or numbers."
        )
    column = observe(raw, table)
    if not column.rows:
        return _unseen(dtype, column.natively("String"))
    if dtype == pl.String and markers.among_words(column.values).all():
        column = column.all_empty()
    if not column.filled:
        return Constant(**column.natively("String").about("all cells are empty"))
    if len(column.values) == 1 and not column.missing and not dtype.is_temporal():
        return _constant(column)
    if dtype == pl.String:
        return _from_text(column)
    if isinstance(dtype, pl.Categorical | pl.Enum):
        levels = list(dtype.categories) if isinstance(dtype, pl.Enum) else None
        return category(column.noting("categories of the source"), levels)
    if dtype == pl.Boolean:
        return Boolean(**column.natively("Boolean").about("true or false in the source"))
    if dtype.is_temporal():
        return _from_time(column.noting(f"{dtype.base_type()} in the source".lower()))
    return _from_numbers(column, dtype)


def _unseen(dtype: pl.DataType, column: Column) -> Kind:
    """A table without rows: the type of the column is all there is to go by."""
    about = column.about("no rows to learn from")
    if dtype.is_integer():
        return Integer(**about)
    if dtype.is_numeric():
        return Number(**about)
    if dtype == pl.Boolean:
        return Boolean(**about)
    if dtype in (pl.Time, pl.Duration):
        return Duration(**about)
    if dtype.is_temporal():
        return Moment(precision="d" if dtype == pl.Date else "us", timezone=getattr(dtype, "time_zone", None), **about)
    return Constant(**about) if dtype == pl.Null else Text(**about)


def _constant(column: Column) -> Kind:
    """One value in every row; text that reads back the same as a whole number is that number."""
    value = column.values[0]
    if isinstance(value, str):
        if hint := personal_hint(column.name, column.values, column.table):
            return Text(pii=hint, **column.natively("String").about(f"looks like personal data: {hint}"))
        if re.fullmatch(r"0|-?[1-9]\d{0,17}", value):
            value = int(value)
    elif isinstance(value, int) and abs(value) >= 2**63:
        value = str(value)
    elif isinstance(value, Decimal):
        value = float(value)
    own = {bool: "Boolean", int: "Int64", float: "Float64", str: "String"}[type(value)]
    return Constant(value=value, **column.natively(own).about("the same in every row"))


# --------------------------------------------------------------------------- text


def _from_text(column: Column) -> Kind:
    """Moments, numbers, lengths of time and truths written as text; else words."""
    bare = column.without(markers.among_values(column.values))
    for read in (_moments_in_text, _numbers_in_text, _durations_in_text, _truths_in_text):
        if kind := read(bare):
            return kind
    pattern = code_pattern(bare.values) or ""
    if not ("9" in pattern or "x" in pattern):
        bare = column.without(markers.among_words(column.values))
    return words(bare)


def _numbers_in_text(column: Column) -> Kind | None:
    if (numeral := Numeral.learn(column.values)) is None:
        return None
    frame = column.values.to_frame("text")
    whole = frame.select(numeral.read_whole(pl.col("text"))).to_series()
    if whole.has_nulls() and numeral.decimals == 0:
        return None  # more digits than any number needs: a code
    infinite = any("inf" in marker.lower() for marker in column.markers)
    column = column.noting(
        f"numbers stored as text{f' like {numeral.format}' if numeral.format else ''}",
        "an infinite value counts as missing" if infinite else "",
    )
    if not whole.has_nulls() and (numeral.decimals or 0) <= 1:
        return whole_numbers(column.noting(values=whole), numeral.format)
    numbers = frame.select(numeral.read(pl.col("text"))).to_series()
    return measured(column.noting(values=numbers), numeral.format)


def _moments_in_text(column: Column) -> Kind | None:
    calendar = Calendar.learn(column.values, named=_called_a_date(column.name))
    if calendar is None:
        return None
    moments = column.values.to_frame("text").select(calendar.read(pl.col("text"))).to_series()
    column = column.noting(f"written like {calendar.format}", calendar.note, values=moments)
    return moment(column, calendar.format, calendar.timezone)


def _called_a_date(name: str) -> bool:
    return any(word in name.lower() for word in ("date", "dob", "birth", "datum", "fecha"))


def _durations_in_text(column: Column) -> Kind | None:
    format = duration_format(column.values)
    if format is None:
        return None
    lengths = read_column(column.values, Duration())
    about = column.about(f"times or lengths of time written like {format}")
    return Duration(precision=precision(lengths), format=format, **about)


def _truths_in_text(column: Column) -> Kind | None:
    """Words for true and false, in any case; `t` and `f` only where both are there."""
    cells = column.values.str.to_lowercase()
    for falsity, truth in _TRUTHS:
        fits = cells.is_in([falsity, truth]).all() and (truth == "true" or cells.n_unique() == 2)
        if fits:
            labels = [_label(column, cells == word, word) for word in (falsity, truth)]
            return Boolean(labels=(labels[0], labels[1]), **column.about("only words for true and false"))
    return None


def _label(column: Column, hit: pl.Series, word: str) -> str:
    """The source's own spelling of a word, or one in the case of its other word."""
    spellings = column.values.filter(hit)
    if len(spellings):
        return str(spellings[0])
    other = str(column.values[0])
    return word.upper() if other.isupper() else word.capitalize() if other[0].isupper() else word


# --------------------------------------------------------------------------- typed columns


def _from_numbers(column: Column, dtype: pl.DataType) -> Kind:
    values = column.values
    if dtype.is_integer():
        whole = values.cast(pl.Int64, strict=False)
        if whole.has_nulls():  # beyond 64 bits: no arithmetic was ever meant
            return words(column.noting("whole numbers of more than 64 bits", values=values.cast(pl.String)))
        column = column.noting(values=whole)
        return _dates_in_digits(column) or whole_numbers(column)
    numbers = values.cast(pl.Float64)
    if (numbers == numbers.round(0)).all() and numbers.abs().max() < 2**53:  # type: ignore[operator]
        return whole_numbers(column.noting("whole numbers in a column of decimals", values=numbers.cast(pl.Int64)))
    return measured(column.noting(values=numbers))


def _dates_in_digits(column: Column) -> Kind | None:
    """Whole numbers such as 20191231."""
    if not column.values.is_between(14500101, 99991231).all():
        return None
    return _moments_in_text(column.noting(values=column.values.cast(pl.String)))


def _from_time(column: Column) -> Kind:
    values = column.values
    if values.dtype in (pl.Time, pl.Duration):
        lengths = read_column(values, Duration())
        note = "time of day, as the length of time since midnight" if values.dtype == pl.Time else ""
        return Duration(precision=precision(lengths), **column.natively(str(pl.Duration("us"))).about(note))
    return moment(column, None, getattr(values.dtype, "time_zone", None))


def _array(raw: pl.Series) -> Kind:
    inner = getattr(raw.dtype, "inner", None)
    while inner is not None and inner.is_nested():
        inner = getattr(inner, "inner", None)
    if inner is None or not inner.is_numeric() or raw.dtype.inner != inner:  # type: ignore[attr-defined]
        raise DataError(
            f"Column `{raw.name}` holds {raw.dtype} cells. Only flat lists of numbers can be read: spread it "
            "over columns, write it as text, or drop it."
        )
    lists = raw.arr.to_list() if isinstance(raw.dtype, pl.Array) else raw
    lengths = lists.list.len().drop_nulls().unique()
    shape = (int(lengths[0]),) if len(lengths) == 1 else None
    stored = "" if raw.dtype == pl.List(pl.Float64) else str(raw.dtype)
    return Array(shape=shape, missing=raw.has_nulls(), stored=stored, why="lists of numbers in the source")
