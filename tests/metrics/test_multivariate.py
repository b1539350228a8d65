"""What metrics of many columns see, and that they equal their definitions."""

import json
from importlib.util import module_from_spec, spec_from_file_location
from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from synthesist.metrics._cells import cut
from synthesist.metrics._columns import drawn, encoded
from synthesist.metrics._manifold import embedded, near, radii
from synthesist.metrics.alpha_precision import AlphaPrecision, integrated
from synthesist.metrics.beta_recall import BetaRecall
from synthesist.metrics.column_shapes import ColumnShapes
from synthesist.metrics.density_coverage import DensityCoverage, dense
from synthesist.metrics.duplicates import Duplicates
from synthesist.metrics.mutual_information import MutualInformation
from synthesist.metrics.triples import Triples

REFERENCE = Path(__file__).with_name("reference")
CATEGORIES = {name: {"kind": "category"} for name in "abc"}


def parity(rows, seed, right=True):
    """Three fair coins, of which the third is the exclusive or of the others: pairs tell nothing."""
    rng = np.random.default_rng(seed)
    a, b, noise = rng.integers(2, size=(3, rows))
    return pl.DataFrame({"a": a, "b": b, "c": a ^ b if right else noise}).cast(pl.String)


def test_triples_see_what_pairs_do_not(case, ctx):
    evidence = case(parity(2000, 1), parity(2000, 2), parity(2000, 3, right=False), kinds=CATEGORIES)
    score = Triples().score(evidence, ctx)
    assert score.value == pytest.approx(0.5, abs=0.05) and score.reference > 0.97
    assert score.details["accuracy"]["two_way"]["value"] > 0.95
    (part,) = score.details["parts"]
    assert (part["a"], part["b"], part["c"]) == ("a", "b", "c")


def test_triples_are_the_mean_over_all_of_one_minus_half_the_distance_of_tables(case, real, shuffled, ctx):
    evidence = case(real(500, 1), real(400, 2), shuffled(real(300, 3)))
    score = Triples(triples=1000).score(evidence, ctx)
    cuts, rows = cut(encoded(evidence)), 300
    assert score.details["rows"] == {"train": 500, "each": rows} and score.details["triples"] == 20
    synthetic = {each.name: each.sides["synthetic"] for each in cuts}  # all 300 of them are drawn
    scores = []
    for three in combinations(cuts, 3):
        tables = [
            pl.DataFrame([list(side[each.name]) for each in three]).to_struct("cell").value_counts(normalize=True)
            for side in ({each.name: each.sides["train"] for each in cuts}, synthetic)
        ]
        both = tables[0].join(tables[1], on="cell", how="full").fill_null(0.0)
        scores.append(1 - (both["proportion"] - both["proportion_right"]).abs().sum() / 2)
    assert score.value == pytest.approx(np.mean(scores))


def test_cells_hold_equally_many_train_rows_and_a_spike_is_one_cell(case):
    kinds = {"x": {"kind": "number"}, "spike": {"kind": "number", "missing": True}}
    spike = [None] * 100 + [0.0] * 800 + list(np.linspace(1, 2, 100))
    table = pl.DataFrame({"x": np.random.default_rng(0).normal(size=1000), "spike": spike})
    x, spiked = cut(encoded(case(table, table, table, kinds=kinds)))
    assert np.bincount(x.sides["train"]).tolist() == [0, *[100] * 10]
    assert np.bincount(spiked.sides["train"]).tolist() == [100, 800, 10, 90]


def test_mutual_information_is_lost_by_shuffling_and_kept_by_a_sample(case, real, shuffled, ctx):
    train, holdout = real(3000, 1), real(3000, 2)
    kept = MutualInformation().score(case(train, holdout, real(3000, 3)), ctx)
    lost = MutualInformation().score(case(train, holdout, shuffled(train)), ctx)
    assert kept.low <= kept.reference <= kept.high and kept.value > 0.9
    assert lost.value < 0.03 and lost.reference == kept.reference


def test_mutual_information_equals_scikit_learn_less_its_bias(case, real, ctx):
    from sklearn.metrics import normalized_mutual_info_score

    train = real(1500, 1)
    evidence = case(train, train, train)
    found = {(p["a"], p["b"]): p["train"] for p in MutualInformation().score(evidence, ctx).details["parts"]}
    codes = {each.name: each.sides["train"] for each in cut(encoded(evidence))}
    for (a, b), value in found.items():
        x, y = codes[a], codes[b]
        bias = (len(set(x)) - 1) * (len(set(y)) - 1) / (2 * len(x))
        entropy = [-(p * np.log(p)).sum() for p in (np.unique(c, return_counts=True)[1] / len(c) for c in (x, y))]
        wanted = normalized_mutual_info_score(x, y, average_method="geometric") - bias / np.sqrt(np.prod(entropy))
        assert value == pytest.approx(max(wanted, 0), abs=1e-9)


