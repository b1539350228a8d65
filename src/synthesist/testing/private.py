"""Methods that keep units private, tried like all others: schemas count as declared."""

import polars as pl

from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Categories, Category, Integer, Kind, Moment, Number

__all__ = ["declared"]

LISTED = 100


def declared(data: Dataset) -> Dataset:
    """The same rows with a schema that says of itself what was detected of them; long lists of values stay open."""
    columns = {name: _declared(kind, data.table[name]) for name, kind in data.kinds.columns.items()}
    table = data.kinds.model_copy(update={"columns": columns})
    return Dataset(data.tables, data.schema.model_copy(update={"tables": {data.name: table}}))


def _declared(kind: Kind, cells: pl.Series) -> Kind:
    said: dict[str, object] = {"why": ""}
    if isinstance(kind, Number | Integer | Moment):
        said["bounds"] = kind.bounds.model_copy(update={"origin": "declared"})
    if isinstance(kind, Category) and cells.n_unique() <= LISTED:
        said["values"] = Categories(items=tuple(cells.drop_nulls().unique().sort().to_list()))
    return kind.model_copy(update=said)
