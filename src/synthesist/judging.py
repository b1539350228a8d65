"""The judge's driver: which metrics a case calls for, and their Scores, each of several tables judged by itself."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from math import nan

import numpy as np
import polars as pl

from synthesist import catalog
from synthesist.core import Context, Evidence, Metric, Score, Spec

__all__ = ["as_metrics", "beside_baseline", "called_for", "scored"]


def called_for(case: Evidence, metrics: Sequence[str | Spec] | None = None, gates: Iterable[str] = ()) -> list[Spec]:
    """The metrics that are asked for, else those of the default evaluation that this evidence allows.

    Those that `gates` name come with them.
    """
    asked = _standard(case) if metrics is None else as_metrics(metrics)
    known = {spec.name() for spec in asked}
    return [*asked, *as_metrics([name for name in dict.fromkeys(gates) if name not in known])]


def as_metrics(metrics: Sequence[str | Spec]) -> list[Spec]:
    """Metrics given by name or as Specs."""
    return [catalog.load("metrics", each)() if isinstance(each, str) else each for each in metrics]


def _standard(case: Evidence) -> list[Spec]:
    shelf = (catalog.load("metrics", name) for name in catalog.names("metrics"))
    fitting = [spec for spec in shelf if spec.standard and spec.needs <= case.has]
    return [spec() for spec in sorted(fitting, key=lambda spec: spec.standard)]


def scored(case: Evidence, metrics: Sequence[Spec], ctx: Context) -> list[Score]:
    """Every metric's Score, in order; of several tables, one for each that a metric of one table can judge."""
    tables = list(case.train.schema.tables)
    parts = {table: case.of(table) for table in tables} if len(tables) > 1 else {}
    found = []
    for spec in ctx.track(metrics, "judging"):
        metric, place = _metric(spec), ctx.at(spec.name())
        if parts and "links" not in spec.needs:
            able = {table: part for table, part in parts.items() if spec.needs <= part.has}
            found += [replace(metric.score(part, place.at(table)), table=table) for table, part in able.items()]
        else:
            found.append(metric.score(case, place))
    return found


def beside_baseline(case: Evidence, found: Sequence[Score], metrics: Sequence[Spec], ctx: Context) -> list[Score]:
    """The scores of fidelity and utility with what independent columns reach on the same metric."""
    wanted = {score.metric for score in found if score.family in ("fidelity", "utility") and not score.skipped}
    alone = replace(case, synthetic=case.train.map(partial(_shuffled, rng=ctx.rng("baseline"))))
    reached = {
        score.name: score.value
        for score in scored(alone, [spec for spec in metrics if spec.name() in wanted], ctx.at("baseline"))
    }
    return [replace(score, baseline=reached.get(score.name, nan)) for score in found]


def _shuffled(table: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Every column in an order of its own."""
    return table.select(column.gather(rng.permutation(table.height)) for column in table.iter_columns())


def _metric(spec: Spec) -> Metric:
    return spec  # type: ignore[return-value]
