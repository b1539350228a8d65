"""What is learnt from a source and a target: the truth is known, as the target is a source that was shifted."""

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.errors import DataError, ModelFileError, SpecError, UnsuitableError
from synthesist.methods.coral import Coral
from synthesist.methods.importance_weighting import ImportanceWeighting
from synthesist.methods.label_shift import LabelShift
from synthesist.methods.linear_optimal_transport import LinearOptimalTransport
from synthesist.methods.quantile_mapping import QuantileMapping


def people(rows: int, seed: int) -> pl.DataFrame:
    """Rows in which x and y hang together, group depends on x, and label on both."""
    rng = np.random.default_rng([seed, rows])
    x = rng.normal(size=rows)
    y = 0.6 * x + 0.8 * rng.normal(size=rows)
    group = np.where(rng.random(rows) < 1 / (1 + np.exp(-x)), "b", "a")
    label = np.where(x + y + rng.normal(0, 0.5, rows) > 1.2, "yes", "no")
    return pl.DataFrame({"key": np.arange(rows) + 10, "x": x, "y": y, "group": group, "label": label})


SOURCE = people(3000, 1)
MOVING = (Coral(label="label"), LinearOptimalTransport(label="label"), QuantileMapping(label="label"))


def moments(table: pl.DataFrame) -> np.ndarray:
    x = table.select("x", "y").to_numpy()
    return np.concatenate([x.mean(axis=0), np.cov(x.T).ravel()])


@pytest.mark.parametrize("spec", MOVING, ids=lambda spec: spec.name())
def test_other_units_are_undone(spec):
    target = people(3000, 2).with_columns(x=3 * pl.col("x") + 5, y=10 - 0.5 * pl.col("y"))
    if isinstance(spec, QuantileMapping):  # ranks cannot turn round
        target = target.with_columns(y=20 - pl.col("y"))
    rows = sy.adapt(SOURCE, target.drop("label"), spec).rows
    assert moments(rows)[:4] == pytest.approx(moments(target)[:4], abs=0.15)
    assert rows.drop("x", "y").equals(SOURCE.drop("x", "y"))


@pytest.mark.parametrize("spec", MOVING[:2], ids=lambda spec: spec.name())
def test_correlations_become_the_targets(spec):
    target = people(3000, 2).with_columns(y=pl.col("y") - 1.2 * pl.col("x"))
    rows = sy.adapt(SOURCE, target, spec).rows
    assert moments(rows) == pytest.approx(moments(target), abs=0.08)


def test_optimal_transport_is_the_map_without_a_turn():
    """The map of least effort between two normal distributions is symmetric and positive; that of CORAL is not."""
    target = people(3000, 2).with_columns(y=0.3 * pl.col("y"), x=2 * pl.col("x") - 3 * pl.col("y"))
    coral, transport = (sy.adapt(SOURCE, target, spec).change.matrix for spec in MOVING[:2])
    assert transport == pytest.approx(transport.T) and np.linalg.eigvalsh(transport).min() > 0
    assert abs(coral[0, 1] - coral[1, 0]) > 0.01


def test_a_bent_column_is_unbent():
    target = people(3000, 2).with_columns(pl.col("x").exp())
    rows = sy.adapt(SOURCE, target, "quantile_mapping", label="label").rows
    assert np.corrcoef(np.log(rows["x"]), SOURCE["x"])[0, 1] > 0.99


@pytest.mark.parametrize("how", ["em", "bbse"])
def test_the_shares_of_classes_are_found(how):
    target = people(6000, 3)
    target = pl.concat([target.filter(label="yes"), target.filter(label="no").head(300)])
    truth = (target["label"] == "yes").mean()
    rows = sy.adapt(SOURCE, target.drop("label"), "label_shift", label="label", estimate=how).rows
    assert (SOURCE["label"] == "yes").mean() < 0.3 < 0.7 < truth
    assert (rows["label"] == "yes").mean() == pytest.approx(truth, abs=0.08)
    assert rows["key"].is_unique().all() and rows.height == SOURCE.height


def test_a_number_may_be_the_label():
    target = people(6000, 3).filter(pl.col("y") > 0.5)
    rows = sy.adapt(SOURCE, target.drop("y"), "label_shift", label="y").rows
    assert rows["y"].mean() > SOURCE["y"].mean() + 0.3


def test_weights_are_the_ratio_of_densities():
    target = people(6000, 3)
    chosen = np.random.default_rng(0).random(6000) < 1 / (1 + np.exp(-2 * target["x"].to_numpy()))
    target = target.filter(pl.Series(chosen)).drop("label")
    rows = sy.adapt(SOURCE, target, ImportanceWeighting(label="label", weight="w")).rows
    truth = 1 / (1 + np.exp(-2 * SOURCE["x"].to_numpy()))
    assert np.corrcoef(rows["w"], truth)[0, 1] > 0.9
    assert rows["w"].mean() == pytest.approx(1)
    again = sy.adapt(SOURCE, target, "importance_weighting", label="label").rows
    assert again["x"].mean() == pytest.approx(target["x"].mean(), abs=0.1)
    assert again["y"].mean() == pytest.approx(target["y"].mean(), abs=0.1)


def test_weights_leave_the_effective_size_that_was_asked_for():
    target = people(3000, 3).filter(pl.col("x") > 1)
    w = sy.adapt(SOURCE, target, ImportanceWeighting(label="label", weight="w", effective=0.6)).rows["w"].to_numpy()
    assert 0.6 <= w.sum() ** 2 / (w**2).sum() / len(w) < 0.75


