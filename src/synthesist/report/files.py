"""Writing a report: the page, a text, the data or a test run; whole or not at all."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthesist.data.atomic import replacing
from synthesist.errors import OutputError
from synthesist.report.paper import pdf

if TYPE_CHECKING:
    from synthesist.report.release import Release
    from synthesist.report.report import Report

__all__ = ["save", "save_release", "write"]


def save(report: "Report", path: Path) -> tuple[Path, ...]:
    """Write what the ending asks for; the page and the data where `path` has none."""
    return _save(report, path, WRITERS, "A report")


def save_release(release: "Release", path: Path) -> tuple[Path, ...]:
    """The same of a page that may be published; gates are none of it, as they judge by real rows."""
    return _save(release, path, RELEASED, "A released page")


def _save(page: Any, path: Path, writers: Mapping[str, Callable[[Any], str | bytes]], what: str) -> tuple[Path, ...]:
    if path.suffix and path.suffix.lower() not in writers:
        raise OutputError(f"{what} is written as {', '.join(writers)}, not {path.suffix}: {path}")
    paths = (path,) if path.suffix else (path.with_suffix(".html"), path.with_suffix(".json"))
    for target in paths:
        write(target, writers[target.suffix.lower()](page))
    return paths


def write(target: Path, content: str | bytes) -> None:
    """Put the whole content there, or leave what was there."""
    with replacing(target) as temporary:
        temporary.write_bytes(content if isinstance(content, bytes) else content.encode())


RELEASED: Mapping[str, Callable[[Any], str | bytes]] = {
    ".html": lambda page: page.to_html(),
    ".pdf": lambda page: pdf(page.to_html()),
    ".md": lambda page: page.to_markdown(),
    ".json": lambda page: page.to_json(),
}
WRITERS: Mapping[str, Callable[[Any], str | bytes]] = {**RELEASED, ".xml": lambda report: report.to_junit()}
