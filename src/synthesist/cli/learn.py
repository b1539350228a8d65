"""Commands that learn, produce and change: fit, search, sample, fill, transform."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from synthesist.cli.options import (
    Budget,
    Count,
    KeepRecords,
    MethodName,
    Out,
    RuleTexts,
    SchemaPage,
    Seed,
    Settings,
    Source,
    Target,
    Where,
    counted,
    method_asked_for,
    span,
)
from synthesist.cli.progress import running
from synthesist.cli.show import chosen, console, wrote

if TYPE_CHECKING:
    from synthesist.core import Spec
    from synthesist.model import Model

__all__ = ["fill", "fit", "sample", "search", "transform"]


def fit(
    source: Source,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="MODEL.syn", help="where to write the model")],
    method: MethodName = None,
    set_: Settings = None,
    budget: Budget = None,
    schema: SchemaPage = None,
    rule: RuleTexts = None,
    keep_records: KeepRecords = False,
    seed: Seed = 0,
) -> None:
    """Learn from a table and write a model that makes rows like it.

    A long training notes its state beside OUT: after a kill, the same command goes on from there.
    """
    from synthesist import verbs
    from synthesist.data.places import check_inputs, check_outputs
    from synthesist.model import resumable

    spec = method_asked_for(method, set_ or (), budget)
    refuse_records(spec, keep_records)
    check_inputs([source, schema])
    check_outputs({"model": out}, [source, schema])
    with running(seed) as ctx, resumable(ctx, out) as here:
        model = verbs.fit(source, spec, schema=schema, rules=rule or (), seed=seed, ctx=here)
        model.save(out, keep_records=keep_records)
    chosen(model)
    wrote(out, repr(model))


def search(
    source: Source,
    method: Annotated[str, typer.Option("-m", "--method", metavar="NAME", help="the method to tune")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="MODEL.syn", help="where to write the best model")],
    trials: Annotated[int, typer.Option("--trials", metavar="N", help="how many settings to try, at least 2")] = 20,
    by: Annotated[
        str, typer.Option("--by", metavar="SCORE", help="what to improve: `synthesist list metrics`")
    ] = "c2st",
    target: Target = None,
    set_: Settings = None,
    seconds: Annotated[
        str | None, typer.Option("--within", metavar="TIME", help="begin no trial later, as in 10m or 2h")
    ] = None,
    schema: SchemaPage = None,
    keep_records: KeepRecords = False,
    seed: Seed = 0,
) -> None:
    """Tune a method: try settings of its options, keep the best.

    They are judged by a part of SOURCE they do not learn from. Give it training rows only, so that the
    holdout stays unseen. What --set sets stays as it is.
    """
    from math import inf

    from synthesist import verbs
    from synthesist.data.page import overridden
    from synthesist.data.places import check_inputs, check_outputs

    options = overridden({}, set_ or ())
    spec = verbs.as_spec("methods", method, options)
    refuse_records(spec, keep_records)
    within = inf if seconds is None else span("--within", seconds)
    check_inputs([source, schema])
    check_outputs({"model": out}, [source, schema])
    with running(seed) as ctx:
        data = verbs.read(source, schema)
        found = verbs.search(
            data, spec, trials, fixed=tuple(options), by=by, target=target, seconds=within, seed=seed, ctx=ctx
        )
    assert found.model is not None
    found.model.save(out, keep_records=keep_records)
    console().print(found)
    wrote(out, repr(found.model))


def refuse_records(spec: "Spec", keep_records: bool) -> None:
    """Refuse to learn what may not be saved."""
    from synthesist.errors import SpecError

    if spec.holds_records and not keep_records:
        raise SpecError(
            f"A {spec.name()} model holds real records. Add --keep-records if whoever gets it may see them."
        )


def sample(
    what: Annotated[
        str,
        typer.Argument(metavar="WHAT", help="a model.syn, a page (.yaml), a schema file, or a sampler's name"),
    ],
    n: Count,
    out: Out,
    where: Where = None,
    set_: Settings = None,
    seed: Seed = 0,
) -> None:
    """Make rows from a model, a declared table or a simulator.

    As many as you like: they are written block by block, in little memory.
    """
    from synthesist.data.files import Writer
    from synthesist.data.places import check_outputs

    counted(n)
    check_outputs({"table": out}, [what])
    model = sampling(what, set_ or [])
    count = counted(n, model.schema.unit)
    with running(seed) as ctx:
        blocks = model.blocks(count, where or None, seed=seed, ctx=ctx)
        with Writer(out, model.schema) as writer:
            for block in blocks:
                writer.write(block)
    wrote(out, f"{count:,} rows, {len(model.schema.table.columns)} columns")


def sampling(what: str, settings: list[str]) -> "Model":
    """Whatever WHAT names, ready to be sampled."""
    from synthesist import catalog, verbs
    from synthesist.data.page import overridden
    from synthesist.data.places import check_inputs
    from synthesist.errors import DataError, NotFoundError, did_you_mean
    from synthesist.schemas import suffixes

    path, names = Path(what), catalog.names("samplers")
    if what in names:
        return verbs.as_model(what, overridden({}, settings))
    if not path.suffix and not path.exists():
        raise NotFoundError(f"No sampler `{what}`, and no such file. {did_you_mean(what, names)}")
    check_inputs([path])
    if verbs.describes(path):
        return verbs.as_model(verbs.declared(overridden(verbs.page_at(path), settings), path), {})
    if path.suffix.lower() != ".syn":
        known = ", ".join(sorted({".syn", ".yaml", *suffixes()}))
        raise DataError(
            f"Nothing can be sampled from {what}: give a model, as `synthesist fit` writes it, a page or a schema "
            f"file ({known})."
        )
    return verbs.as_model(path, overridden({}, settings))


def fill(
    model: Annotated[Path, typer.Argument(metavar="MODEL.syn", help="a model that `synthesist fit` wrote")],
    source: Source,
    out: Out,
    seed: Seed = 0,
) -> None:
    """Fill the empty cells of a table, given the filled ones."""
    from synthesist import verbs
    from synthesist.data.files import write_file
    from synthesist.data.places import check_inputs, check_outputs

    check_inputs([model, source])
    check_outputs({"table": out}, [model, source])
    fitted = verbs.load(model)
    given = verbs.read(source, fitted.schema)
    with running(seed) as ctx:
        full = verbs.fill(fitted, given, seed=seed, ctx=ctx)
    write_file(full, out)
    holes = sum(given.table.null_count().row(0))
    wrote(out, f"{full.units:,} rows; {holes - sum(full.table.null_count().row(0)):,} of {holes:,} empty cells filled")


def transform(
    name: Annotated[str, typer.Argument(metavar="NAME", help="what to do: `synthesist list transforms`")],
    source: Source,
    out: Out,
    set_: Settings = None,
    schema: SchemaPage = None,
    seed: Seed = 0,
) -> None:
    """Change a table: mask personal data, for one."""
    from synthesist import verbs
    from synthesist.data.files import write_file
    from synthesist.data.page import overridden
    from synthesist.data.places import check_inputs, check_outputs

    spec = verbs.as_spec("transforms", name, overridden({}, set_ or ()))
    check_inputs([source, schema])
    check_outputs({"table": out}, [source, schema])
    with running(seed) as ctx:
        changed = verbs.transform(spec, verbs.read(source, schema), seed=seed, ctx=ctx)
    write_file(changed, out)
    wrote(out, f"{changed.units:,} rows, {len(changed.kinds.columns)} columns")
