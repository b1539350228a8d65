"""Places: whole addresses, and points on the map."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from synthesist.data.kinds import Number
from synthesist.providers import place
from synthesist.providers.entity import Drawn, Entity, Part
from synthesist.providers.factor import World
from synthesist.providers.place import LocaleWeights, weights_of

__all__ = ["Address", "Geo"]

KM_PER_DEGREE = 111.2


class _Somewhere(Entity):
    """What lies somewhere."""

    locale: LocaleWeights = Field(default="en_US", description="language and country, or weights of several")

    @cached_property
    def worlds(self) -> tuple[World, ...]:
        return tuple(
            World(weight, place.fixed(locale), {"place": place.place(locale), "street": place.street(locale)})
            for locale, weight in weights_of(self.locale).items()
        )


class Address(_Somewhere):
    """An address whose street, postcode, city, region, country and telephone belong together."""

    is_: Literal["address"] = Field(default="address", alias="is")

    parts: ClassVar[Mapping[str, Part]] = place.PARTS
    made: ClassVar[Mapping[str, Callable[[Drawn], pl.Series]]] = place.MADE


class Geo(_Somewhere):
    """A point on the map near a city: more points where more people live."""

    is_: Literal["geo"] = Field(default="geo", alias="is")
    spread_km: float = Field(default=5.0, ge=0, le=500, description="typical distance from the middle of the postcode")

    parts: ClassVar[Mapping[str, Part]] = {
        **{name: place.PARTS[name] for name in ("city", "region", "region_code", "country", "country_code", "locale")},
        "timezone": place.PARTS["timezone"],
        "postcode": place.PARTS["postcode"],
        "latitude": Part("degrees, near the city", kind=Number(decimals=5)),
        "longitude": Part("degrees, near the city", kind=Number(decimals=5)),
        "coordinates": Part("latitude and longitude in one text"),
    }

    @cached_property
    def _latitude_spread(self) -> float:
        """Degrees of one standard deviation in each direction: the distance is then Rayleigh's, its mean as asked."""
        return self.spread_km / np.sqrt(np.pi / 2) / KM_PER_DEGREE


def _latitude(drawn: Drawn) -> pl.Series:
    spread = drawn.entity._latitude_spread  # type: ignore[attr-defined]
    moved = drawn.gathered("latitude", "place").to_numpy() + spread * _normal(drawn, "north")
    return pl.Series(np.round(np.clip(moved, -90.0, 90.0), 5))


def _longitude(drawn: Drawn) -> pl.Series:
    """A degree is shorter the farther from the equator."""
    middle = drawn.gathered("latitude", "place").to_numpy()
    spread = drawn.entity._latitude_spread / np.cos(np.radians(middle))  # type: ignore[attr-defined]
    moved = drawn.gathered("longitude", "place").to_numpy() + spread * _normal(drawn, "east")
    return pl.Series(np.round((moved + 180.0) % 360.0 - 180.0, 5))


def _normal(drawn: Drawn, name: str) -> np.ndarray:
    return drawn.asked.block.rng(name).standard_normal(drawn.n)


def _coordinates(drawn: Drawn) -> pl.Series:
    pair = pl.DataFrame([drawn["latitude"], drawn["longitude"]])
    return pair.select(pl.format("{}, {}", "latitude", "longitude")).to_series()


Geo.made = {"latitude": _latitude, "longitude": _longitude, "coordinates": _coordinates}
