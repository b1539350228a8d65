"""Whether a method that promises privacy keeps what it promises."""

from typing import TYPE_CHECKING, Any

from synthesist import catalog
from synthesist.core import Context, Spec
from synthesist.dp.method import PrivateMethod
from synthesist.errors import SpecError
from synthesist.verbs.named import as_spec

if TYPE_CHECKING:
    from synthesist.audits.found import Audit

__all__ = ["audit"]


def audit(
    method: str | Spec, *, pairs: int = 60, runs: int = 200, seed: int = 0, ctx: Context | None = None, **options: Any
) -> "Audit":
    """Look on while a private method learns from small tables made up for it, and try to break its promise.

    Every question is checked on pairs of tables between which one unit lies: what one unit changes in the true answer,
    what noise it got, what was paid and when; and that nothing was learnt beside the answers. Then an attacker who
    sees all answers tries to tell two tables apart.

    Args:
        method: its name, or a Spec of any package.
        pairs: how many pairs of tables.
        runs: how many times the attacker looks on; fewer than 4 are none.
        seed: of the tables and of everything drawn; the same seed gives the same pairs.
        options: of the method.

    Raises:
        SpecError: the method promises no privacy, or a number is out of range.
    """
    from synthesist.audits.auditing import audited

    spec = as_spec("methods", method, options)
    if not isinstance(spec, PrivateMethod):
        raise SpecError(f"{spec.name()} promises no privacy, so there is nothing to audit. {_private()}")
    if pairs < 1 or runs < 0:
        raise SpecError(f"{pairs} pairs and {runs} runs: give at least one pair, and no fewer than 0 runs.")
    return audited(spec, pairs, runs, ctx or Context.seeded(seed))


def _private() -> str:
    """The methods that do."""
    kinds = {name: catalog.load("methods", name) for name in catalog.names("methods")}
    names = ", ".join(name for name, kind in kinds.items() if issubclass(kind, PrivateMethod))
    return f"These do: {names}."
