"""Every method of the catalogue passes the suite that plug-ins inherit."""

import pytest

from synthesist.testing import Case, cases


@pytest.mark.parametrize("case", cases("methods"), ids=str)
def test_method(case: Case) -> None:
    case.run()
