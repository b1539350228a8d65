"""Which of several methods to use: a rule anybody can follow, and the sentences that tell it.

No method is advised whose rows give training rows away (the privacy light of a report is poor). Of the rest
the one whose rows are hardest to tell from real ones leads. Those that are level with it, by its intervals of
likeness and of usefulness, may take its place: the cheapest in CPU time does, or the closest of those nearly as cheap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from synthesist.core import Score
from synthesist.report.charts import figure

if TYPE_CHECKING:
    from synthesist.report.comparison import Entry

__all__ = ["Advice", "advise"]

ALIKE = 1.25  # times: costs nearer to each other are not worth a word
LIKENESS = ("c2st", "pair_trends", "column_shapes")  # the first of these that all were given says who leads
WORDS = {
    "c2st": ("Its rows are hardest to tell from real ones", "AUC"),
    "pair_trends": ("Its columns hang together most like those of real rows", "pair trends"),
    "column_shapes": ("Its columns are distributed most like those of real rows", "column shapes"),
}
COPYING = {
    "good": ", and our attack found no hint of copying.",
    "fair": "; a hint of copying cannot be ruled out.",
    "none": "; copying was not measured.",
}


@dataclass(frozen=True)
class Advice:
    """The method to use ("" where there is none), why, and a sentence on each of the others."""

    method: str
    headline: str
    why: str
    others: tuple[str, ...] = ()


def advise(entries: "Sequence[Entry]") -> Advice:
    """Weigh the methods that came through."""
    by = next((metric for metric in LIKENESS if entries and all(entry.score(metric) for entry in entries)), None)
    if by is None:
        return Advice("", "None is recommended.", "No score of likeness was computed for all of them.")
    safe = [entry for entry in entries if entry.verdict.lights["privacy"] != "poor"]
    if not safe:
        return Advice("", "Use none of these.", "Every one of them gives training rows away.")
    leader = min(safe, key=lambda entry: _loss(entry, by))
    level = [entry for entry in safe if _level(entry, leader, by)]
    least = min(map(_cost, level))
    chosen = min((entry for entry in level if _cost(entry) <= ALIKE * least), key=lambda entry: _loss(entry, by))
    others = tuple(_beside(entry, chosen, by) for entry in entries if entry is not chosen)
    return Advice(chosen.method, f"Use {chosen.method}.", _why(chosen, leader, by), others)


def _cost(entry: "Entry") -> float:
    return entry.cost.cpu_seconds if isfinite(entry.cost.cpu_seconds) else 0.0


def _level(entry: "Entry", leader: "Entry", by: str) -> bool:
    """Whether a method is as good as the leader, as far as the intervals of likeness and usefulness tell."""
    return all(
        not _apart(entry.score(metric), leader.score(metric))
        for metric in (by, "tstr")
        if entry.score(metric) and leader.score(metric)
    )


def _apart(score: Score | None, leader: Score | None) -> bool:
    """Whether a score lies beyond the interval of the leader's, on the worse side."""
    if score is None or leader is None:
        return False
    lower_is_better = score.best < score.worst
    return (
        score.value > max(leader.high, leader.value) if lower_is_better else score.value < min(leader.low, leader.value)
    )


def _loss(entry: "Entry", metric: str) -> float:
    score = entry.score(metric)
    return score.distance if score else float("inf")


def _why(chosen: "Entry", leader: "Entry", by: str) -> str:
    words, label = WORDS[by]
    value = _value(chosen, by)
    first = (
        f"{words} ({label} {value})"
        if chosen is leader
        else f"It is level with {leader.method} ({label} {value}) and cheaper"
    )
    return first + COPYING[chosen.verdict.lights["privacy"]]


def _value(entry: "Entry", metric: str) -> str:
    score = entry.score(metric)
    return figure(score.value) if score else ""


def _beside(entry: "Entry", chosen: "Entry", by: str) -> str:
    """What a method has for and against it beside the one to use."""
    words = []
    if entry.verdict.lights["privacy"] == "poor":
        words.append("gives training rows away")
    mine, other, label = entry.score(by), chosen.score(by), WORDS[by][1]
    if _apart(mine, other):
        words.append(f"is further from real rows ({label} {_value(entry, by)} instead of {_value(chosen, by)})")
    elif _apart(other, mine):
        words.append(f"is closer to real rows ({label} {_value(entry, by)} instead of {_value(chosen, by)})")
    else:
        words.append(f"is level with it ({label} {_value(entry, by)})")
    if _apart(entry.score("tstr"), chosen.score("tstr")):
        words.append("is less useful to train on")
    needs = [
        *_compared(entry.cost.cpu_seconds, chosen.cost.cpu_seconds, "CPU time"),
        *_compared(entry.cost.memory, chosen.cost.memory, "memory"),
    ]
    words += [f"needs {_listed(needs)}"] if needs else []
    return f"{entry.method} {_listed(words)}."


def _compared(mine: float, other: float, what: str) -> list[str]:
    """How much a method needs beside the one to use; nothing where it is about the same or not known."""
    if not (isfinite(mine + other) and mine > 0 and other > 0) or max(mine / other, other / mine) < ALIKE:
        return []
    share = (
        f"{100 * mine / other:.0f} % of"
        if mine < other
        else f"{mine / other:.{0 if mine >= 2.5 * other else 1}f} times"
    )
    return [f"{share} the {what}"]


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
