"""Writing a report: the page, the data, or both; whole or not at all."""

from pathlib import Path
from typing import TYPE_CHECKING

from synthesist.data.atomic import replacing
from synthesist.errors import OutputError

if TYPE_CHECKING:
    from synthesist.report.report import Report

__all__ = ["save"]

ENDINGS = (".html", ".json")


def save(report: "Report", path: Path) -> tuple[Path, ...]:
    """Write the page, the data, or both where `path` has no ending."""
    ending = path.suffix.lower()
    if ending and ending not in ENDINGS:
        raise OutputError(f"A report is written as .html or .json, not {path.suffix}: {path}")
    paths = (path,) if ending else tuple(path.with_suffix(each) for each in ENDINGS)
    for target in paths:
        text = report.to_html() if target.suffix.lower() == ".html" else report.to_json()
        with replacing(target) as temporary:
            temporary.write_text(text, "utf-8")
    return paths
