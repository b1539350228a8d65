"""Every metric of the catalogue passes the suite that plug-ins inherit."""

import pytest

from synthesist.testing import Case, cases


@pytest.mark.parametrize("case", cases("metrics"), ids=str)
def test_metric(case: Case) -> None:
    case.run()
