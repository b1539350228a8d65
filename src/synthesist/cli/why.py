"""Commands that say why synthetic rows can be told, and mend it: explain."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import synthesist as sy
from synthesist.cli.options import SchemaPage, Seed, at
from synthesist.cli.progress import running
from synthesist.cli.show import wrote

if TYPE_CHECKING:
    from synthesist.data.places import Place
else:
    Place = Path

__all__ = ["explain"]


def explain(
    train: Annotated[Place, typer.Option("--train", metavar="FILE", help="the real rows learnt from", parser=at)],
    holdout: Annotated[Place, typer.Option("--holdout", metavar="FILE", help="real rows never seen", parser=at)],
    synthetic: Annotated[Place, typer.Option("--synthetic", metavar="FILE", help="the rows it made", parser=at)],
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="FILE", help="write it as .md or .json")] = None,
    alpha: Annotated[
        float, typer.Option("--alpha", metavar="P", help="how likely a reason is where nothing is wrong", min=0, max=1)
    ] = 0.001,
    schema: SchemaPage = None,
    seed: Seed = 0,
) -> None:
    """Say in plain words why synthetic rows can be told from real ones.

    Names columns, pairs and parts of the table, the clearest first; of rows as good as real ones, nothing.
    """
    from synthesist.data.places import check_inputs, check_outputs

    check_inputs([train, holdout, synthetic, schema])
    check_outputs({"explanation": out}, [train, holdout, synthetic, schema])
    with running(seed) as ctx:
        real = sy.read(train, schema)
        found = sy.explain(train=real, holdout=holdout, synthetic=synthetic, alpha=alpha, ctx=ctx)
    typer.echo(str(found))
    if out is not None:
        wrote(found.save(out))
