"""What is judged: synthetic rows, beside real ones that were never seen."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synthesist.core import Context, Curve, Evidence, Score, Spec
from synthesist.data.dataset import Dataset
from synthesist.errors import DataError, NotFoundError, did_you_mean
from synthesist.rules.conditions import Where, conditions, satisfied
from synthesist.verbs.named import as_spec
from synthesist.verbs.reading import read

if TYPE_CHECKING:
    from synthesist.report.report import Report

__all__ = ["METRICS", "check_judged_by", "evaluate", "scores"]


FEWEST = 20  # real rows to compare with: below it no score means anything
METRICS = (
    "c2st",
    "column_shapes",
    "pair_trends",
    "tstr",
    "coverage",
    "missingness",
    "validity",
    "membership",
    "exact_copies",
    "dcr_share",
)
"""What `evaluate` asks by default, in the order of the report."""


def evaluate(
    *,
    train: Any,
    holdout: Any,
    synthetic: Any,
    target: str | None = None,
    protected: Iterable[str] = (),
    where: Where = None,
    metrics: Sequence[str | Spec] = METRICS,
    seed: int = 0,
    ctx: Context | None = None,
    title: str = "",
    provenance: Mapping[str, Any] | None = None,
    training: Curve | None = None,
) -> "Report":
    """Judge synthetic rows: how true to life, how useful, how safe, each beside what real rows reach.

    Args:
        train: the real rows the model learnt from.
        holdout: real rows it never saw: the yardstick of every score.
        synthetic: what it made.
        target: the column a model would predict; utility is judged where it is given.
        protected: columns that name groups to be treated alike.
        where: the condition the synthetic rows were drawn under: only real rows that meet it are compared.
        metrics: which scores, by name or Spec.
        training: the losses of the model, as `model.training` has them; the report shows them.

    Raises:
        DataError: too few real rows meet the condition to compare with.
    """
    from synthesist.report.report import build

    ctx = (ctx or Context.seeded(seed)).at("evaluate")
    real = read(train).finite()
    protected = tuple(protected)
    check_judged_by(real, target, protected)
    learnt, unseen = (_meeting(where, part) for part in (real, read(holdout, real.schema).finite()))
    case = Evidence(learnt, unseen, read(synthetic, real.schema).finite(), target=target, protected=protected)
    return build(case, scores(case, metrics, ctx), ctx, title=title, provenance=provenance or {}, training=training)


def _meeting(where: Where, data: Dataset) -> Dataset:
    """The real rows that meet the condition."""
    if not where:
        return data
    rows = data.table.filter(satisfied(data.table, conditions(where, data.kinds)))
    if rows.height < FEWEST:
        raise DataError(
            f"Only {rows.height} of {data.units:,} real rows meet the condition, too few to compare with. "
            f"Draw the rows with `sample`, which needs no real rows beside them."
        )
    return data.with_table(rows)


def check_judged_by(data: Dataset, target: str | None, protected: Iterable[str] = ()) -> None:
    """Refuse a target or protected column that is not there, before any work is done."""
    for column in (*((target,) if target is not None else ()), *protected):
        if column not in data.kinds.columns:
            raise NotFoundError(f"No column `{column}` to judge by. {did_you_mean(column, data.kinds.columns)}")


def scores(case: Evidence, metrics: Sequence[str | Spec], ctx: Context) -> list[Score]:
    """Every metric's Score, in order."""
    specs = [as_spec("metrics", metric, {}) for metric in metrics]
    return [spec.score(case, ctx.at(spec.name())) for spec in ctx.track(specs, "judging")]  # type: ignore[attr-defined]
