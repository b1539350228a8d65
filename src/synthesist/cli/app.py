"""All commands, in the order of a first visit, each with an example."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from synthesist import __version__
from synthesist.cli import audit, judge, learn, ledger, look, part, whole, why

__all__ = ["command"]

COMMANDS: dict[Callable[..., None], str] = {
    whole.demo: "synthesist demo",
    whole.make: "synthesist make adult.csv -n 10000 -o fake.csv --report report.html --target income",
    look.inspect: "synthesist inspect adult.csv -o schema.yaml",
    look.list_: "synthesist list methods",
    look.show: "synthesist show gaussian_copula",
    look.split: "synthesist split adult.csv --share 0.8 -o parts/",
    learn.fit: "synthesist fit parts/train.csv -m gaussian_copula --set bins=64 -o adult.syn",
    learn.search: "synthesist search parts/train.csv -m gaussian_copula --trials 6 -o best.syn",
    learn.sample: "synthesist sample adult.syn -n 10000 --where 'age>=65' --where 'sex=Female' -o fake.csv",
    learn.fill: "synthesist fill adult.syn holes.csv -o full.csv",
    learn.transform: "synthesist transform mask adult.csv --set 'columns={fnlwgt: {do: drop}}' -o masked.csv",
    learn.adapt: "synthesist adapt parts/train.csv --to parts/holdout.csv --label income -o adapted.csv",
    part.subset: "synthesist subset shop/ --where \"customers: country = 'DE'\" --share 0.1 -o small/",
    judge.evaluate: "synthesist evaluate --train parts/train.csv --holdout parts/holdout.csv --synthetic fake.csv "
    "--target income -o report.html --require 'c2st<=0.6'",
    why.explain: "synthesist explain --train parts/train.csv --holdout parts/holdout.csv --synthetic fake.csv "
    "-o why.md",
    why.refine: "synthesist refine parts/train.csv -m gaussian_copula --fixed --rounds 2 -o better.syn",
    judge.compare: "synthesist compare adult.csv -m marginals,gaussian_copula -o compare.html",
    audit.audit: "synthesist audit dp_copula --set epsilon=3",
    judge.diff: "synthesist diff old.csv new.csv --key id --require 'changed<=0.01'",
    ledger.ledger: "synthesist ledger open patients.ledger --epsilon 3 --delta 1e-9 --unit 'one patient'",
    whole.run: "synthesist run recipe.yaml --set method.bins=64",
    whole.check: "synthesist check recipe.yaml",
}


def command() -> Any:
    """The whole command line as one command."""
    app = typer.Typer(
        name="synthesist",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode="rich",
    )
    app.callback(invoke_without_command=True)(synthesist)
    for function, example in COMMANDS.items():
        app.command(function.__name__.rstrip("_"), epilog=f"Example: {example}".replace("[", r"\["))(function)
    return typer.main.get_command(app)


def synthesist(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="print the version and stop")] = False,
    traceback: Annotated[bool, typer.Option("--traceback", help="show the stack trace of an error")] = False,
) -> None:
    """Synthetic data of every kind, with proof of how good and how safe it is. Begin with `synthesist demo`."""
    del traceback  # taken out of the words before they come here, so that it may stand anywhere
    if version:
        typer.echo(f"synthesist {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())
