"""Which change is chosen, where the shift is known."""

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.core import Context
from synthesist.errors import DataError


def people(rows: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng([seed, rows])
    x = rng.normal(size=(rows, 3))
    x[:, 1] += 0.7 * x[:, 0]
    label = np.where(x.sum(axis=1) + rng.normal(0, 0.7, rows) > 1.5, "yes", "no")
    return pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "label": label})


def more_yes(table: pl.DataFrame) -> pl.DataFrame:
    yes = table.filter(label="yes")
    return pl.concat([yes, table.filter(label="no").head(yes.height // 2)])


SHIFTS = {
    "nothing": lambda table: table,
    "label_shift": more_yes,
    "quantile_mapping": lambda table: table.with_columns(pl.col("a").exp(), b=3 * pl.col("b") + 2),
    "linear_optimal_transport": lambda table: table.with_columns(
        a=2 * pl.col("a") + 1.6 * pl.col("c"), c=1.6 * pl.col("a") + 2 * pl.col("c")
    ),
}


@pytest.mark.parametrize("shift", SHIFTS)
def test_the_change_that_was_made_is_found(shift):
    target = SHIFTS[shift](people(2000, 2))
    found = sy.adapt(people(1600, 1), target.sample(fraction=1.0, shuffle=True, seed=0).drop("label"), label="label")
    assert found.method == shift, f"{found} {found.change.told_apart}"
    assert (shift == "nothing") == found.rows.equals(people(1600, 1))


def test_too_few_rows_to_decide_by_are_left_alone():
    found = sy.adapt(people(150, 1), SHIFTS["quantile_mapping"](people(150, 2)), label="label")
    assert found.method == "nothing" and "fewer than" in found.why


def test_what_names_the_place_does_not_hide_the_shift():
    """A column that says where a row is from, in words that the other side has not, tells all and means nothing."""
    target = SHIFTS["quantile_mapping"](people(2000, 2)).with_columns(town=pl.lit("there"))
    found = sy.adapt(people(1600, 1).with_columns(town=pl.lit("here")), target.drop("label"), label="label")
    assert found.method.startswith("quantile_mapping") and set(found.rows["town"]) == {"here"}


def test_labels_decide_what_cells_cannot():
    """Two targets of the same cells: `b` is counted otherwise there, or there are people of another `b`."""
    source, far = people(1600, 1), people(2000, 2).with_columns(pl.col("b") + 1.5)
    moved = far["a"] + far["b"] + far["c"]
    others = far.with_columns(label=pl.when(moved > 1.5).then(pl.lit("yes")).otherwise(pl.lit("no")))
    maps = {}
    for name, target in (("measured", far), ("others", others)):
        maps[name] = sy.adapt(source, target, label="label", labelled=True)
    assert maps["measured"].change.gains["quantile_mapping"] > 0.1 > maps["others"].change.gains["quantile_mapping"]
    assert maps["measured"].method == "quantile_mapping" and maps["others"].method == "nothing"
    with pytest.raises(DataError, match="20 target rows have a label in `label`: bring 30"):
        few = pl.when(pl.int_range(pl.len()) < 20).then("label").alias("label")
        sy.adapt(source, far.with_columns(few), label="label", labelled=True)


def test_what_was_chosen_can_be_kept(tmp_path):
    source, target = people(500, 1), SHIFTS["quantile_mapping"](people(500, 2))
    found = sy.adapt(source, target.drop("label"), label="label", rows=200)
    assert found.method != "nothing"
    back = sy.load(found.save(tmp_path / "there.syn"))
    assert back.transform.chosen == found.method and back.provenance["because"] == found.why
    further = people(300, 5)
    kept = sy.transform(tmp_path / "there.syn", further, seed=3)
    assert kept.equals(back.apply(further, seed=3)) and not kept.equals(further)
    now = found.change.apply(sy.read(further), Context.seeded(3).at("transform"))
    assert kept.equals(now.table)
