"""Commands that judge: evaluate, compare, diff."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import synthesist as sy
from synthesist.cli.options import (
    Justification,
    Protected,
    ReleasePage,
    SchemaPage,
    Seed,
    Share,
    Source,
    Target,
    at,
    released_by,
)
from synthesist.cli.progress import running
from synthesist.cli.show import console, wrote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from synthesist.core import Spec
    from synthesist.data.places import Place
else:
    Place = Path

__all__ = ["compare", "diff", "evaluate"]

OUTSIDE_BRACKETS = re.compile(r",(?![^\[{]*[\]}])")


def evaluate(
    train: Annotated[Place, typer.Option("--train", metavar="FILE", help="the real rows learnt from", parser=at)],
    holdout: Annotated[Place, typer.Option("--holdout", metavar="FILE", help="real rows never seen", parser=at)],
    synthetic: Annotated[
        list[Place],
        typer.Option(
            "--synthetic", metavar="FILE", help="the rows made; repeat it to set several side by side", parser=at
        ),
    ],
    target: Target = None,
    protected: Protected = None,
    out: Annotated[
        list[Path] | None,
        typer.Option("-o", "--out", metavar="FILE", help="write the report: .html .pdf .md .json .xml; repeat it"),
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", metavar="JSON", help="write the scores for machines")] = None,
    card: Annotated[Path | None, typer.Option("--card", metavar="MD", help="write a data card for the rows")] = None,
    require: Annotated[
        list[str] | None,
        typer.Option("--require", metavar="GATE", help="fail unless a score holds, as in 'c2st<=0.6'; repeat it"),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option("--metric", metavar="NAME", help="compute only this score; repeat it, see `list metrics`"),
    ] = None,
    model: Annotated[
        Path | None, typer.Option("--model", metavar="MODEL.syn", help="what made the rows: attacks let it learn again")
    ] = None,
    domain: Annotated[
        Place | None,
        typer.Option("--domain", metavar="FILE", help="real rows of another place or time, to work on too", parser=at),
    ] = None,
    baseline: Annotated[
        bool,
        typer.Option("--baseline", help="show what shuffled columns reach on every score; takes twice as long"),
    ] = False,
    previous: Annotated[
        Path | None, typer.Option("--previous", metavar="JSON", help="an earlier report, to stand beside this one")
    ] = None,
    release: ReleasePage = None,
    justification: Justification = "",
    schema: SchemaPage = None,
    seed: Seed = 0,
) -> None:
    """Judge synthetic rows: how true to life, how useful, how safe.

    Every score stands beside what real rows held out reach. A gate that fails ends with exit code 1, after everything
    is written. Several synthetic files give a comparison.
    """
    from synthesist.data.places import check_inputs, check_outputs
    from synthesist.errors import SpecError
    from synthesist.model import Model
    from synthesist.recipe import check_gates
    from synthesist.report.comparison import Comparison
    from synthesist.report.files import write
    from synthesist.report.report import Report
    from synthesist.verbs.reading import readable

    files = [train, holdout, *synthetic]
    check_inputs([*files, schema, model, domain, previous])
    if len({path.resolve() if isinstance(path, Path) else path for path in files}) < len(files):
        raise SpecError("--train, --holdout and --synthetic must be different files: one is given twice.")
    several = len(synthetic) > 1
    holds = "comparison" if several else "report"
    pages = {holds: out or (), "scores": json, "card": card, "release": release}
    check_outputs(pages, [*files, schema, model, previous])
    if several and (card or release):
        raise SpecError("--card and --release are for one synthetic table: they go with the rows they tell of.")
    check_gates(require or ())
    made_by = Model.load(model) if model else None
    released_by(made_by.method if made_by else None, release)
    promised = {key: made_by.provenance[key] for key in ("privacy",) if made_by and key in made_by.provenance}
    earlier = Report.load(previous) if previous else None
    reports = {}
    with running(seed) as ctx:
        real = readable(train, schema, made_by.method if made_by else None)
        for rows in synthetic:
            reports[rows.name] = sy.evaluate(
                train=real,
                holdout=holdout,
                synthetic=rows,
                target=target,
                protected=protected or (),
                method=made_by.method if made_by else None,
                domain=domain,
                metrics=[*metric, *({"exact_copies"} - set(metric) if release else ())] if metric else None,
                gates=require or (),
                baseline=baseline,
                previous=earlier,
                ctx=ctx,
                title=rows.name,
                provenance={
                    "train": train.name,
                    "holdout": holdout.name,
                    "synthetic": rows.name,
                    "seed": seed,
                    **promised,
                    **({"method": made_by.method.describe()} if made_by and promised else {}),
                },
                training=made_by.training if made_by else None,
            )
    first, *others = reports.values()
    found = Comparison.of(train.name, reports) if others else first
    console().print(found if others else first.summary(next(iter(out or ()), None)))
    for path in (*(out or ()), *((json,) if json else ())):
        found.save(path)
        wrote(path)
    if card:
        write(card, first.to_card())
        wrote(card)
    if release:
        first.released(justification).save(release)
        wrote(release, "free of real rows, to go with the rows")
    for report in reports.values():
        report.require(*(require or ()))


def compare(
    source: Source,
    method: Annotated[
        list[str],
        typer.Option(
            "-m",
            "--method",
            metavar="NAME,NAME",
            help="the methods, with options as in 'marginals,trees:depth=2,bins=64'",
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="HTML", help="write the comparison as a page")],
    json: Annotated[Path | None, typer.Option("--json", metavar="JSON", help="write it for machines")] = None,
    target: Target = None,
    share: Share = 0.8,
    watts: Annotated[
        float, typer.Option("--watts", metavar="W", help="what one busy core takes, to estimate energy")
    ] = 10.0,
    schema: SchemaPage = None,
    seed: Seed = 0,
) -> None:
    """Find the method for a table: scores, time, memory, advice.

    Each method learns and draws in a process of its own; all are judged by the same real rows kept aside.
    """
    from synthesist.data.places import check_inputs, check_outputs
    from synthesist.dp.method import PrivateMethod
    from synthesist.verbs.reading import readable

    specs = methods_with_options(method)
    private = [spec for spec in specs if isinstance(spec, PrivateMethod)]
    check_inputs([source, schema])
    check_outputs({"page": out, "scores": json}, [source, schema])
    with running(seed) as ctx:
        data = readable(source, schema, private[0] if private else None)
        found = sy.compare(data, specs, target=target, share=share, watts=watts, seed=seed, ctx=ctx)
    console().print(found)
    for path in (out, json):
        if path is not None:
            found.save(path)
            wrote(path)


def diff(
    before: Annotated[
        str,
        typer.Argument(metavar="BEFORE", help="a file, a folder or a database; or a page, schema file or model"),
    ],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="the same of today")],
    key: Annotated[
        list[str] | None,
        typer.Option("--key", metavar="[TABLE:]COLUMN,...", help="find rows again by these columns; repeat it"),
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option(
            "--require", metavar="GATE", help="fail unless `same`, or a number holds, as in 'changed<=0.01'; repeat it"
        ),
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", metavar="JSON", help="write all of it for machines")] = None,
    n: Annotated[int, typer.Option("-n", metavar="N", help="of pages: how many units to draw of each")] = 1_000,
    examples: Annotated[int, typer.Option("--examples", metavar="N", help="changed cells shown of each column")] = 3,
    tolerance: Annotated[
        float, typer.Option("--tolerance", metavar="SHARE", help="how far apart numbers may lie and count as the same")
    ] = 0.0,
    seed: Seed = 0,
) -> None:
    """Say what changed between two data sets, or between two pages.

    In meaning, in rows (by key, cell by cell) and in distributions. A gate that fails ends with exit code 1. Gates
    are `same` and changed, added, removed, cells, structure, shift.
    """
    from synthesist.data.databases.address import is_address
    from synthesist.data.places import check_inputs, check_outputs

    paths = [path for path in (before, after) if not is_address(path) or Path(path).suffix]
    check_inputs([path for path in paths if "://" not in path])
    check_outputs({"scores": json}, [path for path in paths if "://" not in path])
    found = sy.diff(before, after, keys=_keys(key or ()), n=n, examples=examples, tolerance=tolerance, seed=seed)
    typer.echo(str(found))
    if json is not None:
        found.save(json)
        wrote(json)
    found.require(require or ())


def _keys(written: "Sequence[str]") -> dict[str, list[str]]:
    """The columns of `--key orders:id` by table; "" stands for the only one."""
    out: dict[str, list[str]] = {}
    for text in written:
        table, _, columns = text.rpartition(":")
        out.setdefault(table, []).extend(column.strip() for column in columns.split(","))
    return out


def methods_with_options(written: list[str]) -> "list[Spec]":
    """The methods of `marginals,trees:depth=2,bins=64`: what has a `=` and no `:` is an option of the one before.

    Raises:
        SpecError: an option comes before any method, or an option or method is not known.
    """
    from synthesist.data.page import overridden
    from synthesist.errors import SpecError
    from synthesist.verbs.named import as_spec

    asked: list[tuple[str, list[str]]] = []
    for piece in (piece.strip() for words in written for piece in OUTSIDE_BRACKETS.split(words) if piece.strip()):
        name, colon, option = piece.partition(":")
        if "=" not in name:
            asked.append((name, [option] if colon else []))
        elif asked:
            asked[-1][1].append(piece)
        else:
            raise SpecError(f"-m {piece}: that is an option without a method. Write as in `trees:depth=2,bins=64`.")
    return [as_spec("methods", name, overridden({}, options)) for name, options in asked]
