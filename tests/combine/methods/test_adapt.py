"""Which change is chosen, where the shift is known."""

import numpy as np
import polars as pl
import pytest

import synthesist as sy


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
