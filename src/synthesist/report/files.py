"""Writing a report: the page, a text, the data or a test run; whole or not at all."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from synthesist.data.atomic import replacing
from synthesist.errors import OutputError
from synthesist.report.paper import pdf

if TYPE_CHECKING:
    from synthesist.report.report import Report

__all__ = ["save", "write"]


def save(report: "Report", path: Path) -> tuple[Path, ...]:
    """Write what the ending asks for; the page and the data where `path` has none."""
    if path.suffix and path.suffix.lower() not in WRITERS:
        raise OutputError(f"A report is written as {', '.join(WRITERS)}, not {path.suffix}: {path}")
    paths = (path,) if path.suffix else (path.with_suffix(".html"), path.with_suffix(".json"))
    for target in paths:
        write(target, WRITERS[target.suffix.lower()](report))
    return paths


def write(target: Path, content: str | bytes) -> None:
    """Put the whole content there, or leave what was there."""
    with replacing(target) as temporary:
        temporary.write_bytes(content if isinstance(content, bytes) else content.encode())


WRITERS: Mapping[str, Callable[["Report"], str | bytes]] = {
    ".html": lambda report: report.to_html(),
    ".pdf": lambda report: pdf(report.to_html()),
    ".md": lambda report: report.to_markdown(),
    ".json": lambda report: report.to_json(),
    ".xml": lambda report: report.to_junit(),
}
