"""Methods that keep units private, tried like all others: schemas count as declared, and noise is replayed."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import shake_256

import polars as pl

from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Categories, Category, Integer, Kind, Moment, Number
from synthesist.dp.entropy import byte_source

__all__ = ["declared", "replayed"]

LISTED = 100


@contextmanager
def replayed(name: str = "noise") -> Iterator[None]:
    """Private noise that is the same every time: it protects nobody, and makes a test repeatable."""
    asked = 0

    def source(n: int) -> bytes:
        nonlocal asked
        asked += 1
        return shake_256(f"{name} {asked}".encode()).digest(n)

    with byte_source(source):
        yield


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
