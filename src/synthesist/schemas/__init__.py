"""Schema files of the field, each as the page of a sampler: what it describes can then be drawn.

A driver is one file of this folder with three names: `TITLE` says what it reads, `recognises(source)`
whether a file is its own, by suffix and content, and `page(source)` gives the page, as in
`{"kind": "documents", "json_schema": {...}}`. Drivers are asked in the order of `DRIVERS`: those that are sure by
a look come first, those that would take anything come last.
"""

import warnings
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from synthesist.data import page as pages
from synthesist.data.databases import Address
from synthesist.data.places import Place, place
from synthesist.errors import DataError
from synthesist.schemas.source import Source

__all__ = ["DRIVERS", "describes", "page_of", "suffixes", "written"]

DRIVERS = ("sql", "dbt", "sdv", "protobuf", "avro", "openapi", "json_schema", "example")


def page_of(path: str | Place) -> dict[str, Any]:
    """The page of the sampler that makes what a schema file, or a database, describes: `kind` and its options.

    Raises:
        NotFoundError: there is no such file.
        DataError: no driver knows it; the message says which there are.
        SpecError: it is of a known kind, and wrong.
    """
    where = place(path)
    if isinstance(where, Address):
        from synthesist.schemas.database import page_of_database

        return page_of_database(where)
    source = Source.read(where)
    for driver in _drivers():
        if driver.recognises(source):
            page: dict[str, Any] = driver.page(source)
            return page
    known = "; ".join(driver.TITLE for driver in _drivers())
    raise DataError(f"{path} is no schema that is known here, and no page, which says `kind:`. Known are: {known}.")


def written(path: str | Place) -> str:
    """The page of a schema file as YAML, to be edited; what of the file is not kept stands above it as comments.

    Raises:
        NotFoundError, DataError, SpecError: as `page_of` has it.
    """
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        page = page_of(path)
    lines = [line for warning in told for line in _lines(warning.message)]
    notes = "".join(f"# {line}\n" for line in lines)
    return notes + pages.written(page, default_flow_style=None)


def _lines(told: Warning | str) -> list[str]:
    """All that a warning has to tell, of which its message may show a part."""
    notes = getattr(told, "notes", None)
    return str(told).splitlines() if notes is None else [getattr(told, "title", ""), *(f"  {note}" for note in notes)]


def describes(path: str | Path) -> bool:
    """Whether a file, by its name, is a schema, and not the rows that are described where one asks for it."""
    return Path(path).suffix.lower() in suffixes()


def suffixes() -> frozenset[str]:
    """How the names of schema files may end."""
    schemas = [driver for name, driver in zip(DRIVERS, _drivers(), strict=True) if name != "example"]
    return frozenset(suffix for driver in schemas for suffix in driver.SUFFIXES)


def _drivers() -> list[ModuleType]:
    return [import_module(f"{__name__}.{name}") for name in DRIVERS]
