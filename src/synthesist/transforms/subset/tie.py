"""A link with the table it starts from, and how links are written."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from synthesist.data.schema import Schema
from synthesist.errors import SpecError, did_you_mean

__all__ = ["Tie", "named", "read_tie", "ties_of"]

END = re.compile(r"\s*(?:(?P<table>[^()]+?)\s*\((?P<columns>[^()]+)\)|(?P<owner>[^()]+)\.(?P<column>[^.()]+?))\s*")


@dataclass(frozen=True)
class Tie:
    """Rows of `child` refer to rows of `parent`: `columns` hold what the other table has in `to`."""

    child: str
    columns: tuple[str, ...]
    parent: str
    to: tuple[str, ...]

    @property
    def start(self) -> str:
        """How it is called: `orders.customer`, or `marks (class, number)`."""
        return _end(self.child, self.columns)

    def __str__(self) -> str:
        return f"{self.start} -> {_end(self.parent, self.to)}"


def ties_of(schema: Schema) -> list[Tie]:
    """Every link of the schema."""
    return [
        Tie(name, link.columns, link.table, link.to) for name, table in schema.tables.items() for link in table.links
    ]


def read_tie(text: str, schema: Schema) -> Tie:
    """A link as it is written: `visits.patient -> patients.id`, `marks (class, number) -> pupils (class, number)`.

    Raises:
        SpecError: it is none, or a table or column of it is not there.
    """
    ends = [END.fullmatch(end) for end in text.split("->")]
    if len(ends) != 2 or not all(ends):
        raise SpecError(f"`{text}` is no link: write it as in `visits.patient -> patients.id`.")
    (child, columns), (parent, to) = (_read_end(end, schema) for end in ends if end)
    if len(columns) != len(to):
        raise SpecError(f"`{text}`: as many columns must stand on the left as on the right.")
    return Tie(child, columns, parent, to)


def named(text: str, ties: Iterable[Tie]) -> list[Tie]:
    """The links that `orders`, `orders.customer` or `orders.customer -> customers.id` means.

    Raises:
        SpecError: there is none.
    """
    known = list(ties)
    bare = re.sub(r"\s+", " ", text.strip())
    found = [tie for tie in known if bare in (tie.child, tie.start, str(tie))]
    if not found:
        raise SpecError(f"no link `{text}`. {did_you_mean(text, dict.fromkeys(tie.start for tie in known))}")
    return found


def _read_end(end: re.Match[str], schema: Schema) -> tuple[str, tuple[str, ...]]:
    table = (end["table"] or end["owner"]).strip()
    columns = tuple(part.strip() for part in (end["columns"] or end["column"]).split(","))
    if table not in schema.tables:
        raise SpecError(f"`{end[0].strip()}`: no table `{table}`. {did_you_mean(table, schema.tables)}")
    for column in columns:
        if column not in (known := schema.tables[table].columns):
            raise SpecError(f"`{end[0].strip()}`: no column `{column}`. {did_you_mean(column, known)}")
    return table, columns


def _end(table: str, columns: tuple[str, ...]) -> str:
    return f"{table}.{columns[0]}" if len(columns) == 1 else f"{table} ({', '.join(columns)})"
