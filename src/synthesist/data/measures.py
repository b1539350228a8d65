"""Numbers and moments, once their values are read: keys, counts, measurements, dates."""

import polars as pl

from synthesist.data.column import Column
from synthesist.data.kinds import Bounds, Id, Integer, Kind, Moment, Number
from synthesist.data.moments import precision
from synthesist.data.numerals import decimal_grid, whole_step
from synthesist.data.patterns import names_things, number_key
from synthesist.data.pii import birth_hint, personal_hint
from synthesist.data.words import category, personal

__all__ = ["measured", "moment", "whole_numbers"]


def whole_numbers(column: Column, format: str | None = None) -> Kind:
    """A key, names written as numbers, or counts."""
    numbers = column.values
    texts = column.noting(values=numbers.cast(pl.String))
    if hint := personal_hint(column.name, texts.values.head(2000)):
        return personal(texts, hint)
    low, high = int(numbers.min()), int(numbers.max())  # type: ignore[arg-type]
    if column.unique and not format and (reason := number_key(column.name, numbers)):
        about = column.natively("Int64").about(f"unique in all {column.filled:,} rows", reason)
        gaps = column.filled < 0.9 * (high - low + 1)
        return Id(whole=True, first=low, last=high if gaps else None, **about)
    if names_things(column.name) and not format:
        named = texts.noting("numbers that name things, going by the column's name")
        return category(named, numbers.sort().cast(pl.String).to_list())
    step = whole_step(numbers.to_numpy())
    evidence = f"{len(numbers):,} distinct whole numbers", f"all multiples of {step}" if step > 1 else ""
    bounds = Bounds(low=low, high=high, origin="detected")
    return Integer(step=step, format=format, bounds=bounds, **column.natively("Int64").about(*evidence))


def measured(column: Column, format: str | None = None) -> Kind:
    """A measured quantity."""
    numbers = column.values
    decimals = decimal_grid(numbers.to_numpy(), single=column.stored == "Float32")
    grid = f"at most {decimals} decimal{'s' * (decimals != 1)}" if decimals is not None else "no fixed decimals"
    return Number(
        decimals=decimals,
        format=format,
        bounds=Bounds(low=numbers.min(), high=numbers.max(), origin="detected"),
        **column.natively("Float64").about(f"{len(numbers):,} distinct numbers", grid),
    )


def moment(column: Column, format: str | None, timezone: str | None) -> Kind:
    """A date or a time stamp."""
    moments = column.values
    kind = Moment(precision=precision(moments), format=format, timezone=timezone, pii=birth_hint(column.name))
    ends = (str(end.isoformat()) for end in (moments.min(), moments.max()))  # type: ignore[union-attr]
    low, high = (end.removesuffix("T00:00:00") if kind.precision == "d" else end for end in ends)
    about = column.natively(str(kind.storage)).about(f"{len(moments):,} distinct moments")
    return kind.model_copy(update={"bounds": Bounds(low=low, high=high, origin="detected"), **about})
