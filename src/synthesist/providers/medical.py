"""Codes of diagnoses with their titles, and blood groups."""

from collections.abc import Mapping
from functools import cache, cached_property
from typing import ClassVar, Literal

import polars as pl
from pydantic import Field

from synthesist.data.kinds import Category
from synthesist.providers import lists
from synthesist.providers.entity import Entity, Part
from synthesist.providers.factor import Factor, World

__all__ = ["Medical"]

BLOOD = {"O+": 37.4, "A+": 35.7, "B+": 8.5, "O-": 6.6, "A-": 6.3, "AB+": 3.4, "B-": 1.5, "AB-": 0.6}
"""Per cent of the people of the United States: Stanford Blood Center, as cited by many."""


class Medical(Entity):
    """A diagnosis of ICD-10-CM and a blood group; code, title and chapter go together.

    All codes are equally likely, as no free source says how often each is given: name the chapters you mean in a
    condition, or weigh them. Blood groups are as frequent as in the United States.
    """

    is_: Literal["medical"] = Field(default="medical", alias="is")

    parts: ClassVar[Mapping[str, Part]] = {
        "code": Part("ICD-10-CM, category or subcategory, as in E11.9", "diagnosis", Category()),
        "diagnosis": Part("title of the code", "diagnosis", Category()),
        "chapter": Part("of ICD-10-CM", "diagnosis", Category()),
        "blood_group": Part("ABO and rhesus factor", "blood", Category()),
    }

    @cached_property
    def worlds(self) -> tuple[World, ...]:
        return (World(1.0, {}, {"diagnosis": _diagnoses(), "blood": _blood()}),)


@cache
def _diagnoses() -> Factor:
    return Factor.of(lists.diagnoses())


@cache
def _blood() -> Factor:
    return Factor.of(pl.DataFrame({"blood_group": [*BLOOD], "weight": [*BLOOD.values()]}))
