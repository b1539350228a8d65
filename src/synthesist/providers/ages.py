"""When somebody was born: by the ages of a country's residents, between two ages, as of a day that is declared."""

from collections.abc import Mapping
from datetime import date
from functools import cache

import numpy as np
import polars as pl

from synthesist.providers import lists
from synthesist.providers.factor import Factor

__all__ = ["OLDEST", "bands", "births", "residents"]

OLDEST = 110
BAND = 5  # years of age that are counted together
Weights = tuple[float, ...]


@cache
def residents(country: str, sex: str) -> Weights:
    """How many people there are of each year of age, 0 to 110: those of five years are shared out evenly."""
    table = lists.ages(country).filter(sex=sex)
    out = np.zeros(OLDEST + 1)
    for first, people in table.select("age_from", "people").iter_rows():
        out[first : first + BAND] = people / BAND
    return tuple(out)


def bands(written: Mapping[str, float]) -> Weights:
    """Weights of single years of age from those of bands, as in {18-29: 2, 30-64: 5}: each year of a band alike.

    Raises:
        ValueError: a band cannot be read, or two of them overlap.
    """
    out = np.zeros(OLDEST + 1)
    for band, weight in written.items():
        first, _, last = str(band).partition("-")
        if not first.strip().isdigit() or not (last or first).strip().isdigit():
            raise ValueError(f"a band of ages is written as in 18-29, not {band!r}")
        low, high = int(first), int(last or first)
        if not low <= high <= OLDEST or weight < 0:
            raise ValueError(f"the band {band!r}: ages rise from 0 to {OLDEST}, and weights are 0 or more")
        if out[low : high + 1].any():
            raise ValueError(f"the band {band!r} overlaps another one")
        out[low : high + 1] = weight / (high - low + 1)
    return tuple(out)


@cache
def births(weights: Weights, low: int, high: int, as_of: date) -> Factor:
    """Every day on which somebody was born who is `low` to `high` years old, as often as the year of age weighs."""
    last = np.datetime64(as_of)
    first = _years_before(as_of, high + 1) + 1
    days = np.arange(first, min(_years_before(as_of, low), last) + 1)
    age = ages(days, as_of)
    per_age = np.bincount(age, minlength=OLDEST + 2)
    weight = (np.array([*weights, 0.0]) / np.maximum(per_age, 1))[age]
    year = days.astype("datetime64[Y]").astype(np.int64) + 1970
    cells = {"birth_date": pl.Series(days), "age": pl.Series(age), "_year": pl.Series(year)}
    return Factor(weight / weight.sum(), cells)


def ages(days: np.ndarray, as_of: date) -> np.ndarray:
    """How old on the day `as_of` somebody is who was born on each day; on the birthday a year older."""
    month = days.astype("datetime64[M]")
    day = (days - month.astype("datetime64[D]")).astype(np.int64) + 1
    year = month.astype("datetime64[Y]").astype(np.int64) + 1970
    in_year = (month.astype(np.int64) % 12 + 1) * 100 + day
    return np.asarray(as_of.year - year - (in_year > as_of.month * 100 + as_of.day))


def _years_before(day: date, years: int) -> np.datetime64:
    """The same day so many years earlier; for a 29 February the last day of that February."""
    try:
        return np.datetime64(day.replace(year=day.year - years))
    except ValueError:
        return np.datetime64(day.replace(year=day.year - years, day=28))
