"""Every private method of the catalogue, audited in short; `tests/prove/test_audit.py` has the long form."""

from typing import Any

import pytest

from synthesist import catalog
from synthesist.audits.auditing import audited
from synthesist.core import Context, Spec
from synthesist.dp.method import PrivateMethod


def private() -> list[type[PrivateMethod]]:
    kinds: list[type[Spec]] = [catalog.load("methods", name) for name in catalog.names("methods")]
    return [kind for kind in kinds if issubclass(kind, PrivateMethod)]


@pytest.mark.parametrize("kind", private(), ids=lambda kind: kind.name())
def test_no_promise_is_seen_broken(kind: Any) -> None:
    found = audited(kind(), 12, 0, Context.seeded(0, threads=1))
    assert found.clean, str(found)
    assert found.questions > 12
