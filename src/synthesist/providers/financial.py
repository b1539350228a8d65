"""Cards, accounts, currencies, and what merchants sell by their codes."""

from collections.abc import Mapping
from datetime import date
from functools import cache, cached_property
from typing import ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from synthesist.codecs.checkdigits import luhn
from synthesist.codecs.iban import COUNTRIES, checked, layout
from synthesist.codecs.written import written
from synthesist.data.kinds import Category, Text
from synthesist.providers import lists
from synthesist.providers.entity import Drawn, Entity, Part
from synthesist.providers.factor import Factor, World
from synthesist.providers.locales import LOCALES
from synthesist.providers.place import LocaleWeights, fixed, weights_of
from synthesist.providers.writing import digits, joined

__all__ = ["Financial"]

NETWORKS = {
    "Visa": (0.55, "4", 16),
    "Mastercard": (0.32, "5", 16),
    "American Express": (0.08, "37", 15),
    "Discover": (0.05, "6011", 16),
}
"""How often each is drawn (a default of ours), what its numbers begin with, and how long they are."""
YEARS = 5  # a card is good for


class Financial(Entity):
    """A card and an account in a country with its currency, and a merchant with its code.

    Check digits are right; a number belongs to nobody on purpose, but may be somebody's by chance. The IBAN is of the
    country, where it has such (elsewhere it is empty), and so is the currency. Merchant codes are equally likely.
    """

    is_: Literal["financial"] = Field(default="financial", alias="is")
    locale: LocaleWeights = Field(default="en_US", description="language and country, or weights of several")
    as_of: date = Field(default=date(2025, 1, 1), description="cards expire up to five years after this day")

    parts: ClassVar[Mapping[str, Part]] = {
        "card_network": Part("Visa, Mastercard, American Express or Discover", "network", Category()),
        "card_number": Part("of the network, with Luhn's check digit"),
        "card_expiry": Part("month and year, as in 07/28"),
        "card_code": Part("three digits, four of American Express"),
        "iban": Part("with check digits; empty where the country has none", kind=Text(missing=True)),
        "account": Part("eight digits"),
        "currency": Part("of the country, ISO 4217", "world", Category()),
        "currency_name": Part("of the country", "world", Category()),
        "any_currency": Part("any that is in use, ISO 4217", "currency", Category()),
        "merchant_code": Part("merchant category code", "merchant", Category()),
        "merchant_category": Part("what the code means", "merchant", Category()),
        "country_code": Part("ISO 3166, two letters", "world", Category()),
        "locale": Part("language and country, as in de_DE", "world", Category()),
    }

    @cached_property
    def worlds(self) -> tuple[World, ...]:
        names = dict(lists.currencies().select("code", "currency").iter_rows())
        out = []
        for locale, weight in weights_of(self.locale).items():
            code = LOCALES[locale].currency
            out.append(World(weight, {**fixed(locale), "currency": code, "currency_name": names[code]}, _factors()))
        return tuple(out)


@cache
def _factors() -> dict[str, Factor]:
    networks = pl.DataFrame({"card_network": [*NETWORKS], "weight": [share for share, _, _ in NETWORKS.values()]})
    merchants = lists.merchants().rename({"code": "merchant_code", "description": "merchant_category"})
    return {
        "network": Factor.of(networks),
        "merchant": Factor.of(merchants),
        "currency": Factor.of(lists.currencies().select(any_currency="code")),
    }


def _card_number(drawn: Drawn) -> pl.Series:
    network = drawn.things("network")
    number = drawn.asked.block.rng("card").integers(10, size=(drawn.n, 16))
    lengths = np.array([length for _, _, length in NETWORKS.values()])
    for each, (_, prefix, length) in enumerate(NETWORKS.values()):
        rows = np.flatnonzero(network == each)
        number[rows, : len(prefix)] = [*map(int, prefix)]
        if prefix == "5":
            number[rows, 1] = 1 + number[rows, 1] % 5  # 51 to 55
        number[rows, length - 1] = luhn(number[rows, : length - 1])
    return written(number + ord("0"), lengths[network])


def _card_expiry(drawn: Drawn) -> pl.Series:
    as_of = drawn.entity.as_of  # type: ignore[attr-defined]
    months = [as_of.year * 12 + as_of.month - 1 + k for k in range(12 * YEARS)]
    pool = pl.Series([f"{month % 12 + 1:02}/{month // 12 % 100:02}" for month in months])
    return pool.gather((drawn.uniform("expiry") * len(pool)).astype(np.uint32))


def _card_code(drawn: Drawn) -> pl.Series:
    widths = np.array([4 if name == "American Express" else 3 for name in NETWORKS])
    return digits(drawn.uniform("code"), widths[drawn.things("network")])


def _iban(drawn: Drawn) -> pl.Series:
    out = pl.Series([None], dtype=pl.String).new_from_index(0, drawn.n)
    countries = drawn.entity.fixed("country_code")
    chance = drawn.asked.block.rng("iban")
    for country in countries.unique(maintain_order=True):
        rows = np.flatnonzero((countries == country).to_numpy()[drawn.world])
        if country in COUNTRIES and len(rows):
            places = [chance.integers(len(signs), size=len(rows)) for signs in layout(country)]
            signs = [np.array([*s.encode()], dtype=np.uint8)[k] for s, k in zip(layout(country), places, strict=True)]
            out = out.scatter(rows, written(checked(country, np.column_stack(signs))))
    return out


Financial.made = {
    "card_number": _card_number,
    "card_expiry": _card_expiry,
    "card_code": _card_code,
    "iban": _iban,
    "account": lambda drawn: joined(digits(drawn.uniform("account"), 4), digits(drawn.uniform("account end"), 4)),
}
