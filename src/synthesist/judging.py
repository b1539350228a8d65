"""The judge's driver: which metrics a case calls for, and their Scores, each of several tables judged by itself."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from synthesist import catalog
from synthesist.core import Context, Evidence, Metric, Score, Spec

__all__ = ["as_metrics", "called_for", "scored"]


def called_for(case: Evidence, gates: Iterable[str] = ()) -> list[Spec]:
    """The metrics of the default evaluation that this evidence allows, and those that gates name beside them."""
    specs = (catalog.load("metrics", name) for name in catalog.names("metrics"))
    standard = sorted((spec for spec in specs if spec.standard and spec.needs <= case.has), key=lambda s: s.standard)
    further = [name for name in dict.fromkeys(gates) if name not in {spec.name() for spec in standard}]
    return [spec() for spec in (*standard, *(catalog.load("metrics", name) for name in further))]


def as_metrics(metrics: Sequence[str | Spec]) -> list[Spec]:
    """Metrics given by name or as Specs."""
    return [catalog.load("metrics", each)() if isinstance(each, str) else each for each in metrics]


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


def _metric(spec: Spec) -> Metric:
    return spec  # type: ignore[return-value]