def test_independent_columns_have_no_information_to_keep(case, shuffled, real, ctx):
    tables = [shuffled(real(3000, seed), seed) for seed in (1, 2, 3)]
    assert "nothing" in MutualInformation().score(case(*tables), ctx).skipped


@pytest.fixture(scope="module")
def prdc():
    spec = spec_from_file_location("make_prdc", REFERENCE / "make_prdc.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.points(), json.loads((REFERENCE / "prdc.json").read_text())["cases"]


@pytest.mark.parametrize("name", ["same", "shifted", "narrow", "two_of_three_modes"])
def test_density_and_coverage_equal_prdc(name, prdc):
    (real, made), wanted = prdc[0][name], prdc[1][name]
    found = near(real, made, *radii(real))
    assert dense(found) == pytest.approx(wanted["density"], abs=1e-9)
    assert (found.held > 0).mean() == pytest.approx(wanted["coverage"], abs=1e-9)


def test_alpha_precision_is_the_area_between_shares_of_balls():
    rng = np.random.default_rng(0)
    real, other = rng.gamma(3, 1, 500), rng.gamma(2, 1, 400)
    alphas = (np.arange(100_000) + 0.5) / 100_000
    shares = np.searchsorted(np.sort(other), np.quantile(real, alphas, method="inverted_cdf"), side="right") / 400
    assert integrated(real, other).value == pytest.approx(1 - 2 * np.abs(shares - alphas).mean(), abs=3e-3)


def test_supports_see_outliers_lost_modes_and_copies(case, real, ctx):
    train, holdout, other = real(800, 1), real(800, 2), real(800, 3)

    def scores(synthetic):
        evidence = case(train, holdout, synthetic)
        return [metric.score(evidence, ctx) for metric in (AlphaPrecision(), BetaRecall(), DensityCoverage())]

    alpha, beta, cover = scores(other)
    assert all(s.low <= s.reference_high and s.reference_low <= s.high for s in (alpha, beta, cover))
    assert beta.reference == pytest.approx(0.5, abs=0.08)
    assert scores(train)[1].value > 0.95  # a copy recalls everything
    young = scores(other.filter(pl.col("age") < 40).sample(800, with_replacement=True, seed=0))
    assert young[2].high < cover.reference - 0.2 and young[1].high < beta.reference
    wild = scores(other.with_columns(pl.col("age") + 150))
    assert wild[0].value < 0.1 and wild[2].value < 0.05
    assert wild[2].details["density"]["value"] < 0.05 < 0.8 < wild[2].details["density"]["reference"]


def test_points_of_unequal_categories_lie_one_apart_and_equal_rows_at_nothing(case):
    table = pl.DataFrame({"a": ["x", "y", "x", "z"] * 5})
    columns = encoded(case(table, table, table, kinds={"a": {"kind": "category"}}))
    x = embedded(columns, {"train": np.arange(4)})["train"]
    assert np.sqrt(((x[:, None] - x) ** 2).sum(axis=2))[0] == pytest.approx([0, 1, 0, 1])


def test_duplicates_and_new_rows_are_counted_among_equally_many(case, ctx):
    kinds = {"x": {"kind": "integer"}, "c": {"kind": "category"}, "k": {"kind": "id", "whole": True}}

    def table(xs, start):
        return pl.DataFrame({"x": xs, "c": ["a"] * len(xs), "k": range(start, start + len(xs))})

    train, holdout = table(list(range(100)), 0), table(list(range(95, 195)), 1000)
    score = Duplicates().score(case(train, holdout, table([*range(50, 130), *[300] * 20], 5000), kinds=kinds), ctx)
    assert score.value == pytest.approx(0.19) and score.reference == 0.0  # 81 different of 100; keys do not count
    assert score.details["new_rows"]["value"] == pytest.approx(0.5)
    assert score.details["new_rows"]["reference"] == pytest.approx(0.95)


def test_large_tables_are_drawn_once_for_all_metrics_that_draw_as_many(case, real, ctx):
    evidence = case(real(500, 1), real(300, 2), real(40, 3))
    first = drawn(evidence, 100, ctx.at("one"))
    assert first.rows == {"train": 100, "holdout": 100, "synthetic": 40}
    assert drawn(evidence, 100, ctx.at("another")) is first
    assert drawn(evidence, 500, ctx) is encoded(evidence)
    assert drawn(evidence, 100, type(ctx).seeded(99)) is not first
    assert ColumnShapes(rows=100).score(evidence, ctx).details["rows"] == first.rows
