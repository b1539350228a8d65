"""People: names, sex, birth, where they live, how they are reached; all of it goes together."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache, cached_property
from typing import Annotated, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field, field_validator, model_validator

from synthesist.data.kinds import Bounds, Category, Integer, Kind, Moment
from synthesist.providers import lists, naming, place
from synthesist.providers.ages import OLDEST, Weights, bands, births, residents
from synthesist.providers.entity import Drawn, Entity, Part
from synthesist.providers.factor import Factor, World
from synthesist.providers.locales import LOCALES
from synthesist.providers.place import LocaleWeights, weights_of

__all__ = ["Person"]

SEXES = ("F", "M")


class Person(Entity):
    """Somebody with a name, a birthday, an address, a telephone and an e-mail address.

    First names go with sex and locale, the age with the residents of the country, city and postcode and telephone with
    each other, the e-mail address with the name and the year of birth. Names do not go with the year of birth.
    """

    is_: Literal["person"] = Field(default="person", alias="is")
    locale: LocaleWeights = Field(default="en_US", description="language and country, or weights of several")
    female: float | None = Field(default=None, ge=0, le=1, description="share of women; none: as among the residents")
    age: tuple[int, int] = Field(default=(18, 90), description="youngest and oldest, in whole years")
    ages: Literal["residents", "uniform"] | dict[str, Annotated[float, Field(ge=0)]] = Field(
        default="residents", description="as in the country, all alike, or weights of bands: {18-29: 2, 30-64: 5}"
    )
    as_of: date = Field(default=date(2025, 1, 1), description="the day on which people have their age")
    email_domains: tuple[str, ...] = Field(
        default=("example.com", "example.org", "example.net"),
        min_length=1,
        description="where e-mail addresses are; the default is reserved and reaches nobody (RFC 2606)",
    )

    parts: ClassVar[Mapping[str, Part]] = {
        "first_name": Part("by sex and locale", "first", Category()),
        "last_name": Part("in the form of the sex, where the language has two", "last", Category()),
        "full_name": Part("first and last name in the order of the country"),
        "sex": Part("F or M", "world", Category()),
        "title": Part("form of address, as in Ms. or Herr", "world", Category()),
        "birth_date": Part("the day", "birth", Moment(precision="d")),
        "age": Part("whole years on the day `as_of`", "birth", Integer()),
        "email": Part("from the name; with `unique: true` and a number, never twice"),
        "user_name": Part("what stands before the @ of the e-mail address"),
        **place.PARTS,
    }
    made: ClassVar[Mapping[str, Callable[[Drawn], pl.Series]]] = {
        "full_name": naming.full_name,
        "user_name": naming.user_name,
        "email": naming.email,
        **place.MADE,
    }

    @field_validator("ages")
    @classmethod
    def _can_be_read(cls, written: str | dict[str, float]) -> str | dict[str, float]:
        if not isinstance(written, str):
            bands(written)
        return written

    @model_validator(mode="after")
    def _somebody_is_left(self) -> "Person":
        low, high = self.age
        if not 0 <= low <= high <= OLDEST:
            raise ValueError(f"ages rise from 0 to {OLDEST}, got {low} to {high}")
        if not self.as_of.year - high > 1_000:
            raise ValueError("`as_of` is a day of our time")
        if not any(
            sum(self._years(locale, sex)[low : high + 1]) for locale in weights_of(self.locale) for sex in SEXES
        ):
            raise ValueError(f"nobody is {low} to {high} years old")
        return self

    @cached_property
    def worlds(self) -> tuple[World, ...]:
        low, high = self.age
        out = []
        for locale, weight in weights_of(self.locale).items():
            people = np.array([sum(self._years(locale, sex)[low : high + 1]) for sex in SEXES])
            shares = people / people.sum() if self.female is None else np.array([self.female, 1.0 - self.female])
            for sex, share in enumerate(shares):
                if share > 0:
                    birth = births(self._years(locale, SEXES[sex]), low, high, self.as_of)
                    out.append(_world(locale, sex, weight * float(share), birth))
        return tuple(out)

    def kind(self, name: str) -> Kind:
        low, high = self.age
        if name == "age":
            return Integer(bounds=Bounds(low=low, high=high))
        return super().kind(name)

    def _years(self, locale: str, sex: str) -> Weights:
        """Weights of the years of age."""
        if self.ages == "uniform":
            return (1.0,) * (OLDEST + 1)
        if isinstance(self.ages, str):
            return residents(LOCALES[locale].country, sex)
        return bands(self.ages)


def _world(locale: str, sex: int, weight: float, birth: Factor) -> World:
    fixed = {**place.fixed(locale), "sex": SEXES[sex], "title": LOCALES[locale].titles[sex]}
    factors = {
        "first": _first(locale, SEXES[sex]),
        "last": _last(locale, SEXES[sex] if locale in _TWO_FORMS else "M"),
        "birth": birth,
        "place": place.place(locale),
        "street": place.street(locale),
    }
    return World(weight, fixed, factors)


_TWO_FORMS = ("cs_CZ", "pl_PL")


@cache
def _first(locale: str, sex: str) -> Factor:
    table = lists.names(locale).filter(list=sex)
    return Factor.of(table.select(pl.col("weight"), first_name="name", _first="latin"))


@cache
def _last(locale: str, sex: str) -> Factor:
    table = lists.names(locale).filter(list="L")
    name = pl.col("name") if sex == "M" else pl.coalesce("female", "name")
    return Factor.of(table.select(pl.col("weight"), last_name=name, _last="latin"))
