"""Related tables declared by distributions: keys, references, and how many rows belong to each."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import polars as pl
from pydantic import model_validator

from synthesist.core import Allowed, Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.errors import ConditionError, NotFoundError, did_you_mean
from synthesist.samplers.columns.declaration import refused
from synthesist.samplers.tables.counting import roots_in_a_block, skeleton
from synthesist.samplers.tables.plan import Plan
from synthesist.samplers.tables.reading import FaultyError, planned
from synthesist.samplers.tables.table import Table
from synthesist.samplers.tables.world import World

__all__ = ["Tables"]

EXAMPLE: dict[str, Any] = {
    "people": {"columns": {"id": {"is": "keys"}, "x": {"is": "normal"}}},
    "visits": {
        "columns": {
            "id": {"is": "keys"},
            "person": {"is": "reference", "to": "people", "each": {"is": "poisson", "mean": 2}},
            "y": {"is": "gamma"},
        }
    },
}
TWO_ROOTS = {**EXAMPLE, "places": {"rows": 5, "columns": {"id": {"is": "keys"}}}}


class Tables(Spec):
    """Several tables whose rows refer to each other, made from a description alone.

    Each table is declared as in `columns`; columns that are a `reference` hold keys of other tables. Written as a page:

        kind: tables
        unit: customers                       # whose rows -n counts; else the first such
        tables:
          customers:
            columns: {id: {is: keys}, since: {is: dates, start: 2020-01-01, end: 2024-12-31}}
          products:
            rows: 200                         # or rows_per_unit: 0.1; else as many as units
            columns: {id: {is: keys}, price: {is: lognormal, median: 20, decimals: 2}}
          orders:
            columns:
              id: {is: keys}
              customer: {is: reference, to: customers, each: {is: negative_binomial, mean: 3, size: 2}}
              after: {is: exponential, mean: 90, integers: true}
              day: {is: expression, formula: "customer.since + days(after)"}
              total: {is: expression, formula: "sum(lines.amount)"}
          lines:
            key: [order, line]
            columns:
              order: {is: reference, to: orders, each: {is: geometric, high: 12}}
              line: {is: position}            # 1, 2, 3 ... within the order
              product: {is: reference, to: products, weights: {is: zipf, exponent: 1.1}, distinct: true}
              quantity: {is: geometric}
              amount: {is: expression, formula: "round(quantity * product.price, 2)"}

    With `each` rows belong to those of another table, which has so many of them each. Without it a row is looked up:
    any, or by `weights`, `distinct` ones, one `before` this one, or one of its `own` family. A key of several columns
    is held by references of one `link`. `rows: 5000` beside an `each` is an exact number, as is `-n lines=5000`.

    Every reference finds its row and every key is unique, at any number of rows: keys are computed from the index of
    their row, and references from the index of the row they point to. Links may go in circles.

    When not to use: where real data exists whose relations matter, or for one table (`columns`).
    """

    unit: str = knob(
        "",
        "the table whose rows n counts; where not said, the first that belongs to no other",
        tries=("people", "places"),
        beside={"tables": TWO_ROOTS},
    )
    tables: dict[str, Table] = knob(
        ..., "name and declaration of every table", tries=(EXAMPLE, TWO_ROOTS), min_length=1
    )

    @model_validator(mode="before")
    @classmethod
    def _unit_is_the_first_root(cls, written: Any) -> Any:
        if isinstance(written, Mapping) and not written.get("unit") and isinstance(written.get("tables"), Mapping):
            tables = written["tables"]
            roots = [name for name, page in tables.items() if not _belongs(page)]
            return {**written, "unit": next(iter((*roots, *tables)), "")}
        return written

    @model_validator(mode="after")
    def _tables_fit_together(self) -> "Tables":
        try:
            self._plan  # noqa: B018  (reads the whole page)
        except FaultyError as error:
            places = [(where if where == "unit" else f"tables.{where}", what) for where, what in error.faults]
            raise refused("tables", places) from None
        return self

    @property
    def schema(self) -> Schema:  # type: ignore[override]  # pydantic's own is deprecated
        """The tables as they are declared, with their keys and links."""
        return self._plan.schema

    @property
    def block(self) -> int:
        """How many units are drawn at once, with all rows that belong to them."""
        return roots_in_a_block(self._plan, self._plan.families[self._plan.unit], {})

    def sample(self, n: int, ctx: Context) -> Dataset:
        """All tables of a world of n units."""
        world = self.world(n, {}, ctx)
        made = [world.chunk(number).tables for number in range(world.chunks)]
        return Dataset({name: pl.concat([part[name] for part in made]) for name in self.tables}, self.schema)

    def world(self, n: int | Mapping[str, int], allowed: Mapping[str, Allowed], ctx: Context) -> World:
        """The first step: how many rows there are of each table; the chunks are the second.

        Args:
            n: how many units, or rows by table; rows asked of a table that belongs to another are an exact number.
            allowed: conditions on columns of the unit that are drawn.

        Raises:
            ConditionError: a condition is on a column that follows from other rows.
            DataError: a number of rows cannot be, or there are fewer keys than rows.
        """
        self._require_drawn(allowed)
        world = World(self._plan, skeleton(self._plan, n, ctx), allowed)
        world.require_keys()
        return world

    def _require_drawn(self, allowed: Mapping[str, Allowed]) -> None:
        """Refuse conditions on anything but drawn columns of the unit."""
        unit = self._plan.tables[self._plan.unit]
        lost = {column for loss in unit.declared.lost for column in loss.columns}
        for column in allowed:
            if column not in unit.kinds:
                raise NotFoundError(f"No column `{column}` in `{unit.name}`. {did_you_mean(column, unit.kinds)}")
            if unit.drawn is None or column not in unit.drawn.columns or column in lost:
                raise ConditionError(
                    f"`{column}` of `{unit.name}` follows from other rows or loses cells: no condition can be put on "
                    f"it. Put one on a column that is drawn from this table alone."
                )

    @cached_property
    def _plan(self) -> Plan:
        return planned(self.unit, self.tables)


def _belongs(page: Any) -> bool:
    """Whether a table, as it is written, belongs to another."""
    columns = page.get("columns") if isinstance(page, Mapping) else None
    return isinstance(columns, Mapping) and any(
        isinstance(column, Mapping) and column.get("each") is not None for column in columns.values()
    )
