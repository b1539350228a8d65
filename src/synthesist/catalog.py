"""What exists: the folders are the registry, and entry points add what others wrote.

A file `methods/trees.py` (or folder `methods/trees/`) with one public class is the method `trees`
on every surface. An arrow made of other arrows stands a floor higher, in `combine/`, in a folder of
the name of its shelf: `combine/methods/auto.py` is the method `auto`. An import error is an import
error, never a vanished method.
"""

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any

from synthesist.core import Spec
from synthesist.errors import NotFoundError, SpecError, did_you_mean

__all__ = ["SHELVES", "find", "load", "names", "summary"]

SHELVES = {
    "methods": "learn: a table in, a sampler out",
    "samplers": "produce: no real data needed",
    "transforms": "change: the same units, other cells",
    "metrics": "judge: evidence in, a score out",
}


@cache
def names(shelf: str) -> tuple[str, ...]:
    """The names on a shelf, in alphabetical order."""
    if shelf not in SHELVES:
        raise NotFoundError(f"No shelf `{shelf}`. {did_you_mean(shelf, SHELVES)}")
    return tuple(sorted({*_own(shelf), *(point.name for point in entry_points(group=f"synthesist.{shelf}"))}))


@cache
def load(shelf: str, name: str) -> type[Spec]:
    """The Spec of this name; an error that names the nearest one where there is none."""
    if name not in names(shelf):
        raise NotFoundError(f"No {shelf[:-1]} `{name}`. {did_you_mean(name, names(shelf))}")
    for point in entry_points(group=f"synthesist.{shelf}", name=name):
        return _checked(point.load(), point.value)
    module = import_module(_own(shelf)[name])
    (public,) = module.__all__
    return _checked(getattr(module, public), module.__name__)


def find(name: str) -> tuple[str, type[Spec]]:
    """The shelf and Spec of a name, wherever it stands."""
    for shelf in SHELVES:
        if name in names(shelf):
            return shelf, load(shelf, name)
    everything = [known for shelf in SHELVES for known in names(shelf)]
    raise NotFoundError(f"Nothing is called `{name}`. {did_you_mean(name, everything)}")


def summary(spec: type[Spec]) -> str:
    """The first line of a Spec's docstring: what it is, for everybody."""
    return (spec.__doc__ or "").strip().split("\n")[0]


@cache
def _own(shelf: str) -> dict[str, str]:
    """The module of each name of ours; the names are read off the folders, and none of the modules is imported."""
    return {
        module.name: f"{folder}.{module.name}"
        for folder in (f"synthesist.{shelf}", f"synthesist.combine.{shelf}")
        if find_spec(folder)
        for module in iter_modules(import_module(folder).__path__)
        if not module.name.startswith("_")
    }


def _checked(found: Any, where: str) -> type[Spec]:
    if not (isinstance(found, type) and issubclass(found, Spec)):
        raise SpecError(f"{where} offers {found!r}, which is no Spec class.")
    return found
