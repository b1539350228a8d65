"""Every sampler of the catalogue passes the suite that plug-ins inherit."""

import pytest

from synthesist.testing import Case, cases


@pytest.mark.parametrize("case", cases("samplers"), ids=str)
def test_sampler(case: Case) -> None:
    case.run()
