"""What is learnt: a model of a table, with options that are given or searched for, and its file."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from synthesist.core import Context, Evidence, Spec
from synthesist.data import sources
from synthesist.data.schema import Schema
from synthesist.dp.method import PrivateMethod
from synthesist.errors import SpecError, reason_of
from synthesist.judging import as_metrics, scored
from synthesist.model import Model, fitted
from synthesist.verbs.judging import check_judged_by
from synthesist.verbs.named import as_spec
from synthesist.verbs.reading import read, readable, split, with_rules

if TYPE_CHECKING:
    from synthesist.change import Change
    from synthesist.combine.search import Search, Trial

__all__ = ["DEFAULT", "fit", "lent", "load", "refuse_to_tune", "save", "search"]

DEFAULT = "auto"


def fit(
    source: Any,
    method: str | Spec = DEFAULT,
    *,
    schema: Schema | str | Path | None = None,
    rules: Sequence[str] = (),
    seed: int = 0,
    checkpoints: str | Path | None = None,
    ledger: str | Path | None = None,
    ctx: Context | None = None,
    **options: Any,
) -> Model:
    """Learn from a table; what comes back makes rows like it.

    Args:
        source: anything `read` accepts; a frame makes a model that gives frames of its kind.
        method: a name (see `synthesist list methods`) or a Spec; "auto", which picks one, where nothing is said.
        schema: what the columns mean, where detection is not to decide.
        rules: what every row must satisfy, beside the rules of the schema, as in `start <= end`.
        seed: the same seed gives the same model.
        checkpoints: a folder where a long training notes its state; after a kill, the same call goes on from there.
        ledger: the file in which a private method writes what it spends, before it does; `synthesist ledger open`
            makes one. All that is learnt from the same rows belongs in the same ledger.
        options: hyperparameters of the method, as in `bins=64`.

    Raises:
        NotFoundError: no such method.
        BudgetError: a private method asks for more than the ledger has left.
        SpecError: an option is unknown or out of range.
        DataError, UnsuitableError: the table cannot be learnt from.
    """
    spec = as_spec("methods", method, options)
    data = with_rules(readable(source, schema, spec), rules)
    ctx = ctx or Context.seeded(seed)
    if checkpoints is not None:
        ctx = replace(ctx, checkpoints=Path(checkpoints))
    return fitted(data, spec, sources.native_of(source), seed, lent(ctx, ledger, spec))


def lent(ctx: Context, ledger: str | Path | None, method: Spec) -> Context:
    """The context of a fit that is charged to this ledger.

    Raises:
        SpecError: the method spends no privacy budget.
    """
    if ledger is None:
        return ctx
    if not isinstance(method, PrivateMethod):
        raise SpecError(
            f"{method.name()} does not keep rows private, so there is nothing to write into the ledger {ledger}. "
            "Leave the ledger out, or learn by a private method, as `dp_copula`."
        )
    return replace(ctx, ledger=Path(ledger))


def refuse_to_tune(method: Spec, verb: str) -> None:
    """Refuse to learn again and again from rows that are to stay private.

    Raises:
        SpecError: the method is a private one.
    """
    if isinstance(method, PrivateMethod):
        raise SpecError(
            f"{verb} learns from the same rows again and again, and chooses by scores computed from them: with "
            f"{method.name()} every fit would spend budget, and the choice would tell of the rows for nothing. "
            f"Choose options on rows that are public, or on rows a private model made, and fit once with them."
        )


def search(
    source: Any,
    method: str | Spec,
    trials: int = 20,
    *,
    fixed: Sequence[str] = (),
    by: str | Spec = "c2st",
    target: str | None = None,
    share: float = 0.75,
    schema: Schema | str | Path | None = None,
    seconds: float = inf,
    seed: int = 0,
    ctx: Context | None = None,
    **options: Any,
) -> "Search":
    """Tune a method: try settings of its options, and fit the best on all rows.

    Settings are judged by rows of the source that they did not learn from. Give it training rows only: a
    holdout that took part in a search is none any more.

    Args:
        source: the rows to learn from; anything `read` accepts.
        method: a name or a Spec, which is the setting to begin with.
        trials: how many settings are tried, the first among them.
        fixed: options that stay as they are in `method`.
        by: the score to come near the best value of; `c2st` unless another is named.
        target: the column a model would predict, for scores that need one.
        share: how much of the source the settings learn from; the rest judges them.
        seconds: no trial is begun later; the result says if that happened, as it depends on the machine.
        options: options of the method; what is said here stays as it is, too.

    Raises:
        SpecError: there is nothing to tune, fewer than two trials to do it in, or the method keeps rows private.
    """
    from synthesist.combine.search import Trial, searched

    ctx = ctx or Context.seeded(seed)
    start, metric = as_spec("methods", method, options), as_spec("metrics", by, {})
    refuse_to_tune(start, "search")
    data, native = read(source, schema), sources.native_of(source)
    check_judged_by(data, target)
    learn, unseen = split(data, share, seed=seed)
    order = ctx.at("search").rng("rows").permutation(learn.units)

    def attempt(spec: Spec, rows: int) -> "Trial":
        part, begin = learn.with_table(learn.table[np.sort(order[:rows])]), perf_counter()
        try:
            made = fitted(part, spec, "dataset", seed, ctx).sample(max(rows, unseen.units), seed=seed, ctx=ctx)
            took = perf_counter() - begin
            case = Evidence(part, unseen, made, target=target)
            score, near = scored(case, as_metrics((metric, "dcr_share")), ctx.at("search", "judge"))
        except Exception as error:  # noqa: BLE001  (a setting that fails must not end the search)
            return Trial(spec, rows, failure=reason_of(error))
        return Trial(spec, rows, score, near.value, took)

    found = searched(start, (*fixed, *options), metric.name(), trials, learn.units, attempt, ctx.at("search"), seconds)
    model = fitted(data, found.spec, native, seed, ctx)
    about = {"tuned_by": f"search, {trials} trials, {metric.name()}, seed {seed}", "because": found.verdict}
    return replace(found, model=replace(model, provenance={**model.provenance, **about}))


def save(model: Model, path: str | Path, *, keep_records: bool = False) -> Path:
    """Write a model to one portable file."""
    return model.save(path, keep_records=keep_records)


def load(path: str | Path) -> "Model | Change":
    """Read back the file of a model, or of a change that `adapt` learnt."""
    from synthesist.change import Change
    from synthesist.engine.pack import read_pack
    from synthesist.model import fitted_type

    header, fitted = read_pack(Path(path), partial(fitted_type, path))
    return (Change if hasattr(fitted, "apply") else Model).of(path, header, fitted)
