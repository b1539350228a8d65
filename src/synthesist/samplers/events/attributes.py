"""What an event carries: columns of all events, and those of one type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from synthesist.core import Context
from synthesist.data.kinds import Kind
from synthesist.errors import did_you_mean
from synthesist.samplers._entities import drawn
from synthesist.samplers.columns import Columns
from synthesist.samplers.columns.distribution import Distribution

__all__ = ["Attributes"]


@dataclass(frozen=True, eq=False)
class Attributes:
    """Declared columns of events of these types; `types` may be empty."""

    every: Columns | None
    by_type: Mapping[str, Columns]
    types: Sequence[str]

    @classmethod
    def of(
        cls,
        columns: Mapping[str, Distribution],
        by_type: Mapping[str, Mapping[str, Distribution]],
        types: Sequence[str],
    ) -> "Attributes":
        """As declared.

        Raises:
            ValueError: columns are declared for a type that is none.
        """
        for name in by_type:
            if name not in types:
                raise ValueError(f"by_type: no type `{name}`. {did_you_mean(name, types)}")
        every = Columns(table="columns", columns=dict(columns)) if columns else None
        return cls(every, {name: Columns(table=name, columns=dict(own)) for name, own in by_type.items()}, types)

    def kinds(self, taken: Mapping[str, Kind]) -> dict[str, Kind]:
        """The kinds of the columns, beside those that are there already.

        Raises:
            ValueError: a column is there already, or of another kind in another type.
        """
        kinds: dict[str, Kind] = dict(self.every.schema.table.columns) if self.every else {}
        if twice := sorted(kinds.keys() & taken.keys()):
            raise ValueError(f"columns: `{twice[0]}` is there already, give it another name")
        own: dict[str, Kind] = {}
        for name, columns in self.by_type.items():
            for column, kind in columns.schema.table.columns.items():
                if column in taken or column in kinds:
                    raise ValueError(f"by_type.{name}: `{column}` is there already, give it another name")
                if (known := own.get(column, kind)).storage != kind.storage or type(known) is not type(kind):
                    raise ValueError(
                        f"by_type.{name}: `{column}` is a {known.kind} in another type, here a {kind.kind}"
                    )
                looser = kind if known in (kind, kind.model_copy(update={"missing": True})) else type(kind)()
                own[column] = looser.model_copy(update={"missing": True})
        return kinds | own

    def draw(self, n: int, kind: np.ndarray, ctx: Context) -> dict[str, pl.Series]:
        """The columns of n events, of types by number; those of a type are empty in all others."""
        made = drawn(self.every, n, ctx).to_dict() if self.every else {}
        for name, columns in self.by_type.items():
            rows = np.flatnonzero(kind == list(self.types).index(name))
            for column, cells in drawn(columns, len(rows), ctx).to_dict().items():
                empty = pl.Series(column, [None], dtype=cells.dtype).new_from_index(0, n)
                made[column] = made.get(column, empty).scatter(rows, cells)
        return made
