"""The verdict: three traffic lights, each the worst of its rules. Every threshold stands in `RULES`.

A privacy light rests on attacks and copies only. Distances to the closest record are shown as a
smoke test and judge nothing: data that passes them can still leak (DCR Delusion, ESORICS 2025).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Literal

from synthesist.core import Score

__all__ = ["NAMED", "RULES", "WEAK_ATTACK", "Light", "Rule", "Ruling", "Verdict", "behind", "verdict"]

Light = Literal["good", "fair", "poor", "none"]
ORDER: tuple[Light, ...] = ("good", "fair", "poor")
FAMILIES = ("fidelity", "utility", "privacy")
NAMED = "more than chance gives"
MANY_NAMED = 0.03
"""A share of the members named with hardly any stranger beside them, beyond chance, is a leak whatever the average."""
WEAK_ATTACK = 0.8
"""An attack that stays below this AUC against an outright copy proves nothing by finding nothing."""


@dataclass(frozen=True)
class Rule:
    """One threshold: `reads` a number of a Score that must be at most `good` (or `fair`)."""

    family: str
    metric: str
    reads: Literal["value", "high", "behind"]
    good: float
    fair: float
    words: str
    """What is read, as in "the {words} is at most 0.02"."""
    power: float = 0.0
    """What the attack must reach on an outright copy for a good light."""


RULES = (
    Rule("fidelity", "column_shapes", "behind", 0.02, 0.05, "distance behind the holdout"),
    Rule("fidelity", "pair_trends", "behind", 0.03, 0.08, "distance behind the holdout"),
    Rule("fidelity", "c2st", "value", 0.60, 0.75, "value"),
    Rule("fidelity", "validity", "behind", 0.001, 0.01, "distance behind the holdout"),
    Rule("utility", "tstr", "value", 0.02, 0.05, "gap"),
    Rule("privacy", "membership", "high", 0.55, 0.60, "upper end of the interval", power=WEAK_ATTACK),
    Rule("privacy", "singling_out", "high", 0.10, 0.20, "upper end of the interval"),
    Rule("privacy", "linkability", "high", 0.10, 0.20, "upper end of the interval"),
    Rule("privacy", "attribute_inference", "high", 0.10, 0.20, "upper end of the interval"),
    Rule("privacy", "outliers", "high", 0.10, 0.20, "upper end of the interval"),
    Rule("privacy", "exact_copies", "value", 0.001, 0.01, "share beyond chance"),
)

CLAUSES: Mapping[str, Mapping[Light, str]] = {
    "fidelity": {
        "good": "looks like real data",
        "fair": "comes close to the real data",
        "poor": "is easy to tell from the real data",
    },
    "utility": {
        "good": "trains a model as well as real data does",
        "fair": "trains a somewhat weaker model than real data does",
        "poor": "trains a much weaker model than real data does",
    },
    "privacy": {
        "good": "gave our attacks no hint of who was in the training data",
        "fair": "may give hints of who was in the training data",
        "poor": "gives training rows away",
    },
}


@dataclass(frozen=True)
class Ruling:
    """A rule applied: what was read, and the light it gives."""

    rule: Rule
    read: float
    light: Light
    remark: str = ""
    table: str = ""
    """Which of several tables was read."""

    @property
    def about(self) -> str:
        """The name of the score that was read."""
        return f"{self.table}.{self.rule.metric}" if self.table else self.rule.metric


@dataclass(frozen=True)
class Verdict:
    """One sentence, one light per family, and the rulings behind them."""

    sentence: str
    lights: Mapping[str, Light]
    rulings: tuple[Ruling, ...]

    def deciding(self, family: str) -> Ruling | None:
        """The ruling that set the light of this family: the first of the worst."""
        own = [ruling for ruling in self.rulings if ruling.rule.family == family]
        return next((ruling for ruling in own if ruling.light == self.lights[family] != "none"), None)


def verdict(scores: Sequence[Score]) -> Verdict:
    """Apply every rule; a family is as good as its worst rule."""
    rulings = tuple(ruling for rule in RULES for ruling in _rulings(rule, scores))
    lights = {family: _worst([r.light for r in rulings if r.rule.family == family]) for family in FAMILIES}
    return Verdict(_sentence(lights), lights, rulings)


def behind(score: Score) -> float:
    """How far a score is from what a real holdout reaches, on the way to the worst; below 0 is better."""
    return score.reference - score.value if score.best > score.worst else score.value - score.reference


def _rulings(rule: Rule, scores: Sequence[Score]) -> list[Ruling]:
    """The rule applied to the score it reads, of every table that has one."""
    about = [score for score in scores if score.metric == rule.metric]
    found = [(*_light(rule, score), score.table) for score in about]
    return [Ruling(rule, read, light, remark, table) for light, read, remark, table in found] or [
        Ruling(rule, nan, "none", "not computed")
    ]


def _light(rule: Rule, score: Score) -> tuple[Light, float, str]:
    """The light a score is given, what was read, and a remark on it."""
    if score.skipped:
        return "none", nan, score.skipped
    read = behind(score) if rule.reads == "behind" else float(getattr(score, rule.reads))
    if not isfinite(read):
        return "none", nan, "no reference to compare with"
    light: Light = "good" if read <= rule.good else "fair" if read <= rule.fair else "poor"
    if light == "poor" and rule.family == "privacy" and score.low <= score.best:
        return "fair", read, "chance alone lies inside the interval: too few rows to tell"
    power = score.details.get("power")
    if light == "good" and isinstance(power, int | float) and power < rule.power:
        return "fair", read, f"the attack reaches only {power:.2f} on an outright copy: too weak to clear"
    parts = [part for part in score.details.get("parts", ()) if "chance" in part]
    named = [part for part in parts if part["value"] > max(part["chance"], 2 * part["rate"])]
    if light == "good" and named:
        worst = max(named, key=lambda part: part["value"] / part["rate"])
        told = f"{worst['value']:.1%} of the targets are named where {worst['rate']:.1%} of strangers are"
        many = any(part["value"] > max(MANY_NAMED, 3 * part["rate"]) for part in named)
        return "poor" if many else "fair", read, f"{told}, {NAMED}"
    return light, read, ""


def _worst(lights: Sequence[Light]) -> Light:
    known = [ORDER.index(light) for light in lights if light != "none"]
    return ORDER[max(known)] if known else "none"


def _sentence(lights: Mapping[str, Light]) -> str:
    judged = [(light, CLAUSES[family][light]) for family, light in lights.items() if light != "none"]
    if not judged:
        return "Nothing was measured, so nothing can be said about this data."
    *before, (last, clause) = judged
    text = ", ".join(words for _, words in before)
    if before:
        text += ", and " if (before[-1][0] == "good") == (last == "good") else ", but "
    text += clause
    missing = [family for family, light in lights.items() if light == "none"]
    rest = (
        f" {' and '.join(missing).capitalize()} {'was' if len(missing) == 1 else 'were'} not measured."
        if missing
        else ""
    )
    return f"The synthetic data {text}.{rest}"
