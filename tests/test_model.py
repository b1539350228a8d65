import subprocess
import sys
from hashlib import sha256

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.data.kinds import Id, Integer
from synthesist.data.schema import Schema, TableSchema
from synthesist.errors import DataError, NotFoundError, SpecError, UnsuitableError

METHODS = ["marginals", "gaussian_copula", "trees"]


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    n = 900
    age = rng.integers(18, 90, n)
    sex = rng.choice(["Female", "Male"], n)
    pay = np.where(rng.random(n) < 0.3, np.nan, (age * 30 + rng.normal(0, 300, n) + 500 * (sex == "Male")).round(2))
    return pl.DataFrame(
        {"age": age, "sex": sex, "pay": pl.Series(pay).fill_nan(None), "town": rng.choice(list("abcd"), n)}
    )


@pytest.fixture(scope="module", params=METHODS)
def model(request, people):
    return sy.fit(people, request.param, seed=3)


def test_the_same_seed_gives_the_same_rows(model, people):
    again = sy.fit(people, model.method.name(), seed=3)
    assert again.sample(400, seed=1).equals(model.sample(400, seed=1))
    assert not model.sample(400, seed=2).equals(model.sample(400, seed=1))


def test_conditions_hold_for_exactly_n_rows(model):
    rows = model.sample(333, where=["age >= 65", "sex = Female", "pay is not missing"])
    assert rows.height == 333
    assert rows["age"].min() >= 65 and set(rows["sex"]) == {"Female"} and rows["pay"].null_count() == 0
    assert model.sample(50, where={"pay": None})["pay"].null_count() == 50


def test_the_first_rows_of_a_condition_do_not_depend_on_n(model):
    where = {"town": ["a", "b"]}
    assert model.sample(10, where).equals(model.sample(200, where).head(10))


def test_filling_keeps_what_is_given(model, people):
    holes = people.with_columns(pl.when(pl.int_range(pl.len()) % 3 == 0).then("age").alias("age"), pay=None)
    filled = model.fill(holes.with_columns(pl.col("pay").cast(pl.Float64)))
    assert filled.null_count().sum_horizontal().item() == 0
    assert filled["sex"].to_list() == people["sex"].to_list()
    given = holes["age"].is_not_null()
    assert filled["age"].filter(given).to_list() == people["age"].filter(given).to_list()


@pytest.mark.parametrize("method", METHODS)
def test_a_hole_stays_only_where_the_table_is_always_empty(method):
    """`code` follows from `name`: it is empty for every b, and the two rows of r are too few to be learnt."""
    rng = np.random.default_rng(0)
    name = ["r", "r", *rng.choice(list("abcdef"), 898)]
    code = [None if x == "b" else ord(x) for x in name]
    table = pl.DataFrame({"name": name, "code": code, "x": rng.normal(size=900).round(2)})
    filled = sy.fit(table, method).fill(table.with_columns(code=pl.lit(None, pl.Int64)))
    assert set(filled.filter(pl.col("code").is_null())["name"]) == {"b"}
    assert filled.filter(pl.col("name") != "r").equals(table.filter(pl.col("name") != "r"))
    assert set(filled["code"].drop_nulls()) <= {ord(x) for x in "acdef"}


def test_a_row_without_a_key_gets_one_while_there_are_any():
    table = pl.DataFrame({"id": [f"K{i}" for i in range(10)], "x": list(range(5)) * 2})
    schema = Schema(tables={"table": TableSchema(columns={"id": Id(pattern="K9"), "x": Integer()})})
    model = sy.fit(table, "marginals", schema=schema)
    assert model.fill(table)["id"].to_list() == table["id"].to_list()
    longer = pl.concat([table, table.with_columns(id=pl.lit(None, pl.String))])
    with pytest.raises(DataError, match="`id` has only 10 keys, 20 were asked for"):
        model.fill(longer)


def test_a_saved_model_gives_the_same_rows(model, tmp_path):
    model.save(tmp_path / "m.syn")
    back = sy.load(tmp_path / "m.syn")
    assert back.sample(100).equals(model.sample(100))
    assert back.method == model.method and back.schema == model.schema
    first = (tmp_path / "m.syn").read_bytes()
    back.save(tmp_path / "m.syn")
    assert (tmp_path / "m.syn").read_bytes() == first


