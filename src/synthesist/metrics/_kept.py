"""What several metrics need of one Evidence, made once and kept as long as the Evidence lives."""

import weakref
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from synthesist.core import Evidence

__all__ = ["kept"]

T = TypeVar("T")
_KNOWN: dict[int, dict[Hashable, Any]] = {}


def kept(case: Evidence, key: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives; the second call with this key costs nothing."""
    if id(case) not in _KNOWN:
        _KNOWN[id(case)] = {}
        weakref.finalize(case, _KNOWN.pop, id(case), None)
    known = _KNOWN[id(case)]
    if key not in known:
        known[key] = make()
    found: T = known[key]
    return found
