"""An empty database of every system in turn."""

from collections.abc import Callable
from pathlib import Path

import pytest

from systems import SYSTEMS, Place, maker


@pytest.fixture(params=SYSTEMS)
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Place]:
    """Makes an empty database, of every system in turn."""
    return maker(request.param, request, tmp_path)


@pytest.fixture
def place(fresh: Callable[[], Place]) -> Place:
    """An empty database, of every system in turn."""
    return fresh()
