"""Things in a shop: what they are, how they look, what they cost, and the numbers on them."""

from collections.abc import Mapping
from functools import cache, cached_property
from typing import ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from synthesist.codecs.checkdigits import gtin
from synthesist.data.kinds import Category, Number
from synthesist.providers.entity import Drawn, Entity, Part
from synthesist.providers.factor import Factor, World
from synthesist.providers.writing import digits, joined

__all__ = ["Product"]

CATALOGUE: Mapping[str, str] = {
    "Kitchen": "mug 9, plate 12, frying pan 35, knife 24, kettle 45, toaster 49, blender 79, cutting board 18, whisk 8",
    "Furniture": "chair 89, table 249, desk 199, shelf 69, sofa 699, lamp 49, wardrobe 399, stool 39, bed frame 329",
    "Clothing": "T-shirt 19, shirt 39, sweater 59, jacket 119, dress 69, scarf 25, cap 19, coat 179, skirt 45",
    "Shoes": "sneakers 79, boots 129, sandals 49, slippers 25, loafers 89",
    "Electronics": "headphones 99, keyboard 59, mouse 29, monitor 229, speaker 89, charger 25, webcam 69",
    "Garden": "spade 29, watering can 22, hose 35, lawn mower 299, flower pot 14, rake 24, bird house 27",
    "Sports": "ball 25, yoga mat 35, tent 149, backpack 69, racket 79, dumbbells 45, helmet 59, water bottle 18",
    "Toys": "puzzle 17, doll 25, building blocks 35, kite 22, board game 32, teddy bear 19, train set 89",
    "Office": "notebook 6, pen 4, stapler 13, folder 5, desk organizer 22, calculator 19, whiteboard 59",
    "Bags": "handbag 89, suitcase 139, tote bag 29, wallet 45, laptop sleeve 32",
}
"""What there is of each category, with its usual price: a list of ours."""
MATERIALS: Mapping[str, str] = {
    "Kitchen": "ceramic steel bamboo glass enamel",
    "Furniture": "oak pine walnut metal rattan",
    "Clothing": "cotton wool linen fleece denim",
    "Shoes": "leather canvas suede rubber",
    "Electronics": "aluminium plastic carbon",
    "Garden": "steel wooden zinc plastic",
    "Sports": "nylon foam rubber carbon",
    "Toys": "wooden plush plastic cardboard",
    "Office": "paper metal cork plastic",
    "Bags": "leather canvas nylon felt",
}
COLOURS = "black white grey navy blue green red yellow orange pink brown beige olive teal purple silver"
LOOKS = "Classic Compact Elegant Everyday Handmade Light Modern Practical Premium Robust Simple Slim Sturdy Vintage"
SPREAD = 0.35  # standard deviation of the logarithm of a price around the usual one


class Product(Entity):
    """An article: category, kind of thing, material and price go together; the numbers are for use within a company.

    EAN codes begin with 20, which GS1 gives to nobody. Lists and prices are ours; nobody counted how often things sell.
    """

    is_: Literal["product"] = Field(default="product", alias="is")
    price_level: float = Field(
        default=1.0, gt=0, le=1e6, description="prices are multiplied by this, as for a currency"
    )

    parts: ClassVar[Mapping[str, Part]] = {
        "name": Part("look, colour, material and thing"),
        "thing": Part("what it is", "thing", Category()),
        "category": Part("of the thing", "thing", Category()),
        "material": Part("one that such things are made of", "thing", Category()),
        "colour": Part("of the thing, independent of it", "colour", Category()),
        "price": Part("lognormal around what such a thing costs", kind=Number(decimals=2)),
        "sku": Part("first letters of category and thing, and a number"),
        "ean": Part("13 digits of the range for use within a company, with the check digit"),
    }

    @cached_property
    def worlds(self) -> tuple[World, ...]:
        return (World(1.0, {}, _factors()),)


@cache
def _factors() -> dict[str, Factor]:
    rows = []
    for category, things in CATALOGUE.items():
        for entry in things.split(", "):
            thing, _, price = entry.rpartition(" ")
            code = f"{category[:3]}-{thing[:3]}-".upper()
            share = 1.0 / len(MATERIALS[category].split())
            rows += [(category, thing, material, float(price), code, share) for material in MATERIALS[category].split()]
    names = ["category", "thing", "material", "_price", "_code", "weight"]
    return {
        "thing": Factor.of(pl.DataFrame(rows, schema=names, orient="row")),
        "colour": Factor.of(pl.DataFrame({"colour": COLOURS.split()})),
        "look": Factor.of(pl.DataFrame({"_look": [f"{look} " for look in LOOKS.split()]})),
    }


def _name(drawn: Drawn) -> pl.Series:
    look = drawn.gathered("_look", "look")
    return joined(look, drawn["colour"], " ", drawn["material"], " ", drawn["thing"])


def _price(drawn: Drawn) -> pl.Series:
    usual = drawn.gathered("_price", "thing").to_numpy() * drawn.entity.price_level  # type: ignore[attr-defined]
    factor = np.exp(SPREAD * drawn.asked.block.rng("price").standard_normal(drawn.n))
    return pl.Series(np.round(np.maximum(usual * factor, 0.01), 2))


def _sku(drawn: Drawn) -> pl.Series:
    return joined(drawn.gathered("_code", "thing"), digits(drawn.uniform("sku"), 5))


def _ean(drawn: Drawn) -> pl.Series:
    first, second = drawn.asked.block.rng("ean").integers(10**5, size=(2, drawn.n))
    numbers = np.column_stack([np.full(drawn.n, 2), np.zeros(drawn.n, dtype=np.int64)])
    places = [first[:, None] // 10 ** np.arange(4, -1, -1) % 10, second[:, None] // 10 ** np.arange(4, -1, -1) % 10]
    check = gtin(np.hstack([numbers, *places]))
    return joined("20", *(digits((part + 0.5) / 10**5, 5) for part in (first, second)), digits((check + 0.5) / 10, 1))


Product.made = {"name": _name, "price": _price, "sku": _sku, "ean": _ean}
