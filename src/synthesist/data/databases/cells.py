"""Cells between a database's own text and what kinds store. What a kind cannot hold without loss stays text."""

import polars as pl

from synthesist.data.databases.types import Type
from synthesist.data.frames import stored
from synthesist.data.kinds import Boolean, Dialect, Duration, Id, Integer, Kind, Moment, Number
from synthesist.data.schema import TableSchema

__all__ = ["as_sent", "held", "literals", "quoted_text", "spelled"]

EXACT_DIGITS = 15
TRUTHS = {"t": True, "true": True, "1": True, "f": False, "false": False, "0": False}


def held(raw: pl.Series, kind: Kind, dialect: Dialect) -> pl.Series:
    """Cells of a database as their kind stores them; as they came where a single one could not be given back.

    Such are a number of 20 digits, the date `infinity`, and a time interval of months.
    """
    if raw.dtype in (kind.storage, pl.Null):
        return raw.cast(kind.storage)
    if not (raw.dtype.is_numeric() or raw.dtype == pl.String):
        return raw
    text = raw.cast(pl.String)
    found = text.to_frame().select(_reading(pl.first(), kind).alias(raw.name)).to_series()
    return found if found.null_count() == raw.null_count() and _kept(raw, text, found, dialect) else raw


def as_sent(table: pl.DataFrame, schema: TableSchema) -> pl.DataFrame:
    """The cells as a database is told them: as their kinds store them, whatever a file had; those of a database as it
    stored them. A column that a database gave as its own text goes on as this text."""
    kinds = {
        name: kind if kind.native else kind.model_copy(update={"stored": "", "markers": ()})
        for name, kind in schema.columns.items()
        if kind.storage == pl.String or table[name].dtype != pl.String
    }
    sent = stored(table, schema.model_copy(update={"columns": kinds}))
    return table.select(sent[name] if name in kinds else table[name] for name in table.columns)


def _kept(raw: pl.Series, text: pl.Series, found: pl.Series, dialect: Dialect) -> bool:
    """Whether the cells that were understood say all that the text said."""
    if found.dtype == pl.Float64:
        return raw.dtype != pl.String or _exact(text)
    if not found.dtype.is_temporal():
        return True
    if dialect == "sqlite":  # where a time is whatever text somebody wrote
        return spelled(found, dialect).equals(text, null_equal=True)
    return not text.str.contains(r"\.\d{7}").any()


def _reading(text: pl.Expr, kind: Kind) -> pl.Expr:
    match kind:
        case Integer():
            return text.cast(pl.Int64, strict=False)
        case Id() if kind.whole:
            return text.cast(pl.Int64, strict=False)
        case Number():
            return text.str.replace("Infinity", "inf", literal=True).cast(pl.Float64, strict=False)
        case Boolean():
            return text.replace_strict(TRUTHS, default=None, return_dtype=pl.Boolean)
        case Moment() if kind.storage == pl.Date():
            return text.str.to_date("%Y-%m-%d", strict=False)
        case Moment():
            moment = text.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
            return moment.dt.replace_time_zone("UTC").dt.convert_time_zone(kind.timezone) if kind.timezone else moment
        case Duration():
            return _length(text)
    return text


def _length(text: pl.Expr) -> pl.Expr:
    """A time of day, or a length of time in hours, minutes and seconds."""
    parts = text.str.extract_groups(r"^(-?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?$").struct
    hours, minutes, seconds = (parts.field(str(place)).cast(pl.Int64) for place in (2, 3, 4))
    fraction = parts.field("5").fill_null("0").str.pad_end(6, "0").cast(pl.Int64)
    length = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction
    return pl.when(parts.field("1") == "-").then(-length).otherwise(length).cast(pl.Duration("us"))


def _exact(text: pl.Series) -> bool:
    """Whether all these numbers have so few digits that a float holds them, or are written as floats are."""
    digits = text.str.replace(r"[eE].*", "").str.replace_all(r"[^0-9]", "").str.strip_chars_start("0")
    long = text.filter(digits.str.len_bytes() > EXACT_DIGITS)
    if not len(long):
        return True
    plain = (
        pl.when(pl.first().str.contains(".", literal=True))
        .then(pl.first().str.strip_chars_end("0").str.strip_chars_end("."))
        .otherwise(pl.first())
    )
    back = long.cast(pl.Float64, strict=False).to_frame().select(_decimal_text(pl.first())).to_series()
    return bool((long.to_frame().select(plain).to_series() == back).all())


