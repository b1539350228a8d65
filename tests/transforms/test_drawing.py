"""The address of a row depends on its cells and the seed alone."""

from datetime import date

import numpy as np
import polars as pl

from synthesist.transforms.subset.drawing import addresses, fingerprints, lowest_of_each

CELLS = pl.DataFrame(
    {
        "code": ["a", "Zoë", None, "a rather long code of many bytes", "", "0042", "42", "a"],
        "day": [date(2020, 1, 1), None, *[date(1960, 2, 3)] * 6],
        "size": [1.5, -0.0, 0.0, None, 2.0, 2.0, 2.0, 1.5],
        "sure": [True, None, False, True, False, True, True, True],
    }
)


def test_an_address_does_not_depend_on_other_rows_nor_on_the_block() -> None:
    whole = addresses(CELLS, 7)
    alone = [addresses(CELLS[place : place + 1], 7)[0] for place in range(CELLS.height)]
    assert whole.tolist() == alone
    assert len(set(whole.tolist())) == CELLS.height
    assert set(whole.tolist()).isdisjoint(addresses(CELLS, 8).tolist())
    assert fingerprints(CELLS).is_unique().all()


def test_keys_that_are_numbers_are_the_same_as_text() -> None:
    numbers = pl.DataFrame({"id": [0, 7, -12, 10**18]})
    assert addresses(numbers, 1).tolist() == addresses(numbers.cast(pl.String), 1).tolist()
    padded = pl.DataFrame({"id": ["007"]})
    assert addresses(padded, 1)[0] != addresses(numbers[1:2], 1)[0]


def test_addresses_are_even() -> None:
    drawn = addresses(pl.DataFrame({"id": np.arange(100_000)}), 3) / 2.0**64
    counts = np.histogram(drawn, bins=100, range=(0, 1))[0]
    assert ((counts - 1000) ** 2 / 1000).sum() < 149  # the 99.9 % quantile of chi square with 99 degrees of freedom


def test_the_lowest_of_each_owner_are_found() -> None:
    rng = np.random.default_rng(1)
    owners, numbers = rng.integers(0, 30, 400), rng.integers(0, 2**64, 400, dtype=np.uint64)
    want = {
        place for owner in range(30) for place in sorted(np.flatnonzero(owners == owner), key=numbers.__getitem__)[:3]
    }
    assert set(lowest_of_each(owners, numbers, 3).tolist()) == want
    assert lowest_of_each(owners[:0], numbers[:0], 3).tolist() == []
