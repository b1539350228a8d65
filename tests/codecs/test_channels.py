"""Codes, categories and real numbers are the same rows."""

import numpy as np
import pytest
from scipy.special import ndtr

from synthesist.codecs.channels import SPREAD, Channels, Split
from synthesist.codecs.table import TableCodec
from synthesist.core import Context
from synthesist.testing import TABLES


@pytest.mark.parametrize("table", ["mixed", "nulls", "constant", "infinities"])
def test_there_and_back(table: str) -> None:
    data = TABLES[table]()
    codec = TableCodec.fit(data, Context.seeded(0), bins=60, min_rows=5)
    codes = codec.complete(data, Context.seeded(0))
    u = Context.seeded(0).rng("u").uniform(0.01, 0.99, codes.shape)
    channels = Channels.of(codec)
    categories, z = channels.encode(codes, u)
    again, place = channels.decode(categories, z, u)
    assert (again == codes).all()
    np.testing.assert_allclose(place, u, atol=2e-3)


def test_heavy_values_and_missing_are_categories_and_the_rest_is_normal() -> None:
    mass = np.array([500.0, *[5.0] * 100, 60.0])  # zero, a hundred bins, missing
    split = Split.of(mass, 101)
    assert split.size == 3 and split.numeric
    assert split.category[0] == 1 and split.category[-1] == 2 and not split.category[1:-1].any()
    rng = Context.seeded(0).rng("cells")
    z = split.place(rng.integers(1, 101, 20_000), rng.random(20_000))
    assert abs(z.mean()) < 0.03 and abs(z.std() - 1.0) < 0.03


def test_shares_follow_each_other_whatever_their_sums_round_to() -> None:
    rng = Context.seeded(0).rng("masses")
    for _ in range(50):
        mass = rng.integers(1, 40, 200).astype(float)
        mass[rng.integers(0, 200, 3)] = mass.sum() * 0.1
        split = Split.of(mass, 200)
        assert (split.low[1:] == split.high[:-1]).all()


def test_shares_are_the_ends_of_the_places_of_numbers() -> None:
    data = TABLES["nulls"]()
    codec = TableCodec.fit(data, Context.seeded(0), bins=60, min_rows=5)
    codes, channels = codec.complete(data, Context.seeded(0)), Channels.of(codec)
    low, high = channels.shares(codes)
    spread = channels.categories(codes)[:, channels.numeric] == SPREAD
    assert ((high > low) == spread).all()
    _, z = channels.encode(codes, np.full(codes.shape, 0.5))
    np.testing.assert_allclose(ndtr(z)[spread], ((low + high) / 2)[spread], atol=1e-5)


def test_a_number_of_few_values_is_a_category() -> None:
    split = Split.of(np.array([3.0, 40.0, 9.0]), 3)
    assert not split.numeric and split.category.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("category", "low", "high"),
    [
        ([0, 2], [0.0, 0.0], [0.0, 0.0]),
        ([0, -1], [0.0, 0.0], [0.0, 0.0]),
        ([0, 0], [0.5, 0.0], [0.6, 0.5]),
        ([0, 0], [0.0, 0.5], [0.5, 1.5]),
        ([0, 0], [0.0], [0.5]),
    ],
)
def test_channels_that_do_not_fit_are_refused(category: list[int], low: list[float], high: list[float]) -> None:
    with pytest.raises(ValueError, match="column's"):
        Split(np.array(category), np.array(low), np.array(high))
