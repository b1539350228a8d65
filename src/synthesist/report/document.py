"""The report as JSON: a versioned document for machines, which also reads back into a Report."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from synthesist.core import Curve, Score
from synthesist.errors import DataError
from synthesist.report.cells import Cells
from synthesist.report.columns import Column, Spike
from synthesist.report.gates import Outcome
from synthesist.report.privacy import CURATOR, Privacy

if TYPE_CHECKING:
    from synthesist.report.release import Release
    from synthesist.report.report import Report

__all__ = ["FORMAT", "VERSION", "dump", "dump_release", "parse"]

FORMAT, RELEASE = "synthesist-report", "synthesist-release"
VERSION = 1
"""Raised when a reader of the document would have to change."""


def dump(report: "Report") -> str:
    """Write the report; a number that is not there is null. Verdict and findings follow from the rest."""
    found = report.verdict
    document = {
        "format": FORMAT,
        "version": VERSION,
        "title": report.title,
        **({"release": _release(report.release), "curator_only": CURATOR} if report.release else {}),
        "verdict": {
            "sentence": found.sentence,
            "lights": found.lights,
            "rules": [{**asdict(ruling.rule), "read": ruling.read, "light": ruling.light} for ruling in found.rulings],
        },
        "findings": [asdict(finding) for finding in report.findings],
        "scores": [asdict(score) for score in report.scores],
        "columns": [asdict(column) for column in report.columns],
        "rows": dict(report.rows),
        "target": report.target,
        "provenance": dict(report.provenance),
        "training": asdict(report.training) if report.training else None,
        "gates": [asdict(outcome) for outcome in report.gates],
        "previous": [asdict(score) for score in report.previous],
        "explanations": dict(report.explanations),
    }
    return _written(document)


def dump_release(release: "Release") -> str:
    """Write what may be published."""
    return _written({"format": RELEASE, "version": VERSION, "title": release.title, **_release(release)})


def _written(document: Mapping[str, Any]) -> str:
    return json.dumps(_finite(document), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _release(release: "Release") -> dict[str, Any]:
    privacy = release.privacy
    return {
        "privacy": {
            "claim": privacy.claim,
            "meaning": privacy.meaning,
            "limits": list(privacy.limits),
            **privacy.model_dump(mode="json", exclude_none=True),
            "nist_sp_800_226": dict(privacy.nist),
            "deployment_card": dict(privacy.card(release.justification)),
        },
        "columns": [asdict(column) for column in release.columns],
        "rows": release.rows,
        "provenance": dict(release.provenance),
    }


def parse(text: str) -> "Report":
    """Read what `dump` wrote.

    Raises:
        DataError: the text is no report, or of a version this release does not know.
    """
    from synthesist.report.report import Report

    try:
        tree = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"This is not a report: {error}. Write one with `report.save('report.json')`.") from None
    if not isinstance(tree, dict) or tree.get("format") != FORMAT:
        raise DataError(f"This JSON is not a report: it lacks `format: {FORMAT}`.")
    if tree.get("version") != VERSION:
        raise DataError(f"This report has version {tree.get('version')}, this release reads version {VERSION}.")
    try:
        return Report(
            title=tree["title"],
            scores=tuple(_read(Score, score) for score in tree["scores"]),
            columns=tuple(_column(column) for column in tree["columns"]),
            rows=tree["rows"],
            target=tree["target"],
            provenance=tree["provenance"],
            training=_curve(tree.get("training")),
            gates=tuple(Outcome(gate["gate"], tuple(gate["failures"])) for gate in tree.get("gates", ())),
            previous=tuple(_read(Score, score) for score in tree.get("previous", ())),
            explanations=tree.get("explanations", {}),
            release=_released(tree.get("release"), tree["title"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"This report is damaged: {error!r}.") from None


def _released(tree: Mapping[str, Any] | None, title: str) -> "Release | None":
    from synthesist.report.release import Release

    if tree is None or (privacy := Privacy.of(tree)) is None:
        return None
    return Release(title, privacy, tuple(map(_column, tree["columns"])), tree["rows"], tree["provenance"])


def _curve(tree: Mapping[str, Any] | None) -> Curve | None:
    return Curve(tuple(tree["train"]), tuple(tree["validation"])) if tree else None


def _column(tree: Mapping[str, Any]) -> Column:
    cells = tree["cells"] and Cells(**{key: _tuples(value) for key, value in tree["cells"].items()})
    return _read(Column, {**tree, "cells": cells, "spikes": tuple(Spike(**spike) for spike in tree["spikes"])})


def _read(kind: Any, tree: Mapping[str, Any]) -> Any:
    """Make a dataclass; null in a field of numbers is a number that is not there."""
    numbers = {field.name for field in fields(kind) if field.type is float}
    return kind(**{key: nan if value is None and key in numbers else value for key, value in tree.items()})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _finite(value: Any) -> Any:
    """Plain data that strict JSON can hold."""
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value
