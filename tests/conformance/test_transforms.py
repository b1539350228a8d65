"""Every transform of the catalogue passes the suite that plug-ins inherit."""

import pytest

from synthesist.testing import Case, cases


@pytest.mark.parametrize("case", cases("transforms"), ids=str)
def test_transform(case: Case) -> None:
    case.run()
