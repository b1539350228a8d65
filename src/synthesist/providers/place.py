"""Where something is: country, region, city and postcode that belong together, streets and telephones.

Cities are drawn by their population; a postcode of a city is as likely as any other of it.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated

import numpy as np
import polars as pl
from pydantic import AfterValidator, Field

from synthesist.data.kinds import Category, Number
from synthesist.errors import did_you_mean
from synthesist.providers import lists
from synthesist.providers.entity import Drawn, Part
from synthesist.providers.factor import Factor, Pool
from synthesist.providers.locales import LOCALES
from synthesist.providers.writing import digits, joined

__all__ = ["MADE", "PARTS", "LocaleWeights", "fixed", "place", "street", "weights_of"]

HOUSES = 240


def _known(written: str | dict[str, float]) -> str | dict[str, float]:
    """Refuse locales that there are no lists of."""
    for locale in weights_of(written):
        if locale not in LOCALES:
            raise ValueError(f"there is no locale `{locale}`. {did_you_mean(locale, LOCALES, limit=60)}")
    if not sum(weights_of(written).values()) > 0:
        raise ValueError("one locale at least weighs more than 0")
    return written


LocaleWeights = Annotated[str | dict[str, Annotated[float, Field(ge=0)]], AfterValidator(_known)]


def weights_of(written: str | dict[str, float]) -> dict[str, float]:
    """The weight of every locale that can come; they sum to 1."""
    if isinstance(written, str):
        return {written: 1.0}
    total = sum(written.values()) or 1.0
    return {locale: weight / total for locale, weight in written.items() if weight or locale not in LOCALES}


PARTS: Mapping[str, Part] = {
    "locale": Part("language and country, as in de_DE", "world", Category()),
    "country": Part("name of the country, in its own language", "world", Category()),
    "country_code": Part("ISO 3166, two letters", "world", Category()),
    "region": Part("state, province, county ...", "place", Category()),
    "region_code": Part("as written in addresses (CA, MI, 75), or as GeoNames has it", "place", Category()),
    "city": Part("by population", "place", Category()),
    "postcode": Part("a postcode of the city", "place", Category()),
    "latitude": Part("of the postcode, degrees", "place", Number(decimals=4)),
    "longitude": Part("of the postcode, degrees", "place", Number(decimals=4)),
    "timezone": Part("of the city, as in Europe/Berlin", "place", Category()),
    "street_name": Part("without number", "street", Category()),
    "street": Part("with the number of the house, in the order of the country"),
    "address": Part("the whole address on one line"),
    "phone": Part("with the codes of country and area; set aside for fiction where the country has such numbers"),
}


def fixed(locale: str) -> dict[str, str]:
    """What all places of a locale have in common."""
    about = LOCALES[locale]
    return {"locale": locale, "country": about.name, "country_code": about.country}


@cache
def place(locale: str) -> Factor:
    """The postcodes of a locale."""
    about = LOCALES[locale]
    table = lists.places(about.country)
    if about.regions:
        table = table.filter(pl.col("region").is_in(about.regions))
    table = table.with_columns(pl.col("latitude", "longitude").cast(pl.Float64).round(4))
    return Factor.of(table.with_columns(_pattern=pl.col("phone")).drop("phone"))


@cache
def street(locale: str) -> Factor:
    """The streets of a locale, each as likely as any other: nobody counted them."""
    return Factor.of(lists.streets(locale).to_frame().rename({"street": "street_name"}))


def _street(drawn: Drawn) -> pl.Series:
    """Houses at the beginning of a street are more frequent than at its end: not all streets are long."""
    locales = drawn.entity.fixed("locale").to_list()
    ways = list(dict.fromkeys(LOCALES[locale].street for locale in locales))
    before, behind = (_numbered([way.split("{}")[side] for way in ways]) for side in (0, 1))
    way = np.array([ways.index(LOCALES[locale].street) for locale in locales])[drawn.world]
    house = (drawn.uniform("house") ** 2 * HOUSES).astype(np.int64)
    return joined(before.gather(way * HOUSES + house), drawn["street_name"], behind.gather(way * HOUSES + house))


def _numbered(signs: list[str]) -> pl.Series:
    """What stands on one side of the name of a street, for every way of writing and every house."""
    return pl.Series([sign.replace("#", str(k + 1)) for sign in signs for k in range(HOUSES)])


def _address(drawn: Drawn) -> pl.Series:
    """The whole address, as its country writes it."""
    out = pl.Series([""], dtype=pl.String).new_from_index(0, drawn.n)
    lines: dict[str, list[int]] = {}
    for world, locale in enumerate(drawn.entity.fixed("locale")):
        lines.setdefault(LOCALES[locale].line, []).append(world)
    for line, worlds in lines.items():
        rows = np.flatnonzero(np.isin(drawn.world, worlds))
        pieces = [_piece(drawn, word, rows) for word in re.split("(street|postcode|city|region|code)", line) if word]
        out = joined(*pieces) if len(rows) == drawn.n else out.scatter(rows, joined(*pieces))
    return out


def _piece(drawn: Drawn, word: str, rows: np.ndarray) -> pl.Series | str:
    name = "region_code" if word == "code" else word
    return drawn[name].gather(rows) if name in PARTS else word


def _phone(drawn: Drawn) -> pl.Series:
    """The pattern of the place with its digits drawn."""
    texts, widths, of_place = drawn.entity.pool("place").once("phones", _patterns)
    which, pieces = of_place[drawn.things("place")], list[pl.Series]()
    for group, (text, width) in enumerate(zip(texts, widths, strict=True)):
        pieces += [text.gather(which), digits(drawn.uniform(f"phone {group}"), width[which])]
    return joined(*pieces)


def _patterns(pool: Pool) -> tuple[list[pl.Series], list[np.ndarray], np.ndarray]:
    """text[group][pattern] before each group of digits, width[group][pattern] of it, and the pattern of each place."""
    patterns = pool.part("_pattern")
    distinct = patterns.unique(maintain_order=True)
    cut = [re.findall("([^#]+)(#+)", pattern) for pattern in distinct]
    most = max(map(len, cut))
    cut = [groups + [("", "")] * (most - len(groups)) for groups in cut]
    texts = [pl.Series([groups[k][0] for groups in cut]) for k in range(most)]
    widths = [np.array([len(groups[k][1]) for groups in cut]) for k in range(most)]
    return texts, widths, patterns.replace_strict(distinct, np.arange(len(distinct))).to_numpy()


MADE: Mapping[str, Callable[[Drawn], pl.Series]] = {"street": _street, "address": _address, "phone": _phone}
