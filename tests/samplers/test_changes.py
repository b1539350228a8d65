"""Records that change: versions without gaps, and a stream of changes that leads to the same state."""

import json
from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.data.dataset import Dataset
from synthesist.errors import SpecError
from synthesist.samplers.changes import Changes

COLUMNS: dict[str, Any] = {
    "id": {"is": "keys", "pattern": "C-999999"},
    "name": {"is": "regex", "pattern": "[A-Z][a-zé]{2,6}"},
    "city": {"is": "categorical", "values": ["Oslo", "Bergen", "Tromsø"], "missing": 0.1},
    "zip": {"is": "uniform", "low": 1000, "high": 9999, "integers": True},
    "plan": {"is": "categorical", "values": ["free", "pro"], "weights": [3, 1]},
    "since": {"is": "dates", "start": date(2020, 1, 1), "end": date(2021, 1, 1)},
    "fee": {"is": "expression", "formula": "0.5 if plan == 'free' else 9.5"},
}
PAGE: dict[str, Any] = {
    "table": "customers",
    "columns": COLUMNS,
    "changing": [{"columns": ["city", "zip"], "per_year": 0.5}, {"columns": ["plan"], "per_year": 2}],
    "start": date(2022, 1, 1),
    "end": date(2023, 12, 31),
    "present": 0.5,
    "deleted_per_year": 0.3,
}


def history(n: int = 1_500, **page: Any) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Records, versions and changes."""
    made: Dataset = sy.sample("changes", n, seed=2, **{**PAGE, **page})
    records, versions, changes = made.tables.values()
    return records, versions, changes


def as_json(cells: pl.DataFrame) -> list[dict[str, Any]]:
    return [{k: str(v) if isinstance(v, date) else v for k, v in row.items()} for row in cells.iter_rows(named=True)]


@pytest.mark.parametrize("precision", ["s", "d"])
def test_replayed_changes_give_the_current_versions(precision: str) -> None:
    records, versions, changes = history(precision=precision)
    state: dict[str, dict[str, Any]] = {}
    for key, _, op, _, before, after in changes.sort("ts", "id", "sequence").iter_rows():
        assert (before is None) == (op == "c") == (key not in state)
        assert (after is None) == (op == "d")
        if before is not None:
            assert json.loads(before) == state.pop(key)
        if after is not None:
            state[key] = json.loads(after)
    current = versions.filter("is_current").select(list(COLUMNS))
    assert sorted(state) == sorted(current["id"])
    assert as_json(current) == [state[key] for key in current["id"]]
    assert set(records.filter(pl.col("deleted_at").is_null())["id"]) == set(state)


@pytest.mark.parametrize("precision", ["s", "d"])
def test_versions_follow_each_other_without_gap_or_overlap(precision: str) -> None:
    records, versions, changes = history(precision=precision)
    last = versions["id"] != versions["id"].shift(-1).fill_null("")
    following = versions["valid_from"].shift(-1).zip_with(~last, pl.Series([None], dtype=versions["valid_from"].dtype))
    assert versions.filter(~last)["valid_to"].equals(following.filter(~last), check_names=False)
    assert (versions["valid_to"] > versions["valid_from"]).fill_null(True).all()
    ends = versions.filter(last).join(records, on="id", maintain_order="left")
    assert ends["valid_to"].equals(ends["deleted_at"], check_names=False)
    assert ends["is_current"].equals(ends["deleted_at"].is_null(), check_names=False)
    assert not versions.filter(~last)["is_current"].any()
    assert versions.group_by("id", maintain_order=True).agg(pl.col("version"))["version"].to_list() == [
        list(range(1, count + 1)) for count in records["versions"]
    ]
    assert versions["valid_from"].equals(changes.filter(pl.col("op") != "d")["ts"], check_names=False)
    cells = versions.select(list(COLUMNS))
    same = cells.equals(cells.shift(1))
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in COLUMNS)
    assert cells.select(differs).to_series()[1:].all() and not same  # no version repeats the one before


def test_what_changes_changes_together_as_often_as_said_and_formulas_follow() -> None:
    records, versions, _ = history(4_000, present=1.0, deleted_per_year=0.0)
    before = versions.select(pl.all().shift(1).name.prefix("old_"))
    steps = pl.concat([versions, before], how="horizontal").filter(pl.col("version") > 1)
    changed = {name: steps[name].ne_missing(steps[f"old_{name}"]) for name in COLUMNS}
    assert not changed["name"].any() and not changed["since"].any()
    assert (changed["city"] | changed["zip"]).sum() + changed["plan"].sum() == steps.height
    years = records.height * 730 / 365.2425
    moved = int(changed["zip"].sum())  # a zip code rarely comes twice
    assert abs(moved - 0.5 * years) < 5 * np.sqrt(0.5 * years)
    assert abs(changed["plan"].sum() / years - 2) < 0.1
    fees = versions.select(pl.when(plan="free").then(0.5).otherwise(9.5)).to_series()
    assert versions["fee"].equals(fees, check_names=False)


def test_records_are_created_and_deleted_at_their_rates() -> None:
    records, _, _ = history(4_000)
    begin = records["created_at"] == datetime(2022, 1, 1)
    assert begin.mean() == pytest.approx(0.5, abs=0.04)
    gone = records.filter(begin)["deleted_at"].is_not_null().mean()
    assert gone == pytest.approx(1 - np.exp(-0.3 * 730 / 365.2425), abs=0.05)
    assert (records["deleted_at"] > records["created_at"]).fill_null(True).all()


def test_open_ends_and_records_that_never_change() -> None:
    records, versions, changes = history(300, changing=[], open_end=date(9999, 12, 31), precision="d")
    assert versions.height == 300 and set(changes["op"]) == {"c", "d"}
    assert versions.filter("is_current")["valid_to"].unique().to_list() == [date(9999, 12, 31)]
    assert versions["id"].equals(records["id"])


def test_a_record_has_the_same_history_however_many_there_are() -> None:
    few, many = (sy.sample("changes", n, seed=2, **PAGE).tables["customers_changes"] for n in (50, Changes.block + 50))
    assert many.head(few.height).equals(few)


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ({"changing": [{"columns": ["cty"]}]}, "Did you mean `city`"),
        ({"changing": [{"columns": ["id"]}]}, "unique values, which never change"),
        ({"changing": [{"columns": ["fee"]}]}, "follows from other columns"),
        ({"changing": [{"columns": ["zip", "plan"]}, {"columns": ["plan"]}]}, "named twice"),
        ({"columns": {"name": {"is": "normal"}}}, "one column of keys"),
        ({"columns": {"id": {"is": "keys"}, "version": {"is": "normal"}}}, "`version` is a column of every history"),
        ({"end": datetime(2022, 1, 1, 1), "precision": "d"}, "not one step"),
    ],
)
def test_pages_that_cannot_be(page: dict[str, Any], says: str) -> None:
    with pytest.raises(SpecError, match=says):
        Changes.build({**PAGE, **page})
