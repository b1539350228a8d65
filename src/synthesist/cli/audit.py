"""The command that audits what promises privacy."""

from pathlib import Path
from typing import Annotated

import typer

import synthesist as sy
from synthesist.cli.options import Seed, Settings, method_asked_for
from synthesist.cli.progress import running
from synthesist.cli.show import wrote

__all__ = ["audit"]


def audit(
    method: Annotated[str, typer.Argument(metavar="METHOD", help="a private method: `synthesist list methods`")],
    set_: Settings = None,
    pairs: Annotated[int, typer.Option("--pairs", metavar="N", help="pairs of tables with a unit between them")] = 60,
    runs: Annotated[int, typer.Option("--runs", metavar="N", help="how many times an attacker looks on")] = 200,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="JSON", help="write what was found for machines")
    ] = None,
    seed: Seed = 0,
) -> None:
    """Look on while a private method learns, and try to break its promise.

    On small tables made up for it: what one unit changes in each answer, what noise it got, what was paid and when.
    A promise that is broken ends with exit code 1.
    """
    from synthesist.data.places import check_outputs

    check_outputs({"scores": json}, [])
    spec = method_asked_for(method, set_ or ())
    with running(seed) as ctx:
        found = sy.audit(spec, pairs=pairs, runs=runs, seed=seed, ctx=ctx)
    typer.echo(str(found))
    if json is not None:
        found.save(json)
        wrote(json)
    found.require()
