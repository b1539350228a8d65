"""Commands that say why synthetic rows can be told, and mend it: explain, refine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import synthesist as sy
from synthesist.cli.options import MethodName, SchemaPage, Seed, Settings, Source, at, method_asked_for, span
from synthesist.cli.progress import running
from synthesist.cli.show import wrote

if TYPE_CHECKING:
    from synthesist.data.places import Place
else:
    Place = Path

__all__ = ["explain", "refine"]


def explain(
    train: Annotated[Place, typer.Option("--train", metavar="FILE", help="the real rows learnt from", parser=at)],
    holdout: Annotated[Place, typer.Option("--holdout", metavar="FILE", help="real rows never seen", parser=at)],
    synthetic: Annotated[Place, typer.Option("--synthetic", metavar="FILE", help="the rows it made", parser=at)],
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="FILE", help="write it as .md or .json")] = None,
    rows: Annotated[
        Path | None, typer.Option("--rows", metavar="FILE", help="write how real each row looks, as a table")
    ] = None,
    alpha: Annotated[
        float, typer.Option("--alpha", metavar="P", help="how likely a reason is where nothing is wrong", min=0, max=1)
    ] = 0.005,
    schema: SchemaPage = None,
    seed: Seed = 0,
) -> None:
    """Say in plain words why synthetic rows can be told from real ones.

    Names columns, pairs and parts of the table, the clearest first; of rows as good as real ones, nothing. --rows lists
    the synthetic rows, the least real first: which cells give the first hundred away, what would make them look real.
    """
    from synthesist.data.places import check_inputs, check_outputs
    from synthesist.reasons.explaining import explained
    from synthesist.reasons.realism import realism
    from synthesist.verbs.explaining import compared

    check_inputs([train, holdout, synthetic, schema])
    check_outputs({"explanation": out, "table": rows}, [train, holdout, synthetic, schema])
    with running(seed) as ctx:
        case, here = compared(sy.read(train, schema), holdout, synthetic), ctx.at("explain")
        found = explained(case, here, alpha=alpha)
        judged = None if rows is None else realism(case, here)
    typer.echo(str(found))
    if out is not None:
        wrote(found.save(out))
    if rows is not None and judged is not None:
        sy.write(judged, rows)
        wrote(rows)


def refine(
    source: Source,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="MODEL.syn", help="where to write the model")],
    method: MethodName = None,
    set_: Settings = None,
    gate: Annotated[str, typer.Option("--gate", metavar="GATE", help="the score to reach")] = "c2st<=0.55",
    rounds: Annotated[int, typer.Option("--rounds", metavar="N", help="how many changes are tried at most", min=0)] = 6,
    fixed: Annotated[bool, typer.Option("--fixed", help="keep the method; only refine what it makes")] = False,
    seconds: Annotated[
        str | None, typer.Option("--within", metavar="TIME", help="begin no round later, as in 10m or 2h")
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", metavar="JSON", help="write the rounds for machines")] = None,
    schema: SchemaPage = None,
    seed: Seed = 0,
) -> None:
    """Learn, find what is wrong with the rows, mend it, until a score is reached or nothing helps.

    Every round is judged by rows kept aside, and the result once more by others, which decide whether it is kept.
    """
    from json import dumps
    from math import inf

    from synthesist.cli.learn import refuse_records
    from synthesist.data.places import check_inputs, check_outputs
    from synthesist.verbs.learning import refuse_to_tune

    spec = method_asked_for(method, set_ or (), None)
    refuse_to_tune(spec, "refine")
    refuse_records(spec, False)
    within = inf if seconds is None else span("--within", seconds)
    check_inputs([source, schema])
    check_outputs({"model": out, "rounds": json}, [source, schema])
    with running(seed) as ctx:
        data = sy.read(source, schema)
        found = sy.refine(data, spec, gate=gate, rounds=rounds, fixed=fixed, seconds=within, seed=seed, ctx=ctx)
    found.model.save(out)
    typer.echo(str(found))
    if json is not None:
        json.write_text(dumps(found.to_dict(), indent=1), "utf-8")
        wrote(json)
    wrote(out, repr(found.model))
