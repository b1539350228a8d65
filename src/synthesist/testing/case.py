"""One check on one subject, and what a declared limit makes of its outcome."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["Case", "limited"]


@dataclass(frozen=True)
class Case:
    """A check to run: `spec` is the name of what is checked, `check` and `on` say what and where."""

    spec: str
    check: str
    on: str
    body: Callable[[], None]
    limit: str = ""
    """Why this case is known to fail; then it must."""

    def __str__(self) -> str:
        return f"{self.spec}-{self.check}" + (f"-{self.on}" if self.on else "")

    def run(self) -> None:
        """Do the check.

        Raises:
            AssertionError: it found a fault, or found none where one is declared.
        """
        if not self.limit:
            return self.body()
        try:
            self.body()
        except Exception:  # noqa: BLE001  a known fault may show in any way
            return None
        raise AssertionError(f"{self}: the limit {self.limit!r} no longer holds. Take it out of `limits`, and be glad.")


def limited(cases: Sequence[Case], limits: dict[str, str]) -> list[Case]:
    """Each case with the limit declared for it.

    A limit names a check, as in "fill", or a check on one table, as in "fill-one_row". The cases of a
    limited check become one, which must fail on at least one table.
    """
    known = {case.check for case in cases} | {f"{case.check}-{case.on}" for case in cases}
    if unknown := sorted(set(limits) - known):
        raise AssertionError(f"`limits` names no check: {', '.join(unknown)}. There are: {', '.join(sorted(known))}.")
    out = []
    for case in cases:
        reason = limits.get(f"{case.check}-{case.on}", "")
        if case.check not in limits:
            out.append(Case(case.spec, case.check, case.on, case.body, reason))
    for check in dict.fromkeys(case.check for case in cases if case.check in limits):
        together = [case for case in cases if case.check == check]
        out.append(Case(together[0].spec, check, "", _all(together), limits[check]))
    return out


def _all(cases: Sequence[Case]) -> Callable[[], None]:
    def body() -> None:
        for case in cases:
            case.body()

    return body
