"""The report in the terminal: verdict, scores with bars, worst columns, next step, link."""

import io
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from synthesist.core import Score
from synthesist.report.charts import figure, printable
from synthesist.report.findings import worst_columns
from synthesist.report.privacy import CURATOR

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.panel import Panel
    from rich.table import Table

    from synthesist.report.privacy import Privacy
    from synthesist.report.release import Release
    from synthesist.report.report import Report

__all__ = ["panel", "release", "text"]

COLOURS = {"good": "green", "fair": "yellow", "poor": "red", "none": "dim"}
SIGNS = {"good": "●", "fair": "▲", "poor": "■", "none": "○"}
BAR = 16
WORST = 5
BOUGHT = 4


def panel(report: "Report", path: str | Path | None = None) -> "Panel":
    """One panel that fits a screen."""
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    found = report.verdict
    lights = Text("   ").join(
        Text(f"{SIGNS[light]} {family} {'not measured' if light == 'none' else light}", COLOURS[light])
        for family, light in found.lights.items()
    )
    parts: list[RenderableType] = [Text(found.sentence, "bold"), lights, Text(), _scores(report.scores)]
    if report.privacy:
        parts = [*_promise(report.privacy), Text(), Text(CURATOR, "bold red"), Text(), *parts]
    if worst := worst_columns(report.columns)[:WORST]:
        told = "   ".join(f"{printable(column.name)} {column.score:.3f}" for column in worst)
        parts += [Text(), Text.assemble(("Worst columns  ", "dim"), told)]
    if report.findings and report.findings[0].severity != "note":
        first = report.findings[0]
        parts += [
            Text(),
            Text(printable(first.sentence.replace("`", ""))),
            Text(f"Next: {first.step}".replace("`", ""), "bold"),
        ]
    if path:
        target = Path(path).resolve()
        parts += [Text(), Text(str(path), f"link {target.as_uri()} underline")]
    return Panel(Group(*parts), title=Text(printable(report.title)), title_align="left", padding=(1, 2), width=100)


def release(found: "Release") -> "Panel":
    """What may be published, in one panel."""
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    size = f"{found.rows:,} synthetic rows, {len(found.columns)} columns"
    facts = f"{size}; all that is known here of real rows was paid for."
    parts = [*_promise(found.privacy), Text(), Text(facts)]
    return Panel(Group(*parts), title=Text(printable(found.title)), title_align="left", padding=(1, 2), width=100)


def _promise(privacy: "Privacy") -> "list[RenderableType]":
    """What is promised and how it was paid, before all else."""
    from rich.text import Text

    paid = ", ".join(f"{100 * share:.0f} % {printable(kind)}" for kind, share in privacy.paid[:BOUGHT])
    more = " ..." if len(privacy.paid) > BOUGHT else ""
    parts: list[RenderableType] = [Text(printable(privacy.claim), "bold"), Text(printable(privacy.meaning))]
    return [*parts, Text.assemble(("The budget went into  ", "dim"), paid, more)] if paid else parts


def text(report: "Report") -> str:
    """The same panel without colours."""
    from rich.console import Console

    sink = io.StringIO()
    Console(file=sink, width=100, color_system=None, force_terminal=False, legacy_windows=False).print(panel(report))
    return sink.getvalue().rstrip()


def _scores(scores: tuple[Score, ...]) -> "Table":
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("score", "", "value", "95 % interval", "holdout", "best"):
        table.add_column(
            heading, justify="left" if heading in ("score", "") else "right", overflow="ellipsis", no_wrap=True
        )
    for score in scores:
        if score.skipped:
            table.add_row(score.name, "", "[dim]skipped[/]", "", "", "")
            continue
        table.add_row(
            score.name,
            _bar(score),
            figure(score.value),
            f"{figure(score.low)} to {figure(score.high)}" if isfinite(score.low + score.high) else "",
            figure(score.reference) if isfinite(score.reference) else "",
            f"{score.best:g}",
        )
    return table


def _bar(score: Score) -> str:
    """How far of the way from the worst to the best."""
    full = round(BAR * min(max(1 - score.distance, 0), 1)) if isfinite(score.distance) else 0
    return f"[cyan]{'━' * full}[/][dim]{'─' * (BAR - full)}[/]"
