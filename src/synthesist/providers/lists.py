"""The lists that come with the package, read once and only where they are asked for; SOURCES.md says whose they are."""

from functools import cache
from pathlib import Path

import polars as pl

__all__ = ["ages", "currencies", "diagnoses", "merchants", "names", "places", "streets"]

DATA = Path(__file__).with_name("data")


@cache
def names(locale: str) -> pl.DataFrame:
    """Names of a locale by list (F and M: first names, L: last names), with the weight of each within its list."""
    return pl.read_parquet(DATA / "names" / f"{locale}.parquet")


@cache
def places(country: str) -> pl.DataFrame:
    """Postcodes of a country with their city, region, middle, time zone, telephone area and share of all people."""
    return pl.read_parquet(DATA / "places" / f"{country}.parquet")


@cache
def ages(country: str) -> pl.DataFrame:
    """Thousands of residents by sex and five years of age."""
    return pl.read_parquet(DATA / "ages.parquet").filter(country=country)


@cache
def streets(locale: str) -> pl.Series:
    """Names of streets as they stand in an address."""
    return pl.read_parquet(DATA / "streets.parquet").filter(locale=locale)["street"]


@cache
def diagnoses() -> pl.DataFrame:
    """Codes of ICD-10-CM of three and four characters, with title and chapter."""
    return pl.read_parquet(DATA / "diagnoses.parquet")


@cache
def merchants() -> pl.DataFrame:
    """Merchant category codes with their meaning."""
    return pl.read_parquet(DATA / "merchants.parquet")


@cache
def currencies() -> pl.DataFrame:
    """Codes of ISO 4217 that are in use, with the name of the currency."""
    return pl.read_parquet(DATA / "currencies.parquet")