def test_another_process_makes_the_same_bytes(people, tmp_path):
    people.write_parquet(tmp_path / "p.parquet")
    program = (
        "import sys, hashlib, synthesist as sy\n"
        f"m = sy.fit({str(tmp_path / 'p.parquet')!r}, 'trees', seed=3)\n"
        f"m.save({str(tmp_path / 'm.syn')!r})\n"
        "rows = m.sample(300, seed=1).table\n"
        "print(hashlib.sha256(rows.write_csv().encode()).hexdigest())\n"
    )
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
    model = sy.fit(tmp_path / "p.parquet", "trees", seed=3)
    assert sha256(model.sample(300, seed=1).table.write_csv().encode()).hexdigest() == other
    model.save(tmp_path / "here.syn")
    assert (tmp_path / "here.syn").read_bytes() == (tmp_path / "m.syn").read_bytes()


def test_frames_come_back_as_they_came(people):
    import pandas as pd
    import pyarrow as pa

    assert isinstance(sy.fit(people, "marginals").sample(5), pl.DataFrame)
    assert isinstance(sy.fit(people.to_arrow(), "marginals").sample(5), pa.Table)
    frame = people.to_pandas()
    made = sy.fit(frame, "marginals").sample(5)
    assert isinstance(made, pd.DataFrame)
    assert made.dtypes.to_dict() == frame.dtypes.to_dict()


def test_what_cannot_be_learnt_is_refused(people):
    pictures = people.with_columns(scan=pl.Series([b"\x89PNG"] * people.height))
    with pytest.raises((UnsuitableError, sy.SynthesistError), match="scan"):
        sy.fit(pictures, "marginals")


def test_mistakes_are_named(people):
    with pytest.raises(NotFoundError, match="Did you mean `trees`"):
        sy.fit(people, "tree")
    with pytest.raises(SpecError, match="Did you mean `bins`"):
        sy.fit(people, "marginals", binss=3)
    with pytest.raises(SpecError, match="greater than or equal to 2"):
        sy.fit(people, "marginals", bins=1)
    with pytest.raises(SpecError, match="between 0 and 1"):
        sy.split(people, 1.5)
    with pytest.raises(SpecError, match="There is no column `agee` to split by"):
        sy.split(people, unit="agee")
    with pytest.raises(DataError, match="Cannot split 1 `who` in two"):
        sy.split(pl.DataFrame({"who": ["a", "a"], "x": [1, 2]}), unit="who")


@pytest.mark.parametrize("unit", [None, "who"])
def test_one_unit_more_moves_no_other_where_rows_are_private(unit):
    rng = np.random.default_rng(0)
    who = [w if w > 3 else None for w in rng.integers(0, 400, 1_000).tolist()]
    rows = pl.DataFrame({"who": who, "x": rng.integers(0, 9, 1_000)})
    more = pl.concat([pl.DataFrame({"who": [-1, -1], "x": [3, 4]}), rows])
    parts = [sy.split(each, 0.7, unit=unit, private=True) for each in (rows, more)]
    for one, other in zip(*parts, strict=True):
        gone, new = (a.join(b, on=["who", "x"], how="anti", nulls_equal=True) for a, b in ((one, other), (other, one)))
        assert not gone.height and set(new["who"]) <= {-1}
    train, holdout = parts[0]
    assert train.height == pytest.approx(700, abs=60) and train.height + holdout.height == 1_000
    if unit:
        assert not set(train["who"].drop_nulls()) & set(holdout["who"].drop_nulls())


def test_rows_of_one_unit_stay_together_when_a_table_is_split():
    who = np.random.default_rng(0).integers(0, 200, 2_000)
    visits = pl.DataFrame({"patient": [w if w > 20 else None for w in who.tolist()], "x": np.arange(2_000)})
    train, holdout = sy.split(visits, 0.8, unit="patient", seed=1)
    assert not set(train["patient"].drop_nulls()) & set(holdout["patient"].drop_nulls())
    assert train["patient"].n_unique() == pytest.approx(144, abs=8)
    assert sorted([*train["x"], *holdout["x"]]) == list(range(2_000))
    assert train["patient"].null_count() and holdout["patient"].null_count(), "rows of nobody do not belong together"


def test_a_filled_key_is_nobody_elses():
    rows = pl.DataFrame({"id": [f"K-{i:04d}" for i in range(300)], "x": [float(i % 7) for i in range(300)]})
    model = sy.fit(rows, "marginals")
    own = model.fill(rows.head(50).with_columns(id=pl.lit(None, pl.String)))["id"]
    holes = pl.DataFrame({"id": [*own[:25], *[None] * 50], "x": [1.0] * 75})
    full = model.fill(holes)
    assert full["id"].null_count() == 0
    assert full["id"].n_unique() == 75
    assert full["id"][:25].to_list() == own[:25].to_list()
