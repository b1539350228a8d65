"""What a metric measures, on which scale, and how its number becomes a Score."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from synthesist.core import Score
from synthesist.metrics._estimate import Estimate

__all__ = ["Scale"]


@dataclass(frozen=True)
class Scale:
    """The words and ends of one metric, written once at the top of its file."""

    metric: str
    title: str
    family: Literal["fidelity", "utility", "fairness", "privacy"]
    best: float
    worst: float
    meaning: str

    def score(self, found: Estimate, reference: Estimate, details: Mapping[str, Any]) -> Score:
        """The Score of a number found, next to what real data reaches."""
        return Score(
            metric=self.metric,
            title=self.title,
            value=float(found.value),
            low=float(found.low),
            high=float(found.high),
            best=self.best,
            worst=self.worst,
            reference=float(reference.value),
            reference_low=float(reference.low),
            reference_high=float(reference.high),
            family=self.family,
            meaning=self.meaning,
            details=details,
        )

    def skip(self, reason: str) -> Score:
        """The Score of a metric that cannot be computed here."""
        return Score.skip(self.metric, self.title, reason, self.family, self.meaning)
