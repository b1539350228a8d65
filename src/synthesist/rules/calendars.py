"""The public holidays of a country, from the package of that name (extra `calendar`)."""

import re
import warnings
from datetime import date
from difflib import get_close_matches
from typing import Any

from synthesist.errors import MissingExtraError, did_you_mean

__all__ = ["known_country", "public_holidays"]


def public_holidays(code: str, first_year: int, last_year: int) -> list[date]:
    """The public holidays of these years, with the days they are observed on where they fall on a weekend.

    Raises:
        ValueError: the country is not known, or not in all of these years.
    """
    country, part = known_country(code)
    low, high = country.start_year, country.end_year
    if first_year < low or last_year > high:
        raise ValueError(f"the holidays of {code} are known from {low} to {high}: choose start and end within")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # so it tells of holidays that are known in some years only
        try:
            return sorted(country(subdiv=part, years=range(first_year, last_year + 1)))
        except UserWarning as known:
            raise ValueError(
                f"not all holidays of {code} are known from {first_year} to {last_year}: {known}"
            ) from None


def known_country(code: str) -> tuple[Any, str | None]:
    """The class of a country and its part, from a code such as `DE` or `GB-SCT` (ISO 3166).

    Raises:
        ValueError: there is no such country or no such part of it.
        MissingExtraError: the package `holidays` is not installed.
    """
    try:
        import holidays
    except ImportError:
        raise MissingExtraError(
            "Public holidays need the package `holidays`, which is not installed. "
            "Install it with: pip install 'synthesist[calendar]'"
        ) from None
    word, _, part = code.partition("-")
    country = getattr(holidays, word, None) if re.fullmatch("[A-Z]{2}", word) else None
    if country is None:
        raise ValueError(f"no holidays are known of `{word}`. {_country_meant(word)}")
    if part and part not in (known := {*country.subdivisions, *country.subdivisions_aliases}):
        raise ValueError(f"{word} has no part `{part}`. {did_you_mean(part, sorted(known), limit=60)}")
    return country, part or None


def _country_meant(word: str) -> str:
    from holidays.registry import COUNTRIES

    codes = {name.casefold(): names[1] for names in COUNTRIES.values() for name in names}
    begun = [name for name in codes if len(word) > 2 and name.startswith(word.casefold())]
    close = begun or get_close_matches(word.casefold(), codes, n=1)
    return did_you_mean(codes[close[0]], codes.values()) if close else "Write two letters, as in DE, US or GB-SCT."
