"""What every method must do that learns a change from a source and a target."""

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, get_type_hints

from synthesist.core import Context, Spec
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.errors import DataError, NotFoundError, UnsuitableError
from synthesist.testing.case import Case
from synthesist.testing.inside import fits, same
from synthesist.testing.knobs import knob_cases, text_cases
from synthesist.testing.tables import TABLES, shifted
from synthesist.testing.traces import Traces, watched

__all__ = ["adapting_cases", "adapts"]

SEED = 11


def adapts(spec: Spec) -> bool:
    """Whether what this method fits changes rows, and draws none."""
    return hasattr(get_type_hints(type(spec).fit)["return"], "apply")  # type: ignore[attr-defined]


def adapting_cases(spec: Spec) -> list[Case]:
    """All cases of one method that adapts."""

    @cache
    def adapted() -> Traces[Dataset]:
        both = shifted()
        return watched(partial(_adapted, spec, both), both)

    def same_seed() -> None:
        same(_adapted(spec, shifted()), adapted().result, "A second call with the same seed")

    def schema() -> None:
        fits(adapted().result, adapted().result.schema, shifted()["source"].units)

    def on(table: str) -> Callable[[], None]:
        return lambda: _nothing_to_adapt(spec, TABLES[table]())

    label = getattr(spec, "label", None)
    served = [name for name in TABLES if name != "only_keys" and name not in spec.limits]
    tables = [name for name in served if label is None or label in TABLES[name]().kinds.columns]
    return [
        Case(spec.name(), "leaves_no_trace", "", lambda: adapted().clean()),
        Case(spec.name(), "schema", "", schema),
        Case(spec.name(), "same_seed", "", same_seed),
        *(Case(spec.name(), "nothing_to_adapt", table, on(table)) for table in tables),
        Case(spec.name(), "refuses_one_table", "", partial(_refuses, spec, lambda: TABLES["mixed"]())),
        Case(spec.name(), "refuses_only_keys", "", partial(_refuses, spec, lambda: _twice(TABLES["only_keys"]()))),
        Case(spec.name(), "no_rows", "", partial(_no_rows, spec)),
        *text_cases(spec),
        *knob_cases(spec, _outcome),
    ]


def _adapted(spec: Spec, both: Dataset) -> Dataset:
    ctx = Context.seeded(SEED)
    change = spec.fit(both, ctx.at("fit"))  # type: ignore[attr-defined]
    return change.apply(both["source"], ctx.at("apply"))


def _outcome(spec: Spec) -> Iterator[Any]:
    """The rows, and what a method that chooses says of those it chose from."""
    yield _adapted(spec, shifted()).table
    change = spec.fit(shifted(), Context.seeded(SEED).at("fit"))  # type: ignore[attr-defined]
    yield getattr(change, "told_apart", None)
    yield getattr(change, "gains", None)


def _nothing_to_adapt(spec: Spec, data: Dataset) -> None:
    """A source that is its own target comes out whole."""
    out = _adapted(spec, _twice(data))
    fits(out, out.schema, data.units)


def _twice(data: Dataset) -> Dataset:
    """A table as source and as target."""
    kinds = Schema(tables={"source": data.kinds, "target": data.kinds}, unit="source")
    return Dataset({"source": data.table, "target": data.table}, kinds)


def _refuses(spec: Spec, make: Callable[[], Dataset]) -> None:
    """A single table, or tables without a column to compare, are refused as such."""
    try:
        _adapted(spec, make())
    except (UnsuitableError, NotFoundError):
        return
    raise AssertionError("What has nothing to be adapted by was learnt from.")


def _no_rows(spec: Spec) -> None:
    """A target without rows is refused as data."""
    both = shifted()
    try:
        _adapted(spec, Dataset({**both.tables, "target": both.tables["target"].clear()}, both.schema))
    except DataError:
        return
    raise AssertionError("A target without rows was learnt from.")
