"""What is made of a name: the name in full, a user name, an e-mail address."""

import numpy as np
import polars as pl

from synthesist.providers.entity import Drawn
from synthesist.providers.factor import Pool
from synthesist.providers.locales import LOCALES
from synthesist.providers.writing import joined, numbers, zipped

__all__ = ["email", "full_name", "ordered", "user_name"]

STYLES = {"{first}.{last}": 8, "{first}{last}": 3, "{first}_{last}": 2, "{f}.{last}": 4, "{f}{last}": 3}
"""How the name stands in an address, and how often of 20 times: a default of ours, nobody publishes it."""
TWENTY = np.repeat(np.arange(len(STYLES)), [*STYLES.values()])
NUMBERED = 0.4  # of the addresses with the last two digits of the year of birth, a default of ours as well
NUMBERS = ("", *(f"{year:02}" for year in range(100)))


def full_name(drawn: Drawn) -> pl.Series:
    """First and last name, or last and first where the country has it so."""
    return ordered(drawn, drawn["first_name"], drawn["last_name"])


def ordered(drawn: Drawn, first: pl.Series, last: pl.Series) -> pl.Series:
    """The two names in the order of the country."""
    locales = [LOCALES[locale] for locale in drawn.entity.fixed("locale")]
    swapped = np.array([locale.family_first for locale in locales])[drawn.world]
    if not swapped.any():
        return joined(first, " ", last)
    between = pl.Series([locale.joined for locale in locales]).gather(drawn.world)
    mask = pl.Series(swapped)
    return joined(last.zip_with(mask, first), between, first.zip_with(mask, last))


def user_name(drawn: Drawn) -> pl.Series:
    first, last, end = _address_pieces(drawn)
    return joined(first, last, end)


def email(drawn: Drawn) -> pl.Series:
    domains = pl.Series([f"@{domain}" for domain in drawn.entity.email_domains])  # type: ignore[attr-defined]
    first, last, end = _address_pieces(drawn, domains)
    return joined(first, last, end)


def _address_pieces(drawn: Drawn, domains: pl.Series | None = None) -> tuple[pl.Series, pl.Series, pl.Series]:
    """What an address begins with, the last name, and all behind it: number and domain."""
    style = TWENTY[(drawn.uniform("style") * len(TWENTY)).astype(np.int64)]
    pool = drawn.entity.pool("first").once("addresses", _first_pieces)
    first, last = pool.gather(drawn.things("first") * len(STYLES) + style), drawn.gathered("_last", "last")
    ends = pl.Series([""]) if domains is None else domains
    place = (drawn.uniform("domain") * len(ends)).astype(np.int64)
    if drawn.asked.numbered:
        return first, last, joined(numbers(drawn.asked.units, drawn.asked.run.seed("numbers")), ends.gather(place))
    year = drawn.gathered("_year", "birth").to_numpy() % 100
    number = np.where(drawn.uniform("numbered") < NUMBERED, year + 1, 0)
    return first, last, zipped(NUMBERS, ends).gather(number * len(ends) + place)


def _first_pieces(pool: Pool) -> pl.Series:
    """What each first name becomes in each style."""
    names = pool.part("_first").to_frame("n")
    first, initial = pl.col("n"), pl.col("n").str.head(1)
    styled = [first + ".", first, first + "_", initial + ".", initial]
    table = names.select(expression.alias(f"{k}") for k, expression in enumerate(styled))
    return table.select(pl.concat_list(pl.all())).to_series().explode()
