"""What regulators and standards ask, by name, and which score answers it here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from synthesist.core import Score
from synthesist.report.charts import figure

__all__ = ["CRITERIA", "Answer", "Criterion", "answers"]

EDPB = "EDPB, criteria of anonymisation"
NIST = "NIST SP 800-226, differential privacy"


@dataclass(frozen=True)
class Criterion:
    """One question of a framework, the metrics that answer it, and what to say where none was computed."""

    framework: str
    name: str
    question: str
    metrics: tuple[str, ...] = ()
    without: str = "Not measured."


@dataclass(frozen=True)
class Answer:
    """A criterion and what this report says to it."""

    criterion: Criterion
    found: str


CRITERIA = (
    Criterion(EDPB, "Singling out", "Can one person be picked out by what the data says?", ("singling_out",)),
    Criterion(EDPB, "Linkability", "Can two records of one person be joined with its help?", ("linkability",)),
    Criterion(
        EDPB, "Inference", "Can an unknown attribute of a person be guessed better with it?", ("attribute_inference",)
    ),
    Criterion(
        EDPB, "Membership", "Can one tell who was in the training data?",
        ("membership", "black_box", "shadow", "outliers"),
    ),
    Criterion(NIST, "Unit of privacy", "Whose data is protected as a whole?", without="No guarantee was claimed."),
    Criterion(
        NIST, "Privacy parameters", "How large are epsilon and delta?",
        without="None: the method gives no formal guarantee, so no bound holds against attacks that were not run.",
    ),
    Criterion(
        NIST, "Empirical testing", "What did attacks reach, beside their null and their power?",
        ("membership", "exact_copies"), without="No attack was run.",
    ),
    Criterion(
        NIST, "Access", "Who may see the numbers computed on real data?",
        without="Those who may see the real data: this page was computed on it.",
    ),
)  # fmt: skip
"""Article 29 Working Party, Opinion 05/2014 (WP216), whose three criteria the EDPB keeps; NIST SP 800-226 (2025)."""


def answers(scores: Sequence[Score], provenance: Mapping[str, str]) -> tuple[Answer, ...]:
    """Every criterion with the scores that answer it; a guarantee is read from the provenance of the model."""
    stated = {
        "Unit of privacy": provenance.get("privacy.unit", ""),
        "Privacy parameters": " ".join(
            f"{name} = {provenance[key]}" for name in ("epsilon", "delta") if (key := f"privacy.{name}") in provenance
        ),
    }
    return tuple(
        Answer(criterion, stated.get(criterion.name) or _measured(criterion, scores) or criterion.without)
        for criterion in CRITERIA
    )


def _measured(criterion: Criterion, scores: Sequence[Score]) -> str:
    found = [score for score in scores if score.metric in criterion.metrics and not score.skipped]
    return "; ".join(
        f"`{score.name}` {figure(score.value)} ({figure(score.low)} to {figure(score.high)})"
        + (f", real rows {figure(score.reference)}" if isfinite(score.reference) else "")
        for score in found
    )
