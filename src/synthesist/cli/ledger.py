"""The command on ledgers: begin one, look at one, settle a run that crashed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from synthesist.cli.show import console, wrote

if TYPE_CHECKING:
    from rich.table import Table

    from synthesist.dp.ledger import Ledger

__all__ = ["ledger"]


def ledger(
    action: Annotated[Literal["open", "show", "settle"], typer.Argument(metavar="ACTION", help="open, show or settle")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="the ledger of one data set")],
    run: Annotated[str | None, typer.Argument(metavar="RUN", help="to settle: the run, as `show` names it")] = None,
    epsilon: Annotated[
        float | None, typer.Option("--epsilon", metavar="E", help="to open: what all runs together may give away")
    ] = None,
    delta: Annotated[
        float | None, typer.Option("--delta", metavar="D", help="to open: the probability that it is more, as 1e-9")
    ] = None,
    additive: Annotated[
        float, typer.Option("--additive", metavar="A", help="to open: the part of D for runs that search for values")
    ] = 0.0,
    unit: Annotated[
        str, typer.Option("--unit", metavar="TEXT", help="to open: whom it protects, as in 'one patient'")
    ] = "one row",
    about: Annotated[str, typer.Option("--about", metavar="TEXT", help="to open: which data set, in words")] = "",
) -> None:
    """Keep account of the privacy budget of a data set, over all runs that learn from it.

    `open` begins a ledger, `show` lists what was spent on what, `settle` counts a run that crashed as what it was
    charged, which frees the rest.
    """
    from synthesist.dp.ledger import Ledger
    from synthesist.errors import SpecError

    if (action == "settle") != (run is not None):
        raise SpecError(
            "Name the run to settle, as `synthesist ledger show FILE` lists it."
            if run is None
            else f"`ledger {action}` takes no run: {run} is one word too many."
        )
    if action == "open":
        if epsilon is None or delta is None:
            raise SpecError("A ledger has a budget: give --epsilon and --delta, as in `--epsilon 3 --delta 1e-9`.")
        Ledger.create(file, epsilon, delta, additive=additive, unit=unit, about=about)
        wrote(file, f"epsilon {epsilon:g}, delta {delta:g} for {unit}")
        return
    if epsilon is not None or delta is not None:
        raise SpecError("--epsilon and --delta are for `ledger open`: the budget of a ledger never changes.")
    found = Ledger.open(file)
    if run is not None:
        settled = found.settle(run)
        typer.echo(f"Settled {run}: {len(settled.costs)} charges, rho {settled.spent:.4g} of {settled.begun.rho:.4g}.")
    console().print(_shown(found), *_totals(found), sep="\n")


def _shown(found: "Ledger") -> "Table":
    """The runs, one line each."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("run", "began", "state", "epsilon", "delta", "charges", "spent"):
        table.add_column(heading, justify="left" if heading in ("run", "began", "state") else "right", no_wrap=True)
    table.add_column("about")
    for name, run in found.runs().items():
        begun = run.begun
        state = "at work" if run.state == "open" and begun.process.alive else run.state
        share = f"{run.rho / found.opened.filter.rho:.1%}"
        table.add_row(
            name,
            begun.time[:10],
            state,
            f"{begun.epsilon:g}",
            f"{begun.delta:g}",
            f"{len(run.costs):,}",
            share,
            Text(begun.about),
        )
    return table


def _totals(found: "Ledger") -> list[str]:
    from synthesist.dp.book import floored

    opened = found.opened
    share = min(1.0, found.spent() / opened.filter.rho)
    return [
        f"Budget: epsilon {opened.epsilon:g}, delta {opened.delta:g} for {opened.unit}"
        + (f"; {opened.about}" if opened.about else ""),
        f"Spent: {share:.1%} of rho {opened.filter.rho:.4g}. Left for a run at this delta: "
        f"epsilon {floored(found.left())}",
        f"Last seal: {found.seal[:16]}",
    ]
