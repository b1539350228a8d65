"""What is read: tables, what was understood of them, and their two parts."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from synthesist.core import Context, Spec
from synthesist.data import sources
from synthesist.data.dataset import Dataset
from synthesist.data.frames import give
from synthesist.data.schema import Schema
from synthesist.data.units import NOBODY, belonging
from synthesist.dp.method import PrivateMethod
from synthesist.errors import DataError, SpecError, did_you_mean

if TYPE_CHECKING:
    from synthesist.data.inspect import Inspection

__all__ = ["inspect", "read", "readable", "split", "unit_of", "with_rules"]


def read(source: Any, schema: Schema | str | Path | None = None, *, name: str | None = None) -> Dataset:
    """Read a table, or several, and understand them: a file, a folder, a frame, a Dataset; `schema` may be a page.

    >>> import synthesist as sy
    >>> data = sy.read({"age": [31, 42, 57], "sex": ["f", "m", "f"]})
    >>> data.units
    3
    """
    return sources.read(source, schema, name)


def inspect(source: Any, schema: Schema | str | Path | None = None) -> "Inspection":
    """What was understood of a table and why: print it, correct its schema, read again."""
    from synthesist.data.inspect import inspect as inspected

    return inspected(read(source, schema))


def split(
    source: Any, share: float = 0.8, *, seed: int = 0, unit: str | None = None, private: bool = False
) -> tuple[Any, Any]:
    """Part the units at random in two: to learn from, and to judge by.

    Rows of related tables go with the unit they belong to; tables that are only referred to, as a list of countries,
    are in both parts.

    Args:
        source: anything `read` accepts; a frame comes back as two of its kind.
        share: how much goes to the first part, between 0 and 1.
        seed: the same seed gives the same parts.
        unit: a column that says whose a row is, as a patient: rows of one stay together. Rows of nobody are alone.
        private: whether every unit's part depends on nothing but its own rows, as a promise about the whole table needs
            that only one part is learnt from. The share is kept in the mean only.
    """
    if not 0 < share < 1:
        raise SpecError(f"Cannot split at a share of {share}: it lies between 0 and 1, as in 0.8.")
    data, native = read(source), sources.native_of(source)
    owner = np.arange(data.units) if unit is None else _owners(data, unit)
    learnt_from = _each(data, share, seed, unit) if private else _exactly(owner, share, seed, unit)
    parts = _parted(data, learnt_from, Context.seeded(seed).at("split"), share)
    first, second = (part if native == "dataset" else give(part, native) for part in parts)
    return first, second


def _exactly(owner: npt.NDArray[np.int64], share: float, seed: int, unit: str | None) -> npt.NDArray[np.bool_]:
    """Which rows are learnt from: those of so many owners, chosen at random."""
    if (owners := int(owner.max(initial=-1)) + 1) < 2:
        raise DataError(f"Cannot split {owners} {'row(s)' if unit is None else f'`{unit}`'} in two. Bring more data.")
    order = Context.seeded(seed).at("split").rng("order").permutation(owners)
    return np.isin(owner, order[: min(max(round(share * owners), 1), owners - 1)])


def _each(data: Dataset, share: float, seed: int, unit: str | None) -> npt.NDArray[np.bool_]:
    """Which rows are learnt from: a number made of the unit, or of the row and how many like it came before, decides.

    Were it the place of a row, one more row would move others, and a promise about the part would be none about all.
    """
    rows = data.table.hash_rows(seed).alias("row").to_frame()
    digest = rows.with_columns(nth=pl.int_range(pl.len()).over("row")).hash_rows(seed).to_numpy()
    if unit is not None:
        named = data.table[unit].is_not_null().to_numpy()
        digest = np.where(named, data.table.select(unit).hash_rows(seed).to_numpy(), digest)
    return np.asarray((digest >> np.uint64(11)).astype(np.float64) * 2.0**-53 < share)


def _owners(data: Dataset, unit: str) -> npt.NDArray[np.int64]:
    """owner[row] of the main table by the column `unit`; a row whose cell is empty has one of its own."""
    if unit not in data.table.columns:
        raise SpecError(f"There is no column `{unit}` to split by. {did_you_mean(unit, data.table.columns)}")
    cells = data.table[unit]
    alone = cells.is_null().to_numpy()
    owner = cells.rank("dense").fill_null(0).to_numpy().astype(np.int64) - 1
    owner[alone] = owner.max(initial=-1) + 1 + np.arange(alone.sum())
    return owner


def _parted(data: Dataset, first: npt.NDArray[np.bool_], ctx: Context, share: float) -> tuple[Dataset, Dataset]:
    """These units with all that belongs to them, and the others; rows of nobody are parted at random too."""
    one, other = dict(data.tables), dict(data.tables)
    for name, owner in belonging(data).items():
        alone = ctx.at(name).rng("rows of nobody").random(len(owner)) < share
        here = pl.Series(np.where(owner == NOBODY, alone, first[owner]))
        one[name], other[name] = data.tables[name].filter(here), data.tables[name].filter(~here)
    return replace(data, tables=one), replace(data, tables=other)


def readable(source: Any, schema: Schema | str | Path | None, method: Spec | None) -> Dataset:
    """A table as `method` may read it: one that keeps rows private says nothing of cells that do not fit."""
    if isinstance(method, PrivateMethod):
        return sources.read(source, schema, strict=False)
    return read(source, schema).finite()


def unit_of(method: Spec | None) -> str | None:
    """The column that says whom a private method protects: all rows of one stay together."""
    return method.unit if isinstance(method, PrivateMethod) else None


def with_rules(data: Dataset, rules: Sequence[str]) -> Dataset:
    """The same rows, of which the rules are asked as well."""
    if not rules:
        return data
    table = data.kinds.model_copy(update={"rules": (*data.kinds.rules, *rules)})
    return replace(data, schema=data.schema.model_copy(update={"tables": {data.name: table}}))
