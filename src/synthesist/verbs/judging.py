"""What is judged: synthetic rows, beside real ones that were never seen."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthesist.core import Context, Curve, Evidence, Score, Spec
from synthesist.data.dataset import Dataset
from synthesist.errors import DataError, NotFoundError, did_you_mean
from synthesist.judging import beside_baseline, called_for, scored
from synthesist.rules.conditions import Where, conditions, satisfied
from synthesist.verbs.reading import read, readable

if TYPE_CHECKING:
    from synthesist.report.report import Report

__all__ = ["check_judged_by", "evaluate"]


FEWEST = 20  # real rows to compare with: below it no score means anything


def evaluate(
    *,
    train: Any,
    holdout: Any,
    synthetic: Any,
    target: str | None = None,
    protected: Iterable[str] = (),
    method: Spec | None = None,
    domain: Any = None,
    where: Where = None,
    metrics: Sequence[str | Spec] | None = None,
    gates: Sequence[str] = (),
    baseline: bool = False,
    explain: bool | None = None,
    previous: "Report | str | Path | None" = None,
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
        method: what learnt them, for attacks that let it learn again.
        domain: real rows of another place or time, on which what synthetic rows teach must work too.
        where: the condition the synthetic rows were drawn under: only real rows that meet it are compared.
        metrics: which scores, by name or Spec; by default all that this evidence allows and none that takes long.
        gates: scores that are required, as in "c2st<=0.6": those they name are computed as well, and the report says
            what became of each. `report.require(...)` raises where one fails.
        baseline: whether to judge shuffled columns too, so that every score shows what says nothing of the whole; it
            takes about as long again.
        explain: whether to say why rows can be told from real ones; by default where no metrics are chosen.
        previous: the report of an earlier run, or its .json, whose scores stand beside these.
        training: the losses of the model, as `model.training` has them; the report shows them.
        provenance: how the rows were made, as `model.provenance` has it. Where a private method made them, the report
            says what is promised and is marked as the curator's; `report.released()` is what may be published.

    Raises:
        DataError: too few real rows meet the condition to compare with.
    """
    from synthesist.report.gates import Gate
    from synthesist.report.privacy import Privacy
    from synthesist.report.release import understood
    from synthesist.report.report import build

    ctx, promise = (ctx or Context.seeded(seed)).at("evaluate"), Privacy.of(provenance or {})
    real = readable(train, None, method).finite()
    protected = tuple(protected)
    check_judged_by(real, target, protected)
    learnt, unseen = (_meeting(where, part) for part in (real, readable(holdout, real.schema, method).finite()))
    made = read(synthetic, real.schema).finite()
    other = None if domain is None else read(domain, real.schema).finite()
    case = Evidence(learnt, unseen, made, target=target, protected=protected, method=method, domain=other)
    asked = called_for(case, metrics, (Gate.read(gate).metric for gate in gates))
    found = scored(case, asked, ctx)
    return build(
        case,
        beside_baseline(case, found, asked, ctx) if baseline else found,
        ctx,
        title=title,
        provenance=provenance or {},
        training=training,
        gates=gates,
        previous=_earlier(previous),
        explanations=_explanations(case, ctx) if (metrics is None if explain is None else explain) else {},
        alone=None if promise is None else understood(synthetic, real.schema),
    )


def _explanations(case: Evidence, ctx: Context) -> dict[str, dict[str, Any]]:
    """By table ("" where there is one) why its rows can be told from real ones; tables of too few rows are left out."""
    from synthesist.reasons.explaining import explained

    tables = list(case.train.schema.tables)
    cases = {table: case.of(table) for table in tables} if len(tables) > 1 else {"": case}
    told = {}
    for table, part in cases.items():
        with suppress(DataError):
            told[table] = explained(part, ctx.at("explain", table)).to_dict()
    return told


def _earlier(previous: "Report | str | Path | None") -> Sequence[Score]:
    """The scores of an earlier report."""
    from synthesist.report.report import Report

    if isinstance(previous, str | Path):
        previous = Report.load(previous)
    return () if previous is None else previous.scores


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
    columns = [column for table in data.schema.tables.values() for column in table.columns]
    for column in (*((target,) if target is not None else ()), *protected):
        if column not in columns:
            raise NotFoundError(f"No column `{column}` to judge by. {did_you_mean(column, columns)}")
