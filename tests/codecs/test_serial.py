import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.codecs.serial import CHUNK, SerialCodec
from synthesist.data.kinds import Id

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def codec():
    keys = pl.Series(np.sort(RNG.permutation(60_000)[:30_000]) + 1)
    return SerialCodec.fit(keys, Id(whole=True), 250, 5)


def test_keys_are_unique_over_chunks_and_keep_near_their_codes(codec):
    rows = 20 * CHUNK
    codes = RNG.integers(0, codec.size, rows)
    parts = [codec.decode(codes[s : s + CHUNK], RNG.random(CHUNK), s) for s in range(0, rows, CHUNK)]
    keys = pl.concat(parts)
    assert keys.n_unique() == rows
    known = (keys <= codec.last).to_numpy()
    assert known.sum() >= 14 * CHUNK
    assert np.abs(codec.number.encode(keys.filter(pl.Series(known))) - codes[known]).mean() < 3


def test_a_crowd_in_one_code_still_gets_unique_keys(codec):
    keys = codec.decode(np.zeros(2000, np.int64), RNG.random(2000), 0)
    assert keys.n_unique() == 2000


def test_a_running_number_keeps_going_with_its_date():
    n = 2000
    number = np.sort(RNG.permutation(4000)[:n]) + 1
    frame = pl.DataFrame({"row_id": number, "year": 2010 + number // 1000, "x": RNG.normal(size=n)})
    rows = sy.fit(frame, "gaussian_copula").sample(1500)
    assert rows["row_id"].n_unique() == 1500
    known = rows.filter(pl.col("row_id") <= 4000)
    assert known.height > 1000
    assert known.select(pl.corr("row_id", "year")).item() > 0.85


def test_a_number_that_tells_nothing_is_only_numbered():
    n = 1000
    frame = pl.DataFrame({"id": RNG.permutation(n) + 1, "x": RNG.normal(size=n)})
    assert sy.fit(frame, "marginals").sample(5)["id"].to_list() == [1, 2, 3, 4, 5]


def test_numbers_with_gaps_come_from_their_range_in_no_order():
    n = 1000
    frame = pl.DataFrame({"id": RNG.permutation(10**6)[:n] + 10**6, "x": RNG.normal(size=n)})
    ids = sy.fit(frame, "marginals").sample(3000)["id"]
    assert ids.n_unique() == 3000 and ids.min() >= 10**6 and ids.max() <= 2 * 10**6
    assert not ids.is_sorted()
