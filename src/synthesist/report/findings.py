"""What stands out, in plain words, each with the next step: the part of a report people act on."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from synthesist.core import Score
from synthesist.report.charts import figure
from synthesist.report.columns import Column
from synthesist.report.verdict import NAMED, RULES, Ruling, verdict

__all__ = ["Finding", "find", "percent", "worst_columns", "worst_pairs"]

Severity = Literal["act", "look", "note"]
SEVERITIES: tuple[Severity, ...] = ("act", "look", "note")

COLUMN_BEHIND = 0.02
"""A column is named when its score is this far behind the holdout's."""
PAIR_BEHIND = 0.05
MISSING_OFF = 0.02
ATTACKS = {
    "membership": "An attacker tells training rows from others with an AUC of {value} (up to {high}; 0.5 is a toss)",
    "singling_out": "Beyond chance, {share} of descriptions of synthetic rows fit a single training row (up to {high})",
    "linkability": "Synthetic rows link two sources on {share} of the training rows beyond strangers (up to {high})",
    "attribute_inference": "Synthetic rows tell a secret of {share} of training rows beyond strangers (up to {high})",
    "outliers": "Of the rarest training rows {share} are reproduced beyond strangers (up to {high})",
}
LEAKS = "Learn with stronger regularisation or a differentially private method, and judge again."
TOO_LITTLE = "Give the evaluation more holdout and synthetic rows."
MOST = 6
"""How many columns or pairs are told one by one."""


@dataclass(frozen=True)
class Finding:
    """One thing that stands out: how urgent, what it is about, what it is, what to do."""

    severity: Severity
    about: str
    sentence: str
    step: str
    table: str = ""
    """Which of several tables it is about."""


def find(scores: Sequence[Score], columns: Sequence[Column]) -> tuple[Finding, ...]:
    """Everything that stands out, the most urgent first."""
    tables = dict.fromkeys((*(score.table for score in scores), *(column.table for column in columns)))
    found = [
        replace(finding, table=table)
        for table in tables
        for finding in _in_table(
            [score for score in scores if score.table == table],
            [column for column in columns if column.table == table],
        )
    ]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def _in_table(scores: Sequence[Score], columns: Sequence[Column]) -> list[Finding]:
    by_metric = {score.metric: score for score in scores}
    rulings = {ruling.rule.metric: ruling for ruling in verdict(scores).rulings}
    return [
        *_copies(by_metric, rulings),
        *_attacks(by_metric, rulings),
        *_utility(by_metric, rulings),
        *_validity(by_metric, rulings),
        *_columns(columns),
        *_missing(columns),
        *_pairs(by_metric),
        *_told_apart(by_metric, rulings),
        *_skipped(scores),
    ]


def worst_columns(columns: Sequence[Column]) -> list[Column]:
    """The columns with a score, the one furthest behind the holdout first."""
    return sorted((column for column in columns if column.behind == column.behind), key=lambda c: -c.behind)


def worst_pairs(scores: Mapping[str, Score]) -> list[Mapping[str, float | str]]:
    """The pairs of columns, the one furthest behind the holdout first."""
    pairs = scores["pair_trends"].details.get("pairs", []) if "pair_trends" in scores else []
    return sorted(pairs, key=lambda pair: -_loss(pair))


def percent(share: float) -> str:
    """A share as a reader writes it.

    >>> percent(0.436), percent(0.0004), percent(1.0)
    ('43.6 %', 'under 0.1 %', '100 %')
    """
    if 0 < share < 0.001:
        return "under 0.1 %"
    return f"{100 * share:.1f} %" if 0 < share < 1 else f"{share:.0%}".replace("%", " %")


# --------------------------------------------------------------------------- privacy and utility


def _copies(scores: Mapping[str, Score], rulings: Mapping[str, Ruling]) -> Iterator[Finding]:
    score, severity = scores.get("exact_copies"), _severity(rulings.get("exact_copies"))
    if score and severity:
        yield Finding(
            severity,
            "exact copies",
            f"{percent(score.value)} of the synthetic rows copy a training row exactly, beyond what chance gives.",
            "Remove the copies before release and learn with fewer free parameters; a method that "
            "stores rows cannot be released as it is.",
        )


def _attacks(scores: Mapping[str, Score], rulings: Mapping[str, Ruling]) -> Iterator[Finding]:
    """What each attack reached, where that is more than it should be or cannot be told."""
    for metric, words in ATTACKS.items():
        score, severity = scores.get(metric), _severity(rulings.get(metric))
        if not (score and severity):
            continue
        share, remark = percent(max(score.value, 0)), rulings[metric].remark
        reached = words.format(value=figure(score.value), share=share, high=figure(score.high))
        told = f"{reached}: {remark}." if remark else f"{reached}."
        leaks = score.low > score.best or remark.endswith(NAMED)
        yield Finding(severity, metric, told, LEAKS if leaks else TOO_LITTLE)


def _utility(scores: Mapping[str, Score], rulings: Mapping[str, Ruling]) -> Iterator[Finding]:
    score, severity = scores.get("tstr"), _severity(rulings.get("tstr"))
    if score and severity:
        details, measure = score.details, score.details.get("measure", "the score")
        levels = (
            f": {details['synthetic']:.3f} instead of {details['real']:.3f}"
            if {"real", "synthetic"} <= {*details}
            else ""
        )
        yield Finding(
            severity,
            "utility",
            f"A model trained on the synthetic rows loses {score.value:.3f} of {measure} on real rows{levels}.",
            "Look at the pairs with the target first; learn from more rows or try another method.",
        )