def test_missing_cells_stay_missing_and_whole_numbers_whole():
    source = SOURCE.with_columns(x=(pl.col("x") * 100).round().cast(pl.Int64)).with_columns(
        x=pl.when(pl.col("y") > 1).then(None).otherwise("x")
    )
    target = people(500, 2).with_columns(x=(pl.col("x") * 300).round().cast(pl.Int64))
    for spec in MOVING:
        rows = sy.adapt(source, target, spec).rows
        assert rows["x"].dtype == pl.Int64 and rows["x"].is_null().equals(source["x"].is_null())
        assert target["x"].min() <= rows["x"].min() and rows["x"].max() <= target["x"].max()


def test_what_was_learnt_adapts_further_rows():
    target = people(3000, 2).with_columns(x=3 * pl.col("x") + 5)
    change = sy.adapt(SOURCE, target, "quantile_mapping", label="label").change
    more = change.apply(sy.read(people(500, 9)), sy.Context.seeded(0))
    assert more.table["x"].mean() == pytest.approx(5, abs=0.4)


@pytest.mark.parametrize(
    ("target", "error", "words"),
    [
        (SOURCE.drop("x"), SpecError, "The target has no column `x`"),
        (SOURCE.clear(), DataError, "no rows"),
        (SOURCE.with_columns(x=pl.lit("far")), DataError, "not of the source's kinds"),
    ],
)
def test_targets_that_do_not_fit(target, error, words):
    with pytest.raises(error, match=words):
        sy.adapt(SOURCE, target, "coral", label="label")


def test_heaps_stay_heaps():
    """Four in ten work 40 hours here and a bit more often there: nobody works 41."""
    hours = pl.Series("x", np.repeat([20, 35, 40, 45, 60], [150, 150, 400, 150, 150]))
    there = pl.Series("x", np.repeat([20, 35, 40, 45, 60], [100, 150, 450, 150, 150]))
    rows = sy.adapt(pl.DataFrame({"x": hours}), pl.DataFrame({"x": there}), "quantile_mapping").rows
    assert set(rows["x"]) == {20, 35, 40, 45, 60} and (rows["x"] == 40).sum() >= 400


def test_cells_go_to_the_values_of_the_target():
    source = pl.DataFrame({"x": np.arange(1000) % 7, "y": np.arange(1000) % 5})
    target = pl.DataFrame({"x": np.arange(1000) % 7 * 4 + 3, "y": np.arange(1000) % 5})
    for method in ("coral", "linear_optimal_transport", "quantile_mapping"):
        assert set(sy.adapt(source, target, method).rows["x"]) <= set(target["x"])


def test_whole_numbers_may_have_fractions_there():
    """A column that holds logarithms in the target is no column of whole numbers any more."""
    source = SOURCE.with_columns(x=(pl.col("x").exp() * 1000).round().cast(pl.Int64))
    target = people(3000, 2).with_columns(x=(pl.col("x").exp() * 1000).round().log1p())
    rows = sy.adapt(source, target, "quantile_mapping", label="label").rows
    assert rows["x"].dtype == pl.Float64
    assert rows["x"].mean() == pytest.approx(target["x"].mean(), abs=0.1)
    assert np.abs(rows["x"] - (source["x"] + 1).log()).mean() < 0.1


@pytest.mark.parametrize("method", ["importance_weighting", "label_shift", "quantile_mapping", "coral"])
def test_what_was_learnt_can_be_kept(method, tmp_path):
    target = people(1000, 2).with_columns(x=3 * pl.col("x") + 5)
    found = sy.adapt(SOURCE.head(1000), target.drop("label"), method, label="label")
    file = found.save(tmp_path / "there.syn")
    further = people(300, 9)
    now = found.change.apply(sy.read(further), sy.Context.seeded(0).at("transform"))
    assert sy.transform(file, further).equals(now.table) and not now.table.equals(further)
    assert file.read_bytes() == sy.load(file).save(tmp_path / "again.syn").read_bytes()
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(ModelFileError, match="damaged"):
        sy.transform(file, further)


def test_the_file_of_a_change_is_no_model_and_the_other_way_round(tmp_path):
    change = sy.adapt(SOURCE, SOURCE, "coral").save(tmp_path / "change.syn")
    model = sy.fit(SOURCE.head(100), "marginals").save(tmp_path / "model.syn")
    with pytest.raises(ModelFileError, match="holds a change of rows and no model"):
        sy.sample(change, 10)
    with pytest.raises(ModelFileError, match="holds a model and no change"):
        sy.transform(model, SOURCE)
    with pytest.raises(SpecError, match="takes no options"):
        sy.transform(change, SOURCE, ridge=1)
    with pytest.raises(SpecError, match="no file of a learnt change"):
        sy.transform(tmp_path / "change.csv", SOURCE)


def test_what_adapts_and_what_samples_are_not_mixed_up():
    with pytest.raises(SpecError, match="makes rows and adapts none"):
        sy.adapt(SOURCE, SOURCE, "marginals")
    with pytest.raises(UnsuitableError, match="Adapting takes two tables"):
        sy.fit(SOURCE, "coral")
    with pytest.raises(DataError, match="one class"):
        sy.adapt(SOURCE.with_columns(label=pl.lit("no")), SOURCE, LabelShift(label="label"))
