"""The conformance suite: what every method, sampler, transform and metric must do, as tests to inherit.

    import pytest
    from synthesist.testing import cases
    from my_package import MyMethod

    @pytest.mark.parametrize("case", cases(MyMethod), ids=str)
    def test_my_method(case):
        case.run()

`cases` takes a Spec, its class, or the name of a shelf. Each case is one check on one small table;
`run` raises AssertionError with what went wrong. What a Spec declares in `limits` must fail: a limit
that no longer holds is a fault too. No test framework is needed: `for case in cases(MyMethod): case.run()`.
"""

from synthesist.testing.case import Case
from synthesist.testing.suite import cases
from synthesist.testing.tables import TABLES

__all__ = ["TABLES", "Case", "cases"]