def _decimal_text(number: pl.Expr) -> pl.Expr:
    return number.cast(pl.String).str.strip_suffix(".0")


# --------------------------------------------------------------------------- out


def spelled(column: pl.Series, dialect: Dialect) -> pl.Series:
    """Cells as text that every column of their type takes: `2024-02-29 12:00:00.5`, `1.5e-07`, `01:30:00`."""
    dtype = column.dtype
    cell = pl.first()
    if dtype == pl.String:
        return column
    if dtype == pl.Boolean:
        yes, no = ("1", "0") if dialect in ("mysql", "sqlite") else ("true", "false")
        text: pl.Expr = pl.when(cell).then(pl.lit(yes)).when(~cell).then(pl.lit(no))
    elif isinstance(dtype, pl.Datetime):
        moment = cell.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if dtype.time_zone else cell
        zone = "+00" if dtype.time_zone and dialect in ("postgres", "duckdb") else ""
        text = moment.dt.to_string("%Y-%m-%d %H:%M:%S%.6f").str.strip_chars_end("0").str.strip_suffix(".") + zone
    elif dtype == pl.Duration:
        text = _clock(cell.dt.total_microseconds())
    elif dtype == pl.Binary:
        text = cell.bin.encode("hex")
    elif dtype.is_nested():
        return pl.Series(
            column.name, [None if row is None else _listed(row, dialect) for row in column.to_list()], dtype=pl.String
        )
    else:
        text = cell.cast(pl.String)
    return column.to_frame().select(text.alias(column.name)).to_series()


def _clock(micros: pl.Expr) -> pl.Expr:
    size = micros.abs()
    parts = [
        pl.when(micros < 0).then(pl.lit("-")).otherwise(pl.lit("")),
        (size // 3_600_000_000).cast(pl.String).str.zfill(2),
        pl.lit(":"),
        (size // 60_000_000 % 60).cast(pl.String).str.zfill(2),
        pl.lit(":"),
        (size // 1_000_000 % 60).cast(pl.String).str.zfill(2),
        pl.lit("."),
        (size % 1_000_000).cast(pl.String).str.zfill(6),
    ]
    return pl.when(micros.is_not_null()).then(pl.concat_str(parts).str.strip_suffix(".000000"))


def _listed(row: list[float], dialect: Dialect) -> str:
    cells = ",".join("NULL" if cell is None else repr(cell) for cell in row)
    return f"{{{cells}}}" if dialect == "postgres" else f"[{cells}]"


def literals(column: pl.Series, dialect: Dialect, found: Type | None = None) -> pl.Series:
    """Cells as they stand in SQL, in a column of this type; null is NULL."""
    text, cell = spelled(column, dialect), pl.first()
    family = found.family if found is not None and column.dtype == pl.String else ""
    if column.dtype.is_integer() or (column.dtype.is_float() and column.is_finite().all()):
        return text.fill_null("NULL")
    if dialect != "postgres" and (family == "bytes" or column.dtype == pl.Binary):
        sql = "X'" + cell + "'"
    elif dialect == "mysql" and family == "bits":
        sql = "b'" + cell + "'"
    else:
        prefix = "\\x" if dialect == "postgres" and (family == "bytes" or column.dtype == pl.Binary) else ""
        cell = cell.str.replace_all("\\", "\\\\", literal=True) if dialect == "mysql" else cell
        sql = pl.lit(f"'{prefix}") + cell.str.replace_all("'", "''", literal=True) + "'"
    return text.to_frame().select(sql.fill_null("NULL").alias(column.name)).to_series()


def quoted_text(text: str, dialect: Dialect = "postgres") -> str:
    """One text as it stands in SQL."""
    return "'" + (text.replace("\\", "\\\\") if dialect == "mysql" else text).replace("'", "''") + "'"
