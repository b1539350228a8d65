"""Which unit each row of related tables belongs to."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from synthesist.data.dataset import Dataset
from synthesist.data.schema import Link, Schema

__all__ = ["NOBODY", "belonging", "followed", "place_of"]

NOBODY = -1
Places = npt.NDArray[np.int64]


def followed(schema: Schema) -> dict[str, tuple[Link, ...]]:
    """The tables whose rows follow the unit, parents first, each with its links to tables before it.

    They are the unit's own table, those that refer to it, those that refer to these, and so on. What is left are
    tables that are only referred to, as a list of countries: they belong to nobody.
    """
    leads = {name: {link.table for link in table.links} - {name} for name, table in schema.tables.items()}
    inside = {schema.unit}
    while further := {name for name, to in leads.items() if name not in inside and to & inside}:
        inside |= further
    found: dict[str, tuple[Link, ...]] = {schema.unit: ()}
    while waiting := [name for name in schema.tables if name in inside and name not in found]:
        # parents first; of a circle of tables the one that refers to a table before it
        ready = [name for name in waiting if leads[name] & inside <= found.keys()]
        name = (ready or [name for name in waiting if leads[name] & found.keys()])[0]
        found[name] = tuple(link for link in schema.tables[name].links if link.table in found)
    return found


def belonging(data: Dataset) -> Mapping[str, Places]:
    """For each table that follows the unit, the row of the unit that each of its rows belongs to.

    A row belongs to the unit of the first parent that it refers to; NOBODY where it refers to none that is there.
    """
    owners: dict[str, Places] = {}
    for name, links in followed(data.schema).items():
        if not links:
            owners[name] = np.arange(data.units)
            continue
        owner = np.full(data.tables[name].height, NOBODY)
        for link in links:
            place = place_of(data.tables[name], link, data.tables[link.table])
            known = np.append(owners[link.table], NOBODY)[place]
            owner = np.where(owner == NOBODY, known, owner)
        owners[name] = owner
    return owners


def place_of(child: pl.DataFrame, link: Link, parent: pl.DataFrame) -> Places:
    """The row of `parent` that each row of `child` refers to; NOBODY where it refers to none, or to one not there."""
    types = parent.select(link.to).dtypes
    cells = child.select(pl.col(c).cast(t, strict=False) for c, t in zip(link.columns, types, strict=True))
    rows = parent.select(link.to).with_row_index(" row").unique(link.to, keep="first", maintain_order=True)
    met = cells.join(rows, left_on=list(link.columns), right_on=list(link.to), how="left", maintain_order="left")
    return met[" row"].cast(pl.Int64).fill_null(NOBODY).to_numpy()
