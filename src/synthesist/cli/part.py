"""The command that takes a part of related tables: subset."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

import synthesist as sy
from synthesist.cli.options import SchemaPage, Seed, Settings, Source, at
from synthesist.cli.progress import running
from synthesist.cli.show import wrote
from synthesist.errors import SpecError

__all__ = ["subset"]

NAMED = re.compile(r"\s*([^:='\"<>]+?)\s*:\s*(.+)", re.DOTALL)


def subset(
    source: Source,
    out: Annotated[str, typer.Option("-o", "--out", metavar="OUT", help="where to write: a folder, a database")],
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="TABLE:CONDITION", help="rows to start from; repeat it"),
    ] = None,
    share: Annotated[
        list[str] | None,
        typer.Option("--share", metavar="P", help="how much of them, or of the unit, to draw, as in 0.1, or TABLE=P"),
    ] = None,
    most: Annotated[
        list[str] | None,
        typer.Option("--most", metavar="LINK=N", help="at most N rows of each, as in lines.order=50; repeat it"),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="TABLE", help="a table that is left out; repeat it")
    ] = None,
    set_: Settings = None,
    page: Annotated[
        Path | None, typer.Option("--page", metavar="YAML", help="a page `kind: subset` with all that is to be kept")
    ] = None,
    schema: SchemaPage = None,
    ending: Annotated[
        str, typer.Option("--format", metavar="ENDING", help="how the files of a folder are written: csv, parquet ...")
    ] = "csv",
    seed: Seed = 0,
) -> None:
    """Keep a part of related tables, with all that its rows refer to: no reference is broken.

    Rows that belong to those of the start come along, as the orders of a customer and their lines; what they refer to
    is kept, too. It says how many rows of each table were kept, and why. See `synthesist show subset` for what --set,
    or a page, can say.
    """
    from synthesist.data.page import overridden, read_page
    from synthesist.data.places import check_inputs

    options: dict[str, Any] = read_page(page) if page is not None else {}
    if options.pop("kind", "subset") != "subset":
        raise SpecError(f"{page} is a page of another kind: one for this command says `kind: subset`.")
    options = overridden(_merged(options, where or (), share or (), most or (), without or ()), set_ or ())
    check_inputs([page, schema, source])
    with running(seed) as ctx:
        ending = f".{ending.lstrip('.')}"
        done = sy.subset(source, out, schema=schema, ending=ending, seed=seed, ctx=ctx, **options)
    typer.echo(str(done))
    kept, rows = done.account.tables.select("kept", "rows").sum().row(0)
    wrote(at(out), f"{kept:,} of {rows:,} rows")


def _merged(
    options: dict[str, Any], where: Iterable[str], share: Iterable[str], most: Iterable[str], without: Iterable[str]
) -> dict[str, Any]:
    """The options of a page, and those of the command line in their place."""
    out = dict(options)
    conditions: dict[str, list[str]] = {}
    for text in where:
        if (found := NAMED.fullmatch(text)) is None:
            raise SpecError(f"--where {text}: name the table first, as in \"customers: country = 'DE'\".")
        conditions.setdefault(found[1], []).append(found[2])
    if conditions:
        out["where"] = {**out.get("where", {}), **conditions}
    if shares := dict(_numbered("--share", text) for text in share):
        if "" in shares and len(shares) > 1:
            raise SpecError("--share is given for all and for one table: name the table each time, as in orders=0.1.")
        out["share"] = shares.get("", shares)
    for name, number in (_numbered("--most", text) for text in most):
        links = out.get("links", {})
        out["links"] = {**links, name: {**links.get(name, {}), "most": number}}
    if tables := list(without):
        out["without"] = [*out.get("without", ()), *tables]
    return out


def _numbered(option: str, text: str) -> tuple[str, float]:
    """What stands before the last `=`, and the number behind it."""
    name, _, number = text.rpartition("=")
    try:
        return name.strip(), float(number)
    except ValueError:
        raise SpecError(f"{option} {text}: write a number, or NAME=NUMBER.") from None
