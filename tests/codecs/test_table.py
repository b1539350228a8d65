import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.codecs.table import TableCodec
from synthesist.core import Allowed, Context
from synthesist.errors import ConditionError, DataError

CTX = Context.seeded(0)


@pytest.fixture(scope="module")
def shop():
    rng = np.random.default_rng(0)
    n = 1500
    level = rng.integers(0, 6, n)
    net, tip = rng.lognormal(3, 1, n).round(2), rng.lognormal(0, 1, n).round(2)
    return sy.read(
        {
            "order_id": np.arange(1, n + 1),
            "level": np.array(["one", "two", "three", "four", "five", "six"])[level],
            "level_code": level + 1,
            "net": net,
            "tip": tip,
            "total": (net + tip).round(2),
            "country": ["NZ"] * n,
        }
    )


@pytest.fixture(scope="module")
def codec(shop):
    return TableCodec.fit(shop, CTX, bins=64, min_rows=5)


def uniform(codec, n, seed=0):
    rng = np.random.default_rng(seed)
    codes = np.stack([rng.integers(0, size, n) for size in codec.sizes], axis=1)
    return codes, rng.random(codes.shape)


def test_derived_and_aside_columns_stay_out_of_the_model(codec):
    assert "order_id" not in codec.modelled and "country" not in codec.modelled
    assert len({"level", "level_code"} & set(codec.names)) == 1
    assert len({"net", "tip", "total"} & set(codec.names)) == 2


def test_what_is_decoded_holds_every_dependency(codec, shop):
    rows = codec.decode(*uniform(codec, 400), CTX)
    assert rows.schema == shop.schema
    codes = dict(zip(shop.table["level"], shop.table["level_code"], strict=True))
    assert [codes[x] for x in rows.table["level"]] == rows.table["level_code"].to_list()
    assert ((rows.table["net"] + rows.table["tip"] - rows.table["total"]).abs() < 0.006).all()
    assert rows.table["order_id"].to_list() == list(range(1, 401))
    assert (rows.table["country"] == "NZ").all()


def test_a_condition_on_a_derived_column_reaches_its_source(codec, shop):
    blank = shop.with_table(shop.table.clear(10))
    limits = codec.given(blank, {"level_code": Allowed(values=(2, 5))}).limits
    ((j, limit),) = limits.items()
    assert codec.names[j] in ("level", "level_code")
    assert limit.weights.sum() == 2


def test_given_cells_are_kept_and_determine_the_rest(codec, shop):
    holes = shop.table.head(50).with_columns(level=pl.lit(None, pl.String), total=pl.lit(None, pl.Float64))
    rows = shop.with_table(holes)
    given = codec.given(rows, {})
    codes, u = uniform(codec, 50)
    if "level" in codec.names:
        j = codec.names.index("level")
        allowed = given.limits[j].weights[given.limits[j].which]
        assert (allowed.sum(axis=1) == 1).all()
        codes[:, j] = allowed.argmax(axis=1)
    out = codec.decode(codes, u, CTX, rows=rows).table
    assert out["level"].to_list() == shop.table["level"].head(50).to_list()
    assert out["total"].to_list() == pytest.approx(shop.table["total"].head(50).to_list())


def test_a_condition_nothing_satisfies_is_refused(codec, shop):
    with pytest.raises(ConditionError, match="No `net` that the model knows"):
        codec.given(shop, {"net": Allowed(low=1e9)})


def test_an_empty_table_is_refused(shop):
    with pytest.raises(DataError, match="no rows"):
        TableCodec.fit(shop.with_table(shop.table.clear()), CTX, bins=8, min_rows=1)
