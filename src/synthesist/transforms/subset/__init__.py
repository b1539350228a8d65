"""A part of a database in which every reference still finds its row."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from synthesist.core import Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.transforms.subset.closure import closed
from synthesist.transforms.subset.memory import Memory
from synthesist.transforms.subset.origin import Origin
from synthesist.transforms.subset.plan import Follow, Native, planned
from synthesist.transforms.subset.selection import Selection

__all__ = ["Subset"]

Portion = Annotated[float, Field(gt=0, le=1)]
Words = str | Native


class Subset(Spec):
    """Keeps a part of related tables, with all that its rows refer to: no reference is broken.

    It starts from rows of one table or several, the seeds, and follows the links between the tables:

    - up: a kept row keeps the rows it refers to, and what these refer to. There is no way to switch this off.
    - down: a seed brings the rows that refer to it, as an order its lines, and these bring theirs. They belong to it.
      Rows that are only needed by others bring nothing, so that one order does not bring all orders of its country.
      No link is followed down into a table of seeds.

    Written as a page:

        kind: subset
        where: {customers: "country = 'DE' AND joined >= '2024-01-01'"}
        share: 0.1
        links:
          lines.order: {most: 50}
          orders.customer: {where: "ordered >= '2024-06-01'"}
          customers.advised_by: {cut: true}
          texts.product: {of: all}
          audit: {of: none}
        whole: [currencies]
        without: [attachments]

    - `where` and `share`: a tenth of the German customers. A `share` alone is of the unit; one for each of several
      tables is a mapping, as in `{customers: 0.1, suppliers: 1}`. `keys` names rows one by one. The words of a
      condition are those of SQL or of rules, and it is computed here, so it means the same of files and of a database;
      one in the words of a database is written `{sql: "joined > now() - interval '14 days'"}`.
    - `links`: by its start, `table.column` or `table (column, column)`, or by its table: how many rows (`most`) each
      row brings, which (`where`), and `of` which rows: those that belong to the seeds (`belonging`), `all` kept ones,
      or `none`. Through a link that is `cut` no row is needed: cells are emptied where the row they refer to is not
      kept.
    - `whole` tables are kept whole, and so are lookup tables: those of at most `lookups` rows that refer only to such
      tables, and to which ten times as many rows of another refer, or none. Tables `without` are left out, and columns
      that refer to them are emptied.
    - `others`: tables that no link leads to are `drawn` by the `share`, if there is one, from their rows that refer to
      kept rows only; or they are `empty`, or `whole`.
    - `virtual` links are followed although the schema does not have them: `visits.patient -> patients.id`.

    Rows are drawn by their keys: the same seed draws the same ones from files and from a database, in any order; a
    larger share draws them as well, and so does a table that has grown. Rows without a key are told apart by all of
    their cells. References that lead nowhere in the source stay so, and are counted.

    When not to use: to hide who is in the data; masked or not, the rows are those of real people. To learn from: a part
    that was chosen by a condition is not like the whole.

    >>> import polars as pl, synthesist as sy
    >>> from synthesist.testing.tables import related
    >>> small = sy.transform("subset", related(), where={"customers": "country = 'NO'"})
    >>> small.tables["orders"]["customer"].is_in(small.tables["customers"]["id"].implode()).all()
    True
    """

    tried_on: ClassVar[str] = "related"
    tiny: ClassVar[Mapping[str, float]] = {"share": 0.2}

    where: dict[str, Words | tuple[Words, ...]] = knob(
        {},
        "conditions on the rows to start from, by table",
        tries=({"customers": "country = 'NO'"}, {"orders": "total > 50"}),
    )
    share: Portion | dict[str, Portion] | None = knob(
        None,
        "how much of them, or of the unit: above 0 to 1, or a mapping of tables to such",
        tries=(0.2, {"orders": 0.1}),
    )
    keys: dict[str, tuple[Any, ...]] = knob(
        {}, "keys of rows to start from, by table", tries=({}, {"orders": (1, 2)}), beside={"share": 0.1}
    )
    links: dict[str, Follow] = knob(
        {},
        "what is brought by which link: `most`, `where`, `of`",
        tries=({"orders.customer": {"most": 1}}, {"notes.product": {"of": "all"}}),
        beside={"share": 0.3},
    )
    whole: tuple[str, ...] = knob((), "tables that are kept whole", tries=((), ("products",)), beside={"share": 0.1})
    lookups: int = knob(
        100,
        "small tables, of at most so many rows, that many rows refer to are kept whole",
        tries=(0, 100),
        beside={"share": 0.02},
        ge=0,
    )
    without: tuple[str, ...] = knob((), "tables that are left out", tries=((), ("notes",)), beside={"share": 0.2})
    others: Literal["drawn", "empty", "whole"] = knob(
        "drawn", "what becomes of tables that no link leads to", tries=("drawn", "empty"), beside={"share": 0.2}
    )
    orphans: Literal["kept", "emptied"] = knob(
        "kept",
        "what becomes of references that lead nowhere in the source",
        tries=("kept", "emptied"),
        beside={"share": {"visits": 0.2}, "virtual": ("visits.customer -> countries.code",)},
    )
    virtual: tuple[str, ...] = knob(
        (),
        "links that the schema does not have",
        tries=((), ("visits.customer -> customers.id",)),
        beside={"share": 0.2},
    )

    @field_validator("keys", mode="before")
    @classmethod
    def _as_tuples(cls, keys: Any) -> Any:
        """Keys of several columns as tuples, however they are written."""
        if not isinstance(keys, Mapping):
            return keys
        return {
            table: tuple(tuple(one) if isinstance(one, list) else one for one in given)
            if isinstance(given, list | tuple)
            else (given,)
            for table, given in keys.items()
        }

    @field_validator("share", mode="before")
    @classmethod
    def _are_shares(cls, share: Any) -> Any:
        """Refuse what is no share in one line, not once for each way to write one."""
        for one in share.values() if isinstance(share, Mapping) else (share,):
            if one is not None and not (isinstance(one, int | float) and 0 < one <= 1):
                raise ValueError("a share lies above 0 and goes up to 1, as in 0.1")
        return share

    @property
    def common_share(self) -> float | None:
        """The share, where there is one: tables that no link leads to are drawn by it."""
        shares = {*self.share.values()} if isinstance(self.share, Mapping) else {self.share}
        return shares.pop() if len(shares) == 1 else None

    def apply(self, data: Dataset, ctx: Context) -> Dataset:
        """The tables with the rows that are kept, in the order of the source.

        Raises:
            SpecError: the options do not fit the tables; all faults at once.
            ConditionError: no row meets the conditions.
            NotFoundError: a key is not there.
        """
        return self.select(Memory(data), ctx).data

    def select(self, origin: Origin, ctx: Context) -> Selection:
        """The rows that are kept, and why; they are read when they are asked for."""
        rows = {table: origin.count(table) for table in origin.schema.tables}
        plan = planned(self, origin.schema, rows)
        origin.follow(plan.ties, plan.needed)
        return Selection(origin, plan, closed(origin, plan, ctx.at("subset")), rows)
