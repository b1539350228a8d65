"""Entities with rows of their own: their declared columns, their key, and the columns that refer to it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from synthesist.core import Context
from synthesist.data.kinds import Category, Id, Integer, Kind
from synthesist.samplers.columns import Columns
from synthesist.samplers.columns.declaration import declared
from synthesist.samplers.columns.distribution import Distribution
from synthesist.samplers.columns.keys import Keys

__all__ = ["KEYED", "counted", "drawn", "in_order", "key_of", "read", "reference", "refuse_unique"]

KEYED: dict[str, Any] = {"id": {"is": "keys"}}
"""Entities of which nothing is said."""


def read(written: Any) -> Any:
    """Declared columns, read with every fault at once; none are none."""
    return declared(written) if isinstance(written, Mapping) and written else written


def key_of(columns: Mapping[str, Distribution]) -> str:
    """The column of keys.

    Raises:
        ValueError: there is none, or there are several.
    """
    keys = [name for name, column in columns.items() if isinstance(column, Keys)]
    if len(keys) != 1:
        raise ValueError(f"entities have one column of keys, as in `id: {{is: keys}}`; these have {len(keys)}")
    return keys[0]


def reference(kind: Kind) -> Kind:
    """The kind of a column that holds keys of this kind."""
    return Integer() if isinstance(kind, Id) and kind.whole else Category()


def refuse_unique(columns: Mapping[str, Distribution]) -> None:
    """Refuse values that follow from the index of a row, which rows of an entity have not.

    Raises:
        ValueError: there is such a column.
    """
    for name, column in columns.items():
        if column.by_index:
            raise ValueError(f"`{name}` holds unique values; these rows have their entity and their number as key")


def drawn(columns: Columns, n: int, ctx: Context) -> pl.DataFrame:
    """n rows of declared columns."""
    return columns.sample(n, ctx).table if n else columns.sample(1, ctx).table.clear()


def counted(who: np.ndarray) -> np.ndarray:
    """1, 2, 3 ... within each stretch of equal numbers."""
    first = np.flatnonzero(np.diff(who, prepend=-1))
    return np.arange(len(who)) - np.repeat(first, np.diff(np.append(first, len(who)))) + 1


def in_order(who: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """The order by entity, then by time; times less than a microsecond apart are the same."""
    ticks = (seconds * 1e6).astype(np.int64)
    span = int(ticks.max(initial=0)) + 1
    if int(who.max(initial=0)) < 2**62 // span:  # one number a row: three times as quick as two
        return np.argsort(who * span + ticks, kind="stable")
    return np.lexsort((ticks, who))
