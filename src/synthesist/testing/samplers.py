"""What every sampler that needs no data must do."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import polars as pl

from synthesist.core import Context, Spec
from synthesist.data.dataset import Dataset
from synthesist.testing.case import Case
from synthesist.testing.inside import fits, same
from synthesist.testing.knobs import knob_cases, text_cases
from synthesist.testing.traces import Traces, watched
from synthesist.verbs.drawing import sample

__all__ = ["sampler_cases"]

SEED = 11
N = 60


def sampler_cases(spec: Spec) -> list[Case]:
    """All cases of one sampler."""

    @cache
    def drawn() -> Traces[Dataset]:
        return watched(lambda: _sample(spec, N))

    def schema() -> None:
        fits(drawn().result, spec.schema, N)  # type: ignore[arg-type]

    def same_seed() -> None:
        same(_sample(spec, N), drawn().result, "A second call with the same seed")

    def other_seed() -> None:
        other = sample(spec, N, seed=SEED + 1).tables
        assert not all(table.equals(other[name]) for name, table in drawn().result.tables.items()), (
            "Two seeds, one result."
        )

    def first_rows() -> None:
        size = spec.block  # type: ignore[attr-defined]
        few = _sample(spec, 7)
        for n in (7, N, size + 7):
            rows = _sample(spec, n)
            fits(rows, spec.schema, n)  # type: ignore[arg-type]
            first = {name: table.head(few.tables[name].height) for name, table in rows.tables.items()}
            same(replace(rows, tables=first), few, f"The first of {n} units")

    def threads() -> None:
        n = spec.block + 1  # type: ignore[attr-defined]
        one, three = (sample(spec, n, ctx=Context.seeded(SEED, threads=threads)) for threads in (1, 3))
        same(one, three, "One thread, and three")

    checks = (schema, same_seed, other_seed, first_rows, threads)
    return [
        Case(spec.name(), "leaves_no_trace", "", lambda: drawn().clean()),
        *(Case(spec.name(), check.__name__, "", check) for check in checks),
        *text_cases(spec),
        *knob_cases(spec, _outcome),
    ]


def _sample(spec: Spec, n: int) -> Dataset:
    return sample(spec, n, seed=SEED)


def _outcome(spec: Spec) -> Iterator[dict[str, pl.DataFrame]]:
    yield dict(_sample(spec, N).tables)
