"""Commands that do a whole job: demo, make, run, check."""

from pathlib import Path
from typing import Annotated, Any

import typer

import synthesist as sy
from synthesist.cli.options import (
    Budget,
    Count,
    Justification,
    LedgerFile,
    MethodName,
    Out,
    ReleasePage,
    RuleTexts,
    SchemaPage,
    Seed,
    Settings,
    Share,
    Source,
    Target,
    Where,
    counted,
    method_asked_for,
    released_by,
)
from synthesist.cli.progress import running
from synthesist.cli.show import chosen, console, wrote

__all__ = ["check", "demo", "make", "run"]

DEMO_ROWS = 10_000

RecipePage = Annotated[Path, typer.Argument(metavar="RECIPE.yaml", help="the job, written as a page")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="set a part of the recipe, as in method.bins=64; repeat it"),
]


def demo(
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="the folder to write to")] = Path("demo"),
    method: MethodName = None,
    seed: Seed = 0,
) -> None:
    """See the main job on real data that comes with the package.

    Writes a model, 10,000 rows and a report to a folder; asks nothing and needs no network.
    """
    from synthesist.data.examples import ADULT
    from synthesist.data.files import write_file
    from synthesist.data.places import check_outputs, folder
    from synthesist.verbs.learning import DEFAULT

    parent = folder(out)
    rows, model, report = parent / "synthetic.csv", parent / "model.syn", parent / "report.html"
    if parent.is_dir():
        check_outputs({"table": rows, "model": model, "report": report})
    typer.echo("Adult: 48,842 people of the US census of 1994 (Becker and Kohavi 1996, CC BY 4.0).")
    with running(seed) as ctx:
        made = sy.make(ADULT, DEMO_ROWS, method or DEFAULT, target="income", seed=seed, ctx=ctx)
    parent.mkdir(exist_ok=True)
    made.model.save(model)
    chosen(made.model)
    wrote(model, repr(made.model))
    write_file(made.synthetic, rows)
    wrote(rows, f"{made.synthetic.units:,} rows")
    made.report.save(report)
    console().print(made.report.summary(report))
    typer.echo(f"Open the report: {report}")


def make(
    source: Source,
    n: Count,
    out: Out,
    report: Annotated[Path | None, typer.Option("--report", metavar="HTML", help="write the report as a page")] = None,
    method: MethodName = None,
    set_: Settings = None,
    budget: Budget = None,
    where: Where = None,
    target: Target = None,
    share: Share = 0.8,
    schema: SchemaPage = None,
    rule: RuleTexts = None,
    ledger: LedgerFile = None,
    release: ReleasePage = None,
    justification: Justification = "",
    seed: Seed = 0,
) -> None:
    """Do the main job in one line: split, fit, sample, judge.

    The rows are judged against real rows that were held out. Of a private method that report is the curator's.
    """
    from synthesist.data.places import check_inputs, check_outputs
    from synthesist.rules.conditions import conditions
    from synthesist.verbs.reading import readable, with_rules

    counted(n)
    spec = method_asked_for(method, set_ or (), budget)
    released_by(spec, release)
    check_inputs([source, schema, ledger])
    check_outputs({"table": out, "report": report, "release": release}, [source, schema, ledger])
    data = with_rules(readable(source, schema, spec), rule or ())
    conditions(where or None, data.kinds)
    count = counted(n, data.name)
    with running(seed) as ctx:
        made = sy.make(
            data, count, spec, target=target, share=share, where=where or None, ledger=ledger, seed=seed, ctx=ctx
        )
    sy.write(made.synthetic, out)
    chosen(made.model)
    wrote(out, f"{count:,} rows, {len(data.kinds.columns)} columns")
    if report is not None:
        made.report.save(report)
        wrote(report)
    if release is not None:
        made.report.released(justification).save(release)
        wrote(release, "free of real rows, to go with the rows")
    console().print(made.report.summary(report))


def run(
    recipe: RecipePage,
    set_: Overrides = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="use the model of an earlier run if nothing changed")
    ] = False,
) -> None:
    """Carry out a recipe: everything above as one page.

    If a gate fails, the model and the report are written, the data is not, and the exit code is 1.
    """
    from synthesist import recipe as recipes

    plan = _plan(recipe, set_)
    with running(plan.recipe.seed) as ctx:
        done = recipes.run(plan, ctx, resume=resume)
    if done.manifest["model"] == "reused":
        typer.echo(f"Used the model of an earlier run: {done.files['model']}")
    if done.report is not None:
        console().print(done.report.summary(done.files.get("report")))
    for holds, path in done.files.items():
        wrote(path, f"{done.data.units:,} rows" if holds == "table" else "")
    typer.echo(f"Recipe {done.manifest['recipe']}, seed {done.manifest['seed']}")


def check(recipe: RecipePage, set_: Overrides = None) -> None:
    """Check a recipe without reading data: plan, cost, all faults."""
    typer.echo(str(_plan(recipe, set_).check()))


def _plan(page: Path, overrides: list[str] | None) -> Any:
    from synthesist.data.places import check_inputs
    from synthesist.recipe import Plan

    check_inputs([page])
    return Plan.of(page, overrides or ())
