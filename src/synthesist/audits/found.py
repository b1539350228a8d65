"""What an audit found."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from synthesist.audits.bounds import Bound
from synthesist.audits.checks import Fault
from synthesist.data.atomic import replacing
from synthesist.dp.method import PrivateMethod
from synthesist.errors import GateError

__all__ = ["Audit", "Violation"]


@dataclass(frozen=True)
class Violation:
    """A promise that was broken."""

    question: str
    fault: str
    where: str
    """The first pair of tables on which it was, and the options."""
    times: int

    @classmethod
    def gathered(cls, found: Iterable[tuple[Fault, str]]) -> tuple[Self, ...]:
        """The same fault of the same question once, with how often it was found."""
        places: dict[tuple[str, str], list[str]] = {}
        for (question, fault), where in found:
            places.setdefault((question, fault), []).append(where)
        return tuple(cls(*fault, where[0], len(where)) for fault, where in places.items())

    def __str__(self) -> str:
        times = f" ({self.times} times)" if self.times > 1 else ""
        return f"{self.question}: {self.fault}{times}" + (f"\n    first on {self.where}" if self.where else "")


@dataclass(frozen=True, repr=False)
class Audit:
    """What was looked at of a private method, the promises it broke, and how much an attacker saw."""

    method: PrivateMethod
    pairs: int
    questions: int
    refused: int
    """Runs that ended by an error, as where noise hides a range."""
    violations: tuple[Violation, ...]
    bounds: Mapping[str, Bound]

    @property
    def clean(self) -> bool:
        """Whether no promise was seen broken."""
        return not self.violations

    def require(self) -> None:
        """Check that no promise was broken.

        Raises:
            GateError: one was.
        """
        if not self.clean:
            raise GateError(f"{self.method.name()} breaks {len(self.violations)} of its promises, as shown.")

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "method": self.method.describe(),
            "pairs": self.pairs,
            "questions": self.questions,
            "refused": self.refused,
            "violations": [asdict(each) for each in self.violations],
            "bounds": {name: {**asdict(bound), "epsilon": bound.epsilon} for name, bound in self.bounds.items()},
        }

    def save(self, path: str | Path) -> None:
        """Write it as JSON.

        Raises:
            OutputError: it cannot be written.
        """
        said = json.loads(json.dumps(self.to_dict(), default=str), parse_constant=lambda _: None)  # no -Infinity
        with replacing(Path(path)) as draft:
            draft.write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", "utf-8")

    def __str__(self) -> str:
        return "\n".join([*self._looked(), *self._seen(), "", *self._verdict()])

    __repr__ = __str__

    def _looked(self) -> list[str]:
        ended = f" ({self.refused} ended early: noise hid what they needed)" if self.refused else ""
        return [
            f"Audit of {self.method!r}",
            "",
            f"  pairs of neighbouring tables   {self.pairs:>8,}{ended}",
            f"  questions looked at            {self.questions:>8,}",
            f"  promises broken                {len(self.violations):>8,}",
        ]

    def _seen(self) -> list[str]:
        lines = []
        for title, bound in self.bounds.items():
            how = f"{bound.runs:,} runs, {bound.confidence:.3%} sure"
            lines += [
                f"  attack, {title}",
                f"    mu      {bound.mu:8.3f} seen   {bound.claimed:8.3f} paid for   ({how})",
                f"    epsilon {bound.epsilon:8.3f} seen   {bound.allowed:8.3f} promised   (delta {bound.delta:g})",
            ]
        return lines

    def _verdict(self) -> list[str]:
        if self.clean:
            return ["No promise was seen broken. That is evidence, and no proof."]
        return [f"- {violation}" for violation in self.violations]
