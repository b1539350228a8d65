"""Results for people on standard output; pages and tables fit a screen."""

import sys
from collections.abc import Mapping
from inspect import cleandoc
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from synthesist.core import Spec
    from synthesist.model import Model

__all__ = ["chosen", "console", "options", "shelf", "spec", "values", "wrote"]

WIDTH = 100  # where the output is no terminal


def wrote(path: object, what: str = "") -> None:
    """One line for a file that is there now."""
    typer.echo(f"Wrote {path}" + (f": {what}" if what else ""))


def chosen(model: "Model") -> None:
    """One line on the method that another one picked."""
    if picker := model.provenance.get("chosen_by"):
        typer.echo(f"{picker} chose {model.method.name()}. {model.provenance['because']}")


def console() -> "Console":
    """Standard output as rich draws on it."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)


def shelf(name: str) -> "RenderableType":
    """What stands on a shelf, one line each."""
    from rich.table import Table
    from rich.text import Text

    from synthesist import catalog

    table = Table(
        title=Text(f"{name}: {catalog.SHELVES[name]}", "bold"), title_justify="left", box=None, show_header=False
    )
    table.add_column(no_wrap=True)
    table.add_column()
    for each in catalog.names(name):
        table.add_row(f"  {each}", Text(catalog.summary(catalog.load(name, each))))
    return table


def spec(shelf: str, found: "type[Spec]") -> "RenderableType":
    """One thing: what it does, when not to use it, and every option."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("option", "values", "default", "meaning"):
        table.add_column(heading, no_wrap=heading == "option", max_width=34)
    for name, field in options(found).items():
        default = "required" if "default" not in field else str(field["default"])
        table.add_row(*map(Text, (name, values(field), default, field.get("description", ""))))
    parts: list[RenderableType] = [Text(f"{found.name()} ({shelf[:-1]})", "bold"), Text(), Text(_prose(found))]
    if found.accepts:
        parts += [Text(), Text(f"Kinds of column: {', '.join(sorted(found.accepts))}")]
    for check, reason in found.limits.items():
        parts.append(Text(f"Known limit, {check}: {reason}"))
    parts += [Text(), table if table.rows else Text("It has no options.")]
    return Group(*parts)


def options(found: "type[Spec]") -> Mapping[str, Any]:
    """Every option of a Spec, as JSON Schema describes it."""
    properties: Mapping[str, Any] = found.model_json_schema().get("properties", {})
    return properties


def values(field: Mapping[str, Any]) -> str:
    """The type and range of an option, in a few words."""
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(values(option) for option in field["anyOf"]))
    if "enum" in field or "const" in field:
        return ", ".join(map(str, field.get("enum", [field.get("const")])))
    names = {
        "integer": "whole number",
        "number": "number",
        "boolean": "true or false",
        "string": "text",
        "null": "none",
    }
    kind = field.get("type", "a mapping")
    name = names.get(kind, {"array": "list", "object": "mapping"}.get(kind, kind))
    low, high = field.get("minimum", field.get("exclusiveMinimum")), field.get("maximum", field.get("exclusiveMaximum"))
    above, below = "above" if "exclusiveMinimum" in field else "from", "below" if "exclusiveMaximum" in field else "to"
    limits = [f"{word} {end:g}" for word, end in ((above, low), (below, high)) if end is not None]
    return " ".join([name, *limits])


def _prose(found: "type[Spec]") -> str:
    """The docstring without its doctests; lines of a paragraph are joined, so that they fill the screen."""
    paragraphs = [each for each in cleandoc(found.__doc__ or "").split("\n\n") if not each.startswith(">>>")]
    return "\n\n".join(each if "\n " in f"\n{each}" else each.replace("\n", " ") for each in paragraphs).replace(
        "`", ""
    )
