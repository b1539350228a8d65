"""Carrying out a recipe."""

import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import synthesist
from synthesist.core import Context
from synthesist.data.dataset import Dataset
from synthesist.data.files import write_file
from synthesist.dp.method import PrivateMethod
from synthesist.errors import GateError, ModelFileError, NotFoundError, SpecError
from synthesist.model import Model, fitted, resumable
from synthesist.recipe.page import Judge, Recipe, digest
from synthesist.recipe.plan import Plan
from synthesist.rules.conditions import conditions
from synthesist.verbs.changing import transform
from synthesist.verbs.judging import check_judged_by, evaluate
from synthesist.verbs.learning import lent
from synthesist.verbs.reading import readable, split, unit_of

if TYPE_CHECKING:
    from synthesist.report.report import Report

__all__ = ["Run", "run"]


@dataclass(frozen=True)
class Run:
    """What a recipe brought about: the rows, the model, the report, the files, and how it came to them."""

    data: Dataset
    model: Model
    report: "Report | None"
    files: Mapping[str, Path]
    manifest: Mapping[str, Any] = field(default_factory=dict)


def run(
    recipe: str | Path | Mapping[str, Any] | Recipe | Plan,
    ctx: Context | None = None,
    overrides: Sequence[str] = (),
    resume: bool = False,
) -> Run:
    """Carry out a recipe: a page of YAML, a mapping, or a Recipe. All that can be checked first, is.

    Args:
        recipe: the path of its page, a mapping, a Recipe, or a Plan.
        ctx: for those who lend progress or threads; the seed is the recipe's.
        overrides: parts to set anew, as in `["method.bins=64"]`.
        resume: use the model file of an earlier run, if it was fitted with the same source, schema,
            share, seed and method by the same release.

    Raises:
        SpecError: the recipe has faults; all of them are named.
        GateError: a gate failed; the model and the report are written, the data is not.
    """
    plan = (recipe if isinstance(recipe, Plan) else Plan.of(recipe, overrides)).check()
    recipe, files = plan.recipe, plan.outputs
    if resume and "model" not in files:
        raise SpecError("Nothing to resume from: the recipe writes no model. Name a file under output.model.")
    if resume and isinstance(recipe.method, PrivateMethod):
        raise SpecError(
            f"A {recipe.method.name()} model says nothing of the rows it learnt from, so nobody can tell whether it is "
            f"of these. Draw from {files['model']} by `synthesist sample`, which spends nothing."
        )
    ctx = replace(ctx or Context.seeded(0), path=Context.seeded(recipe.seed).path)

    data = readable(plan.source, plan.at(recipe.schema_page), recipe.method)
    judge = recipe.judge or Judge()
    check_judged_by(data, judge.target, judge.protected)
    where = recipe.sample.where
    conditions(where, data.kinds)
    private = isinstance(recipe.method, PrivateMethod)
    train, holdout = split(data, recipe.share, seed=recipe.seed, unit=unit_of(recipe.method), private=private)

    model, reused = _model(plan, train, ctx, resume)
    made = model.sample(recipe.sample.n or data.units, where, seed=recipe.seed, ctx=ctx)
    rows = made
    for change in recipe.then:
        rows = transform(change, rows, ctx=ctx)

    manifest = {
        "recipe": recipe.key,
        "source": data.name,
        "method": model.method.describe(),
        **{key: model.provenance[key] for key in ("chosen_by", "because", "privacy") if key in model.provenance},
        "seed": recipe.seed,
        "model": "reused" if reused else "fitted",
        **_versions(),
    }
    report = None
    if recipe.judged:
        report = evaluate(
            train=train,
            holdout=holdout,
            synthetic=made,
            target=judge.target,
            protected=judge.protected,
            where=recipe.sample.where,
            metrics=recipe.metrics,
            gates=recipe.gate,
            method=model.method,
            ctx=ctx,
            title=data.name,
            provenance=manifest,
            training=model.training,
        )
        for holds in ("report", "scores"):
            if holds in files:
                report.save(files[holds])
        with _told(files):
            report.require(*recipe.gate)
        if "release" in files:
            report.released(recipe.output.justification).save(files["release"])
    if "table" in files:
        write_file(rows, files["table"])
    written = {str(path): digest(path.read_bytes()) for path in files.values()}
    return Run(rows, model, report, files, {**manifest, "files": written})


def _model(plan: Plan, train: Dataset, ctx: Context, resume: bool) -> tuple[Model, bool]:
    """The model of the plan and whether it was found: an earlier one where `resume` allows, else a new one, written."""
    recipe, path = plan.recipe, plan.outputs.get("model")
    ctx = lent(ctx, plan.at(recipe.ledger), recipe.method)
    if path is None:
        return fitted(train, recipe.method, "dataset", recipe.seed, ctx), False
    learnt = {} if isinstance(recipe.method, PrivateMethod) else {"learnt": _learnt(plan)}  # a hash of rows tells them
    if resume and (earlier := _earlier(path)) and earlier.provenance.get("learnt") == learnt["learnt"]:
        return earlier, True
    with resumable(ctx, path) as here:
        model = fitted(train, recipe.method, "dataset", recipe.seed, here)
        model = replace(model, provenance={**model.provenance, "recipe": recipe.key, **learnt})
        model.save(path, keep_records=recipe.output.keep_records)
    return model, False


def _earlier(path: Path) -> Model | None:
    """The model an earlier run left, if there is one that can be read."""
    try:
        return Model.load(path)
    except (NotFoundError, ModelFileError):
        return None


def _learnt(plan: Plan) -> str:
    """A hash of all that decides on the fitted model, the content of the source included."""
    recipe = plan.recipe
    said = recipe.model_dump(mode="json", include={"seed", "share", "method"}) | _versions()
    page = plan.at(recipe.schema_page)
    contents = [digest(path.read_bytes()) for path in (plan.source, page) if path is not None]
    return digest(json.dumps([said, *contents], sort_keys=True))


@contextmanager
def _told(files: Mapping[str, Path]) -> Iterator[None]:
    """A failed gate says which files there are to look at, and which one was not written."""
    try:
        yield
    except GateError as error:
        lines = [str(error)]
        if "table" in files:
            old = "; what is there is of an earlier run" if files["table"].exists() else ""
            lines.append(f"The data was not written to {files['table']}{old}.")
        if "report" in files:
            lines.append(f"The report says more: {files['report']}")
        raise GateError("\n".join(lines)) from None


def _versions() -> dict[str, str]:
    import numpy
    import polars

    return {
        "synthesist": synthesist.__version__,
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "polars": polars.__version__,
    }
