"""Release gates: `c2st<=0.6` against the scores of a report."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import ge, gt, le, lt

from synthesist.core import Score
from synthesist.errors import GateError, SpecError, did_you_mean

__all__ = ["Gate", "Outcome", "outcomes", "require"]

FORM = re.compile(r"\s*(?P<name>[^<>=]+?)(?:\.(?P<part>value|low|high))?\s*(?P<sign><=|>=|<|>)\s*(?P<bound>\S+)\s*")
SIGNS: Mapping[str, Callable[[float, float], bool]] = {"<=": le, ">=": ge, "<": lt, ">": gt}


@dataclass(frozen=True)
class Gate:
    """A score that must be reached: `c2st<=0.6`, `membership.high<=0.6`, of one table `orders.c2st<=0.6`."""

    text: str
    name: str
    part: str
    sign: str
    bound: float

    @classmethod
    def read(cls, text: str) -> "Gate":
        """Read a gate.

        Raises:
            SpecError: it cannot be read.
        """
        found = FORM.fullmatch(text)
        if not found:
            raise SpecError(f"Cannot read the gate {text!r}. Write a score, a sign and a number, as in 'c2st<=0.6'.")
        name, bound = found["name"], found["bound"]
        try:
            return cls(text.strip(), name, found["part"] or "", found["sign"], float(bound))
        except ValueError:
            raise SpecError(
                f"Gate {text!r}: {bound!r} is no number. Write one, as in '{name}{found['sign']}0.6'."
            ) from None

    @property
    def metric(self) -> str:
        """The metric this is about."""
        return self.name.rpartition(".")[2]

    @property
    def table(self) -> str:
        """The table this is about; none where it is about all."""
        return self.name.rpartition(".")[0]

    def failures(self, scores: Sequence[Score]) -> list[str]:
        """Why it does not hold; without a table in front it must hold for every table."""
        about = [score for score in scores if self.name in (score.name, score.metric)]
        if not about:
            known = dict.fromkeys(name for score in scores for name in (score.metric, score.name))
            raise SpecError(
                f"Gate {self.text!r}: no score `{self.name}` in this report. {did_you_mean(self.name, known)}"
            )
        return [f"{self.text}: {told}" for score in about if (told := self._failure(score))]

    def _failure(self, score: Score) -> str:
        if score.skipped:
            return f"not computed ({score.skipped})"
        value = float(getattr(score, self.part or "value"))
        part = f".{self.part}" if self.part else ""
        return "" if SIGNS[self.sign](value, self.bound) else f"{score.name}{part} is {value:.4g}"


@dataclass(frozen=True)
class Outcome:
    """A gate, and why it does not hold; nothing where it does."""

    gate: str
    failures: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the score was reached."""
        return not self.failures


def outcomes(scores: Sequence[Score], gates: Sequence[str]) -> tuple[Outcome, ...]:
    """What became of every gate.

    Raises:
        SpecError: a gate cannot be read or names no score.
    """
    return tuple(Outcome(gate.strip(), tuple(Gate.read(gate).failures(scores))) for gate in gates)


def require(scores: Sequence[Score], gates: Sequence[str]) -> None:
    """Check every gate; one error names all that failed, with the values found.

    Raises:
        SpecError: a gate cannot be read or names no score.
        GateError: a score was skipped, or is on the wrong side.
    """
    failed = [outcome for outcome in outcomes(scores, gates) if not outcome.holds]
    if failed:
        lines = "\n".join(f"  {line}" for outcome in failed for line in outcome.failures)
        raise GateError(f"{len(failed)} of {len(gates)} gates failed:\n{lines}")
