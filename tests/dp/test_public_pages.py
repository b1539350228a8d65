"""The public pages that come with the project: nothing in them was read from rows, and rows fit them."""

from pathlib import Path

import polars as pl
import pytest

import synthesist as sy
from synthesist.data.examples import ADULT
from synthesist.data.schema import Schema
from synthesist.dp.domain import Domain

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "examples" / "adult.public.yaml"
PAGES = [PAGE, *sorted((ROOT / "benchmarks" / "public").glob("*.public.yaml"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name.removesuffix(".public.yaml"))
def test_a_public_page_leaves_nothing_to_detect_or_to_buy(page: Path) -> None:
    domain = Domain.of(Schema.load(page), "mst")
    assert not domain.undeclared
    bounds = {name: kind.bounds for name, kind in domain.kinds.items() if hasattr(kind, "bounds")}
    assert not [name for name, bound in bounds.items() if None in (bound.low, bound.high)]


def test_adult_fits_its_page_to_the_last_cell() -> None:
    rows = pl.read_parquet(ADULT)
    read = sy.read(rows, PAGE)
    assert read.to_polars().equals(rows)
    assert all(read.kinds[column].missing for column in rows.columns if rows[column].null_count())


def test_round_bounds_of_adult_are_not_those_of_its_rows() -> None:
    kinds, rows = Schema.load(PAGE).table.columns, pl.read_parquet(ADULT)
    for column in ("fnlwgt", "capital_loss"):
        assert kinds[column].bounds.high > rows[column].max()  # type: ignore[union-attr]
