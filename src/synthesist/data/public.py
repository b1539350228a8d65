"""A page to begin a public schema with: names and kinds of columns, and what is to be filled in from elsewhere.

What rows showed is left out. Where a column cannot be read without a word on how it is written, a value stands
that no schema takes, so that the page is refused until somebody has filled it in.
"""

import json
import re
from collections.abc import Iterator

from synthesist.data.kinds import Boolean, Category, Constant, Id, Integer, Kind, Moment, Number
from synthesist.data.schema import Schema, TableSchema

__all__ = ["public_page"]

HEAD = """\
# A public schema to be completed, for methods that keep rows private.
#
# Write what is known without a look at the rows: from a code book, a form, the law. Whatever stands here counts as
# public, is used as it is, and shows in what is released; say in a comment where each line comes from.
#   TODO    what nobody but you can know; lines that begin with # may stay as they are, the others may not
#   kind    was guessed from the rows: compare it with the code book. So were the names, which come from the file
# A range or list of values that is left out is bought with privacy budget. A cell that does not fit counts as empty,
# and where `missing` is not true its row is left out of what is asked of that column.
"""
EMPTY = "# TODO missing: true, where cells may be empty; markers: ['?'], where words stand for empty"
WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}  # which YAML takes for something else
NEEDED = "[TODO]"  # a list where a word is due: no schema takes it


def public_page(schema: Schema) -> str:
    """The page, in YAML."""
    lines = [HEAD.rstrip(), "version: 1", f"unit: {_name(schema.unit)}", "tables:"]
    for name, table in schema.tables.items():
        lines += [f"  {_name(name)}:", "    columns:", *_columns(table)]
    return "\n".join(lines) + "\n"


def _columns(table: TableSchema) -> Iterator[str]:
    for column, kind in table.columns.items():
        yield f"      {_name(column)}:"
        yield from (f"        {line}" for line in _asked(kind))


def _asked(kind: Kind) -> Iterator[str]:
    """What a column is, and what is to be said of it."""
    yield f"kind: {'category' if isinstance(kind, Constant) else kind.kind}"
    match kind:
        case Number():
            yield "# TODO bounds: [0, 100], as the code book or the form allows; decimals: 2, of money and the like"
        case Integer():
            yield "# TODO bounds: [0, 100], as the code book or the form allows"
        case Moment():
            yield f"precision: {NEEDED}  # TODO: d for days, s for seconds"
            if kind.format:
                yield f"format: {NEEDED}  # TODO: how it is written, as in '%Y-%m-%d'"
            yield "# TODO bounds: ['2020-01-01', '2024-12-31'], the time that was collected in"
        case Boolean():
            yield "# TODO labels: ['no', 'yes'], where other words stand for false and true"
        case Category() | Constant():
            yield "# TODO values: [a, b], all that may occur by the code book, whether they do or not"
        case Id():
            yield "# TODO whole: true, where ids are whole numbers"
            yield "# Set it as the `unit` of the method if it says whose a row is."
        case _:
            yield f"# TODO private methods do not learn {kind.kind}: drop the column from the rows, and from here"
    yield EMPTY


def _name(name: str) -> str:
    """A name as YAML reads it back."""
    plain = re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) and name.lower() not in WORDS
    return name if plain else json.dumps(name, ensure_ascii=False)
