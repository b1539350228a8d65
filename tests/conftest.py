"""What tests share: a piece of the embedded census table."""

from pathlib import Path

import polars as pl
import pytest

from synthesist.data.examples import ADULT


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
