"""Documents of a schema for hypothesis: drawn as a whole, then made smaller by choices, and valid at every step."""

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from synthesist.core import Context, Spec
from synthesist.errors import UnsuitableError
from synthesist.samplers.documents import Documents
from synthesist.samplers.documents.formats import FORMATS
from synthesist.samplers.documents.references import Located
from synthesist.samplers.documents.validation import Validator

__all__ = ["reduced"]

POOLS, POOL = 64, 256  # drawings, and documents of each, in the order of their length
KEPT = 8  # pools
SELDOM = 7  # one in so many choices and one is to make something simpler
Draw = Callable[[SearchStrategy[Any]], Any]


def reduced(spec: Spec) -> SearchStrategy[Any]:
    """Documents that a schema allows.

    Raises:
        UnsuitableError: it draws no documents.
    """
    if not isinstance(spec, Documents):
        raise UnsuitableError(f"`{spec.name()}` draws no documents: give a schema of such, or use `rows` or `tables`.")
    validator = _Strict(spec.library)
    pools = lru_cache(KEPT)(lambda number: _pool(spec, number))

    @st.composite
    def made(draw: Draw) -> Any:
        text = pools(draw(st.integers(0, POOLS - 1)))[draw(st.integers(0, POOL - 1))]
        return _Reduction(json.loads(text), lambda value: validator.meets(value, goal), draw).value()

    goal = frozenset({(spec.place, True)})
    return made()


def _pool(spec: Documents, number: int) -> list[str]:
    """Some documents, the short ones first: that is where shrinking goes."""
    texts = spec.sample(POOL, Context.seeded(number, threads=1)).table.to_series().to_list()
    return sorted(texts, key=len)


class _Reduction:
    """A document, and choices that take parts out of it or make them simple, where it stays valid."""

    def __init__(self, document: Any, valid: Callable[[Any], bool], draw: Draw) -> None:
        self._root, self._valid, self._draw = [document], valid, draw

    def value(self) -> Any:
        """The document after all choices."""
        if self._valid(self._root[0]):  # else it is right in a way that is not known here, and stays as it is
            self._simplify(self._root, 0)
        return self._root[0]

    def _simplify(self, holder: Any, place: Any) -> None:
        """The part of a list or object that stands at a place."""
        value = holder[place]
        match value:
            case dict():
                for name in list(value):
                    if self._left_out(value, name):
                        continue
                    self._simplify(value, name)
            case list():
                for i in reversed(range(len(value))):
                    if not self._left_out(value, i):
                        self._simplify(value, i)
            case None | False:
                pass
            case _ if self._chosen():
                for simple in _simpler(value):
                    holder[place] = simple
                    if self._valid(self._root[0]):
                        return
                holder[place] = value

    def _left_out(self, holder: Any, place: Any) -> bool:
        """Whether a part is taken out; in an object what stands behind it keeps its order."""
        if not self._chosen():
            return False
        before = holder.copy()
        del holder[place]
        if self._valid(self._root[0]):
            return True
        if isinstance(holder, dict):
            holder.clear()
            holder.update(before)
        else:
            holder[:] = before
        return False

    def _chosen(self) -> bool:
        """Whether to make something simpler: seldom, unless hypothesis shrinks."""
        return bool(self._draw(st.integers(0, SELDOM)) == 0)


def _simpler(value: Any) -> Iterator[Any]:
    """Values of the same type, the simplest first."""
    match value:
        case bool():
            yield False
        case int() | float():
            kind = type(value)
            yield from (kind(simple) for simple in (0, 1, -1) if abs(simple) < abs(value))
            yield from (kind(int(value) // part) for part in (1000, 100, 10, 2) if abs(value) >= part)
        case str():
            yield from (text for text in ("", "0", "a") if len(text) < len(value))
            yield from (value[:size] for size in (1, len(value) // 4, len(value) // 2) if 0 < size < len(value))


class _Strict(Validator):
    """Looks at formats as well, which are mere notes to others."""

    def _evaluated(self, value: Any, place: Located) -> set[str | int] | None:
        seen = super()._evaluated(value, place)
        if seen is not None and isinstance(value, str) and not isinstance(place.schema, bool):
            forms = FORMATS.get(str(place.words.get("format")), ())
            if forms and not any(re.fullmatch(form, value) for form in forms):
                return None
        return seen
