"""The report as one page, or as a fragment for a notebook: offline, without scripts, escaped."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from math import isfinite
from typing import TYPE_CHECKING, Any

from synthesist.core import Score
from synthesist.report import charts
from synthesist.report.cells import K
from synthesist.report.columns import Column
from synthesist.report.findings import percent, worst_columns, worst_pairs
from synthesist.report.privacy import CURATOR, CURATOR_MORE
from synthesist.report.verdict import RULES, WEAK_ATTACK

if TYPE_CHECKING:
    from jinja2 import Template

    from synthesist.report.comparison import Comparison
    from synthesist.report.release import Release
    from synthesist.report.report import Report

__all__ = ["comparison", "fragment", "page", "release"]

MOST_IN_HEATMAP = 40
MOST_PAIRS = 10
MOST_PARTS = 40
MOST_REASONS = 12
LARGE = {rule.metric for rule in RULES}
CONTENTS = {
    "promise": "What is promised",
    "findings": "What stands out",
    "fidelity": "Fidelity",
    "utility": "Utility",
    "fairness": "Fairness",
    "privacy": "Privacy",
    "why": "What gives the rows away",
    "columns": "Columns",
    "pairs": "Pairs",
    "criteria": "What regulators ask",
    "made": "How it was made",
    "reading": "How to read this page",
}
GLANCE = {
    "fidelity": ("Fidelity", {"c2st": "told apart (AUC)", "column_shapes": "columns", "pair_trends": "pairs"}),
    "utility": ("Utility", {"tstr": "loss in training"}),
    "privacy": (
        "Copying",
        {"membership": "attack (AUC)", "exact_copies": "exact copies", "dcr_share": "nearer to training"},
    ),
}
"""The columns of a comparison at a glance."""
FAMILIES = {
    "fidelity": "Fidelity: does it look real?",
    "utility": "Utility: does it work like real data?",
    "fairness": "Fairness: are groups treated alike?",
    "privacy": "Privacy: does it give anybody away?",
    "cost": "Cost",
}


def page(report: "Report") -> str:
    """The whole page."""
    return _template("report.html.j2").render(_view(report))


def fragment(report: "Report") -> str:
    """The body of the page with its style, for a notebook cell."""
    return _template("body.html.j2").render({**_view(report), "inline": True})


def release(found: "Release", whole: bool = True) -> str:
    """What may be published of private rows, as a page or as a fragment."""
    view = {"report": found, "privacy": found.privacy, "style": _style(), "released": True, "k": K, "inline": not whole}
    return _template("report.html.j2" if whole else "released.html.j2").render({**view, "body": "released.html.j2"})


def comparison(found: "Comparison", whole: bool = True) -> str:
    """A comparison of methods, as a page or as a fragment."""
    groups = _groups(found)
    width = sum(len(columns) for _, _, columns in groups) + len(found.costs)
    parts = {"chart": _trade_off(found), "groups": groups, "costs": found.costs, "width": width}
    return _template("comparison.html.j2").render(found=found, style=_style(), whole=whole, **parts)


def _trade_off(found: "Comparison") -> Any:
    """Likeness against CPU time, where both are known of two methods or more."""
    score = found.metrics.get("c2st")
    points = [
        charts.Point(
            entry.method,
            max(entry.cost.cpu_seconds, 1e-3),
            reached.value,
            entry.verdict.lights["privacy"],
            entry.method == found.advice.method,
        )
        for entry in found.judged
        if (reached := entry.score("c2st")) and isfinite(entry.cost.cpu_seconds)
    ]
    return _safe(charts.trade_off(points, score)) if score and len(points) > 1 else ""


def _groups(found: "Comparison") -> list[tuple[str, str, list[tuple[str, Score]]]]:
    """The scores of the table at a glance: a heading, the family of its lamp, and an example of each score."""
    return [
        (heading, family, columns)
        for family, (heading, words) in GLANCE.items()
        if (columns := [(word, found.metrics[metric]) for metric, word in words.items() if metric in found.metrics])
    ]


def _view(report: "Report") -> dict[str, Any]:
    """Everything the template says, ready to be put in place."""
    tables = [_table(report, name) for name in report.tables]
    families = [(family, words, *_ranked(report.scores, family)) for family, words in FAMILIES.items()]
    view = {
        "report": report,
        "style": _style(),
        "k": K,
        "families": [family for family in families if family[2] or family[3]],
        "tables": tables,
        "shares": _shares(report),
        "losses": _safe(charts.loss_chart(report.training)) if report.training and report.training.train else "",
        "weak_attack": WEAK_ATTACK,
        "baseline": any(isfinite(score.baseline) for score in report.scores),
        "most_parts": MOST_PARTS,
        "most_reasons": MOST_REASONS,
        "inline": False,
        "body": "body.html.j2",
        "privacy": report.privacy,
        "released": False,
        "curator_more": CURATOR_MORE,
        "mark": _safe(f'<p class="curator">{CURATOR}</p>') if report.privacy else "",
    }
    return view | {"contents": [(anchor, words) for anchor, words in CONTENTS.items() if _has(anchor, view)]}


def _has(anchor: str, view: Mapping[str, Any]) -> bool:
    """Whether the page has this part."""
    report = view["report"]
    there = {
        "promise": bool(report.privacy),
        "why": bool(report.explanations or view["shares"]),
        "pairs": any(table["pairs"] for table in view["tables"]),
        "made": bool(report.provenance),
        **dict.fromkeys(FAMILIES, False),
        **{family: True for family, *_ in view["families"]},
    }
    return there.get(anchor, True)


def _ranked(scores: Sequence[Score], family: str) -> tuple[list[Score], list[Score]]:
    """The scores of a family that set its light, shown large, and the others, shown in a table."""
    own = [score for score in scores if score.family == family]
    large = [score for score in own if score.metric in LARGE]
    return large, [score for score in own if score.metric not in LARGE]


def _shares(report: "Report") -> list[tuple[str, Any]]:
    """By table, where the classifier looks; the shares of an explanation say it better than those of a score."""
    told = {score.table: score.details.get("importance") for score in report.scores if score.metric == "c2st"}
    told |= {table: why["columns"] for table, why in report.explanations.items()}
    return [(table, _safe(charts.importance(shares))) for table, shares in told.items() if shares]


def _table(report: "Report", name: str) -> dict[str, Any]:
    """The columns and pairs of one table, the worst first."""
    columns = [column for column in report.columns if column.table == name]
    pairs = worst_pairs({score.metric: score for score in report.scores if score.table == name})
    ranked = worst_columns(columns)
    rest = [column for column in columns if not isfinite(column.behind)]
    return {
        "name": name,
        "columns": [*ranked, *rest],
        "pairs": pairs[:MOST_PAIRS],
        "heatmap": _heatmap(columns, pairs) if pairs else "",
    }


def _heatmap(columns: Sequence[Column], pairs: Sequence[Mapping[str, float | str]]) -> Any:
    shown: dict[str, None] = {}
    for pair in pairs:
        shown.update({str(pair[end]): None for end in ("a", "b") if len(shown) < MOST_IN_HEATMAP})
    names = [column.name.removeprefix(f"{column.table}.") for column in columns]
    return _safe(charts.heatmap([name for name in names if name in shown], pairs))


def _part(value: Any) -> Any:
    """A cell of the parts of a score."""
    if value is None:
        return "too few rows"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Mapping):
        return charts.printable(", ".join(f"{column} {cell}" for column, cell in value.items()))
    if isinstance(value, float):
        return charts.figure(value)
    return _safe(f"<code>{escape(charts.printable(value))}</code>")


def _chart(column: Column) -> Any:
    """The chart of a column, or nothing where it has none."""
    if not column.cells:
        return ""
    draw = charts.histogram_chart if column.cells.edges else charts.paired_bars
    return _safe(draw(column.name, column.cells))


def _code(text: str) -> Any:
    """Plain words in which `names` become code; everything is escaped first."""
    return _safe(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(_unbroken(charts.printable(text)))))


def _unbroken(text: str) -> str:
    """Keep a percent sign on the line of its number."""
    return text.replace(" %", "\u00a0%")


def _safe(svg: str) -> Any:
    """Markup that is put in place as it stands: made here, with every text in it escaped."""
    from markupsafe import Markup

    return Markup(svg)


@cache
def _style() -> Any:
    return _safe((files("synthesist.report") / "report.css").read_text("utf-8"))


@cache
def _template(name: str) -> "Template":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from synthesist.report.comparison import amount

    environment = Environment(
        loader=PackageLoader("synthesist.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "amount": amount,
        "chart": _chart,
        "part": _part,
        "code": _code,
        "number": charts.figure,
        "percent": lambda share: _unbroken(percent(share)),
        "printable": charts.printable,
        "range_bar": lambda score: _safe(charts.range_bar(score)),
        "scale": charts.scale_of,
    }
    return environment.get_template(name)
