"""What every metric must do."""

import math
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cache, partial

from synthesist.core import Context, Evidence, Score, Spec
from synthesist.data.dataset import Dataset
from synthesist.methods.marginals import Marginals
from synthesist.testing.case import Case
from synthesist.testing.knobs import knob_cases, text_cases
from synthesist.testing.tables import TABLES, mixed, once, visited
from synthesist.testing.traces import Traces, watched
from synthesist.verbs.reading import split

__all__ = ["metric_cases"]

SEED = 11
people, visits = once(partial(mixed, 900)), once(visited)


def metric_cases(spec: Spec) -> list[Case]:
    """All cases of one metric: on each table, the real rows of one third are judged as if synthetic.

    One that judges related tables is tried on such as well.
    """
    tables: dict[str, Callable[[], Dataset]] = dict(TABLES)
    if "links" in spec.needs:
        tables["visited"] = visits

    @cache
    def judged(table: str) -> Traces[Score]:
        case = _evidence(tables[table]())
        return watched(partial(_score, spec, case), case.train, case.holdout, case.synthetic)

    def on(table: str, check: Callable[[Score], None]) -> Callable[[], None]:
        return lambda: check(judged(table).result)

    def quiet(table: str) -> Callable[[], None]:
        return lambda: judged(table).clean()

    def same_seed() -> None:
        again, first = _score(spec, _evidence(TABLES["mixed"]())), judged("mixed").result
        assert repr(again) == repr(first), f"A second call with the same seed: {again} and {first}."

    return [
        *(
            case
            for table in tables
            for case in (
                Case(spec.name(), "leaves_no_trace", table, quiet(table)),
                Case(spec.name(), "knows_itself", table, on(table, _knows_itself)),
            )
        ),
        Case(spec.name(), "same_seed", "", same_seed),
        *text_cases(spec),
        *knob_cases(spec, _outcome),
    ]


def _evidence(data: Dataset) -> Evidence:
    """Three parts of a table, or of related ones by their unit; where there is a single row, all three are that row."""
    if len(data.tables) > 1:
        first, rest = split(data, 1 / 3)
        return Evidence(first, *split(rest, 1 / 2))
    third = max(data.units // 3, 1)
    train, holdout, synthetic = (
        data.with_table(data.table.slice(min(i * third, data.units - third), third)) for i in range(3)
    )
    target = "sector" if "sector" in data.table.columns else None
    protected = ("smoker",) if "smoker" in data.table.columns else ()
    return Evidence(train, holdout, synthetic, target=target, protected=protected, method=Marginals(), domain=holdout)


def _score(spec: Spec, case: Evidence) -> Score:
    return spec.score(case, Context.seeded(SEED))  # type: ignore[attr-defined]


def _outcome(spec: Spec) -> Iterator[Score]:
    """What it finds in a table, or in related ones, large enough for its knobs to bite."""
    yield _score(spec, _evidence(visits() if spec.tried_on == "related" else people()))


def _knows_itself(score: Score) -> None:
    """A Score is whole: a value inside its interval, with its ends and its reference; or a reason why not."""
    if score.skipped:
        assert math.isnan(score.value), f"It was skipped ({score.skipped}) and has a value, {score.value}."
        return
    numbers = {f.name: getattr(score, f.name) for f in fields(score) if f.type is float or f.type == "float"}
    needed = ("value", "low", "high", "best", "worst", "reference")
    lost = [name for name in needed if not math.isfinite(numbers[name])]
    assert not lost, f"It has no {', '.join(lost)}, and is not skipped: {score}."
    assert score.low <= score.value <= score.high, (
        f"{score.value} is outside its interval, {score.low} to {score.high}."
    )
    assert score.title and score.meaning, "It has no title, or does not say what it means."
