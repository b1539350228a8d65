"""Keys and texts that some rows lack: the model learns which rows."""

import numpy as np
import polars as pl
import pytest

import synthesist as sy


@pytest.fixture(scope="module")
def visits() -> pl.DataFrame:
    """A second case number and a note only where somebody came back."""
    rng = np.random.default_rng(0)
    back = rng.random(1500) < 0.4
    return pl.DataFrame(
        {
            "case": [f"{i:06d}AB" for i in range(1500)],
            "back": np.where(back, "yes", "no"),
            "second": [f"{i:06d}XY" if b else None for i, b in enumerate(back)],
            "note": [f"came again after {i % 17} days, see case {i}" if b else None for i, b in enumerate(back)],
        }
    )


@pytest.mark.parametrize("method", ["trees", "gaussian_copula"])
def test_keys_and_texts_are_empty_where_the_rest_says_so(visits: pl.DataFrame, method: str) -> None:
    made = sy.fit(visits, method).sample(1000)
    for column in ("second", "note"):
        assert (made[column].is_null() == (made["back"] == "no")).mean() > 0.97
        assert made[column].null_count() / 1000 == pytest.approx(0.6, abs=0.05)
    assert made["second"].drop_nulls().is_unique().all()
    assert made["case"].null_count() == 0


def test_presence_can_be_asked_for(visits: pl.DataFrame) -> None:
    model = sy.fit(visits, "trees", rounds=20)
    assert model.sample(200, where={"second": None})["second"].null_count() == 200
    there = model.sample(200, where={"back": "yes"})
    assert there["second"].null_count() < 10
    full = model.fill(visits.head(100).with_columns(second=pl.lit(None, pl.String)))
    assert full["second"].null_count() == 0
