"""Commands that look: inspect, list, show, split."""

from pathlib import Path
from typing import Annotated

import typer

import synthesist as sy
from synthesist.cli.options import SchemaPage, Seed, Share, Source
from synthesist.cli.show import console, wrote

__all__ = ["inspect", "list_", "show", "split"]


def inspect(
    source: Source,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="YAML", help="write an editable schema.yaml")
    ] = None,
    schema: SchemaPage = None,
    page: Annotated[bool, typer.Option("--page", help="describe tables as a page to be edited and sampled")] = False,
    public: Annotated[
        bool, typer.Option("--public", help="begin a public schema for private methods: nothing of the rows is in it")
    ] = False,
) -> None:
    """Say what was understood of a table, and why.

    Kinds of column, keys, missing cells, personal data, warnings. Of a schema file (SQL, JSON Schema ...) it is the
    page that `synthesist sample` draws from, to be edited.
    """
    from synthesist.data.atomic import replacing
    from synthesist.data.places import check_inputs, check_outputs
    from synthesist.schemas import describes, written

    check_inputs([source, schema])
    check_outputs({"schema": out}, [source])
    if page or (isinstance(source, Path) and describes(source)):
        text = written(source)
        if out is None:
            typer.echo(text, nl=False)
            return
        with replacing(out) as draft:
            draft.write_text(text, "utf-8")
        wrote(out, f"edit it, then: synthesist sample {out} -n 1000 -o OUT")
        return
    if public:
        text = sy.inspect(source, schema).public()
        if out is None:
            typer.echo(text, nl=False)
            return
        with replacing(out) as draft:
            draft.write_text(text, "utf-8")
        wrote(out, "complete it from what is public of the table, and give it to a private method with --schema")
        return
    found = sy.inspect(source, schema)
    typer.echo(str(found))
    if out is not None:
        with replacing(out) as draft:
            draft.write_text(found.schema.to_yaml(), "utf-8")
        wrote(out, "correct it where it is wrong, and give it back with --schema")


def list_(
    shelf: Annotated[
        str | None,
        typer.Argument(metavar="SHELF", help="methods, samplers, transforms or metrics; all of them where not said"),
    ] = None,
) -> None:
    """List what exists, with one line on each."""
    from synthesist import catalog
    from synthesist.cli import show as shown

    screen = console()
    if shelf is not None:
        catalog.names(shelf)  # refuses what is no shelf
    for place, name in enumerate([shelf] if shelf is not None else catalog.SHELVES):
        screen.print(*([""] if place else []), shown.shelf(name), sep="\n")


def show(name: Annotated[str, typer.Argument(metavar="NAME", help="a name from `synthesist list`")]) -> None:
    """Show one thing: its options, and when not to use it."""
    from synthesist import catalog
    from synthesist.cli import show as shown

    console().print(shown.spec(*catalog.find(name)))


def split(
    source: Source,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="the folder for train and holdout")],
    share: Share = 0.8,
    schema: SchemaPage = None,
    seed: Seed = 0,
    unit: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="keep rows together that have the same cell here, as a patient")
    ] = None,
    private: Annotated[
        bool,
        typer.Option("--private", help="for a private method: each row's part depends on its own unit; needs --schema"),
    ] = False,
) -> None:
    """Part a table, or related ones by their unit, at random: train to learn from, holdout to judge by."""
    from synthesist.data.files import Writer
    from synthesist.data.folders import write_folder
    from synthesist.data.places import check_inputs, check_outputs, folder
    from synthesist.data.sources import read
    from synthesist.errors import SpecError

    check_inputs([source, schema])
    if private and schema is None:
        raise SpecError("--private reads rows by what is public of them: give that page as --schema.")
    parent, data = folder(out), read(source, schema, strict=not private)
    several = len(data.tables) > 1
    ending = "" if several else source.suffix.lower() or ".parquet"
    paths = [parent / f"{part}{ending}" for part in ("train", "holdout")]
    if parent.is_dir() and not several:
        for path in paths:
            check_outputs({"table": path}, [source])
    parts = sy.split(data, share, seed=seed, unit=unit, private=private)
    parent.mkdir(exist_ok=True)
    if several:
        for path, part in zip(paths, parts, strict=True):
            write_folder(part, path, ending=".parquet")
            wrote(path, f"{part.units:,} units")
        return
    with Writer(paths[0], parts[0].schema) as train, Writer(paths[1], parts[1].schema) as holdout:
        train.write(parts[0])
        holdout.write(parts[1])
    for path, part in zip(paths, parts, strict=True):
        wrote(path, f"{part.units:,} rows")
