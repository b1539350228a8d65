"""Companies: name, web address, post, telephone, and somebody who answers."""

from collections.abc import Mapping
from functools import cache, cached_property
from typing import ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from synthesist.data.kinds import Category
from synthesist.providers import lists, naming, place
from synthesist.providers.entity import Drawn, Entity, Part
from synthesist.providers.factor import Factor, Pool, World
from synthesist.providers.locales import LOCALES
from synthesist.providers.place import LocaleWeights, weights_of
from synthesist.providers.writing import joined

__all__ = ["Company"]

STYLES = {"{one}": 0.5, "{one} & {two}": 0.3, "{one}-{two}": 0.2}
"""How companies are named after people, and how often: a default of ours."""
BOXES = ("info", "office", "sales", "contact", "service")
SECTIONS = {
    "A": "Agriculture, forestry and fishing",
    "B": "Mining and quarrying",
    "C": "Manufacturing",
    "D": "Electricity, gas, steam and air conditioning supply",
    "E": "Water supply; sewerage, waste management and remediation",
    "F": "Construction",
    "G": "Wholesale and retail trade; repair of motor vehicles",
    "H": "Transportation and storage",
    "I": "Accommodation and food service activities",
    "J": "Information and communication",
    "K": "Financial and insurance activities",
    "L": "Real estate activities",
    "M": "Professional, scientific and technical activities",
    "N": "Administrative and support service activities",
    "P": "Education",
    "Q": "Human health and social work activities",
    "R": "Arts, entertainment and recreation",
    "S": "Other service activities",
}
"""Sections of ISIC, revision 4, of the United Nations, but for the state, households and embassies."""


class Company(Entity):
    """A company named after people; its e-mail addresses and web address are of its own domain, which reaches nobody.

    Domains end in `.example`, which is reserved (RFC 2606). Industries are equally likely.
    """

    is_: Literal["company"] = Field(default="company", alias="is")
    locale: LocaleWeights = Field(default="en_US", description="language and country, or weights of several")

    parts: ClassVar[Mapping[str, Part]] = {
        "name": Part("with the legal form"),
        "legal_form": Part("as its country has it", "form", Category()),
        "industry": Part("section of ISIC", "industry", Category()),
        "industry_code": Part("letter of the section of ISIC", "industry", Category()),
        "domain": Part("from the name, under .example"),
        "url": Part("of the domain"),
        "email": Part("a box of the domain, as in info@"),
        "contact_name": Part("somebody who works there"),
        "contact_email": Part("of that person, in the domain"),
        **place.PARTS,
    }

    @cached_property
    def worlds(self) -> tuple[World, ...]:
        return tuple(
            World(weight, place.fixed(locale), _factors(locale)) for locale, weight in weights_of(self.locale).items()
        )


@cache
def _factors(locale: str) -> dict[str, Factor]:
    names = lists.names(locale)
    last = Factor.of(names.filter(list="L").select("weight", last_name="name", _last="latin"))
    first = names.filter(pl.col("list") != "L").select("weight", first_name="name", _first="latin")
    forms = pl.DataFrame({"legal_form": LOCALES[locale].suffixes})
    return {
        "one": last,
        "two": last,
        "last": last,
        "first": Factor.of(first),
        "form": Factor.of(forms),
        "industry": _industries(),
        "place": place.place(locale),
        "street": place.street(locale),
    }


@cache
def _industries() -> Factor:
    return Factor.of(pl.DataFrame({"industry_code": [*SECTIONS], "industry": [*SECTIONS.values()]}))


def _style(drawn: Drawn) -> np.ndarray:
    return np.searchsorted(np.cumsum([*STYLES.values()])[:-1], drawn.uniform("style"), side="right")


def _of_two(drawn: Drawn, part: str, between: tuple[str, str, str]) -> pl.Series:
    """The first name, or both with what stands between them."""
    style = _style(drawn)
    one, two = drawn.gathered(part, "one"), drawn.gathered(part, "two")
    alone = pl.Series([""], dtype=pl.String).new_from_index(0, drawn.n)
    return joined(one, pl.Series(between).gather(style), alone.zip_with(pl.Series(style == 0), two))


def _name(drawn: Drawn) -> pl.Series:
    """Where the family name comes first, so does the legal form; Chinese writes it behind, without a space."""
    locales = [LOCALES[locale] for locale in drawn.entity.fixed("locale")]
    name, form = _of_two(drawn, "last_name", ("", " & ", "-")), drawn["legal_form"]
    if not any(locale.country in ("JP", "CN") for locale in locales):
        return joined(name, " ", form)
    space = pl.Series(["" if locale.country in ("JP", "CN") else " " for locale in locales]).gather(drawn.world)
    before = pl.Series([locale.country == "JP" for locale in locales]).gather(drawn.world)
    return joined(form.zip_with(before, name), space, name.zip_with(before, form))


def _domain(drawn: Drawn) -> pl.Series:
    return joined(_of_two(drawn, "_last", ("", "-", "-")), ".example")


def _email(drawn: Drawn) -> pl.Series:
    boxes = pl.Series([f"{box}@" for box in BOXES])
    return joined(boxes.gather((drawn.uniform("box") * len(boxes)).astype(np.uint32)), drawn["domain"])


def _contact_email(drawn: Drawn) -> pl.Series:
    dotted = drawn.entity.pool("first").once("dotted", _dotted).gather(drawn.things("first"))
    return joined(dotted, drawn.gathered("_last", "last"), "@", drawn["domain"])


def _dotted(pool: Pool) -> pl.Series:
    return joined(pool.part("_first"), ".")


def _contact_name(drawn: Drawn) -> pl.Series:
    return naming.ordered(drawn, drawn.gathered("first_name", "first"), drawn.gathered("last_name", "last"))


Company.made = {
    "name": _name,
    "domain": _domain,
    "url": lambda drawn: joined("https://www.", drawn["domain"], "/"),
    "email": _email,
    "contact_name": _contact_name,
    "contact_email": _contact_email,
    **place.MADE,
}
