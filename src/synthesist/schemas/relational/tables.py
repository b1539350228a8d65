"""What is known of tables, whatever file it was read from: SQL, a manifest of dbt, or metadata."""

from dataclasses import dataclass, field

from synthesist.data.databases.types import Type

__all__ = ["Check", "Column", "Database", "ForeignKey", "Group", "Table"]


@dataclass
class Column:
    """A column; `values` are those it is known to hold, `pattern` a regular expression of its texts."""

    name: str
    type: Type
    nullable: bool = True
    counted: bool = False
    """Whether the database numbers it by itself: SERIAL, IDENTITY, AUTO_INCREMENT."""
    generated: bool = False
    """Whether the database computes it, so that no value may be given."""
    comment: str = ""
    line: int = 0
    absent: bool = False
    """Whether it is empty in every row."""
    default: str | int | float | bool | None = None
    """What it holds where nothing is said, where that is one written value."""
    values: tuple[str | int | float | bool, ...] = ()
    pattern: str = ""
    format: str = ""


@dataclass(frozen=True)
class Group:
    """Columns of which no two rows hold the same values."""

    columns: tuple[str, ...]
    line: int = 0
    name: str = ""


@dataclass(frozen=True)
class ForeignKey:
    """Columns that hold a key of another table; without `others` its primary key."""

    columns: tuple[str, ...]
    table: str
    others: tuple[str, ...] = ()
    line: int = 0
    name: str = ""


@dataclass(frozen=True)
class Check:
    """A condition every row meets, as SQL; `column` where it stands at one, for the word VALUE of a domain."""

    sql: str
    line: int = 0
    column: str = ""
    name: str = ""
    of_domain: bool = False
    """Whether it is one of a domain, where VALUE is the cell, whatever columns there are."""


@dataclass
class Table:
    """A table; columns by their name."""

    name: str
    columns: dict[str, Column] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    unique: list[Group] = field(default_factory=list)
    foreign: list[ForeignKey] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    schema: str = ""
    line: int = 0
    partitioned: str = ""
    """What the rows go to parts of the table by, as SQL; `parts` are the conditions of the parts."""
    open: bool = False
    """Whether there is a part for all other rows."""
    parts: list[str] = field(default_factory=list)

    def spelt(self, name: str) -> str | None:
        """The column as the table spells it; databases do not tell capitals from small letters."""
        if name in self.columns:
            return name
        return next((known for known in self.columns if known.casefold() == name.casefold()), None)


@dataclass
class Database:
    """Tables by their name, in the order they were declared, and what could not be read, in words."""

    tables: dict[str, Table] = field(default_factory=dict)
    dialect: str = "postgres"
    notes: list[str] = field(default_factory=list)

    def find(self, name: str) -> Table | None:
        """The table of this name, with or without its schema."""
        for wanted in (name, name.rpartition(".")[2]):
            for known, table in self.tables.items():
                if wanted.casefold() in (known.casefold(), f"{table.schema}.{table.name}".casefold()):
                    return table
        return None
