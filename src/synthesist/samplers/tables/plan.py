"""Tables read as a whole: who belongs to whom, who refers to whom, and in which order cells are computed."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from synthesist.data.kinds import Kind
from synthesist.data.schema import Link as SchemaLink
from synthesist.data.schema import Schema, TableSchema
from synthesist.rules.formula import Formula
from synthesist.rules.rule import Unique
from synthesist.samplers.columns import Columns
from synthesist.samplers.columns.distribution import Distribution
from synthesist.samplers.columns.references import ByRank
from synthesist.samplers.tables.table import Table

__all__ = ["Family", "Link", "Plan", "Planned"]


@dataclass(frozen=True, eq=False)
class Link:
    """A foreign key: columns of `table` hold the key of `to`; how its rows are found."""

    name: str
    table: str
    to: str
    columns: Mapping[str, str]
    """Column of this table -> column of the other."""
    missing: float = 0.0
    each: Distribution | None = None
    weights: ByRank | Distribution | None = None
    before: bool = False
    own: bool = False
    distinct: bool = False
    apart: str = ""
    """Another link of the table, whose row is never the same."""
    under: str = ""
    """Of an `own` link: the table whose row both rows belong to."""
    has_none: bool = False
    """Whether there may be no row to point to."""

    @property
    def inside(self) -> bool:
        """Whether the row pointed to is drawn in the same block."""
        return self.each is not None or self.own

    @property
    def may_miss(self) -> bool:
        """Whether it may point to nothing."""
        return self.missing > 0 or self.has_none


@dataclass(frozen=True, eq=False)
class Planned:
    """One table of the plan."""

    name: str
    declared: Table
    links: Mapping[str, Link]
    key: tuple[str, ...]
    kinds: Mapping[str, Kind]
    drawn: Columns | None
    """The columns that can be made from this table alone; None where there are none."""
    late: Mapping[str, Formula]
    """The formulas that read other tables, links or places."""
    apart: tuple[Unique, ...]
    """The rules that a combination comes once only under an owner."""
    across: Mapping[str, Kind]
    """The kind of what formulas read of other tables, by its name there."""

    @cached_property
    def owner(self) -> Link | None:
        """The link to the table whose rows own those of this one."""
        return next((link for link in self.links.values() if link.each is not None), None)

    @cached_property
    def link_of(self) -> Mapping[str, Link]:
        """The link a column belongs to."""
        return {column: link for link in self.links.values() for column in link.columns}

    @property
    def schema(self) -> TableSchema:
        """What its columns mean."""
        links = (
            SchemaLink(columns=tuple(link.columns), table=link.to, to=tuple(link.columns.values()))
            for link in self.links.values()
        )
        rules = self.drawn.schema.table.rules if self.drawn else ()
        rules += tuple(rule.text for rule in self.apart)
        return TableSchema(columns=dict(self.kinds), key=self.key, links=tuple(links), rules=rules)


@dataclass(frozen=True, eq=False)
class Family:
    """A table that belongs to no other, and those that belong to it, owners first: they are drawn together."""

    root: str
    tables: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Plan:
    """All tables, read."""

    unit: str
    tables: Mapping[str, Planned]
    families: Mapping[str, Family]
    """By the name of their root."""

    @cached_property
    def family_of(self) -> Mapping[str, str]:
        """The root of the family of a table."""
        return {table: root for root, family in self.families.items() for table in family.tables}

    @cached_property
    def schema(self) -> Schema:
        """What all tables mean."""
        return Schema(tables={name: table.schema for name, table in self.tables.items()}, unit=self.unit)
