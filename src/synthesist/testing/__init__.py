"""For those who test: the conformance suite of arrows, fixtures for pytest, and strategies for hypothesis.

The suite is what every method, sampler, transform and metric must do, as tests to inherit.

    import pytest
    from synthesist.testing import cases
    from my_package import MyMethod

    @pytest.mark.parametrize("case", cases(MyMethod), ids=str)
    def test_my_method(case):
        case.run()

`cases` takes a Spec, its class, or the name of a shelf. Each case is one check on one small table;
`run` raises AssertionError with what went wrong. What a Spec declares in `limits` must fail: a limit
that no longer holds is a fault too. No test framework is needed: `for case in cases(MyMethod): case.run()`.

The fixtures stand in `synthesist.testing.plugin`, which pytest finds by itself, the strategies in
`synthesist.testing.strategies`. Nothing is loaded until it is used: every run of pytest passes here.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # `as` tells type checkers that these are handed on
    from synthesist.testing.case import Case as Case
    from synthesist.testing.suite import cases as cases
    from synthesist.testing.tables import TABLES as TABLES

__all__ = ["TABLES", "Case", "cases"]

_HOME = {"TABLES": "tables", "Case": "case", "cases": "suite"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'synthesist.testing' has no attribute {name!r}")
    return getattr(import_module(f"synthesist.testing.{_HOME[name]}"), name)
