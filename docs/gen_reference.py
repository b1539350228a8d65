"""The reference, generated from the package at every build: nothing in it is written twice.

MkDocs calls `on_config` and `on_files`; `pages` needs no MkDocs and serves the tests too.
"""

from collections.abc import Iterator
from inspect import cleandoc, getdoc
from pathlib import Path
from typing import Any

from synthesist import catalog, errors
from synthesist.cli.app import command
from synthesist.cli.show import options, values
from synthesist.core import Spec


def on_config(config: Any) -> Any:
    """Add the decisions and the reference to the navigation."""
    decisions = sorted(f"decisions/{path.name}" for path in Path(config["docs_dir"], "decisions").glob("*.md"))
    shelves = [{shelf.capitalize(): [f"reference/{n}.md" for n in catalog.names(shelf)]} for shelf in catalog.SHELVES]
    reference = ["reference/index.md", "reference/cli.md", *shelves, "reference/errors.md"]
    config["nav"] += [{"Decisions": decisions}, {"Reference": reference}]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages."""
    from mkdocs.structure.files import File

    for path, page in pages().items():
        files.append(File.generated(config, path, content=page))
    return files


def pages() -> dict[str, str]:
    """Every page of the reference, by its path."""
    made = {"reference/index.md": _index(), "reference/cli.md": _commands(), "reference/errors.md": _errors()}
    for shelf in catalog.SHELVES:
        for name in catalog.names(shelf):
            made[f"reference/{name}.md"] = _spec(shelf, catalog.load(shelf, name))
    return made


def _index() -> str:
    parts = ["# Reference", "Everything that stands on a shelf, generated from the code of this release."]
    for shelf, meaning in catalog.SHELVES.items():
        rows = [(f"[`{name}`]({name}.md)", catalog.summary(catalog.load(shelf, name))) for name in catalog.names(shelf)]
        parts += [f"## {shelf.capitalize()}", f"*{meaning}*", _table(("name", "what it does"), rows)]
    return "\n\n".join(parts)


def _spec(shelf: str, spec: type[Spec]) -> str:
    rows = [
        (f"`{name}`", values(field), f"`{field.get('default', 'required')}`", field.get("description", ""))
        for name, field in options(spec).items()
    ]
    parts = [f"# {spec.name()}", f"*{shelf[:-1]}*", _prose(spec.__doc__ or "")]
    if spec.accepts:
        parts.append(f"Kinds of column: {', '.join(sorted(spec.accepts))}.")
    if spec.holds_records:
        parts.append("**A fitted model holds real records**: saving it asks for a flag.")
    parts += [f"**Known limit, {check}**: {reason}" for check, reason in spec.limits.items()]
    parts += ["## Options", _table(("option", "values", "default", "meaning"), rows) if rows else "It has none."]
    return "\n\n".join(parts)


def _commands() -> str:
    parts = ["# The command line", "`synthesist COMMAND --help` says the same in the terminal."]
    for name, one in command().commands.items():
        rows = [
            (f"`{', '.join(p.opts) if p.param_type_name == 'option' else p.metavar or p.name.upper()}`", p.help or "")
            for p in one.params
            if not getattr(p, "hidden", False)
        ]
        example = (one.epilog or "").removeprefix("Example: ").replace("\\[", "[")
        parts += [f"## synthesist {name}", cleandoc(one.help or ""), f"```bash\n{example}\n```", _table(("", ""), rows)]
    return "\n\n".join(parts)


def _errors() -> str:
    rows = [
        (f"`{name}`", f"`{getattr(errors, name).__mro__[2].__name__}`", getdoc(getattr(errors, name)))
        for name in errors.__all__
        if name.endswith("Error") and name != "SynthesistError"
    ]
    intro = "All are kinds of `SynthesistError`: catch that one to catch them all. Each is a built-in error too."
    ends = "A command ends with 0 when done, 1 when a gate failed, and 2 when the input is wrong."
    return "\n\n".join(["# Errors", intro, _table(("error", "also a", "when"), rows), ends])


def _prose(docstring: str) -> str:
    """A docstring as Markdown: its doctests become fenced code."""
    return "\n\n".join(_paragraphs(cleandoc(docstring)))


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        yield f"```pycon\n{paragraph}\n```" if paragraph.startswith(">>>") else paragraph


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(cell: Any) -> str:
    return " ".join(str(cell).split()).replace("|", "\\|")
