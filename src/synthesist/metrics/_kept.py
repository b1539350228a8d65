"""What several metrics need of one Evidence or its arrays, made once and kept as long as these live."""

import weakref
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

__all__ = ["kept"]

T = TypeVar("T")
_KNOWN: dict[int, dict[Hashable, Any]] = {}


def kept(owner: object, key: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives; the second call with this key costs nothing."""
    if id(owner) not in _KNOWN:
        _KNOWN[id(owner)] = {}
        weakref.finalize(owner, _KNOWN.pop, id(owner), None)
    known = _KNOWN[id(owner)]
    if key not in known:
        known[key] = make()
    found: T = known[key]
    return found
