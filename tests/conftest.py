"""What tests share: a piece of the embedded census table, and servers of databases."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

import servers
from synthesist.data.examples import ADULT

LONG = ("test_docs.py", "test_production.py", "test_training.py", "test_comparison.py", "test_explanation.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests come first, so that no worker is left alone with them at the end."""
    items.sort(key=lambda item: item.path.name not in LONG)


@pytest.fixture(scope="session")
def adult() -> pl.DataFrame:
    """2,000 rows of the embedded table of adults, 15 columns."""
    return pl.read_parquet(ADULT).head(2_000)


@pytest.fixture
def adult_csv(adult: pl.DataFrame, tmp_path: Path) -> Path:
    """The same rows as a CSV file in a folder of its own."""
    path = tmp_path / "adult.csv"
    adult.write_csv(path)
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[servers.Server]:
    """A PostgreSQL of the tests' own; started once, as that takes seconds."""
    _needs("PostgreSQL", "postgresql", list(Path("/usr/lib/postgresql").glob("*/bin/initdb")))
    with servers.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[servers.Server]:
    """A MariaDB of the tests' own; started once, as that takes seconds."""
    _needs("MariaDB", "mariadb-server", shutil.which("mariadbd"))
    with servers.mariadb() as server:
        yield server


def _needs(what: str, package: str, found: object) -> None:
    """Skip where a server is not installed; on machines that check every change it must be."""
    if not found:
        assert "CI" not in os.environ, f"{what} is not installed: apt-get install {package}"
        pytest.skip(f"{what} is not installed: apt-get install {package}")
