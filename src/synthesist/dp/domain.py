"""What is public of a table: what was declared of it before anybody looked at its rows."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from synthesist.data.kinds import Category, Constant, Id, Integer, Kind, Moment, Number
from synthesist.data.schema import Schema
from synthesist.errors import SpecError, UnsuitableError

__all__ = ["PRIVATE_KINDS", "Domain", "detected"]

PRIVATE_KINDS = frozenset({"number", "integer", "boolean", "category", "moment", "id", "constant"})
"""The kinds of column whose possible values can be public."""


@dataclass(frozen=True)
class Domain:
    """A declared schema of one table, and the most rows that one unit gives to it.

    Whatever a method knows of a table without asking for it with budget stands here.
    """

    schema: Schema
    contributions: int = 1

    @classmethod
    def of(cls, schema: Schema, method: str, unit: str | None = None, contributions: int = 1) -> "Domain":
        """The domain of a table whose schema was declared; the column that names the unit is none of it.

        Raises:
            UnsuitableError: something in the schema was detected from the rows.
            SpecError: `unit` names no column.
        """
        table = schema.table
        if unit is not None and not isinstance(table[unit], Id):
            raise SpecError(f"`{unit}` is to say whose a row is, so it is an id; the schema says {table[unit].kind}.")
        if found := [f"  {column}: {what}" for column, what in detected(schema)]:
            raise UnsuitableError(
                f"{method} keeps rows private, so it may know of the table only what is public. "
                f"This was detected from the rows:\n" + "\n".join(found) + "\n"
                "Give it a schema page that says what is known from elsewhere (a code book, a form, the law), without "
                "`why` and `origin: detected`. Bounds and values that are left out are bought with budget."
            )
        for column, kind in table.columns.items():
            _refuse_odd(column, kind)
        return cls(schema, contributions)

    @property
    def undeclared(self) -> tuple[str, ...]:
        """The categories whose values have to be found."""
        return tuple(c for c, kind in self.kinds.items() if isinstance(kind, Category) and kind.values is None)

    @property
    def kinds(self) -> dict[str, Kind]:
        """The columns that can be learnt."""
        return {name: kind for name, kind in self.schema.table.columns.items() if not isinstance(kind, Id | Constant)}


def detected(schema: Schema) -> Iterator[tuple[str, str]]:
    """Each column of which something was learnt by looking at rows, and what."""
    for table in schema.tables.values():
        for column, kind in table.columns.items():
            yield from ((column, what) for what in _detected(kind))


def _refuse_odd(column: str, kind: Kind) -> None:
    """Refuse a declaration that no cell could meet as it was meant; nothing of the rows is told by it."""
    from synthesist.dp.line import Line, tick

    if isinstance(kind, Number | Integer | Moment):
        try:
            for end in (kind.bounds.low, kind.bounds.high):
                if end is not None:
                    tick(kind, end)
            if None not in (kind.bounds.low, kind.bounds.high):
                Line.of(kind)
        except SpecError as error:
            raise SpecError(f"`{column}`: {error}") from None
    if isinstance(kind, Category) and kind.values is not None:
        items = kind.values.items
        odd = [item for item in items if isinstance(item, bool) or (isinstance(item, float) and item.is_integer())]
        if odd:
            written = str(odd[0]).lower() if isinstance(odd[0], bool) else f"{odd[0]:.0f}"
            raise SpecError(f"`{column}`: the value {odd[0]} is read as no text. Write '{written}', with the quotes.")
        if twice := [text for text, times in Counter(map(str, items)).items() if times > 1]:
            raise SpecError(f"`{column}`: the value `{twice[0]}` is declared twice. Leave one out.")


def _detected(kind: Kind) -> Iterator[str]:
    """What of a column was learnt by looking at its cells."""
    if kind.why:
        yield "its kind"
    if isinstance(kind, Number | Integer | Moment) and kind.bounds.origin == "detected":
        yield "its bounds"
    if isinstance(kind, Category) and kind.values is not None and kind.values.origin == "detected":
        yield "its values"
