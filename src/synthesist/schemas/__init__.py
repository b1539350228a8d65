"""Schema files of the field, each as the page of a sampler: what it describes can then be drawn.

A driver is one file of this folder with three names: `TITLE` says what it reads, `recognises(source)`
whether a file is its own, by suffix and content, and `page(source)` gives the page, as in
`{"kind": "documents", "json_schema": {...}}`. Drivers are asked in the order of `DRIVERS`: those that are sure by
a look come first, those that would take anything come last.
"""

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from synthesist.errors import DataError
from synthesist.schemas.source import Source

__all__ = ["DRIVERS", "page_of", "suffixes"]

DRIVERS = ("sql", "protobuf", "avro", "openapi", "json_schema")


def page_of(path: str | Path) -> dict[str, Any]:
    """The page of the sampler that makes what a schema file describes: `kind` and the options of that sampler.

    Raises:
        NotFoundError: there is no such file.
        DataError: no driver knows it; the message says which there are.
        SpecError: it is of a known kind, and wrong.
    """
    source = Source.read(path)
    for driver in _drivers():
        if driver.recognises(source):
            page: dict[str, Any] = driver.page(source)
            return page
    known = "; ".join(driver.TITLE for driver in _drivers())
    raise DataError(f"{path} is no schema that is known here, and no page, which says `kind:`. Known are: {known}.")


def suffixes() -> frozenset[str]:
    """How the names of schema files may end."""
    return frozenset(suffix for driver in _drivers() for suffix in driver.SUFFIXES)


def _drivers() -> list[ModuleType]:
    return [import_module(f"{__name__}.{name}") for name in DRIVERS]
