"""Small real tables that come with the package, for the demonstration and the tests."""

from pathlib import Path

__all__ = ["ADULT"]

ADULT = Path(__file__).with_name("adult.parquet")
"""Adult census income, 48,842 rows: see the README beside it for source and licence."""
