"""Named tables and their schema: the one value that every arrow takes or gives."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl
import polars.selectors as cs

from synthesist.data.schema import Schema, TableSchema
from synthesist.errors import DataError, NotFoundError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["Dataset"]


@dataclass(frozen=True, repr=False)
class Dataset:
    """Named tables and their schema; one table is the common case, an image is a cell.

    Tables are polars frames whose columns have the storage type of their kind. A Dataset is never
    changed in place: every verb returns a new one.
    """

    tables: Mapping[str, pl.DataFrame]
    schema: Schema

    def __post_init__(self) -> None:
        for name, table in self.schema.tables.items():
            if name not in self.tables:
                raise DataError(f"The schema names a table `{name}` that is not in the data.")
            if (have := self.tables[name].columns) != (want := list(table.columns)):
                raise DataError(f"Table `{name}` has the columns {have}, its schema has {want}.")

    @property
    def name(self) -> str:
        """The name of the one table; an error where there are several."""
        self.schema.table  # noqa: B018  (raises for several tables)
        return self.schema.unit

    @property
    def table(self) -> pl.DataFrame:
        """The one table, as a polars frame; an error where there are several."""
        return self.tables[self.name]

    @property
    def kinds(self) -> TableSchema:
        """The schema of the one table."""
        return self.schema.table

    @property
    def units(self) -> int:
        """How many independent units this holds: what `n` counts."""
        return self.tables[self.schema.unit].height

    def with_table(self, table: pl.DataFrame) -> "Dataset":
        """The same schema over other rows of the one table."""
        return replace(self, tables={self.name: table})

    def map(self, change: Callable[[pl.DataFrame], pl.DataFrame]) -> "Dataset":
        """Apply `change` to every table."""
        return replace(self, tables={name: change(table) for name, table in self.tables.items()})

    def finite(self) -> "Dataset":
        """The same with NaN and infinity as missing cells: databases hold such, and no method could learn from them."""
        tables, kinds = dict(self.tables), dict(self.schema.tables)
        for name, table in self.tables.items():
            odd = [column.name for column in table.select(cs.float()) if not column.is_finite().fill_null(True).all()]
            if odd:
                tables[name] = table.with_columns(pl.when(pl.col(c).is_finite()).then(pl.col(c)).alias(c) for c in odd)
                columns = {
                    c: kind.model_copy(update={"missing": True}) if c in odd else kind
                    for c, kind in kinds[name].columns.items()
                }
                kinds[name] = kinds[name].model_copy(update={"columns": columns})
        return replace(self, tables=tables, schema=self.schema.model_copy(update={"tables": kinds}))

    def to_polars(self) -> pl.DataFrame:
        """The one table as a polars frame, stored the way the source was."""
        from synthesist.data.frames import stored

        return stored(self.table, self.kinds)

    def to_pandas(self) -> "pd.DataFrame":
        """The one table as a pandas frame (pandas must be installed)."""
        from synthesist.data.frames import give

        return give(self, "pandas")

    def to_arrow(self) -> "pa.Table":
        """The one table as a pyarrow table."""
        from synthesist.data.frames import give

        return give(self, "pyarrow")

    def __len__(self) -> int:
        return self.units

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name}: {t.height:,} rows x {t.width} columns" for name, t in self.tables.items())
        return f"Dataset({sizes})"

    def _repr_html_(self) -> str:
        return "".join(f"<h4>{name}</h4>{table.head(10)._repr_html_()}" for name, table in self.tables.items())

    def __getitem__(self, name: str) -> Any:
        """A column of the one table; of several tables one, as a Dataset of its own."""
        if len(self.tables) == 1:
            return self.table[name]
        if name not in self.schema.tables:
            raise NotFoundError(f"No table `{name}`. {did_you_mean(name, self.schema.tables)}")
        return Dataset({name: self.tables[name]}, Schema(tables={name: self.schema.tables[name]}, unit=name))

    def __iter__(self) -> Iterator[str]:
        """The names of the columns of the one table, or of the tables."""
        return iter(self.table.columns if len(self.tables) == 1 else self.tables)
