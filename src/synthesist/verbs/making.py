"""The main job whole: from a table to rows like it, and a report on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthesist.core import Context, Spec
from synthesist.data import sources
from synthesist.data.schema import Schema
from synthesist.dp.method import PrivateMethod
from synthesist.errors import SpecError
from synthesist.model import Model, fitted
from synthesist.rules.conditions import Where
from synthesist.verbs.judging import check_judged_by, evaluate
from synthesist.verbs.learning import DEFAULT, lent
from synthesist.verbs.named import as_spec
from synthesist.verbs.reading import readable, split, unit_of, with_rules

if TYPE_CHECKING:
    from synthesist.report.report import Report

__all__ = ["Made", "make", "refuse_to_count"]


@dataclass(frozen=True)
class Made:
    """What `make` brought about: the model, the rows, and the report on them."""

    model: Model
    synthetic: Any
    report: "Report"


def make(
    source: Any,
    n: int | None = None,
    method: str | Spec = DEFAULT,
    *,
    target: str | None = None,
    share: float = 0.8,
    schema: Schema | str | Path | None = None,
    rules: Sequence[str] = (),
    where: Where = None,
    ledger: str | Path | None = None,
    seed: int = 0,
    ctx: Context | None = None,
    **options: Any,
) -> Made:
    """The main job in one call: split, fit, sample, and judge against the rows held out.

    Args:
        source: anything `read` accepts.
        n: how many rows to make; as many as the source has where None, which a private method does not tell.
        rules: what every row must satisfy, as in `start <= end`.
        ledger: the file in which a private method writes what it spends, before it does.

    Raises:
        SpecError: a private method is not told how many rows to make.
    """
    ctx = ctx or Context.seeded(seed)
    spec = as_spec("methods", method, options)
    learning = lent(ctx, ledger, spec)
    refuse_to_count(spec, n)
    data, native = with_rules(readable(source, schema, spec), rules), sources.native_of(source)
    check_judged_by(data, target)
    train, holdout = split(data, share, seed=seed, unit=unit_of(spec), private=isinstance(spec, PrivateMethod))
    model = fitted(train, spec, native, seed, learning)
    rows = model.sample(data.units if n is None else n, where, seed=seed, ctx=ctx)
    about = {"source": data.name, "method": model.method.describe(), **model.provenance}
    report = evaluate(
        train=train,
        holdout=holdout,
        synthetic=rows,
        target=target,
        where=where,
        ctx=ctx,
        title=data.name,
        provenance=about,
        training=model.training,
        method=model.method,
    )
    return Made(model, rows, report)


def refuse_to_count(method: Spec, n: int | None) -> None:
    """Refuse to make as many rows as there are where that is nobody's business.

    Raises:
        SpecError: a private method is not told how many rows to make.
    """
    if n is None and isinstance(method, PrivateMethod):
        raise SpecError(
            f"{method.name()} tells nobody how many rows it learnt from, so say how many to make, as in 10,000."
        )
