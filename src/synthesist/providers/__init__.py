"""People, places, companies and codes that go together: entities, whose parts fill columns.

An entity is named in a declared table (`entities: {buyer: {is: person, locale: de_DE}}`) and its parts are columns
(`{is: provided, by: buyer.first_name}`). SOURCES.md, beside this file, says where every list comes from.
"""

from collections.abc import Mapping
from typing import Annotated, get_args

from pydantic import Field

from synthesist.errors import NotFoundError, did_you_mean
from synthesist.providers.address import Address, Geo
from synthesist.providers.company import Company
from synthesist.providers.entity import Asked, Entity
from synthesist.providers.financial import Financial
from synthesist.providers.medical import Medical
from synthesist.providers.person import Person
from synthesist.providers.product import Product
from synthesist.providers.text import Text
from synthesist.providers.web import Web

__all__ = ["PROVIDERS", "AnyEntity", "Asked", "Entity", "listing", "provider"]

AnyEntity = Annotated[
    Person | Address | Geo | Company | Web | Product | Medical | Financial | Text, Field(discriminator="is_")
]
PROVIDERS: Mapping[str, type[Entity]] = {
    kind.model_fields["is_"].default: kind for kind in get_args(get_args(AnyEntity)[0])
}


def provider(name: str) -> Entity:
    """The provider of this name with its defaults; an error that names the nearest one where there is none."""
    if name not in PROVIDERS:
        raise NotFoundError(f"There is no entity and no provider `{name}`. {did_you_mean(name, PROVIDERS)}")
    return PROVIDERS[name]()  # type: ignore[call-arg]


def listing() -> dict[str, dict[str, str]]:
    """Every provider with the meaning of its parts.

    >>> listing()["person"]["sex"]
    'F or M'
    """
    return {name: {part: about.meaning for part, about in kind.parts.items()} for name, kind in PROVIDERS.items()}
