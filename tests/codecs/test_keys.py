import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthesist.codecs.keys import Keys, permute
from synthesist.errors import DataError


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.integers(1, 3000), st.integers(0, 2**128 - 1))
def test_a_permutation_hits_every_number_once(size, seed):
    assert sorted(permute(np.arange(size), size, seed).tolist()) == list(range(size))


def test_every_key_of_a_shape_is_made_once():
    assert Keys("A9").at(np.arange(260), 5).n_unique() == 260


def test_keys_look_like_their_shape_and_do_not_depend_on_blocks():
    keys = Keys(r"INV-9999-\A").at(np.arange(500), 3)
    assert keys.str.contains(r"^INV-\d{4}-A$").all()
    parts = [Keys(r"INV-9999-\A").at(np.arange(a, a + 100), 3) for a in range(0, 500, 100)]
    assert pl.concat(parts).to_list() == keys.to_list()


def test_long_shapes_are_unique_too():
    keys = Keys("xxxxxxxx-xxxx-4xxx-xxxx-xxxxxxxxxxxx").at(np.arange(50_000), 9)
    assert keys.n_unique() == 50_000


def test_a_shape_that_is_used_up_says_so_when_the_rows_are_wanted():
    Keys("99").require(100, "id")
    with pytest.raises(DataError, match="`id` has only 100 keys, 101 were asked for"):
        Keys("99").require(101, "id")
    Keys(first=5).require(10**15, "id")


def test_a_block_may_be_longer_than_the_keys():
    block = Keys("99").at(np.arange(60, 160), 1)
    assert block.is_null().to_list() == [False] * 40 + [True] * 60
    assert pl.concat([Keys("99").at(np.arange(60), 1), block.head(40)]).n_unique() == 100
