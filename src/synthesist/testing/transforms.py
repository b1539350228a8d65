"""What every transform must do."""

from collections.abc import Iterator
from functools import cache, partial

import polars as pl

from synthesist.core import Context, Spec
from synthesist.data.dataset import Dataset
from synthesist.testing.case import Case
from synthesist.testing.inside import fits, same
from synthesist.testing.knobs import knob_cases, text_cases
from synthesist.testing.tables import TABLES, related
from synthesist.testing.traces import Traces, watched

__all__ = ["transform_cases"]

SEED = 11


def transform_cases(spec: Spec) -> list[Case]:
    """All cases of one transform; options that name columns name those of the table it is tried on."""

    @cache
    def changed() -> Traces[Dataset]:
        data = _data(spec)
        return watched(partial(_apply, spec, data), data)

    def same_seed() -> None:
        same(_apply(spec, _data(spec)), changed().result, "A second call with the same seed")

    def schema() -> None:
        fits(changed().result, changed().result.schema)

    return [
        Case(spec.name(), "leaves_no_trace", "", lambda: changed().clean()),
        Case(spec.name(), "schema", "", schema),
        Case(spec.name(), "same_seed", "", same_seed),
        *text_cases(spec),
        *knob_cases(spec, _outcome),
    ]


def _data(spec: Spec) -> Dataset:
    return {**TABLES, "related": related}[spec.tried_on]()


def _apply(spec: Spec, data: Dataset) -> Dataset:
    return spec.apply(data, Context.seeded(SEED))  # type: ignore[attr-defined]


def _outcome(spec: Spec) -> Iterator[dict[str, pl.DataFrame]]:
    yield dict(_apply(spec, _data(spec)).tables)
