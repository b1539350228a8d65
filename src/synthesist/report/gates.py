"""Release gates: `c2st<=0.6` against the scores of a report."""

import re
from collections.abc import Callable, Mapping, Sequence
from operator import ge, gt, le, lt

from synthesist.core import Score
from synthesist.errors import GateError, SpecError, did_you_mean

__all__ = ["require"]

FORM = re.compile(r"\s*(?P<metric>\w+)(?:\.(?P<part>value|low|high))?\s*(?P<sign><=|>=|<|>)\s*(?P<bound>\S+)\s*")
SIGNS: Mapping[str, Callable[[float, float], bool]] = {"<=": le, ">=": ge, "<": lt, ">": gt}


def require(scores: Sequence[Score], gates: Sequence[str]) -> None:
    """Check every gate; one error names all that failed, with the values found.

    Raises:
        SpecError: a gate cannot be read or names no score.
        GateError: a score is not there, was skipped, or is on the wrong side.
    """
    by_metric = {score.metric: score for score in scores}
    failed = [reason for gate in gates if (reason := _failure(gate, by_metric))]
    if failed:
        raise GateError(f"{len(failed)} of {len(gates)} gates failed:\n" + "\n".join(f"  {line}" for line in failed))


def _failure(gate: str, scores: Mapping[str, Score]) -> str:
    found = FORM.fullmatch(gate)
    if not found:
        raise SpecError(f"Cannot read the gate {gate!r}. Write a score, a sign and a number, as in 'c2st<=0.6'.")
    metric, part, sign = found["metric"], found["part"] or "value", found["sign"]
    try:
        bound = float(found["bound"])
    except ValueError:
        raise SpecError(
            f"Gate {gate!r}: {found['bound']!r} is no number. Write one, as in '{metric}{sign}0.6'."
        ) from None
    if metric not in scores:
        raise SpecError(f"Gate {gate!r}: no score `{metric}` in this report. {did_you_mean(metric, scores)}")
    score = scores[metric]
    if score.skipped:
        return f"{gate.strip()}: not computed ({score.skipped})"
    value = float(getattr(score, part))
    return (
        ""
        if SIGNS[sign](value, bound)
        else f"{gate.strip()}: {metric}{'.' + part if found['part'] else ''} is {value:.4g}"
    )
