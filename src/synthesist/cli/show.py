"""Results for people on standard output; pages and tables fit a screen."""

import sys
from collections.abc import Mapping
from inspect import cleandoc
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from synthesist.core import Spec
    from synthesist.data.places import Place
    from synthesist.engine.estimate import Estimate
    from synthesist.model import Model

__all__ = ["chosen", "console", "estimate", "options", "shelf", "spec", "values", "wrote"]

WIDTH = 100  # where the output is no terminal


def wrote(path: "Place", what: str = "") -> None:
    """One line for a file or a database that is there now."""
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


def estimate(found: "Estimate", workers: int, seed: int) -> "RenderableType":
    """What a drawing would come to: rows and bytes by table, parts and time."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table("table", box=None, header_style="dim")
    for heading in ("rows", "size"):
        table.add_column(heading, justify="right")
    for name, rows in found.rows.items():
        table.add_row(name, f"{'' if name in found.exact else '~'}{rows:,}", f"~{_size(found.bytes[name])}")
    if len(found.rows) > 1:
        table.add_row("together", f"{sum(found.rows.values()):,}", f"~{_size(sum(found.bytes.values()))}", style="bold")
    by = f", ~{_span(found.seconds(workers))} with {workers} workers" if workers > 1 else ""
    parts = f"{found.parts:,} part{'s' if found.parts > 1 else ''}"
    told = f"{parts}; ~{_span(found.cpu_seconds)} on one core{by}; seed {seed}"
    return Group(Text("Nothing is written. It would come to about:"), table, Text(told))


def _size(size: float) -> str:
    """Bytes as a reader writes them."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.3g} TB"


def _span(seconds: float) -> str:
    """A span of time as a reader writes it."""
    if seconds < 60:
        return f"{seconds:.2g} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min {seconds} s"


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
