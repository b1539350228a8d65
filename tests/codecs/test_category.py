import numpy as np
import polars as pl

from synthesist.codecs.category import CategoryCodec
from synthesist.core import Allowed
from synthesist.data.kinds import Boolean, Categories, Category

RNG = np.random.default_rng(0)


def fitted(values, bins=64, min_rows=5, kind=None, likeness=None):
    column = pl.Series(values)
    return column, CategoryCodec.fit(column, kind or Category(), bins, min_rows, likeness)


def test_common_values_come_back_exactly_and_missing_stays_missing():
    column, codec = fitted(["a", "b", None, "b"] * 10)
    codes = codec.encode(column)
    assert codec.decode(codes, RNG.random(len(codes))).to_list() == column.to_list()


def test_rare_values_are_never_drawn():
    column, codec = fitted(["common"] * 50 + ["rare"] * 4)
    assert (codec.encode(column)[50:] == -1).all()
    assert "rare" not in codec.values
    assert codec.mass.sum() == 54


def test_declared_values_are_drawn_however_rare():
    kind = Category(values=Categories(items=("common", "rare")))
    _, codec = fitted(["common"] * 50 + ["rare"], kind=kind)
    assert set(codec.values) == {"common", "rare"}


def test_where_every_value_is_rare_something_is_still_drawn():
    _, codec = fitted([str(i) for i in range(30)])
    assert len(codec.values) == 1


def test_very_many_values_share_codes_and_keep_their_shares():
    shares = RNG.zipf(1.5, 200_000) % 3000
    column, codec = fitted(shares.astype(str).tolist(), bins=64)
    assert codec.size == 64 and not codec.discrete
    codes = codec.encode(column)
    drawn = codec.decode(codes, RNG.random(len(codes)))
    real, made = (c.value_counts(normalize=True) for c in (column.alias("v"), drawn.alias("v")))
    both = real.join(made, on="v", how="full", coalesce=True).fill_null(0.0)
    assert (both["proportion"] - both["proportion_right"]).abs().sum() / 2 < 0.06


def test_values_that_share_a_code_are_alike():
    names = np.repeat(np.arange(400), 20)
    like = (names % 7).astype(float)
    _, codec = fitted(names.astype(str).tolist(), bins=40, likeness=like)
    code = codec.starts.astype(int)
    shared = [[int(v) % 7 for v, c in zip(codec.values, code, strict=True) if c == k] for k in range(20, 40)]
    assert np.mean([len(set(group)) <= 2 for group in shared]) > 0.9


def test_conditions_hold_inside_shared_codes():
    column, codec = fitted((RNG.integers(0, 500, 20_000)).astype(str).tolist(), bins=16)
    allowed = Allowed(values=("17", "255", "444"))
    pieces = codec.pieces(allowed)
    codes = np.repeat(np.flatnonzero(pieces.weight), 200)
    drawn = codec.decode(codes, pieces.place(codes, RNG.random(len(codes))))
    assert allowed.mask(drawn).all()
    share = (codec.mass * pieces.weight).sum() / codec.mass.sum()
    assert abs(share - allowed.mask(column).mean()) < 1e-6


def test_booleans_come_back_as_booleans():
    column, codec = fitted([True, False, None, True] * 5, kind=Boolean())
    codes = codec.encode(column)
    assert codec.decode(codes, RNG.random(len(codes))).to_list() == column.to_list()
