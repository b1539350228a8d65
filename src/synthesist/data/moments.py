"""Dates, times and lengths of time as people write them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import polars as pl

from synthesist.data.kinds import Unit
from synthesist.data.patterns import all_match

__all__ = ["Calendar", "duration_format", "precision", "read_duration", "write_duration"]

_DATES = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y-%m", "%Y/%m"),
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d-%b-%Y", "%d/%b/%Y", "%b-%d-%Y", "%b-%Y"),
    *("%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y", "%d-%b-%y"),
    *("%b %d %Y", "%b %d, %Y", "%d %b %Y", "%d. %b %Y", "%a, %d %b %Y", "%a %b %d %Y", "%b %Y"),
    *("%B %d %Y", "%B %d, %Y", "%d %B %Y", "%d. %B %Y", "%A, %B %d, %Y", "%A, %d %B %Y", "%B %Y"),
)
_PIECES = {"%Y": r"\d{4}", "%y": r"\d\d", "%m": r"\d\d?", "%d": r"\d\d?"}
_PIECES |= {"%b": "[A-Za-z]{3}", "%a": "[A-Za-z]{3}", "%B": "[A-Za-z]{3,9}", "%A": "[A-Za-z]{6,9}"}
_TAIL = re.compile(
    r"(?P<joint>[ T:])\d\d?:\d\d(?P<seconds>:\d\d(\.\d{1,9})?)?"
    r"(?P<noon> ?[AaPp][Mm])?(?P<zone>Z| UTC| ?[-+]\d\d:?\d\d)?"
)
_YEARS = (1450, 9999)  # %Y also reads 19 as the year 19; nobody's data begins before the printed book
_PLAIN_EVIDENCE = 5  # whole numbers that are all valid as 20191231: one in 270 is, where digits are at random
_CLOCK = r"^\s*(-)?(?:(\d+) days?,? )?(\d{1,3}):([0-5]\d)(?::([0-5]\d(?:\.\d{1,9})?))?$"
_MICROSECONDS: dict[Unit, int] = {"d": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1000}


@dataclass(frozen=True)
class Calendar:
    """One way to write moments as text: a strftime `format` and, where cells name a zone, UTC as `timezone`."""

    format: str
    timezone: str | None = None
    note: str = ""

    @classmethod
    def learn(cls, texts: pl.Series, named: bool = False) -> "Calendar | None":
        """The one format in which every one of these texts is a moment; None where there is none.

        Day and month are told apart by the whole column: a 13 in either place decides, then dates that
        run upwards in one reading only, then the reading with the shorter span. In real doubt the day
        comes first, as in most of the world, and the note says so.

        Args:
            texts: distinct cells in their order of appearance.
            named: whether the column is called a date, so that a few bare digits (20191231) suffice.
        """
        if texts.is_empty():
            return None
        fits = [calendar for calendar in _candidates(texts[0]) if calendar._fits(texts.head(50))]
        fits = [calendar for calendar in fits if calendar._fits(texts)]
        if not fits or (fits[0].format == "%Y%m%d" and len(texts) < _PLAIN_EVIDENCE and not named):
            return None
        best = fits[0]
        if rival := next((other for other in fits if other.format == _swapped(best.format)), None):
            best = _day_or_month(best, rival, texts)
        return cls(_unpadded(_fraction(best.format, texts), texts), best.timezone, best.note)

    def read(self, text: pl.Expr) -> pl.Expr:
        """Text to Datetime in microseconds, null where a cell does not follow the format."""
        format = self.format
        if not any(day in format for day in ("%d", "%-d")):
            text, format = text + pl.lit(" 01"), format + " %d"
        if not _has_clock(format):
            text, format = text + pl.lit(" 00:00"), format + " %H:%M"
        moment = text.str.to_datetime(format, strict=False, time_unit="us")
        if self.timezone is None:
            return moment
        if format.endswith("z"):
            return moment.dt.convert_time_zone(self.timezone)
        return moment.dt.replace_time_zone(self.timezone, ambiguous="earliest", non_existent="null")

    def _fits(self, texts: pl.Series) -> bool:
        if self.format.startswith("%Y%m%d") and not texts.str.contains(r"^\d{8}(?:\D|$)").all():
            return False  # 201911 is not the first of January
        moments = _evaluated(self, texts)
        years = moments.dt.year()
        return moments.null_count() == 0 and bool(years.is_between(*_YEARS).all())


def _candidates(text: str) -> Iterator[Calendar]:
    """Every format whose shape this text has."""
    for date in _DATES:
        shape = re.sub("%[A-Za-z]", lambda piece: _PIECES[piece[0]], date.replace(".", r"\."))
        if not (head := re.match(shape, text)):
            continue
        tail = text[head.end() :]
        if not tail:
            yield Calendar(date)
        elif clock := _TAIL.fullmatch(tail):
            yield Calendar(date + _clock_format(clock), "UTC" if clock["zone"] else None)


def _clock_format(clock: re.Match[str]) -> str:
    noon = (clock["noon"] or "").lower().replace("am", "%p").replace("pm", "%p")
    zone = clock["zone"] or ""
    if zone.strip()[:1] in ("+", "-") and zone:
        zone = " " * zone.startswith(" ") + ("%:z" if ":" in zone else "%z")
    hours = "%I" if noon else "%H"
    # the first cell may lack the fraction that others have, and %.f reads both
    return f"{clock['joint']}{hours}:%M{':%S%.f' if clock['seconds'] else ''}{noon}{zone}"


def _evaluated(calendar: Calendar, texts: pl.Series) -> pl.Series:
    return texts.to_frame("text").select(calendar.read(pl.col("text"))).to_series()


def _has_clock(format: str) -> bool:
    return any(hour in format for hour in ("%H", "%I", "%-H", "%-I"))


def _swapped(format: str) -> str:
    return format.replace("%d", "%\0").replace("%m", "%d").replace("%\0", "%m")


def _day_or_month(day_first: Calendar, month_first: Calendar, texts: pl.Series) -> Calendar:
    one, two = _evaluated(day_first, texts), _evaluated(month_first, texts)
    ordered = [moments.is_sorted() or moments.is_sorted(descending=True) for moments in (one, two)]
    if len(texts) > 2 and ordered[0] != ordered[1]:
        best = day_first if ordered[0] else month_first
        return Calendar(best.format, best.timezone, "day and month told apart by the order of rows")
    spans = [_span(moments) for moments in (one, two)]
    if len(texts) > 2 and max(spans) > 3 * min(spans):
        best = day_first if spans[0] < spans[1] else month_first
        return Calendar(best.format, best.timezone, "day and month told apart by the shorter span")
    return Calendar(
        day_first.format, day_first.timezone, "day or month first is open, day taken; set `format` if wrong"
    )


def _span(moments: pl.Series) -> int:
    """From the first to the last, in the steps the column counts."""
    steps = moments.to_physical()
    return cast(int, steps.max()) - cast(int, steps.min())


def _fraction(format: str, texts: pl.Series) -> str:
    """`%.3f` where every cell has three decimals of a second, none where no cell has any."""
    lengths = texts.str.extract(r":\d\d\.(\d+)").str.len_chars().fill_null(0).unique()
    if len(lengths) > 1 or lengths[0] not in (0, 3, 6):
        return format
    return format.replace("%.f", f"%.{lengths[0]}f" if lengths[0] else "")


def _unpadded(format: str, texts: pl.Series) -> str:
    """`%-d` where the source writes 1/2/2019 and not 01/02/2019."""
    date = texts.str.extract(r"^(\S*(?: \d{1,2},?(?: |$))?)")
    if date.str.contains(r"(?:^|[-/. ])\d(?:[-/., ]|$)").any():
        format = format.replace("%d", "%-d").replace("%m", "%-m")
    if _has_clock(format) and texts.str.contains(r"[ T]\d:\d\d").any():
        format = format.replace("%H", "%-H").replace("%I", "%-I")
    return format


def precision(moments: pl.Series) -> Unit:
    """The finest step these moments or durations use: all at midnight is "d", all seconds zero is "m"."""
    if moments.dtype == pl.Date:
        return "d"
    wall = moments.dt.replace_time_zone(None) if getattr(moments.dtype, "time_zone", None) else moments
    unit = pl.Duration("us") if wall.dtype == pl.Duration else pl.Datetime("us")
    ticks = wall.drop_nulls().cast(unit).cast(pl.Int64)
    for step, size in _MICROSECONDS.items():
        if (ticks % size == 0).all():
            return step
    return "us"


def duration_format(texts: pl.Series) -> str | None:
    """How these lengths or times of day are written (`14:05`, `26:10:00`, `3 days 04:05:06`); None if they are not."""
    if texts.is_empty() or not all_match(texts, _CLOCK):
        return None
    days = "%d days " if texts.str.contains("day").any() else ""
    if texts.str.contains(r"\.\d").any():
        return f"{days}%H:%M:%S%.f"
    return f"{days}%H:%M:%S" if texts.str.contains(r":\d+:").all() else f"{days}%H:%M"


def read_duration(text: pl.Expr) -> pl.Expr:
    """Text such as `14:05`, `26:10:00` or `3 days 04:05:06.5` to Duration in microseconds, else null."""
    groups = [text.str.extract(_CLOCK, group) for group in range(1, 6)]
    days, hours, minutes = (part.cast(pl.Int64) for part in groups[1:4])
    seconds = (groups[4].cast(pl.Float64).fill_null(0.0) * 1e6).round().cast(pl.Int64)
    total = ((days.fill_null(0) * 24 + hours) * 60 + minutes) * _MICROSECONDS["m"] + seconds
    return pl.when(groups[0] == "-").then(-total).otherwise(total).cast(pl.Duration("us"))


def write_duration(duration: pl.Expr, format: str) -> pl.Expr:
    """Durations to text in a format of `duration_format`; without days the hours run past 24."""
    total = duration.cast(pl.Int64).abs()
    days = total // _MICROSECONDS["d"] if "%d" in format else pl.lit(0)
    rest = total - days * _MICROSECONDS["d"]
    parts = {
        "%d": days,
        "%H": rest // _MICROSECONDS["h"],
        "%M": rest // _MICROSECONDS["m"] % 60,
        "%S": rest // _MICROSECONDS["s"] % 60,
    }
    text = pl.when(duration.cast(pl.Int64) < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    for piece in format.replace("%.f", "|%.f").replace(":", "|:|").replace(" days ", "| days |").split("|"):
        if piece == "%.f":
            fraction = (rest % 1_000_000).cast(pl.String).str.zfill(6).str.strip_chars_end("0")
            text = text + pl.when(fraction == "").then(pl.lit("")).otherwise(pl.lit(".") + fraction)
        elif piece == "%d":
            text = text + days.cast(pl.String)
        else:
            text = text + (parts[piece].cast(pl.String).str.zfill(2) if piece in parts else pl.lit(piece))
    return text
