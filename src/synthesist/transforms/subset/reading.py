"""What a subset is taken of: a live database where an address is given, else tables that are read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from synthesist.data.databases import is_address, opened
from synthesist.data.schema import Schema
from synthesist.data.sources import read
from synthesist.errors import SpecError
from synthesist.transforms.subset.live import Live
from synthesist.transforms.subset.memory import Memory
from synthesist.transforms.subset.origin import Origin

__all__ = ["origin_of"]


@contextmanager
def origin_of(source: Any, schema: Schema | str | Path | None = None) -> Iterator[Origin]:
    """The tables of a source, for as long as they are read.

    Raises:
        SpecError: a schema is given for a database, which has its own.
    """
    if not is_address(source):
        yield Memory(read(source, schema))
        return
    if schema is not None:
        raise SpecError(
            "A database says itself what its columns mean: leave the schema out, and name links in `virtual`."
        )
    with opened(source) as database:
        yield Live(database)
