"""The SMOTE family: rows where they belong, refusals that say what to do, files that cannot do harm."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.errors import ConditionError, DataError, ModelFileError, NotFoundError, SpecError, UnsuitableError
from synthesist.neighbours.between import Between
from synthesist.neighbours.records import Records

FAMILY = ("smote", "smote_nc", "borderline_smote", "adasyn")


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    """200 rows of `usual`, 40 of `rare`, which overlap; the two groups of `rare` lie apart."""
    rng = np.random.default_rng(0)
    usual, rare = rng.normal(size=(200, 2)), rng.normal([2.0, 0.0], 0.7, size=(40, 2))
    x = np.concatenate([usual, rare])
    day = [date(2020, 1, 1) + timedelta(days=int(10 * each)) for each in x[:, 0]]
    return pl.DataFrame({"a": x[:, 0], "b": x[:, 1].round(2), "day": day, "y": ["usual"] * 200 + ["rare"] * 40})


@pytest.mark.parametrize("method", FAMILY)
def test_only_the_rarest_class_is_made_and_stays_inside_it(frame: pl.DataFrame, method: str) -> None:
    rows, rare = sy.fit(frame, method, target="y").sample(300), frame.filter(y="rare")
    assert rows["y"].unique().to_list() == ["rare"]
    for column in ("a", "b", "day"):
        assert rows[column].min() >= rare[column].min()
        assert rows[column].max() <= rare[column].max()
    assert (rows["b"] * 100 - (rows["b"] * 100).round()).abs().max() < 1e-9


def test_another_class_can_be_named_as_its_source_writes_it(frame: pl.DataFrame) -> None:
    words = frame.with_columns(y=pl.col("y").replace_strict({"rare": "yes", "usual": "no"}))
    assert sy.fit(words, "smote", target="y", label="no").sample(50)["y"].unique().to_list() == ["no"]


def test_rows_lie_on_lines_to_near_rows_of_the_class() -> None:
    """Three clusters far apart: a row between two of them would be on a line to a far row."""
    rng = np.random.default_rng(0)
    centers = np.repeat([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0]], 20, axis=0)
    x = centers + rng.normal(size=(60, 2))
    rows = sy.fit(pl.DataFrame({"a": x[:, 0], "b": x[:, 1]}), "smote").sample(500)
    away = np.sqrt(((rows.to_numpy()[:, None] - centers[None]) ** 2).sum(axis=2)).min(axis=1)
    assert away.max() < 5


def test_borderline_starts_only_where_classes_meet() -> None:
    x = [i + 0.5 for i in range(200)]
    line = pl.DataFrame({"x": x, "y": ["rare" if i < 40 else "usual" for i in range(200)]})
    one = sy.fit(line, "borderline_smote", target="y").sample(300)["x"]
    both = sy.fit(line, "borderline_smote", target="y", variant="borderline-2").sample(300)["x"]
    # of the ten neighbours of row 39 five are others, of those of row 38 four: only row 39 is in danger
    assert one.is_between(34.5, 39.5).all()
    assert both.is_between(36.5, 39.5 + 0.5 * 3).all()
    assert both.max() > 39.5


def test_adasyn_makes_rows_in_proportion_to_the_others_around() -> None:
    """Two groups of the class: one alone, one among as many of the other class."""
    rng = np.random.default_rng(0)
    alone, among = rng.normal(0, 1, 50), rng.normal(50, 1, 50)
    x = np.concatenate([alone, among, rng.normal(50, 1, 200)])
    table = pl.DataFrame({"x": x, "y": ["rare"] * 100 + ["usual"] * 200})
    assert sy.fit(table, "adasyn", target="y").sample(200)["x"].min() > 40
    assert sy.fit(table, "smote", target="y").sample(200)["x"].min() < 10


def test_a_category_is_the_commonest_among_the_neighbours() -> None:
    """Two groups, each with its word in nine of ten rows: the commonest of five neighbours is nearly always it.

    Two further columns vary little, so that a word that differs counts little.
    """
    rng = np.random.default_rng(0)
    place = np.repeat([0.0, 100.0], 100)
    word = np.where(rng.random(200) < 0.9, np.repeat(["left", "right"], 100), np.repeat(["right", "left"], 100))
    more = {name: rng.normal(size=200) * 1e-3 for name in "ab"}
    table = pl.DataFrame({"x": place + rng.normal(size=200), "word": word, **more})
    rows = sy.fit(table, "smote_nc").sample(2_000)
    assert ((rows["x"] < 50) == (rows["word"] == "left")).mean() > 0.95


def test_the_penalty_of_a_category_is_the_median_deviation() -> None:
    table = sy.read({"a": [0.0, 2.0] * 30, "b": [0.0, 20.0] * 30, "c": [0.0, 6.0] * 30, "w": ["x", "y", "z"] * 20})
    space = Records.of(table).space(scale=False)
    assert space.penalty == 3.0
    assert Records.of(table).space(scale=True).penalty == 1.0


def test_holes_keep_their_share(frame: pl.DataFrame) -> None:
    rng = np.random.default_rng(1)
    holes = frame.drop("y").with_columns(a=pl.when(pl.Series(rng.random(240) < 0.7)).then("a"))
    rows = sy.fit(holes, "smote").sample(20_000)
    assert abs(rows["a"].null_count() / 20_000 - holes["a"].null_count() / 240) < 0.02


@pytest.mark.parametrize("method", FAMILY)
def test_what_cannot_be_served_is_refused_with_what_to_do(frame: pl.DataFrame, method: str) -> None:
    neighbours = "n_neighbors" if method == "adasyn" else "k_neighbors"
    few = pl.concat([frame.head(200), frame.tail(4)])
    with pytest.raises(DataError, match=f"'rare' of `y` has 4 rows, and each needs 5 .*Set {neighbours} to 3 or less"):
        sy.fit(few, method, target="y")
    with pytest.raises(NotFoundError, match=r"No column `Y`. There are"):
        sy.fit(frame, method, target="Y")
    with pytest.raises(ConditionError, match=r"`y` has no value 'rar'. Did you mean `rare`"):
        sy.fit(frame, method, target="y", label="rar")
    with pytest.raises(SpecError, match="no target"):
        sy.fit(frame.drop("y"), method, label="rare")
    with pytest.raises(UnsuitableError, match="`day` is a moment"):
        sy.fit(frame.drop("y"), method, target="day")


def test_categories_are_for_smote_nc(frame: pl.DataFrame) -> None:
    with pytest.raises(UnsuitableError, match=r"`y` \(category\)"):
        sy.fit(frame, "smote")
    with pytest.raises(UnsuitableError, match=r"Use `smote_nc`|use `smote_nc`|For categories"):
        sy.fit(frame.select("y", k=pl.int_range(1_000, 1_240)), "smote", target="y")


def test_without_a_border_there_is_nothing_to_make() -> None:
    x = [float(i) for i in (*range(50), *range(9_000, 9_050))]
    apart = pl.DataFrame({"x": x, "y": ["a"] * 50 + ["b"] * 50})
    with pytest.raises(DataError, match=r"is in danger.*Use `smote`"):
        sy.fit(apart, "borderline_smote", target="y")
    with pytest.raises(DataError, match="neighbour of another class"):
        sy.fit(apart, "adasyn", target="y")


def test_a_model_of_real_records_is_saved_on_request_only(frame: pl.DataFrame, tmp_path: Path) -> None:
    model = sy.fit(frame, "smote", target="y")
    with pytest.raises(SpecError, match="holds real records"):
        model.save(tmp_path / "a.syn")
    assert sy.load(model.save(tmp_path / "a.syn", keep_records=True)).sample(9).equals(model.sample(9))


@pytest.mark.parametrize(
    "change",
    [
        {"near": np.full((40, 5), 40)},
        {"near": np.full((40, 5), -1)},
        {"start": np.full(40, 1 << 40)},
        {"near": np.zeros((40, 0), np.int64), "foreign": np.zeros((40, 0), bool)},
        {"near": np.zeros((40, 5))},
        {"upto": np.zeros(40)},
        {"upto": np.full(40, np.inf)},
        {"foreign": np.zeros((1, 5), bool)},
    ],
)
def test_a_hostile_sampler_is_refused(frame: pl.DataFrame, change: dict[str, Any]) -> None:
    sampler = sy.fit(frame, "smote", target="y").sampler
    parts = {name: getattr(sampler, name) for name in ("records", "start", "upto", "near", "foreign")}
    with pytest.raises(ValueError, match=r"neighbour|weights|numbered"):
        Between(**{**parts, **change})


def test_hostile_records_are_refused(adult: pl.DataFrame, tmp_path: Path) -> None:
    model = sy.fit(adult.head(300), "smote_nc", target="income")
    records = model.sampler.records  # type: ignore[attr-defined]
    codes = records.codes.copy()
    codes[0, 0] = 99
    for broken in ({"codes": codes}, {"numbers": records.numbers[:, 1:]}, {"holes": records.holes[1:]}, {"levels": ()}):
        object.__setattr__(model.sampler, "records", _with(records, broken))
        path = model.save(tmp_path / "broken.syn", keep_records=True)
        with pytest.raises(ModelFileError, match="damaged"):
            sy.load(path)


def _with(records: Records, change: dict[str, Any]) -> Records:
    """Records as a file could hold them, past their own check."""
    broken = object.__new__(Records)
    for name in ("schema", "target", "label", "numbers", "holes", "codes", "levels"):
        object.__setattr__(broken, name, change.get(name, getattr(records, name)))
    return broken