def _validity(scores: Mapping[str, Score], rulings: Mapping[str, Ruling]) -> Iterator[Finding]:
    score, severity = scores.get("validity"), _severity(rulings.get("validity"))
    if score and severity:
        yield Finding(
            severity,
            "validity",
            f"{percent(1 - score.value)} of the synthetic data breaks the schema.",
            "Declare bounds, categories and rules in the schema; they are then kept while sampling.",
        )


# --------------------------------------------------------------------------- columns and pairs


def _columns(columns: Sequence[Column]) -> Iterator[Finding]:
    off = [column for column in worst_columns(columns) if column.behind > COLUMN_BEHIND]
    for column in off[:MOST]:
        severity: Severity = "act" if column.behind > 2.5 * COLUMN_BEHIND else "look"
        yield Finding(severity, column.name, _difference(column), _column_step(column))
    if (rest := len(off) - MOST) > 0:
        yield Finding(
            "look",
            "columns",
            f"{rest} more column{'s are' if rest > 1 else ' is'} more than {COLUMN_BEHIND} behind the holdout.",
            "See the column charts below, worst first.",
        )


def _difference(column: Column) -> str:
    """The largest difference of a column as a sentence."""
    name = f"`{column.name}`"
    places = [(f"the value {spike.value}", spike.holdout, spike.synthetic) for spike in column.spikes]
    if cells := column.cells:
        words = "{}" if cells.edges else "`{}`"
        places += [
            (words.format(label), r, s)
            for label, r, s in zip(cells.labels, cells.real, cells.synthetic, strict=True)
            if label != "all values"
        ]
    if not places:
        return f"{name} scores {column.score:.3f}, where a holdout reaches {column.reference:.3f}."
    place, real, synthetic = max(places, key=lambda each: abs(each[2] - each[1]))
    way = "too rare" if synthetic < real else "too frequent"
    points = 100 * abs(synthetic - real)
    return f"{name}: {place} is {points:.1f} points {way} ({percent(synthetic)} instead of {percent(real)})."


def _column_step(column: Column) -> str:
    if column.spikes:
        return (
            f"Check that `{column.name}` has the right kind: a spiky number may be a category or have a coarser step."
        )
    if column.kind in ("number", "integer", "moment", "duration"):
        return f"Check the bounds and decimals of `{column.name}` in the schema, or learn from more rows."
    return f"Check that `{column.name}` is read as the right kind; merge rare values or learn from more rows."


def _missing(columns: Sequence[Column]) -> Iterator[Finding]:
    for column in columns:
        real, synthetic = column.missing["holdout"], column.missing["synthetic"]
        if real is None or synthetic is None or abs(real - synthetic) <= MISSING_OFF:
            continue
        yield Finding(
            "look",
            column.name,
            f"`{column.name}` is missing in {percent(synthetic)} of the synthetic rows instead of {percent(real)}.",
            f"Check the markers and `missing` of `{column.name}` in the schema.",
        )


def _pairs(scores: Mapping[str, Score]) -> Iterator[Finding]:
    """The pairs that are off, told around the column that most of them share."""
    off = [pair for pair in worst_pairs(scores) if _loss(pair) > PAIR_BEHIND]
    for _ in range(MOST // 3):
        if not off:
            return
        losses = Counter[str]()
        for pair in off:
            losses.update({str(pair["a"]): _loss(pair), str(pair["b"]): _loss(pair)})
        hub = max(losses, key=lambda column: losses[column])
        around = [pair for pair in off if hub in (pair["a"], pair["b"])]
        off = [pair for pair in off if pair not in around]
        told = ", ".join(
            f"`{pair['b'] if pair['a'] == hub else pair['a']}` "
            f"({float(pair['score']):.3f}, where a holdout reaches {float(pair['reference']):.3f})"
            for pair in around[: MOST // 2]
        )
        more = f" and {len(around) - MOST // 2} more" if len(around) > MOST // 2 else ""
        yield Finding(
            "look",
            hub,
            f"`{hub}` does not go together as it should with {told}{more}.",
            "If a formula links them, write it as a rule; else try a method that learns more of the joint.",
        )


def _loss(pair: Mapping[str, float | str]) -> float:
    return float(pair["reference"]) - float(pair["score"])


def _told_apart(scores: Mapping[str, Score], rulings: Mapping[str, Ruling]) -> Iterator[Finding]:
    score, severity = scores.get("c2st"), _severity(rulings.get("c2st"))
    importance = score.details.get("importance", {}) if score else {}
    if not (score and severity and importance):
        return
    top = sorted(importance.items(), key=lambda item: -item[1])[:3]
    names = ", ".join(f"`{name}` ({percent(share)})" for name, share in top)
    yield Finding(
        severity,
        "told apart",
        f"A classifier tells synthetic from real rows with an AUC of {score.value:.3f}; it looks most at {names}.",
        f"Begin with `{top[0][0]}`: compare its chart and its pairs below.",
    )


def _skipped(scores: Sequence[Score]) -> Iterator[Finding]:
    judged = {rule.metric for rule in RULES}
    for score in scores:
        if score.skipped and score.metric in judged:
            yield Finding(
                "note", score.metric, f"{score.title} was not computed: {score.skipped}", "Its rule is left out."
            )


def _severity(ruling: Ruling | None) -> Severity | None:
    """How urgent a ruling is; None where nothing is wrong."""
    return {"poor": "act", "fair": "look"}.get(ruling.light) if ruling else None  # type: ignore[return-value]
