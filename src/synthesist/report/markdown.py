"""The report as text in Markdown: for a pull request, a wiki or an e-mail; and a data card to go with the rows."""

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import TYPE_CHECKING

from synthesist.core import Score
from synthesist.report.charts import figure, printable
from synthesist.report.findings import percent
from synthesist.report.privacy import CURATOR, CURATOR_MORE

if TYPE_CHECKING:
    from synthesist.report.columns import Column
    from synthesist.report.privacy import Privacy
    from synthesist.report.release import Release
    from synthesist.report.report import Report

__all__ = ["card", "release", "text"]

SHOWN = 6  # cells of a column
SIGNS = {"good": "●", "fair": "▲", "poor": "■", "none": "○"}
LIMITS = (
    "It does not prove that the data is anonymous: the attacks are those that were run, and others may do better.",
    "Only a method with a formal guarantee bounds what any attack can learn.",
    "The scores were computed on real data: keep them with those who may see it.",
    "What the real data gets wrong, the synthetic data repeats.",
)


def text(report: "Report") -> str:
    """The whole report but its charts."""
    judged = [
        f"**{report.verdict.sentence}**",
        _lights(report),
        _gates(report),
        _section("What stands out", (f"- {finding.sentence} *{finding.step}*" for finding in report.findings)),
        _scores(report.scores, report),
        _criteria(report),
    ]
    sections = [
        f"# {_plain(report.title)}",
        *(_promise(report.privacy, CURATOR_MORE) if report.privacy else ()),
        *(map(_marked, judged) if report.privacy else judged),
        _section("How it was made", (_row(key, value) for key, value in report.provenance.items()), ("what", "value")),
        _section("What this does not prove", (f"- {limit}" for limit in LIMITS)),
    ]
    return _joined(sections)


def card(report: "Report") -> str:
    """What somebody who is given the rows must know: what they are, how they were made, what they are good for."""
    if report.privacy:
        return release(report.released())
    rows = report.rows
    sections = [
        f"# Data card: {_plain(report.title)}",
        f"{rows['synthetic']:,} synthetic rows, made from {rows['train']:,} real rows and judged against "
        f"{rows['holdout']:,} others that the method never saw.",
        _section("What it is like", [f"**{report.verdict.sentence}**", "", _lights(report)]),
        _section("Columns", map(_column, report.columns), ("column", "kind", "missing", "score", "holdout")),
        _section("How it was made", (_row(key, value) for key, value in report.provenance.items()), ("what", "value")),
        _scores(report.scores, report),
        _criteria(report),
        _section("Known weaknesses", (f"- {found.sentence}" for found in report.findings if found.severity != "note")),
        _section(
            "Not for",
            (
                "- decisions about single people: a row is nobody",
                "- findings about the world that are not checked on real data",
                "- release without a decision of those who answer for the real data",
            ),
        ),
        _section("What this does not prove", (f"- {limit}" for limit in LIMITS)),
    ]
    return _joined(sections)


def release(found: "Release") -> str:
    """What may be published of private rows."""
    privacy = found.privacy
    facts = f"{found.rows:,} synthetic rows. All that this page knows of real rows was paid for."
    sections = [
        f"# {_plain(found.title)}",
        *_promise(privacy, facts),
        _section("NIST SP 800-226", (_row(*line) for line in privacy.nist), ("heading", "here")),
        _section("Deployment card", (_row(*line) for line in privacy.card(found.justification)), ("field", "here")),
        _section("Columns of the synthetic rows", map(_own, found.columns), ("column", "kind", "missing", "values")),
        _section("How it was made", (_row(key, value) for key, value in found.provenance.items()), ("what", "value")),
    ]
    return _joined(sections)


def _promise(privacy: "Privacy", more: str) -> list[str]:
    """What is promised, what not, and how it was paid."""
    return [
        f"**{_plain(privacy.claim)}** {_plain(privacy.meaning)}",
        more,
        _section("What this does not promise", (f"- {_plain(limit)}" for limit in privacy.limits)),
        _section("How it was paid", (_row(kind, percent(share)) for kind, share in privacy.paid), ("asked", "share")),
        privacy.exactness,
    ]


def _marked(section: str) -> str:
    """A part that was computed from real rows, with a word on that right below its heading."""
    if not section.startswith("## "):
        return section and f"*{CURATOR}*\n\n{section}"
    heading, _, rest = section.partition("\n")
    return f"{heading}\n\n*{CURATOR}*\n{rest}"


def _own(column: "Column") -> str:
    missing, cells = column.missing["synthetic"], column.cells
    shown = [f"{k} {percent(v)}" for k, v in zip(cells.labels, cells.synthetic, strict=True)][:SHOWN] if cells else []
    return _row(
        f"`{column.name}`",
        column.kind,
        "" if missing is None else percent(missing),
        ", ".join(shown) + (" ..." if cells and len(cells.labels) > SHOWN else ""),
    )


def _criteria(report: "Report") -> str:
    asked = ((answer.criterion, answer.found) for answer in report.answers)
    lines = (_row(criterion.framework, criterion.name, criterion.question, found) for criterion, found in asked)
    return _section("What regulators ask", lines, ("framework", "criterion", "question", "here"))


def _lights(report: "Report") -> str:
    return "   ".join(
        f"{SIGNS[light]} {family}: {'not measured' if light == 'none' else light}"
        for family, light in report.verdict.lights.items()
    )


def _gates(report: "Report") -> str:
    lines = (f"- {'holds' if gate.holds else 'FAILS'}: `{gate.gate}`{_why(gate.failures)}" for gate in report.gates)
    return _section("Gates", lines)


def _why(failures: Sequence[str]) -> str:
    return f" ({'; '.join(failure.partition(': ')[2] for failure in failures)})" if failures else ""


def _scores(scores: Sequence[Score], report: "Report") -> str:
    earlier = ("before",) if report.previous else ()
    lines = []
    for score in scores:
        if score.skipped:
            continue
        before = report.before(score)
        lines.append(
            _row(
                f"`{score.name}`",
                score.title,
                figure(score.value),
                f"{figure(score.low)} to {figure(score.high)}",
                figure(score.reference) if isfinite(score.reference) else "",
                f"{score.best:g}",
                *((figure(before.value) if before else "",) if earlier else ()),
            )
        )
    return _section("Scores", lines, ("score", "what it is", "value", "95 % interval", "holdout", "best", *earlier))


def _column(column: "Column") -> str:
    missing = column.missing["synthetic"]
    known = isfinite(column.score)
    return _row(
        f"`{column.name}`",
        column.kind,
        "" if missing is None else percent(missing),
        figure(column.score) if known else "",
        figure(column.reference) if known else "",
    )


def _section(title: str, lines: Iterable[str], header: Sequence[str] = ()) -> str:
    """A heading over its lines; nothing where there are none."""
    kept = list(lines)
    if not kept:
        return ""
    head = [_row(*header), _row(*("---" for _ in header))] if header else []
    return "\n".join([f"## {title}", "", *head, *kept])


def _row(*cells: str) -> str:
    return f"| {' | '.join(_plain(cell) for cell in cells)} |"


def _plain(cell: str) -> str:
    return printable(cell.replace("\n", " ")).replace("|", "\\|")


def _joined(sections: Iterable[str]) -> str:
    return "\n\n".join(section for section in sections if section) + "\n"
