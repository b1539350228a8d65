"""Dates and times read wrongly: day and month, century, zone, one day off."""

from collections.abc import Callable, Mapping
from typing import ClassVar, Literal

import polars as pl
from pydantic import Field

from synthesist.data.kinds import Kind, Moment
from synthesist.transforms.corrupt.chance import Chance
from synthesist.transforms.corrupt.fault import Way, Wayward

__all__ = ["Date", "localised"]

ZONES = (-12, -10, -8, -7, -6, -5, -3, -2, -1, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12)
"""Hours between zones that many people live in."""
FIRST, LAST = 1, 9999  # years that are written with four digits


def localised(made: pl.Series, like: pl.Series) -> pl.Series:
    """Moments of the clock on the wall, in the type and zone of a column; none where its clocks skip them."""
    zone = getattr(like.dtype, "time_zone", None)
    if zone is not None:
        made = made.cast(pl.Datetime("us")).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return made.cast(like.dtype).alias(like.name)


def _moved(change: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Way:
    """A way that an expression over the moment and a uniform number says; years that cannot be written are none."""

    def way(cells: pl.Series, kind: Kind, chance: Chance) -> pl.Series:
        del kind
        wall = cells.dt.replace_time_zone(None) if getattr(cells.dtype, "time_zone", None) else cells
        frame = pl.DataFrame({"moment": wall, "u": chance.uniform("move")})
        made = frame.select(change(pl.col("moment"), pl.col("u")).alias("moment")).to_series()
        return localised(made.set(~made.dt.year().is_between(FIRST, LAST).fill_null(True), None), cells)

    return way


def _day_for_month(moment: pl.Expr, u: pl.Expr) -> pl.Expr:
    del u
    day, month = moment.dt.day(), moment.dt.month()
    return pl.when(day <= 12).then(moment.dt.replace(day=month, month=pl.min_horizontal(day, 12)))


def _two_digits(moment: pl.Expr, u: pl.Expr) -> pl.Expr:
    del u
    return _with_year(moment, moment.dt.year() % 100)


def _century(moment: pl.Expr, u: pl.Expr) -> pl.Expr:
    return _with_year(moment, moment.dt.year() + 100 * _sign(u))


def _with_year(moment: pl.Expr, year: pl.Expr) -> pl.Expr:
    """The moment in another year; none where the year cannot be, nor on a leap day the other year lacks."""
    leap = (moment.dt.month() == 2) & (moment.dt.day() == 29)
    day = pl.when(leap).then(28).otherwise(moment.dt.day())
    return pl.when(year.is_between(FIRST, LAST) & ~leap).then(moment.dt.replace(year=year.clip(FIRST, LAST), day=day))


def _sign(u: pl.Expr) -> pl.Expr:
    return pl.when(u < 0.5).then(-1).otherwise(1)


def _zone(moment: pl.Expr, u: pl.Expr) -> pl.Expr:
    hours = pl.lit(pl.Series(ZONES, dtype=pl.Int64)).implode().list.get((u * len(ZONES)).cast(pl.Int64))
    return moment + pl.duration(hours=hours)


class Date(Wayward):
    """A date or time read wrongly: `day_month` exchanged, a `two_digit_year` taken as it stands (0024), the wrong
    `century`, `off_by_one` (a day), or the clock of another `zone` (times only)."""

    WAYS: ClassVar[Mapping[str, Way]] = {
        "day_month": _moved(_day_for_month),
        "two_digit_year": _moved(_two_digits),
        "century": _moved(_century),
        "off_by_one": _moved(lambda moment, u: moment + pl.duration(days=_sign(u))),
        "zone": _moved(_zone),
    }

    is_: Literal["date"] = Field(default="date", alias="is")

    def serves(self, kind: Kind) -> bool:
        return isinstance(kind, Moment) and (self._happening != {"zone"} or kind.precision != "d")

    def can(self, cells: pl.Series, kind: Kind) -> pl.Series:
        if self._happening == {"day_month"}:
            day = cells.dt.day()
            return ((day <= 12) & (day != cells.dt.month())).fill_null(False)
        return super().can(cells, kind)
