"""Commands that learn, produce and change: fit, search, sample, fill, transform, adapt."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import synthesist as sy
from synthesist.cli.options import (
    Budget,
    Count,
    KeepRecords,
    LedgerFile,
    MethodName,
    Out,
    RuleTexts,
    SchemaPage,
    Seed,
    Settings,
    Source,
    Target,
    Where,
    asked,
    at,
    method_asked_for,
    span,
)
from synthesist.cli.progress import running
from synthesist.cli.show import chosen, console, estimate, wrote

if TYPE_CHECKING:
    from synthesist.core import Spec
    from synthesist.data.places import Place
    from synthesist.model import Model
else:
    Place = Path

__all__ = ["adapt", "fill", "fit", "sample", "search", "transform"]

OutOrFolder = Annotated[
    Place,
    typer.Option(
        "-o",
        "--out",
        metavar="FILE",
        help="where to write the rows; a folder or database for several tables",
        parser=at,
    ),
]
Ending = Annotated[
    str, typer.Option("--format", metavar="ENDING", help="how the files of a folder are written: csv, parquet ...")
]


def fit(
    source: Source,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="MODEL.syn", help="where to write the model")],
    method: MethodName = None,
    set_: Settings = None,
    budget: Budget = None,
    schema: SchemaPage = None,
    rule: RuleTexts = None,
    ledger: LedgerFile = None,
    keep_records: KeepRecords = False,
    seed: Seed = 0,
) -> None:
    """Learn from a table and write a model that makes rows like it.

    A long training notes its state beside OUT: after a kill, the same command goes on from there.
    """
    from synthesist.data.places import check_inputs, check_outputs
    from synthesist.model import resumable

    spec = method_asked_for(method, set_ or (), budget)
    refuse_records(spec, keep_records)
    check_inputs([source, schema, ledger])
    check_outputs({"model": out}, [source, schema, ledger])
    with running(seed) as ctx, resumable(ctx, out) as here:
        model = sy.fit(source, spec, schema=schema, rules=rule or (), ledger=ledger, seed=seed, ctx=here)
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

    from synthesist.data.page import overridden
    from synthesist.data.places import check_inputs, check_outputs
    from synthesist.verbs.learning import refuse_to_tune
    from synthesist.verbs.named import as_spec

    options = overridden({}, set_ or ())
    spec = as_spec("methods", method, options)
    refuse_to_tune(spec, "search")
    refuse_records(spec, keep_records)
    within = inf if seconds is None else span("--within", seconds)
    check_inputs([source, schema])
    check_outputs({"model": out}, [source, schema])
    with running(seed) as ctx:
        data = sy.read(source, schema)
        found = sy.search(
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
        typer.Argument(metavar="WHAT", help="a model.syn, a page (.yaml), a schema file, a database, a sampler's name"),
    ],
    n: Count,
    out: Annotated[
        str | None,
        typer.Option("-o", "--out", metavar="OUT", help="a file, a folder for several tables, or - for JSON lines"),
    ] = None,
    where: Where = None,
    set_: Settings = None,
    ending: Ending = "csv",
    parts: Annotated[
        bool, typer.Option("--parts", help="write each table as a folder of files; a killed run goes on")
    ] = False,
    rows_per_part: Annotated[
        int, typer.Option("--rows-per-part", metavar="N", help="of all tables together, about")
    ] = 1_000_000,
    workers: Annotated[int, typer.Option("--workers", metavar="N", help="how many processes draw")] = 1,
    cluster: Annotated[
        str | None, typer.Option("--cluster", metavar="ADDRESS", help="a Dask scheduler, as in tcp://10.0.0.5:8786")
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option("--rate", metavar="LOAD", help="hand rows on at a rate, as in '0..200/s over 2m, 200/s'"),
    ] = None,
    speed: Annotated[float, typer.Option("--speed", metavar="X", help="of --rate: so many seconds in one")] = 1.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what it would come to")] = False,
    seed: Seed = 0,
) -> None:
    """Make rows from a model, declared tables or a simulator.

    As many as you like: they are written block by block, in little memory. Several tables are written to a folder,
    one file each. The rows do not depend on the number of workers.
    """
    from synthesist.data.databases import is_address
    from synthesist.data.places import ENDINGS
    from synthesist.data.targets import STDOUT
    from synthesist.engine.estimate import estimated
    from synthesist.errors import OutputError
    from synthesist.samplers.events.load import Load
    from synthesist.writing import executor_of, planned, streamed, written

    model = sampling(what, set_ or [])
    rows, by = asked(n, model.schema), executor_of(workers, cluster)
    ending = f".{ending.lstrip('.')}"
    with running(seed) as ctx:
        if dry_run:
            suffix = Path(out or "").suffix.lower()
            suffix = suffix if suffix in ENDINGS["table"] and not parts else ending
            world, plan = planned(model, rows, where or None, ctx, suffix, rows_per_part)
            console().print(estimate(estimated(world, plan, model.schema), workers, seed))
            return
        if out is None:
            raise OutputError("Where to? Say it by -o: a file, a folder, or - for JSON lines.")
        inputs = () if is_address(what) else (what,)  # a database may be filled by its own schema
        if rate is not None:
            load = Load.read(rate)
            typer.echo(str(streamed(model, out, rows, where or None, ctx, by, load, speed, inputs)), err=True)
            return
        done = written(model, out, rows, where or None, ctx, by, rows_per_part if parts else None, ending, inputs)
    if out == STDOUT:
        return
    if done.resumed:
        typer.echo(f"Went on from {done.resumed:,} of {done.parts:,} parts.")
    counts = ", ".join(f"{name} {count:,} rows" for name, count in done.rows.items())
    if len(done.rows) == 1:
        counts = f"{done.rows[model.schema.unit]:,} rows, {len(model.schema.table.columns)} columns"
    wrote(at(out), counts + (f", in {done.parts:,} part{'s' if done.parts > 1 else ''}" if done.parts else ""))


def sampling(what: str, settings: list[str]) -> "Model":
    """Whatever WHAT names, ready to be sampled."""
    from synthesist import catalog
    from synthesist.data.databases import is_address
    from synthesist.data.page import overridden
    from synthesist.data.places import check_inputs
    from synthesist.errors import DataError, NotFoundError, did_you_mean
    from synthesist.schemas import suffixes
    from synthesist.verbs.named import as_model, declared, describes, page_at

    path, names = Path(what), catalog.names("samplers")
    if what in names:
        return as_model(what, overridden({}, settings))
    if is_address(what):
        page = overridden(page_at(what), settings)
        return as_model(declared(page, str(at(what))), {})
    if not path.suffix and not path.exists():
        raise NotFoundError(f"No sampler `{what}`, and no such file. {did_you_mean(what, names)}")
    check_inputs([path])
    if describes(path):
        return as_model(declared(overridden(page_at(path), settings), path), {})
    if path.suffix.lower() != ".syn":
        known = ", ".join(sorted({".syn", ".yaml", *suffixes()}))
        raise DataError(
            f"Nothing can be sampled from {what}: give a model, as `synthesist fit` writes it, a page or a schema "
            f"file ({known})."
        )
    return as_model(path, overridden({}, settings))


def fill(
    model: Annotated[Path, typer.Argument(metavar="MODEL.syn", help="a model that `synthesist fit` wrote")],
    source: Source,
    out: Out,
    seed: Seed = 0,
) -> None:
    """Fill the empty cells of a table, given the filled ones."""
    from synthesist.data.places import check_inputs, check_outputs
    from synthesist.model import Model

    check_inputs([model, source])
    check_outputs({"table": out}, [model, source])
    fitted = Model.load(model)
    given = sy.read(source, fitted.schema)
    with running(seed) as ctx:
        full = sy.fill(fitted, given, seed=seed, ctx=ctx)
    sy.write(full, out)
    holes = sum(given.table.null_count().row(0))
    wrote(out, f"{full.units:,} rows; {holes - sum(full.table.null_count().row(0)):,} of {holes:,} empty cells filled")


def transform(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="what to do: `synthesist list transforms`, or what `adapt` saved")
    ],
    source: Source,
    out: OutOrFolder,
    set_: Settings = None,
    schema: SchemaPage = None,
    ending: Ending = "csv",
    seed: Seed = 0,
) -> None:
    """Change a table: mask personal data, for one. Several tables are written to a folder, one file each."""
    from synthesist.data.page import overridden
    from synthesist.data.places import check_inputs, check_outputs
    from synthesist.data.targets import is_folder, target
    from synthesist.verbs.named import as_spec

    options = overridden({}, set_ or ())
    spec = name if name.endswith(".syn") else as_spec("transforms", name, options)
    check_inputs([source, schema])
    if not is_folder(out):
        check_outputs({"table": out}, [source, schema])
    with running(seed) as ctx:
        changed = sy.transform(
            spec, sy.read(source, schema), seed=seed, ctx=ctx, **(options if isinstance(spec, str) else {})
        )
    with target(out, changed.schema, ending=f".{ending.lstrip('.')}", inputs=(source,)) as to:
        to.write(changed)
    if len(changed.tables) > 1:
        wrote(out, ", ".join(f"{table} {rows.height:,} rows" for table, rows in changed.tables.items()))
    else:
        wrote(out, f"{changed.units:,} rows, {len(changed.kinds.columns)} columns")


def adapt(
    source: Source,
    to: Annotated[Place, typer.Option("--to", metavar="FILE", help="rows of where it must work", parser=at)],
    out: Out,
    method: Annotated[str, typer.Option("-m", "--method", metavar="NAME", help="what adapts them")] = "adapt",
    label: Annotated[str | None, typer.Option("--label", metavar="COL", help="the column a model will predict")] = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE.syn", help="keep what was learnt, for `transform`")
    ] = None,
    set_: Settings = None,
    schema: SchemaPage = None,
    seed: Seed = 0,
) -> None:
    """Make rows like those of another place or time, so that what learns from them works there.

    The other rows need no label. Doing nothing is one of the choices.
    """
    from synthesist.data.page import overridden
    from synthesist.data.places import check_inputs, check_outputs
    from synthesist.data.targets import target

    check_inputs([source, to, schema])
    check_outputs({"table": out, "model": save}, [source, to, schema])
    with running(seed) as ctx:
        options = overridden({}, set_ or ())
        found = sy.adapt(sy.read(source, schema), to, method, label=label, seed=seed, ctx=ctx, **options)
    with target(out, found.rows.schema, inputs=(source, to)) as there:
        there.write(found.rows)
    if save:
        found.save(save)
    console().print(str(found))
    wrote(out, f"{found.rows.units:,} rows, {len(found.rows.kinds.columns)} columns")
