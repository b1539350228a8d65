"""Related tables of an Evidence: their links, and numbers about rows as numbers about units."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from synthesist.core import Evidence
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Kind
from synthesist.data.schema import Link, Schema
from synthesist.data.units import NOBODY, belonging, followed, place_of
from synthesist.metrics._columns import Side, judged

__all__ = [
    "REAL_AND_MADE",
    "Relation",
    "children",
    "comparable",
    "not_related",
    "of_units",
    "owners",
    "relations",
    "side_of",
]

Array = npt.NDArray[Any]

REAL_AND_MADE: tuple[Side, ...] = ("train", "holdout", "synthetic")


class Relation(NamedTuple):
    """A link, the table it stands in, and whether the rows it leads to follow the unit, as those of a list do not."""

    child: str
    link: Link
    within: bool

    @property
    def about(self) -> dict[str, str]:
        """The names a table of results shows."""
        return {"a": self.child, "column": self.link.columns[0], "b": self.link.table}


def relations(schema: Schema) -> list[Relation]:
    """Every link between tables that are there."""
    inside = followed(schema)
    return [
        Relation(name, link, link.table in inside and name in inside)
        for name, table in schema.tables.items()
        for link in table.links
        if link.table in schema.tables
    ]


def not_related(case: Evidence) -> str:
    """Why links cannot be judged here; nothing where they can."""
    if not relations(case.train.schema):
        return "No table refers to another one."
    lacking = [side for side in REAL_AND_MADE if side_of(case, side).units == 0]
    return f"The {lacking[0]} tables have no unit." if lacking else ""


def side_of(case: Evidence, side: Side) -> Dataset:
    """The tables of one side."""
    return {"train": case.train, "holdout": case.holdout, "synthetic": case.synthetic}[side]


def owners(case: Evidence) -> dict[Side, dict[str, Array]]:
    """Of each side, which unit each row of each table belongs to."""
    return {side: dict(belonging(side_of(case, side))) for side in REAL_AND_MADE}


def comparable(data: Dataset, table: str) -> dict[str, Kind]:
    """The columns that say something by themselves: no key, no reference but a category as a country's code."""
    inside, part, its = followed(data.schema), data[table], data.schema.tables[table]
    of_links = {column: link.table for link in its.links for column in link.columns}
    return {
        name: kind
        for name, kind in judged(Evidence(part, part, part)).items()
        if name not in its.key and (name not in of_links or (kind.kind == "category" and of_links[name] not in inside))
    }


def children(data: Dataset, relation: Relation) -> Array:
    """How many rows of the child refer to each row of the parent, none included."""
    parent: pl.DataFrame = data.tables[relation.link.table]
    place = place_of(data.tables[relation.child], relation.link, parent)
    return np.bincount(place[place != NOBODY], minlength=parent.height)


def of_units(influence: Array, owner: Array, units: int) -> Array:
    """The influence of every unit, from those of rows that belong to it: rows of one unit move together."""
    mine = owner != NOBODY
    total = np.bincount(owner[mine], weights=influence[mine], minlength=units)
    moved: Array = total * (units / max(len(influence), 1))
    return moved
